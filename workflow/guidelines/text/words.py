"""What changed in a text, word by word, as a reader would tell it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isqrt
from operator import itemgetter

import regex  # type: ignore[import-untyped]

from workflow.guidelines.text.edits import MOST_STEPS, Edit, Op, edits

Words = tuple[tuple[Op, str], ...]
"""Pieces in order: those that stay and go are the text before, those that stay and come the text after."""

ALIKE = 0.35
"""Share of words in common below which a passage is shown as written anew and not as changed here and there."""
_LINES = regex.compile(r"[^\n]*\n|[^\n]+")
# A sign of a script that is written without spaces is a word; what belongs to a letter or an emoji is never torn off it.
_ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_TOKENS = regex.compile(
    rf"{_ALONE}\p{{M}}*+|[[\w\p{{M}}\u200c\u200d]--{_ALONE}]++\p{{M}}*+|[^\S\n]++(?!\p{{M}})|\X", regex.V1
)


@dataclass
class Effort:
    """How much may still be spent on finding the fewest changes of one document; without it passages change as a whole."""

    left: int = 3_000_000

    def edits(self, before: Sequence[str], after: Sequence[str], most: int = MOST_STEPS) -> list[Edit]:
        """The edits between two sequences; the cost grows with the square of their number."""
        most = min(most, isqrt(2 * max(self.left, 0)))
        made = edits(before, after, most)
        steps = sum((edit.b - edit.a) * (edit.op != "same") + (edit.d - edit.c) * (edit.op != "same") for edit in made)
        self.left -= min(steps, most) ** 2 // 2
        return made


def changed(before: str, after: str, effort: Effort) -> Words:
    """The pieces of two texts: whole lines first, then words within the passages that differ."""
    # A last line is the same line where another one follows it.
    ours, theirs = _LINES.findall(f"{before}\n"), _LINES.findall(f"{after}\n")
    pieces: list[tuple[Op, str]] = []
    for out, new, same in _passages(effort.edits(ours, theirs), ours, theirs):
        pieces += _within(out, new, effort)
        pieces.append(("same", same))
    return _merged(_without_last_end(list(_merged(pieces))))


def _without_last_end(pieces: list[tuple[Op, str]]) -> list[tuple[Op, str]]:
    """The pieces of two texts of which each lacks the line end that is its last character here."""
    tail = [pieces.pop()]
    if tail[0][0] == "same" or not pieces:
        return [*pieces, *((op, text[:-1]) for op, text in tail)]
    if pieces[-1][0] != "same":
        tail.append(pieces.pop())
        return [*pieces, *((op, text[:-1]) for op, text in reversed(tail))]
    # One text ends with what stays, so that the line end between that and the rest belongs to the rest.
    _, stays = pieces.pop()
    op, rest = tail[0]
    return [*pieces, ("same", stays[:-1]), (op, f"\n{rest[:-1]}")]


def _within(out: str, new: str, effort: Effort) -> list[tuple[Op, str]]:
    ours, theirs = _TOKENS.findall(out), _TOKENS.findall(new)
    if not (out and new) or _unlike(ours, theirs):
        return [("out", out), ("in", new)]
    found = _passages(effort.edits(ours, theirs, MOST_STEPS // 3), ours, theirs)
    return [piece for one, other, same in _whole(found) for piece in _pieces(one, other, same)]


def _pieces(out: str, new: str, same: str) -> list[tuple[Op, str]]:
    return [("out", out), ("in", new), ("same", same)]


def _passages(found: Iterable[Edit], before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str, str]]:
    """What goes, what comes in its place, and what stays behind it."""
    made: list[tuple[str, str, str]] = []
    out = new = ""
    for edit in found:
        if edit.op == "same":
            made.append((out, new, "".join(before[edit.a : edit.b])))
            out = new = ""
        elif edit.op == "out":
            out = "".join(before[edit.a : edit.b])
        else:
            new = "".join(after[edit.c : edit.d])
    return [*made, (out, new, "")] if out or new else made


def _whole(passages: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Passages with only a small word between them become one: a sentence written anew shares its “the” by chance."""
    made: list[tuple[str, str, str]] = []
    for out, new, same in passages:
        if made and _by_chance(made[-1], out, new):
            before_out, before_new, between = made.pop()
            made.append((before_out + between + out, before_new + between + new, same))
        else:
            made.append((out, new, same))
    return made


def _by_chance(before: tuple[str, str, str], out: str, new: str) -> bool:
    between = len(before[2])
    changed_before = max(len(before[0]), len(before[1]))
    return bool(changed_before) and between <= min(changed_before, max(len(out), len(new)))


def _unlike(before: Sequence[str], after: Sequence[str]) -> bool:
    ours, theirs = ({one for one in tokens if not one.isspace()} for tokens in (before, after))
    return 2 * len(ours & theirs) < ALIKE * (len(ours) + len(theirs))


def _merged(pieces: Iterable[tuple[Op, str]]) -> Words:
    some = (piece for piece in pieces if piece[1])
    return tuple((op, "".join(text for _, text in group)) for op, group in groupby(some, key=itemgetter(0)))
