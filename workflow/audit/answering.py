"""An auditor judges an item: their own answer first, blind; then the label in force is shown, and they say what it is."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Audit,
    AuditState,
    AuditVerdict,
    Finding,
    FindingState,
    Person,
    Role,
    Severity,
    plain,
)
from workflow import history, people, places, quality_rules, waiting
from workflow.audit import blind, correction, locked, telling
from workflow.cases import decision, judging
from workflow.cases.judging import Layer
from workflow.errors import RefusedError

AUDITORS = judging.ROLES[Layer.AUDIT]
OPEN = (FindingState.WAITING, FindingState.ANSWERED)
LONGEST_NOTE = 3000


def next_finding(session: Session, slack_id: str, audit_id: int, now: datetime) -> int | None:
    """The finding that somebody is to judge now, theirs until its lease is over; None where nothing is left for them.

    Their own first, then in the drawn order, what they judged in an earlier audit last; never an item that they may not
    judge or have in hand. Leads are given what no active auditor of the project may judge. Raises NotAllowedError for
    others, RefusedError where the audit does not run.
    """
    # Two auditors who ask at once wait for each other here, and are given two items.
    audit = session.execute(
        select(col(Audit.project_id), col(Audit.state)).where(col(Audit.id) == audit_id).with_for_update(key_share=True)
    ).first()
    if audit is None:
        raise RefusedError("This audit does not exist (any more).")
    person_id = people.require(session, audit.project_id, slack_id, *AUDITORS)
    _check_runs(audit.state)
    finding_id: int | None = session.execute(
        select(col(Finding.id))
        .where(col(Finding.audit_id) == audit_id, _is_for(session, audit.project_id, slack_id, person_id, now))
        .order_by(
            (col(Finding.auditor_id) == person_id).desc().nulls_last(),
            _judged_before(person_id),
            col(Finding.position),
        )
        .limit(1)
    ).scalar()
    if finding_id is None:
        return None
    lease = now + timedelta(seconds=quality_rules.of_project(session, audit.project_id).review.lease)
    before = session.execute(
        select(col(Finding.auditor_id), col(Finding.state), col(Finding.item_id)).where(col(Finding.id) == finding_id)
    ).one()
    values: dict[str, Any] = {"auditor_id": person_id, "lease_until": lease}
    if before.auditor_id != person_id:
        values |= {"state": FindingState.WAITING, "answer_id": None, "answered_at": None}
        if before.state is FindingState.ANSWERED:
            _has_seen(session, audit.project_id, before, now)
    session.execute(update(Finding).where(col(Finding.id) == finding_id).values(**values))
    return finding_id


def _is_for(session: Session, project_id: int, slack_id: str, person_id: int, now: datetime) -> ColumnElement[bool]:
    """SQL: whether an open finding may be given to somebody."""
    finding, place = plain(Finding).c, plain(Assignment).alias("mine")
    mine = and_(finding.auditor_id == person_id, finding.lease_until.is_not(None))
    in_hand = (
        select(place.c.id)
        .where(place.c.item_id == finding.item_id, place.c.person_id == person_id)
        .where(place.c.state.in_([*places.HOLDING]))
        .correlate(plain(Finding))
        .exists()
    )
    gone = ~people.serves(project_id, finding.auditor_id, AUDITORS)
    wanted = [
        finding.state.in_(OPEN),
        or_(mine, finding.auditor_id.is_(None), finding.lease_until < now, gone),
        judging.may(finding.item_id, person_id, Layer.AUDIT),
        ~in_hand,
    ]
    if Role.AUDITOR not in people.roles(session, project_id, slack_id):
        wanted.append(~judging.somebody_may(finding.item_id, project_id, Layer.AUDIT, roles=(Role.AUDITOR,)))
    return and_(*wanted)


def _judged_before(person_id: int) -> ColumnElement[bool]:
    """SQL: whether somebody knows the item from an earlier audit of its lot: better that another auditor takes it."""
    earlier = plain(Finding).alias("earlier").c
    return (
        select(earlier.id)
        .where(earlier.item_id == col(Finding.item_id), earlier.auditor_id == person_id, earlier.verdict.is_not(None))
        .correlate(Finding)
        .exists()
    )


def _has_seen(session: Session, project_id: int, before: Any, now: datetime) -> None:
    """Somebody answered, was shown the label, and let their time go by: a second answer of theirs would not be blind."""
    about = {"project_id": project_id, "actor_id": before.auditor_id}
    history.note(session, now, judging.LOOKED_AT, "item", before.item_id, **about)


def answer(session: Session, slack_id: str, finding_id: int, value_id: int, now: datetime) -> str | None:
    """Keep what an auditor says before they see the label in force; None, or words where they had answered before.

    The first answer counts: it was the blind one. Raises RefusedError where the finding is with somebody else by now.
    """
    held = locked.lock(session, finding_id)
    person_id = _allowed(session, held, slack_id)
    if held.state is FindingState.JUDGED or (held.state is FindingState.ANSWERED and held.auditor_id == person_id):
        return _already(session, held, person_id)
    _check_with(held, person_id, now)
    decision.check_value(session, held.project_id, value_id)
    blind.bar(session, held.item, person_id, now)
    lease = now + timedelta(seconds=quality_rules.of_project(session, held.project_id).review.lease)
    session.execute(
        update(Finding)
        .where(col(Finding.id) == finding_id)
        .values(
            state=FindingState.ANSWERED,
            auditor_id=person_id,
            answer_id=value_id,
            answered_at=now,
            lease_until=lease,
        )
    )
    return None


def judge(
    session: Session,
    slack_id: str,
    finding_id: int,
    verdict: AuditVerdict,
    now: datetime,
    *,
    severity: Severity | None = None,
    correct_id: int | None = None,
    reason_code: str = "",
    section: str = "",
    note: str = "",
) -> str | None:
    """Say what the label in force is, after one's own answer; None, or words where it had been judged before.

    ``WRONG`` needs a severity, the correct value and a note, and corrects the item where it still has the label that was
    drawn. ``UNCLEAR`` needs a note or the section that is unclear. Raises RefusedError where something is missing.
    """
    held = locked.lock(session, finding_id)
    person_id = _allowed(session, held, slack_id)
    if held.state is FindingState.JUDGED:
        return _already(session, held, person_id)
    if held.state is not FindingState.ANSWERED or held.auditor_id != person_id:
        raise RefusedError(
            "Give your own answer to this item first: its label is shown afterwards. Nothing was changed."
        )
    found = correction.Verdict(verdict, severity, correct_id, reason_code, section, note.strip()[:LONGEST_NOTE])
    found = correction.checked(session, held, found)
    ruling_id = correction.apply(session, held, person_id, found, now)
    session.execute(
        update(Finding)
        .where(col(Finding.id) == finding_id)
        .values(
            state=FindingState.JUDGED,
            verdict=found.verdict,
            severity=found.severity,
            correct_id=found.correct_id,
            reason_code=found.reason_code,
            section=found.section,
            note=found.note,
            ruling_id=ruling_id,
            lease_until=None,
            judged_at=now,
        )
    )
    history.note(
        session,
        now,
        "item.audited",
        "item",
        held.item.id,
        project_id=held.project_id,
        actor_id=person_id,
        after={"audit": held.audit_id, "verdict": found.verdict},
    )
    telling.judged(session, held.audit_id)
    waiting.wake(session)
    return None


def _allowed(session: Session, held: locked.Held, slack_id: str) -> int:
    person_id = people.require(session, held.project_id, slack_id, *AUDITORS)
    if held.state is not FindingState.JUDGED:
        _check_runs(held.audit_state)
        if held.state is FindingState.VOID:
            raise RefusedError("This item was taken out of the project: the audit goes on without it.")
        judging.check(session, held.item.id, person_id, Layer.AUDIT)
    return person_id


def _check_runs(state: AuditState) -> None:
    if state is AuditState.DRAWING:
        raise RefusedError("This audit is being drawn: its items are there in a moment.")
    if state is AuditState.CANCELLED:
        raise RefusedError("This audit was called off: there is nothing to judge any more.")
    if state is not AuditState.RUNNING:
        raise RefusedError("This audit has ended: all of its items are judged.")


def _check_with(held: locked.Held, person_id: int, now: datetime) -> None:
    theirs = held.auditor_id not in (None, person_id)
    if theirs and held.lease_until is not None and held.lease_until >= now:
        raise RefusedError("Another auditor has this item by now. Take the next one.")


def _already(session: Session, held: locked.Held, person_id: int) -> str:
    if held.state is FindingState.ANSWERED:
        return "You have answered this item: your first answer counts, as it was the blind one. Now judge its label."
    name = session.execute(select(col(Person.name)).where(col(Person.id) == held.auditor_id)).scalar()
    who = "You have" if held.auditor_id == person_id else f"{name} has"
    return f"{who} judged this item already. Nothing was changed."
