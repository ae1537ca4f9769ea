"""An audit ends: by itself once all is judged, or because a lead calls it off; and what is said while nobody can go on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Finding, FindingState, Item, ItemState, Outbox, Role
from workflow import history, people
from workflow.audit import results, telling, telling_summary
from workflow.audit.answering import OPEN
from workflow.audit.results import Audited
from workflow.audit.states import check_move
from workflow.cases import judging
from workflow.cases.judging import Layer
from workflow.errors import RefusedError

ENDERS = (Role.LEAD, Role.MANAGER)
CHUNK = 500
NAMED = 5
STUCK, FOR_LEADS = "nobody", "leads_only"
WORDS = {
    STUCK: "nobody is left who may judge {items}: everybody has labelled or judged them before, or there is no auditor. Add "
    "an auditor or a lead who has not, or call the audit off.",
    FOR_LEADS: "no auditor may judge {items}, so a lead has to: press “Audit next item” on the audit's card, or write "
    "“/concord audit next”. Nobody judges what they labelled or judged before.",
}


def cancel(session: Session, slack_id: str | None, audit_id: int, now: datetime, *, why: str = "") -> str | None:
    """Call an audit off; None, or words where it had ended before. What was corrected stays corrected.

    ``slack_id`` None: the command line. Raises NotAllowedError for who may not, RefusedError where there is no such audit.
    """
    audit = results.load(session, audit_id)
    if audit is None:
        raise RefusedError(f"There is no audit {audit_id} (any more).")
    by_id = people.require(session, audit.project_id, slack_id, *ENDERS) if slack_id is not None else None
    if audit.state is AuditState.CANCELLED:
        return "This audit was called off already. Nothing was changed."
    if audit.state not in (AuditState.DRAWING, AuditState.RUNNING):
        return "This audit has ended already. Nothing was changed."
    _end(session, audit, AuditState.CANCELLED, by_id, now, {"reason": why.strip()} if why.strip() else {})
    return None


def end_due(store: Store, now: datetime) -> int:
    """The clock's step: end every audit of which all is judged; how many ended."""
    open_left = exists().where(col(Finding.audit_id) == col(Audit.id), col(Finding.state).in_(OPEN))
    with store.read() as session:
        done = select(col(Audit.id)).where(col(Audit.state) == AuditState.RUNNING, ~open_left).order_by(col(Audit.id))
        due = list(session.execute(done).scalars())
    return sum(store.transact(lambda session, one=audit_id: end(session, one, now)) for audit_id in due)  # type: ignore[misc]


def end(session: Session, audit_id: int, now: datetime) -> bool:
    """End a running audit of which all is judged, with its result; whether this did."""
    audit = results.load(session, audit_id)
    if audit is None or audit.state is not AuditState.RUNNING or _open_left(session, audit_id):
        return False
    result = results.measure(session, audit)
    if result is None:
        _end(session, audit, AuditState.CANCELLED, None, now, {"reason": "all of its items were taken out"})
        telling.say(
            session, audit.project_id, audit_id, "empty", "all of its items were taken out of the project.", now
        )
        return True
    passed = result["passed"]
    state = AuditState.ESTIMATED if passed is None else AuditState.PASSED if passed else AuditState.FAILED
    _end(session, audit, state, None, now, {"wrong": result["wrong"], "judged": result["judged"]}, result=result)
    telling_summary.at_end(session, audit.project_id, audit_id, now)
    return True


def void_gone(store: Store, now: datetime) -> int:
    """The clock's step: findings whose item was replaced are not judged any more; how many.

    An item that is worked on again stays in the sample: the verdict is about the label that it had when it was drawn.
    """
    gone = (
        select(col(Finding.audit_id), col(Finding.id))
        .join(Audit, col(Audit.id) == col(Finding.audit_id))
        .join(Item, col(Item.id) == col(Finding.item_id))
        .where(col(Audit.state) == AuditState.RUNNING, col(Finding.state).in_(OPEN))
        .where(col(Item.state) == ItemState.REPLACED)
        .order_by(col(Finding.audit_id), col(Finding.id))
        .limit(CHUNK)
    )
    with store.read() as session:
        due = session.execute(gone).all()
    by_audit = {row.audit_id: [one.id for one in due if one.audit_id == row.audit_id] for row in due}
    return sum(
        store.transact(partial(_void, audit_id=audit_id, finding_ids=ids, now=now))
        for audit_id, ids in by_audit.items()
    )


