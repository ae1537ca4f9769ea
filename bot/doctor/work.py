"""What is under way in the store, and what got stuck: messages, imports, files, people, time zones."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from bot.doctor.check import Check, fault, listed, note, ok, warning
from storage.tables import DropState, FileDrop, Lot, LotState, Member, Outbox, OutboxState, Person, Project

# The sender takes over what is older than its lease after a minute; what waits longer waits for somebody.
LONG = timedelta(minutes=10)
UNSETTLED = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.FAILED)


def messages(session: Session, now: datetime) -> Iterator[Check]:
    """The outbox: what failed, what waits for long, and why."""
    statement = (
        select(col(Outbox.state), func.count(), func.min(col(Outbox.created_at)))
        .where(col(Outbox.state).in_(UNSETTLED))
        .group_by(col(Outbox.state))
    )
    found = {row[0]: (row[1], row[2]) for row in session.execute(statement)}
    failed, _ = found.pop(OutboxState.FAILED, (0, now))
    if failed:
        fix = "`concord outbox list --state failed` says which and why; `concord outbox retry` or `drop` settles them."
        yield warning("messages", f"{_many(failed, 'message')} could not be delivered.", fix)
    oldest = min((since for _, since in found.values()), default=now)
    many = sum(count for count, _ in found.values())
    if now - oldest > LONG:
        why = _reasons(session)
        words = f"{_many(many, 'message')} not sent, the oldest for {_long(now - oldest)}.{f' {why}' if why else ''}"
        yield warning("messages", words, "Is Concord running? `concord outbox list` shows each with its reason.")
    elif not failed:
        yield ok("messages", f"{_many(many, 'message')} on the way, none for long.")


def _reasons(session: Session) -> str:
    stuck = col(Outbox.state).in_((OutboxState.WAITING, OutboxState.UNKNOWN)), col(Outbox.error).is_not(None)
    statement = select(col(Outbox.error)).where(*stuck).group_by(col(Outbox.error)).order_by(func.count().desc())
    return " ".join(f"“{words}”" for words in session.execute(statement.limit(3)).scalars())


def imports(session: Session, now: datetime) -> Iterator[Check]:
    """Imports that are not finished: under way, or left by a process that is gone."""
    unfinished = col(Lot.state).in_((LotState.RUNNING, LotState.OPENING))
    rows = session.execute(select(col(Lot.file_name), col(Lot.seen_at)).where(unfinished).order_by(col(Lot.id))).all()
    gone = [row.file_name for row in rows if now - row.seen_at > LONG]
    if gone:
        words = f"{_many(len(gone), 'import')} stopped half-way: {listed(gone)}."
        yield warning("imports", words, "The next start of Concord, or the next import, finishes or undoes it.")
    elif rows:
        yield note("imports", f"{_many(len(rows), 'import')} under way: {listed(row.file_name for row in rows)}.")
    else:
        yield ok("imports", "None is unfinished.")


def files(session: Session, now: datetime) -> Iterator[Check]:
    """Files dropped in chat that nobody looked at."""
    waiting = col(FileDrop.state).in_((DropState.NEW, DropState.ASKED)), col(FileDrop.created_at) < now - LONG
    late = session.execute(select(col(FileDrop.name), col(FileDrop.file_id)).where(*waiting)).all()
    if late:
        words = f"{_many(len(late), 'file')} dropped in chat and not looked at: {listed(r.name or r.file_id for r in late)}."
        yield warning("files in chat", words, "Is Concord running? Its log says what it could not do.")


def people(session: Session) -> Iterator[Check]:
    """People whom projects name and Slack does not show."""
    statement = (
        select(col(Person.name), col(Person.slack_id), col(Person.problem))
        .where(col(Person.id).in_(select(col(Member.person_id))), col(Person.forgotten_at).is_(None))
        .order_by(col(Person.name))
    )
    rows = session.execute(statement).all()
    for problem in sorted({row.problem for row in rows if row.problem}):
        yield warning("people", problem)
    unseen = [row.name for row in rows if row.slack_id is None and row.problem is None]
    if unseen:
        words = f"Nobody looked for {listed(unseen)} in Slack yet."
        yield note("people", words, "Concord does that within a minute while it runs.")
    if not unseen and not any(row.problem for row in rows):
        yield ok(
            "people", f"All {len(rows)} whom projects name are known to Slack." if rows else "No project names any."
        )


def zones(session: Session) -> Iterator[Check]:
    """Time zones that projects and people are in: whether this machine knows them."""
    of_projects = session.execute(select(col(Project.time_zone)).distinct()).scalars().all()
    of_people = session.execute(select(col(Person.time_zone)).distinct()).scalars().all()
    missing = sorted({zone for zone in of_projects if not _is_known(zone)})
    unknown = sorted({zone for zone in of_people if zone and not _is_known(zone)})
    fix = "Install the package tzdata again (it comes with Concord), or the system's."
    if missing:
        yield fault("time zones", f"Projects are in {listed(missing)}, which this machine does not know.", fix)
    if unknown:
        yield warning("time zones", f"People are in {listed(unknown)}, which this machine does not know.", fix)
    if not missing and not unknown:
        yield ok("time zones", "Every one that is used is known.")


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _long(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
