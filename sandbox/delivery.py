"""Bringing what happens to the app: by Socket Mode, or by HTTP where a request URL is set."""

import asyncio
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

from sandbox import ids
from sandbox.simulator import Simulator
from sandbox.sockets import NoConnectionError, envelope

Json = dict[str, Any]
_tasks: set[asyncio.Task[None]] = set()


async def ask(sim: Simulator, kind: str, payload: Json, *, answerable: bool) -> Any:
    """Deliver an interaction or command once and wait for the ack; its payload.

    Raises NoConnectionError and TimeoutError, as Slack then warns the person who clicked.
    """
    if sim.settings.request_url:
        return await _ask_http(sim, kind, payload, {})
    return await sim.sockets.ask(envelope(kind, payload, answerable=answerable), sim.settings.ack_seconds)


def tell(sim: Simulator, event: Json, subscription: str | None = None) -> None:
    """Send an event to the app if it subscribes; kept while nobody is connected, tried again when not acked."""
    app = sim.workspace.app
    if app is None or not sim.hears(subscription or event["type"]):
        return
    event.setdefault("event_ts", sim.workspace.clock.next())
    body = {
        "token": "sandbox",
        "team_id": sim.workspace.team["id"],
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": ids.fresh("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": sim.workspace.team["id"],
                "user_id": app.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{ids.fresh('E')}",
    }
    if not sim.settings.request_url and not len(sim.sockets):
        sim.sockets.kept.append(body)
        return
    _start(sim, body)


def tell_kept(sim: Simulator) -> None:
    """Send the events that waited for a connection."""
    while sim.sockets.kept:
        _start(sim, sim.sockets.kept.popleft())


def _start(sim: Simulator, body: Json) -> None:
    task = asyncio.create_task(_tell_until_acked(sim, body))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _tell_until_acked(sim: Simulator, body: Json) -> None:
    reason = ""
    for attempt, wait in enumerate((0.0, *sim.settings.event_retries)):
        if wait:
            await asyncio.sleep(wait)
        try:
            if sim.settings.request_url:
                headers = {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason} if attempt else {}
                await _ask_http(sim, "events_api", body, headers)
            else:
                sent = envelope("events_api", body, answerable=False)
                sent |= {"retry_attempt": attempt, "retry_reason": reason}
                await sim.sockets.ask(sent, sim.settings.ack_seconds)
            return
        except TimeoutError:
            reason = "timeout" if not sim.settings.request_url else "http_timeout"
        except NoConnectionError:
            if not sim.settings.request_url:
                sim.sockets.kept.append(body)
                return
            reason = "connection_failed"


async def _ask_http(sim: Simulator, kind: str, payload: Json, headers: dict[str, str]) -> Any:
    body, content = _http_body(kind, payload)
    stamp = str(int(time.time()))
    base = b"v0:" + stamp.encode() + b":" + body
    signature = hmac.new(sim.settings.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": content,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
        "User-Agent": "Slackbot 1.0",
        **headers,
    }
    url = sim.settings.request_url or ""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - set by the operator
    return await asyncio.wait_for(asyncio.to_thread(_open, request, sim.settings.ack_seconds), sim.settings.ack_seconds)


def _http_body(kind: str, payload: Json) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    if kind == "slash_commands":
        return urlencode(payload).encode(), form
    return urlencode({"payload": json.dumps(payload)}).encode(), form


def _open(request: urllib.request.Request, seconds: float) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        raise NoConnectionError from error
    except TimeoutError:
        raise
    except OSError as error:
        if isinstance(getattr(error, "reason", None), TimeoutError):
            raise TimeoutError from error
        raise NoConnectionError from error
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
