"""Telling the person who acted, and nobody else."""

import itertools
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlmodel import Session, col

from bot.answers.drawing import fields
from bot.answers.lines import Job, Later
from bot.answers.tools import CARDS, TRIGGER_USED, TRIGGERS, WEB, Tools, counted
from bot.answers.wire import Answered
from bot.slack.errors import Remedy
from handlers.answer import Reply, Say
from storage.tables import Person
from workflow import outbox

log = structlog.get_logger()
_numbers = itertools.count()

# The ways to a person, in the order in which they are tried, and the threads that each is taken on.
URL, EPHEMERAL, MODAL, DIRECT = "response_url", "ephemeral", "modal", "direct"
POOLS = {URL: CARDS, EPHEMERAL: WEB, MODAL: TRIGGERS, DIRECT: WEB}


@dataclass(frozen=True)
class Saying:
    """Something to say and the ways that are left to say it."""

    answer: Say
    reply: Reply
    ways: tuple[str, ...]
    attempt: int = 0


def submit(tools: Tools, answer: Say, reply: Reply) -> None:
    """Say it in the place of the click: there by an ephemeral message, in Home or a modal by a small modal, else by DM."""
    ways = [URL] if reply.response_url else []
    if reply.channel:
        ways.append(EPHEMERAL)
    elif reply.trigger_id:
        ways.append(MODAL)
    tools.lines.put(("say", next(_numbers)), _job(tools, Saying(answer, reply, (*ways, DIRECT))))


def _job(tools: Tools, saying: Saying) -> Job:
    return Job(POOLS[saying.ways[0]], lambda: _say(tools, saying))


def _say(tools: Tools, saying: Saying) -> Later | None:
    way = saying.ways[0]
    if way == DIRECT:
        tools.outbox(lambda session, now: _direct(session, now, saying))
        return None
    if way == URL and not tools.addresses.take(saying.reply.response_url or ""):
        return _next_way(tools, saying)
    answered = _by(tools, way, saying)
    trouble = answered.trouble
    if trouble is None or (way == MODAL and trouble.code in TRIGGER_USED):
        return None
    log.warning("words not said", template=saying.answer.template, way=way, error=trouble.code)
    if way == URL and trouble.remedy in (Remedy.WAIT, Remedy.AGAIN):
        tools.addresses.give_back(saying.reply.response_url or "")
    if trouble.remedy is Remedy.LOOK:
        # It may well have arrived; to be told twice is worse than to click again.
        return None
    seconds = tools.wait(trouble, saying.attempt) if way != MODAL else None
    if seconds is not None:
        return Later(seconds, _job(tools, replace(saying, attempt=counted(trouble, saying.attempt))))
    return _next_way(tools, saying)


def _next_way(tools: Tools, saying: Saying) -> Later:
    return Later(0, _job(tools, replace(saying, ways=saying.ways[1:], attempt=0)))


def _by(tools: Tools, way: str, saying: Saying) -> Answered:
    reply = saying.reply
    if way == MODAL:
        with tools.read_at_once() as session:
            view = tools.drawing.draw_view(session, saying.answer.template, saying.answer.context)
        method = "views.push" if reply.in_modal else "views.open"
        return tools.wire.call(method, {"trigger_id": reply.trigger_id, "view": view})
    with tools.read() as session:
        drawn = tools.drawing.draw(session, saying.answer.template, saying.answer.context)
    if drawn is None:
        return Answered()
    if way == URL:
        alone = {"response_type": "ephemeral", "replace_original": False}
        return tools.wire.post(reply.response_url or "", {**fields(drawn), **alone})
    return tools.wire.call("chat.postEphemeral", {"channel": reply.channel, "user": reply.user_id, **fields(drawn)})


def _direct(session: Session, now: datetime, saying: Saying) -> None:
    user_id = saying.reply.user_id
    person = session.execute(select(col(Person.id)).where(col(Person.slack_id) == user_id)).scalar()
    to = outbox.To(person_id=person) if person is not None else outbox.To(channel=user_id)
    key = f"say:{saying.answer.template}:{user_id}:{saying.reply.us or now.timestamp()}"
    outbox.put(session, now, key, saying.answer.template, to, saying.answer.context)
