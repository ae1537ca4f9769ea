"""What the sender asks of whoever draws messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

from sqlmodel import Session


@dataclass(frozen=True)
class Drawn:
    """A message as Slack takes it. ``version`` is that of the thing drawn, for cards; ``text`` at most 4,000 long."""

    text: str
    blocks: list[dict[str, Any]]
    version: int | None = None


@dataclass(frozen=True)
class Picture:
    """A picture to upload: png, jpg or gif."""

    data: bytes
    alt_text: str
    file_name: str


@dataclass(frozen=True)
class Attachment:
    """A file to upload: ``data`` at its beginning, ``size`` bytes of it. Whoever uploads it closes it."""

    data: IO[bytes]
    size: int
    file_name: str
    title: str


class Draw(Protocol):
    """Draws from the store, at the moment of sending. An exception other than the database's fails the row for good."""

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn | None:
        """The message now; None where there is nothing to say any more.

        Of a chart's message the context has ``file_id``, the id that its image block names as ``slack_file``.
        """

    def picture(self, session: Session, template: str, context: Mapping[str, Any]) -> Picture:
        """The picture of a chart."""

    def attachment(self, session: Session, template: str, context: Mapping[str, Any]) -> Attachment | None:
        """The file that a row brings; None where there is nothing in it any more."""


VersionOf = Callable[[Session, str, int], int | None]
"""``(session, card kind, subject id)`` -> the thing's version now, None where it is gone.

It reads with ``with_for_update(read=True)``: a transaction that is changing the thing must end first, or a card posted
in that moment would stay stale on PostgreSQL.
"""
