"""Removing a person's personal data when they ask for it, while their labels stay under a pseudonym.

First they leave, as anybody leaves who is taken out of all projects; then a running Concord closes their cards, for which
it needs the id of their DM; then everything that tells who they are is replaced, wherever it stands. If that is cut short
it is begun again with the same call, until the person's own row is rewritten, which comes last but for one more look
through everything.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Audit,
    AuditState,
    Card,
    CaseReply,
    Decision,
    Dispute,
    DisputeState,
    Escalation,
    EscalationState,
    FileDrop,
    Flag,
    History,
    Label,
    Member,
    Outbox,
    OutboxKind,
    OutboxState,
    Person,
    Project,
    Proposal,
    Ruling,
)
from workflow import escalation, history, membership, places, traces
from workflow.audit import telling
from workflow.errors import RefusedError
from workflow.guidelines import moving
from workflow.guidelines.states import ENDED
from workflow.traces import Identity

REASON = "Whom this was for asked to be forgotten."
OPEN = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)
GOES_ON = (AuditState.DRAWING, AuditState.RUNNING, AuditState.FAILED, AuditState.REOPENING, AuditState.REOPENED)
CHUNK = 500
WRITTEN: tuple[tuple[Any, str], ...] = ((Flag, "note"), (CaseReply, "text"), (Dispute, "argument"))
"""What somebody wrote to others about items that they labelled or talked about, in their own words."""


@dataclass(frozen=True)
class Plan:
    """What forgetting somebody will do. ``mentions`` are rows by table in which they are named.

    ``untouched`` items name them in what people label; ``namesakes`` are called the same, ``unseen`` are names that were
    typed and never found in Slack, and may be theirs.
    """

    person_id: int
    name: str
    known_as: tuple[str, ...]
    pseudonym: str
    projects: tuple[str, ...]
    open_work: int
    labels: int
    rulings: int
    notes: int
    mentions: Mapping[str, int]
    untouched: int
    namesakes: int
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class Forgotten:
    """What was done: the name that stays, rows that changed by table, notes made blank, messages not sent any more."""

    pseudonym: str
    replaced: Mapping[str, int]
    notes: int
    dropped: int


def plan(store: Store, person_id: int, also: Iterable[str] = ()) -> Plan:
    """What would happen; nothing is changed. ``also`` are other things the person is known by: former names, addresses."""
    with store.read() as session:
        known = identity(session, person_id, also)
        name: str = session.execute(select(col(Person.name)).where(col(Person.id) == person_id)).scalar_one()
        rows = traces.untouched(session, known)
        parts = {
            "projects": tuple(_projects(session, person_id)),
            "open_work": _count(session, Assignment, and_(col(Assignment.person_id) == person_id, places.HELD)),
            "labels": _count(session, Label, col(Label.person_id) == person_id),
            "rulings": _count(session, Ruling, col(Ruling.person_id) == person_id),
            "notes": sum(_count(session, table, _written(table, name, person_id)) for table, name in WRITTEN),
            "namesakes": _count(session, Person, and_(col(Person.id) != person_id, col(Person.name) == name)),
            "unseen": tuple(_unseen(session, person_id, known)),
        }
    mentions = traces.sweep(store, known, write=False)
    mentions["prior_label"] += traces.rename_prior_labels(store, known, write=False)
    return Plan(person_id, name, known.everything, known.pseudonym, mentions=+mentions, untouched=rows, **parts)  # type: ignore[arg-type]


def identity(session: Session, person_id: int, also: Iterable[str] = ()) -> Identity:
    """Everything that the store knows somebody by, earlier names among it. Raises RefusedError where they are forgotten."""
    person = session.execute(select(Person).where(col(Person.id) == person_id)).scalar_one()
    if person.forgotten_at is not None:
        raise RefusedError(f"{person.name} was forgotten on {person.forgotten_at:%Y-%m-%d}.")
    found = [one for one in (person.name, person.handle, *_earlier(session, person_id), *also) if one and one.strip()]
    ids = {one for one in (person.slack_id, person.dm) if one}
    handles = {one.strip().casefold() for one in found if "@" in one}
    names = {one.strip() for one in found if "@" not in one and one not in ids}
    others = traces.names_of_others(session, person_id, names)
    return Identity(person_id, tuple(sorted(ids)), tuple(sorted(handles)), tuple(sorted(names)), tuple(others))


def leave(session: Session, person_id: int, now: datetime, by: int | None) -> None:
    """Take somebody out of every project: open work goes back, cards are to be closed, nothing more is said to them."""
    session.execute(select(col(Person.id)).where(col(Person.id) == person_id).with_for_update(key_share=True))
    worked = select(col(Member.project_id)).where(col(Member.person_id) == person_id).distinct()
    for project_id in session.execute(worked.order_by(col(Member.project_id))).scalars().all():
        membership.remove(session, project_id, person_id, now, by)
    session.execute(update(Person).where(col(Person.id) == person_id).values(active=False))
    unsaid = and_(col(Outbox.person_id) == person_id, col(Outbox.kind) != OutboxKind.UPDATE)
    _drop(session, and_(unsaid, col(Outbox.state) == OutboxState.WAITING), now)


def underway(session: Session, person_id: int) -> int:
    """How many messages to the person, or cards of theirs, are still to be written."""
    return _count(session, Outbox, and_(_theirs(session, person_id), col(Outbox.state).in_(OPEN)))


def forget(
    store: Store, person_id: int, now: datetime, by: int | None = None, *, also: Iterable[str] = (), notes: bool = False
) -> Forgotten:
    """Replace everything that tells who somebody is; not to be undone.

    ``notes`` makes blank what they wrote to flags, into the threads of cases, and for disputes.

    They leave first, if they have not. Messages that are still to be written then are not written any more; raises
    RefusedError while one is just being sent, and where the person was forgotten before.
    """
    with store.read() as session:
        known = identity(session, person_id, also)
    dropped = store.transact(lambda session: _silence(session, person_id, now, by))
    _until_done(store, lambda session: _forget_cards(session, person_id))
    blank = sum(_blank(store, table, name, person_id) for table, name in WRITTEN) if notes else 0
    replaced = _replace(store, known)
    store.transact(lambda session: _anonymous(session, known, now, by))
    # What was written while the first look went on, by somebody who still saw the name.
    replaced.update(_replace(store, known))
    return Forgotten(known.pseudonym, +replaced, blank, dropped)


def _replace(store: Store, known: Identity) -> Counter[str]:
    replaced = traces.sweep(store, known)
    replaced["prior_label"] += traces.rename_prior_labels(store, known)
    return replaced


def _silence(session: Session, person_id: int, now: datetime, by: int | None) -> int:
    """Nothing is written to the person from here on, and nothing in the outbox or on a card says where they are."""
    leave(session, person_id, now, by)
    theirs = _theirs(session, person_id)
    locked = session.execute(
        select(col(Outbox.id), col(Outbox.lease_until))
        .where(theirs, col(Outbox.state).in_(OPEN))
        .with_for_update(key_share=True)
    ).all()
    for row in locked:
        if row.lease_until is not None and row.lease_until > now:
            raise RefusedError(
                "A message to this person is just being sent. They are in no project any more; run the same again in a "
                "minute, to have them forgotten."
            )
    _drop(session, col(Outbox.id).in_([row.id for row in locked]), now)
    return len(locked)


def _anonymous(session: Session, known: Identity, now: datetime, by: int | None) -> None:
    """The person's own row, and a word in the history that somebody was forgotten."""
    seen = select(col(Person.slack_id)).where(col(Person.id) == known.person_id).with_for_update(key_share=True)
    slack_id = session.execute(seen).scalar_one()
    if slack_id is not None:
        session.execute(update(FileDrop).where(col(FileDrop.slack_user) == slack_id).values(slack_user=""))
    session.execute(
        update(Person)
        .where(col(Person.id) == known.person_id)
        .values(name=known.pseudonym, handle=None, slack_id=None, time_zone=None, dm=None, problem=None)
        .values(active=False, forgotten_at=now)
    )
    # Open cases show who flagged, who contests, and who is asked: their cards are drawn anew.
    flagged = exists().where(col(Flag.escalation_id) == col(Escalation.id), col(Flag.person_id) == known.person_id)
    contested = exists().where(
        col(Dispute.escalation_id) == col(Escalation.id),
        col(Dispute.person_id) == known.person_id,
        col(Dispute.state) == DisputeState.OPEN,
    )
    shown = or_(flagged, contested, col(Escalation.assigned_id) == known.person_id)
    cases = select(col(Escalation.id)).where(col(Escalation.state) == EscalationState.OPEN, shown)
    for case_id in session.execute(cases.order_by(col(Escalation.id)).limit(CHUNK)).scalars().all():
        escalation.touch(session, case_id, now)
    # And proposals that wait show who proposed them, and who approved.
    decided = exists().where(col(Decision.proposal_id) == col(Proposal.id), col(Decision.person_id) == known.person_id)
    waiting = select(col(Proposal.id)).where(
        col(Proposal.state).not_in(ENDED), or_(col(Proposal.by_id) == known.person_id, decided)
    )
    for proposal_id in session.execute(waiting.order_by(col(Proposal.id)).limit(CHUNK)).scalars().all():
        moving.hold(session, proposal_id)
        moving.write(session, proposal_id, now)
    # And audits that go on, or whose lot may yet be repaired, show whose work they are about, and who wanted them.
    audits = select(col(Audit.id)).where(col(Audit.state).in_(GOES_ON))
    for audit_id in session.execute(audits.order_by(col(Audit.id).desc()).limit(CHUNK)).scalars().all():
        telling.changed(session, audit_id, now)
    history.note(session, now, "person.forgotten", "person", 0, actor_id=None if by == known.person_id else by)


