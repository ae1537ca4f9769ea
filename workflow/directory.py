"""What Slack knows of people and channels, brought together with what leads typed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from storage.tables import Channel, Person
from workflow import history, membership, merging

NO_MAIL = (
    "Slack shows Concord nobody's e-mail address, {} neither: give the app the scope users:read.email, or use @name."
)
# Slack still lists who was forgotten here. It is asked of the row as it is when it is written: the directory takes a while
# to read, and somebody may be forgotten meanwhile.
STILL_KNOWN = col(Person.forgotten_at).is_(None)


@dataclass(frozen=True)
class DirectoryEntry:
    """A user of the workspace, as ``users.list`` tells it."""

    slack_id: str
    name: str
    display_name: str = ""
    email: str = ""
    time_zone: str | None = None
    deleted: bool = False
    is_bot: bool = False

    @property
    def shown(self) -> str:
        """The name that people in Slack see."""
        return self.display_name or self.name


@dataclass(frozen=True)
class ChannelEntry:
    """A channel that the bot can see."""

    slack_id: str
    name: str
    archived: bool = False
    is_member: bool = True


@dataclass(frozen=True)
class Directory:
    """Everybody and every channel."""

    people: Sequence[DirectoryEntry] = ()
    channels: Sequence[ChannelEntry] = ()


def unknown(session: Session) -> bool:
    """Whether somebody or some channel was named and never looked up; a name that was not found is not asked for again."""
    person = select(col(Person.id)).where(
        STILL_KNOWN,
        col(Person.problem).is_(None),
        or_(col(Person.slack_id).is_(None), col(Person.name) == col(Person.slack_id)),
    )
    channel = select(col(Channel.project_id)).where(
        col(Channel.problem).is_(None), or_(col(Channel.slack_id).is_(None), col(Channel.name) == col(Channel.slack_id))
    )
    return any(session.execute(wanted.limit(1)).first() is not None for wanted in (person, channel))


def resolve(session: Session, directory: Directory, now: datetime) -> None:
    """Fill in Slack's ids for people and channels known by name, and what is wrong with those that are not found.

    Somebody who turns out to be known already is merged with whom they are. Accounts that Slack deactivated give their
    work back. Run again it changes nothing that is already so.
    """
    _resolve_people(session, directory.people, now)
    _resolve_channels(session, directory.channels)


def _resolve_people(session: Session, entries: Sequence[DirectoryEntry], now: datetime) -> None:
    by_id = {entry.slack_id: entry for entry in entries}
    no_mail = bool(entries) and not any(entry.email for entry in entries)
    by_handle: defaultdict[str, dict[str, DirectoryEntry]] = defaultdict(dict)
    for entry in entries:
        for handle in (f"@{entry.name}", f"@{entry.display_name}", entry.email):
            by_handle[handle.casefold()][entry.slack_id] = entry
    rows = session.execute(
        select(col(Person.id), col(Person.slack_id), col(Person.handle), col(Person.name))
        .where(STILL_KNOWN)
        .order_by(col(Person.id))
    )
    for row in rows.all():
        if row.slack_id is not None:
            _refresh(session, row.id, row.slack_id, row.name, by_id.get(row.slack_id), now)
        elif no_mail and not str(row.handle).startswith("@"):
            _report(session, row.id, NO_MAIL.format(row.handle))
        else:
            _find(session, row.id, row.handle, list(by_handle.get(row.handle or "", {}).values()), now)


def _find(session: Session, person_id: int, handle: str | None, found: list[DirectoryEntry], now: datetime) -> None:
    live = [entry for entry in found if not entry.deleted and not entry.is_bot]
    if len(live) != 1:
        _report(session, person_id, _not_one(str(handle), found, live))
        return
    entry = live[0]
    known = session.execute(select(col(Person.id)).where(col(Person.slack_id) == entry.slack_id)).scalar()
    if known is not None:
        merging.merge(session, person_id, known, now)
        return
    seen = {"slack_id": entry.slack_id, "name": entry.shown, "time_zone": entry.time_zone, "active": True}
    if _write(session, person_id, {**seen, "problem": None}):
        history.note(session, now, "person.found", "person", person_id, after={"slack_id": entry.slack_id})


def _not_one(handle: str, found: list[DirectoryEntry], live: list[DirectoryEntry]) -> str:
    if live:
        several = ", ".join(f"{entry.shown} ({entry.slack_id})" for entry in live[:5])
        return f"Slack knows several people called {handle}: {several}. Use the Slack id."
    if any(entry.is_bot for entry in found):
        return f"{handle} is a bot in Slack, and bots cannot label."
    if found:
        return f"Slack has deactivated {handle}."
    return f"Slack knows nobody called {handle}: check the spelling, or invite them to the workspace."


def _refresh(
    session: Session, person_id: int, slack_id: str, called: str, entry: DirectoryEntry | None, now: datetime
) -> None:
    if entry is None:
        _report(session, person_id, f"Slack knows nobody with the id {slack_id}.")
        return
    problem = f"{entry.shown} is a bot in Slack, and bots cannot label." if entry.is_bot else None
    if not _write(session, person_id, {"name": entry.shown, "time_zone": entry.time_zone, "problem": problem}):
        return
    if called not in (entry.shown, slack_id):
        before, after = {"name": called}, {"name": entry.shown}
        history.note(session, now, "person.renamed", "person", person_id, before=before, after=after)
    if entry.deleted:
        membership.deactivated(session, slack_id, now)
    else:
        membership.reactivated(session, slack_id, now)


def _report(session: Session, person_id: int, problem: str) -> None:
    _write(session, person_id, {"problem": problem})


def _write(session: Session, person_id: int, values: Mapping[str, Any]) -> bool:
    """Whether the person is still known here, and was written."""
    written = update(Person).where(col(Person.id) == person_id, STILL_KNOWN).values(**values)
    return session.execute(written.returning(col(Person.id))).first() is not None


def _resolve_channels(session: Session, entries: Iterable[ChannelEntry]) -> None:
    by_id = {entry.slack_id: entry for entry in entries}
    # An archived channel keeps its name only until a new one takes it.
    by_name = {f"#{e.name}".casefold(): e for e in sorted(by_id.values(), key=lambda e: not e.archived)}
    rows = session.execute(
        select(col(Channel.project_id), col(Channel.purpose), col(Channel.name), col(Channel.slack_id))
    )
    for row in rows.all():
        entry = by_id.get(row.slack_id) if row.slack_id else by_name.get(row.name.casefold())
        usable = entry is not None and not entry.archived
        session.execute(
            update(Channel)
            .where(col(Channel.project_id) == row.project_id, col(Channel.purpose) == row.purpose)
            .values(
                slack_id=entry.slack_id if entry and usable else row.slack_id,
                name=f"#{entry.name}" if entry else row.name,
                problem=_wrong_with(row.name, entry),
            )
        )


def _wrong_with(name: str, entry: ChannelEntry | None) -> str | None:
    if entry is None:
        return f"Concord sees no channel {name}: create it, or invite Concord to it if it is private."
    if entry.archived:
        return f"#{entry.name} is archived: unarchive it, or choose another channel."
    if not entry.is_member:
        return f"Concord is not in #{entry.name}: invite it there."
    return None
