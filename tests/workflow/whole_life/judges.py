"""Nobody judges their own work, nor what they have judged before: said a second time, in plain Python."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import (
    EscalationReason,
    EscalationState,
    FindingState,
    Flag,
    History,
    ItemState,
    Label,
    Member,
    Person,
    Place,
    ReviewState,
    Role,
)
from tests.builders import World
from tests.workflow.life import WORKING, Snapshot

Pair = tuple[int, int]
"""(item, person)."""
REVIEWING, RULING, DISPUTING, AUDITING = "review", "ruling", "dispute", "audit"
ROLES = {
    REVIEWING: {Role.REVIEWER, Role.LEAD},
    RULING: {Role.REVIEWER, Role.LEAD},
    DISPUTING: {Role.REVIEWER, Role.AUDITOR, Role.LEAD},
    AUDITING: {Role.AUDITOR, Role.LEAD},
}
OPEN_REVIEW = (ReviewState.WAITING, ReviewState.CLAIMED)
OPEN_FINDING = (FindingState.WAITING, FindingState.ANSWERED)


@dataclass(frozen=True)
class Rows:
    """What was judged."""

    rulings: list[Any]
    reviews: list[Any]
    findings: list[Any]
    disputes: list[Any]


@dataclass
class Known:
    """Who had worked on items, and who had judged them, when it was last looked; and what was judged until then."""

    worked: set[Pair] = field(default_factory=set)
    ruled: set[Pair] = field(default_factory=set)
    reviewed: set[Pair] = field(default_factory=set)
    audited: set[Pair] = field(default_factory=set)
    contested: set[Pair] = field(default_factory=set)
    looked: set[Pair] = field(default_factory=set)
    judged: set[tuple[str, int, int]] = field(default_factory=set)

    def out(self, layer: str) -> set[Pair]:
        """Who may not judge."""
        judges = {
            RULING: set[Pair](),
            REVIEWING: self.ruled,
            AUDITING: self.ruled | self.reviewed | self.looked,
            DISPUTING: self.ruled | self.reviewed | self.audited | self.contested,
        }
        return self.worked | judges[layer]


def check(world: World, known: Known, seen: Snapshot, rows: Rows) -> None:
    """Assert that whoever judged since the last look had neither worked on the item nor judged it, as the layer forbids."""
    cases = {case.id: case for some in seen.cases.values() for case in some}
    # A correction is a ruling at once; what is ruled in its case later is a ruling like any other.
    first = {one.escalation_id: one.id for one in reversed(rows.rulings)}
    made: dict[tuple[str, int, int], tuple[str, int]] = {}
    for one in rows.rulings:
        reason = cases[one.escalation_id].reason
        at_once = first[one.escalation_id] == one.id or reason is EscalationReason.CONTESTED
        made["ruling", one.id, one.person_id] = (_layer(reason) if at_once else RULING, one.item_id)
    made |= {("review", one.id, one.by_id): (REVIEWING, one.item_id) for one in rows.reviews if one.by_id is not None}
    answered = [one for one in rows.findings if one.answer_id is not None]
    made |= {("finding", one.id, one.auditor_id): (AUDITING, one.item_id) for one in answered}
    for key in made.keys() - known.judged:
        layer, item_id = made[key]
        assert (item_id, key[-1]) not in known.out(layer), f"{key} by who may not judge"
    known.judged = set(made)
    known.worked = worked(world)
    known.ruled = {(one.item_id, one.person_id) for one in rows.rulings}
    known.reviewed = {(one.item_id, one.by_id) for one in rows.reviews if one.by_id is not None}
    known.audited = {(one.item_id, one.auditor_id) for one in answered}
    known.contested = {(one.item_id, one.person_id) for one in rows.disputes}
    known.looked = looked_at(world)
    # Who looked at the labels of an item is never given it afterwards either.
    looked = {(one.item_id, one.claimed_by_id) for one in rows.reviews if one.claimed_by_id is not None}
    assert not known.worked & (looked | known.reviewed | known.audited)


def _layer(reason: EscalationReason) -> str:
    by = {EscalationReason.CONTESTED: DISPUTING, EscalationReason.REVIEW: REVIEWING, EscalationReason.AUDIT: AUDITING}
    return by.get(reason, RULING)


def worked(world: World) -> set[Pair]:
    """(item, person) of everybody who ever labelled or flagged an item."""
    found: set[Pair] = set()
    for table in (Label, Flag):
        statement = select(col(table.item_id), col(table.person_id)).where(col(table.project_id) == world.project_id)
        found |= {(row.item_id, row.person_id) for row in world.rows(statement.distinct())}
    return found


def looked_at(world: World) -> set[Pair]:
    """(item, person) of everybody who looked at the labels of an item in a case or a review."""
    rows = world.rows(
        select(col(History.subject_id), col(History.actor_id)).where(
            col(History.project_id) == world.project_id, col(History.action) == "labels.seen"
        )
    )
    return {(row.subject_id, row.actor_id) for row in rows}


def waiting(world: World, known: Known, seen: Snapshot, rows: Rows) -> Counter[str]:
    """How much waits for somebody who is there, and may judge it, by layer."""
    found = _things(seen, rows)
    roles: dict[int, set[Role]] = {}
    member = select(col(Member.person_id), col(Member.role)).join(Person, col(Person.id) == col(Member.person_id))
    for row in world.rows(member.where(col(Member.project_id) == world.project_id, col(Person.active))):
        roles.setdefault(row.person_id, set()).add(row.role)
    left: Counter[str] = Counter()
    for layer, item_id, more in found:
        hands = {p.person_id for p in seen.places[item_id] if p.state in (*WORKING, Place.FLAGGED)}
        able = {person for person, has in roles.items() if has & (ROLES[layer] | more)} - hands
        left[layer] += any((item_id, person) not in known.out(layer) for person in able)
    return +left


def _things(seen: Snapshot, rows: Rows) -> list[tuple[str, int, set[Role]]]:
    found: list[tuple[str, int, set[Role]]] = []
    for item_id, cases in seen.cases.items():
        for case in cases:
            if case.state is EscalationState.OPEN:
                found.append((_layer(case.reason), item_id, {Role.AUDITOR} if case.step > 1 else set()))
    for review in rows.reviews:
        if review.state in OPEN_REVIEW and seen.items[review.item_id].state is ItemState.IN_REVIEW:
            found.append((REVIEWING, review.item_id, set()))
    return found + [(AUDITING, one.item_id, set()) for one in rows.findings if one.state in OPEN_FINDING]
