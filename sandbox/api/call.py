"""One Web API request, from the wire to the answer: arguments, token, faults, limits, method, log."""

import asyncio
import json
import socket
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.answers import JsonAnswer
from sandbox.api.registry import METHODS, Method, SlackError, app_scopes, need_scope, parsed
from sandbox.faults import Fault
from sandbox.simulator import Simulator

Json = dict[str, Any]
BODY = 8 * 1024 * 1024


class Abrupt(Response):
    """Not an answer: the connection is reset, as a network does it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Drop the connection with a reset."""
        transport = scope["state"]["transport"]
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        transport.abort()
        await asyncio.sleep(0.01)  # until the server has noticed, or it would complain of a missing answer


async def web_api(request: Request) -> Response:
    """Answer ``/api/<method>``."""
    sim: Simulator = request.app.state.sim
    name = request.path_params["method"]
    try:
        args, token, was_json = await _arguments(request)
    except ValueError:
        return _answer(sim, name, {"ok": False, "error": "invalid_json"})
    method = METHODS.get(name)
    if method is None:
        sim.log.add(name, None, "unknown_method", effect=False)
        return JsonAnswer({"ok": False, "error": "unknown_method", "req_method": name})
    channel = _channel(args)
    struck = sim.faults.take(name, channel)
    if stop := await play(sim, name, channel, [fault for fault in struck if fault.before]):
        return stop
    result, wait = _run(sim, method, args, token, was_json)
    sim.workspace.store.flush()
    if wait is not None:
        sim.log.add(name, channel, "ratelimited", effect=False)
        return too_many(wait)
    done = "ok" if result["ok"] else result["error"]
    after = [fault for fault in struck if not fault.before]
    said = done if not after else f"{done}, {after[-1].kind}"
    sim.log.add(name, result.get("channel_id", channel), said, effect=bool(result["ok"]), ts=result.get("ts"))
    if stop := await play(sim, name, channel, after, logged=True):
        return stop
    return _answer(sim, name, result)


def _run(sim: Simulator, method: Method, args: Json, token: str | None, was_json: bool) -> tuple[Json, int | None]:
    try:
        _check_token(sim, method, token)
        if method.form_only and was_json and args:
            raise SlackError("invalid_arguments", "[ERROR] this method does not read a JSON body; send form fields")
        if sim.settings.rate_limits and (wait := _wait(sim, method, args)):
            return {}, wait
        if method.scope:
            need_scope(sim, method.scope)
        return {"ok": True, **method.run(sim, args if was_json else parsed(args))}, None
    except SlackError as error:
        return {"ok": False, "error": error.error, **error.more}, None


def _check_token(sim: Simulator, method: Method, token: str | None) -> None:
    if method.token == "none":  # noqa: S105
        return
    if not token:
        raise SlackError("not_authed")
    taken = {sim.settings.bot_token: sim.lacks.token, sim.settings.app_token: sim.lacks.app_token}
    if token not in taken:
        raise SlackError("invalid_auth")
    if taken[token]:
        raise SlackError(taken[token])
    expected = sim.settings.app_token if method.token == "app" else sim.settings.bot_token  # noqa: S105
    if token != expected:
        raise SlackError("not_allowed_token_type")


def _wait(sim: Simulator, method: Method, args: Json) -> int | None:
    now = time.time()
    if method.posts:
        return sim.limits.post(str(args.get("channel")), now)
    return sim.limits.call(method.name, method.tier, now) if method.tier else None


async def _arguments(request: Request) -> tuple[Json, str | None, bool]:
    """The arguments, the token, and whether the arguments came as JSON. Raises ValueError for broken JSON."""
    args: Json = dict(request.query_params)
    content = request.headers.get("content-type", "")
    was_json = content.startswith("application/json")
    if was_json:
        body = await request.body()
        read = json.loads(body) if body else {}
        if not isinstance(read, dict) or len(body) > BODY:
            raise ValueError("the body must be a JSON object")
        args |= read
    elif request.method == "POST":
        async with request.form() as form:
            args |= {name: value for name, value in form.items() if isinstance(value, str)}
    header = request.headers.get("authorization", "")
    token = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else None
    from_args = args.pop("token", None)
    return args, token or from_args, was_json


def _channel(args: Json) -> str | None:
    value = args.get("channel") or args.get("channel_id") or args.get("user_id")
    return value if isinstance(value, str) else None


def too_many(seconds: int) -> Response:
    """Slack's 429."""
    body = {"ok": False, "error": "ratelimited"}
    return JsonAnswer(body, status_code=429, headers={"Retry-After": str(seconds)})


async def play(
    sim: Simulator, method: str, channel: str | None, faults: list[Fault], *, logged: bool = False
) -> Response | None:
    """Act out faults: wait, then perhaps an answer that ends the call."""
    for fault in faults:
        if fault.kind.startswith("delay"):
            await asyncio.sleep(fault.seconds)
            continue
        if not logged:
            sim.log.add(method, channel, fault.kind, effect=False)
        return _broken(fault)
    return None


def _broken(fault: Fault) -> Response:
    kind = fault.kind.removesuffix("_after").removesuffix("_before")
    if kind == "reset":
        return Abrupt()
    if kind == "429":
        return too_many(fault.retry_after)
    if kind in {"500", "503"}:
        words = "Internal Server Error" if kind == "500" else "Service Unavailable"
        return PlainTextResponse(words, status_code=int(kind))
    return JsonAnswer({"ok": False, "error": kind.removeprefix("error:")})


def _answer(sim: Simulator, name: str, result: Json) -> Response:
    if not result["ok"]:
        result = {"ok": False, **{key: value for key, value in result.items() if key != "ok"}}
    by_app = name in METHODS and METHODS[name].token == "app"  # noqa: S105
    scopes = app_scopes(sim) if by_app else sim.scopes
    headers = {"x-oauth-scopes": ",".join(scopes), "x-slack-req-id": name}
    if method_scope := METHODS[name].scope if name in METHODS else None:
        headers["x-accepted-oauth-scopes"] = method_scope
    return JsonAnswer(result, headers=headers)
