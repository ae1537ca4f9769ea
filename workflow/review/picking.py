"""The clock picks from what was accepted the items that a reviewer looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from sqlalchemy import and_, insert, literal_column, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, Project, Review, ReviewReason, ReviewState, plain
from workflow import history, places
from workflow.quality_rules import QualityRules
from workflow.review import due, facts, newcomers, policy, upkeep
from workflow.review.policy import Facts
from workflow.states import check_move

CHUNK = 500
A_TICK = 100
"""After so many chunks of a long past it is kept how far it has come, and the rest is left to the next tick: a million
items take minutes, and cases and audits wait meanwhile."""
LATE, VERY_LATE = timedelta(minutes=2), timedelta(hours=1)
QUARTER = timedelta(minutes=15)
"""A click is dated before it commits. A look goes back a little, and the first of each quarter of an hour a whole hour."""


@dataclass(frozen=True)
class Asking:
    """A project that has items reviewed, and up to when its accepted ones were looked at."""

    project_id: int
    zone: str
    rules: QualityRules
    picked_to: datetime | None


@dataclass(frozen=True)
class Picked:
    """An item that a reviewer is to look at, and why."""

    facts: Facts
    reason: ReviewReason
    weight: int


def pick(store: Store, now: datetime) -> int:
    """Bring accepted items into review as their projects want it; how many. The clock's step."""
    with store.read() as session:
        projects = asking(session)
    return sum(_pick_in(store, project, now) for project in projects)


def asking(session: Session) -> list[Asking]:
    """The projects that have anything reviewed."""
    rows = session.execute(
        select(col(Project.id), col(Project.time_zone), col(Project.quality), col(Project.picked_to)).order_by(
            col(Project.id)
        )
    )
    found = [Asking(row[0], row[1], QualityRules.model_validate(row[2]), row[3]) for row in rows if row[2]]
    return [project for project in found if project.rules.review.picks_any]


def _pick_in(store: Store, project: Asking, now: datetime) -> int:
    picked, after = 0, (_since(project.picked_to, now), 0)
    reached: newcomers.Reached = {}
    for number in count(1):
        with store.read() as session:
            some = _accepted_after(session, project.project_id, *after)
            chosen = _choose(session, project, [item_id for item_id, _ in some], reached)
        if chosen:
            picked += store.transact(partial(_take, project=project, chosen=chosen, now=now))
        if len(some) < CHUNK:
            _reach(store, project, now, anything=bool(some))
            return picked
        after = (some[-1][1], some[-1][0])
        if number % A_TICK == 0:
            _reach(store, project, after[0], anything=True)
            # Each look begins a little earlier than the last one ended: it goes on until it has come further.
            if project.picked_to is None or after[0] > project.picked_to:
                return picked
    raise AssertionError("unreachable")


def _since(picked_to: datetime | None, now: datetime) -> datetime:
    if picked_to is None:
        # Nothing was looked at yet: all that was ever accepted is. Years are not the earliest either database knows.
        return datetime(2000, 1, 1, tzinfo=now.tzinfo)
    return picked_to - (VERY_LATE if _quarter(picked_to) != _quarter(now) else LATE)


def _quarter(moment: datetime) -> int:
    return int(moment.timestamp() // QUARTER.total_seconds())


def _accepted_after(session: Session, project_id: int, at: datetime, item_id: int) -> list[tuple[int, datetime]]:
    """The next accepted items, each with when it was decided, in that order."""
    item = plain(Item).c
    # The state is written out: SQLite uses the index of accepted items only where it can read so.
    rows = session.execute(
        select(item.id, item.decided_at)
        .where(
            item.project_id == project_id,
            item.state == literal_column("'accepted'"),
            item.decided_at >= at,
            or_(item.decided_at > at, and_(item.decided_at == at, item.id > item_id)),
        )
        .order_by(item.decided_at, item.id)
        .limit(CHUNK)
    )
    return [(row.id, row.decided_at) for row in rows]


def _choose(session: Session, project: Asking, item_ids: Sequence[int], reached: newcomers.Reached) -> list[Picked]:
    rules = project.rules.review
    known = facts.read(session, project.project_id, item_ids, rules, reached)
    wanted = [(one, policy.reason(rules, project.project_id, one)) for one in known]
    why = {one.item_id: reason for one, reason in wanted if reason is not None}
    unseen = facts.unseen(session, [one for one, reason in wanted if reason is not None]) if why else []
    weights = facts.weights(session, [one.item_id for one in unseen]) if unseen else {}
    return [Picked(one, why[one.item_id], weights[one.item_id]) for one in unseen]


def _take(session: Session, project: Asking, chosen: Sequence[Picked], now: datetime) -> int:
    """Bring chosen items into review; how many still were accepted with the same value once they were under lock."""
    known = {one.facts.item_id: one for one in chosen}
    locked = [item for item in places.lock_items(session, known) if item.state is ItemState.ACCEPTED]
    finals = dict(
        session.execute(
            select(col(Item.id), col(Item.final_value_id)).where(col(Item.id).in_([item.id for item in locked]))
        ).all()
    )
    mine = {item_id: known[item_id] for item_id, value in finals.items() if value == known[item_id].facts.value_id}
    if not mine:
        return 0
    check_move(ItemState.ACCEPTED, ItemState.IN_REVIEW)
    upkeep.withdraw_of(session, list(mine), now)
    session.execute(update(Item).where(col(Item.id).in_(mine)).values(state=ItemState.IN_REVIEW))
    due_at = due.due_at(project.rules, project.zone, now)
    rows = [_row(project.project_id, one, due_at, now) for _, one in sorted(mine.items())]
    session.connection().execute(insert(plain(Review)), rows)
    _note(session, project.project_id, mine, now)
    return len(mine)


def _row(project_id: int, one: Picked, due_at: datetime, now: datetime) -> dict[str, object]:
    return {
        "project_id": project_id,
        "item_id": one.facts.item_id,
        "reason": one.reason,
        "state": ReviewState.WAITING,
        "value_id": one.facts.value_id,
        "about_id": one.facts.about_id,
        "disagreement": one.facts.disagreement,
        "weight": one.weight,
        "due_at": due_at,
        "reason_code": "",
        "section": "",
        "note": "",
        "version": 0,
        "opened_at": now,
    }


def _note(session: Session, project_id: int, taken: Mapping[int, Picked], now: datetime) -> None:
    for reason in ReviewReason:
        items = sorted(item_id for item_id, one in taken.items() if one.reason is reason)
        if items:
            history.note(
                session, now, "items.picked", "project", project_id, project_id=project_id,
                before={"state": ItemState.ACCEPTED},
                after={"state": ItemState.IN_REVIEW, "reason": reason, "items": items},
            )  # fmt: skip


def _reach(store: Store, project: Asking, to: datetime, *, anything: bool) -> None:
    """Keep up to when items were looked at; where there were none, only once in a while."""
    before = project.picked_to
    if before is not None and (to <= before or (not anything and _quarter(before) == _quarter(to))):
        return
    write = update(Project).where(col(Project.id) == project.project_id).values(picked_to=to)
    store.transact(lambda session: session.execute(write))
