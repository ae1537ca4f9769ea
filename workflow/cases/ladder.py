"""The ladder of a case: a reviewer, a second reviewer or an auditor, a lead. Each is asked in turn, until a due time.

Who may not judge the item is never asked. Where a step has nobody (left) to ask, the next one is taken; where the last has
none, the case waits for whoever may rule, and the leads are told each working day.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal_column, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Escalation, EscalationReason, History, Person, Project, Role
from workflow import escalation, history, people, places, quality_rules
from workflow.cases import judging, rota, working_time
from workflow.people import Membership
from workflow.quality_rules import CaseRules

REVIEWER, SECOND, LEAD = 1, 2, 3
ROLES: dict[int, tuple[Role, ...]] = {
    REVIEWER: (Role.REVIEWER,),
    SECOND: (Role.REVIEWER, Role.AUDITOR),
    LEAD: (Role.LEAD,),
}
"""Who is asked at each step."""
ASKED_AT_MOST: dict[int, int | None] = {REVIEWER: 2, SECOND: 2, LEAD: None}
"""How many people are asked at a step before the next one: one, and the next on the rota; the leads all."""

# Written out and not bound, so that SQLite uses the small index of open cases.
OPEN = col(Escalation.state) == literal_column("'open'")
ASKED, NOBODY_ASKED, PASSED_UP, SUBJECT = "case.asked", "case.nobody_asked", "case.passed_up", "escalation"


@dataclass(frozen=True)
class Waiting:
    """An open case under lock, as the ladder needs it."""

    id: int
    item_id: int
    reason: EscalationReason
    step: int
    assigned_id: int | None

    @property
    def layer(self) -> judging.Layer:
        """What deciding it is: a dispute is closed to all who judged its item."""
        return judging.layer_of(self.reason)


@dataclass(frozen=True)
class Rung:
    """Who was asked on the ladder: a person at a step."""

    person_id: int
    step: int


@dataclass(frozen=True)
class Turn:
    """Who is asked now, at which step, until when; None: nobody is left, and ``anybody`` whether there ever was somebody."""

    case_id: int
    person_id: int | None
    step: int
    due_at: datetime | None
    anybody: bool = True


@dataclass
class Team:
    """The people of a project, its rules and its rota, read once for many cases."""

    project_id: int
    zone: str
    rules: CaseRules
    zones: Mapping[int, str]
    by_step: Mapping[int, frozenset[int]]
    rota: rota.Rota

    def hours(self, person_id: int | None) -> working_time.Hours:
        """When somebody is at work, in their own zone where it is known; None: in the project's."""
        zone = self.zones.get(person_id, self.zone) if person_id is not None else self.zone
        return working_time.of_rules(self.rules, zone)


def team(session: Session, project_id: int) -> Team:
    """Everybody who can be asked in a project."""
    zone: str = session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one()
    there = [one for one in people.members(session, project_id) if one.active and one.slack_id]
    zones = session.execute(
        select(col(Person.id), col(Person.time_zone)).where(
            col(Person.id).in_([one.person_id for one in there]), col(Person.time_zone).is_not(None)
        )
    )
    return Team(
        project_id,
        zone,
        quality_rules.of_project(session, project_id).cases,
        {row.id: row.time_zone for row in zones},
        {step: _with_role(there, roles) for step, roles in ROLES.items()},
        rota.of_project(session, project_id),
    )


def _with_role(there: Iterable[Membership], roles: Collection[Role]) -> frozenset[int]:
    return frozenset(one.person_id for one in there if set(one.roles) & set(roles))


def climb(step: int, asked: Collection[Rung], able: Mapping[int, Collection[int]]) -> tuple[int, frozenset[int]]:
    """From a step on, the first step at which somebody is to be asked next, and who may be; nobody: the last step.

    ``able`` are those who may rule, by step. Nobody is asked twice.
    """
    silent = {rung.person_id for rung in asked}
    for there in range(step, LEAD + 1):
        fresh = frozenset(able[there]) - silent
        most = ASKED_AT_MOST[there]
        if fresh and (most is None or sum(rung.step == there for rung in asked) < most):
            return there, fresh
    return LEAD, frozenset()


def hand_on(session: Session, team: Team, case: Waiting, now: datetime, *, step: int | None = None) -> Turn:
    """Ask the next one on the ladder about a case under lock, from ``step`` on; its card is rewritten, nobody is told."""
    able = _able(session, team, case)
    there, fresh = climb(step or case.step, _asked(session, case.id), able)
    person_id = team.rota.take(fresh, now) if fresh else None
    team.rota.leave(case.assigned_id)
    due_at = _due(team, person_id, now)
    session.execute(
        update(Escalation)
        .where(col(Escalation.id) == case.id)
        .values(step=there, assigned_id=person_id, due_at=due_at, reminded_at=now)
    )
    if person_id is not None or case.assigned_id is not None or case.step != there:
        version = escalation.touch(session, case.id, now)
        until = due_at.isoformat() if due_at else None
        after = {"person_id": person_id, "step": there, "due_at": until, "version": version}
        action = NOBODY_ASKED if person_id is None else ASKED
        history.note(session, now, action, SUBJECT, case.id, project_id=team.project_id, after=after)
    return Turn(case.id, person_id, there, due_at, any(able.values()))


def _due(team: Team, person_id: int | None, now: datetime) -> datetime | None:
    """Until when somebody is asked; where nobody is, when it is looked at again. None where a project has no due times."""
    if not team.rules.due:
        return None
    hours = team.hours(person_id)
    return working_time.next_morning(now, hours) if person_id is None else working_time.add(now, team.rules.due, hours)


def _able(session: Session, team: Team, case: Waiting) -> dict[int, frozenset[int]]:
    """Who may rule, by step: nobody who may not judge the item, nor who has yet to answer it."""
    holding = select(col(Assignment.person_id)).where(
        col(Assignment.item_id) == case.item_id, col(Assignment.state).in_(places.HOLDING)
    )
    out = judging.barred(session, case.item_id, case.layer) | set(session.execute(holding).scalars())
    return {step: there - out for step, there in team.by_step.items()}


def asked_only(session: Session, case_id: int, since: int, version: int) -> bool:
    """Whether all that happened to a case from version ``since`` to ``version`` is that people were asked about it."""
    rows = session.execute(
        select(col(History.after)).where(
            col(History.subject) == SUBJECT,
            col(History.subject_id) == case_id,
            col(History.action).in_((ASKED, NOBODY_ASKED)),
        )
    )
    return set(range(since + 1, version + 1)) <= {row.after.get("version") for row in rows}


def _asked(session: Session, case_id: int) -> list[Rung]:
    """Who was asked about a case, and who passed it up: they said that it is not theirs."""
    rows = session.execute(
        select(col(History.actor_id), col(History.action), col(History.after)).where(
            col(History.subject) == SUBJECT,
            col(History.subject_id) == case_id,
            col(History.action).in_((ASKED, PASSED_UP)),
        )
    )
    # Who passes up was asked or ruled uncalled: either way that is no turn of the step's.
    return [
        Rung(row.after["person_id"], row.after["step"]) if row.action == ASKED else Rung(row.actor_id, 0)
        for row in rows
    ]
