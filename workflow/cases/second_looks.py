"""How decisions of reviewers held when somebody looked a second time: in disputes, and in audits."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from storage.tables import (
    Audit,
    AuditVerdict,
    Dispute,
    DisputeState,
    Escalation,
    Finding,
    FindingState,
    Person,
    Review,
    ReviewState,
    Ruling,
    plain,
)

DECIDED = (ReviewState.ACCEPTED, ReviewState.SENT_BACK, ReviewState.PASSED_UP)
"""What a reviewer decides in a review and no ruling tells of: a correction has one."""


@dataclass(frozen=True)
class Figures:
    """Of one reviewer: cases and reviews decided, rulings contested, and what became of second looks at their decisions.

    ``upheld`` and ``overturned`` are settled disputes; ``right`` and ``wrong`` are findings of audits about values that they
    had decided or accepted.
    """

    person_id: int
    name: str
    decisions: int = 0
    contested: int = 0
    upheld: int = 0
    overturned: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def agreement(self) -> float | None:
        """The share of second looks that came to the same, 0 to 1; None where nobody looked a second time."""
        looks = self.upheld + self.overturned + self.right + self.wrong
        return (self.upheld + self.right) / looks if looks else None


def reviewer_figures(
    session: Session, project_id: int, since: datetime, until: datetime | None = None
) -> list[Figures]:
    """The figures of everybody who decided, or was looked at, from ``since`` up to ``until`` (exclusive), by name."""
    counted = {
        "decisions": _decisions(session, project_id, since, until),
        "contested": _contested(session, project_id, since, until),
        "upheld": _settled(session, project_id, DisputeState.UPHELD, since, until),
        "overturned": _settled(session, project_id, DisputeState.GRANTED, since, until),
        "right": _found(session, project_id, AuditVerdict.RIGHT, since, until),
        "wrong": _found(session, project_id, AuditVerdict.WRONG, since, until),
    }
    ids = {person_id for figures in counted.values() for person_id in figures}
    names = session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(ids)))
    found = [Figures(row.id, row.name, **{name: some[row.id] for name, some in counted.items()}) for row in names]
    return sorted(found, key=lambda one: (one.name.casefold(), one.person_id))


def _within(column: Any, since: datetime, until: datetime | None) -> Any:
    return and_(column >= since, column < until) if until is not None else column >= since


def _counter(session: Session, statement: Any) -> Counter[int]:
    return Counter({row[0]: row[1] for row in session.execute(statement)})


def _decisions(session: Session, project_id: int, since: datetime, until: datetime | None) -> Counter[int]:
    """Cases that they ruled on, however often, and reviews that they decided otherwise than by a correction."""
    cases = (
        select(col(Ruling.person_id), func.count(func.distinct(col(Ruling.escalation_id))))
        .join(Escalation, col(Escalation.id) == col(Ruling.escalation_id))
        .where(col(Escalation.project_id) == project_id, _within(col(Ruling.at), since, until))
        .group_by(col(Ruling.person_id))
    )
    reviews = (
        select(col(Review.by_id), func.count())
        .where(col(Review.project_id) == project_id, col(Review.state).in_(DECIDED), col(Review.by_id).is_not(None))
        .where(_within(col(Review.settled_at), since, until))
        .group_by(col(Review.by_id))
    )
    return _counter(session, cases) + _counter(session, reviews)


def _contested(session: Session, project_id: int, since: datetime, until: datetime | None) -> Counter[int]:
    """Their rulings that were contested, each once, however many people did."""
    return _counter(
        session,
        select(col(Ruling.person_id), func.count(func.distinct(col(Ruling.id))))
        .join(Dispute, col(Dispute.ruling_id) == col(Ruling.id))
        .where(col(Dispute.project_id) == project_id, _within(col(Dispute.opened_at), since, until))
        .group_by(col(Ruling.person_id)),
    )


def _settled(
    session: Session, project_id: int, state: DisputeState, since: datetime, until: datetime | None
) -> Counter[int]:
    return _counter(
        session,
        select(col(Ruling.person_id), func.count(func.distinct(col(Ruling.id))))
        .join(Dispute, col(Dispute.ruling_id) == col(Ruling.id))
        .where(col(Dispute.project_id) == project_id, col(Dispute.state) == state)
        .where(_within(col(Dispute.settled_at), since, until))
        .group_by(col(Ruling.person_id)),
    )


def _found(
    session: Session, project_id: int, verdict: AuditVerdict, since: datetime, until: datetime | None
) -> Counter[int]:
    """What audits found of values that they had ruled or, in a review, accepted before the audit was drawn."""
    ruling, review = plain(Ruling).alias("ruled"), plain(Review).alias("seen")
    ruled = (
        select(ruling.c.person_id)
        .where(
            ruling.c.item_id == col(Finding.item_id),
            ruling.c.value_id == col(Finding.value_id),
            or_(col(Audit.drawn_at).is_(None), ruling.c.at <= col(Audit.drawn_at)),
        )
        .order_by(ruling.c.id.desc())
        .limit(1)
        .correlate(Finding, Audit)
        .scalar_subquery()
    )
    accepted = (
        select(review.c.by_id)
        .where(
            review.c.item_id == col(Finding.item_id),
            review.c.value_id == col(Finding.value_id),
            review.c.state == ReviewState.ACCEPTED,
            or_(col(Audit.drawn_at).is_(None), review.c.settled_at <= col(Audit.drawn_at)),
        )
        .order_by(review.c.id.desc())
        .limit(1)
        .correlate(Finding, Audit)
        .scalar_subquery()
    )
    decided = (
        select(func.coalesce(ruled, accepted).label("person_id"))
        .select_from(Finding)
        .join(Audit, col(Audit.id) == col(Finding.audit_id))
        .where(col(Finding.project_id) == project_id, col(Finding.state) == FindingState.JUDGED)
        .where(col(Finding.verdict) == verdict, _within(col(Finding.judged_at), since, until))
        .subquery()
    )
    return _counter(
        session,
        select(decided.c.person_id, func.count()).where(decided.c.person_id.is_not(None)).group_by(decided.c.person_id),
    )
