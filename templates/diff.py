"""What changed in a guideline as `rich_text`: gone words struck through, new ones bold, below the heading of their section.

All of it are text elements, so that nothing typed in a guideline acts. A section that is new is shown as the reader shows
it; one that changed as it is written, since an address or a mark may be what changed. Where text stayed for long, the middle
is left out, as ⋯ says; of what changed nothing is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from templates.foreign import escaped_length
from templates.inline import Inline, merged
from templates.markdown import PAGE, named_parts, parts_of
from templates.paging import Element, Part, joined, paged
from templates.text import clean, shorten

KEPT = 160
"""Characters that stayed and are shown on either side of what changed."""
LEFT_OUT = " ⋯ "
REST = 400
NAME = 60
_WHITE = str.maketrans({" ": "␣", "\t": "⇥", "\n": "↵\n", "\xa0": "␣"})
_STYLES: dict[str, dict[str, bool]] = {"same": {}, "out": {"strike": True}, "in": {"bold": True}}
_KINDS = {"added": "new", "removed": "removed", "changed": "changed", "moved": "moved", "renamed": "renamed"}

Piece = tuple[str, str]
Kept = tuple[str, bool]
Change = Mapping[str, Any]


def blocks(changes: Sequence[Change], max_chars: int) -> tuple[list[Element], bool]:
    """A `rich_text` block of at most `max_chars` characters, none where nothing changed; and whether something is left out.

    `changes` are as `workflow.guidelines.text.diffing` has them. Of what is left out it says which sections they are.
    """
    whole = list(_parts(changes))
    if sum(part.size for part in whole) <= max_chars:
        return _shown(paged(whole, max_chars)), False
    room_for_names = min(REST, max_chars // 3)
    first, second, *_ = paged(whole, max_chars - room_for_names)
    begun = sum(part.heading and not part.continues for part in first)
    said = [f"the rest of “{_title(changes[begun - 1])}”"] if begun and not second[0].heading else []
    said += [f"“{_title(change)}” ({_KINDS[change['kind']]})" for change in changes[begun:]]
    return _shown([[*first, _left_out(said, room_for_names - 50)]]), True


def pages(changes: Sequence[Change], max_chars: int = PAGE, *, behind: Iterable[tuple[str, str]] = ()) -> list[Element]:
    """All that changed, as `rich_text` blocks to be shown one at a time; `behind` texts that have names, such as why."""
    return _shown(paged([*named_parts(behind), *_parts(changes)], max_chars))


def _shown(found: Iterable[list[Part]]) -> list[Element]:
    return [{"type": "rich_text", "elements": joined(page)} for page in found]


def _parts(changes: Sequence[Change]) -> Iterator[Part]:
    for change in changes:
        heading = merged(_heading(change))
        yield Part({"type": "rich_text_section", "elements": heading}, heading=True)
        if change["kind"] == "added":
            yield from (Part(part.element) for _, text in change["words"] for part in parts_of(text))
        elif words := merged(_words(change["words"])):
            yield Part({"type": "rich_text_section", "elements": words})


def _left_out(said: Sequence[str], room: int) -> Part:
    """Says what is left out, by as many names as there is room for."""
    kept = 1
    while kept < len(said) and sum(escaped_length(one) + 2 for one in said[: kept + 1]) <= room:
        kept += 1
    more = f" and {len(said) - kept:,} more" if len(said) > kept else ""
    words = f"Left out here: {', '.join(said[:kept])}{more}."
    return Part({"type": "rich_text_section", "elements": [{"type": "text", "text": words, "style": {"italic": True}}]})


def _heading(change: Change) -> Iterator[Inline]:
    title, old = clean(change["title"]), clean(change["old_title"])
    if change["kind"] != "added" and old and old != title:
        yield {"type": "text", "text": old, "style": {"bold": True, "strike": True}}
        yield {"type": "text", "text": " "}
    gone = {"strike": True} if change["kind"] == "removed" else {}
    yield {"type": "text", "text": title or "Before the first heading", "style": {"bold": True, **gone}}
    yield {"type": "text", "text": f"  ·  {', '.join(_happened(change))}", "style": {"italic": True}}


def _happened(change: Change) -> Iterator[str]:
    kind, behind = change["kind"], clean(change["behind"])
    if kind == "moved":
        yield f"moved behind “{shorten(behind, NAME)}”" if behind else "moved to the beginning"
    elif kind == "renamed" or change["words"]:
        yield _KINDS[kind]
    if kind == "moved" and change["title"] != change["old_title"]:
        yield "renamed"
    if kind in ("moved", "renamed") and change["words"]:
        yield "changed"
    if kind not in ("added", "removed") and change["level"] != change["old_level"]:
        yield f"heading of level {change['level']}, was {change['old_level']}"
    if kind in ("added", "removed") and not change["words"]:
        yield f"{_KINDS[kind]}, a heading alone"


def _title(change: Change) -> str:
    return shorten(clean(change["title"]), NAME) if change["title"] else "before the first heading"


def _words(pieces: Sequence[Piece]) -> Iterator[Inline]:
    """Pieces line by line; rows of tables and lines of code stand in the letters of code."""
    found = [(op, text, code) for line, code in _with_code(_lines(pieces)) for op, text in line]
    runs = [(op, [(text, code) for _, text, code in run]) for op, run in groupby(found, key=itemgetter(0))]
    for number, (op, run) in enumerate(runs):
        shown = _without_the_middle(run, number > 0, number + 1 < len(runs)) if op == "same" else run
        for text, code in shown:
            yield from _piece(op, text, code)


def _lines(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    line: list[Piece] = []
    for op, text in pieces:
        for part in clean(text).splitlines(keepends=True):
            line.append((op, part))
            if part.endswith("\n"):
                yield line
                line = []
    if line:
        yield line


def _with_code(lines: Iterable[list[Piece]]) -> Iterator[tuple[list[Piece], bool]]:
    """Whether each line is a row of a table or stands in a code block, on either side."""
    fenced = False
    for line in lines:
        written = "".join(text for _, text in line).strip()
        fence = written.startswith(("```", "~~~"))
        yield line, fenced or fence or written.startswith("|")
        fenced ^= fence


def _piece(op: str, text: str, code: bool) -> Iterator[Inline]:
    # What changed is no code even among code, where bold and struck through hardly show.
    style = {"code": True} if code and op == "same" else _STYLES[op]
    shown = text.translate(_WHITE) if op != "same" and text.isspace() else text
    # A line end has no style: as code it would be a mark of its own.
    words = shown.removesuffix("\n")
    if words:
        yield {"type": "text", "text": words, "style": style} if style else {"type": "text", "text": words}
    if words != shown:
        yield {"type": "text", "text": "\n"}


def _without_the_middle(run: list[Kept], follows: bool, leads: bool) -> list[Kept]:
    """A stretch that stayed, with only so much of it as belongs to what changed before and behind it."""
    length = sum(len(text) for text, _ in run)
    if length <= KEPT * (follows + leads) + 2 * KEPT:
        return run
    before = _first(run, KEPT) if follows else []
    behind = _last(run, KEPT) if leads else []
    return [*before, (LEFT_OUT, False), *behind]


def _first(run: Iterable[Kept], room: int) -> list[Kept]:
    made: list[Kept] = []
    for text, code in run:
        if len(text) > room:
            return [*made, (_beginning(text, room), code)]
        made.append((text, code))
        room -= len(text)
    return made


def _last(run: Sequence[Kept], room: int) -> list[Kept]:
    made: list[Kept] = []
    for text, code in reversed(run):
        if len(text) > room:
            return [(_end(text, room), code), *made]
        made.insert(0, (text, code))
        room -= len(text)
    return made


def _beginning(text: str, most: int) -> str:
    """Whole words from the beginning; none where the first one is too long."""
    return text[: text.rfind(" ", 0, most) + 1]


def _end(text: str, most: int) -> str:
    at = text.find(" ", len(text) - most)
    return text[at:] if at >= 0 else ""
