"""Rulings: a reviewer decides a case, changes the decision, or sends the item back; the people concerned are told."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    ItemState,
    LabelValue,
    Person,
    Place,
    Project,
    Role,
    Ruling,
)
from workflow import history, outbox, people, places
from workflow.batches import close_places, rewrite_batch
from workflow.cases import decision, dispute_outcomes, judging, ladder, precedents, telling
from workflow.cases.decision import Details, is_blank
from workflow.errors import RefusedError
from workflow.escalation import Case, check_answered, lock_case, may_rule, rulers
from workflow.states import check_move

CORRECTIONS = (EscalationReason.REVIEW, EscalationReason.AUDIT)


def rule(
    session: Session,
    slack_id: str,
    case_id: int,
    version: int,
    value_id: int,
    rationale: str,
    now: datetime,
    details: Details = decision.NONE,
) -> int | None:
    """Decide a case for good, or change what was decided; the ruling's id, or None where it was ruled just so before.

    ``version`` is the case's version that the reviewer looked at: where somebody ruled meanwhile, or something was added,
    it is refused and says so; that others were asked to rule is nothing to look at again. Nobody rules on their own work,
    nor decides a dispute about an item that they judged.
    """
    case = lock_case(session, case_id)
    person_id = people.require(session, case.project_id, slack_id, *rulers(case))
    if is_blank(rationale):
        raise RefusedError("A ruling needs its reason: the people who labelled the item will read it.")
    decision.check_value(session, case.project_id, value_id)
    checked = decision.checked(session, case.project_id, details)
    check_answered(session, case, person_id)
    if _is_repeated(session, case, person_id, value_id, rationale):
        return None
    _check_version(session, case, version)
    _check_rulable(session, case, person_id)
    judging.check(session, case.item_id, person_id, judging.layer_of(case.reason))
    kept = precedents.settled(session, case.item_id, value_id, checked)
    about = decision.About(case.id, case.item_id, case.project_id)
    ruling_id = decision.keep(session, about, person_id, value_id, rationale, kept, now)
    _settle(session, case, EscalationState.RULED, ItemState.RULED, person_id, now, value_id)
    told = telling.concerned(session, case.item_id, case.id)
    close_places(session, case.item_id, now)
    for other in told:
        telling.tell(session, case.project_id, ruling_id, other, now)
    if case.reason is EscalationReason.CONTESTED:
        dispute_outcomes.settle(session, case.id, ruling_id, value_id, now)
    return ruling_id


def check_form(session: Session, slack_id: str, case_id: int) -> None:
    """Raise RefusedError where somebody cannot rule on a case, or change its ruling, so that no form is filled in vain."""
    may_rule(session, slack_id, case_id)
    case = lock_case(session, case_id)
    _check_rulable(session, case, people.require(session, case.project_id, slack_id, *rulers(case)))


def _check_rulable(session: Session, case: Case, person_id: int) -> None:
    if case.state not in (EscalationState.OPEN, EscalationState.RULED):
        raise RefusedError(
            "This case is closed: the item went back, or its labels agree after all. There is nothing to rule."
        )
    if case.state is EscalationState.OPEN:
        return
    if case.reason is EscalationReason.CONTESTED:
        raise RefusedError("This ruling settled a dispute, and stands. Nothing was changed.")
    if case.reason in CORRECTIONS and not _is_own(session, case, person_id):
        raise RefusedError(
            "This was corrected in a review or an audit, and is not changed here: whoever labelled the item can contest it. "
            "Nothing was changed."
        )
    if not decides(session, case):
        raise RefusedError(
            "This item was decided anew or given out again since: what was ruled here does not count any more. "
            "Nothing was changed."
        )


def _is_own(session: Session, case: Case, person_id: int) -> bool:
    """Whether a correction is one of a reviewer's own. What an audit found stays as it was found."""
    own = exists().where(col(Ruling.escalation_id) == case.id, col(Ruling.person_id) == person_id)
    return case.reason is EscalationReason.REVIEW and bool(session.execute(select(own)).scalar())


def decides(session: Session, case: Case) -> bool:
    """Whether a ruled case is what its item stands on: it was not given out again since, and has no later case.

    A later one that was taken back changed nothing: the ruling that was contested is in force again.
    """
    later = exists().where(
        col(Escalation.item_id) == case.item_id,
        col(Escalation.id) > case.id,
        col(Escalation.state) != EscalationState.WITHDRAWN,
    )
    return case.item_state is ItemState.RULED and not session.execute(select(later)).scalar_one()


