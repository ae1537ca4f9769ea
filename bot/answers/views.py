"""Modals and Home: what is opened on a trigger, drawn anew, or published.

A trigger lives three seconds and works once: its call goes ahead of everything else, on threads of its own.
"""

import itertools
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlmodel import col

from bot.answers import say
from bot.answers.lines import Job, Later
from bot.answers.tools import CARDS, TRIGGER_USED, TRIGGERS, WEB, Tools, counted
from bot.slack.errors import Remedy
from handlers.answer import OpenView, Reply, Say, ShowHome, UpdateView
from storage.tables import Person

log = structlog.get_logger()
_numbers = itertools.count()

HOME = "home"
TOO_LATE = Say("refused", {"message": "Slack was too slow to open this. Nothing was changed: please click again."})
TOO_OLD = {"expired_trigger_id", "trigger_expired", "invalid_trigger_id"}


@dataclass(frozen=True)
class Opening:
    """A modal to open. ``again``: a first call had no known outcome."""

    answer: OpenView
    reply: Reply
    again: bool = False


@dataclass(frozen=True)
class Redrawing:
    """A view to draw anew: a modal by its id, or somebody's Home. ``hash`` guards against writing over a newer one."""

    method: str
    target: str
    answer: UpdateView
    hash: str | None = None
    attempt: int = 0

    @property
    def line(self) -> tuple[str, str]:
        """The key of the line in which drawings of this view stay in order."""
        return self.method, self.target


def open_view(tools: Tools, answer: OpenView, reply: Reply) -> None:
    """Open a modal, or push it on the one that was clicked in."""
    tools.lines.put(("open", next(_numbers)), Job(TRIGGERS, lambda: _open(tools, Opening(answer, reply))))


def update_view(tools: Tools, answer: UpdateView, reply: Reply) -> None:
    """Draw the modal that was acted in anew."""
    if reply.view_id is None:
        log.error("no view to update", template=answer.template)
        return
    redrawing = Redrawing("views.update", reply.view_id, answer, reply.view_hash)
    tools.lines.put(redrawing.line, _job(tools, redrawing))


def show_home(tools: Tools, answer: ShowHome, reply: Reply) -> None:
    """Publish somebody's Home."""
    if answer.person_id is None:
        _publish(tools, reply.user_id, reply.home_hash)
    else:
        person_id = answer.person_id
        tools.lines.put(("home of", person_id), Job(CARDS, lambda: _find_home(tools, person_id)))


def _find_home(tools: Tools, person_id: int) -> None:
    with tools.read() as session:
        user_id = session.execute(select(col(Person.slack_id)).where(col(Person.id) == person_id)).scalar()
    if user_id:
        _publish(tools, user_id, None)


def _publish(tools: Tools, user_id: str, known: str | None) -> None:
    if known is not None:
        tools.hashes.learn(user_id, known)
    redrawing = Redrawing("views.publish", user_id, UpdateView(HOME, {"user_id": user_id}), tools.hashes.get(user_id))
    tools.lines.put(redrawing.line, _job(tools, redrawing))


def _open(tools: Tools, opening: Opening) -> Later | None:
    answer, reply = opening.answer, opening.reply
    with tools.read_at_once() as session:
        view = tools.drawing.draw_view(session, answer.template, answer.context)
    method = "views.push" if reply.in_modal else "views.open"
    trouble = tools.wire.call(method, {"trigger_id": reply.trigger_id, "view": view}).trouble
    if trouble is None or trouble.code in TRIGGER_USED:
        return None
    log.warning("view not opened", template=answer.template, error=trouble.code)
    if trouble.remedy in (Remedy.LOOK, Remedy.AGAIN) and not opening.again:
        # The trigger works once, so a second call cannot open it twice.
        return Later(0, Job(TRIGGERS, lambda: _open(tools, replace(opening, again=True))))
    if trouble.code in TOO_OLD or trouble.remedy in (Remedy.WAIT, Remedy.LOOK, Remedy.AGAIN):
        say.submit(tools, TOO_LATE, replace(reply, trigger_id=None))
    return None


def _job(tools: Tools, redrawing: Redrawing) -> Job:
    return Job(WEB, lambda: _redraw(tools, redrawing))


def _redraw(tools: Tools, redrawing: Redrawing) -> Later | None:
    with tools.read() as session:
        view = tools.drawing.draw_view(session, redrawing.answer.template, redrawing.answer.context)
    target = "user_id" if redrawing.method == "views.publish" else "view_id"
    guard = {"hash": redrawing.hash} if redrawing.hash else {}
    answered = tools.wire.call(redrawing.method, {target: redrawing.target, "view": view, **guard})
    trouble = answered.trouble
    if trouble is None:
        shown = answered.body.get("view") or {}
        tools.hashes.learn(redrawing.target, shown.get("hash"))
        return None
    if trouble.code == "hash_conflict" and redrawing.hash is not None:
        # Somebody was faster. What is drawn from the store after that is at least as new as what they put up.
        tools.hashes.forget(redrawing.target)
        return Later(0, _job(tools, replace(redrawing, hash=None)))
    log.warning("view not drawn", method=redrawing.method, template=redrawing.answer.template, error=trouble.code)
    seconds = tools.wait(trouble, redrawing.attempt)
    if seconds is None:
        return None
    # What is unknown may have changed the hash; this line is the only writer here.
    attempt = counted(trouble, redrawing.attempt)
    return Later(seconds, _job(tools, replace(redrawing, hash=None, attempt=attempt)))
