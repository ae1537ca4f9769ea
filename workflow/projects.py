"""Projects: making one from its description, changing what may change, saying what is still open."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Channel, Guideline, LabelValue, Member, Person, Project, Purpose, Role
from workflow import history, label_schema, membership, naming, people, quality_rules, upkeep
from workflow.errors import RefusedError
from workflow.guidelines import rules
from workflow.intake import spec as intake_spec
from workflow.outbox import insert_or_skip
from workflow.project_spec import ProjectSpec

MOST_OVERLAP = 1000


@dataclass(frozen=True)
class Created:
    """A project that was made or changed: what will not work as it is, and what waits for Slack."""

    project_id: int
    warnings: list[str]
    open_points: list[str]


def create(session: Session, spec: ProjectSpec, now: datetime, by: int | None) -> Created:
    """Make a project with its labels, channels, people and version 1.0 of its guideline.

    People and channels that are known by name only stay so until Slack is reached; ``open_points`` names them.
    Raises RefusedError where a project has that name already.
    """
    project_id = _insert_project(session, spec, now)
    if project_id is None:
        raise RefusedError(f"There is a project {spec.name} already: choose another name, or edit that one.")
    insert_labels(session, project_id, spec)
    _insert_guideline(session, project_id, spec, now, by)
    for purpose in Purpose:
        _put_channel(session, project_id, purpose, getattr(spec.channels, purpose))
    history.note(
        session, now, "project.created", "project", project_id,
        project_id=project_id, actor_id=by, after=spec.model_dump(mode="json", exclude={"people"}),
    )  # fmt: skip
    for person in spec.people:
        membership.add(session, project_id, person.user, person.roles, now, by)
    return standing(session, project_id)


def standing(session: Session, project_id: int) -> Created:
    """What is wrong or open about a project as it stands."""
    return Created(project_id, warnings(session, project_id), open_points(session, project_id))


def by_name(session: Session, name: str) -> int:
    """The project of that name. Raises RefusedError naming those that exist."""
    project_id: int | None = session.execute(select(col(Project.id)).where(col(Project.name) == name)).scalar()
    if project_id is None:
        known = session.execute(select(col(Project.name)).order_by(col(Project.name)).limit(10)).scalars().all()
        there = (
            f"There is {', '.join(known)}." if known else "There is none yet: concord project create -f project.yaml"
        )
        raise RefusedError(f"There is no project {name}. {there}")
    return project_id


def set_overlap(session: Session, project_id: int, overlap: int, now: datetime, by: int | None) -> None:
    """Set how many people label every item. ``finish_overlap`` then brings the items to it."""
    if not 1 <= overlap <= MOST_OVERLAP:
        raise RefusedError(f"The overlap is a number from 1 to {MOST_OVERLAP}, not {overlap}.")
    old = session.execute(
        select(col(Project.overlap)).where(col(Project.id) == project_id).with_for_update(key_share=True)
    ).scalar_one()
    if old == overlap:
        return
    session.execute(
        update(Project)
        .where(col(Project.id) == project_id)
        .values(overlap=overlap, overlap_after=0, version=col(Project.version) + 1)
    )
    history.note(
        session, now, "project.overlap", "project", project_id,
        project_id=project_id, actor_id=by, before={"overlap": old}, after={"overlap": overlap},
    )  # fmt: skip


def finish_overlap(store: Store, project_id: int, now: datetime) -> None:
    """Bring the items to the project's overlap, in transactions of at most 1,000; nothing to do is no harm."""
    while store.transact(lambda session: upkeep.change_overlap(session, project_id, now)):
        pass


def set_channel(session: Session, project_id: int, purpose: Purpose, name: str, now: datetime, by: int | None) -> None:
    """Point a purpose at another channel, by ``#name`` or Slack id."""
    old = session.execute(
        select(col(Channel.name)).where(col(Channel.project_id) == project_id, col(Channel.purpose) == purpose)
    ).scalar_one()
    if old == name:
        return
    _put_channel(session, project_id, purpose, name)
    session.execute(update(Project).where(col(Project.id) == project_id).values(version=col(Project.version) + 1))
    history.note(
        session, now, "project.channel", "project", project_id,
        project_id=project_id, actor_id=by, before={purpose: old}, after={purpose: name},
    )  # fmt: skip


