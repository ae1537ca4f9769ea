"""Changing a project that is there: what differs, what may not change and why, and doing it, all or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from storage.tables import (
    ChangeKind,
    Channel,
    Example,
    History,
    Item,
    LabelMove,
    LabelValue,
    Lot,
    LotState,
    Person,
    Project,
    Proposal,
    Purpose,
)
from workflow import history, projects, quality_rules
from workflow.errors import RefusedError
from workflow.guidelines import in_force, rules, versions
from workflow.guidelines.labels import applying
from workflow.intake import spec as intake_spec
from workflow.project_differences import COLUMNS, INTAKE, STRUCTURE, Difference, differences, other_values, shown
from workflow.project_spec import ProjectSpec
from workflow.project_yaml import described

CHANGED = "project.changed"
PROPOSE = "/concord guideline propose in Slack, or concord guideline propose on the command line"


class SettingsError(RefusedError):
    """Changes that may not be made; why, by the key of the project file."""

    def __init__(self, by_key: Mapping[str, str]) -> None:
        self.by_key = dict(by_key)
        super().__init__("\n".join(f"{key}: {why}" for key, why in by_key.items()))


def preview(session: Session, project_id: int, changes: Mapping[str, Any]) -> list[Difference]:
    """What the changes would make different; nothing is written. Raises as ``change`` does."""
    before, after = compared(session, project_id, changes)
    found = differences(before, after)
    _refuse(session, project_id, changes, before, after)
    return found


def change(
    session: Session, project_id: int, changes: Mapping[str, Any], now: datetime, by: int | None
) -> list[Difference]:
    """Change what the keys of a project file say; what they do not mention stays. What became different.

    ``changes`` holds values as a project file has them; None puts a key back to what it is without one. A part of
    ``channels`` is enough. The items come to a new overlap afterwards (``projects.finish_overlap``).
    Raises SettingsError for what may not change, pydantic's ValidationError for values that cannot be.
    """
    hold(session, project_id, whole=any(key in changes for key in STRUCTURE))
    before, after = compared(session, project_id, changes)
    _refuse(session, project_id, changes, before, after)
    found = differences(before, after)
    if found:
        _apply(session, project_id, before, after, found, now, by)
    return found


def hold(session: Session, project_id: int, *, whole: bool = False) -> None:
    """Let nobody else change the project until the session ends; ``whole``: nobody begins to import into it either."""
    mine = select(col(Project.id)).where(col(Project.id) == project_id)
    session.execute(mine.with_for_update(key_share=not whole))


def mark(session: Session, project_id: int) -> int:
    """A number that grows whenever somebody changes the project's settings."""
    newest: int | None = session.execute(_of_project(project_id, func.max(col(History.id)))).scalar()
    return newest or 0


def changed_since(session: Session, project_id: int, since: int) -> list[str]:
    """Who changed what after ``since`` (see ``mark``), a sentence each, oldest first."""
    rows = session.execute(
        _of_project(project_id, col(History.before), col(History.after), col(Person.name))
        .outerjoin(Person, col(Person.id) == col(History.actor_id))
        .where(col(History.id) > since, col(History.action) != "project.created")
        .order_by(col(History.id))
    )
    return [sentence for row in rows for sentence in _sentences(row.name, row.before or {}, row.after or {})]


def compared(session: Session, project_id: int, changes: Mapping[str, Any]) -> tuple[ProjectSpec, ProjectSpec]:
    """The project as it is and as it would be; people only where the changes name them. Raises ValidationError."""
    there = {key: value for key, value in described(session, project_id).items() if key != "people"}
    # A guideline that is not mentioned stays, whatever else is put back to what it is by itself.
    mentioned = {key: value for key, value in changes.items() if (key, value) != ("guideline", None)}
    wanted = {key: value for key, value in {**there, **mentioned}.items() if value is not None}
    if isinstance(changes.get("channels"), Mapping):
        wanted["channels"] = {**there["channels"], **_known_channels(session, project_id, changes["channels"])}
    return ProjectSpec.model_validate(there), ProjectSpec.model_validate(wanted)


