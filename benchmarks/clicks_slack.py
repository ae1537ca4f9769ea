"""A Slack that costs next to nothing: enough for a bot to sign in, be clicked at and answer. One event loop does it all.

``response_url`` answers after a fixed time, and so does every Web API method, each after its own. The SDK's own socket
client knows TLS on port 443 only: for it the socket stays without.
"""

import asyncio
import json
import ssl
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TEAM, BOT = "T1", "UBOT"
OPENED = "apps.connections.open"
# A bot that reads slowly must not slow down those who click.
NEVER_WAIT = 1 << 28


@dataclass
class Slack:
    """``on_ack`` gets the id of every envelope that is acknowledged. Times in seconds."""

    people: Mapping[str, str]
    on_ack: Callable[[str], None]
    tls: ssl.SSLContext | None = None
    tls_socket: bool = True
    url_seconds: float = 0.15
    api_seconds: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    socket: ServerConnection | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _servers: list[asyncio.Server | Server] = field(default_factory=list)
    _ports: list[int] = field(default_factory=list)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        http = await loop.create_server(lambda: _Http(self), "127.0.0.1", 0, ssl=self.tls, backlog=512)
        sockets = await serve(
            self._serve,
            "127.0.0.1",
            0,
            ssl=self.tls if self.tls_socket else None,
            compression=None,
            write_limit=NEVER_WAIT,
        )
        self._servers = [http, sockets]
        self._ports = [http.sockets[0].getsockname()[1], next(iter(sockets.sockets)).getsockname()[1]]

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        if isinstance(sockets := self._servers[1], Server):
            await sockets.wait_closed()

    @property
    def url(self) -> str:
        """The address of this Slack, as a certificate for localhost has it."""
        return f"http{'s' if self.tls else ''}://localhost:{self._ports[0]}"

    def answer(self, path: str) -> tuple[float, bytes]:
        """What a request gets, and after how long."""
        kind, _, name = path.strip("/").partition("/")
        if kind == "actions":
            self.calls["response_url"] += 1
            return self.url_seconds, b"ok"
        self.calls[name] += 1
        # Signing in is over before anybody clicks.
        seconds = 0.0 if name in ("auth.test", OPENED) else self.api_seconds
        return seconds, json.dumps({"ok": True, **self._body(name)}).encode()

    def _body(self, method: str) -> dict[str, Any]:
        number = self.calls[method]
        if method == "auth.test":
            return {"team_id": TEAM, "team": "Team", "bot_id": "B1", "user_id": BOT, "user": "bot"}
        if method == OPENED:
            return {
                "url": f"ws{'s' if self.tls and self.tls_socket else ''}://localhost:{self._ports[1]}/link?ticket={number}"
            }
        if method == "users.list":
            return {"members": [{"id": user, "name": name} for user, name in self.people.items()]}
        if method == "conversations.list":
            return {"channels": []}
        if method == "chat.postMessage":
            return {"channel": "C1", "ts": f"1700000000.{number:06}", "message": {}}
        return {"view": {"id": f"V{number}", "hash": f"1700000000.{number}"}, "messages": [], "ts": "1700000000.000001"}

    async def _serve(self, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.socket = connection
        self.connected.set()
        with suppress(ConnectionClosed):
            async for text in connection:
                if "envelope_id" in (told := json.loads(text)):
                    self.on_ack(told["envelope_id"])


class _Http(asyncio.Protocol):
    """One connection: HTTP/1.1 as our clients speak it, one request after the other."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._slack.connections += 1

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._got = b""
        seconds, answer = self._slack.answer(head.split(b" ", 2)[1].decode())
        said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
        asyncio.get_running_loop().call_later(seconds, partial(self._say, said + answer))

    def _say(self, said: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(said)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def certificate(folder: Path) -> Path | None:
    """A certificate for localhost with its key, in one file; None where there is no ``openssl`` to make it."""
    made, key = folder / "localhost.pem", folder / "localhost.key"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    made.write_text(made.read_text() + key.read_text())
    return made


def trusting(certificate: Path) -> dict[str, str]:
    """The environment of a bot that takes this certificate, and the 144 usual ones, as any bot's machine has them."""
    usual = ssl.get_default_verify_paths().cafile
    bundle = certificate.with_suffix(".bundle")
    bundle.write_text((Path(usual).read_text() if usual else "") + certificate.read_text().split("-----BEGIN PRIV")[0])
    return {"SSL_CERT_FILE": str(bundle)}
