"""``/concord crowd``: the crowd from inside the workspace on this machine. A process of its own does the clicking."""

import subprocess
import sys

from sqlmodel import Session

from handlers.answer import Answer, Say
from handlers.click import Click
from handlers.command import Word


class Crowd:
    """At most one crowd at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def word(self, _session: Session, _click: Click, rest: list[str]) -> Answer:
        """``crowd`` starts it, ``crowd stop`` ends it."""
        running = self._process is not None and self._process.poll() is None
        if rest[:1] == ["stop"]:
            if running and self._process is not None:
                self._process.terminate()
            return Say("said", {"message": "The crowd has stopped." if running else "There is no crowd at work."})
        if running:
            return Say("said", {"message": "The crowd is at work already. `/concord crowd stop` ends it."})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "demo", "--crowd"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        message = (
            "The crowd is coming: 164 people label the demo as they once did. As Rita, watch #rte-review for what they "
            "cannot agree on; as Lea, #rte-leads for the digest, in half a minute. The last 50 items are left to you."
        )
        return Say("said", {"message": message})


def crowd_words() -> dict[str, Word]:
    """The words that only the workspace on this machine has."""
    return {"crowd": Crowd().word}
