"""Files that people drop into a team channel: what becomes of one by somebody's word.

``new`` waits for the clock to look at it, ``ready`` for a lead, ``asked`` for the clock to import it; ``imported``,
``cancelled`` and ``refused`` are ends. What the clock does stands in ``drop_work``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Channel, DropState, FileDrop, Person, Project, Purpose, Role
from workflow import history, outbox, people
from workflow.errors import NotAllowedError, RefusedError

CARD = "drop"
BLIND_ROLES = frozenset({"gold", "label", "annotator"})
_WAITS = "a dropped file waits for the clock"
GONE = "Concord does not know this file any more. Drop it once more."


def dropped(session: Session, file_id: str, channel: str, slack_user: str, now: datetime) -> int | None:
    """A file is in a channel; its drop's id, or None where it is known already or the channel is no project's team's."""
    projects = candidates(session, channel)
    if not projects:
        return None
    fresh: dict[str, Any] = {
        "file_id": file_id,
        "channel": channel,
        "slack_user": slack_user,
        "project_id": projects[0][0] if len(projects) == 1 else None,
        "name": "",
        "size": 0,
        "state": DropState.NEW,
        "choices": {},
        "preview": {},
        "done_bytes": 0,
        "version": 0,
        "attempts": 0,
        "created_at": now,
    }
    insert = outbox.insert_or_skip(session, FileDrop, ["file_id", "channel"]).values(**fresh)
    made: int | None = session.execute(insert.returning(col(FileDrop.id))).scalar()
    if made is not None:
        wake(session)
    return made


def candidates(session: Session, channel: str) -> list[tuple[int, str]]:
    """The projects whose team channel this is, by name."""
    rows = session.execute(
        select(col(Project.id), col(Project.name))
        .join(Channel, col(Channel.project_id) == col(Project.id))
        .where(col(Channel.slack_id) == channel, col(Channel.purpose) == Purpose.TEAM)
        .order_by(col(Project.name))
    )
    return [(row.id, row.name) for row in rows]


def wake(session: Session) -> None:
    """There is something for the clock, once this is committed."""
    session.info[_WAITS] = True


def waits(session: Session) -> bool:
    """Whether this session left a file for the clock."""
    return _WAITS in session.info


def choose(session: Session, drop_id: int, project_id: int, slack_id: str, now: datetime) -> str | None:
    """A lead says which project a file is for. What to tell them, where nothing came of it."""
    drop = hold(session, drop_id)
    if project_id not in dict(candidates(session, drop.channel)):
        raise RefusedError("That project has another team channel by now. Nothing was changed.")
    by = people.require(session, project_id, slack_id, Role.LEAD)
    if drop.project_id is not None:
        name = session.execute(select(col(Project.name)).where(col(Project.id) == drop.project_id)).scalar_one()
        return None if drop.project_id == project_id else f"{_by(session, drop)} has chosen {name} already."
    if drop.state is not DropState.READY:
        return _standing(session, drop)
    _move(session, drop, now, state=DropState.NEW, project_id=project_id, by_id=by, **_AFRESH)
    _note(session, drop, now, "drop.chosen", by, project_id=project_id)
    return None


def ask(session: Session, drop_id: int, slack_id: str, now: datetime) -> str | None:
    """A lead asks for the import: the first one does. What to tell them, where nothing came of it."""
    drop = hold(session, drop_id)
    if drop.project_id is None:
        _require_lead(session, drop, slack_id)
        return "Choose the project first that this file is for."
    by = _require_lead(session, drop, slack_id)
    if drop.state is not DropState.READY:
        again = drop.by_id == by and drop.state in (DropState.ASKED, DropState.IMPORTED)
        return None if again else _standing(session, drop)
    if questions := drop.preview["looked"]["questions"]:
        return f"This has to be answered first, by Change mapping: {' '.join(questions)}"
    asked = {**drop.preview, "asked_at": now.isoformat()}
    _move(session, drop, now, state=DropState.ASKED, preview=asked, by_id=by, **_AFRESH)
    _note(session, drop, now, "drop.asked", by)
    return None


def cancel(session: Session, drop_id: int, slack_id: str, now: datetime) -> str | None:
    """A lead does not want the file. What to tell them, where nothing came of it."""
    drop = hold(session, drop_id)
    by = _require_lead(session, drop, slack_id)
    if drop.state not in (DropState.NEW, DropState.READY):
        again = drop.by_id == by and drop.state is DropState.CANCELLED
        return None if again else _standing(session, drop)
    _move(session, drop, now, state=DropState.CANCELLED, by_id=by, settled_at=now, **_AFRESH)
    _note(session, drop, now, "drop.cancelled", by)
    return None


