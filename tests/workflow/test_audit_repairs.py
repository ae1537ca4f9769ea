"""A lot that failed its audit: labelled again by one click, its people told, and audited again until it passes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Audit,
    AuditState,
    Card,
    Channel,
    Finding,
    Item,
    ItemState,
    Label,
    Outbox,
    OutboxState,
    Pattern,
    Project,
    Purpose,
)
from tests.builders import World
from tests.workflow.audit_world import LATER, audit, finished, judge_all, start
from tests.workflow.clicks import Clicks
from tests.workflow.test_at_one_moment import together
from tests.workflow.test_history_quality import told
from workflow.audit import again, drawing, moving, plan, reopening
from workflow.errors import NotAllowedError
from workflow.views.audit import audit_view
from workflow.views.audit_repair import whose


def failed(store: Store) -> tuple[World, int]:
    """30 items, of which an audit found too many wrong."""
    world = finished(store, 30)
    audit_id = start(world, plan.accepting(0.05, 0.4))
    judge_all(world, audit_id, lambda _: True)
    assert audit(world, audit_id).state is AuditState.FAILED
    return world, audit_id


def press(world: World, audit_id: int, who: str = "lea") -> str | None:
    return world.store.transact(lambda s: reopening.reopen(s, world.slack_id(who), audit_id, LATER))


def states(world: World) -> dict[ItemState, int]:
    rows = world.rows(select(col(Item.state), func.count()).group_by(col(Item.state)))
    return {row[0]: row[1] for row in rows}


def repair_of(world: World, audit_id: int) -> dict[str, Any]:
    with world.store.read() as session:
        view = audit_view(session, audit_id)
        assert view is not None
        return dict(view["repair"])


def repair(world: World) -> None:
    """Ana and ben label what they are given, alike."""
    people = Clicks(world)
    for name in ("ana", "ben"):
        people.batch(name, size=30)
        for number, item_id in enumerate(world.items):
            if world.item(item_id).state is ItemState.OPEN:
                people.label(name, number, "yes", now=LATER)


def test_a_failed_lot_is_labelled_again_and_audited_again(store: Store) -> None:
    world, audit_id = failed(store)
    drawn = audit(world, audit_id).size
    labels = world.one(select(func.count()).select_from(Label))[0]
    assert repair_of(world, audit_id)["items"] == 30 - drawn, "what it says before the click is what it does"
    assert press(world, audit_id) is None
    assert reopening.work(store, LATER) == 30 - drawn
    assert audit(world, audit_id).state is AuditState.REOPENED
    assert audit(world, audit_id).reopened == 30 - drawn
    assert states(world) == {ItemState.RULED: drawn, ItemState.OPEN: 30 - drawn}
    assert world.one(select(func.count()).select_from(Label))[0] == labels, "labels stay in the history"
    left = {row.item_id for row in world.rows(select(col(Pattern.item_id)))}
    assert left == {row.item_id for row in world.rows(select(col(Finding.item_id)))}, "and out of agreement"
    notices = world.rows(select(col(Outbox.key)).where(col(Outbox.key).like(f"audit:{audit_id}:reopened:%")))
    assert {row.key for row in notices} >= {
        f"audit:{audit_id}:reopened:{world.people[name]}" for name in ("ana", "ben")
    }

    assert again.start_due(store, LATER) == 0, "nothing is decided yet"
    repair(world)
    assert again.start_due(store, LATER) == 1
    assert again.start_due(store, LATER) == 0
    assert audit(world, audit_id).state is AuditState.REPAIRED
    second = world.one(select(col(Audit.id), col(Audit.seed)).where(col(Audit.again_of_id) == audit_id))
    assert second.seed != audit(world, audit_id).seed
    drawing.draw_due(store, LATER)
    assert audit(world, second.id).population == 30
    shown = repair_of(world, audit_id)
    assert (shown["items"], shown["by"], shown["again"]) == (30 - drawn, "Lea", second.id)
    said = told(world)
    assert f"audit {audit_id}: its lot is given out again, {30 - drawn} items" in said
    assert f"the lot of audit {audit_id} is decided again: audit {second.id} looks at it" in said
    judge_all(world, second.id, lambda _: False, "ali")
    assert audit(world, second.id).state is AuditState.PASSED


def test_only_a_lead_reopens_and_only_once(store: Store) -> None:
    world, audit_id = failed(store)
    with pytest.raises(NotAllowedError, match="Only a lead"):
        press(world, audit_id, "ada")
    said: list[Any] = together(*[lambda: press(world, audit_id)] * 2)
    assert sorted(said, key=str, reverse=True) == [
        "You already had this lot labelled again. Nothing was changed.",
        None,
    ]
    passed = start(world, plan.looking_at(3))
    assert "Only the lot of an audit that failed" in (press(world, passed) or "")


def test_the_card_with_the_button_comes_to_the_channel_that_is_named_instead(store: Store) -> None:
    world, audit_id = failed(store)
    leads = col(Channel.purpose) == Purpose.LEADS
    with store.write() as session:
        old = session.execute(select(col(Channel.slack_id)).where(leads)).scalar_one()
        there = {"kind": "audit", "subject_id": audit_id, "channel": old, "ts": "1.1", "created_at": LATER}
        session.execute(insert(Card).values(there))
        session.execute(update(Audit).values(ended_at=LATER))
    assert moving.follow(store, LATER) == 0, "its first card is on its way"
    with store.write() as session:
        session.execute(update(Outbox).values(state=OutboxState.SENT))
    assert moving.follow(store, LATER) == 0, "it is there"
    with store.write() as session:
        session.execute(update(Channel).where(leads).values(slack_id="CNEW"))
    assert moving.follow(store, LATER + timedelta(days=29)) == 0, "nobody asks for it any more"
    assert (moving.follow(store, LATER), moving.follow(store, LATER)) == (1, 0)
    waiting = select(col(Outbox.key)).where(col(Outbox.state) == OutboxState.WAITING)
    assert [row.key for row in world.rows(waiting)] == [f"audit:{audit_id}:leads:CNEW"]
    assert world.rows(select(col(Card.id))) == [], "the old one is left as it is"


def test_a_restart_goes_on_where_it_was_and_what_is_decided_meanwhile_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, audit_id = failed(store)
    press(world, audit_id)
    monkeypatch.setattr(reopening, "CHUNK", 2)
    monkeypatch.setattr(reopening, "CHUNKS_A_TICK", 1)
    given = [reopening.work(store, LATER) for _ in range(30)]
    assert sum(given) == audit(world, audit_id).reopened
    assert max(given) <= 2
    assert audit(world, audit_id).state is AuditState.REOPENED
    # Accepted patterns of other items are not touched, and the project is free for clicks.
    assert world.one(select(col(Project.stranded_after)))[0] is None


def test_whose_work_it_was_is_said_with_the_worst_first() -> None:
    people = [{"name": "Ana", "judged": 40, "rate": 0.02}, {"name": "Ben", "judged": 4, "wrong": 1, "rate": None}]
    many = [{"name": f"P{number}", "judged": 20, "rate": number / 100} for number in range(9)]
    assert whose(people) == "Ana (2 % wrong) and Ben (1 of 4 wrong)"
    assert whose(many, 2) == "P8 (8 % wrong), P7 (7 % wrong) and 7 others"
    assert whose(many, 9, room=40) == "P8 (8 % wrong) and 8 others"
    assert whose([]) == ""