def _forget_cards(session: Session, person_id: int) -> int:
    """Cards in the person's DM, which nobody writes to any more."""
    dm = select(col(Person.dm)).where(col(Person.id) == person_id).scalar_subquery()
    theirs = select(col(Card.id)).where(or_(col(Card.person_id) == person_id, col(Card.channel) == dm))
    ids = list(session.execute(theirs.limit(CHUNK).with_for_update()).scalars())
    session.execute(update(Outbox).where(col(Outbox.card_id).in_(ids)).values(card_id=None))
    session.execute(delete(Card).where(col(Card.id).in_(ids)))
    return len(ids)


def _blank(store: Store, table: Any, name: str, person_id: int) -> int:
    some = select(table.id).where(_written(table, name, person_id)).limit(CHUNK)
    blank = update(table).where(table.id.in_(some)).values({name: ""}).returning(table.id)
    return _until_done(store, lambda session: len(session.execute(blank).all()))


def _until_done(store: Store, work: Callable[[Session], int]) -> int:
    total = 0
    while done := store.transact(work):
        total += done
    return total


def _written(table: Any, name: str, person_id: int) -> ColumnElement[bool]:
    return and_(table.person_id == person_id, getattr(table, name) != "")


def _theirs(session: Session, person_id: int) -> ColumnElement[bool]:
    """SQL: what goes to the person, stands in their DM, or carries their id in its key."""
    person = session.execute(select(col(Person.slack_id), col(Person.dm)).where(col(Person.id) == person_id)).one()
    found = [col(Outbox.person_id) == person_id]
    if person.dm:
        found += [col(Outbox.channel) == person.dm, col(Outbox.sent_channel) == person.dm]
    if person.slack_id:
        found += [col(Outbox.channel) == person.slack_id, col(Outbox.key).contains(person.slack_id, autoescape=True)]
    return or_(*found)


