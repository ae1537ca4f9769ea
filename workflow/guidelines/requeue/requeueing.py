"""After a rule change: a lead decides about what was labelled before, and the clock gives it out again, bit by bit.

A requeue is *offered* once its items are counted, then *declined*, or *running* over all of them, or *sampling* and then
*sampled*, after which the rest is decided. The row of the requeue is locked by whoever moves it on, and says how far it has
come: two leads, two replicas and a restart find the one truth.
"""

import hashlib
import random
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Guideline, History, Item, Lane, Outbox, Person, Project, Purpose, Requeue, RequeueState, Role
from workflow import history, outbox, people, waiting
from workflow.errors import RefusedError
from workflow.guidelines.decisions import impact, touched
from workflow.guidelines.decisions.touched import Touch
from workflow.guidelines.requeue import giving_out_again

SAMPLE = 30
CHUNK = 250
"""Items a transaction: with their places about a thousand rows, so that a click never waits for long."""
CHUNKS_A_TICK = 40
FIRST_LOOK, LAST_LOOK = -1, 0
"""Where the items are looked through from: at first at once, at last once nobody gives labels under an earlier version."""
UNCOUNTED = 0
"""The version of a requeue that the clock has not counted yet, and of which nobody has a card."""


class Choice(StrEnum):
    """What a lead decides about the touched items, or about those that the sample left.

    The latter are choices of their own: whoever presses *None* on a card that another lead has asked for a sample on
    meanwhile has not seen what came of it.
    """

    ALL = "all"
    SAMPLE = "sample"
    NONE = "none"
    REST = "rest"
    NONE_OF_REST = "none_of_rest"


NEXT = {
    (RequeueState.OFFERED, Choice.ALL): RequeueState.RUNNING,
    (RequeueState.OFFERED, Choice.SAMPLE): RequeueState.SAMPLING,
    (RequeueState.OFFERED, Choice.NONE): RequeueState.DECLINED,
    (RequeueState.SAMPLED, Choice.REST): RequeueState.RUNNING,
    (RequeueState.SAMPLED, Choice.NONE_OF_REST): RequeueState.DECLINED,
}


def offer(session: Session, guideline_id: int, now: datetime) -> None:
    """Let a lead decide about items that a new major version touches, once the clock has counted them."""
    project_id = session.get_one(Guideline, guideline_id).project_id
    seed = int(hashlib.sha256(f"requeue {guideline_id}".encode()).hexdigest()[:15], 16)
    row = {
        "project_id": project_id,
        "guideline_id": guideline_id,
        "state": RequeueState.OFFERED,
        "seed": seed,
        "at": now,
    }
    session.execute(outbox.insert_or_skip(session, Requeue, ["guideline_id"]).values(**row))
    waiting.wake(session)


def decide(session: Session, requeue_id: int, choice: str, slack_id: str, now: datetime) -> str | None:
    """A lead says what becomes of the items; words for them where that had been decided already.

    Raises RefusedError for who may not, and for what is not offered.
    """
    requeue = _lock(session, requeue_id)
    if requeue is None or choice not in set(Choice):
        raise RefusedError("This does not exist (any more). Nothing was changed.")
    by = people.require(session, requeue.project_id, slack_id, Role.LEAD)
    after = NEXT.get((requeue.state, Choice(choice)))
    if after is None or requeue.version == UNCOUNTED:
        return _already(session, requeue)
    settled = {"settled_at": now} if after is RequeueState.DECLINED else {}
    _move(session, requeue, now, state=after, by_id=by, after=FIRST_LOOK, **settled)
    history.note(
        session,
        now,
        "requeue.decided",
        "requeue",
        requeue_id,
        project_id=requeue.project_id,
        actor_id=by,
        before={"state": requeue.state},
        after={"state": after, "choice": choice, "touched": requeue.touched},
    )
    waiting.wake(session)
    return None


def _already(session: Session, requeue: Requeue) -> str:
    who = session.execute(select(col(Person.name)).where(col(Person.id) == requeue.by_id)).scalar()
    said = {
        RequeueState.SAMPLING: "to give a sample out again first",
        RequeueState.SAMPLED: "to give a sample out again first",
        RequeueState.RUNNING: "to give everything out again",
        RequeueState.DONE: "to give everything out again",
        RequeueState.DECLINED: "to give nothing out again",
    }.get(requeue.state)
    if who is None or said is None:
        return "There is nothing to decide here. Nothing was changed."
    return f"{who} has already decided {said}. Nothing was changed."


