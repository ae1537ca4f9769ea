"""A rule change in a small world: the new version in force, its proposal, and the requeue that follows it."""

from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from jobs import guidelines
from storage.tables import (
    Assignment,
    Batch,
    ChangeKind,
    Guideline,
    History,
    Item,
    ItemState,
    Origin,
    Pattern,
    Place,
    Project,
    Proposal,
    ProposalState,
    Requeue,
    Role,
)
from tests.builders import NOW, World, add_person
from workflow.guidelines.decisions import impact
from workflow.guidelines.requeue import requeueing


def propose(session: Session, project_id: int, labels: tuple[str, ...] = (), segments: tuple[str, ...] = ()) -> int:
    """A proposal of a rule change that touches these labels and segments, with its impact counted."""
    base = session.execute(select(col(Project.guideline_id)).where(col(Project.id) == project_id)).scalar_one()
    row = {"project_id": project_id, "kind": ChangeKind.RULE_CHANGE, "markdown": "# Anew", "base_id": base}
    touched = {"labels_touched": list(labels), "segments_touched": list(segments)}
    proposal_id: int = session.execute(
        insert(Proposal).values(**row, **touched, summary="Anew", created_at=NOW).returning(col(Proposal.id))
    ).scalar_one()
    session.execute(
        update(Proposal).where(col(Proposal.id) == proposal_id).values(impact=impact.count(session, proposal_id, NOW))
    )
    return proposal_id


def into_effect(session: Session, project_id: int, proposal_id: int) -> int:
    """The proposal's version is in force, and a requeue of what it touches is offered; the version's id."""
    latest = select(func.max(col(Guideline.major))).where(col(Guideline.project_id) == project_id)
    major = session.execute(latest).scalar_one() + 1
    guideline_id: int = session.execute(
        insert(Guideline)
        .values(project_id=project_id, major=major, minor=0, markdown="# Anew", at=NOW)
        .returning(col(Guideline.id))
    ).scalar_one()
    session.execute(update(Project).where(col(Project.id) == project_id).values(guideline_id=guideline_id))
    session.execute(
        update(Proposal)
        .where(col(Proposal.id) == proposal_id)
        .values(guideline_id=guideline_id, state=ProposalState.EFFECTIVE)
    )
    requeueing.offer(session, guideline_id, NOW)
    return guideline_id


def change(world: World, labels: tuple[str, ...] = (), segments: tuple[str, ...] = ()) -> int:
    """A rule changes, and the clock has asked what becomes of the touched items; the requeue's id. Lea leads."""
    with world.store.write() as session:
        if "lea" not in world.people:
            add_person(session, world, "lea", Role.LEAD)
        into_effect(session, world.project_id, propose(session, world.project_id, labels, segments))
    tick(world)
    return int(world.one(select(func.max(col(Requeue.id))))[0])


def tick(world: World) -> int:
    """The clock looks at requeues alone."""
    assert requeueing.work in guidelines.STEPS
    return requeueing.work(world.store, NOW)


def decide(world: World, requeue_id: int, choice: str, who: str = "lea") -> str | None:
    """Somebody decides."""
    return world.store.transact(lambda s: requeueing.decide(s, requeue_id, choice, world.slack_id(who), NOW))


def requeue(world: World, requeue_id: int) -> Any:
    """The requeue as it is."""
    return world.one(select(*Requeue.__table__.c).where(col(Requeue.id) == requeue_id))  # type: ignore[attr-defined]


def given_out(world: World) -> list[list[int]]:
    """The items that were given out again, a list for each transaction."""
    rows = world.rows(
        select(col(History.after)).where(col(History.action) == "items.requeued").order_by(col(History.id))
    )
    return [row.after["items"] for row in rows]


def finish(world: World, name: str, value: str, guideline_id: int = 1, size: int = 25) -> list[int]:
    """Everything in the world is labelled by one person as if they had clicked, in batches; the batches."""
    person_id, value_id = world.people[name], world.values[value]
    batches: list[int] = []
    with world.store.write() as session:
        session.execute(
            update(Item)
            .where(col(Item.project_id) == world.project_id)
            .values(
                state=ItemState.ACCEPTED, open_places=0, final_value_id=value_id, decided_by="majority", decided_at=NOW
            )
        )
        for _ in range(0, len(world.items), size):
            row = {"project_id": world.project_id, "person_id": person_id, "origin": Origin.ASKED, "size": size}
            made = insert(Batch).values(**row, created_at=NOW).returning(col(Batch.id))
            batches.append(session.execute(made).scalar_one())
        labelled = {"state": Place.LABELLED, "value_id": value_id, "counted_id": value_id, "major": 1, "acted_us": 1}
        places = [
            {
                **labelled,
                "project_id": world.project_id,
                "item_id": item_id,
                "person_id": person_id,
                "batch_id": batches[n // size],
                "position": 1 + n % size,
                "guideline_id": guideline_id,
                "given_at": NOW,
                "labelled_at": NOW,
            }
            for n, item_id in enumerate(world.items)
        ]
        session.connection().execute(insert(Assignment), places)
        patterns = [
            {"item_id": item_id, "major": 1, "project_id": world.project_id, "pattern": f"{value_id}:1"}
            for item_id in world.items
        ]
        session.connection().execute(insert(Pattern), patterns)
    return batches