def send_back(session: Session, slack_id: str, case_id: int, version: int, rationale: str, now: datetime) -> int | None:
    """Return an unclear item to who flagged it, with a note; the ruling's id, or None where it went back just so before."""
    case = lock_case(session, case_id)
    person_id = people.require(session, case.project_id, slack_id, *rulers(case))
    if is_blank(rationale):
        raise RefusedError("Say what the person who flagged the item should know.")
    if case.state is EscalationState.SENT_BACK and _is_repeated(session, case, person_id, None, rationale):
        return None
    _check_version(session, case, version)
    if case.state is not EscalationState.OPEN:
        raise RefusedError("This case is settled. A ruling can be changed, but not sent back.")
    if case.reason is EscalationReason.CONTESTED:
        raise RefusedError("A dispute is decided and not sent back. Please rule on it.")
    judging.check(session, case.item_id, person_id, judging.layer_of(case.reason))
    flagged = _flagged(session, case.item_id)
    if not flagged:
        raise RefusedError("Nobody who flagged this item is left to send it back to. Please rule on it.")
    about = decision.About(case.id, case.item_id, case.project_id)
    ruling_id = decision.keep(session, about, person_id, None, rationale, Details(), now)
    _settle(session, case, EscalationState.SENT_BACK, ItemState.OPEN, person_id, now, None)
    _return_to_flaggers(session, case, flagged, now)
    for _, other, _ in flagged:
        telling.tell(session, case.project_id, ruling_id, other, now)
    return ruling_id


def _check_version(session: Session, case: Case, version: int) -> None:
    if version <= case.version and ladder.asked_only(session, case.id, version, case.version):
        return
    latest = session.execute(
        select(col(Person.name), col(LabelValue.title))
        .select_from(Ruling)
        .join(Person, col(Person.id) == col(Ruling.person_id))
        .outerjoin(LabelValue, col(LabelValue.id) == col(Ruling.value_id))
        .where(col(Ruling.escalation_id) == case.id)
        .order_by(col(Ruling.id).desc())
        .limit(1)
    ).first()
    if latest is not None:
        said = f"ruled “{latest.title}”" if latest.title else "sent the item back"
        raise RefusedError(
            f"{latest.name} {said} meanwhile. Open the case again to see it, and to change it if you must."
        )
    raise RefusedError("Something was added to this case meanwhile. Open it again to see everything before you rule.")


def _is_repeated(session: Session, case: Case, person_id: int, value_id: int | None, rationale: str) -> bool:
    latest = session.execute(
        select(col(Ruling.person_id), col(Ruling.value_id), col(Ruling.rationale))
        .where(col(Ruling.escalation_id) == case.id)
        .order_by(col(Ruling.id).desc())
        .limit(1)
    ).first()
    return latest is not None and tuple(latest) == (person_id, value_id, rationale)


def _settle(
    session: Session,
    case: Case,
    state: EscalationState,
    item_state: ItemState,
    person_id: int,
    now: datetime,
    value_id: int | None,
) -> None:
    check_move(case.item_state, item_state)
    session.execute(
        update(Escalation)
        .where(col(Escalation.id) == case.id)
        .values(state=state, settled_at=now, version=case.version + 1)
    )
    session.execute(
        update(Item)
        .where(col(Item.id) == case.item_id)
        .values(
            state=item_state,
            final_value_id=value_id,
            decided_by=_by_what(case) if value_id is not None else None,
            decided_at=now if value_id is not None else None,
        )
    )
    history.note(
        session,
        now,
        "item.ruled" if value_id is not None else "item.sent_back",
        "item",
        case.item_id,
        project_id=case.project_id,
        actor_id=person_id,
        before={"state": case.item_state},
        after={"state": item_state, "value_id": value_id, "escalation_id": case.id},
    )
    outbox.rewrite(session, now, "escalation", case.id, case.version + 1, "escalation")


def _by_what(case: Case) -> str:
    return case.reason.value if case.reason in CORRECTIONS else "ruling"


def _flagged(session: Session, item_id: int) -> list[tuple[int, int, int | None]]:
    """(assignment, person, batch) of everybody whose flag stands and who is still there to answer."""
    rows = session.execute(
        select(col(Assignment.id), col(Assignment.person_id), col(Assignment.batch_id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(
            col(Assignment.item_id) == item_id,
            col(Assignment.state) == Place.FLAGGED,
            col(Person.active),
            places.has_role(col(Assignment.project_id), col(Assignment.person_id), Role.ANNOTATOR),
        )
        .order_by(col(Assignment.id))
        .with_for_update(of=Assignment, key_share=True)
    )
    return [(row.id, row.person_id, row.batch_id) for row in rows]


def _return_to_flaggers(
    session: Session, case: Case, flagged: list[tuple[int, int, int | None]], now: datetime
) -> None:
    """Open the flaggers' places again, and as many others as the item still needs."""
    hold = session.execute(select(col(Project.hold_seconds)).where(col(Project.id) == case.project_id)).scalar_one()
    session.execute(
        update(Assignment)
        .where(col(Assignment.id).in_([row[0] for row in flagged]))
        .values(state=Place.OPEN, version=col(Assignment.version) + 1, lease_until=now + timedelta(seconds=hold))
    )
    session.execute(
        update(Assignment)
        .where(col(Assignment.item_id) == case.item_id, col(Assignment.state) == Place.FLAGGED)
        .values(state=Place.RETURNED, version=col(Assignment.version) + 1)
    )
    places.give_back(session, places.lock_items(session, [case.item_id]))
    for batch_id in sorted({row[2] for row in flagged if row[2] is not None}):
        rewrite_batch(session, batch_id, now)