def _drop(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    gone = {"state": OutboxState.DROPPED, "error": REASON, "settled_at": now, "lease_until": None}
    session.execute(update(Outbox).where(which).values(**gone).execution_options(synchronize_session=False))


def _earlier(session: Session, person_id: int) -> list[str]:
    """What the person was called before: in Slack, and by who typed a name before Slack was asked."""
    rows = session.execute(
        select(col(History.before)).where(
            col(History.subject) == "person",
            col(History.subject_id) == person_id,
            col(History.action).in_(("person.merged", "person.renamed")),
        )
    ).scalars()
    return [str(row[name]) for row in rows if row for name in ("name", "handle") if row.get(name)]


def _unseen(session: Session, person_id: int, known: Identity) -> list[str]:
    """Entries that nobody has found in Slack, under a name by which the person is known."""
    called = {f"@{name.casefold()}" for name in known.names} | set(known.handles)
    rows = session.execute(
        select(col(Person.handle)).where(col(Person.slack_id).is_(None), col(Person.id) != person_id)
    ).scalars()
    return sorted(handle for handle in rows if handle in called)


def _projects(session: Session, person_id: int) -> list[str]:
    member = exists().where(col(Member.project_id) == col(Project.id), col(Member.person_id) == person_id)
    return list(session.execute(select(col(Project.name)).where(member).order_by(col(Project.name))).scalars())


def _count(session: Session, table: type[object], where: ColumnElement[bool]) -> int:
    return int(session.execute(select(func.count()).select_from(table).where(where)).scalar_one())