def warnings(session: Session, project_id: int) -> list[str]:
    """What will not come to an end with the people as they are."""
    name, overlap = session.execute(
        select(col(Project.name), col(Project.overlap)).where(col(Project.id) == project_id)
    ).one()
    counted = session.execute(
        select(col(Member.role), func.count().label("people"))
        .join(Person, col(Person.id) == col(Member.person_id))
        .where(col(Member.project_id) == project_id, col(Person.active), col(Person.problem).is_(None))
        .group_by(col(Member.role))
    )
    number: dict[Role, int] = {row.role: row.people for row in counted}
    found = []
    annotators = number.get(Role.ANNOTATOR, 0)
    if annotators < overlap:
        found.append(
            f"The overlap of {name} is {overlap}, and it has {_people(annotators, 'annotator')}: no item can be finished "
            f"until {overlap - annotators} more join, or the overlap is lowered."
        )
    if not number.get(Role.REVIEWER):
        found.append(f"{name} has no reviewer: items that are unclear or disputed will wait.")
    if not number.get(Role.LEAD):
        found.append(f"{name} has no lead: nobody can change it from Slack.")
    return found


def open_points(session: Session, project_id: int) -> list[str]:
    """People and channels that cannot be reached yet, and why."""
    found = [
        member.problem or f"{member.handle or member.name} is looked for when Slack is reached."
        for member in people.members(session, project_id)
        if member.slack_id is None or member.problem
    ]
    channels = session.execute(
        select(col(Channel.name), col(Channel.slack_id), col(Channel.problem))
        .where(col(Channel.project_id) == project_id)
        .order_by(col(Channel.purpose))
    )
    for name, slack_id, problem in channels:
        if problem or slack_id is None:
            found.append(problem or f"{name} is looked for when Slack is reached.")
    return list(dict.fromkeys(found))


def _insert_project(session: Session, spec: ProjectSpec, now: datetime) -> int | None:
    """The new project's id; None where the name is taken, be it in this very moment."""
    row = {
        "name": spec.name,
        "question": spec.question,
        "task": spec.task,
        "level": spec.level,
        "fields": list(spec.fields),
        "overlap": spec.overlap,
        "batch_size": spec.batch_size,
        "accept": spec.accept,
        "skip": spec.skip,
        "hold_seconds": spec.hold,
        "time_zone": spec.time_zone,
        "digest_at": spec.digest,
        "intake": intake_spec.kept(spec.intake),
        "guidelines": rules.kept(spec.guidelines),
        "quality": quality_rules.kept(spec.quality),
        "version": 1,
        "created_at": now,
    }
    made = insert_or_skip(session, Project, ["name"]).values(**row).returning(col(Project.id))
    project_id: int | None = session.execute(made).scalar_one_or_none()
    return project_id


def insert_labels(session: Session, project_id: int, spec: ProjectSpec) -> None:
    """Put a label schema into the store, in its order."""
    numbers = label_schema.numbers([label.value for label in spec.labels], spec.level)
    rows = [
        {
            "project_id": project_id,
            "position": position,
            "value": label.value,
            "title": label.title,
            "description": label.description,
            "number": number,
        }
        for position, (label, number) in enumerate(zip(spec.labels, numbers, strict=True), start=1)
    ]
    session.execute(insert(LabelValue), rows)


def _insert_guideline(session: Session, project_id: int, spec: ProjectSpec, now: datetime, by: int | None) -> None:
    row = {
        "project_id": project_id,
        "major": 1,
        "minor": 0,
        "markdown": spec.guideline_markdown,
        "by_id": by,
        "at": now,
    }
    guideline_id = session.execute(insert(Guideline).values(**row).returning(col(Guideline.id))).scalar_one()
    session.execute(update(Project).where(col(Project.id) == project_id).values(guideline_id=guideline_id))


def _put_channel(session: Session, project_id: int, purpose: Purpose, typed: str) -> None:
    try:
        named = naming.channel(typed)
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    session.merge(
        Channel(project_id=project_id, purpose=purpose, name=named.shown, slack_id=named.slack_id, problem=None)
    )
    session.flush()


def _people(count: int, role: str) -> str:
    return f"no {role}" if not count else f"{count} {role}" + ("s" if count != 1 else "")
