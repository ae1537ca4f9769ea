"""What the answers ask of whoever draws: a template and its context become what a person sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlmodel import Session


@dataclass(frozen=True)
class Drawn:
    """Something drawn from the store: a message has ``text`` and ``blocks``, a modal or Home its ``view``.

    ``version`` is the version of the subject as it was read while drawing; 0 where the subject has none.
    """

    text: str | None = None
    blocks: Sequence[Mapping[str, Any]] | None = None
    view: Mapping[str, Any] | None = None
    version: int = 0

    def message(self) -> dict[str, Any]:
        """The fields of a message, for a Web API call or a ``response_url``."""
        fields: dict[str, Any] = {}
        if self.text is not None:
            fields["text"] = self.text
        if self.blocks is not None:
            fields["blocks"] = list(self.blocks)
        return fields


class Drawing(Protocol):
    """How answers become visible. Every method only reads.

    A card's template is its kind, with the context ``{"id": subject id}``; Home is the view ``home`` with the context
    ``{"user_id": Slack id}``.
    """

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn:
        """A message."""

    def draw_view(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn:
        """A modal or Home; a template of a message becomes a small modal."""

    def version(self, session: Session, kind: str, subject_id: int) -> int | None:
        """The present version of what a card of ``kind`` shows; None where there is no such thing."""
