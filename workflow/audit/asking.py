"""An audit as people write it: labels, people and versions by name, shares as ``2%``, a list of suspects from a file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from storage.tables import AuditDesign, Item, LabelValue, Lot, Project
from workflow import calendar, people
from workflow.audit import offered, plan, scope, starting
from workflow.audit.plan import Plan
from workflow.audit.scope import LONGEST_NAMED, By, Scope
from workflow.errors import RefusedError
from workflow.guidelines import versions
from workflow.guidelines.proposals import segments

_SHARE = re.compile(r"([0-9]{0,3}(?:\.[0-9]{1,6})?)\s*(%?)")
MOST_LISTED = 10
T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True)
class Asked:
    """What was written. Empty: not asked for. ``suspects`` are item ids, ``source`` where they came from."""

    design: str = AuditDesign.RANDOM.value
    person: str = ""
    label: str = ""
    segment: str = ""
    version: str = ""
    low_agreement: bool = False
    suspects: Iterable[str] | None = None
    source: str = ""
    column: str = ""
    lot: int | None = None
    since: str = ""
    by: str = ""
    half_width: str = ""
    expected: str = ""
    aql: str = ""
    ltpd: str = ""
    size: int | None = None
    why: str = ""
    seed: int | None = None


def read(session: Session, project_id: int, asked: Asked) -> starting.Wanted:
    """What was asked for. Raises RefusedError saying what is not there, and what there is."""
    design = one_of(AuditDesign, asked.design, "design")
    if asked.by and design is not AuditDesign.STRATIFIED:
        raise RefusedError(f"Only a stratified audit draws by {asked.by} separately, and this is a {design.value} one.")
    which = Scope(
        person_id=people.find(session, project_id, asked.person) if asked.person else None,
        value_id=_label(session, project_id, asked.label) if asked.label else None,
        segment=_segment(session, project_id, asked.segment) if asked.segment else None,
        guideline_id=versions.find(session, project_id, asked.version).id if asked.version else None,
        low_agreement=asked.low_agreement,
        suspects=None
        if asked.suspects is None
        else scope.suspects(session, project_id, asked.suspects, asked.source or "The list"),
        column=_column(session, project_id, asked.column) if asked.column else None,
        lot_id=_lot(session, project_id, asked.lot) if asked.lot is not None else None,
        since=day(session, project_id, asked.since) if asked.since else None,
        by=one_of(By, asked.by, "way to draw separately") if asked.by else By.LABEL,
    )
    return starting.Wanted(design, which, _plan(asked), asked.why, asked.seed)


def share(typed: str) -> float:
    """A share from ``2%`` or ``0.02``. Raises RefusedError for anything else: ``2`` might be either."""
    found = _SHARE.fullmatch(typed.strip())
    if not found or not found[1]:
        raise RefusedError(f"{typed!r} is no share: write one such as 2% or 0.02.")
    number = float(found[1]) / (100 if found[2] else 1)
    if number > 1:
        raise RefusedError(f"{typed!r} is more than all: write {typed.strip()}% for a share in 100.")
    return number


def one_of(kind: type[T], typed: str, what: str) -> T:
    """A member of an enum by its text. Raises RefusedError naming all of them."""
    known = {one.value: one for one in kind}
    if typed.strip().lower() not in known:
        raise RefusedError(f"There is no {what} {typed!r}: choose {', '.join(list(known)[:-1])} or {list(known)[-1]}.")
    return known[typed.strip().lower()]


def _plan(asked: Asked) -> Plan | None:
    ways = [bool(asked.half_width), bool(asked.aql or asked.ltpd), asked.size is not None]
    if sum(ways) > 1:
        raise RefusedError("Choose one: a half-width, the two error rates of an acceptance plan, or a number of items.")
    if asked.expected and not asked.half_width:
        raise RefusedError("An expected error rate belongs to a half-width: say both, or neither.")
    if asked.size is not None:
        return plan.looking_at(asked.size)
    if asked.half_width:
        return plan.within(share(asked.half_width), **({"expected": share(asked.expected)} if asked.expected else {}))
    if asked.aql or asked.ltpd:
        if not (asked.aql and asked.ltpd):
            raise RefusedError("An acceptance plan needs both error rates: one that passes, and one that fails.")
        return plan.accepting(share(asked.aql), share(asked.ltpd))
    return None


def _label(session: Session, project_id: int, typed: str) -> int:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title))
        .where(col(LabelValue.project_id) == project_id)
        .order_by(col(LabelValue.position))
    ).all()
    for row in rows:
        if typed in (row.value, row.title):
            return int(row.id)
    raise RefusedError(f"There is no label {typed!r}. There is {', '.join(row.value for row in rows)}.")


def _segment(session: Session, project_id: int, typed: str) -> str:
    if _any_item(session, project_id, col(Item.segment) == typed):
        return typed
    known = segments.known(session, project_id)
    there = f"There is {_listed(known)}." if known else "The items of this project have none."
    raise RefusedError(f"There is no segment {typed!r}. {there}")


def _column(session: Session, project_id: int, typed: str) -> str:
    from workflow.audit import population

    if _any_item(session, project_id, population.in_column(session, typed).is_not(None)):
        return typed
    known = [one.title for one in offered.columns(session, project_id)]
    there = f"There is {_listed(known)}." if known else "The items of this project have none."
    raise RefusedError(f"There is no column {typed!r} besides the texts of the items. {there}")


def _any_item(session: Session, project_id: int, which: ColumnElement[bool]) -> bool:
    """Asked of the items themselves: what is offered elsewhere is only what some of them have."""
    return (
        session.execute(select(col(Item.id)).where(col(Item.project_id) == project_id, which).limit(1)).first()
        is not None
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_LISTED
    first = ", ".join(
        repr(name if len(name) <= LONGEST_NAMED else f"{name[:LONGEST_NAMED]}…") for name in names[:MOST_LISTED]
    )
    return f"{first} and {more:,} more" if more > 0 else first


def _lot(session: Session, project_id: int, lot_id: int) -> int:
    mine = select(col(Lot.id)).where(col(Lot.id) == lot_id, col(Lot.project_id) == project_id)
    if session.execute(mine).first() is None:
        raise RefusedError(f"There is no lot {lot_id} in this project.")
    return lot_id


def day(session: Session, project_id: int, typed: str) -> datetime:
    """The moment at which a date of a project's zone begins. Raises RefusedError for what is no date."""
    zone = session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one()
    try:
        day = date.fromisoformat(typed.strip())
        return calendar.moment(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RefusedError(f"{typed!r} is no date: write one such as 2026-03-01.") from None
