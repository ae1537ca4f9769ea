"""How soon Concord serves its page once it is installed, and what its core imports.

    python -m benchmarks.start [--rounds 5]

Each round runs ``concord run`` on a fresh home and waits until the workspace's page is served and the bot is connected;
``first`` makes the database, the demo project and the workspace, ``again`` finds them. Goal: the page within 3 seconds.
The core is what the running bot imports, in a fresh interpreter; the heavy libraries are imported where they are used.
"""

import argparse
import json
import os
import queue
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import urllib3

PATIENCE = 60
HEAVY = ("pandas", "matplotlib", "krippendorff", "pyarrow", "numpy", "scipy", "PIL")
CORE = """
import json, resource, sys, time
began = time.perf_counter()
import bot.process, bot.cli.running, bot.demo.project, storage.schema
took = time.perf_counter() - began
heavy = [name for name in sys.argv[1:] if name in sys.modules]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": took, "megabytes": memory, "modules": len(sys.modules), "heavy": heavy}))
"""


@dataclass(frozen=True)
class Started:
    """Seconds from the command until the page was served, and until the bot said that it is connected."""

    page: float
    connected: float


def start(home: Path) -> Started:
    """Run Concord in a home until it is there, and stop it and its workspace."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "CONCORD_"))}
    command = [sys.executable, "-m", "bot.cli", "run", "--port", "0"]
    began = monotonic()
    bot = subprocess.Popen(
        command,
        env={**environment, "CONCORD_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said: queue.Queue[tuple[float, str]] = queue.Queue()
    threading.Thread(target=lambda: listen(bot, said), daemon=True).start()
    try:
        page = served(home, bot, began)
        connected = next(at for at, line in iter(lambda: said.get(timeout=PATIENCE), None) if "Connected to" in line)
        return Started(page, connected - began)
    finally:
        bot.send_signal(signal.SIGTERM)
        bot.wait(PATIENCE)
        stop_workspace(home)


def listen(bot: "subprocess.Popen[str]", said: "queue.Queue[tuple[float, str]]") -> None:
    assert bot.stdout is not None
    for line in bot.stdout:
        said.put((monotonic(), line))


def served(home: Path, bot: "subprocess.Popen[str]", began: float) -> float:
    """Seconds until the page came."""
    while monotonic() - began < PATIENCE and bot.poll() is None:
        address = workspace(home)
        try:
            if address and urllib3.request("GET", address["url"], timeout=5, retries=False).status == 200:
                return monotonic() - began
        except urllib3.exceptions.HTTPError:
            pass
        sleep(0.01)
    raise SystemExit("concord run did not serve its page")


def workspace(home: Path) -> dict[str, Any] | None:
    """What the workspace says of itself, once it is there; one that was there before is no longer running."""
    try:
        found: dict[str, Any] = json.loads((home / "sandbox" / "sandbox.json").read_text())
    except (OSError, ValueError):
        return None
    return found


def stop_workspace(home: Path) -> None:
    """It outlives the bot: by its own process id."""
    found = workspace(home)
    if found is None:
        return
    os.kill(found["pid"], signal.SIGTERM)
    end = monotonic() + PATIENCE
    while monotonic() < end and re.search(r"State:\s+[^ZX]", status(found["pid"])):
        sleep(0.01)
    (home / "sandbox" / "sandbox.json").unlink(missing_ok=True)


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def core() -> dict[str, Any]:
    """What importing the core takes."""
    told = subprocess.run([sys.executable, "-c", CORE, *HEAVY], check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(told)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    times: dict[str, list[Started]] = {"first": [], "again": []}
    for _ in range(rounds):
        home = Path(tempfile.mkdtemp(prefix="concord-start-"))
        for found in times.values():
            found.append(start(home))
        shutil.rmtree(home)
    print(f"{'seconds, median of ' + str(rounds) + ' (longest)':36}{'page served':>16}{'bot connected':>18}")
    for kind, found in times.items():
        page, connected = [one.page for one in found], [one.connected for one in found]
        shown = [f"{statistics.median(some):.2f} ({max(some):.2f})" for some in (page, connected)]
        print(f"concord run, {kind:23}{shown[0]:>16}{shown[1]:>18}")
    cores = [core() for _ in range(rounds)]
    seconds = statistics.median(one["seconds"] for one in cores)
    print(f"\ncore imports: {seconds:.2f} s, {float(str(cores[0]['megabytes'])):.0f} MB, {cores[0]['modules']} modules")
    loaded = cores[0]["heavy"] or "none"
    print(f"heavy libraries among them (of {', '.join(HEAVY)}): {loaded}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
