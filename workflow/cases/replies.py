"""What people write in the thread under a case's card is kept with the case: whoever rules reads it."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from storage.tables import Card, CaseReply, Person
from workflow.outbox import insert_or_skip

CARD = "escalation"
LONGEST = 12_000
_MARK = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")


@dataclass(frozen=True)
class Said:
    """A message in a thread: where, under which message, its own ``ts``, who wrote it, and its text as Slack has it."""

    channel: str
    thread_ts: str
    ts: str
    slack_id: str
    text: str


@dataclass(frozen=True)
class Reply:
    """A reply as it is shown."""

    person: str
    text: str
    at: datetime


def keep(session: Session, said: Said, *, changed: bool = False) -> bool:
    """Keep a reply where it stands under a case's card, or its text as it was ``changed``; whether it stands there.

    The same message a second time is the same reply, and does not bring back the text of before a change.
    """
    case_id = _case_under(session, said.channel, said.thread_ts)
    text = _readable(session, said.text)[:LONGEST]
    if case_id is None or not text.strip():
        return False
    person_id = session.execute(select(col(Person.id)).where(col(Person.slack_id) == said.slack_id)).scalar()
    row = {"escalation_id": case_id, "ts": said.ts, "person_id": person_id, "text": text, "at": _moment(said.ts)}
    session.execute(insert_or_skip(session, CaseReply, ["escalation_id", "ts"]).values(**row))
    if changed:
        mine = (col(CaseReply.escalation_id) == case_id, col(CaseReply.ts) == said.ts)
        session.execute(update(CaseReply).where(*mine).values(text=text))
    return True


def take_away(session: Session, channel: str, thread_ts: str, ts: str) -> None:
    """Somebody deleted their reply."""
    case_id = _case_under(session, channel, thread_ts)
    if case_id is not None:
        session.execute(delete(CaseReply).where(col(CaseReply.escalation_id) == case_id, col(CaseReply.ts) == ts))


def of_case(session: Session, case_id: int, most: int) -> tuple[list[Reply], int]:
    """The latest replies to a case, in the order in which they were written, and how many there are before them."""
    rows = session.execute(
        select(col(Person.name), col(CaseReply.text), col(CaseReply.at))
        .outerjoin(Person, col(Person.id) == col(CaseReply.person_id))
        .where(col(CaseReply.escalation_id) == case_id)
        .order_by(col(CaseReply.at).desc(), col(CaseReply.id).desc())
    ).all()
    found = [Reply(row.name or "Somebody", row.text, row.at) for row in rows[:most]]
    return found[::-1], max(0, len(rows) - most)


def _case_under(session: Session, channel: str, ts: str) -> int | None:
    found: int | None = session.execute(
        select(col(Card.subject_id)).where(col(Card.channel) == channel, col(Card.ts) == ts, col(Card.kind) == CARD)
    ).scalar()
    return found


def _readable(session: Session, text: str) -> str:
    """Slack's notation as people read it: names for mentions, addresses without brackets, no entities."""
    ids = {found[2] for found in _MARK.finditer(text) if found[1] == "@"}
    rows = session.execute(select(col(Person.slack_id), col(Person.name)).where(col(Person.slack_id).in_(ids)))
    names = {row.slack_id: row.name for row in rows} if ids else {}

    def shown(found: re.Match[str]) -> str:
        mark, what, words = found[1], found[2], found[3]
        if mark == "@":
            return f"@{names.get(what) or words or what}"
        if mark:
            return f"{'#' if mark == '#' else '@'}{words or what}".replace("@@", "@")
        return f"{words} ({what})" if words and words != what else what

    return html.unescape(_MARK.sub(shown, text))


def _moment(ts: str) -> datetime:
    """When a message was written, from its ``ts``."""
    seconds, _, micros = ts.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(micros.ljust(6, "0")[:6] or 0))
