"""Passing a case up the ladder: whoever looks at it leaves it to the next step."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import EscalationState, Person
from workflow import escalation, history, people
from workflow.cases import ladder, telling_asked
from workflow.cases.ladder import Waiting
from workflow.errors import RefusedError


def pass_up(session: Session, slack_id: str, case_id: int, step: int, now: datetime) -> str | None:
    """Give a case to the next step of the ladder, in words; None where it went up from ``step`` before.

    Raises RefusedError where it is settled, or nobody above is left who may rule.
    """
    case = escalation.lock_case(session, case_id)
    person_id = people.require(session, case.project_id, slack_id, *escalation.rulers(case))
    if case.state is not EscalationState.OPEN:
        raise RefusedError("This case is settled: there is nothing to pass up.")
    if case.step > step:
        return None
    if case.step >= ladder.LEAD:
        raise RefusedError("This case is with the leads already: there is nobody above. Nothing was changed.")
    team = ladder.team(session, case.project_id)
    history.note(
        session,
        now,
        ladder.PASSED_UP,
        ladder.SUBJECT,
        case.id,
        project_id=case.project_id,
        actor_id=person_id,
        before={"step": case.step},
    )
    waiting = Waiting(case.id, case.item_id, case.reason, case.step, case.assigned_id)
    turn = ladder.hand_on(session, team, waiting, now, step=case.step + 1)
    if turn.person_id is None:
        raise RefusedError("Nobody above is left who may judge this item, and was not asked yet. Nothing was changed.")
    telling_asked.tell(session, team, [turn], now)
    name = session.execute(select(col(Person.name)).where(col(Person.id) == turn.person_id)).scalar_one()
    return f"Passed up: {name} is asked now."
