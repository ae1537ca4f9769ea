"""Which items a version touches: those that carry one of its labels, given under an earlier rule, in its segments."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlmodel import Session, col

from storage.tables import Assignment, Example, Guideline, Item, ItemState, LabelValue, Place, Proposal, Ruling, plain

GOING_ON = (ItemState.OPEN, ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.ESCALATED)


@dataclass(frozen=True)
class Touch:
    """What a version touches.

    ``value_ids`` are ids of labels, None for all; ``segments`` are empty for all. ``guideline_id`` is the first version that
    has the new rule: what was labelled under an earlier one counts; None while it is proposed, when all does. ``examples``
    are items whose answer the version itself gives away, and which nobody need label again.
    """

    project_id: int
    value_ids: frozenset[int] | None = None
    segments: tuple[str, ...] = ()
    guideline_id: int | None = None
    examples: frozenset[int] = frozenset()


def by_proposal(session: Session, proposal_id: int) -> Touch:
    """What a proposal would touch, of all that is labelled now."""
    row = session.execute(
        select(
            col(Proposal.project_id),
            col(Proposal.labels_touched),
            col(Proposal.segments_touched),
        ).where(col(Proposal.id) == proposal_id)
    ).one()
    ids = _ids(session, row.project_id, row.labels_touched) if row.labels_touched else None
    return Touch(row.project_id, ids, tuple(row.segments_touched), examples=_examples(session, proposal_id))


def by_version(session: Session, guideline_id: int) -> Touch:
    """What a version touches of what was labelled under earlier rules; one that no proposal led to touches everything.

    The labels are those that were found when its impact was counted: it may have given them other names itself.
    """
    version = session.execute(
        select(col(Guideline.project_id), col(Guideline.major)).where(col(Guideline.id) == guideline_id)
    ).one()
    first: int = session.execute(
        select(func.min(col(Guideline.id))).where(
            col(Guideline.project_id) == version.project_id, col(Guideline.major) == version.major
        )
    ).scalar_one()
    row = session.execute(
        select(
            col(Proposal.id),
            col(Proposal.labels_touched),
            col(Proposal.segments_touched),
            col(Proposal.impact),
        ).where(col(Proposal.guideline_id) == guideline_id)
    ).first()
    if row is None:
        return Touch(version.project_id, guideline_id=first)
    known = (row.impact or {}).get("value_ids")
    ids = frozenset(known) if known is not None else _ids(session, version.project_id, row.labels_touched)
    return Touch(
        version.project_id,
        ids if row.labels_touched else None,
        tuple(row.segments_touched),
        first,
        _examples(session, row.id),
    )


def _ids(session: Session, project_id: int, values: list[str]) -> frozenset[int]:
    """The labels by their values; those that are only to be added have no item yet."""
    mine = select(col(LabelValue.id)).where(
        col(LabelValue.project_id) == project_id, col(LabelValue.value).in_(list(values))
    )
    return frozenset(session.execute(mine).scalars())


def _examples(session: Session, proposal_id: int) -> frozenset[int]:
    shown = select(col(Example.item_id)).where(
        col(Example.proposal_id) == proposal_id, col(Example.item_id).is_not(None)
    )
    return frozenset(session.execute(shown).scalars())


def items(touch: Touch) -> ColumnElement[bool]:
    """SQL: whether an item is touched."""
    return and_(plain(Item).c.project_id == touch.project_id, carrying(touch))


def carrying(touch: Touch) -> ColumnElement[bool]:
    """SQL: whether an item of the project is touched, by its labels in force and, where it is ruled, by the ruling.

    A label counts as it was given and as a changed label schema has made it since.
    """
    return or_(going_on(touch), ruled(touch))


def going_on(touch: Touch) -> ColumnElement[bool]:
    """SQL: the touched items that are not ruled: one label of an earlier version is enough."""
    return and_(_within(touch), plain(Item).c.state.in_(GOING_ON), labelled(touch))


def ruled(touch: Touch) -> ColumnElement[bool]:
    """SQL: the touched items that are ruled: the version that they were ruled under decides."""
    carried = or_(_carries_any(touch), _ruled_so(touch))
    return and_(_within(touch), plain(Item).c.state == ItemState.RULED, ~_ruled_since(touch), carried)


def _within(touch: Touch) -> ColumnElement[bool]:
    item = plain(Item).c
    return and_(
        item.segment.in_(touch.segments) if touch.segments else true(),
        item.id.not_in(touch.examples) if touch.examples else true(),
    )


def labelled(touch: Touch) -> ColumnElement[bool]:
    """SQL: whether an item has a touched label in force that an earlier version was followed in."""
    return _place_exists(_values_of(touch), given_before(touch))


def given_before(touch: Touch) -> Any:
    """SQL: whether the label of a place was given under an earlier version than the touching one."""
    if touch.guideline_id is None:
        return true()
    return func.coalesce(plain(Assignment).c.guideline_id, 0) < touch.guideline_id


def _carries_any(touch: Touch) -> ColumnElement[bool]:
    return _place_exists(_values_of(touch))


def _place_exists(*conditions: Any) -> ColumnElement[bool]:
    place = plain(Assignment)
    here = (place.c.item_id == plain(Item).c.id, place.c.state == Place.LABELLED)
    return select(place.c.id).where(*here, *conditions).correlate(plain(Item)).exists()


def _values_of(touch: Touch) -> Any:
    if touch.value_ids is None:
        return true()
    place, ids = plain(Assignment).c, sorted(touch.value_ids)
    return or_(place.value_id.in_(ids), place.counted_id.in_(ids))


def _ruled_since(touch: Touch) -> Any:
    """SQL: whether an item was ruled under the touching version or a later one."""
    ruling = plain(Ruling)
    if touch.guideline_id is None:
        return ~true()
    since = ruling.c.guideline_id >= touch.guideline_id
    return select(ruling.c.id).where(ruling.c.item_id == plain(Item).c.id, since).correlate(plain(Item)).exists()


def _ruled_so(touch: Touch) -> ColumnElement[bool]:
    ruling = plain(Ruling)
    given = ruling.c.value_id.is_not(None)
    if touch.value_ids is not None:
        given = ruling.c.value_id.in_(sorted(touch.value_ids))
    return select(ruling.c.id).where(ruling.c.item_id == plain(Item).c.id, given).correlate(plain(Item)).exists()
