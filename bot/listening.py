"""Serving HTTP from a thread of its own: an address as it is typed, a socket that listens there, uvicorn on it."""

import socket
import threading
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(typed: str) -> Address:
    """``HOST:PORT`` or ``[IPV6]:PORT``. Raises ValueError with words for whoever typed it."""
    host, colon, port = typed.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{typed!r} is no address to listen on: HOST:PORT is needed, such as 127.0.0.1:3000.")
    return Address(host, int(port))


class WebServer:
    """Serves a web application from a thread of its own."""

    def __init__(self, web: Starlette, address: Address, name: str) -> None:
        self._address, self._name = address, name
        config = uvicorn.Config(web, log_config=None, access_log=False, lifespan="off", server_header=False)
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def serving(self) -> bool:
        """Whether requests are taken."""
        return self._thread is not None and self._thread.is_alive() and not self._server.should_exit

    def start(self) -> int:
        """Serve; the port on which it listens. Raises OSError where it cannot."""
        listener = _listen(self._address)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name=self._name, daemon=True
        )
        self._thread.start()
        port: int = listener.getsockname()[1]
        return port

    def stop(self, seconds: float) -> bool:
        """Take no more requests, finish those in hand for at most ``seconds``; whether all was finished."""
        self._server.config.timeout_graceful_shutdown = max(1, round(seconds))
        self._server.should_exit = True
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # Where the protocol is named, asyncio switches Nagle's algorithm off: else an answer may wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {address}: {error.strerror}") from error
    return listener
