"""How people and channels are named before Slack has told their ids, and how to recognise an id."""

import re
from dataclasses import dataclass

from workflow import normalise

_PERSON_ID = re.compile(r"[UW][A-Z0-9]{1,24}")
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{1,24}")
_MENTION = re.compile(r"<[@#]([A-Z0-9]+)(?:\|[^>]*)?>")
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_LONGEST = 80
_LONGEST_EMAIL = 200


@dataclass(frozen=True)
class Named:
    """A person or channel as somebody wrote it: exactly one of ``slack_id`` and ``handle`` is known.

    ``handle`` is in lower case, so that one person is not two; ``shown`` is what was typed.
    """

    shown: str
    slack_id: str | None = None
    handle: str | None = None

    @property
    def key(self) -> str:
        """What tells two of them apart."""
        return self.slack_id or self.handle or ""


def person(typed: str) -> Named:
    """Read ``@name``, an e-mail address, a Slack id or a mention. Raises ValueError saying how to write it."""
    clean = _clean(typed)
    if _PERSON_ID.fullmatch(clean):
        return Named(clean, slack_id=clean)
    if clean.startswith("@") and 1 < len(clean) <= _LONGEST:
        return Named(clean[1:].strip(), handle="@" + clean[1:].strip().casefold())
    if _EMAIL.fullmatch(clean) and len(clean) <= _LONGEST_EMAIL:
        return Named(clean, handle=clean.casefold())
    raise ValueError(f'{typed!r} names nobody: write "@name" (in quotes), an e-mail address or a Slack id (U024BE7LH)')


def channel(typed: str) -> Named:
    """Read ``#name``, a Slack id or a mention. Raises ValueError saying how to write it."""
    clean = _clean(typed)
    if _CHANNEL_ID.fullmatch(clean):
        return Named(clean, slack_id=clean)
    if clean.startswith("#") and 1 < len(clean) <= _LONGEST + 1 and not re.search(r"\s", clean):
        return Named(clean, handle=clean.casefold())
    raise ValueError(f'{typed!r} names no channel: write "#name" (in quotes) or a Slack id (C024BE7LH)')


def _clean(typed: str) -> str:
    clean = normalise.name(typed)
    mention = _MENTION.fullmatch(clean)
    return mention.group(1) if mention else clean
