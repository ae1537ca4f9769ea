"""A team that is asked to read versions of its guideline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Acknowledgement, Batch, ChangeKind, Example, Outbox, Project, Proposal, ProposalState
from tests.builders import NOW, World, build
from workflow import assignment, labelling, membership
from workflow.assignment import Given
from workflow.guidelines import in_force, versions
from workflow.guidelines.acknowledgement import acknowledging, announcing, coverage, pausing
from workflow.guidelines.acknowledgement.coverage import Coverage
from workflow.nothing import Nothing

LATER = timedelta(hours=1)


@dataclass
class Readers:
    """The team, at a moment that tests move on."""

    world: World
    now: datetime = NOW

    @classmethod
    def of(cls, store: Store, rules: Mapping[str, Any] | None = None, **world: Any) -> "Readers":
        made = build(store, **world)
        with store.write() as session:
            mine = col(Project.id) == made.project_id
            session.execute(update(Project).where(mine).values(guidelines=dict(rules or {})))
        return cls(made)

    @property
    def store(self) -> Store:
        return self.world.store

    def publish(
        self, kind: ChangeKind = ChangeKind.RULE_CHANGE, *, grace: timedelta | None = timedelta(0), examples: int = 0
    ) -> int:
        """A version comes into effect; without ``grace`` it asks nothing of anybody."""
        held_from = None if grace is None else self.now + grace
        with self.store.write() as session:
            before = versions.current(session, self.world.project_id)
            made = in_force.put(
                session, before, kind, "# Anew", None, self.now, held_from=held_from, actor=None, noted=None
            )
            if held_from is not None:
                announcing.announce(session, made, self.now)
            if examples:
                self._give_examples(session, before.id, made, examples)
        return made

    def _give_examples(self, session: Any, base_id: int | None, guideline_id: int, count: int) -> None:
        proposal = {
            "project_id": self.world.project_id,
            "state": ProposalState.EFFECTIVE,
            "kind": ChangeKind.RULE_CHANGE,
            "markdown": "# Anew",
            "base_id": base_id,
            "guideline_id": guideline_id,
            "label_changes": [],
            "labels_touched": [],
            "segments_touched": [],
            "created_at": self.now,
        }
        proposal_id = session.execute(insert(Proposal).values(**proposal).returning(col(Proposal.id))).scalar_one()
        for number in range(count):
            value = list(self.world.values.values())[number % len(self.world.values)]
            row = {"fields": {"text": f"Example {number}"}, "value_id": value, "explanation": f"Because {number}."}
            session.execute(insert(Example).values(proposal_id=proposal_id, position=number, **row))

    def ask(self) -> int:
        return announcing.ask_people(self.store, self.now)

    def pause(self) -> int:
        return pausing.pause_open(self.store, self.now)

    def row(self, name: str, guideline_id: int) -> Any:
        """Somebody's acknowledgement."""
        return self.world.one(
            select(Acknowledgement.__table__).where(  # type: ignore[attr-defined]
                col(Acknowledgement.guideline_id) == guideline_id,
                col(Acknowledgement.person_id) == self.world.people[name],
            )
        )

    def asked(self, name: str, guideline_id: int) -> int:
        return int(self.row(name, guideline_id).id)

    def acknowledge(self, name: str, guideline_id: int, by: str | None = None) -> str | None:
        asked = self.asked(name, guideline_id)
        slack_id = self.world.slack_id(by or name)
        return self.store.transact(lambda s: acknowledging.acknowledge(s, asked, slack_id, self.now))

    def batch(self, name: str, **how: Any) -> Given | Nothing:
        person = self.world.people[name]
        return self.store.transact(lambda s: assignment.next_batch(s, self.world.project_id, person, self.now, **how))

    def label(self, name: str, item: int, value: str) -> bool:
        """Each label a second later than the one before."""
        self.now += timedelta(seconds=1)
        place, us = self.world.place(name, self.world.items[item]), int(self.now.timestamp() * 1_000_000)
        by, value_id = self.world.slack_id(name), self.world.values[value]
        return self.store.transact(lambda s: labelling.record(s, by, place.id, value_id, us, self.now)).changed

    def coverage(self) -> Coverage:
        with self.store.read() as session:
            return coverage.of(session, self.world.project_id)

    def leave(self, name: str) -> None:
        person = self.world.people[name]
        self.store.transact(lambda s: membership.remove(s, self.world.project_id, person, self.now, None))

    def cards(self, name: str) -> list[str]:
        """The keys of what somebody was told to read, in order."""
        rows = self.world.rows(
            select(col(Outbox.key))
            .where(col(Outbox.person_id) == self.world.people[name], col(Outbox.template) == announcing.CARD)
            .order_by(col(Outbox.id))
        )
        return [row.key for row in rows]

    def batch_row(self, name: str) -> Any:
        """Somebody's newest batch."""
        return self.world.rows(
            select(Batch.__table__)  # type: ignore[attr-defined]
            .where(col(Batch.person_id) == self.world.people[name])
            .order_by(col(Batch.id).desc())
        )[0]
