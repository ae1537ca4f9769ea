"""Parts of a rich_text put together, and cut into pages of a size that Slack takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from templates.foreign import escaped_length
from templates.inline import merged
from templates.text import split

TEXT = 2_500
"""Characters of one text element: below `slack.RICH_TEXT`, so that no text of a page is ever cut."""
INNER = 300
"""Parts of a page and elements of a part."""
TOGETHER = 6
"""Headings that stay with what follows them, as many as there are levels: where more follow each other they are the text."""

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a rich_text; a heading stays with what follows it, and what continues a text gets no new line."""

    element: Element
    heading: bool = False
    continues: bool = False

    @property
    def size(self) -> int:
        """Characters as Slack counts them, an address among them, and the lines between parts."""
        return _size(self.element) + 2


def paged(parts: Iterable[Part], most: int) -> list[list[Part]]:
    """The parts in pages of at most `most` characters, none of them empty; what does not fit a page is taken apart."""
    made: list[list[Part]] = [[]]
    room = most
    for piece in (piece for part in parts for piece in _pieces(part, _beside_headings(made[-1], most))):
        if made[-1] and (piece.size > room or len(made[-1]) >= INNER):
            made.append(_headings_taken(made[-1], most - piece.size))
            room = most - sum(moved.size for moved in made[-1])
        made[-1].append(piece)
        room -= piece.size
    return [page for page in made if page]


def joined(parts: list[Part]) -> list[Element]:
    """Sections one after the other become one, with a blank line between; after other parts a line is left free."""
    made: list[Element] = []
    for part in parts:
        element = part.element
        lead = None
        if element["type"] == "rich_text_section" and made:
            lead = "" if part.continues else "\n\n" if made[-1]["type"] == "rich_text_section" else "\n"
        if lead is None:
            made.append(element)
        else:
            before = made.pop()["elements"] if made[-1]["type"] == "rich_text_section" else []
            made.append(
                {**element, "elements": merged([*before, {"type": "text", "text": lead}, *element["elements"]])}
            )
    return [_broken(element) for element in made]


def _broken(element: Element) -> Element:
    """The element with no text longer than one text element may have."""
    if "elements" not in element:
        return element
    inner = [piece for one in element["elements"] for piece in _small(_broken(one), TEXT)]
    return {**element, "elements": inner}


def _small(one: Element, limit: int) -> Iterator[Element]:
    if one["type"] == "text" and escaped_length(one["text"]) > limit:
        yield from ({**one, "text": piece} for piece in split(one["text"], limit, escaped_length))
    else:
        yield one


def _pieces(part: Part, most: int) -> Iterator[Part]:
    """The part, or smaller ones of the same kind; a list may always be parted between two of its items."""
    if part.element["type"] == "rich_text_list":
        yield from _list_pieces(part.element, most)
    elif part.size <= most and len(part.element["elements"]) <= INNER:
        yield part
    else:
        inner = [piece for one in part.element["elements"] for piece in _small(one, most - 2)]
        for number, group in enumerate(_groups(inner, most - 2)):
            yield replace(part, element={**part.element, "elements": group}, continues=number > 0)


def _list_pieces(element: Element, most: int) -> Iterator[Part]:
    offset = element.get("offset", 0)
    for group in _groups(element["elements"], max(most // 4, 2)):
        first, *rest = _pieces(Part(group[0]), most) if len(group) == 1 else [Part(group[0])]
        made = {**element, "elements": [first.element, *group[1:]]}
        if element["style"] == "ordered" and offset:
            made["offset"] = offset
        yield Part(made)
        yield from rest  # what an endless item did not get into the list goes on below it
        offset += len(group)


def _groups(inner: list[Element], most: int) -> Iterator[list[Element]]:
    group: list[Element] = []
    used = 0
    for one in inner:
        if group and (used + _size(one) > most or len(group) >= INNER):
            yield group
            group, used = [], 0
        group.append(one)
        used += _size(one)
    if group:
        yield group


def _headings_taken(page: list[Part], room: int) -> list[Part]:
    """Headings that end a page begin the next one, if there is room: taken off the page, unless they are all of it."""
    kept = len(page)
    for part in _last_headings(page):
        room -= part.size
        if room < 0:
            break
        kept -= 1
    if kept == 0:
        return []
    moved = page[kept:]
    del page[kept:]
    return moved


def _beside_headings(page: list[Part], most: int) -> int:
    """What a page has left for a text when the headings that end this page go with it; at least half of it."""
    headings = sum(part.size for part in _last_headings(page))
    return max(most - headings, most // 2)


def _last_headings(page: list[Part]) -> Iterator[Part]:
    """The headings that a page ends with, the last first."""
    return takewhile(lambda part: part.heading, reversed(page[-TOGETHER:]))


def _size(element: Element) -> int:
    if "elements" in element:
        return sum(map(_size, element["elements"]))
    return escaped_length(element.get("text", "")) + len(element.get("url", ""))