def _void(session: Session, audit_id: int, finding_ids: list[int], now: datetime) -> int:
    results.load(session, audit_id)
    voided = session.execute(
        update(Finding)
        .where(col(Finding.id).in_(finding_ids), col(Finding.state).in_(OPEN))
        .values(state=FindingState.VOID, lease_until=None)
        .returning(col(Finding.id))
    ).all()
    if voided:
        telling.changed(session, audit_id, now)
    return len(voided)


def tell_stuck(store: Store, now: datetime) -> int:
    """The clock's step: say once of an audit that only leads may judge some of its items, and once that nobody may; of how
    many audits it was said.
    """
    with store.read() as session:
        running = select(col(Audit.id), col(Audit.project_id)).where(col(Audit.state) == AuditState.RUNNING)
        found = [(row, _unsaid(session, row.id, row.project_id)) for row in session.execute(running).all()]
    stuck = [(row, unsaid) for row, unsaid in found if unsaid]
    for row, unsaid in stuck:
        store.transact(partial(_say_stuck, audit_id=row.id, project_id=row.project_id, unsaid=unsaid, now=now))
    return len(stuck)


def _unsaid(session: Session, audit_id: int, project_id: int) -> dict[str, list[str]]:
    """The ids in the file of items that no auditor may judge, by what is to be said of them and was not yet.

    Where no auditor was ever asked, the leads were: the audit's card asks them.
    """
    keys = {f"audit:{audit_id}:{what}": what for what in (FOR_LEADS, STUCK)}
    said = {keys[key] for key in session.execute(select(col(Outbox.key)).where(col(Outbox.key).in_(keys))).scalars()}
    asked = select(col(Outbox.id)).where(col(Outbox.subject) == f"{telling.ASKED}:{audit_id}").limit(1)
    if session.execute(asked).first() is None:
        said.add(FOR_LEADS)
    found: dict[str, list[str]] = {}
    for row in _without_auditor(session, audit_id, project_id) if len(said) < len(keys) else ():
        found.setdefault(FOR_LEADS if row.for_leads else STUCK, []).append(row.key)
    return {what: items for what, items in found.items() if what not in said}


def _without_auditor(session: Session, audit_id: int, project_id: int) -> Sequence[Any]:
    """The open items that no auditor of the project may judge, and whether a lead may."""

    def may(role: Role) -> ColumnElement[bool]:
        return judging.somebody_may(col(Finding.item_id), project_id, Layer.AUDIT, roles=(role,))

    rows = session.execute(
        select(col(Item.key), may(Role.LEAD).label("for_leads"))
        .join(Finding, col(Finding.item_id) == col(Item.id))
        .where(col(Finding.audit_id) == audit_id, col(Finding.state).in_(OPEN), ~may(Role.AUDITOR))
        .order_by(col(Finding.position))
    )
    return rows.all()


def _say_stuck(
    session: Session, audit_id: int, project_id: int, unsaid: Mapping[str, Sequence[str]], now: datetime
) -> None:
    for what, keys in unsaid.items():
        many = "1 item" if len(keys) == 1 else f"{len(keys):,} items"
        named = ", ".join(keys[:NAMED]) + (" and others" if len(keys) > NAMED else "")
        telling.say(session, project_id, audit_id, what, WORDS[what].format(items=f"{many} ({named})"), now)


def _open_left(session: Session, audit_id: int) -> bool:
    left = select(func.count()).where(col(Finding.audit_id) == audit_id, col(Finding.state).in_(OPEN))
    return bool(session.execute(left.select_from(Finding)).scalar_one())


def _end(
    session: Session,
    audit: Audited,
    state: AuditState,
    by_id: int | None,
    now: datetime,
    about: dict[str, Any],
    *,
    result: dict[str, Any] | None = None,
) -> None:
    check_move(audit.state, state)
    session.execute(update(Audit).where(col(Audit.id) == audit.id).values(state=state, ended_at=now, result=result))
    history.note(
        session,
        now,
        "audit.cancelled" if state is AuditState.CANCELLED else "audit.ended",
        "audit",
        audit.id,
        project_id=audit.project_id,
        actor_id=by_id,
        before={"state": audit.state},
        after={"state": state, **about},
    )
    telling.changed(session, audit.id, now)
