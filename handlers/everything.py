"""All handlers, at one desk."""

from collections.abc import Mapping

from handlers import batches, command, digests, flags, home, labelling, people, reading, rulings
from handlers.command import Word
from handlers.desk import Desk


def register(desk: Desk, words: Mapping[str, Word] | None = None) -> None:
    """Register every handler; ``words`` are additional words of the slash command."""
    for area in (labelling, flags, rulings, reading, batches, digests, people, home):
        area.register(desk)
    command.register(desk, words or {})
