"""A table drawn with characters, its columns aligned by the width that people see."""

from itertools import zip_longest

from templates.text import graphemes, width

WIDEST = 76
NARROWEST = 8
GAP = "  "


def drawn(rows: list[list[str]], aligned: list[str], widest: int = WIDEST) -> str:
    """Rows of cells as lines; the first row is the head and gets a rule.

    `aligned` says left, center or right per column (anything else is left). A table wider than `widest` columns has
    the words of its widest columns wrapped, down to eight each; a longer word is broken. Nothing is left out.
    """
    count = max(map(len, rows), default=0)
    filled = [[" ".join(cell.split()) for cell in row] + [""] * (count - len(row)) for row in rows]
    if not count:
        return ""
    widths = _widths([max(1, *(width(row[column]) for row in filled)) for column in range(count)], widest)
    aligned = (aligned + [""] * count)[:count]
    lines = []
    wraps = any(len(_wrapped(cell, room)) > 1 for row in filled for cell, room in zip(row, widths, strict=True))
    for number, row in enumerate(filled):
        cells = [_wrapped(cell, room) for cell, room in zip(row, widths, strict=True)]
        if number > 1 and wraps:
            lines.append("")
        for line in zip_longest(*cells, fillvalue=""):
            placed = [_placed(part, room, how) for part, room, how in zip(line, widths, aligned, strict=True)]
            lines.append(GAP.join(placed).rstrip())
        if number == 0:
            lines.append(GAP.join("─" * room for room in widths))
    return "\n".join(lines)


def _widths(wanted: list[int], widest: int) -> list[int]:
    """The widths that columns get: the widest give way first."""
    widths = list(wanted)
    room = max(widest - len(GAP) * (len(widths) - 1), NARROWEST * len(widths))
    while sum(widths) > room:
        most = widths.index(max(widths))
        widths[most] -= 1
    return widths


def _wrapped(text: str, room: int) -> list[str]:
    lines, line, used = [], "", 0
    for word in text.split(" "):
        for piece in _broken(word, room):
            wide = width(piece)
            if line and used + 1 + wide > room:
                lines.append(line)
                line, used = piece, wide
            elif line:
                line, used = f"{line} {piece}", used + 1 + wide
            else:
                line, used = piece, wide
    return [*lines, line]


def _broken(word: str, room: int) -> list[str]:
    if width(word) <= room:
        return [word]
    pieces, piece, used = [], "", 0
    for character in graphemes(word):
        wide = width(character)
        if piece and used + wide > room:
            pieces.append(piece)
            piece, used = "", 0
        piece += character
        used += wide
    return [*pieces, piece]


def _placed(text: str, room: int, how: str) -> str:
    free = max(0, room - width(text))
    if how == "right":
        return " " * free + text
    if how == "center":
        return " " * (free // 2) + text + " " * (free - free // 2)
    return text + " " * free
