"""A file in Slack, as the clock asks for it; ``bot.slack.files`` answers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workflow.errors import RefusedError


@dataclass(frozen=True)
class About:
    """What Slack says of a file.

    ``kind`` is its MIME type, ``type`` what Slack takes it for (such as ``markdown``), both empty while Slack has not
    looked; ``shown`` whether Slack says where in the channel it is, ``thread`` the ts of the message that heads the thread
    there. ``user_id`` is who brought it.
    """

    file_id: str
    name: str
    size: int
    kind: str
    user_id: str
    url: str
    shown: bool = False
    thread: str | None = None
    type: str = ""
    is_document: bool = False
    """Slack's own: a canvas or a list, no file."""
    problem: str | None = None
    """Why Slack will not give the bytes, and what to do."""


class UnreadableError(RefusedError):
    """Slack does not give the file. The text says why, and what to do. ``early``: it may only not be there yet."""

    def __init__(self, words: str, *, early: bool = False) -> None:
        super().__init__(words)
        self.early = early


class NotNowError(Exception):
    """Slack could not be asked; in ``seconds`` it may be, or after a growing while. ``failed``: it was somebody's fault."""

    def __init__(self, words: str, seconds: float | None = None, *, failed: bool = True) -> None:
        super().__init__(words)
        self.seconds = seconds
        self.failed = failed


class Files(Protocol):
    """Slack's files."""

    @property
    def own_id(self) -> str:
        """The user id of the bot itself."""

    def about(self, file_id: str, channel: str) -> About:
        """What Slack says of a file. Raises UnreadableError, NotNowError."""

    def fetch(self, about: About, path: Path, most: int, progress: Callable[[int], None]) -> str:
        """Write the file's bytes to ``path``, ``most`` of them at most; their SHA-256 in hex.

        It is told how many have come. Raises UnreadableError, NotNowError, OSError of the disk.
        """
