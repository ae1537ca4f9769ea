"""How alike two items are: the Jaccard similarity of their shingles, exactly.

Source: Broder, "On the resemblance and containment of documents" (1997); Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", chapter 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

SHINGLE = 5
# So many shingles tell most texts that have little in common from near ones.
SAMPLE = 16
# Under so many words one changed word puts word shingles below every useful threshold: characters are compared instead.
SHORT = 100


@dataclass(frozen=True)
class Thresholds:
    """From which similarity on two items are near: ``short`` for characters, ``long`` for words, both in (0, 1]."""

    short: float = 0.8
    long: float = 0.9


class Shingled:
    """The text fields of an item, cut into shingles where they are asked for.

    Shingles of different fields are different things, however alike: the fields stand in their order and are never glued.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self.words = word_count(texts)
        self._by: dict[bool, list[set[str]]] = {}
        self._sample: list[tuple[int, str]] | None = None

    def shingles(self, *, of_words: bool) -> list[set[str]]:
        """One set a field: runs of five words, or of five characters. What is shorter is one shingle as a whole."""
        if of_words not in self._by:
            cut = word_shingles if of_words else character_shingles
            self._by[of_words] = [cut(text) for text in self.texts]
        return self._by[of_words]

    def sample(self) -> list[tuple[int, str]]:
        """Up to 16 different shingles of characters from all over the item, each with the number of its field."""
        if self._sample is None:
            every = [
                (field, text[start : start + SHINGLE])
                for field, text in enumerate(self.texts)
                for start in range(max(1, len(text) - SHINGLE + 1))
            ]
            different = list(dict.fromkeys(every))
            self._sample = different[:: -(-len(different) // SAMPLE)] if different else []
        return self._sample


def word_count(texts: Sequence[str]) -> int:
    """How many words the fields have together: runs of anything but white space."""
    return sum(len(text.split()) for text in texts)


def character_shingles(text: str) -> set[str]:
    """Every five characters that follow each other."""
    if len(text) < SHINGLE:
        return {text} if text else set()
    return {text[start : start + SHINGLE] for start in range(len(text) - SHINGLE + 1)}


def word_shingles(text: str) -> set[str]:
    """Every five words that follow each other, a space between them."""
    words = text.split()
    if len(words) < SHINGLE:
        return {" ".join(words)} if words else set()
    return set(map(" ".join, zip(*(words[start:] for start in range(SHINGLE)), strict=False)))


def similarity(one: Shingled, other: Shingled) -> tuple[float, bool]:
    """The Jaccard similarity, from 0 to 1, and whether words were compared: the item with fewer words decides that."""
    of_words = min(one.words, other.words) >= SHORT
    shared = together = 0
    for mine, theirs in zip_longest(
        one.shingles(of_words=of_words), other.shingles(of_words=of_words), fillvalue=frozenset[str]()
    ):
        in_both = len(mine & theirs)
        shared += in_both
        together += len(mine) + len(theirs) - in_both
    return (shared / together if together else 0.0), of_words


def near(one: Shingled, other: Shingled, thresholds: Thresholds) -> float | None:
    """The similarity where it reaches the threshold that holds for the two, else None."""
    found, of_words = similarity(one, other)
    return found if found >= (thresholds.long if of_words else thresholds.short) else None


def may_be_near(one: Shingled, texts: Sequence[str], thresholds: Thresholds) -> bool:
    """Whether these text fields can be near an item, as a glance tells: far quicker than cutting them into shingles.

    Of a near text's sample as large a share is found as the threshold says, or more; what lies four deviations below is
    not near. Only for short items, which are compared by characters with whatever it is.
    """
    if one.words >= SHORT:
        return True
    sample = one.sample()
    found = sum(field < len(texts) and shingle in texts[field] for field, shingle in sample)
    chance = thresholds.short
    least: float = len(sample) * chance - 4 * (len(sample) * chance * (1 - chance)) ** 0.5
    return found >= least
