"""Disputes: contested once, within the window, decided by somebody who has not judged the item; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Dispute,
    DisputeState,
    Escalation,
    EscalationReason,
    EscalationState,
    History,
    Item,
    ItemState,
    Outbox,
    OutboxState,
    Project,
    Role,
    Ruling,
)
from tests.builders import NOW, World, add_person, build
from tests.house.waiting import all_at_once
from tests.workflow.clicks import Clicks
from tests.workflow.reviewers import Reviewers
from workflow import escalation, rulings
from workflow.cases import dispute_upkeep, disputing
from workflow.errors import NotAllowedError, RefusedError
from workflow.quality_rules import ReviewRules

WEEK = timedelta(days=7)


class Disputers(Clicks):
    """People of a small project, who may contest."""

    def contest(self, name: str, ruling_id: int, argument: str = "Page 4 says no.", now: datetime = NOW) -> int:
        slack_id = self.world.slack_id(name)
        return self.world.store.transact(lambda s: disputing.contest(s, slack_id, ruling_id, argument, now))

    def withdraw(self, name: str, dispute_id: int) -> bool:
        slack_id = self.world.slack_id(name)
        return self.world.store.transact(lambda s: disputing.withdraw(s, slack_id, dispute_id, NOW))

    def disputes(self) -> list[Any]:
        columns = Dispute.__table__.c  # type: ignore[attr-defined]
        return self.world.rows(select(*columns).order_by(columns.id))

    def told(self, ruling_id: int) -> set[int]:
        """Whom a ruling is told to."""
        rows = self.world.rows(
            select(col(Outbox.person_id), col(Outbox.context)).where(col(Outbox.template) == "ruling_notice")
        )
        return {row.person_id for row in rows if row.context["id"] == ruling_id}


def add(world: World, name: str, role: Role) -> None:
    with world.store.write() as session:
        add_person(session, world, name, role)


def ruled(store: Store) -> tuple[World, Disputers, int]:
    """An item of three labels that Rita ruled “yes” on, and Sol who may decide a dispute."""
    world = build(store, items=1, accept="unanimous")
    add(world, "sol", Role.REVIEWER)
    clicks = Disputers(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "no")):
        clicks.batch(name)
        clicks.label(name, 0, value)
    ruling_id = clicks.rule("rita", 0, "yes")
    assert ruling_id is not None
    return world, clicks, ruling_id


def test_a_contested_ruling_is_decided_by_somebody_else_and_both_are_told(store: Store) -> None:
    world, clicks, first = ruled(store)
    clicks.contest("ben", first)
    case = clicks.case(0)
    assert (case.reason, case.state, case.version) == (EscalationReason.CONTESTED, EscalationState.OPEN, 0)
    assert world.item(world.items[0]).state is ItemState.ESCALATED
    with pytest.raises(NotAllowedError, match="judged this item before"):
        clicks.rule("rita", 0, "yes", "As I said.")
    second = clicks.rule("sol", 0, "no", "Page 4 it is.")
    assert second is not None
    dispute = clicks.disputes()[0]
    assert (dispute.state, dispute.settled_by_id) == (DisputeState.GRANTED, second)
    assert clicks.told(second) == {world.people[name] for name in ("ana", "ben", "cem", "rita")}
    actions = world.rows(select(col(History.action), col(History.actor_id)).order_by(col(History.id)))
    assert [tuple(row) for row in actions][-4:] == [
        ("item.escalated", world.people["ben"]),
        ("ruling.contested", world.people["ben"]),
        ("item.ruled", world.people["sol"]),
        ("dispute.granted", world.people["sol"]),
    ]


def test_what_settled_a_dispute_stands(store: Store) -> None:
    _world, clicks, first = ruled(store)
    clicks.contest("ben", first)
    second = clicks.rule("sol", 0, "yes", "It says yes.")
    assert second is not None
    assert clicks.disputes()[0].state is DisputeState.UPHELD
    for name in ("ben", "cem"):
        with pytest.raises(RefusedError, match="settled a dispute, and stands"):
            clicks.contest(name, second)
    with pytest.raises(RefusedError, match="contested this ruling before"):
        clicks.contest("ben", first)
    with pytest.raises(RefusedError, match="does not count any more"):
        clicks.contest("cem", first)
    with pytest.raises(RefusedError, match="settled a dispute, and stands"):
        clicks.rule("sol", 0, "no", "Or not.")


def test_a_second_person_joins_the_open_case_and_doubled_clicks_change_nothing(store: Store) -> None:
    _world, clicks, first = ruled(store)
    case_id = clicks.contest("ben", first)
    assert clicks.contest("ben", first, "Again.") == case_id
    assert clicks.contest("cem", first, "Me too.") == case_id
    assert [row.argument for row in clicks.disputes()] == ["Page 4 says no.", "Me too."]
    clicks.rule("sol", 0, "no")
    assert {row.state for row in clicks.disputes()} == {DisputeState.GRANTED}


def test_a_dispute_that_is_taken_back_leaves_the_ruling_in_force_and_open_to_others(store: Store) -> None:
    world, clicks, first = ruled(store)
    clicks.contest("ben", first)
    clicks.contest("cem", first, "Me too.")
    ben, cem = clicks.disputes()
    with pytest.raises(RefusedError, match="Only who contests"):
        clicks.withdraw("ana", ben.id)
    assert clicks.withdraw("ben", ben.id) is True
    assert clicks.withdraw("ben", ben.id) is False
    assert world.item(world.items[0]).state is ItemState.ESCALATED, "Cem still contests it"
    clicks.withdraw("cem", cem.id)
    item = world.item(world.items[0])
    assert (item.state, item.final_value_id, item.decided_by) == (ItemState.RULED, world.values["yes"], "ruling")
    assert clicks.case(0).state is EscalationState.WITHDRAWN
    with pytest.raises(RefusedError, match="contested this ruling before"):
        clicks.contest("ben", first)
    clicks.contest("ana", first, "On second thoughts.")
    assert clicks.case(0).state is EscalationState.OPEN


def test_only_who_labelled_may_contest_and_only_what_is_in_force(store: Store) -> None:
    world, clicks, first = ruled(store)
    add(world, "dan", Role.ANNOTATOR)
    for name in ("dan", "rita", "sol"):
        with pytest.raises(NotAllowedError, match="Only who labelled"):
            clicks.contest(name, first)
    with pytest.raises(RefusedError, match="Say why"):
        clicks.contest("ben", first, " \u200b ")
    second = clicks.rule("rita", 0, "yes", "Page 5, I mean.")
    with pytest.raises(RefusedError, match="does not count any more"):
        clicks.contest("ben", first)
    assert second is not None
    clicks.contest("ben", second)


def test_the_window_begins_when_somebody_was_told(store: Store) -> None:
    world, clicks, first = ruled(store)
    with store.write() as session:
        mine = (col(Outbox.key) == f"ruling:{first}:{world.people['ben']}",)
        told = NOW + timedelta(days=3)
        session.execute(update(Outbox).where(*mine).values(state=OutboxState.SENT, settled_at=told))
    with pytest.raises(RefusedError, match="is over"):
        clicks.contest("ben", first, now=told + WEEK)
    clicks.contest("ben", first, now=told + WEEK - timedelta(seconds=1))
    clicks.contest("cem", first, now=told + 2 * WEEK)  # Not told yet: their window has not begun.


def test_a_project_without_a_window_has_no_disputes(store: Store) -> None:
    world, clicks, first = ruled(store)
    with store.write() as session:
        quality = {"disputes": {"window": 0}}
        session.execute(update(Project).where(col(Project.id) == world.project_id).values(quality=quality))
    with pytest.raises(RefusedError, match="cannot be contested"):
        clicks.contest("ben", first)


def test_a_ruling_can_be_changed_again_once_its_dispute_was_taken_back(store: Store) -> None:
    world, clicks, first = ruled(store)
    former = clicks.case(0)
    clicks.contest("ben", first)
    clicks.withdraw("ben", clicks.disputes()[0].id)
    version = world.one(select(col(Escalation.version)).where(col(Escalation.id) == former.id)).version

    world.store.transact(
        lambda s: rulings.rule(
            s, world.slack_id("rita"), former.id, version, world.values["no"], "Page 4, after all.", NOW
        )
    )
    assert world.item(world.items[0]).final_value_id == world.values["no"]
    assert len(world.rows(select(col(Ruling.id)))) == 2


def test_a_dispute_ends_with_its_case_where_the_text_was_replaced(store: Store) -> None:
    world, clicks, first = ruled(store)
    clicks.contest("ben", first)
    assert dispute_upkeep.let_go(store, NOW) == 0
    case = clicks.case(0)
    with store.write() as session:
        escalation.withdraw(session, case.id, case.version, NOW)
        session.execute(
            update(Item).where(col(Item.id) == world.items[0]).values(state=ItemState.REPLACED, final_value_id=None)
        )
    assert dispute_upkeep.let_go(store, NOW) == 1
    assert dispute_upkeep.let_go(store, NOW) == 0
    assert clicks.disputes()[0].state is DisputeState.WITHDRAWN
    with pytest.raises(RefusedError, match="does not count any more"):
        clicks.contest("cem", first)


def test_two_who_contest_at_once_are_in_one_case(store: Store) -> None:
    _world, clicks, first = ruled(store)
    outcomes = all_at_once(
        [
            lambda: clicks.contest("ben", first),
            lambda: clicks.contest("cem", first),
            lambda: clicks.contest("ben", first),
        ]
    )
    assert len(set(outcomes)) == 1
    assert len(clicks.disputes()) == 2


def test_a_correction_in_review_is_contested_as_any_ruling(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(share=1.0), items=1, accept="majority")
    add(shop.world, "sol", Role.REVIEWER)
    shop.labelled("yes", "yes", "no")
    shop.pick()
    shop.next()
    shop.correct("no")
    clicks = Disputers(shop.world)
    correction = shop.world.one(select(col(Ruling.id))).id
    clicks.contest("ana", correction)
    clicks.withdraw("ana", clicks.disputes()[0].id)
    item = shop.world.item(shop.world.items[0])
    assert (item.state, item.final_value_id, item.decided_by) == (ItemState.RULED, shop.world.values["no"], "review")
    clicks.contest("ben", correction)
    with pytest.raises(NotAllowedError, match="judged this item before"):
        clicks.rule("rita", 0, "no", "As I said.")
    clicks.rule("sol", 0, "yes", "As they said.")
    assert clicks.disputes()[1].state is DisputeState.GRANTED
