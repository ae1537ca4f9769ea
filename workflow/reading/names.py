"""The names of columns: put right, kept apart, and found again where a person spelt one a little differently."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MOST_NAMED = 20


def missing_words(missing: Sequence[str], columns: Sequence[str]) -> str:
    """What to say where columns are wanted that a file has not: which, what may be meant, and what there is."""
    hints = [
        f"{name!r}" + (f" (did you mean {near[0]!r}?)" if (near := _near(name, columns)) else "") for name in missing
    ]
    more = f", and {len(columns) - _MOST_NAMED} more" if len(columns) > _MOST_NAMED else ""
    return f"The file has no column {', '.join(hints)}. It has: {', '.join(columns[:_MOST_NAMED])}{more}."


def _near(name: str, names: Iterable[str]) -> list[str]:
    folded = {other.casefold(): other for other in names}
    return [folded[near] for near in get_close_matches(name.casefold(), list(folded), n=1)]
