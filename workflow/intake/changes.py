"""What becomes of a row, given what is there already: new, there already, another text for a known id."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class OnChange(StrEnum):
    """What to do with a known id that comes with another text: nothing, put it in the old one's place, add it beside."""

    KEEP = "keep"
    REPLACE = "replace"
    NEW = "new"


class Fate(StrEnum):
    """What a row becomes.

    ``double`` has the text of another item, ``same`` is there already under its own id. ``kept`` and ``twice`` are
    refused: its id has another text, from before or from this very file. ``replaces`` takes the place of what had its id,
    ``beside`` gets an id of its own.
    """

    ITEM = "item"
    DOUBLE = "double"
    SAME = "same"
    KEPT = "kept"
    TWICE = "twice"
    REPLACES = "replaces"
    BESIDE = "beside"


@dataclass(frozen=True)
class Known:
    """An id that is there: the key of its item, its text, and whether it came in this very import.

    ``item_id`` is 0 for an item that is about to be stored.
    """

    key: str
    item_id: int
    digest: str
    now: bool


def fate(key: str, digest: str, known: Mapping[str, Known], texts: Mapping[str, int], on_change: OnChange) -> Fate:
    """What becomes of a row with this id and text digest, where ``known`` ids and ``texts`` are there already."""
    there = known.get(key)
    if there is None:
        return Fate.DOUBLE if digest in texts else Fate.ITEM
    if there.digest == digest:
        return Fate.SAME
    if on_change is OnChange.NEW:
        return Fate.BESIDE
    if there.now:
        return Fate.TWICE
    return Fate.REPLACES if on_change is OnChange.REPLACE else Fate.KEPT


REASONS = {
    Fate.KEPT: "changed: this id has another text already, which was kept; --on-change replace or new takes this one",
    Fate.TWICE: "this id stands in the file twice, with another text the first time",
}
