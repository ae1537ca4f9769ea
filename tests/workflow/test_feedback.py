"""What people are told of their own work: what they confuse, and how their decisions held; on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import col

from bot.messages import Messages
from storage.engine import Store
from storage.tables import Claim, Item, Outbox, Project, Review, ReviewReason, ReviewState, Role, Ruling
from tests.builders import NOW, World, add_person, build
from tests.workflow import audit_world
from tests.workflow.reviewers import Reviewers
from tests.workflow.test_disputes import Disputers
from workflow import membership
from workflow.audit import plan
from workflow.cases import confusions, disputing, second_looks, weekly
from workflow.cases.confusions import Confusion, Summary
from workflow.quality_rules import ReviewRules

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


def three_items(store: Store) -> tuple[World, Disputers]:
    """Ana, Ben and Cem label three items by majority; Ben is out-voted twice. Of the third Rita rules against Cem."""
    world = build(store, items=3, accept="majority")
    with store.write() as session:
        add_person(session, world, "sol", Role.REVIEWER)
        session.execute(update(Project).where(col(Project.id) == world.project_id).values(time_zone="UTC"))
    clicks = Disputers(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
    for item, labels in enumerate((("yes", "no", "yes"), ("yes", "no", "yes"), ("no", "no", "yes"))):
        for name, value in zip(("ana", "ben", "cem"), labels, strict=True):
            clicks.label(name, item, value)
    return world, clicks


def summaries(world: World, since: datetime = NOW - DAY, until: datetime = NOW + DAY) -> dict[str, Summary]:
    names = {person_id: name for name, person_id in world.people.items()}
    with world.store.read() as session:
        found = confusions.of_project(session, world.project_id, since, until)
        for person_id, summary in found.items():
            assert confusions.of_person(session, world.project_id, person_id, since, until) == summary
    return {names[person_id]: summary for person_id, summary in found.items()}


def test_somebodys_labels_beside_the_final_values_of_the_period(store: Store) -> None:
    world, _ = three_items(store)
    found = summaries(world)
    assert found["ana"] == Summary(3, 3, ())
    assert found["ben"] == Summary(3, 1, (Confusion("No", "Yes", 2),))
    assert found["cem"] == Summary(3, 2, (Confusion("Yes", "No", 1),))
    assert summaries(world, NOW + DAY, NOW + WEEK) == {}
    assert summaries(world, NOW - WEEK, NOW) == {}, "the end of a period belongs to the next"


def test_a_ruling_names_the_section_and_following_it_changes_nothing(store: Store) -> None:
    world = build(store, items=1, accept="unanimous")
    clicks = Disputers(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "no")):
        clicks.batch(name)
        clicks.label(name, 0, value)
    clicks.rule("rita", 0, "yes")
    with store.write() as session:
        session.execute(update(Ruling).values(section="Negation"))
    clicks.label("ben", 0, "yes")
    found = summaries(world)
    assert found["ben"] == found["cem"] == Summary(1, 0, (Confusion("No", "Yes", 1, (("Negation", 1),)),))
    assert found["ana"] == Summary(1, 1, ())


def test_an_item_counts_once_it_is_through_its_review(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(share=1.0), items=1, accept="majority")
    shop.labelled("yes", "yes", "no")
    shop.pick()
    assert summaries(shop.world) == {}, "in review"
    assert shop.next() is not None
    shop.accept(now=NOW + 2 * DAY)
    assert set(summaries(shop.world, NOW + DAY, NOW + 3 * DAY)) == {"ana", "ben", "cem"}


def week_of(store: Store) -> list[Any]:
    rows = select(col(Outbox.person_id), col(Outbox.context), col(Outbox.key))
    with store.read() as session:
        return list(session.execute(rows.where(col(Outbox.template) == "weekly_feedback").order_by(col(Outbox.id))))


def test_the_week_is_told_once_to_whom_there_is_something_to_tell(store: Store) -> None:
    world, _ = three_items(store)
    monday = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    assert monday - WEEK <= NOW < monday
    assert weekly.post_due(store, monday + timedelta(seconds=29)) == 0, "clicks of that moment may still commit"
    assert weekly.post_due(store, monday + timedelta(seconds=30)) == 2
    assert weekly.post_due(store, monday + DAY) == 0
    told = week_of(store)
    assert [row.person_id for row in told] == [world.people["ben"], world.people["cem"]]
    with store.read() as session:
        drawn = Messages(lambda: monday).draw(session, "weekly_feedback", told[0].context)
    assert drawn is not None
    assert "1 of 3 items ended as you said. You said No, it was Yes: 2." in drawn.text
    assert weekly.post_due(store, monday + WEEK + DAY) == 0, "a week in which nothing was decided"
    with store.read() as session:
        assert len(session.execute(select(col(Claim.id)).where(col(Claim.job) == weekly.JOB)).all()) == 2


def test_nobody_is_told_who_left_or_in_a_project_that_wants_none(store: Store) -> None:
    world, _ = three_items(store)
    monday = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    with store.write() as session:
        quality = {"audits": {"feedback": "never"}}
        session.execute(update(Project).where(col(Project.id) == world.project_id).values(quality=quality))
    assert weekly.post_due(store, monday) == 0
    with store.write() as session:
        session.execute(update(Project).where(col(Project.id) == world.project_id).values(quality={}))
        membership.remove(session, world.project_id, world.people["cem"], monday, None)
    assert weekly.post_due(store, monday) == 1
    assert [row.person_id for row in week_of(store)] == [world.people["ben"]]


def figures(world: World) -> dict[str, second_looks.Figures]:
    with world.store.read() as session:
        found = disputing.reviewer_figures(session, world.project_id, NOW - DAY)
    return {one.name.lower(): one for one in found}


def test_disputes_count_in_the_figures_of_who_ruled(store: Store) -> None:
    world = build(store, items=2, accept="unanimous")
    with store.write() as session:
        add_person(session, world, "sol", Role.REVIEWER)
    clicks = Disputers(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "no")):
        clicks.batch(name)
        for item in (0, 1):
            clicks.label(name, item, value)
    rulings = [clicks.rule("rita", item, "yes") for item in (0, 1)]
    for item, outcome in enumerate(("no", "yes")):
        ruling_id = rulings[item] or 0
        clicks.contest("ben", ruling_id)
        clicks.contest("cem", ruling_id)
        clicks.rule("sol", item, outcome)
    found = figures(world)
    rita = found["rita"]
    assert (rita.decisions, rita.contested, rita.upheld, rita.overturned, rita.agreement) == (2, 2, 1, 1, 0.5)
    assert (found["sol"].decisions, found["sol"].contested, found["sol"].agreement) == (2, 0, None)


def test_what_an_audit_finds_counts_for_who_let_the_value_stand(store: Store) -> None:
    world = audit_world.finished(store, items=3)
    with store.write() as session:
        rows = session.execute(select(col(Item.id), col(Item.final_value_id)).order_by(col(Item.id))).all()
        seen = {
            "project_id": world.project_id, "reason": ReviewReason.SHARE, "state": ReviewState.ACCEPTED,
            "by_id": world.people["rita"], "due_at": NOW, "opened_at": NOW, "settled_at": NOW,
        }  # fmt: skip
        session.execute(insert(Review), [{**seen, "item_id": row[0], "value_id": row[1]} for row in rows[:2]])
    audit_id = audit_world.start(world, plan.looking_at(3))
    first = rows[0][0]
    audit_world.judge_all(world, audit_id, wrong=lambda finding: finding.item_id == first)
    rita = figures(world)["rita"]
    assert (rita.decisions, rita.right, rita.wrong, rita.agreement) == (2, 1, 1, 0.5)
