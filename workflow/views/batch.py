"""A batch's card: where its owner is, the item, what was chosen. Two statements, however long the batch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import String, bindparam, case, cast, select
from sqlmodel import Session, col

from storage.tables import Assignment, Batch, Guideline, Item, ItemState, Place, Project, Ruling, SkipRule, plain
from workflow.batches import version_of
from workflow.guidelines.acknowledgement import required
from workflow.packing import packed_rows, unpacked_rows
from workflow.views.schema import choices

WAITING = (Place.OPEN, Place.PLANNED)
ANSWERED = (Place.LABELLED, Place.FLAGGED, Place.SKIPPED)


@dataclass(frozen=True)
class Seat:
    """A position of the batch."""

    state: Place
    value_id: int | None
    id: int
    item_id: int
    position: int
    acted_us: int
    version: int
    skips: int

    @property
    def outcome(self) -> Place:
        """What its owner did with it: what they skipped may be free again, what they flagged closed by a ruling."""
        if self.state is Place.RETURNED and self.skips:
            return Place.SKIPPED
        if self.state is Place.CLOSED and self.acted_us and not self.skips:
            return Place.FLAGGED
        return self.state


def batch_version(session: Session, batch_id: int) -> int | None:
    """The version of a batch's card, or None where there is no such batch."""
    version: int | None = session.execute(_version(), {"batch": batch_id}).scalar()
    return version


def hold_batch(session: Session, batch_id: int) -> None:
    """Wait for whoever is changing a place of the batch, and let nobody change one until the session ends."""
    session.execute(select(col(Assignment.id)).where(col(Assignment.batch_id) == batch_id).with_for_update(read=True))


# The statements of a card are built once: building them takes longer than to carry them out.
@cache
def _version() -> Any:
    """SQL: the version of the card of ``batch``."""
    return select(version_of(bindparam("batch")))


@cache
def _heading() -> Any:
    """SQL: a ``batch`` with its Seats, and its project."""
    batch, project, place = (plain(entity).c for entity in (Batch, Project, Assignment))
    guideline, newer = plain(Guideline).c, plain(Guideline).alias("newer").c
    # What has to be read, and has not been: a version without a hold is told, and asks nothing of anybody.
    unread = (
        select(cast(newer.major, String) + "." + cast(newer.minor, String))
        .where(newer.project_id == batch.project_id, newer.id > guideline.id, newer.held_from.is_not(None))
        .order_by(newer.major.desc(), newer.minor.desc())
        .limit(1)
        .scalar_subquery()
    )
    outdated = case((guideline.id != project.guideline_id, unread))
    numbers = (place.id, place.item_id, place.position, place.acted_us, place.version, place.skips)
    seats = (
        select(packed_rows(place.state, place.value_id, *numbers))
        .where(place.batch_id == bindparam("batch"))
        .scalar_subquery()
    )
    return select(
        seats.label("seats"),
        batch.project_id,
        batch.version,
        batch.focus,
        batch.focus_us,
        project.name,
        project.question,
        project.fields,
        project.skip,
        project.version.label("project_version"),
        guideline.id.label("guideline_id"),
        guideline.major,
        guideline.minor,
        batch.paused_for,
        outdated.label("unread"),
    ).where(
        batch.id == bindparam("batch"),
        project.id == batch.project_id,
        guideline.id == required.worked_under(batch, project),
    )


