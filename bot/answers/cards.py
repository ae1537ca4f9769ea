"""Putting a card in the place of the message that was clicked.

The card is drawn from the store at the last moment and replaced over the newest click's ``response_url``, which counts
against no limit of the Web API. Replacing is idempotent, so what is unknown is simply done again. Then the version that
was drawn is compared with the store: where it moved meanwhile (another click, a ruling, the sender), the card is put up
again. Each writer of a card does that, so the last to arrive at Slack never leaves an older state.
"""

from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlmodel import col

from bot.answers.drawing import Drawn, fields
from bot.answers.lines import Job, Later
from bot.answers.tools import CARDS, WEB, Tools, counted
from bot.answers.wire import Answered
from bot.slack.errors import Remedy, Trouble
from handlers.answer import Reply, ShowCard
from storage.tables import Card
from workflow import outbox

log = structlog.get_logger()


@dataclass(frozen=True)
class Showing:
    """A card to put up. ``attempt`` counts what failed on the present way, ``doubted`` is a version that a call of
    unknown outcome may put up any moment: when it is looked at, that version alone needs nothing.
    """

    kind: str
    subject_id: int
    channel: str
    ts: str
    user_id: str
    ephemeral: bool = False
    attempt: int = 0
    by_web: bool = False
    doubted: int | None = None
    moved_from: int | None = None

    @property
    def line(self) -> tuple[str, str, str]:
        """The key of the line in which answers to this message stay in order."""
        return "card", self.channel, self.ts


def submit(tools: Tools, answer: ShowCard, reply: Reply) -> None:
    """Show a card where it was clicked; from a modal or Home, wherever it stands."""
    if reply.channel and reply.ts:
        put(tools, Showing(answer.kind, answer.subject_id, reply.channel, reply.ts, reply.user_id, reply.ephemeral))
    else:
        job = Job(CARDS, lambda: _everywhere(tools, answer, reply))
        tools.lines.put(("copies", answer.kind, answer.subject_id), job)


def put(tools: Tools, showing: Showing) -> None:
    """Queue a card behind what is under way for its message."""
    tools.lines.put(showing.line, _job(tools, showing))


def _job(tools: Tools, showing: Showing) -> Job:
    return Job(WEB if showing.by_web else CARDS, lambda: _show(tools, showing))


def _everywhere(tools: Tools, answer: ShowCard, reply: Reply) -> None:
    copies = select(col(Card.channel), col(Card.ts)).where(
        col(Card.kind) == answer.kind, col(Card.subject_id) == answer.subject_id
    )
    with tools.read() as session:
        places = session.execute(copies).all()
    for channel, ts in places:
        put(tools, Showing(answer.kind, answer.subject_id, channel, ts, reply.user_id))


def _show(tools: Tools, showing: Showing) -> Later | None:
    url = None if showing.by_web else tools.addresses.for_message((showing.channel, showing.ts))
    if url is None and not showing.by_web:
        return Later(0, _job(tools, replace(showing, by_web=True, attempt=0)))
    drawn = _draw(tools, showing)
    if drawn is None:
        if url is not None:
            tools.addresses.give_back(url)
        return None
    if url is not None:
        answered = tools.wire.post(url, {**fields(drawn), "replace_original": True})
        if answered.trouble is not None:
            return _after_url(tools, showing, drawn, url, answered.trouble)
    else:
        answered = _by_web(tools, showing, drawn)
        if answered.trouble is not None:
            return _after_web(tools, showing, drawn, answered.trouble)
    return _done(tools, showing, drawn)


def _draw(tools: Tools, showing: Showing) -> Drawn | None:
    with tools.read() as session:
        if showing.doubted is not None:
            present = tools.drawing.version(session, showing.kind, showing.subject_id)
            if present == showing.doubted:
                return None
        return tools.drawing.draw(session, showing.kind, {"id": showing.subject_id})


