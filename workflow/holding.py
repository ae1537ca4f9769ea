"""A person's place on an item: read under lock at the start of a click, and written with what others have on the item.

The lock comes first and the reading of the others after it, in another statement: PostgreSQL would otherwise show the
others as they were before it had waited for the lock.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlmodel import Session

from storage.tables import (
    Assignment,
    Batch,
    Escalation,
    EscalationReason,
    EscalationState,
    Guideline,
    Item,
    ItemState,
    LabelValue,
    Person,
    Place,
    Project,
    Role,
    plain,
)
from workflow import places
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines.acknowledgement import required
from workflow.packing import packed, packed_rows, unpacked_rows
from workflow.patterns import format_pattern

GONE = "Your time for this item was over, and its place has been given to somebody else. Nothing was changed."
WAITING = "This item waits for a ruling and takes no more labels. Nothing was changed."
CONTESTED = (
    "The ruling on this item is contested: its labels stay as they are until that is decided. Nothing was changed."
)
REPLACED = "A newer text has taken the place of this item's. Your label stays with the old one; nothing was changed."
PAUSED = (
    "This batch is paused: there is a new version of the guideline, and labels go on once you have read it. Its message is "
    "in your conversation with Concord. Nothing was changed."
)
UNREAD = (
    "This item went back to the pool, and its rules have changed since: read the new version of the guideline first, then "
    "choose again. Its message is in your conversation with Concord. Nothing was changed."
)
FOREIGN = "This item is not yours to answer. Nothing was changed."


@dataclass(frozen=True)
class Answered:
    """Which batch's card to show, and whether the click changed anything."""

    batch_id: int
    changed: bool


@dataclass(frozen=True)
class Holding:
    """A person's place on an item, as the first statement of a click reads it under lock.

    ``guideline_id`` and ``major`` are of the version under which labels are given here: where rules have changed since, and
    the person has not read that, it is an earlier one than is in force.
    """

    id: int
    project_id: int
    item_id: int
    person_id: int
    batch_id: int
    place: Place
    value_id: int | None
    counted_id: int | None
    counted_major: int | None
    acted_us: int
    answered_at: datetime | None
    item_state: ItemState
    open_places: int
    segment: str
    accept: str
    skip: str
    guideline_id: int
    major: int
    paused_for: int | None
    major_in_force: int
    slack_id: str | None
    active: bool
    annotates: bool
    known_value: int | None

    @property
    def is_paused(self) -> bool:
        """Whether nothing is taken here until the person has read another version."""
        return self.paused_for is not None and self.guideline_id < self.paused_for


@dataclass(frozen=True)
class Others:
    """What stands on the item besides this place, read after the lock was taken."""

    labels: str | None
    holding: int
    somebody_left: bool
    case: str | None

    @property
    def values(self) -> list[int]:
        """The values in force, one a label."""
        return [int(value) for value, _, _ in unpacked_rows(self.labels)]

    def check_uncontested(self) -> None:
        """Refuse to answer an item while somebody decides a dispute about its ruling: who answers has read that ruling."""
        if self.case is not None and self.case.endswith(EscalationReason.CONTESTED):
            raise RefusedError(CONTESTED)

    def counted(self, major: int) -> list[int]:
        """The values that count for agreement under a major guideline version."""
        entries = unpacked_rows(self.labels)
        return [int(counted) for _, counted, under in entries if counted and under == str(major)]


def load(session: Session, slack_id: str, assignment_id: int, value_id: int | None = None) -> Holding:
    """Lock a place and its item, and check that it is the clicker's own and that they still annotate."""
    wanted = {"place": assignment_id, "value": value_id}
    row = session.connection().execute(_loading(), wanted).first()
    if row is None:
        # On PostgreSQL a place that moved to a new batch while this waited for its lock finds no batch: as it was when the
        # statement began, there was none. The next statement sees it.
        row = session.connection().execute(_loading(), wanted).first()
    if row is None or row.slack_id != slack_id or row.batch_id is None:
        raise NotAllowedError(FOREIGN)
    held = Holding(*row)
    if not (held.active and held.annotates):
        raise NotAllowedError("You no longer annotate in this project. A lead can add you again. Nothing was changed.")
    return held


# Statements of a click are built once: building one takes longer than both databases take to carry it out.
@cache
def _loading() -> Any:
    """SQL: a Holding by ``place``, and whether ``value`` is a label of its project."""
    place, item, person, value = (plain(entity) for entity in (Assignment, Item, Person, LabelValue))
    project, guideline, batch = plain(Project), plain(Guideline), plain(Batch)
    in_force = guideline.alias("in_force")
    known_value = and_(
        value.c.id == bindparam("value"), value.c.project_id == place.c.project_id, value.c.retired_at.is_(None)
    )
    return (
        select(
            place.c.id,
            place.c.project_id,
            place.c.item_id,
            place.c.person_id,
            place.c.batch_id,
            place.c.state,
            place.c.value_id,
            place.c.counted_id,
            place.c.major,
            place.c.acted_us,
            place.c.labelled_at,
            item.c.state,
            item.c.open_places,
            item.c.segment,
            project.c.accept,
            project.c.skip,
            guideline.c.id,
            guideline.c.major,
            batch.c.paused_for,
            in_force.c.major,
            person.c.slack_id,
            person.c.active,
            places.has_role(place.c.project_id, place.c.person_id, Role.ANNOTATOR),
            value.c.id,
        )
        .select_from(place)
        .join(item, item.c.id == place.c.item_id)
        .join(person, person.c.id == place.c.person_id)
        .join(project, project.c.id == place.c.project_id)
        .join(batch, batch.c.id == place.c.batch_id)
        .join(guideline, guideline.c.id == required.worked_under(batch.c, project.c))
        .join(in_force, in_force.c.id == project.c.guideline_id)
        .outerjoin(value, known_value)
        .where(place.c.id == bindparam("place"))
        .with_for_update(of=[item, place], key_share=True)
    )