@cache
def _showing() -> Any:
    """SQL: an ``item``, with what a reviewer who sent it back last wrote."""
    item, ruling = plain(Item).c, plain(Ruling).c
    sent_back = (
        select(ruling.rationale)
        .where(ruling.item_id == bindparam("item"), ruling.value_id.is_(None))
        .order_by(ruling.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (item.key, item.fields, item.state, item.open_places, sent_back.label("note"))
    return select(*columns).where(item.id == bindparam("item"))


def batch_view(session: Session, batch_id: int) -> dict[str, Any] | None:
    """What a batch's card shows now; None where there is no such batch.

    ``guideline`` is the version under which labels are given in it, ``newer`` one that its owner has yet to read, or empty;
    while it is ``paused`` nothing can be answered.
    """
    head = session.execute(_heading(), {"batch": batch_id}).first()
    if head is None:
        return None
    seats = _seats(head.seats)
    current = _current(seats, head.focus, head.focus_us)
    paused = head.paused_for is not None and head.guideline_id < head.paused_for
    view: dict[str, Any] = {
        "id": batch_id,
        "version": head.version + sum(seat.version for seat in seats),
        "project_id": head.project_id,
        "project": head.name,
        "question": head.question,
        "guideline": f"{head.major}.{head.minor}",
        "newer": head.unread or "",
        "paused": paused,
        "total": len(seats),
        "answered": sum(seat.outcome in ANSWERED for seat in seats),
        "summary": _summary(seats),
        "back": _neighbour(seats, current, -1),
        "item": None,
    }
    if current is not None:
        labels = choices(session, head.project_id, head.project_version)
        view |= {
            "forward": _forward(seats, current),
            "item": _item(session, current, head.fields, head.skip, paused=paused),
            "labels": [
                {"id": choice.id, "title": choice.title, "description": choice.description} for choice in labels
            ],
        }
    return view


def _seats(packed: str | None) -> list[Seat]:
    seats = [
        Seat(Place(state), int(value) if value else None, *map(int, numbers))
        for state, value, *numbers in unpacked_rows(packed)
    ]
    return sorted(seats, key=lambda seat: seat.position)


def _current(seats: Sequence[Seat], focus: int | None, focus_us: int) -> Seat | None:
    """The position to show: the one that *Back* chose, else the next open one after the last answer, else the first."""
    last = max(seats, key=lambda seat: seat.acted_us, default=None)
    if focus is not None and (last is None or focus_us > last.acted_us):
        chosen = next((seat for seat in seats if seat.position == focus), None)
        if chosen is not None:
            return chosen
    waiting = [seat for seat in seats if seat.state in WAITING]
    # One that was answered and waits again comes from an earlier batch, or was sent back: its owner is not past it.
    answered = [seat for seat in seats if seat.acted_us and seat.state not in WAITING]
    reached = max(answered, key=lambda seat: seat.acted_us).position if answered else 0
    return next((seat for seat in waiting if seat.position > reached), waiting[0] if waiting else None)


def _neighbour(seats: Sequence[Seat], current: Seat | None, step: int) -> int | None:
    positions = [seat.position for seat in seats]
    at = positions.index(current.position) + step if current else len(positions) - 1
    return positions[at] if 0 <= at < len(positions) else None


def _forward(seats: Sequence[Seat], current: Seat) -> int | None:
    """The next position, once the one that is shown has been answered: an open one is skipped, not passed over."""
    return None if current.state in WAITING else _neighbour(seats, current, +1)


def _summary(seats: Sequence[Seat]) -> dict[str, int]:
    counted = Counter(seat.outcome for seat in seats)
    return {
        "labelled": counted[Place.LABELLED],
        "skipped": counted[Place.SKIPPED],
        "flagged": counted[Place.FLAGGED],
        "closed": counted[Place.CLOSED],
        "returned": counted[Place.RETURNED],
    }


def _item(session: Session, seat: Seat, fields: Sequence[str], skip: SkipRule, *, paused: bool) -> dict[str, Any]:
    row = session.execute(_showing(), {"item": seat.item_id}).one()
    waiting = seat.state in WAITING
    return {
        "assignment_id": seat.id,
        "key": row.key,
        "position": seat.position,
        "fields": shown_fields(row.fields, fields),
        "chosen": seat.value_id,
        "place": seat.state.value,
        "outcome": seat.outcome.value,
        "ruled": row.state is ItemState.RULED,
        "free": row.open_places > 0,
        "replaced": row.state is ItemState.REPLACED,
        "answerable": not paused
        and row.state is not ItemState.REPLACED
        and (
            waiting
            or seat.state is Place.LABELLED
            or (seat.state is Place.CLOSED and row.state is ItemState.RULED)
            or (seat.state in (Place.SKIPPED, Place.RETURNED) and row.state is ItemState.OPEN and row.open_places > 0)
        ),
        "may_skip": seat.state is Place.OPEN and skip is not SkipRule.NEVER and not paused,
        "may_flag": (waiting or seat.state is Place.LABELLED)
        and not paused
        and row.state not in (ItemState.RULED, ItemState.REPLACED),
        "note": row.note if waiting and row.state is not ItemState.RULED else None,
    }


def shown_fields(fields: dict[str, str], names: Sequence[str]) -> list[dict[str, str]]:
    """An item's texts in the project's order."""
    return [{"name": name, "text": fields.get(name, "")} for name in names]
