"""All handlers, at one desk."""

from collections.abc import Mapping
from functools import partial

from handlers import (
    acknowledgements,
    audit_start,
    audits,
    batches,
    case_replies,
    channels,
    command,
    digests,
    disputes,
    drops,
    flags,
    guidelines,
    home,
    labelling,
    near,
    people,
    projects,
    proposals,
    reading,
    requeues,
    reviews,
    rulings,
)
from handlers.command import Word
from handlers.desk import Desk


def register(desk: Desk, words: Mapping[str, Word] | None = None, *, who_makes: str = "anybody", us: str = "") -> None:
    """Register every handler; ``words`` are additional words of the slash command, ``who_makes`` makes projects.

    ``us`` is the Slack id of the bot.
    """
    for area in (
        labelling,
        flags,
        rulings,
        case_replies,
        disputes,
        reading,
        batches,
        digests,
        people,
        home,
        drops,
        near,
        guidelines,
        acknowledgements,
        proposals,
        requeues,
        reviews,
        audits,
        audit_start,
    ):
        area.register(desk)
    projects.register(desk, who_makes)
    channels.register(desk, us)
    command.register(desk, {"new": partial(projects.open_new, who_makes), **(words or {})})
