"""Markdown -> `rich_text`, for guidelines where Slack refuses `markdown` blocks (modals, Home).

In `rich_text` a text element carries no markup, so `<!here>`, `<@U1>` and `@channel` in a guideline stay text. HTML is
text too. Links go to http, https and mailto only; others show their words and, unless it is an anchor, their target.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from templates.escaping import escape_markdown_block, escape_mrkdwn
from templates.inline import Inline, inlines, merged, words_of
from templates.paging import Element, Part, joined, paged
from templates.table import drawn
from templates.text import clean

__all__ = ["elements", "escape_markdown_block", "escape_mrkdwn", "pages", "plain"]

PAGE = 9_000
RULE = "─" * 24
DEEPEST = 8
NESTED = 90
"""Lists and quotations in each other: what is deeper is left out by the parser, so a guideline has at most 80."""


def elements(markdown: str) -> list[Element]:
    """The parts of one `rich_text` block: sections, lists, quotes and preformatted text. Empty for an empty text."""
    return joined(list(parts_of(markdown)))


def pages(markdown: str, max_chars: int = PAGE) -> list[Element]:
    """`rich_text` blocks of at most `max_chars` characters each, to be shown one at a time; nothing is left out.

    A page ends between two parts, or within a long list, quote, table or text; never behind a heading if it can be.
    """
    if max_chars < 100:
        raise ValueError(f"pages of {max_chars} characters are too short")
    return [{"type": "rich_text", "elements": page} for page in _kept_pages(markdown, max_chars)]


@lru_cache(maxsize=8)
def _kept_pages(markdown: str, max_chars: int) -> list[list[Element]]:
    # Each turn of a page asks for all of them, and sixty pages take a second to make.
    return [joined(page) for page in paged(parts_of(markdown), max_chars)]


def text_pages(texts: Iterable[tuple[str, str]], max_chars: int = PAGE) -> list[Element]:
    """`rich_text` blocks like those of `pages` for plain texts, each (name, text) under its name; no markup is read."""
    return [{"type": "rich_text", "elements": joined(page)} for page in paged(named_parts(texts), max_chars)]


def named_parts(texts: Iterable[tuple[str, str]]) -> Iterator[Part]:
    """The same as parts, to be put among others."""
    for name, text in texts:
        yield from _section([{"type": "text", "text": clean(name), "style": {"bold": True}}], heading=True)
        yield from _section([{"type": "text", "text": clean(text)}] if text else [])


def plain(markdown: str) -> str:
    """The words of a Markdown text, line by line, without markup; not escaped, since a template does that."""
    return "\n".join(_lines(element) for element in elements(markdown)).strip()


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "maxNesting": NESTED}).enable(["table", "strikethrough"])


def parts_of(markdown: str) -> Iterator[Part]:
    """The parts of a text, in order, to be put among others."""
    tree = SyntaxTreeNode(_reader().parse(clean(markdown)))
    for node in tree.children:
        yield from _block(node)


def _block(node: SyntaxTreeNode) -> Iterator[Part]:
    match node.type:
        case "paragraph":
            yield from _section(inlines(node))
        case "heading":
            yield from _section(inlines(node, {"bold": True}), heading=True)
        case "bullet_list" | "ordered_list":
            yield from _list(node, 0)
        case "fence" | "code_block":
            yield from _preformatted(node.content)
        case "table":
            yield from _preformatted(drawn(*_cells(node)))
        case "blockquote":
            quoted = merged(list(_flat(node.children)))
            if quoted:
                yield Part({"type": "rich_text_quote", "elements": quoted})
        case "hr":
            yield from _section([{"type": "text", "text": RULE}])
        case _:
            yield from _section([{"type": "text", "text": node.content}] if node.content else [])


def _section(content: list[Inline], heading: bool = False) -> Iterator[Part]:
    if content:
        yield Part({"type": "rich_text_section", "elements": content}, heading)


def _preformatted(text: str) -> Iterator[Part]:
    text = text.rstrip("\n")
    if text.strip():
        yield Part({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]})


def _list(node: SyntaxTreeNode, indent: int) -> Iterator[Part]:
    """A list; where something stands in an item that a list cannot hold, the list is broken and numbered on."""
    first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    waiting: list[Element] = []
    begun = 0
    for number, item in enumerate(node.children):
        words, after = _item(item, indent)
        waiting.append({"type": "rich_text_section", "elements": words or [{"type": "text", "text": " "}]})
        if after:
            yield _list_part(waiting, indent, first, begun)
            yield from after
            waiting, begun = [], number + 1
    if waiting:
        yield _list_part(waiting, indent, first, begun)


def _list_part(sections: list[Element], indent: int, first: int | None, begun: int) -> Part:
    element: Element = {"type": "rich_text_list", "style": "bullet", "elements": sections}
    if indent:
        element["indent"] = min(indent, DEEPEST)
    if first is not None:
        element["style"] = "ordered"
        offset = min(max(first - 1, 0) + begun, 10**6)
        if offset:
            element["offset"] = offset
    return Part(element)


def _item(item: SyntaxTreeNode, indent: int) -> tuple[list[Inline], list[Part]]:
    words: list[Inline] = []
    after: list[Part] = []
    for child in item.children:
        if child.type in ("bullet_list", "ordered_list"):
            after += _list(child, indent + 1)
        elif child.type == "paragraph" and not after:
            words += [{"type": "text", "text": "\n"}, *inlines(child)] if words else inlines(child)
        else:
            after += _block(child)
    return merged(words), after


def _flat(nodes: list[SyntaxTreeNode], lead: str = "") -> Iterator[Inline]:
    """Blocks within a quotation, which holds nothing but words: lists get their bullets, code its style."""
    for index, node in enumerate(nodes):
        if index:
            yield {"type": "text", "text": "\n" if node.type == "list_item" else "\n\n"}
        if node.type in ("bullet_list", "ordered_list"):
            yield from _flat_list(node, lead)
        elif node.type == "blockquote":
            yield {"type": "text", "text": lead + "> "}
            yield from _flat(node.children, lead + "> ")
        elif node.type in ("fence", "code_block"):
            yield {"type": "text", "text": node.content.rstrip("\n"), "style": {"code": True}}
        elif node.type == "table":
            yield {"type": "text", "text": drawn(*_cells(node)), "style": {"code": True}}
        elif node.type == "heading":
            yield from inlines(node, {"bold": True})
        else:
            yield from inlines(node) or [{"type": "text", "text": RULE if node.type == "hr" else node.content}]


def _flat_list(node: SyntaxTreeNode, lead: str) -> Iterator[Inline]:
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children):
        mark = f"{first + number}. " if node.type == "ordered_list" else "• "
        yield {"type": "text", "text": ("\n" if number else "") + lead + mark}
        yield from _flat(item.children, lead + "  ")


def _cells(table: SyntaxTreeNode) -> tuple[list[list[str]], list[str]]:
    rows = [row for part in table.children for row in part.children]
    texts = [[words_of(inlines(cell)) for cell in row.children] for row in rows]
    aligned = [str(cell.attrs.get("style", "")).removeprefix("text-align:") for cell in rows[0].children]
    return texts, aligned


def _lines(element: Element) -> str:
    if element["type"] != "rich_text_list":
        return words_of(element["elements"])
    lead = "  " * element.get("indent", 0)
    first = element.get("offset", 0) + 1
    marks = [f"{first + n}. " if element["style"] == "ordered" else "• " for n in range(len(element["elements"]))]
    return "\n".join(
        lead + mark + words_of(one["elements"]) for mark, one in zip(marks, element["elements"], strict=True)
    )
