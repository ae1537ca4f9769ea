"""response_url: made with every interaction, good for five posts in thirty minutes."""

import json
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox import posting
from sandbox.answers import JsonAnswer
from sandbox.api import content
from sandbox.api.call import play, too_many
from sandbox.api.chat import rewrite
from sandbox.api.registry import SlackError
from sandbox.simulator import Simulator
from sandbox.things import Hook, Message

Json = dict[str, Any]
NAME = "response_url"


def make(sim: Simulator, user: str, channel: str, message: Message | None = None, *, command: bool = False) -> str:
    """A new response_url for what this person did in this conversation."""
    now = time.time()
    if len(sim.workspace.hooks) % 500 == 499:
        sim.workspace.forget_old_hooks(now)
    hook = Hook(
        key=secrets.token_urlsafe(18),
        channel=channel,
        user=user,
        expires=now + sim.settings.hook_seconds,
        ts=message.ts if message else None,
        ephemeral=bool(message and message.only_for),
        thread_ts=message.thread_ts if message else None,
        command=command,
    )
    sim.workspace.save_hook(hook)
    kind = "commands" if command else "actions"
    return f"{sim.settings.url}/{kind}/{sim.workspace.team['id']}/{int(now * 1000)}/{hook.key}"


async def receive(request: Request) -> Response:
    """A POST to a response_url."""
    sim: Simulator = request.app.state.sim
    hook = sim.workspace.hooks.get(request.path_params["key"])
    channel = hook.channel if hook else None
    struck = sim.faults.take(NAME, channel)
    raw = await request.body()
    if stop := await play(sim, NAME, channel, [fault for fault in struck if fault.before]):
        return stop
    answer, outcome = _use(sim, hook, raw)
    sim.workspace.store.flush()
    after = [fault for fault in struck if not fault.before]
    said = outcome if not after else f"{outcome}, {after[-1].kind}"
    sim.log.add(NAME, channel, said, effect=outcome == "ok", ts=hook.ts if hook else None)
    if stop := await play(sim, NAME, channel, after, logged=True):
        return stop
    return answer


def _use(sim: Simulator, hook: Hook | None, raw: bytes) -> tuple[Response, str]:
    now = time.time()
    if hook is None or hook.expires < now:
        return _refused("expired_url", 404)
    if hook.uses >= sim.settings.hook_uses:
        return _refused("used_url", 404)
    if sim.settings.rate_limits and (wait := sim.limits.post(hook.channel, now, response_url=True)):
        return too_many(wait), "ratelimited"
    hook.uses += 1
    sim.workspace.save_hook(hook)
    try:
        answer(sim, hook, _read(raw))
    except SlackError as error:
        return _refused(error.error, 404 if error.error == "message_not_found" else 400, error.more)
    return PlainTextResponse("ok"), "ok"


def _read(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body


def _refused(error: str, status: int, more: Json | None = None) -> tuple[Response, str]:
    return JsonAnswer({"ok": False, "error": error, **(more or {})}, status_code=status), error


def answer(sim: Simulator, hook: Hook, body: Json) -> None:
    """Do what the body of a response_url post, or of a command's ack, says; raises SlackError."""
    original = sim.workspace.find_message(hook.channel, hook.ts, hook.user) if hook.ts else None
    if body.get("delete_original") is True:
        if original is None:
            raise SlackError("message_not_found")
        return posting.remove(sim, original)
    said = content.read(sim, body)
    if body.get("replace_original") is True and not hook.command:
        if original is None:
            raise SlackError("message_not_found")
        if original.only_for:
            said.metadata = None
        return rewrite(sim, original, said)
    aloud = body.get("response_type") == "in_channel"
    message = Message(
        channel=hook.channel,
        ts=sim.workspace.clock.next(),
        user=sim.workspace.bot.user_id,
        bot=True,
        text=said.text or "",
        blocks=said.blocks or [],
        metadata=(said.metadata or None) if aloud else None,
        thread_ts=body.get("thread_ts") or (hook.thread_ts if not aloud else None),
        only_for=None if aloud else hook.user,
        via=NAME,
    )
    posting.post(sim, message)
    return None
