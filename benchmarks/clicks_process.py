"""A bot in a process of its own, and what the machine's time went to meanwhile."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


@dataclass(frozen=True)
class Spent:
    """CPU seconds so far: of the bot, of this process, of all processes together."""

    bot: float
    here: float
    all: float

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.bot - before.bot, self.here - before.here, self.all - before.all)


@contextmanager
def running(module: str, database: str, slack: str, environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """The bot of a module, connected; its process id. What it says on standard error goes to a file."""
    command = [sys.executable, "-m", module, database, slack]
    with log.open("w") as told:
        bot = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, env={**os.environ, **environment}
        )
        hurry = threading.Timer(START_SECONDS, bot.kill)
        hurry.start()
        try:
            assert bot.stdout is not None
            if bot.stdout.readline().strip() != b"ready":
                raise SystemExit(f"{module} did not start:\n{log.read_text()[-2000:]}")
            hurry.cancel()
            yield bot.pid
        finally:
            hurry.cancel()
            assert bot.stdin is not None
            bot.stdin.close()
            try:
                bot.wait(30)
            except subprocess.TimeoutExpired:
                bot.kill()


def spent(pid: int) -> Spent:
    """What has been spent until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total = [int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = total[3] + total[4]
    here = os.times()
    return Spent((int(fields[11]) + int(fields[12])) / TICK, here.user + here.system, (sum(total[:8]) - idle) / TICK)
