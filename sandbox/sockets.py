"""Socket Mode: up to ten connections, each envelope to one of them in turn, acknowledged by its id."""

import asyncio
import json
import random
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

MOST = 10
TICKET_SECONDS = 30.0


@dataclass
class Delivery:
    """How badly envelopes travel: twice, late by up to ``window`` seconds, acks lost."""

    duplicate: bool = False
    shuffle: bool = False
    window: float = 0.2
    drop_acks: int = 0
    seed: int = 0
    chance: random.Random = field(default_factory=random.Random)


class NoConnectionError(Exception):
    """No app is connected."""


class Sockets:
    """The app's open connections and the envelopes that wait for an ack."""

    def __init__(self) -> None:
        self.delivery = Delivery()
        self.kept: deque[Any] = deque(maxlen=10_000)
        self.arrived = asyncio.Event()
        self._open: list[WebSocket] = []
        self._turn = 0
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._sends: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """A ticket for one connection."""
        key = secrets.token_hex(16)
        self._tickets[key] = time.time() + TICKET_SECONDS
        return key

    def admit(self, ticket: str) -> bool:
        """Whether the ticket opens a connection; it does so once."""
        return self._tickets.pop(ticket, 0.0) > time.time()

    async def serve(self, socket: WebSocket, app_id: str) -> None:
        """Greet a connection and read its acks until it goes."""
        await socket.accept()
        if len(self._open) >= MOST:
            await socket.send_text(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return
        self._open.append(socket)
        await socket.send_text(json.dumps(self._hello(app_id)))
        self.arrived.set()
        try:
            while True:
                self._read(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if socket in self._open:
                self._open.remove(socket)
            if not self._open:
                self.arrived.clear()

    def _hello(self, app_id: str) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": app_id},
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        }

    def _read(self, text: str) -> None:
        try:
            answer = json.loads(text)
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        future = self._waiting.get(answer.get("envelope_id", ""))
        if future is None or future.done():
            return
        if self.delivery.drop_acks > 0:
            self.delivery.drop_acks -= 1
            return
        future.set_result(answer.get("payload"))

    @property
    def unacknowledged(self) -> int:
        """How many envelopes wait for their acknowledgement."""
        return len(self._waiting)

    async def ask(self, envelope: dict[str, Any], seconds: float) -> Any:
        """Send an envelope and wait for its ack; the payload of the ack, or None.

        Raises NoConnectionError when nobody is there, TimeoutError when no ack comes in time.
        """
        if not self._open:
            raise NoConnectionError
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        envelope_ids = [envelope["envelope_id"]]
        self._waiting[envelope["envelope_id"]] = future
        try:
            if self.delivery.duplicate:
                twin = {**envelope, "envelope_id": _envelope_id()}
                envelope_ids.append(twin["envelope_id"])
                self._waiting[twin["envelope_id"]] = future
                await self._send(twin)
            await self._send(envelope)
            return await asyncio.wait_for(future, seconds)
        finally:
            for key in envelope_ids:
                self._waiting.pop(key, None)

    async def _send(self, envelope: dict[str, Any]) -> None:
        if not self.delivery.shuffle:
            return await self._put(envelope)
        wait = self.delivery.chance.uniform(0, self.delivery.window)
        task = asyncio.create_task(self._later(envelope, wait))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)
        return None

    async def _later(self, envelope: dict[str, Any], wait: float) -> None:
        await asyncio.sleep(wait)
        await self._put(envelope)

    async def _put(self, envelope: dict[str, Any]) -> None:
        text = json.dumps(envelope)
        for _ in range(len(self._open)):
            self._turn += 1
            socket = self._open[self._turn % len(self._open)]
            try:
                return await socket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):
                if socket in self._open:
                    self._open.remove(socket)
        return None

    async def disconnect(self, reason: str, *, close: bool) -> int:
        """Tell every connection to go (``refresh_requested``, ``warning``, ``link_disabled``); how many were told."""
        told = list(self._open)
        for socket in told:
            await socket.send_text(
                json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            )
            if close:
                if socket in self._open:
                    self._open.remove(socket)
                await socket.close()
        return len(told)


def _envelope_id() -> str:
    raw = secrets.token_hex(16)
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


def envelope(kind: str, payload: dict[str, Any], *, answerable: bool) -> dict[str, Any]:
    """An envelope of ``kind`` (``events_api``, ``interactive``, ``slash_commands``)."""
    return {
        "envelope_id": _envelope_id(),
        "payload": payload,
        "type": kind,
        "accepts_response_payload": answerable,
    }
