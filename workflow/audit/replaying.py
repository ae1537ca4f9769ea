"""The sample of an audit is drawn again, from its seed and the population that was kept, and compared with what there is."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Audit, Finding
from workflow.audit import drawing
from workflow.errors import RefusedError


@dataclass(frozen=True)
class Replayed:
    """What a second draw gave. ``missing``: ids of items that it draws and the audit has not; ``added`` the other way.

    ``moved``: items at another position, of another tier, or with another chance than the audit has.
    """

    audit_id: int
    seed: int
    population: int
    size: int
    missing: tuple[int, ...]
    added: tuple[int, ...]
    moved: tuple[int, ...]

    @property
    def same(self) -> bool:
        """Whether both draws are the same, item by item."""
        return not (self.missing or self.added or self.moved)


def replay(session: Session, audit_id: int) -> Replayed:
    """Draw the sample of an audit again. Raises RefusedError where it has none."""
    from workflow.audit import members

    audit = session.execute(
        select(col(Audit.seed), col(Audit.members), col(Audit.tiers)).where(col(Audit.id) == audit_id)
    ).first()
    if audit is None or audit.members is None:
        raise RefusedError(
            f"Audit {audit_id} has no sample: it does not exist, is not drawn yet, or was called off before."
        )
    tiers = members.unpack(audit.members)
    drawn = drawing.draw(tiers, [tier["size"] for tier in audit.tiers], audit.seed)
    again = {one.item_id: (position, one.tier, one.probability) for position, one in enumerate(drawn, 1)}
    rows = session.execute(
        select(col(Finding.item_id), col(Finding.position), col(Finding.tier), col(Finding.probability)).where(
            col(Finding.audit_id) == audit_id
        )
    )
    there = {row[0]: (row[1], row[2], row[3]) for row in rows}
    return Replayed(
        audit_id,
        audit.seed,
        sum(len(tier) for tier in tiers),
        len(drawn),
        tuple(sorted(again.keys() - there.keys())),
        tuple(sorted(there.keys() - again.keys())),
        tuple(sorted(item_id for item_id in again.keys() & there.keys() if again[item_id] != there[item_id])),
    )
