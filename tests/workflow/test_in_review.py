"""An item in review while the project changes around it: more overlap, other rules, other labels; and how it is counted."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Audit,
    AuditDesign,
    AuditState,
    BackTo,
    Finding,
    FindingState,
    ItemState,
    LabelValue,
    Review,
    ReviewState,
    Role,
)
from tests.builders import NOW, add_items, add_person
from tests.workflow import rule_change
from tests.workflow.clicks import state_of
from tests.workflow.reviewers import LATER, Reviewers
from tests.workflow.test_label_carrying import change as change_labels
from workflow import counts, digest, projects, quality_counts, standing, upkeep
from workflow.guidelines.labels import carrying
from workflow.nothing import Nothing, Why
from workflow.quality_rules import ReviewRules
from workflow.review import following
from workflow.review import upkeep as review_upkeep

ALL = ReviewRules(share=1.0)


@pytest.fixture
def shop(store: Store) -> Reviewers:
    """Two items that all three labelled "yes" are in review."""
    shop = Reviewers(store, ALL, items=2)
    for item in range(2):
        shop.labelled("yes", "yes", "yes", item=item)
    assert shop.pick() == 2
    return shop


def test_nothing_is_left_to_label_while_the_last_items_are_reviewed(shop: Reviewers) -> None:
    assert shop.batch("ana") == Nothing(Why.ESCALATED), "they wait for a reviewer, and may come back"


def test_a_raised_overlap_opens_it_again_and_its_review_is_over(shop: Reviewers) -> None:
    world = shop.world
    with world.store.write() as session:
        add_person(session, world, "dan", Role.ANNOTATOR)
        projects.set_overlap(session, world.project_id, 4, LATER, None)
    while world.store.transact(lambda s: upkeep.change_overlap(s, world.project_id, LATER)):
        pass
    assert [state_of(world, item) for item in range(2)] == [ItemState.OPEN] * 2
    assert world.item(world.items[0]).final_value_id is None
    assert review_upkeep.withdraw_gone(world.store, LATER) == 2
    assert shop.review(0).state is ReviewState.WITHDRAWN
    shop.batch("dan")
    for item in range(2):
        shop.label("dan", item, "no", now=LATER)
    assert shop.pick(LATER + timedelta(hours=1)) == 2, "with four labels it is another question"


def test_a_changed_rule_gives_it_out_again(shop: Reviewers) -> None:
    world = shop.world
    requeue_id = rule_change.change(world, labels=("yes",))
    rule_change.decide(world, requeue_id, "all")
    rule_change.tick(world)
    assert rule_change.given_out(world) == [world.items]
    assert [state_of(world, item) for item in range(2)] == [ItemState.OPEN] * 2


def test_a_review_and_a_finding_follow_a_label_that_is_called_otherwise(shop: Reviewers) -> None:
    world = shop.world
    yes, waits = world.values["yes"], FindingState.WAITING
    with world.store.write() as session:
        # Nothing is labelled on these any more: they were given out again after they were drawn.
        add_items(session, world, 2, 1)
        other = {"project_id": world.project_id, "position": 9, "value": "other", "title": "Other"}
        kept = session.execute(insert(LabelValue).values(**other).returning(col(LabelValue.id))).scalar_one()
        row = {"project_id": world.project_id, "design": AuditDesign.RANDOM, "scope": {}, "plan": {}, "seed": 1}
        made = insert(Audit).values(**row, created_at=NOW).returning(col(Audit.id))
        audit_id, ended_id = (
            session.execute(made, {"state": state}).scalar_one() for state in (AuditState.RUNNING, AuditState.CANCELLED)
        )
        about = {"audit_id": audit_id, "project_id": world.project_id, "probability": 1.0, "value_id": yes}
        session.execute(
            insert(Finding),
            [
                {**about, "item_id": item_id, "position": position, "state": state, "answer_id": answer_id}
                | {"answered_at": LATER if answer_id else None}
                for position, (item_id, state, answer_id) in enumerate(
                    zip(
                        world.items[:3],
                        (FindingState.ANSWERED, FindingState.JUDGED, waits),
                        (yes, yes, None),
                        strict=True,
                    )
                )
            ],
        )
        answered = {"value_id": kept, "state": FindingState.ANSWERED, "answer_id": yes, "answered_at": LATER}
        session.execute(insert(Finding).values({**about, "item_id": world.items[3], "position": 3, **answered}))
        ended = {**about, "audit_id": ended_id, "item_id": world.items[0], "position": 4, "state": waits}
        session.execute(insert(Finding).values(**ended))
    shop.next()
    change_labels(world, "merge yes, no = either | Either", at=LATER)
    assert carrying.carry_over(world.store, LATER + timedelta(minutes=1)) == 4
    either = world.one(select(col(LabelValue.id)).where(col(LabelValue.value) == "either"))[0]
    assert world.item(world.items[0]).final_value_id == either != yes
    assert [row.value_id for row in world.rows(select(col(Review.value_id)))] == [either, either]
    findings = world.rows(select(col(Finding.value_id), col(Finding.answer_id)).order_by(col(Finding.position)))
    assert [tuple(row) for row in findings[:2]] == [(either, either), (yes, yes)], "what was judged stays as it was"
    assert [tuple(row) for row in findings[2:4]] == [(either, None), (kept, either)]
    assert tuple(findings[4]) == (yes, None), "and so does what was called off"
    assert shop.accept() == "Accepted."


def test_what_waits_is_told_with_what_is_overdue_and_nothing_where_nothing_does(shop: Reviewers) -> None:
    world = shop.world

    def waits(days: int = 0) -> str:
        with world.store.read() as session:
            found = digest.compute(session, world.project_id, NOW, LATER + timedelta(days=days))["quality"]
            (one,) = standing.projects(session, LATER + timedelta(days=days))
        assert one["quality"] == found
        return quality_counts.in_words(found) if found else ""

    assert (waits(), waits(days=30)) == ("2 in review", "2 in review (2 overdue)")
    shop.next()
    shop.back(BackTo.SAME, "ana", item=0)
    assert waits() == "1 in review, 1 sent back and not done"
    shop.next()
    shop.accept(item=1)
    shop.label("ana", 0, "yes", now=LATER)
    assert following.notice_done(world.store, LATER + timedelta(minutes=1)) == 1
    assert waits() == ""


def test_items_are_done_in_the_period_in_which_their_review_ended(shop: Reviewers) -> None:
    world = shop.world
    hour = timedelta(hours=1)

    def done(since: int, until: int) -> int:
        with world.store.read() as session:
            return counts.items_done_between(session, world.project_id, NOW + since * hour, NOW + until * hour)

    assert done(0, 1) == 0
    shop.next()
    shop.accept(now=LATER + hour)
    assert (done(0, 1), done(1, 2), done(2, 3), done(0, 2)) == (0, 1, 0, 1)
    # A project that reviews nothing any more lets the rest go.
    shop.allow(ReviewRules())
    assert review_upkeep.let_go(world.store, LATER + 2 * hour) == 1
    assert (done(0, 1), done(1, 2), done(2, 3), done(0, 3)) == (0, 1, 1, 2)
    # A label that is changed decides anew, after the review.
    shop.label("ana", 1, "no", now=LATER + 3 * hour)
    assert (done(2, 3), done(3, 4), done(0, 4)) == (0, 1, 2)
