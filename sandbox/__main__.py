"""``python -m sandbox --dir DIR``: a Slack workspace on this machine."""

import argparse
import fcntl
import gc
import json
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from sandbox import seed
from sandbox.server import Protocol, application
from sandbox.simulator import Settings, Simulator
from sandbox.workspace import Workspace


def main(arguments: list[str] | None = None) -> int:
    """Serve a workspace until told to stop; the exit code."""
    ask = _parser().parse_args(arguments)
    if ask.host not in {"127.0.0.1", "localhost", "::1"}:
        return _complain("the sandbox listens on loopback only: --host 127.0.0.1")
    ask.dir.mkdir(parents=True, exist_ok=True)
    lock = (ask.dir / "sandbox.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _complain(f"another sandbox already serves {ask.dir}; its address is in {ask.dir / 'sandbox.json'}")
    (ask.dir / "sandbox.json").unlink(missing_ok=True)  # left by one that was killed
    try:
        sown = json.loads(ask.seed.read_text(encoding="utf-8")) if ask.seed else {}
    except (OSError, ValueError) as error:
        return _complain(f"cannot read the seed {ask.seed}: {error}")
    try:
        listener = _listen(ask.host, ask.port)
    except OSError as error:
        return _complain(f"cannot listen on {ask.host}:{ask.port}: {error.strerror}")
    _serve(ask, sown, listener)
    lock.close()
    return 0


def _complain(words: str) -> int:
    sys.stderr.write(f"sandbox: {words}\n")
    return 1


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def _serve(ask: argparse.Namespace, sown: dict[str, Any], listener: socket.socket) -> None:
    host = f"[{ask.host}]" if ":" in ask.host else ask.host
    url = f"http://{host}:{listener.getsockname()[1]}"
    settings = Settings(
        url=url,
        signing_secret=_secret(ask.dir / "signing_secret"),
        request_url=ask.request_url,
        rate_limits=ask.rate_limits,
        file_seconds=ask.file_delay,
        ack_seconds=ask.ack_seconds,
        event_retries=tuple(float(wait) for wait in ask.event_retries.split(",") if wait),
    )
    workspace = Workspace(ask.dir)
    seed.apply(workspace, sown)
    workspace.team["url"] = url
    sim = Simulator(workspace, settings)
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)  # what is loaded stays; looking at all of it again and again costs clicks
    config = uvicorn.Config(
        application(sim, ask.dir),
        http=Protocol,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        date_header=False,  # ours may be shifted
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _secret(path: Path) -> str:
    if not path.exists():
        path.write_text(secrets.token_hex(16), encoding="utf-8")
        path.chmod(0o600)
    return path.read_text(encoding="utf-8").strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A Slack workspace on this machine.")
    parser.add_argument("--dir", type=Path, required=True, help="where the workspace lies on disk")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=Path, help="JSON: team, app, users, channels, page_buttons")
    parser.add_argument("--request-url", help="deliver by signed HTTP to this address instead of Socket Mode")
    parser.add_argument("--rate-limits", action="store_true", help="hold the app to Slack's rate limits")
    parser.add_argument("--file-delay", type=float, default=0.3, help="seconds until a file's type is known")
    parser.add_argument("--ack-seconds", type=float, default=3.0, help="how long an ack may take")
    parser.add_argument("--event-retries", default="0,60,300", help="seconds before each retry of an event")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