def _known_channels(session: Session, project_id: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """Channels as they are written here already, where an id means the one that is there."""
    rows = session.execute(
        select(col(Channel.purpose), col(Channel.slack_id), col(Channel.name)).where(
            col(Channel.project_id) == project_id
        )
    )
    names = {(row.purpose.value, row.slack_id): row.name for row in rows}
    return {purpose: names.get((purpose, channel), channel) for purpose, channel in given.items()}


def _refuse(
    session: Session, project_id: int, changes: Mapping[str, Any], before: ProjectSpec, after: ProjectSpec
) -> None:
    """Raise SettingsError for whatever may not change."""
    refused = {}
    if before.name != after.name:
        refused["name"] = f"a project keeps its name ({before.name}): commands and files call it by that"
    changed = {one.key: one for one in differences(before, after)}
    count = items(session, project_id)
    if count:
        there = f"{count} items are there already" if count > 1 else "an item is there already"
        if other_values(before, after):
            values = [label.value for label in before.labels]
            refused["labels"] = (
                f"{there}, and a label is one of {shown(values)}. Titles and descriptions may change here; to add, rename, "
                f"merge, split or take out a value, or to put a scale into another order, propose a new version of the "
                f"guideline: {PROPOSE}"
            )
        if "level" in changed:
            refused["level"] = f"{there}, and agreement is measured at level {before.level}: make a new project"
        if "fields" in changed:
            refused["fields"] = f"{there}, read by {shown(before.fields)}: make a new project"
        if "guideline" in changed and "guideline" in changes:
            refused["guideline"] = (
                f"{there}, labelled under the guideline in force. A new version of it is proposed, and a manager decides: "
                f"{PROPOSE}"
            )
    if refused:
        raise SettingsError(refused)


def items(session: Session, project_id: int) -> int:
    """How many items there are; at least 1 while a file is being imported."""
    found = session.execute(
        select(func.count()).select_from(Item).where(col(Item.project_id) == project_id)
    ).scalar_one()
    running = select(col(Lot.id)).where(
        col(Lot.project_id) == project_id, col(Lot.state).in_((LotState.RUNNING, LotState.OPENING))
    )
    return int(found) or int(session.execute(running.limit(1)).first() is not None)


def _apply(
    session: Session,
    project_id: int,
    before: ProjectSpec,
    after: ProjectSpec,
    found: Sequence[Difference],
    now: datetime,
    by: int | None,
) -> None:
    keys = {one.key for one in found}
    if "overlap" in keys:
        projects.set_overlap(session, project_id, after.overlap, now, by)
    for one in found:
        if one.key == "channels":
            purpose = Purpose(one.what.rpartition(".")[2])
            projects.set_channel(session, project_id, purpose, one.after, now, by)
    rest = [one for one in found if one.key not in ("overlap", "channels", "guideline")]
    if rest:
        _put_columns(session, project_id, after, keys)
        _put_labels(session, project_id, before, after)
        history.note(
            session, now, CHANGED, "project", project_id, project_id=project_id, actor_id=by,
            before={one.what: one.before for one in rest}, after={one.what: one.after for one in rest},
        )  # fmt: skip
    if before.guideline_markdown != after.guideline_markdown:
        _put_guideline(session, project_id, after.guideline_markdown, now, by)


def _put_columns(session: Session, project_id: int, after: ProjectSpec, keys: set[str]) -> None:
    values: dict[str, Any] = {COLUMNS[key]: getattr(after, key) for key in keys & set(COLUMNS)}
    if "level" in keys:
        values["level"] = after.level
    if "fields" in keys:
        values["fields"] = list(after.fields)
    if "guidelines" in keys:
        values["guidelines"] = rules.kept(after.guidelines)
    if "quality" in keys:
        values["quality"] = quality_rules.kept(after.quality)
    if keys & set(INTAKE):
        values["intake"] = intake_spec.kept(after.intake)
    values["version"] = col(Project.version) + 1
    session.execute(update(Project).where(col(Project.id) == project_id).values(**values))


def _put_labels(session: Session, project_id: int, before: ProjectSpec, after: ProjectSpec) -> None:
    mine = col(LabelValue.project_id) == project_id
    if before.level != after.level or other_values(before, after):
        # Nothing is labelled: what versions so far said of these labels is about nothing.
        session.execute(delete(LabelMove).where(col(LabelMove.project_id) == project_id))
        proposals = select(col(Proposal.id)).where(col(Proposal.project_id) == project_id)
        session.execute(delete(Example).where(col(Example.proposal_id).in_(proposals)))
        session.execute(delete(LabelValue).where(mine))
        projects.insert_labels(session, project_id, after)
        return
    for label in after.labels:
        session.execute(
            update(LabelValue)
            .where(mine, col(LabelValue.value) == label.value)
            .values(title=label.title, description=label.description)
        )
    applying.reorder(session, project_id, [label.value for label in after.labels])


def _put_guideline(session: Session, project_id: int, markdown: str, now: datetime, by: int | None) -> None:
    """A new minor version, before there is anything to label: nobody needs to read it anew.

    A proposal that is still open is brought over to it once it is approved.
    """
    before = versions.current(session, project_id)
    in_force.put(session, before, ChangeKind.CLARIFICATION, markdown, by, now, held_from=None, actor=by)


def _of_project(project_id: int, *columns: Any) -> Any:
    return select(*columns).where(
        col(History.subject) == "project", col(History.subject_id) == project_id, col(History.project_id) == project_id
    )


def _sentences(name: str | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    who = name or "Somebody at the command line"
    for what, value in after.items():
        yield f"{who} changed {what} from {shown(before.get(what))} to {shown(value)}."
