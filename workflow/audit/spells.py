"""How long cases waited for their ruling."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationReason, EscalationState, Ruling

AT_ONCE = (EscalationReason.REVIEW, EscalationReason.AUDIT)
"""Cases that are opened and ruled in one moment: nobody waited."""
TENTHS_FROM = 10
"""Cases from which on nine in ten can be told apart from all of them."""


@dataclass(frozen=True)
class Spells:
    """Of the ``cases`` that were first ruled on in a period: the median and the 90th percentile of the whole time that they
    had waited, nights and weekends too. None where there are too few. ``open``: cases that wait, ``oldest`` for how long.
    """

    cases: int
    median: timedelta | None
    ninetieth: timedelta | None
    open: int
    oldest: timedelta | None


def to_ruling(session: Session, project_id: int, since: datetime, until: datetime) -> Spells:
    """The cases of a project that were first ruled on from ``since`` up to ``until`` (exclusive), and those that wait."""
    first = func.min(col(Ruling.at))
    rows = session.execute(
        select(col(Escalation.opened_at), first.label("ruled_at"))
        .join(Ruling, col(Ruling.escalation_id) == col(Escalation.id))
        .where(col(Escalation.project_id) == project_id, col(Escalation.reason).not_in(AT_ONCE))
        .group_by(col(Escalation.id), col(Escalation.opened_at))
        .having(first >= since, first < until)
    )
    waited = [(row.ruled_at - row.opened_at).total_seconds() for row in rows]
    waiting = session.execute(
        select(func.count(), func.min(col(Escalation.opened_at))).where(
            col(Escalation.project_id) == project_id,
            col(Escalation.state) == EscalationState.OPEN,
            col(Escalation.opened_at) < until,
        )
    ).one()
    return Spells(
        len(waited),
        quantile(waited, 0.5) if waited else None,
        quantile(waited, 0.9) if len(waited) >= TENTHS_FROM else None,
        waiting[0],
        until - waiting[1] if waiting[0] else None,
    )


def quantile(seconds: Sequence[float], share: float) -> timedelta:
    """The time within which this share of them lies, linear between two (Hyndman and Fan's seventh)."""
    import numpy as np

    return timedelta(seconds=max(0.0, float(np.quantile(seconds, share))))


def in_words(spell: timedelta) -> str:
    """``under a minute``, ``40 min``, ``3 h 20 min``, ``2 days 4 h``."""
    minutes = round(spell.total_seconds() / 60)
    if not minutes:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days:,} day{'' if days == 1 else 's'}" + (f" {hours} h" if hours else "")
