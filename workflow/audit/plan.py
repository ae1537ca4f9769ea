"""How many items an audit looks at: by the wanted half-width, by an acceptance plan, or as many as somebody says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import ceil
from typing import Any

from storage.tables import AuditDesign
from workflow.audit import acceptance, estimates, sizes
from workflow.audit.acceptance import percent
from workflow.errors import RefusedError

MOST = 10_000
"""Items of a sample. More are judged by nobody, and finding how many more takes long."""
TOO_MANY = f"Auditors would have to judge more than {MOST:,} items, which is as many as an audit has."


class Kind(StrEnum):
    """What the size comes from."""

    HALF_WIDTH = "half_width"
    ACCEPTANCE = "acceptance"
    ITEMS = "items"


@dataclass(frozen=True)
class Plan:
    """What ``Audit.plan`` keeps. Rates and half-widths are shares, 0 to 1; only the fields of its kind count.

    ``half_width``: how far the error rate may be off, where the share ``expected`` is wrong. ``aql`` and ``ltpd``: the
    error rate of a lot that passes 95 times in 100, and of one that passes at most 10 times in 100.
    """

    kind: Kind
    half_width: float = 0.0
    expected: float = sizes.EXPECTED
    aql: float = 0.0
    ltpd: float = 0.0
    items: int = 0


@dataclass(frozen=True)
class Sized:
    """How many items are drawn from each tier, with how many wrong ones the lot still passes (None: no plan), in words."""

    sizes: tuple[int, ...]
    accept: int | None
    words: str


def within(half_width: float, expected: float = sizes.EXPECTED) -> Plan:
    """Know the error rate to within a half-width."""
    return Plan(Kind.HALF_WIDTH, half_width=half_width, expected=expected)


def accepting(aql: float, ltpd: float) -> Plan:
    """Let a lot pass or fail."""
    return Plan(Kind.ACCEPTANCE, aql=aql, ltpd=ltpd)


def looking_at(items: int) -> Plan:
    """Look at so many items."""
    return Plan(Kind.ITEMS, items=items)


def kept(plan: Plan) -> dict[str, Any]:
    """A plan as ``Audit.plan`` keeps it."""
    return {name: value for name, value in asdict(plan).items() if name == "kind" or value}


def read(document: Mapping[str, Any]) -> Plan:
    """A plan from ``Audit.plan``, whatever else stands beside it there."""
    known = {name: document[name] for name in Plan.__dataclass_fields__ if name in document}
    return Plan(**known | {"kind": Kind(document["kind"])})


def check(plan: Plan, design: AuditDesign) -> None:
    """Raise RefusedError where a plan makes no sense, saying what to write instead."""
    if plan.kind is Kind.ITEMS and plan.items < 1:
        raise RefusedError("An audit looks at one item at least. Write how many, such as 100.")
    if plan.kind is Kind.HALF_WIDTH and not (0 < plan.half_width < 0.5 and 0 < plan.expected < 1):
        raise RefusedError(
            "The half-width is between 0 and 50 points, and the expected error rate between 0 and 100 %."
        )
    if plan.kind is Kind.ACCEPTANCE and not 0 < plan.aql < plan.ltpd < 1:
        raise RefusedError(
            "The error rate that passes must be smaller than the one that fails, both between 0 and 100 %."
        )
    if plan.kind is Kind.ACCEPTANCE and design is not AuditDesign.RANDOM:
        raise RefusedError(
            "A lot passes or fails by a random sample of all of it. Choose the random design, or a half-width: "
            "other designs say how many are wrong."
        )


def sized(plan: Plan, design: AuditDesign, populations: Sequence[int]) -> Sized:
    """The sample from tiers of so many items each, the unsuspected last; every tier has one item at least.

    Raises RefusedError as ``check`` does.
    """
    check(plan, design)
    whole = sum(populations)
    _check_possible(plan, design, populations)
    if plan.kind is Kind.ACCEPTANCE:
        found = acceptance.plan(whole, plan.aql, plan.ltpd)
        return Sized((found.size,), found.accept, in_words(plan, populations, [found.size], found.accept))
    if plan.kind is Kind.ITEMS:
        drawn = shared(design, populations, min(plan.items, whole))
    elif len(populations) == 1:
        drawn = [sizes.for_half_width(whole, plan.half_width, plan.expected)]
    else:
        drawn = _for_half_width(plan, design, populations)
    return Sized(tuple(drawn), None, in_words(plan, populations, drawn, None))


def _check_possible(plan: Plan, design: AuditDesign, populations: Sequence[int]) -> None:
    """Raise RefusedError where auditors would have to judge more items by hand than anybody does."""
    whole = sum(populations)
    if whole <= MOST:
        return
    if plan.kind is Kind.ACCEPTANCE and not acceptance.within(whole, plan.aql, plan.ltpd, MOST):
        raise RefusedError(f"{TOO_MANY} The two error rates are too close: choose a higher one that fails.")
    if plan.kind is Kind.ITEMS and plan.items > MOST:
        raise RefusedError(f"{TOO_MANY} Write a smaller number.")
    if plan.kind is Kind.HALF_WIDTH and _reach(populations, shared(design, populations, MOST), plan.expected) > (
        plan.half_width
    ):
        raise RefusedError(f"{TOO_MANY} The half-width is too small: choose a larger one.")


def shared(design: AuditDesign, populations: Sequence[int], size: int) -> list[int]:
    """A sample shared out over tiers."""
    if len(populations) == 1:
        return [min(size, populations[0])]
    share = sizes.half_unsuspected if design is AuditDesign.TARGETED else sizes.in_proportion
    return share(populations, size)


def _for_half_width(plan: Plan, design: AuditDesign, populations: Sequence[int]) -> list[int]:
    """The smallest sample in tiers that is expected to be as precise as wanted."""
    low, high = 1, sum(populations)
    while low < high:
        middle = (low + high) // 2
        if _reach(populations, shared(design, populations, middle), plan.expected) <= plan.half_width:
            high = middle
        else:
            low = middle + 1
    return shared(design, populations, low)


def _reach(populations: Sequence[int], drawn: Sequence[int], expected: float) -> float:
    """Half the width of the interval where the same share of every tier is wrong."""
    found = estimates.stratified(
        [
            estimates.Tier(population, size, min(size, ceil(round(size * expected, 9))))
            for population, size in zip(populations, drawn, strict=True)
        ]
    )
    return (found.high - found.low) / 2


def in_words(plan: Plan, populations: Sequence[int], drawn: Sequence[int], accept: int | None) -> str:
    """What a sample means, for who starts the audit and for who judges it."""
    if plan.kind is Kind.ACCEPTANCE and accept is not None:
        return acceptance.in_words(acceptance.Plan(drawn[0], accept), populations[0], plan.aql, plan.ltpd)
    if len(populations) == 1:
        return sizes.in_words(populations[0], drawn[0], plan.expected)
    reach = 100 * _reach(populations, drawn, plan.expected)
    return (
        f"{sum(drawn):,} of {sum(populations):,} items from {len(populations)} tiers: "
        f"if {percent(plan.expected)} are wrong, the error rate is known to within {reach:.1f} points, 95 times in 100"
    )
