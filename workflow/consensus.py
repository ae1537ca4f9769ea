"""What the labels of one item say together."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction


def decide(values: Sequence[int], rule: str) -> int | None:
    """The value that the labels of one item agree on by the project's rule, or None.

    ``rule`` is ``unanimous``, ``majority`` (over half) or a share such as ``0.8`` (at least that share). A tie at the top
    decides nothing, whatever the share.
    """
    ranked = Counter(values).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    value, count = ranked[0]
    share = Fraction(count, len(values))
    return value if _satisfied(share, rule) else None


def _satisfied(share: Fraction, rule: str) -> bool:
    if rule == "unanimous":
        return share == 1
    if rule == "majority":
        return share > Fraction(1, 2)
    return share >= Fraction(rule)


def name(rule: str) -> str:
    """The word that a decision by this rule is recorded under."""
    return rule if rule in ("unanimous", "majority") else "share"
