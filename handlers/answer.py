"""What a handler may answer with. Handlers return these; ``bot.answers`` carries them out after the acknowledgement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class ShowCard:
    """Draw a card from the store and put it in the place of the message that was clicked."""

    kind: str
    subject_id: int


@dataclass(frozen=True)
class Say:
    """Tell the person who acted, and nobody else."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenView:
    """Open a modal on the click's trigger, or push it on the stack where the click was in a modal."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UpdateView:
    """Draw the modal that was acted in anew."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ShowHome:
    """Publish the person's App Home anew, whoever that is: by default the one who acted."""

    person_id: int | None = None


@dataclass(frozen=True)
class Errors:
    """A submitted modal stays open and shows these texts, by block id. Goes out in the acknowledgement itself."""

    by_block: Mapping[str, str]


Answer = ShowCard | Say | OpenView | UpdateView | ShowHome | Errors


@dataclass(frozen=True)
class Reply:
    """Where the answers to one interaction can go.

    ``us`` is the moment of the click in microseconds, from Slack's ``action_ts``. ``view_id`` and ``view_hash`` are of the
    modal that was acted in, ``home_hash`` of the person's Home where that was acted in or opened.
    """

    user_id: str
    us: int = 0
    channel: str | None = None
    ts: str | None = None
    response_url: str | None = None
    trigger_id: str | None = None
    view_id: str | None = None
    view_hash: str | None = None
    home_hash: str | None = None
    in_modal: bool = False
    ephemeral: bool = False


class Answers(Protocol):
    """Carries answers out, later and elsewhere: no handler makes a network call."""

    def submit(self, answer: Answer, reply: Reply) -> None:
        """Take an answer on; returns at once."""

    def view(self, template: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Draw a modal now, for an acknowledgement that carries it."""

    def nudge_sender(self) -> None:
        """There may be something new in the outbox."""