def write_place(
    session: Session,
    held: Holding,
    us: int,
    *,
    state: Place,
    value_id: int | None,
    counted_id: int | None,
    now: datetime,
) -> Others:
    """Write the place, and read in the same statement what others have on the item."""
    ruled = held.item_state is ItemState.RULED
    values = {
        "place": held.id,
        "item": held.item_id,
        "project": held.project_id,
        "person": held.person_id,
        "new_state": state,
        "new_value": value_id,
        "new_counted": counted_id,
        "late": ruled,
        # After a ruling the label that counts stays as it was, under the guideline that it was given under.
        "new_major": held.counted_major if ruled else held.major,
        "new_guideline": held.guideline_id,
        "us": us,
        "now": now,
    }
    return Others(*session.connection().execute(_writing(), values).one())


@cache
def _writing() -> Any:
    """SQL: a place as it becomes, returning Others."""
    place, others = plain(Assignment), _others()
    return (
        update(place)
        .where(place.c.id == bindparam("place"))
        .values(
            state=bindparam("new_state"),
            value_id=bindparam("new_value"),
            counted_id=bindparam("new_counted"),
            after_ruling=bindparam("late"),
            major=bindparam("new_major"),
            guideline_id=bindparam("new_guideline"),
            acted_us=bindparam("us"),
            version=place.c.version + 1,
            lease_until=None,
            labelled_at=bindparam("now"),
        )
        .returning(*(select(column).scalar_subquery() for column in others.c))
    )


def _others() -> CTE:
    """SQL: one row of what Others holds. This place itself is left out of all of it: it is being written.

    States are written out and not bound. SQLite has indexes of some states only; which state a parameter is decides
    whether they help, so it would plan the statement anew every time.
    """
    item: BindParameter[int] = bindparam("item")
    place, escalation = plain(Assignment).c, plain(Escalation).c
    others_here = and_(place.item_id == item, place.id != bindparam("place"))
    counting = packed_rows(place.value_id, place.counted_id, place.major)
    labels = select(counting).where(others_here, place.state == _written(Place.LABELLED))
    holding = select(func.count()).where(others_here, place.state.in_([_written(state) for state in places.HOLDING]))
    found = packed(escalation.id, escalation.version, escalation.reason)
    case = select(found).where(escalation.item_id == item, escalation.state == _written(EscalationState.OPEN))
    somebody = places.somebody_may_take(item, bindparam("project"), but=bindparam("person"))
    return select(
        labels.scalar_subquery().label("labels"),
        holding.scalar_subquery().label("holding"),
        somebody.label("somebody_left"),
        case.scalar_subquery().label("opened"),
    ).cte("others")


def _written(state: Place | EscalationState) -> Any:
    return literal_column(f"'{state.value}'")


def is_late(held: Holding, us: int) -> bool:
    """Whether a label's click came before the last one that counted for the place, and so changes nothing.

    Before a skip it does not: in the order in which they were clicked, the label would have been there to refuse the skip.
    """
    skipped_only = held.place in (Place.SKIPPED, Place.RETURNED) and held.answered_at is None
    return us == held.acted_us or (us < held.acted_us and not skipped_only)


def check_pause(held: Holding) -> None:
    """Refused while the batch is paused."""
    if held.is_paused:
        raise RefusedError(PAUSED)


def check_place(held: Holding) -> bool:
    """Whether the place has to be taken again before it can be answered; refused where it is gone, or the batch is paused.

    To take a place again is to begin something: nobody begins anything under rules of before.
    """
    check_pause(held)
    if held.item_state is ItemState.REPLACED:
        raise RefusedError(REPLACED)
    if held.place in (Place.OPEN, Place.PLANNED, Place.LABELLED):
        return False
    if held.place is Place.CLOSED and held.item_state is ItemState.RULED:
        return False
    if held.place is Place.FLAGGED or held.item_state is ItemState.ESCALATED:
        raise RefusedError(WAITING)
    if held.place in (Place.RETURNED, Place.SKIPPED) and held.item_state is ItemState.OPEN and held.open_places > 0:
        if held.major < held.major_in_force:
            raise RefusedError(UNREAD)
        return True
    raise RefusedError(GONE)


KEEP_PATTERN = text("""
    INSERT INTO pattern (item_id, major, project_id, segment, pattern)
    VALUES (:item, :major, :project, :segment, :pattern)
    ON CONFLICT (item_id, major) DO UPDATE SET pattern = excluded.pattern
""")


def write_pattern(session: Session, held: Holding, others: Others, counted_id: int | None) -> None:
    """Keep the item's pattern under the present major guideline version, and under that of a label which this replaces."""
    majors = {held.major}
    if held.counted_id is not None and held.counted_major is not None:
        majors.add(held.counted_major)
    rows = []
    for major in sorted(majors):
        counted = Counter(others.counted(major))
        if counted_id is not None and major == held.major:
            counted[counted_id] += 1
        rows.append(
            {
                "item": held.item_id,
                "major": major,
                "project": held.project_id,
                "segment": held.segment,
                "pattern": format_pattern(counted),
            }
        )
    session.connection().execute(KEEP_PATTERN, rows)
