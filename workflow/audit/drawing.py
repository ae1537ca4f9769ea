"""The clock draws an audit's sample: by its seed, blind to the tiers in its order, and kept so that it can be drawn again.

Every item has a place in one order that only the seed and its id decide; the first of each tier are drawn. So the sample
does not depend on a library's generator, nor on what else is in the population.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Finding, Item
from workflow import history
from workflow.audit import plan, scope, starting, telling
from workflow.audit.states import check_move
from workflow.errors import RefusedError

if TYPE_CHECKING:
    from workflow.audit.members import Ids

CHUNK = 500
TIME_TO_JUDGE = timedelta(days=7)


@dataclass(frozen=True)
class Drawn:
    """An item of a sample: the index of its tier, and the chance that it had of being drawn."""

    item_id: int
    tier: int
    probability: float


@dataclass(frozen=True)
class _Sample:
    """All that is stored of a draw; each row is what a finding begins with."""

    shown: starting.Preview
    members: bytes
    rows: list[dict[str, Any]]


def draw(tiers: Sequence["Ids"], sizes: Sequence[int], seed: int) -> list[Drawn]:
    """The sample of ``sizes`` items from ``tiers``, in the order in which auditors see it, which tells no tier."""
    found = [
        (_rank(seed, item_id), Drawn(item_id, at, size / len(ids)))
        for at, (ids, size) in enumerate(zip(tiers, sizes, strict=True))
        for item_id in nsmallest(size, ids.tolist(), key=lambda item_id: _rank(seed, item_id))
    ]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _rank(seed: int, item_id: int) -> bytes:
    return blake2b(f"{seed}:{item_id}".encode(), digest_size=12).digest()


def draw_due(store: Store, now: datetime) -> int:
    """The clock's step: draw every audit that was started; how many were drawn or called off."""
    with store.read() as session:
        waiting = select(col(Audit.id)).where(col(Audit.state) == AuditState.DRAWING).order_by(col(Audit.id))
        due = list(session.execute(waiting).scalars())
    return sum(_draw_one(store, audit_id, now) for audit_id in due)


def _draw_one(store: Store, audit_id: int, now: datetime) -> bool:
    """Draw one audit from the beginning: what an earlier try left is nobody's yet."""
    turn = store.transact(lambda session: _begin(session, audit_id))
    if turn is None:
        return False
    while store.transact(lambda session: _clear(session, audit_id, turn)):
        pass
    try:
        with store.read() as session:
            sample = _sample(session, audit_id)
    except RefusedError as error:
        why = str(error)
        return store.transact(lambda session: _call_off(session, audit_id, turn, why, now))
    for start in range(0, len(sample.rows), CHUNK):
        part = sample.rows[start : start + CHUNK]
        store.transact(lambda session, rows=part: _keep(session, audit_id, turn, rows))  # type: ignore[misc]
    return store.transact(lambda session: _run(session, audit_id, turn, sample, now))


def _begin(session: Session, audit_id: int) -> int | None:
    """Take the drawing over: another clock that is at it stops at its next step."""
    audit = _locked(session, audit_id)
    if audit.state is not AuditState.DRAWING:
        return None
    turn: int = audit.version + 1
    session.execute(update(Audit).where(col(Audit.id) == audit_id).values(version=turn))
    return turn


def _clear(session: Session, audit_id: int, turn: int) -> bool:
    """Delete a part of what an earlier try left; whether there may be more."""
    if not _is_mine(_locked(session, audit_id), turn):
        return False
    some = select(col(Finding.id)).where(col(Finding.audit_id) == audit_id).limit(CHUNK)
    gone = list(session.execute(some).scalars())
    session.execute(delete(Finding).where(col(Finding.id).in_(gone)))
    return len(gone) == CHUNK


