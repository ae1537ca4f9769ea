"""Which accepted items a reviewer looks at: a function of the item and of what the project says, and of nothing else."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.tables import ReviewReason
from workflow.quality_rules import ReviewRules


@dataclass(frozen=True)
class Given:
    """A label in force; ``early`` where it is among the person's first, as far as the project asks for that."""

    person_id: int
    value_id: int
    at: datetime
    early: bool = False


@dataclass(frozen=True)
class Facts:
    """What is to be known of an accepted item: its final value, its labels in the order of their giving, whether flagged."""

    item_id: int
    value_id: int
    labels: Sequence[Given]
    flagged: bool = False

    @property
    def disagreement(self) -> float:
        """The share of labels that differ from the final value, from 0 to 1."""
        others = sum(label.value_id != self.value_id for label in self.labels)
        return others / len(self.labels) if self.labels else 0.0

    @property
    def about_id(self) -> int | None:
        """Whose work it is: the newcomer, who differs, else the first who labelled."""
        early = [label for label in self.labels if label.early]
        differing = [label for label in self.labels if label.value_id != self.value_id]
        first = (early or differing or list(self.labels))[:1]
        return first[0].person_id if first else None


def reason(rules: ReviewRules, seed: int, facts: Facts) -> ReviewReason | None:
    """Why a reviewer looks at an item, the first reason that applies; None where nobody does."""
    if rules.flagged and facts.flagged:
        return ReviewReason.FLAGGED
    if rules.disagreement and facts.disagreement:
        return ReviewReason.DISAGREEMENT
    if rules.newcomer and any(label.early for label in facts.labels):
        return ReviewReason.NEWCOMER
    return ReviewReason.SHARE if is_drawn(seed, facts.item_id, rules.share) else None


def is_drawn(seed: int, item_id: int, share: float) -> bool:
    """Whether an item is in a share (0 to 1) of all: the same answer for the same seed, and in any larger share too."""
    digest = hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64
