"""A project as the life test sees it: what people did to it, and what must hold of it whatever they did."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import (
    Assignment,
    Batch,
    Escalation,
    EscalationReason,
    EscalationState,
    Guideline,
    Item,
    ItemState,
    Label,
    LabelMove,
    Member,
    Outbox,
    Pattern,
    Person,
    Place,
    Project,
    Queue,
    QueueCursor,
    Role,
    Ruling,
    plain,
)
from tests.builders import NOW, World
from workflow import consensus, places
from workflow.batches import version_of
from workflow.patterns import format_pattern
from workflow.states import MOVES

WORKING = (Place.PLANNED, Place.OPEN)
AT_ONCE = (EscalationReason.REVIEW, EscalationReason.AUDIT)


@dataclass
class Snapshot:
    """Everything about one project, read at one moment."""

    project: Any
    queues: dict[int, Any]
    items: dict[int, Any]
    places: dict[int, list[Any]]
    cursors: dict[tuple[int, int], int]
    cases: dict[int, list[Any]]
    annotators: set[int]

    def may_take(self, person_id: int, item_id: int) -> bool:
        """Whether the person could be given the item now."""
        item = self.items[item_id]
        mine = [place.state for place in self.places[item_id] if place.person_id == person_id]
        return (
            item.state is ItemState.OPEN
            and item.open_places > 0
            and person_id in self.annotators
            and mine in ([], [Place.RETURNED])
        )

    def holders(self, item_id: int) -> list[int]:
        return [place.person_id for place in self.places[item_id] if place.state in WORKING]

    def labels(self, item_id: int) -> list[int]:
        return [place.value_id for place in self.places[item_id] if place.state is Place.LABELLED]


def look(world: World) -> Snapshot:
    """Read the project as it is."""
    project = col(Project.id) == world.project_id
    with world.store.read() as session:

        def all_of(table: Any) -> list[Any]:
            statement = select(*table.__table__.c).where(table.__table__.c.project_id == world.project_id)
            return list(session.execute(statement.order_by(table.__table__.c.id)))

        by_item: defaultdict[int, list[Any]] = defaultdict(list)
        for place in all_of(Assignment):
            by_item[place.item_id].append(place)
        cases: defaultdict[int, list[Any]] = defaultdict(list)
        for case in all_of(Escalation):
            cases[case.item_id].append(case)
        queues = {queue.id: queue for queue in all_of(Queue)}
        cursors = session.execute(
            select(col(QueueCursor.queue_id), col(QueueCursor.person_id), col(QueueCursor.seq)).where(
                col(QueueCursor.queue_id).in_(queues)
            )
        )
        annotators = session.execute(
            select(col(Person.id))
            .join(Member, col(Member.person_id) == col(Person.id))
            .where(col(Member.project_id) == world.project_id, col(Member.role) == Role.ANNOTATOR, col(Person.active))
        )
        return Snapshot(
            project=session.execute(select(*Project.__table__.c).where(project)).one(),  # type: ignore[attr-defined]
            queues=queues,
            items={item.id: item for item in all_of(Item)},
            places=by_item,
            cursors={(row.queue_id, row.person_id): row.seq for row in cursors},
            cases=cases,
            annotators=set(annotators.scalars()),
        )


@dataclass
class Ledger:
    """What was done, kept beside the store: labels that count, the highest overlaps, the versions seen.

    ``before`` are labels that counted until a rule changed and their items were given out again, by item and major version.
    """

    counted: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    before: defaultdict[tuple[int, int], Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    highest: Counter[int] = field(default_factory=Counter)
    versions: dict[int, int] = field(default_factory=dict)


def check(world: World, ledger: Ledger, seen: Snapshot | None = None) -> Snapshot:
    """Assert all that must hold after every step; ``seen`` is the project as it is, where it was read already."""
    seen = seen or look(world)
    for item_id, item in seen.items.items():
        _check_counts(seen, ledger, item)
        _check_state(world, seen, item)
        _check_order(seen, item_id)
    _check_patterns(world, ledger)
    _check_labels_moved_items_along_the_table(world)
    _check_messages(world, seen)
    _check_versions(world, ledger)
    return seen


def _check_counts(seen: Snapshot, ledger: Ledger, item: Any) -> None:
    here = seen.places[item.id]
    taken = sum(place.state in places.TAKEN for place in here)
    ledger.highest[item.id] = max(ledger.highest[item.id], item.overlap)
    assert len({place.person_id for place in here}) == len(here)
    assert len(seen.labels(item.id)) <= ledger.highest[item.id]
    assert taken <= ledger.highest[item.id]
    assert item.open_places == (max(0, item.overlap - taken) if item.state is ItemState.OPEN else 0)
    assert all(place.batch_id for place in here if place.state in (Place.OPEN, Place.LABELLED, Place.FLAGGED))


def _check_state(world: World, seen: Snapshot, item: Any) -> None:
    waiting = [case for case in seen.cases[item.id] if case.state is EscalationState.OPEN]
    states = {place.state for place in seen.places[item.id]}
    assert len(waiting) == (item.state is ItemState.ESCALATED)
    if item.state is not ItemState.REPLACED:
        # One that was replaced keeps what it had.
        assert (item.final_value_id is not None) == (
            item.state in (ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.RULED)
        )
    if item.state is not ItemState.ESCALATED:
        assert Place.FLAGGED not in states
    if item.state in (ItemState.ACCEPTED, ItemState.IN_REVIEW):
        assert not seen.holders(item.id)
        assert item.final_value_id == consensus.decide(seen.labels(item.id), seen.project.accept)
    if item.state in (ItemState.REPLACED, ItemState.DUPLICATE):
        assert not seen.holders(item.id)
    if item.state is ItemState.RULED:
        assert not seen.holders(item.id)
        ruled = select(col(Ruling.value_id)).where(col(Ruling.item_id) == item.id).order_by(col(Ruling.id).desc())
        assert item.final_value_id in becomes(world, world.rows(ruled.limit(1))[0][0])
    if item.state is ItemState.OPEN:
        _check_it_can_go_on(seen, item)


def becomes(world: World, value_id: int) -> set[int]:
    """A label, and whatever versions of the guideline have made of it since."""
    moves = world.rows(
        select(col(LabelMove.from_id), col(LabelMove.to_id)).where(col(LabelMove.project_id) == world.project_id)
    )
    found, size = {value_id}, 0
    while size < len(found):
        size = len(found)
        found |= {row.to_id for row in moves if row.from_id in found}
    return found


def _check_it_can_go_on(seen: Snapshot, item: Any) -> None:
    if item.open_places == 0:
        assert seen.holders(item.id), "nobody works on it and nobody can be given it"
    settled = seen.project.stranded_after is None and seen.project.overlap_after is None
    enough = len(seen.annotators) >= item.overlap
    if settled and enough and seen.places[item.id]:
        somebody = any(seen.may_take(person_id, item.id) for person_id in seen.annotators)
        assert seen.holders(item.id) or somebody, "it waits for nobody"


def _check_order(seen: Snapshot, item_id: int) -> None:
    item = seen.items[item_id]
    if not item.open_places:
        return
    queue = seen.queues[item.queue_id]
    assert queue.low <= item.seq < queue.next_seq
    for person_id in seen.annotators:
        if seen.may_take(person_id, item_id):
            assert item.seq > seen.cursors.get((item.queue_id, person_id), 0)


def _check_patterns(world: World, ledger: Ledger) -> None:
    kept = world.rows(
        select(col(Pattern.item_id), col(Pattern.major), col(Pattern.pattern)).where(
            col(Pattern.project_id) == world.project_id
        )
    )
    recomputed = defaultdict(Counter, {key: Counter(counts) for key, counts in ledger.before.items()})
    for (_, item_id), (value_id, major) in ledger.counted.items():
        recomputed[item_id, major][value_id] += 1
    assert {(row.item_id, row.major): row.pattern for row in kept if row.pattern} == {
        key: format_pattern(counts) for key, counts in recomputed.items()
    }
    stored = world.rows(
        select(col(Assignment.person_id), col(Assignment.item_id), col(Assignment.counted_id), col(Assignment.major))
        .where(col(Assignment.project_id) == world.project_id)
        .where(col(Assignment.counted_id).is_not(None))
    )
    assert {(row[0], row[1]): (row[2], row[3]) for row in stored} == ledger.counted


def _check_labels_moved_items_along_the_table(world: World) -> None:
    moves = world.rows(
        select(col(Label.item_from), col(Label.item_to)).where(col(Label.project_id) == world.project_id).distinct()
    )
    assert all(before is after or (before, after) in MOVES for before, after in moves)


def _check_messages(world: World, seen: Snapshot) -> None:
    keys = {row[0] for row in world.rows(select(col(Outbox.key)))}
    # A correction is ruled at once: nobody waits for its card.
    asked = [case for cases in seen.cases.values() for case in cases if case.reason not in AT_ONCE]
    assert {f"escalation:{case.id}" for case in asked} <= keys
    given = {place.batch_id for here in seen.places.values() for place in here if place.batch_id}
    assert {f"batch:{batch_id}" for batch_id in given} <= keys


def _check_versions(world: World, ledger: Ledger) -> None:
    batch = plain(Batch).alias("of_project").c
    versions = world.rows(select(batch.id, version_of(batch.id)).where(batch.project_id == world.project_id))
    for batch_id, version in versions:
        assert version >= ledger.versions.get(batch_id, 0), "a card would go back in time"
        ledger.versions[batch_id] = version


def major_of(world: World, batch_id: int) -> int:
    """The major version of the guideline under which labels of a batch are given."""
    return int(
        world.one(
            select(col(Guideline.major))
            .join(Batch, col(Batch.guideline_id) == col(Guideline.id))
            .where(col(Batch.id) == batch_id)
        )[0]
    )


def start() -> datetime:
    """When the life of a project begins."""
    return NOW
