"""Rulings: decided once, changed openly, sent back, and told to everybody whom they concern; on both databases."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Card,
    Escalation,
    EscalationReason,
    EscalationState,
    Flag,
    History,
    ItemState,
    Label,
    Outbox,
    OutboxKind,
    Pattern,
    Person,
    Place,
    Role,
    Ruling,
)
from tests.builders import NOW, World, add_person, build
from tests.workflow.clicks import Clicks, state_of
from workflow import membership, project_edit, rulings, upkeep
from workflow.errors import NotAllowedError, RefusedError
from workflow.nothing import Nothing
from workflow.project_edit import Asked


def disputed(store: Store, **world: Any) -> tuple[World, Clicks]:
    """One item on which three people disagree under a rule of unanimity."""
    made = build(store, items=1, accept="unanimous", **world)
    clicks = Clicks(made)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "yes")):
        clicks.batch(name)
        clicks.label(name, 0, value)
    return made, clicks


def unclear(store: Store, *, flaggers: tuple[str, ...] = ("ana",), holders: tuple[str, ...] = ()) -> Any:
    """One item that some flagged while others hold it."""
    made = build(store, items=1, annotators=("ana", "ben", "cem", "dan"))
    clicks = Clicks(made)
    for name in (*flaggers, *holders):
        clicks.batch(name)
    for name in flaggers:
        clicks.flag(name, 0, note=f"{name} asks which film")
    return made, clicks


def add_card(world: World, kind: str, subject_id: int, number: int) -> None:
    with world.store.write() as session:
        session.execute(
            insert(Card).values(
                kind=kind, subject_id=subject_id, channel=f"C{number}", ts=f"{subject_id}.{number}", created_at=NOW
            )
        )


def notices(world: World) -> list[tuple[int, str]]:
    """(person, key) of every message that tells a ruling."""
    told = select(col(Outbox.person_id), col(Outbox.key), col(Outbox.kind), col(Outbox.card_id)).where(
        col(Outbox.template) == "ruling_notice"
    )
    rows = world.rows(told.order_by(col(Outbox.id)))
    assert all(row.kind is OutboxKind.POST and row.card_id is None for row in rows)
    return [(row.person_id, row.key) for row in rows]


def told(world: World, *names: str) -> list[int]:
    return sorted(world.people[name] for name in names)


def test_a_ruling_ends_the_item_and_is_told_once_to_everybody_who_labelled_it(store: Store) -> None:
    world, clicks = disputed(store)
    ruling_id = clicks.rule("rita", 0, "no")
    item = world.item(world.items[0])
    assert (item.state, item.final_value_id, item.decided_by) == (ItemState.RULED, world.values["no"], "ruling")
    assert clicks.case(0).state is EscalationState.RULED
    assert sorted(person for person, _ in notices(world)) == told(world, "ana", "ben", "cem")
    ruling = world.one(select(*Ruling.__table__.c))  # type: ignore[attr-defined]
    assert (ruling.id, ruling.person_id, ruling.rationale) == (ruling_id, world.people["rita"], "Read page 3.")
    assert ruling.guideline_id is not None
    noted = world.one(select(col(History.actor_id), col(History.before)).where(col(History.action) == "item.ruled"))
    assert tuple(noted) == (world.people["rita"], {"state": "escalated"})


def test_a_changed_ruling_is_told_again_as_new_messages(store: Store) -> None:
    world, clicks = disputed(store)
    clicks.rule("rita", 0, "no")
    clicks.rule("rita", 0, "yes", "I had overlooked page 4.")
    assert world.item(world.items[0]).final_value_id == world.values["yes"]
    assert sorted(person for person, _ in notices(world)) == sorted(2 * told(world, "ana", "ben", "cem"))
    assert len({key for _, key in notices(world)}) == 6
    assert len(world.rows(select(col(Ruling.id)))) == 2
    moves = world.rows(select(col(History.before)).where(col(History.action) == "item.ruled").order_by(col(History.id)))
    assert [row[0]["state"] for row in moves] == ["escalated", "ruled"]


def test_who_flagged_is_told_the_ruling_and_each_change_of_it(store: Store) -> None:
    world, clicks = unclear(store, holders=("ben",))
    clicks.label("ben", 0, "yes")
    clicks.rule("rita", 0, "no")
    clicks.rule("rita", 0, "yes", "After all.")
    assert sorted(person for person, _ in notices(world)) == sorted(2 * told(world, "ana", "ben"))


def test_who_only_held_the_item_is_not_told_a_ruling(store: Store) -> None:
    world, clicks = unclear(store, holders=("ben",))
    clicks.rule("rita", 0, "no")
    clicks.rule("rita", 0, "yes", "After all.")
    assert {person for person, _ in notices(world)} == {world.people["ana"]}


def test_the_same_submission_again_rules_once(store: Store) -> None:
    world, clicks = disputed(store)
    version = clicks.case(0).version
    assert clicks.rule("rita", 0, "no", version=version) is not None
    assert clicks.rule("rita", 0, "no", version=version) is None
    assert len(world.rows(select(col(Ruling.id)))) == 1
    assert len(notices(world)) == 3
    assert clicks.case(0).version == version + 1


def test_the_same_sending_back_again_sends_back_once(store: Store) -> None:
    world, clicks = unclear(store)
    version = clicks.case(0).version
    assert clicks.send_back("rita", 0, version=version) is not None
    assert clicks.send_back("rita", 0, version=version) is None
    assert len(notices(world)) == 1


def test_the_second_of_two_reviewers_is_told_who_ruled_what(store: Store) -> None:
    world, clicks = disputed(store, reviewers=("rita", "rob"))
    version = clicks.case(0).version
    clicks.rule("rita", 0, "no", version=version)
    with pytest.raises(RefusedError, match="Rita ruled “No” meanwhile"):
        clicks.rule("rob", 0, "yes", version=version)
    assert world.item(world.items[0]).final_value_id == world.values["no"]


def test_two_reviewers_at_one_moment_rule_once(store: Store) -> None:
    world, clicks = disputed(store, reviewers=("rita", "rob"))
    version, ready = clicks.case(0).version, threading.Barrier(2)
    outcomes: list[str] = []

    def submit(name: str, value: str) -> None:
        ready.wait()
        try:
            clicks.rule(name, 0, value, version=version)
            outcomes.append("ruled")
        except RefusedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=submit, args=pair) for pair in (("rita", "no"), ("rob", "yes"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "ruled"]
    assert len(world.rows(select(col(Ruling.id)))) == 1


def test_a_note_that_came_meanwhile_is_read_before_ruling(store: Store) -> None:
    _, clicks = unclear(store, holders=("ben",))
    version = clicks.case(0).version
    clicks.flag("ben", 0, note="And which year?")
    with pytest.raises(RefusedError, match="Something was added"):
        clicks.rule("rita", 0, "no", version=version)
    assert clicks.rule("rita", 0, "no") is not None


@pytest.mark.parametrize("rationale", ["", "  \n", "\u200b \u2066", "\x01"])
def test_a_ruling_needs_a_reason(store: Store, rationale: str) -> None:
    world, clicks = unclear(store)
    with pytest.raises(RefusedError, match="reason"):
        clicks.rule("rita", 0, "no", rationale)
    with pytest.raises(RefusedError, match="should know"):
        clicks.send_back("rita", 0, rationale)
    assert state_of(world, 0) is ItemState.ESCALATED


def test_only_reviewers_and_leads_rule_and_the_refusal_says_who_can(store: Store) -> None:
    world, clicks = unclear(store)
    with store.write() as session:
        add_person(session, world, "aud", Role.AUDITOR)
        add_person(session, world, "leo", Role.LEAD)
    for name in ("ana", "aud", "nobody"):
        with pytest.raises(NotAllowedError, match="@Rita"):
            clicks.rule(name, 0, "no")
        with pytest.raises(NotAllowedError, match="@Rita"):
            clicks.send_back(name, 0)
    with pytest.raises(NotAllowedError):
        clicks.see_labels("ben", 0)
    assert state_of(world, 0) is ItemState.ESCALATED
    assert clicks.rule("leo", 0, "no") is not None


def test_a_reviewer_of_another_project_or_a_deactivated_one_does_not_rule(store: Store) -> None:
    world, clicks = unclear(store)
    build(store, name="other", annotators=(), reviewers=("zoe",))
    with store.write() as session:
        session.execute(update(Person).where(col(Person.id) == world.people["rita"]).values(active=False))
    for name in ("zoe", "rita"):
        with pytest.raises(NotAllowedError):
            clicks.rule(name, 0, "no")


def test_a_foreign_label_and_an_unknown_case_are_refused(store: Store) -> None:
    world, clicks = unclear(store)
    other = build(store, name="other", annotators=(), reviewers=())
    case = clicks.case(0)
    with pytest.raises(RefusedError, match="not one of this project"), store.write() as session:
        rulings.rule(session, world.slack_id("rita"), case.id, case.version, other.values["yes"], "So.", NOW)
    with pytest.raises(RefusedError, match="does not exist"), store.write() as session:
        rulings.rule(session, world.slack_id("rita"), 987654, 0, world.values["yes"], "So.", NOW)


def test_sending_back_opens_the_flaggers_place_with_a_fresh_lease_and_the_others_again(store: Store) -> None:
    world, clicks = unclear(store, holders=("ben",))
    before = world.item(world.items[0])
    assert before.open_places == 0
    clicks.send_back("rita", 0)
    item, place = world.item(world.items[0]), world.place("ana", world.items[0])
    assert (item.state, item.open_places, item.seq > before.seq) == (ItemState.OPEN, 1, True)
    assert (place.state, place.lease_until) == (Place.OPEN, NOW + timedelta(hours=24))
    assert [person for person, _ in notices(world)] == [world.people["ana"]]
    assert clicks.case(0).state is EscalationState.SENT_BACK
    for name in ("ana", "ben"):
        clicks.label(name, 0, "yes")
    clicks.batch("cem")
    clicks.label("cem", 0, "yes")
    assert state_of(world, 0) is ItemState.ACCEPTED
    assert isinstance(clicks.batch("dan"), Nothing)


def test_all_who_flagged_get_the_item_back(store: Store) -> None:
    world, clicks = unclear(store, flaggers=("ana", "ben"))
    assert len(world.rows(select(col(Flag.id)))) == 2
    assert len(world.rows(select(col(Escalation.id)))) == 1
    clicks.send_back("rita", 0)
    assert {world.place(name, world.items[0]).state for name in ("ana", "ben")} == {Place.OPEN}
    assert sorted(person for person, _ in notices(world)) == told(world, "ana", "ben")
    assert world.item(world.items[0]).open_places == 1


def test_a_flagger_who_left_gives_their_place_to_others(store: Store) -> None:
    world, clicks = unclear(store, flaggers=("ana", "ben"))
    with store.write() as session:
        membership.remove(session, world.project_id, world.people["ana"], NOW, None)
    clicks.send_back("rita", 0)
    assert world.place("ana", world.items[0]).state is Place.RETURNED
    assert [person for person, _ in notices(world)] == [world.people["ben"]]
    assert world.item(world.items[0]).open_places == 2


def test_where_no_flagger_is_left_it_must_be_ruled(store: Store) -> None:
    world, clicks = unclear(store)
    with store.write() as session:
        membership.deactivated(session, world.slack_id("ana"), NOW)
    with pytest.raises(RefusedError, match="Please rule"):
        clicks.send_back("rita", 0)
    assert state_of(world, 0) is ItemState.ESCALATED
    assert clicks.rule("rita", 0, "no") is not None


def test_a_disagreement_is_ruled_and_not_sent_back(store: Store) -> None:
    _, clicks = disputed(store)
    with pytest.raises(RefusedError, match="Please rule"):
        clicks.send_back("rita", 0)


def test_what_went_back_may_be_flagged_again_as_a_new_case(store: Store) -> None:
    world, clicks = unclear(store)
    clicks.send_back("rita", 0)
    clicks.flag("ana", 0, note="Still unclear")
    cases = world.rows(select(col(Escalation.state)).order_by(col(Escalation.id)))
    assert [row[0] for row in cases] == [EscalationState.SENT_BACK, EscalationState.OPEN]
    first = world.rows(select(func.min(col(Escalation.id))))[0][0]
    with pytest.raises(RefusedError, match="Rita sent the item back meanwhile"), store.write() as session:
        rulings.rule(session, world.slack_id("rita"), first, 0, world.values["yes"], "So.", NOW)


def test_a_case_that_went_back_or_was_withdrawn_is_not_ruled(store: Store) -> None:
    world, clicks = disputed(store)
    clicks.label("ben", 0, "yes")
    assert clicks.case(0).state is EscalationState.WITHDRAWN
    with pytest.raises(RefusedError, match="labels agree after all"):
        clicks.rule("rita", 0, "no")
    assert state_of(world, 0) is ItemState.ACCEPTED


def test_an_item_that_goes_back_asks_for_the_overlap_of_today(store: Store) -> None:
    world, clicks = unclear(store, holders=("ben",))
    project_edit.make(store, world.project_id, Asked({"overlap": 4}), NOW, None)
    assert state_of(world, 0) is ItemState.ESCALATED
    clicks.send_back("rita", 0)
    assert world.item(world.items[0]).open_places == 2
    project_edit.make(store, world.project_id, Asked({"overlap": 2}), NOW, None)
    assert world.item(world.items[0]).open_places == 0


def test_a_ruling_closes_what_people_hold_and_rewrites_their_cards(store: Store) -> None:
    world, clicks = unclear(store, holders=("ben", "cem"))
    batch_id = world.place("ben", world.items[0]).batch_id
    add_card(world, "batch", batch_id, 1)
    clicks.rule("rita", 0, "no")
    states = {name: world.place(name, world.items[0]).state for name in ("ana", "ben", "cem")}
    assert set(states.values()) == {Place.CLOSED}
    rewritten = world.rows(select(col(Outbox.subject_id)).where(col(Outbox.kind) == OutboxKind.UPDATE))
    assert [row[0] for row in rewritten] == [batch_id]
    assert store.transact(lambda s: upkeep.expire(s, NOW + timedelta(days=3))) == 0
    assert isinstance(clicks.batch("dan"), Nothing)


def test_every_copy_of_the_card_is_rewritten_with_each_ruling(store: Store) -> None:
    world, clicks = unclear(store)
    case = clicks.case(0)
    for number in range(3):
        add_card(world, "escalation", case.id, number)
    clicks.rule("rita", 0, "no")
    clicks.rule("rita", 0, "yes", "After all.")
    updates = world.rows(
        select(col(Outbox.key), col(Outbox.card_id), col(Outbox.subject)).where(col(Outbox.kind) == OutboxKind.UPDATE)
    )
    assert len({row.key for row in updates}) == 6
    assert len({row.card_id for row in updates}) == 3
    assert {row.subject for row in updates} == {f"escalation:{case.id}"}


def test_a_label_after_the_ruling_is_kept_and_marked_and_outside_of_agreement(store: Store) -> None:
    world, clicks = unclear(store, holders=("ben", "cem"))
    clicks.label("cem", 0, "yes")
    before = world.rows(select(col(Pattern.pattern)))
    clicks.rule("rita", 0, "no")
    assert clicks.label("ben", 0, "yes")
    place, item = world.place("ben", world.items[0]), world.item(world.items[0])
    assert (place.state, place.after_ruling, place.counted_id) == (Place.LABELLED, True, None)
    assert (item.state, item.final_value_id) == (ItemState.RULED, world.values["no"])
    assert world.rows(select(col(Pattern.pattern))) == before
    late = world.rows(select(col(Label.after_ruling), col(Label.item_to)).order_by(col(Label.id)))
    assert [tuple(row) for row in late] == [(False, ItemState.ESCALATED), (True, ItemState.RULED)]


def test_going_back_after_a_ruling_is_kept_and_marked_and_the_first_label_still_counts(store: Store) -> None:
    world, clicks = disputed(store)
    before = world.rows(select(col(Pattern.pattern)))
    clicks.rule("rita", 0, "no")
    assert clicks.label("ana", 0, "no")
    place = world.place("ana", world.items[0])
    assert (place.value_id, place.counted_id) == (world.values["no"], world.values["yes"])
    assert place.after_ruling
    assert world.rows(select(col(Pattern.pattern))) == before
    assert world.item(world.items[0]).final_value_id == world.values["no"]


def test_who_flagged_may_label_after_the_ruling_and_may_not_flag_again(store: Store) -> None:
    world, clicks = unclear(store)
    clicks.rule("rita", 0, "no")
    with pytest.raises(RefusedError, match="ruled on this item"):
        clicks.flag("ana", 0)
    assert clicks.label("ana", 0, "no")
    assert world.place("ana", world.items[0]).after_ruling


def test_who_saw_the_labels_is_never_given_the_item(store: Store) -> None:
    world, clicks = unclear(store)
    with store.write() as session:
        add_person(session, world, "rita", Role.ANNOTATOR)
    clicks.see_labels("rita", 0)
    clicks.see_labels("rita", 0)
    assert world.place("rita", world.items[0]).state is Place.BARRED
    clicks.send_back("rita", 0)
    assert isinstance(clicks.batch("rita"), Nothing)
    assert not isinstance(clicks.batch("ben"), Nothing)
    seen = world.rows(select(col(History.actor_id)).where(col(History.action) == "labels.seen"))
    assert {row[0] for row in seen} == {world.people["rita"]}


@pytest.mark.parametrize("flagged", [False, True])
def test_who_has_a_place_answers_before_seeing_the_labels(store: Store, flagged: bool) -> None:
    world = build(store, items=1, annotators=("ana", "ben", "rita"), reviewers=())
    clicks = Clicks(world)
    with store.write() as session:
        add_person(session, world, "rita", Role.REVIEWER)
    for name in ("ana", "rita"):
        clicks.batch(name)
    clicks.flag("ana", 0)
    if flagged:
        clicks.flag("rita", 0)
    with pytest.raises(RefusedError, match="Answer it first"):
        clicks.see_labels("rita", 0)
    assert not world.rows(select(col(History.id)).where(col(History.action) == "labels.seen"))
    if not flagged:
        clicks.label("rita", 0, "yes")
        clicks.see_labels("rita", 0)
        assert world.place("rita", world.items[0]).state is Place.LABELLED


def test_a_place_that_went_back_is_barred_once_the_labels_were_seen(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "ben", "rita"), reviewers=())
    clicks = Clicks(world)
    with store.write() as session:
        add_person(session, world, "rita", Role.REVIEWER)
    for name in ("rita", "ana"):
        clicks.batch(name)
    clicks.flag("ana", 0)
    store.transact(lambda s: upkeep.expire(s, NOW + timedelta(days=2)))
    clicks.see_labels("rita", 0)
    clicks.send_back("rita", 0)
    assert world.place("rita", world.items[0]).state is Place.BARRED
    with pytest.raises(RefusedError):
        clicks.label("rita", 0, "yes")
    assert isinstance(clicks.batch("rita"), Nothing)


def test_labels_of_a_case_that_went_back_are_not_shown(store: Store) -> None:
    _, clicks = unclear(store)
    clicks.send_back("rita", 0)
    with pytest.raises(RefusedError, match="closed"):
        clicks.see_labels("rita", 0)


def test_a_flag_on_a_disputed_item_makes_it_unclear_and_rewrites_its_card(store: Store) -> None:
    world, clicks = disputed(store)
    case = clicks.case(0)
    add_card(world, "escalation", case.id, 1)
    clicks.flag("ben", 0)
    assert clicks.case(0).id == case.id
    assert clicks.case(0).reason is EscalationReason.UNCLEAR
    assert len(world.rows(select(col(Outbox.id)).where(col(Outbox.kind) == OutboxKind.UPDATE))) == 1
    clicks.label("cem", 0, "no")
    assert state_of(world, 0) is ItemState.ESCALATED
    clicks.send_back("rita", 0)
    clicks.label("ben", 0, "no")
    assert state_of(world, 0) is ItemState.ESCALATED
    clicks.label("ana", 0, "no")
    item = world.item(world.items[0])
    assert (item.state, item.final_value_id) == (ItemState.ACCEPTED, world.values["no"])


def test_who_has_a_place_on_the_item_does_not_rule_before_the_answer_nor_after_it(store: Store) -> None:
    world, clicks = unclear(store, flaggers=("ana",), holders=("ben",))
    with store.write() as session:
        add_person(session, world, "ben", Role.REVIEWER)
    with pytest.raises(RefusedError, match="answer it first"):
        clicks.rule("ben", 0, "yes")
    assert state_of(world, 0) is ItemState.ESCALATED
    clicks.label("ben", 0, "no")
    with pytest.raises(NotAllowedError, match="somebody else has to judge it"):
        clicks.rule("ben", 0, "yes")
    assert state_of(world, 0) is ItemState.ESCALATED
    clicks.rule("rita", 0, "yes")
    assert state_of(world, 0) is ItemState.RULED
