"""The workspace on this machine, for when there are no tokens: started as a process of its own that outlives the bot.

It is reached as any Slack is, over HTTP and WebSocket; its address stands in a file that the command line reads too.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from workflow.errors import RefusedError

START_SECONDS = 20.0


class SandboxError(RefusedError):
    """The workspace on this machine did not start. The text says what it said."""


@dataclass(frozen=True)
class Address:
    """Where the workspace is, and the tokens that it takes."""

    url: str
    api_url: str
    bot_token: str
    app_token: str
    pid: int


def find(home: Path) -> Address | None:
    """The running workspace in Concord's home, if there is one."""
    try:
        said = json.loads((home / "sandbox" / "sandbox.json").read_text(encoding="utf-8"))
        address = Address(said["url"], said["api_url"], said["bot_token"], said["app_token"], int(said["pid"]))
        # One that was killed leaves its address behind, and by now somebody else may answer there.
        os.kill(address.pid, 0)
        answer = urllib3.request("GET", f"{address.url}/client/bootstrap", timeout=3.0, retries=False).json()
        return address if "team" in answer and "page_buttons" in answer else None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, urllib3.exceptions.HTTPError):
        return None


def ensure(home: Path, seed: dict[str, Any], port: int = 0) -> Address:
    """The running workspace, started where there is none; the seed's people and channels are in it either way."""
    running = find(home)
    if running is not None:
        urllib3.request("POST", f"{running.url}/client/seed", json=seed, timeout=10.0, retries=False)
        return running
    folder = home / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    seed_file = folder / "seed.json"
    seed_file.write_text(json.dumps(seed), encoding="utf-8")
    command = [sys.executable, "-m", "sandbox", "--dir", str(folder), "--seed", str(seed_file), "--port", str(port)]
    with (folder / "sandbox.log").open("ab") as log:
        begins = log.tell()
        process = subprocess.Popen(  # noqa: S603
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=_environment()
        )
    return _wait(home, process, folder / "sandbox.log", begins)


def _environment() -> dict[str, str]:
    # It has nothing to do with the tokens of a real workspace.
    return {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}


def _wait(home: Path, process: "subprocess.Popen[bytes]", log: Path, begins: int) -> Address:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        address = find(home)
        if address is not None:
            return address
        if process.poll() is not None:
            break
        time.sleep(0.02)
    last = log.read_bytes()[begins:].decode("utf-8", "replace").strip().splitlines()[-3:]
    said = " ".join(last) or f"it said nothing; see {log}"
    hint = " `--port 0` takes any free port." if "Address already in use" in said else ""
    raise SandboxError(f"The workspace on this machine did not start: {said}.{hint}")
