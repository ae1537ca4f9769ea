"""A correction is a case that is ruled at once: told, kept, counted as the decision that holds; on both databases."""

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Escalation, EscalationReason, EscalationState, History, ItemState, Outbox, Ruling
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks
from workflow import places, rulings
from workflow.cases import correcting
from workflow.cases.decision import Details
from workflow.errors import RefusedError
from workflow.views.notice import notice_view

DETAILS = Details(reason_code="rule_missed", section="  Negation \n and doubt ")


def accepted(store: Store) -> tuple[World, Clicks]:
    """An item that three people labelled yes."""
    world = build(store, items=1, reviewers=("rita", "rob"))
    clicks = Clicks(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
        clicks.label(name, 0, "yes")
    return world, clicks


def correct(
    world: World,
    value: str = "no",
    *,
    reason: EscalationReason = EscalationReason.AUDIT,
    rationale: str = "Page 3 denies it.",
    details: Details = DETAILS,
) -> int:
    def work(session: Session) -> int:
        item = places.lock_items(session, [world.items[0]])[0]
        by = world.people["rob"]
        return correcting.correct(session, item, by, world.values[value], rationale, details, reason, NOW)

    return world.store.transact(work)


def test_a_reason_that_is_all_that_was_said_is_told_once(store: Store) -> None:
    world, _ = accepted(store)
    for value, rationale, told in (("no", "A rule of the guideline was missed", ""), ("yes", "Page 3.", "A rule of")):
        ruling_id = correct(world, value, rationale=rationale)
        with store.read() as session:
            shown = notice_view(session, ruling_id, world.people["ana"], NOW)
        assert shown
        assert shown["rationale"] == rationale
        assert shown["reason"].startswith(told)
        assert bool(shown["reason"]) == bool(told)


def test_it_decides_the_item_and_everybody_who_labelled_it_is_told_once(store: Store) -> None:
    world, _ = accepted(store)
    ruling_id = correct(world)
    item = world.item(world.items[0])
    assert (item.state, item.final_value_id, item.decided_by) == (ItemState.RULED, world.values["no"], "audit")
    ruling = world.one(select(*Ruling.__table__.c))  # type: ignore[attr-defined]
    assert (ruling.id, ruling.person_id, ruling.value_id) == (ruling_id, world.people["rob"], world.values["no"])
    assert (ruling.reason_code, ruling.section) == ("rule_missed", "Negation and doubt")
    case = world.one(select(col(Escalation.state), col(Escalation.reason), col(Escalation.settled_at)))
    assert tuple(case) == (EscalationState.RULED, EscalationReason.AUDIT, NOW)
    told = world.rows(select(col(Outbox.person_id)).where(col(Outbox.template) == "ruling_notice"))
    assert sorted(row.person_id for row in told) == sorted(world.people[name] for name in ("ana", "ben", "cem"))
    assert not world.rows(select(col(Outbox.id)).where(col(Outbox.template) == "escalation"))
    noted = world.one(select(col(History.actor_id), col(History.before)).where(col(History.action) == "item.corrected"))
    assert tuple(noted) == (world.people["rob"], {"state": "accepted"})


def test_it_takes_the_place_of_an_earlier_ruling_which_is_not_changed_any_more(store: Store) -> None:
    world = build(store, items=1, reviewers=("rita", "rob"))
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.flag("ana", 0)
    clicks.rule("rita", 0, "yes")
    first = clicks.case(0)
    correct(world, reason=EscalationReason.REVIEW)
    assert world.item(world.items[0]).decided_by == "review"
    # Its card says so now.
    after = world.one(select(col(Escalation.version)).where(col(Escalation.id) == first.id)).version
    assert after == first.version + 1
    with pytest.raises(RefusedError, match="decided anew"), store.write() as session:
        rulings.rule(session, "URITA", first.id, after, world.values["yes"], "No!", NOW)


def test_the_same_value_no_reason_and_what_is_worked_on_again_are_refused(store: Store) -> None:
    world, clicks = accepted(store)
    with pytest.raises(RefusedError, match="is “Yes” already"):
        correct(world, "yes")
    with pytest.raises(RefusedError, match="needs its reason"):
        correct(world, rationale=" \u200b")
    with pytest.raises(RefusedError, match="none of the list"):
        correct(world, details=Details(reason_code="made up"))
    clicks.flag("ana", 0)
    with pytest.raises(RefusedError, match="worked on again"):
        correct(world)
    assert not world.rows(select(col(Ruling.id)))
