"""One page of something long, as the reader shows it."""

from collections.abc import Sequence
from typing import Any


def page_of(
    blocks: Sequence[Any], page: int, source: str, *, title: str, subtitle: str, versions_of: int = 0
) -> dict[str, Any]:
    """Values of the reader that shows one of ``blocks``; ``source`` names what is read, for who turns the pages.

    ``versions_of`` is the project whose guideline it is, where the reader leads on to all versions of it.
    """
    page = min(max(1, page), max(1, len(blocks)))
    return {
        "title": title,
        "subtitle": subtitle,
        "blocks": blocks[page - 1 : page],
        "page": page,
        "versions_of": versions_of,
        "pages": len(blocks),
        "before": f"{source}:{page - 1}",
        "next": f"{source}:{page + 1}",
    }
