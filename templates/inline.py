"""The words of one paragraph of Markdown as elements of a rich_text section."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from markdown_it.tree import SyntaxTreeNode

Inline = dict[str, Any]

_REACHED = re.compile(r"(?:https?://|mailto:)[^\s<>]+", re.IGNORECASE)
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
LONGEST_ADDRESS = 3_000


def inlines(node: SyntaxTreeNode, style: Mapping[str, bool] | None = None) -> list[Inline]:
    """Text and link elements of a paragraph, heading or table cell; none of them is empty."""
    return merged([element for child in node.children for element in _inline(child, dict(style or {}))])


def merged(parts: Iterable[Inline]) -> list[Inline]:
    """The same words with neighbours of one style in one element."""
    kept: list[Inline] = []
    for part in parts:
        if part["type"] == "text" and not part["text"]:
            continue
        last = kept[-1] if kept else None
        if last and part["type"] == last["type"] == "text" and part.get("style") == last.get("style"):
            kept[-1] = {**last, "text": last["text"] + part["text"]}
        else:
            kept.append(part)
    return kept


def words_of(parts: Iterable[Inline]) -> str:
    """What a reader sees of elements."""
    return "".join(part.get("text") or part.get("url", "") for part in parts)


def _inline(node: SyntaxTreeNode, style: dict[str, bool]) -> Iterator[Inline]:
    if node.type in _STYLES:
        style = {**style, _STYLES[node.type]: True}
    match node.type:
        case "inline" | "strong" | "em" | "s":
            for child in node.children:
                yield from _inline(child, style)
        case "code_inline":
            yield _text(node.content, {**style, "code": True})
        case "softbreak":
            yield _text(" ", style)
        case "hardbreak":
            yield _text("\n", style)
        case "link":
            yield from _link(str(node.attrs.get("href", "")), node, style)
        case "image":
            yield from _image(str(node.attrs.get("src", "")), node.content or "image", style)
        case _:
            yield _text(node.content, style)


def _link(target: str, node: SyntaxTreeNode, style: dict[str, bool]) -> Iterator[Inline]:
    parts = merged([element for child in node.children for element in _inline(child, style)])
    if _reached(target):
        words = words_of(parts).strip()
        yield _styled({"type": "link", "url": target, "text": words or target}, style)
        return
    yield from parts
    if target and not target.startswith("#"):
        yield _text(f" ({target})", style)


def _image(source: str, words: str, style: dict[str, bool]) -> Iterator[Inline]:
    if _reached(source):
        yield _styled({"type": "link", "url": source, "text": words}, style)
    else:
        yield _text(f"{words} ({source})" if source else words, style)


def _reached(target: str) -> bool:
    return len(target) <= LONGEST_ADDRESS and _REACHED.fullmatch(target) is not None


def _text(text: str, style: Mapping[str, bool]) -> Inline:
    return _styled({"type": "text", "text": text}, style)


def _styled(element: Inline, style: Mapping[str, bool]) -> Inline:
    return {**element, "style": dict(style)} if style else element
