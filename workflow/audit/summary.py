"""What the leads are told of a project's quality: its audits with their results, the trend, disputes, time to ruling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import hypot
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Audit, AuditDesign, Dispute, DisputeState, Project, plain
from workflow.audit import listing, results, scope, spells
from workflow.audit.spells import Spells
from workflow.cases.second_looks import Figures, reviewer_figures

MOST_IN_TREND = 6
KINDS = ("labels", "people", "versions")


@dataclass(frozen=True)
class Ended:
    """An audit with its result (``workflow/audit/results.py``). ``whole``: what it says is about all finished items of
    their time, so that one can be compared with another.
    """

    id: int
    state: str
    design: str
    scope: Mapping[str, Any]
    why: str
    population: int
    size: int
    again_of: int
    ended_at: datetime
    result: Mapping[str, Any]
    plan: Mapping[str, Any]
    whole: bool
    which: str = ""


@dataclass(frozen=True)
class Change:
    """How the error rate moved since an earlier audit: in shares, below 0 where fewer are wrong, with its 95 % interval."""

    since_audit: int
    by: float
    low: float
    high: float

    @property
    def is_detectable(self) -> bool:
        """Whether chance alone does not explain it."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Summary:
    """Of a project and a period (from ``since``, up to ``until``). ``audits``: the newest first; of the first the groups are
    shown. ``trend``: comparable audits up to now, the oldest first. ``passed`` and ``failed``: lots. ``overturned`` of
    ``contested`` rulings whose disputes were settled.
    """

    project_id: int
    project: str
    zone: str
    audits: Sequence[Ended]
    trend: Sequence[Ended]
    change: Change | None
    passed: int
    failed: int
    disputes: int
    contested: int
    overturned: int
    spells: Spells
    reviewers: Sequence[Figures]

    @property
    def is_worth_telling(self) -> bool:
        """Whether there is anything to tell: an audit that ended, a dispute that waits or was settled."""
        return bool(self.audits or self.disputes or self.contested)


def of_period(session: Session, project_id: int, since: datetime, until: datetime, audit_id: int = 0) -> Summary:
    """The summary of a period, or, with ``audit_id``, of this audit with the figures of the period before its end."""
    project = session.execute(
        select(col(Project.name), col(Project.time_zone)).where(col(Project.id) == project_id)
    ).one()
    ended = _ended(session, project_id)
    mine = [one for one in ended if (since <= one.ended_at < until)]
    shown = [_told(session, project_id, one) for one in ended if one.id == audit_id or (not audit_id and one in mine)]
    trend = _trend(ended, shown[0] if shown else None, until)
    contested, overturned = _settled(session, project_id, since, until)
    lots = {one.id: one.result.get("passed") for one in (*mine, *shown)}
    return Summary(
        project_id,
        project.name,
        project.time_zone,
        audits=shown,
        trend=trend,
        change=_change(trend) if trend and shown and trend[-1].id == shown[0].id else None,
        passed=sum(passed is True for passed in lots.values()),
        failed=sum(passed is False for passed in lots.values()),
        disputes=_open_disputes(session, project_id),
        contested=contested,
        overturned=overturned,
        spells=spells.to_ruling(session, project_id, since, until),
        reviewers=[one for one in reviewer_figures(session, project_id, since, until) if _is_judged(one)],
    )


def _trend(ended: Sequence[Ended], newest: Ended | None, until: datetime) -> list[Ended]:
    """The audits that can be compared, the oldest first: those of one lot before and after it was labelled again, else
    those of everything.
    """
    if newest is not None and newest.again_of:
        by_id, lot = {one.id: one for one in ended}, [newest]
        while (earlier := by_id.get(lot[0].again_of)) is not None:
            lot.insert(0, earlier)
        return lot[-MOST_IN_TREND:]
    last = newest.ended_at if newest else until
    return [one for one in reversed(ended) if one.whole and one.ended_at <= last][-MOST_IN_TREND:]


def change(earlier: Mapping[str, float], later: Mapping[str, float]) -> tuple[float, float, float]:
    """How far two rates ``{rate, low, high}`` of two samples are apart, with the interval (MOVER; Zou and Donner 2008)."""
    by = later["rate"] - earlier["rate"]
    low = by - hypot(later["rate"] - later["low"], earlier["high"] - earlier["rate"])
    high = by + hypot(later["high"] - later["rate"], earlier["rate"] - earlier["low"])
    return by, low, high


def _change(trend: Sequence[Ended]) -> Change | None:
    if len(trend) < 2:
        return None
    earlier, later = trend[-2:]
    return Change(earlier.id, *change(earlier.result["rate"], later.result["rate"]))


def _ended(session: Session, project_id: int) -> list[Ended]:
    """All audits of a project that have a result, the newest first."""
    kept = [column for column in plain(Audit).c if column.name != "members"]
    rows = session.execute(
        select(*kept)
        .where(col(Audit.project_id) == project_id, col(Audit.ended_at).is_not(None))
        .order_by(col(Audit.ended_at).desc(), col(Audit.id).desc())
    )
    return [_of_row(row) for row in rows if row.result]


def _told(session: Session, project_id: int, one: Ended) -> Ended:
    """The same with what only those that are told need: which items in words, and people by the names they have now."""
    which = listing.in_words(
        session, project_id, scope.read(one.scope), targeted=one.design == AuditDesign.TARGETED.value
    )
    return replace(one, which=which, result={**one.result, "people": results.people_now(session, one.result)})


def _of_row(row: Any) -> Ended:
    which, targeted = scope.read(row.scope), row.design is AuditDesign.TARGETED
    narrowed = bool(which.grounds and not targeted) or which.lot_id is not None or which.audit_id is not None
    return Ended(
        id=row.id,
        state=row.state.value,
        design=row.design.value,
        scope=row.scope,
        why=row.why,
        population=row.population,
        size=row.size,
        again_of=row.again_of_id or 0,
        ended_at=row.ended_at,
        result=row.result,
        plan=row.plan,
        whole=not narrowed,
    )


def _is_judged(figures: Figures) -> bool:
    return bool(figures.contested or figures.agreement is not None)


def _open_disputes(session: Session, project_id: int) -> int:
    waiting = select(func.count()).where(col(Dispute.project_id) == project_id, col(Dispute.state) == DisputeState.OPEN)
    return int(session.execute(waiting.select_from(Dispute)).scalar_one())


def _settled(session: Session, project_id: int, since: datetime, until: datetime) -> tuple[int, int]:
    """Rulings whose disputes were settled in a period, and how many of them are others now; each once."""
    rows = session.execute(
        select(col(Dispute.ruling_id), col(Dispute.state)).where(
            col(Dispute.project_id) == project_id,
            col(Dispute.state).in_([DisputeState.UPHELD, DisputeState.GRANTED]),
            col(Dispute.settled_at) >= since,
            col(Dispute.settled_at) < until,
        )
    ).all()
    granted = {row.ruling_id for row in rows if row.state is DisputeState.GRANTED}
    return len({row.ruling_id for row in rows}), len(granted)