def _by_web(tools: Tools, showing: Showing, drawn: Drawn) -> Answered:
    if showing.ephemeral:
        to = {"channel": showing.channel, "user": showing.user_id}
        return tools.wire.call("chat.postEphemeral", {**to, **fields(drawn)})
    return tools.wire.call("chat.update", {"channel": showing.channel, "ts": showing.ts, **fields(drawn)})


def _done(tools: Tools, showing: Showing, drawn: Drawn) -> Later | None:
    if showing.ephemeral or drawn.version is None:
        return None
    tools.shown.note(showing.channel, showing.ts, showing.kind, showing.subject_id, drawn.version)
    # A newer answer is drawn anyway.
    if tools.lines.newer_waits(showing.line):
        return None
    with tools.read() as session:
        present = tools.drawing.version(session, showing.kind, showing.subject_id)
    if present is None or present == drawn.version:
        return None
    if showing.moved_from == drawn.version:
        log.error("card is drawn without its version", card=showing.kind, drawn=drawn.version, present=present)
        return None
    again = replace(showing, attempt=0, by_web=False, doubted=None, moved_from=drawn.version)
    return Later(0, _job(tools, again))


def _after_url(tools: Tools, showing: Showing, drawn: Drawn, url: str, trouble: Trouble) -> Later:
    _note(tools, showing, drawn, trouble, "response_url")
    if trouble.remedy in (Remedy.WAIT, Remedy.AGAIN):
        tools.addresses.give_back(url)
    elif trouble.remedy is not Remedy.LOOK:
        tools.addresses.dead(url)
    # Being told to wait counts here: the other way in may be open.
    seconds = tools.wait(trouble, showing.attempt) if showing.attempt < len(tools.pace.backoff) else None
    if seconds is not None:
        return Later(seconds, _job(tools, replace(showing, attempt=showing.attempt + 1, doubted=None)))
    return Later(0, _job(tools, replace(showing, attempt=0, by_web=True, doubted=None)))


def _after_web(tools: Tools, showing: Showing, drawn: Drawn, trouble: Trouble) -> Later | None:
    _note(tools, showing, drawn, trouble, "web")
    seconds = tools.wait(trouble, showing.attempt)
    if seconds is not None:
        return Later(seconds, _job(tools, replace(showing, attempt=counted(trouble, showing.attempt), doubted=None)))
    if showing.ephemeral:
        return None
    if trouble.remedy is Remedy.GONE:
        _new_card(tools, showing, trouble.code)
    elif trouble.remedy in (Remedy.WAIT, Remedy.AGAIN, Remedy.LOOK):
        # Slack cannot be reached: the sender goes on trying, over restarts.
        tools.outbox(
            lambda session, now: outbox.rewrite(
                session, now, showing.kind, showing.subject_id, drawn.version or 0, showing.kind
            )
        )
    return None


def _new_card(tools: Tools, showing: Showing, reason: str) -> None:
    """The message is lost: the card goes out as a new one, once for each message that was lost."""
    key = f"card:{showing.kind}:{showing.subject_id}:{reason}:{showing.channel}:{showing.ts}"
    tools.outbox(
        lambda session, now: outbox.put(
            session,
            now,
            key,
            showing.kind,
            outbox.To(channel=showing.channel),
            {"id": showing.subject_id},
            card=(showing.kind, showing.subject_id),
        )
    )


def _note(tools: Tools, showing: Showing, drawn: Drawn, trouble: Trouble, way: str) -> None:
    log.warning("card not shown", card=showing.kind, subject=showing.subject_id, way=way, error=trouble.code)
    if trouble.remedy is Remedy.LOOK and not showing.ephemeral:
        # The call may take effect yet, after newer ones: once nothing can be under way any more, look again.
        later = replace(showing, attempt=0, by_web=False, doubted=drawn.version)
        tools.lines.put_later(tools.pace.settle, showing.line, _job(tools, later))