def work(store: Store, now: datetime) -> int:
    """The clock's step: count what is offered, give out what was decided; how many items and cards it moved."""
    uncounted = and_(col(Requeue.state) == RequeueState.OFFERED, col(Requeue.version) == UNCOUNTED)
    goes_on = or_(col(Requeue.state).in_(list(STEPS)), uncounted)
    with store.read() as session:
        due = list(session.execute(select(col(Requeue.id)).where(goes_on).order_by(col(Requeue.id))).scalars())
    return sum(move_on(store, requeue_id, now) for requeue_id in due)


def move_on(store: Store, requeue_id: int, now: datetime) -> int:
    """Do what one requeue waits for, if anything; how many items and cards that moved."""
    with store.read() as session:
        state = session.execute(select(col(Requeue.state)).where(col(Requeue.id) == requeue_id)).scalar_one()
    step = _count if state is RequeueState.OFFERED else STEPS.get(state)
    return step(store, requeue_id, now) if step else 0


def _count(store: Store, requeue_id: int, now: datetime) -> int:
    """Count what is touched, and ask the leads; where nothing is, there is nothing to ask."""
    with store.read() as session:
        _, touch = _read(session, requeue_id)
        by_state = impact.items_by_state(session, touch)
    count = sum(by_state[state] for state in giving_out_again.AGAIN)

    def ask(session: Session) -> int:
        requeue = _lock(session, requeue_id)
        if requeue is None or requeue.version != UNCOUNTED:
            return 0
        if not count:
            _move(session, requeue, now, state=RequeueState.DONE, settled_at=now)
            return 1
        _move(session, requeue, now, touched=count)
        _post(session, requeue, now, f"requeue:{requeue_id}")
        return 1

    return store.transact(ask)


def _sample(store: Store, requeue_id: int, now: datetime) -> int:
    """Draw items by the stored seed and give them out again, all in one transaction."""
    with store.read() as session:
        requeue, touch = _read(session, requeue_id)
        ids = list(session.execute(giving_out_again.after(touch, 0)).scalars())
    drawn = sorted(random.Random(requeue.seed).sample(ids, min(SAMPLE, len(ids))))  # noqa: S311 - to be drawn again

    def give_out(session: Session) -> int:
        found = _lock(session, requeue_id)
        if found is None or found.state is not RequeueState.SAMPLING:
            return 0
        given = giving_out_again.give_out(session, touch, drawn, requeue_id, now)
        _move(session, found, now, state=RequeueState.SAMPLED, done=found.done + given)
        return given

    return store.transact(give_out)


def _run(store: Store, requeue_id: int, now: datetime) -> int:
    """Give out the next items in chunks, as many as a tick allows; the card tells how far it is at the end of each tick."""
    given = 0
    for _ in range(CHUNKS_A_TICK):
        more = _chunk(store, requeue_id, now)
        if more is None:
            break
        given += more
    if given:
        store.transact(lambda session: _tell_how_far(session, requeue_id, now))
    return given


def _chunk(store: Store, requeue_id: int, now: datetime) -> int | None:
    """Give out the next items; how many, None when there is nothing to do for now.

    It is done when a look from the beginning finds nothing, and nobody can give a label under an earlier version any more:
    a batch that goes on under the version it began with is waited for.
    """
    with store.read() as session:
        requeue, touch = _read(session, requeue_id)
        waits = requeue.after == LAST_LOOK and giving_out_again.labels_may_come(session, touch)
        ids = (
            [] if waits else list(session.execute(giving_out_again.after(touch, requeue.after).limit(CHUNK)).scalars())
        )
    if waits or requeue.state is not RequeueState.RUNNING:
        return None

    def give_out(session: Session) -> int | None:
        found = _lock(session, requeue_id)
        if found is None or (found.state, found.after) != (requeue.state, requeue.after):
            return None
        if not ids and found.after == LAST_LOOK:
            _move(session, found, now, state=RequeueState.DONE, settled_at=now)
            return None
        given = giving_out_again.give_out(session, touch, ids, requeue_id, now) if ids else 0
        _set(session, requeue_id, after=ids[-1] if ids else LAST_LOOK, done=found.done + given)
        return given

    return store.transact(give_out)