def may_map(session: Session, drop_id: int, slack_id: str) -> str | None:
    """Whether a lead may say how the file is to be read: what to tell them, where not."""
    drop = hold(session, drop_id)
    _require_lead(session, drop, slack_id)
    return None if drop.state in (DropState.READY, DropState.REFUSED) else _standing(session, drop)


def read_so(
    session: Session, drop_id: int, version: int, choices: Mapping[str, Any], slack_id: str, now: datetime
) -> None:
    """A lead said how the file is to be read: it is looked at anew. Raises RefusedError where it changed meanwhile."""
    drop = hold(session, drop_id)
    by = _require_lead(session, drop, slack_id)
    if drop.state is DropState.NEW and drop.by_id == by and drop.choices == choices:
        return
    if drop.version != version or drop.state not in (DropState.READY, DropState.REFUSED):
        raise RefusedError(f"{_standing(session, drop)} Close this and look at the card.")
    _move(session, drop, now, state=DropState.NEW, choices=dict(choices), by_id=by, settled_at=None, **_AFRESH)
    _note(session, drop, now, "drop.mapped", by, before=drop.choices, after=choices)


def again(session: Session, drop_id: int, slack_id: str, now: datetime) -> str | None:
    """A lead has what was in the way removed: Concord looks once more. What to tell them, where nothing came of it."""
    drop = hold(session, drop_id)
    by = _require_lead(session, drop, slack_id)
    if drop.state is not DropState.REFUSED:
        return None if drop.state is DropState.NEW and drop.by_id == by else _standing(session, drop)
    _move(session, drop, now, state=DropState.NEW, by_id=by, problem=None, settled_at=None, **_AFRESH)
    _note(session, drop, now, "drop.again", by)
    return None


_AFRESH: dict[str, Any] = {"lease_until": None, "attempts": 0, "done_bytes": 0}


def hold(session: Session, drop_id: int) -> FileDrop:
    """A drop, which nobody else changes until the session ends. Raises RefusedError where there is none."""
    found: FileDrop | None = session.execute(
        select(FileDrop).where(col(FileDrop.id) == drop_id).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise RefusedError(GONE)
    return found


def _require_lead(session: Session, drop: FileDrop, slack_id: str) -> int:
    """The lead behind a Slack id: of the drop's project, or of one that it might be for. Raises NotAllowedError."""
    if drop.project_id is not None:
        return people.require(session, drop.project_id, slack_id, Role.LEAD)
    refused = NotAllowedError("No project has this channel as its team channel any more. Nothing was changed.")
    for project_id, _ in candidates(session, drop.channel):
        try:
            return people.require(session, project_id, slack_id, Role.LEAD)
        except NotAllowedError as error:
            refused = error
    raise refused


def _move(session: Session, drop: FileDrop, now: datetime, **values: Any) -> None:
    version = drop.version + 1
    session.execute(
        update(FileDrop)
        .where(col(FileDrop.id) == drop.id)
        .values(version=version, **values)
        .execution_options(synchronize_session=False)
    )
    outbox.rewrite(session, now, CARD, drop.id or 0, version, CARD)
    wake(session)


def _note(
    session: Session,
    drop: FileDrop,
    now: datetime,
    action: str,
    by: int,
    *,
    project_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    history.note(
        session, now, action, "file_drop", drop.id or 0,
        project_id=project_id or drop.project_id, actor_id=by, before=before, after=after or {"file": drop.name},
    )  # fmt: skip


def _by(session: Session, drop: FileDrop) -> str:
    name: str | None = session.execute(select(col(Person.name)).where(col(Person.id) == drop.by_id)).scalar()
    return name or "Somebody"


def _standing(session: Session, drop: FileDrop) -> str:
    """How far a file has come, for somebody who pressed what is not there any more."""
    by = _by(session, drop)
    return {
        DropState.NEW: "Concord is looking at this file: wait until the card shows what it found.",
        DropState.READY: "This file was looked at anew meanwhile: see what the card says now.",
        DropState.ASKED: (
            f"{by} asked for the import already, and an import under way cannot be cancelled. Once it is done, it can be "
            "undone as long as nothing of it was labelled: the card will say how."
        ),
        DropState.IMPORTED: (
            f"{by} had this file imported: lot {drop.lot_id}. concord lots undo {drop.lot_id} takes it back."
        ),
        DropState.CANCELLED: f"{by} cancelled this file. Drop it once more to have it imported after all.",
        DropState.GUIDELINE: "This file is a guideline, and has become the draft of a proposal.",
        DropState.REFUSED: f"Concord could not take this file: {drop.problem}",
    }[drop.state]
