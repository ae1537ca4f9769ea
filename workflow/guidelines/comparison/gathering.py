"""What a comparison of two major versions compares: patterns under each, and how items ended, counted by the database."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, true, union_all
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationReason, Guideline, Item, ItemState, Label, NearPair, Queue, plain
from storage.tables import Pattern as PatternRow
from workflow.guidelines.comparison.comparing import Group, Twice
from workflow.patterns import Pattern, parse_pattern

ENDED = (ItemState.ACCEPTED, ItemState.ESCALATED)
NOT_UNCLEAR = (
    EscalationReason.NOBODY_LEFT,
    EscalationReason.PASSED_UP,
    EscalationReason.CONTESTED,
    EscalationReason.REVIEW,
    EscalationReason.AUDIT,
)
"""Cases that say nothing of how the labels went: nobody was left, or somebody looked at a decided item."""


@dataclass(frozen=True)
class Scope:
    """Which items: those of some segments (empty: all) without the worked examples, under two major versions.

    ``begun`` is when the earlier major version came into effect, ``turned`` when the later one did. ``stands_for`` maps
    value ids to the one by which both versions are asked: labels that were merged or split are taken as one.
    """

    project_id: int
    before: int
    after: int
    begun: datetime
    turned: datetime
    segments: tuple[str, ...] = ()
    examples: frozenset[int] = frozenset()
    stands_for: Mapping[int, int] = field(default_factory=dict)


Kind = tuple[str, str]
"""Segment and difficulty of an item."""


def labelled(session: Session, project_id: int, major: int) -> int:
    """Items that have a label under a major version: quick to count, and what says whether to look again."""
    counted = select(func.count()).where(col(PatternRow.project_id) == project_id, col(PatternRow.major) == major)
    return int(session.execute(counted).scalar_one())


def twice(session: Session, scope: Scope) -> Counter[Twice]:
    """Items with two labels or more under both versions, near duplicates together."""
    now, was = plain(PatternRow), plain(PatternRow).alias("was")
    found = (
        select(_lone(now.c.item_id), was.c.pattern.label("before"), now.c.pattern.label("after"))
        .join(was, and_(was.c.item_id == now.c.item_id, was.c.major == scope.before))
        .where(*_mine(scope, now, scope.after))
        .subquery()
    )
    rows = [
        (row.lone, (before, after), row.times)
        for row in _counted(session, found, "before", "after")
        if (before := _paired(row.before, scope)) and (after := _paired(row.after, scope))
    ]
    return _grouped(session, scope, rows)


def kinds(session: Session, scope: Scope) -> dict[Kind, tuple[Counter[Group], Counter[Group]]]:
    """All items under the earlier version, and those whose first labels came under the later one, by kind.

    An item that was given out again is in the first alone: that it was, may be due to the labels it had.
    """
    found: dict[Kind, tuple[Counter[Group], Counter[Group]]] = {}
    for side, major in enumerate((scope.before, scope.after)):
        rows: dict[Kind, list[tuple[int | None, Pattern, int]]] = {}
        for row in _counted(session, _of_kind(scope, major), "segment", "difficulty", "pattern"):
            if pattern := _paired(row.pattern, scope):
                rows.setdefault((row.segment, row.difficulty), []).append((row.lone, pattern, row.times))
        for kind, some in rows.items():
            found.setdefault(kind, (Counter(), Counter()))[side].update(_grouped(session, scope, some))
    return found


def _of_kind(scope: Scope, major: int) -> Any:
    pattern, item, queue = plain(PatternRow), plain(Item), plain(Queue)
    earlier = pattern.alias("earlier")
    fresh = ~exists().where(
        earlier.c.item_id == pattern.c.item_id, earlier.c.major < scope.after, earlier.c.pattern != ""
    )
    return (
        select(
            _lone(pattern.c.item_id),
            pattern.c.segment,
            func.coalesce(queue.c.difficulty, "").label("difficulty"),
            pattern.c.pattern,
        )
        .join(item, item.c.id == pattern.c.item_id)
        .outerjoin(queue, queue.c.id == item.c.queue_id)
        .where(*_mine(scope, pattern, major), fresh if major == scope.after else true())
        .subquery()
    )


def _mine(scope: Scope, pattern: Any, major: int) -> list[ColumnElement[bool]]:
    return [
        pattern.c.project_id == scope.project_id,
        pattern.c.major == major,
        pattern.c.segment.in_(scope.segments) if scope.segments else true(),
        pattern.c.item_id.not_in(scope.examples) if scope.examples else true(),
        _has_all_its_labels(pattern.c.item_id) if major == scope.after else true(),
    ]


def _has_all_its_labels(item_id: Any) -> ColumnElement[bool]:
    """SQL: whether an item is not open any more: first labels are those of fast people, who agree otherwise than all do."""
    item = plain(Item).alias("labelled")
    return exists().where(item.c.id == item_id, item.c.state != ItemState.OPEN).correlate_except(item)


def _lone(item_id: Any) -> ColumnElement[int | None]:
    """SQL: the item itself where others say nearly the same, so that it is not counted away among its equals."""
    pair = plain(NearPair).c
    near = or_(exists().where(pair.item_id == item_id), exists().where(pair.like_id == item_id))
    return case((near, item_id), else_=None).label("lone")


def _counted(session: Session, found: Any, *names: str) -> Any:
    columns = [found.c.lone, *(found.c[name] for name in names)]
    return session.execute(select(*columns, func.count().label("times")).group_by(*columns))


def _paired(text: str, scope: Scope) -> Pattern | None:
    """A pattern by the values that both versions are asked for; None where it has fewer than two labels."""
    counts: Counter[int] = Counter()
    for value, people in parse_pattern(text):
        counts[scope.stands_for.get(value, value)] += people
    return tuple(sorted(counts.items())) if counts.total() > 1 else None


def _grouped(session: Session, scope: Scope, rows: list[tuple[int | None, Any, int]]) -> Counter[Any]:
    """Rows as groups of near duplicates, each with how often it occurs."""
    groups: Counter[Any] = Counter()
    together: dict[int, list[Any]] = {}
    heads = _heads(session, scope.project_id) if any(lone is not None for lone, _, _ in rows) else {}
    for lone, what, times in rows:
        if lone is None:
            groups[(what,)] += times
        else:
            together.setdefault(heads.get(lone, lone), []).append(what)
    groups.update(tuple(sorted(some)) for some in together.values())
    return groups


def _heads(session: Session, project_id: int) -> dict[int, int]:
    """Items that say nearly the same, directly or through others: each with the one that its group is known by."""
    head: dict[int, int] = {}

    def of(item: int) -> int:
        while head.setdefault(item, item) != item:
            head[item] = head[head[item]]
            item = head[item]
        return item

    pairs = select(col(NearPair.item_id), col(NearPair.like_id)).where(col(NearPair.project_id) == project_id)
    for item_id, like_id in session.execute(pairs):
        head[of(item_id)] = of(like_id)
    return {item: of(item) for item in list(head)}


def again(session: Session, scope: Scope) -> int:
    """Items that somebody labelled under both versions: they may remember what they answered."""
    first, second = plain(Label).alias("first"), plain(Label).alias("second")
    old, new = plain(Guideline).alias("old"), plain(Guideline).alias("new")
    now = plain(PatternRow)
    counted = (
        select(func.count(func.distinct(now.c.item_id)))
        .join(second, second.c.item_id == now.c.item_id)
        .join(new, and_(new.c.id == second.c.guideline_id, new.c.major == scope.after))
        .join(first, and_(first.c.item_id == now.c.item_id, first.c.person_id == second.c.person_id))
        .join(old, and_(old.c.id == first.c.guideline_id, old.c.major == scope.before))
        .where(*_mine(scope, now, scope.after))
    )
    return int(session.execute(counted).scalar_one())


Ends = tuple[int, int]
"""Items that were escalated, of so many that ended."""


def ended(session: Session, scope: Scope, *, same: bool) -> list[tuple[Ends, Ends]]:
    """How items ended before and after the turn: of the same ones, or by kind of all before and the new ones after.

    An item ends when its labels decide it or it is escalated; not counted are cases that nobody was left to label, and
    those of reviews, disputes and audits.
    """
    before = _ended(scope, scope.begun, scope.turned)
    after = _ended(scope, scope.turned, None)
    if same:
        both = select(
            func.coalesce(func.sum(before.c.hit), 0),
            func.count(),
            func.coalesce(func.sum(after.c.hit), 0),
            func.count(),
        ).select_from(before.join(after, after.c.item_id == before.c.item_id))
        was, of, became, of_those = session.execute(both).one()
        return [((was, of), (became, of_those))]
    earlier = plain(Label).alias("earlier")
    fresh = ~exists().where(earlier.c.item_id == after.c.item_id, earlier.c.at < scope.turned)
    first, second = _by_kind(session, before, true()), _by_kind(session, after, fresh)
    return [(first[kind], second[kind]) for kind in sorted(first.keys() & second.keys())]


def _ended(scope: Scope, begun: datetime, turned: datetime | None) -> Any:
    """SQL: items that ended in a period, and whether one was escalated."""
    label, escalation, item = plain(Label).c, plain(Escalation).c, plain(Item).c
    decided = select(label.item_id, literal(0).label("hit")).where(
        label.project_id == scope.project_id, label.at >= begun, label.item_to.in_(ENDED)
    )
    disputed = select(escalation.item_id, literal(1)).where(
        escalation.project_id == scope.project_id,
        escalation.opened_at >= begun,
        escalation.reason.not_in(NOT_UNCLEAR),
    )
    if turned is not None:
        decided, disputed = decided.where(label.at < turned), disputed.where(escalation.opened_at < turned)
    ends = union_all(decided, disputed).subquery()
    return (
        select(ends.c.item_id, func.max(ends.c.hit).label("hit"), item.segment, item.queue_id)
        .join(plain(Item), item.id == ends.c.item_id)
        .where(
            item.segment.in_(scope.segments) if scope.segments else true(),
            item.id.not_in(scope.examples) if scope.examples else true(),
        )
        .group_by(ends.c.item_id, item.segment, item.queue_id)
        .subquery()
    )


def _by_kind(session: Session, ends: Any, which: ColumnElement[bool]) -> dict[Kind, Ends]:
    queue = plain(Queue)
    difficulty = func.coalesce(queue.c.difficulty, "")
    rows: Select[Any] = (
        select(ends.c.segment, difficulty, func.sum(ends.c.hit), func.count())
        .outerjoin(queue, queue.c.id == ends.c.queue_id)
        .where(which)
        .group_by(ends.c.segment, difficulty)
    )
    return {(segment, hard): (hits, count) for segment, hard, hits, count in session.execute(rows)}