def _tell_sample(store: Store, requeue_id: int, now: datetime) -> int:
    """Once the whole sample is labelled again, say so in a new message: an edited one notifies nobody."""
    key = f"requeue:{requeue_id}:sampled"

    def tell(session: Session) -> int:
        requeue = _lock(session, requeue_id)
        if requeue is None or requeue.state is not RequeueState.SAMPLED:
            return 0
        _move(session, requeue, now)
        _post(session, requeue, now, key)
        return 1

    with store.read() as session:
        told = session.execute(select(col(Outbox.id)).where(col(Outbox.key) == key)).first()
        if told or sample_outcome(session, requeue_id)["open"]:
            return 0
    return store.transact(tell)


STEPS: dict[RequeueState, Callable[[Store, int, datetime], int]] = {
    RequeueState.SAMPLING: _sample,
    RequeueState.SAMPLED: _tell_sample,
    RequeueState.RUNNING: _run,
}


def sample_outcome(session: Session, requeue_id: int) -> dict[str, int]:
    """What has become of the items that were given out first: ``open``, ``same``, ``other``, ``disputed``, ``new``.

    ``same`` and ``other`` have a final value again, ``new`` have one and had none before; ``disputed`` wait for a ruling.
    """
    first = session.execute(
        select(col(History.before))
        .where(
            col(History.subject) == "requeue",
            col(History.subject_id) == requeue_id,
            col(History.action) == "items.requeued",
        )
        .order_by(col(History.id))
        .limit(1)
    ).scalar()
    values = {int(item_id): value for item_id, value in ((first or {}).get("finals") or {}).items()}
    found = {"open": 0, "same": 0, "other": 0, "disputed": 0, "new": 0}
    rows = session.execute(
        select(col(Item.id), col(Item.state), col(Item.final_value_id)).where(col(Item.id).in_(values))
    )
    for row in rows:
        if row.final_value_id is None:
            found["open" if row.state in giving_out_again.AGAIN else "disputed"] += 1
        else:
            before = values[row.id]
            found["new" if before is None else "same" if before == row.final_value_id else "other"] += 1
    return found


def _read(session: Session, requeue_id: int) -> tuple[Any, Touch]:
    requeue = session.execute(select(*Requeue.__table__.c).where(col(Requeue.id) == requeue_id)).one()  # type: ignore[attr-defined]
    return requeue, touched.by_version(session, requeue.guideline_id)


def _lock(session: Session, requeue_id: int) -> Any:
    """The requeue under lock, its project first: an overlap that changes meanwhile finds the items afterwards."""
    mine = select(col(Requeue.project_id)).where(col(Requeue.id) == requeue_id).scalar_subquery()
    session.execute(select(col(Project.id)).where(col(Project.id) == mine).with_for_update(read=True))
    return session.execute(
        select(*Requeue.__table__.c).where(col(Requeue.id) == requeue_id).with_for_update(key_share=True)  # type: ignore[attr-defined]
    ).first()


def _set(session: Session, requeue_id: int, **values: Any) -> None:
    session.execute(update(Requeue).where(col(Requeue.id) == requeue_id).values(**values))


def _move(session: Session, requeue: Any, now: datetime, **values: Any) -> None:
    """Change a locked requeue, and show that on every copy of its card."""
    _set(session, requeue.id, version=requeue.version + 1, **values)
    outbox.rewrite(session, now, "requeue", requeue.id, requeue.version + 1, "requeue")


def _tell_how_far(session: Session, requeue_id: int, now: datetime) -> None:
    requeue = _lock(session, requeue_id)
    if requeue is not None:
        _move(session, requeue, now)


def _post(session: Session, requeue: Any, now: datetime, key: str) -> None:
    outbox.put(
        session,
        now,
        key,
        "requeue",
        outbox.To(project_id=requeue.project_id, purpose=Purpose.LEADS),
        {"id": requeue.id},
        lane=Lane.URGENT,
        card=("requeue", requeue.id),
    )
