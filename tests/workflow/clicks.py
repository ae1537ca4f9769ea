"""People clicking in a small world, each click later than the one before."""

import itertools
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Escalation, ItemState
from tests.builders import NOW, World
from workflow import assignment, escalation, flags, labelling, rulings, skips
from workflow.assignment import Given
from workflow.flags import FlagReason
from workflow.nothing import Nothing

# One clock for everybody: a later click has a later moment, whoever makes it.
MOMENTS = itertools.count(1_000_000)


class Clicks:
    """People clicking, each click later than the one before."""

    def __init__(self, world: World) -> None:
        self.world = world

    def batch(self, name: str, **how: object) -> Given | Nothing:
        people = self.world.people
        return self.world.store.transact(
            lambda s: assignment.next_batch(s, self.world.project_id, people[name], NOW, **how)  # type: ignore[arg-type]
        )

    def label(self, name: str, item: int, value: str, us: int | None = None, now: datetime = NOW) -> bool:
        moment = next(MOMENTS)
        place = self.world.place(name, self.world.items[item])
        value_id = self.world.values[value]
        answered = self.world.store.transact(
            lambda s: labelling.record(s, self.world.slack_id(name), place.id, value_id, us or moment, now)
        )
        return answered.changed

    def skip(self, name: str, item: int) -> bool:
        moment = next(MOMENTS)
        place = self.world.place(name, self.world.items[item])
        answered = self.world.store.transact(lambda s: skips.skip(s, self.world.slack_id(name), place.id, moment, NOW))
        return answered.changed

    def flag(self, name: str, item: int, note: str = "?") -> bool:
        moment = next(MOMENTS)
        place = self.world.place(name, self.world.items[item])
        answered = self.world.store.transact(
            lambda s: flags.flag(s, self.world.slack_id(name), place.id, FlagReason.GUIDELINE_SILENT, note, moment, NOW)
        )
        return answered.changed

    def case(self, item: int) -> Any:
        """The newest case of an item."""
        cases = self.world.rows(
            select(*Escalation.__table__.c)  # type: ignore[attr-defined]
            .where(col(Escalation.item_id) == self.world.items[item])
            .order_by(col(Escalation.id).desc())
        )
        return cases[0]

    def rule(
        self, name: str, item: int, value: str, rationale: str = "Read page 3.", version: int | None = None
    ) -> int | None:
        case = self.case(item)
        return self.world.store.transact(
            lambda s: rulings.rule(
                s,
                self.world.slack_id(name),
                case.id,
                case.version if version is None else version,
                self.world.values[value],
                rationale,
                NOW,
            )
        )

    def send_back(
        self, name: str, item: int, rationale: str = "The second film.", version: int | None = None
    ) -> int | None:
        case = self.case(item)
        return self.world.store.transact(
            lambda s: rulings.send_back(
                s,
                self.world.slack_id(name),
                case.id,
                case.version if version is None else version,
                rationale,
                NOW,
            )
        )

    def see_labels(self, name: str, item: int) -> None:
        case = self.case(item)
        self.world.store.transact(lambda s: escalation.see_labels(s, self.world.slack_id(name), case.id, NOW))


def state_of(world: World, item: int) -> ItemState:
    return world.item(world.items[item]).state
