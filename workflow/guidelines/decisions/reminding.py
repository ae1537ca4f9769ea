"""Proposals that wait are reminded of, so that none lapses in silence: whoever may decide, or is to change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Decision,
    History,
    Lane,
    Member,
    Outbox,
    Person,
    Project,
    Proposal,
    ProposalState,
    Purpose,
    Verdict,
)
from workflow import calendar, outbox
from workflow.guidelines import moving
from workflow.guidelines.decisions import deciders
from workflow.guidelines.hours import working_day

TO_CHANGE = timedelta(days=3)
"""How long after it was given back its proposer is reminded, and again."""


@dataclass(frozen=True)
class Reminder:
    """Something to be said once: ``key`` tells it from others. A card, or words where ``message`` is not empty."""

    key: str
    to: outbox.To
    proposal_id: int
    kind: str = moving.CARD
    message: str = ""


def remind(store: Store, now: datetime) -> int:
    """Remind of proposals that wait, each person once a working day at most; how many reminders. The clock's step."""
    with store.read() as session:
        due = [one for row in _waiting(session) for one in _due(session, row, now)]
        said = select(col(Outbox.key)).where(col(Outbox.key).in_([one.key for one in due]))
        there = set(session.execute(said).scalars())
    fresh = [one for one in due if one.key not in there]
    for reminder in fresh:
        store.transact(partial(_say, reminder=reminder, now=now))
    return len(fresh)


def _waiting(session: Session) -> list[Any]:
    """Proposals that somebody has to do something about."""
    proposal = (Proposal.id, Proposal.project_id, Proposal.state, Proposal.revision, Proposal.summary, Proposal.by_id)
    rows = session.execute(
        select(*map(col, proposal), col(Proposal.proposed_at), col(Project.name), col(Project.time_zone))
        .join(Project, col(Project.id) == col(Proposal.project_id))
        .where(col(Proposal.state).in_((ProposalState.PROPOSED, ProposalState.CHANGES_REQUESTED)))
        .order_by(col(Proposal.id))
    )
    return list(rows)


def _due(session: Session, row: Any, now: datetime) -> Iterator[Reminder]:
    if row.state is ProposalState.PROPOSED:
        yield from _to_decide(session, row, now)
    else:
        yield from _to_change(session, row, now)


def _to_decide(session: Session, row: Any, now: datetime) -> Iterator[Reminder]:
    found = deciders.of(session, row.project_id, row.by_id)
    approved = select(col(Decision.person_id)).where(
        col(Decision.proposal_id) == row.id,
        col(Decision.revision) == row.revision,
        col(Decision.verdict) == Verdict.APPROVED,
    )
    said = set(session.execute(approved).scalars())
    # Enough of them, and it waits still: the project needs fewer than it did, and any of them can say so once more.
    silent = set(found.person_ids) - (said if len(said - {row.by_id}) < found.needed else set())
    zones = session.execute(select(col(Person.id), col(Person.time_zone)).where(col(Person.id).in_(silent)))
    for person in zones:
        if day := _later_day(row.proposed_at, now, person.time_zone or row.time_zone):
            yield Reminder(_key(row, f"to:{person.id}:{day}"), outbox.To(person_id=person.id), row.id)
    if not found.are_enough and (day := _later_day(row.proposed_at, now, row.time_zone)):
        since = calendar.day_in_words(row.proposed_at, row.time_zone)
        words = f"The proposal “{row.summary}” for the guideline of {row.name} waits since {since}. {found.words}"
        yield Reminder(_key(row, f"nobody:{day}"), _leads(row), row.id, message=words)


def _to_change(session: Session, row: Any, now: datetime) -> Iterator[Reminder]:
    """Its proposer; where they left, the leads, who may change it or take it back in their stead."""
    given_back = session.execute(_given_back(row)).scalar() or row.proposed_at
    number = (now - given_back) // TO_CHANGE
    zone = session.execute(
        select(col(Person.time_zone))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Person.id) == row.by_id, col(Person.active), col(Member.project_id) == row.project_id)
        .limit(1)
    ).first()
    to = outbox.To(person_id=row.by_id) if zone else _leads(row)
    if number and working_day(now, (zone and zone.time_zone) or row.time_zone):
        yield Reminder(_key(row, f"to_change:{number}"), to, row.id, moving.OWN_CARD)


def _given_back(row: Any) -> Any:
    return select(func.max(col(History.at))).where(
        col(History.subject) == "proposal",
        col(History.subject_id) == row.id,
        col(History.action).in_(("proposal.changes_requested", "proposal.sent_back")),
    )


def _later_day(since: datetime, now: datetime, zone: str) -> date | None:
    """The working day that it is, if it is a later one than that on which the waiting began."""
    today = working_day(now, zone)
    return today if today and since.astimezone(ZoneInfo(zone)).date() < today else None


def _key(row: Any, what: str) -> str:
    return f"proposal_reminder:{row.id}:{row.revision}:{what}"


def _leads(row: Any) -> outbox.To:
    return outbox.To(project_id=row.project_id, purpose=Purpose.LEADS)


def _say(session: Session, reminder: Reminder, now: datetime) -> None:
    """Say it. A card comes once more, since one far above is not found, and drawn as everything stands."""
    if reminder.message:
        words = {"message": reminder.message}
        outbox.put(session, now, reminder.key, "said", reminder.to, words, lane=Lane.URGENT)
        return
    outbox.put(
        session, now, reminder.key, reminder.kind, reminder.to, {"id": reminder.proposal_id, "again": True},
        lane=Lane.URGENT, card=(reminder.kind, reminder.proposal_id),
    )  # fmt: skip
