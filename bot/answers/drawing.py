"""What the answers ask of whoever draws: a template and its context become what a person sees."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlmodel import Session

from bot.sender.drawing import Drawn

__all__ = ["Drawing", "Drawn", "fields"]


class Drawing(Protocol):
    """How answers become visible. Every method only reads.

    A card's template is its kind, with the context ``{"id": subject id}``; Home is the view ``home`` with the context
    ``{"user_id": Slack id}``.
    """

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn | None:
        """A message, with the version of its subject as it was read for it; None where there is nothing to show."""

    def draw_view(self, session: Session, template: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """A modal or Home; a template of a message becomes a small modal."""

    def version(self, session: Session, kind: str, subject_id: int) -> int | None:
        """The present version of what a card of ``kind`` shows; None where there is no such thing."""


def fields(drawn: Drawn) -> dict[str, Any]:
    """A message as a Web API method or a ``response_url`` takes it."""
    return {"text": drawn.text, "blocks": drawn.blocks} if drawn.blocks else {"text": drawn.text}