def _sample(session: Session, audit_id: int) -> _Sample:
    """Read the population and draw. An item that is not finished any more a moment later was not in it."""
    import numpy as np

    from workflow.audit import members, population

    audit = session.execute(select(Audit).where(col(Audit.id) == audit_id)).scalar_one()
    by = plan.read(audit.plan)
    tiers = population.tiers(session, audit.project_id, audit.design, scope.read(audit.scope))
    while True:
        tiers = [tier for tier in tiers if len(tier.ids)]
        shown = starting.shown(by, audit.design, [(tier.name, len(tier.ids)) for tier in tiers])
        drawn = draw([tier.ids for tier in tiers], [tier.size for tier in shown.tiers], audit.seed)
        facts = _facts(session, [one.item_id for one in drawn])
        gone = np.array([one.item_id for one in drawn if one.item_id not in facts], dtype=np.int64)
        if not len(gone):
            break
        tiers = [population.Tier(tier.name, np.setdiff1d(tier.ids, gone)) for tier in tiers]
    rows = [
        {
            "audit_id": audit_id,
            "project_id": audit.project_id,
            "item_id": one.item_id,
            "position": position,
            "tier": one.tier,
            "probability": one.probability,
            "value_id": facts[one.item_id][0],
            "guideline_id": facts[one.item_id][1],
        }
        for position, one in enumerate(drawn, 1)
    ]
    return _Sample(shown, members.pack([tier.ids for tier in tiers]), rows)


def _facts(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[int, int | None]]:
    """The final value of finished items, and the version it was decided under."""
    from workflow.audit import population

    found: dict[int, tuple[int, int | None]] = {}
    for start in range(0, len(item_ids), CHUNK):
        rows = session.execute(
            select(col(Item.id), col(Item.final_value_id), population.version_of()).where(
                col(Item.id).in_(item_ids[start : start + CHUNK]),
                col(Item.state).in_(population.FINISHED),
                col(Item.final_value_id).is_not(None),
            )
        )
        found |= {row[0]: (row[1], row[2]) for row in rows}
    return found


def _keep(session: Session, audit_id: int, turn: int, rows: list[dict[str, Any]]) -> None:
    if _is_mine(_locked(session, audit_id), turn):
        session.execute(insert(Finding), rows)


def _run(session: Session, audit_id: int, turn: int, sample: _Sample, now: datetime) -> bool:
    """The whole sample is there: auditors may begin."""
    audit = _locked(session, audit_id)
    if not _is_mine(audit, turn):
        return False
    check_move(audit.state, AuditState.RUNNING)
    shown = sample.shown
    session.execute(
        update(Audit)
        .where(col(Audit.id) == audit_id)
        .values(
            state=AuditState.RUNNING,
            population=shown.population,
            size=shown.size,
            accept_number=shown.accept,
            members=sample.members,
            tiers=[{"name": one.name, "population": one.population, "size": one.size} for one in shown.tiers],
            drawn_at=now,
            due_at=now + TIME_TO_JUDGE,
        )
    )
    history.note(
        session,
        now,
        "audit.drawn",
        "audit",
        audit_id,
        project_id=audit.project_id,
        before={"state": audit.state},
        after={"state": AuditState.RUNNING, "size": shown.size, "population": shown.population},
    )
    telling.drawn(session, audit.project_id, audit_id, now)
    return True


def _call_off(session: Session, audit_id: int, turn: int, why: str, now: datetime) -> bool:
    audit = _locked(session, audit_id)
    if not _is_mine(audit, turn):
        return False
    check_move(audit.state, AuditState.CANCELLED)
    session.execute(update(Audit).where(col(Audit.id) == audit_id).values(state=AuditState.CANCELLED, ended_at=now))
    history.note(
        session,
        now,
        "audit.cancelled",
        "audit",
        audit_id,
        project_id=audit.project_id,
        before={"state": audit.state},
        after={"state": AuditState.CANCELLED, "reason": why},
    )
    telling.say(session, audit.project_id, audit_id, "nothing", why, now)
    return True


def _locked(session: Session, audit_id: int) -> Any:
    columns = (col(Audit.state), col(Audit.version), col(Audit.project_id))
    return session.execute(select(*columns).where(col(Audit.id) == audit_id).with_for_update(key_share=True)).one()


def _is_mine(audit: Any, turn: int) -> bool:
    return audit.state is AuditState.DRAWING and audit.version == turn
