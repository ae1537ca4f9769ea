"""The rota: whose turn it is to be asked. Fewest open cases first, then who was asked longest ago."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationState

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Rota:
    """How many open cases people of a project were asked to rule on, and when they were last asked; kept as it goes on."""

    open: dict[int, int]
    last: dict[int, datetime]

    def take(self, candidates: Collection[int], now: datetime) -> int:
        """Whose turn it is among people, by id; it is theirs now."""
        turn = min(candidates, key=lambda one: (self.open.get(one, 0), self.last.get(one, LONG_AGO), one))
        self.open[turn] = self.open.get(turn, 0) + 1
        self.last[turn] = now
        return turn

    def leave(self, person_id: int | None) -> None:
        """Somebody is not asked any more about a case that goes on to another."""
        if person_id is not None and self.open.get(person_id, 0) > 0:
            self.open[person_id] -= 1


def of_project(session: Session, project_id: int) -> Rota:
    """The rota of a project as it stands."""
    is_open = case((col(Escalation.state) == EscalationState.OPEN, 1), else_=0)
    rows = session.execute(
        select(
            col(Escalation.assigned_id).label("person_id"),
            func.sum(is_open).label("open"),
            func.max(func.coalesce(col(Escalation.reminded_at), col(Escalation.opened_at))).label("last"),
        )
        .where(col(Escalation.project_id) == project_id, col(Escalation.assigned_id).is_not(None))
        .group_by(col(Escalation.assigned_id))
    ).all()
    return Rota({row.person_id: int(row.open) for row in rows}, {row.person_id: row.last for row in rows})
