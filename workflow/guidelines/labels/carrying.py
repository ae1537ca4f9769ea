"""What was labelled is brought over to the labels of a new version: labels in force, final values, gold answers.

Labels stay in their history as they were given, and so do the patterns that agreement under earlier versions is measured
from. Versions are brought over one after the other, so that what goes from a to b, and later from b to c, ends at c.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Audit,
    AuditState,
    Finding,
    FindingState,
    Item,
    LabelMove,
    LabelValue,
    Lot,
    LotState,
    Project,
    Review,
    ReviewState,
)
from workflow import history, places, settling
from workflow.guidelines import versions
from workflow.guidelines.labels import former_labels

ITEMS_AT_ONCE = 300
# A click that read the schema just before it changed has committed by then.
SETTLED = timedelta(seconds=5)
CARRIED, GOLD_CALLED = "labels.carried", "gold.called"


@dataclass(frozen=True)
class _Passing:
    """A version whose labels are being brought over, and how far that has come: ``after`` is the last item done.

    ``goes`` are value ids; ``gone`` those of them that nobody can choose any more. ``gold`` are texts.
    """

    guideline_id: int
    at: datetime
    after: int
    goes: Mapping[int, int]
    gone: frozenset[int]
    gold: Mapping[str, str]

    def moves(self, value: Any, since: Any) -> ColumnElement[bool]:
        """SQL: whether a value given at ``since`` goes elsewhere. One that can be chosen again may be meant anew."""
        kept = [one for one in self.goes if one not in self.gone]
        return or_(value.in_([*self.gone]), and_(value.in_(kept), since < self.at)) if self.goes else false()


def carry_over(store: Store, now: datetime) -> int:
    """Bring over whatever is left to, a few hundred items a transaction; how many items were touched."""
    touched = 0
    for project_id in _projects(store):
        some = partial(carry_some, project_id=project_id, now=now)
        while (done := store.transact(some)) is not None:
            touched += done
    return touched


def carry_some(session: Session, project_id: int, now: datetime) -> int | None:
    """Bring over the next items of a project; how many, or None where there is nothing to do (yet)."""
    mine = select(col(Project.id)).where(col(Project.id) == project_id)
    session.execute(mine.with_for_update(key_share=True)).one()
    passing = _oldest(session, project_id, now)
    if passing is None:
        return None
    item_ids = _next_items(session, project_id, passing)
    if item_ids:
        _carry(session, project_id, passing, item_ids, now)
    values = {"after": item_ids[-1]} if item_ids else {"done_at": now}
    session.execute(update(LabelMove).where(*_of(project_id, passing.guideline_id)).values(**values))
    return len(item_ids)


def _projects(store: Store) -> Sequence[int]:
    with store.read() as session:
        waiting = select(col(LabelMove.project_id)).where(col(LabelMove.done_at).is_(None)).distinct()
        return session.execute(waiting.order_by(col(LabelMove.project_id))).scalars().all()


def _oldest(session: Session, project_id: int, now: datetime) -> _Passing | None:
    """The oldest version that is not brought over; None where there is none, or it is not time yet."""
    rows = session.execute(
        select(
            col(LabelMove.guideline_id),
            col(LabelMove.from_id),
            col(LabelMove.to_id),
            col(LabelMove.after),
            col(LabelMove.at),
            col(LabelValue.retired_at),
        )
        .join(LabelValue, col(LabelValue.id) == col(LabelMove.from_id))
        .where(col(LabelMove.project_id) == project_id, col(LabelMove.done_at).is_(None))
        .order_by(col(LabelMove.guideline_id))
    ).all()
    if not rows or rows[0].at > now - SETTLED or _is_being_filled(session, project_id, rows[0].at):
        return None
    first = [row for row in rows if row.guideline_id == rows[0].guideline_id]
    goes = {row.from_id: row.to_id for row in first if row.from_id != row.to_id}
    gone = frozenset(row.from_id for row in first if row.from_id in goes and row.retired_at is not None)
    gold = former_labels.called_with(session, first[0].guideline_id)
    return _Passing(first[0].guideline_id, first[0].at, min(row.after for row in first), goes, gone, gold)


def _is_being_filled(session: Session, project_id: int, at: datetime) -> bool:
    """Whether an import that began before the labels changed still brings gold answers as they were called then."""
    running = exists().where(
        col(Lot.project_id) == project_id, col(Lot.state) == LotState.RUNNING, col(Lot.started_at) < at
    )
    return bool(session.execute(select(running)).scalar_one())


def _next_items(session: Session, project_id: int, passing: _Passing) -> list[int]:
    """The next items that anything is to be done about, in order."""
    place, item = Assignment, Item
    labelled = select(col(place.item_id)).where(
        col(place.project_id) == project_id, col(place.item_id) > passing.after, _labels(passing)
    )
    others = select(col(item.id)).where(
        col(item.project_id) == project_id, col(item.id) > passing.after, or_(_finals(passing), _golds(passing))
    )
    drawn = select(col(Finding.item_id)).where(
        col(Finding.project_id) == project_id, col(Finding.item_id) > passing.after, _drawn(passing)
    )
    found = {
        *session.execute(labelled.distinct().order_by(col(place.item_id)).limit(ITEMS_AT_ONCE)).scalars(),
        *session.execute(drawn.distinct().order_by(col(Finding.item_id)).limit(ITEMS_AT_ONCE)).scalars(),
        *session.execute(others.order_by(col(item.id)).limit(ITEMS_AT_ONCE)).scalars(),
    }
    return sorted(found)[:ITEMS_AT_ONCE]


def _labels(passing: _Passing) -> ColumnElement[bool]:
    return passing.moves(col(Assignment.value_id), col(Assignment.labelled_at))


def _finals(passing: _Passing) -> ColumnElement[bool]:
    return passing.moves(col(Item.final_value_id), col(Item.decided_at))


def _golds(passing: _Passing) -> ColumnElement[bool]:
    earlier = select(col(Lot.id)).where(col(Lot.started_at) < passing.at)
    return and_(col(Item.gold).in_([*passing.gold]), col(Item.lot_id).in_(earlier))


def _carry(session: Session, project_id: int, passing: _Passing, item_ids: Sequence[int], now: datetime) -> None:
    locked = places.lock_items(session, item_ids)
    touched: set[int] = set()
    if passing.goes:
        touched |= _carry_labels(session, passing, item_ids)
        finals = _carry_finals(session, passing, item_ids)
        _carry_looks(session, passing, item_ids, finals)
        touched |= finals
        settling.accept_agreeing(session, [item for item in locked if item.id in touched], now)
    if touched:
        _note(session, project_id, passing, CARRIED, touched, _called(session, passing.goes), now)
    golden = _carry_gold(session, passing, item_ids)
    if golden:
        _note(session, project_id, passing, GOLD_CALLED, golden, passing.gold, now)


def _carry_labels(session: Session, passing: _Passing, item_ids: Sequence[int]) -> set[int]:
    there = update(Assignment).where(col(Assignment.item_id).in_(item_ids), _labels(passing))
    becomes = case(dict(passing.goes), value=col(Assignment.value_id))
    changed = there.values(value_id=becomes, version=col(Assignment.version) + 1)
    return set(session.execute(changed.returning(col(Assignment.item_id))).scalars())


def _carry_finals(session: Session, passing: _Passing, item_ids: Sequence[int]) -> set[int]:
    there = update(Item).where(col(Item.id).in_(item_ids), _finals(passing))
    changed = there.values(final_value_id=case(dict(passing.goes), value=col(Item.final_value_id)))
    return set(session.execute(changed.returning(col(Item.id))).scalars())


def _carry_looks(session: Session, passing: _Passing, item_ids: Sequence[int], finals: Collection[int]) -> None:
    """Reviews and audits that go on are about the final value as it is called now, and so is what was answered blind.

    An audit is about the label that was drawn, whatever became of the item since: it is called anew as well.
    """
    becomes = dict(passing.goes)
    reviews = update(Review).where(
        col(Review.item_id).in_(finals),
        col(Review.value_id).in_(becomes),
        col(Review.state).in_((ReviewState.WAITING, ReviewState.CLAIMED)),
    )
    session.execute(reviews.values(value_id=case(becomes, value=col(Review.value_id))))
    drawn = or_(
        and_(col(Finding.item_id).in_(finals), col(Finding.value_id).in_(becomes)),
        col(Finding.value_id).in_([*passing.gone]),
    )
    answered = passing.moves(col(Finding.answer_id), col(Finding.answered_at))
    for called, moved in ((col(Finding.value_id), drawn), (col(Finding.answer_id), answered)):
        mine = update(Finding).where(col(Finding.item_id).in_(item_ids), _goes_on(), moved)
        session.execute(mine.values({called: case(becomes, value=called)}))


def _drawn(passing: _Passing) -> ColumnElement[bool]:
    """SQL: whether a finding that waits has to do with a label that nobody can choose any more."""
    gone = [*passing.gone]
    return and_(_goes_on(), or_(col(Finding.value_id).in_(gone), col(Finding.answer_id).in_(gone)))


def _goes_on() -> ColumnElement[bool]:
    """SQL: whether a finding is still to be judged. What an audit that has ended was about stays as it was."""
    running = select(col(Audit.id)).where(col(Audit.state) == AuditState.RUNNING)
    return and_(
        col(Finding.state).in_((FindingState.WAITING, FindingState.ANSWERED)), col(Finding.audit_id).in_(running)
    )


def _carry_gold(session: Session, passing: _Passing, item_ids: Sequence[int]) -> set[int]:
    if not passing.gold:
        return set()
    there = update(Item).where(col(Item.id).in_(item_ids), _golds(passing))
    changed = there.values(gold=case(dict(passing.gold), value=col(Item.gold)))
    return set(session.execute(changed.returning(col(Item.id))).scalars())


def _called(session: Session, goes: Mapping[int, int]) -> dict[str, str]:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.value)).where(col(LabelValue.id).in_([*goes, *goes.values()]))
    )
    names = {row.id: row.value for row in rows}
    return {names[old]: names[new] for old, new in goes.items()}


def _note(
    session: Session,
    project_id: int,
    passing: _Passing,
    action: str,
    item_ids: Collection[int],
    became: Mapping[str, str],
    now: datetime,
) -> None:
    version = versions.called(session, passing.guideline_id)
    after = {"version": version, "items": sorted(item_ids), "became": dict(became)}
    history.note(session, now, action, former_labels.SUBJECT, passing.guideline_id, project_id=project_id, after=after)


def _of(project_id: int, guideline_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(LabelMove.project_id) == project_id,
        col(LabelMove.guideline_id) == guideline_id,
        col(LabelMove.done_at).is_(None),
    )
