"""The second audit of a lot that was labelled again: of all of it, and of the labels that it has now."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Audit, AuditState, AuditVerdict, Item, ItemState, Project, Role
from tests.builders import World, add_person
from tests.workflow.audit_world import LATER, answer, audit, findings, finished, judge, judge_all, start, take
from tests.workflow.clicks import Clicks
from workflow.audit import again, drawing, plan, reopening
from workflow.audit.scope import Scope
from workflow.review import picking
from workflow.views.audit import audit_view


def reopened(store: Store, labellers: tuple[str, str]) -> tuple[World, int]:
    """A small lot that failed, given out again and labelled by two people."""
    world = finished(store, 12)
    with store.write() as session:
        add_person(session, world, "dora", Role.ANNOTATOR)
    audit_id = start(world, plan.accepting(0.05, 0.4))
    judge_all(world, audit_id, lambda _: True)
    world.store.transact(lambda s: reopening.reopen(s, world.slack_id("lea"), audit_id, LATER))
    reopening.work(store, LATER)
    people = Clicks(world)
    for name in labellers:
        people.batch(name, size=12)
        for number, item_id in enumerate(world.items):
            if world.item(item_id).state is ItemState.OPEN:
                people.label(name, number, "yes", now=LATER)
    return world, audit_id


def test_what_is_to_be_reviewed_first_is_waited_for_by_the_second_audit(store: Store) -> None:
    world, audit_id = reopened(store, ("ana", "ben"))
    with store.write() as session:
        session.execute(update(Project).values(quality={"review": {"share": 1.0}}))
    assert again.start_due(store, LATER) == 0, "accepted in this moment: the clock has not looked at them yet"
    late = LATER + timedelta(minutes=5)
    # What was decided when it was passed comes into review or is contested afterwards.
    with store.write() as session:
        session.execute(update(Audit).where(col(Audit.id) == audit_id).values(after=world.items[-1]))
    assert picking.pick(store, late) > 0
    assert again.start_due(store, late) == 0
    with store.write() as session:
        session.execute(update(Project).values(quality={}))
        session.execute(update(Item).where(col(Item.state) == ItemState.IN_REVIEW).values(state=ItemState.ACCEPTED))
    assert again.start_due(store, late) == 1
    drawing.draw_due(store, late)
    second = world.one(select(col(Audit.id)).where(col(Audit.again_of_id) == audit_id)).id
    assert audit(world, second).population == 12, "all of the lot"


def test_labels_that_were_taken_back_are_nobodys_in_the_second_audit(store: Store) -> None:
    world, audit_id = reopened(store, ("cem", "dora"))
    assert again.start_due(store, LATER) == 1
    second = world.one(select(col(Audit.id)).where(col(Audit.again_of_id) == audit_id)).id
    with store.write() as session:
        session.execute(update(Audit).where(col(Audit.id) == second).values(plan=plan.kept(plan.looking_at(12))))
    drawing.draw_due(store, LATER)
    judge_all(world, second, lambda _: False, "ali")
    result = audit(world, second).result
    kept = 12 - audit(world, audit_id).reopened
    seen = {one["name"]: one["judged"] for one in result["people"]}
    assert result["judged"] == 12
    assert seen["Ana"] == kept, "only of the items that keep her label"
    assert seen["Dora"] == 12 - kept


def test_whoever_has_yet_to_answer_does_not_read_which_label_the_items_have(store: Store) -> None:
    world = finished(store, 12)
    audit_id = start(world, plan.looking_at(3), scope=Scope(value_id=world.values["no"]))
    assert audit(world, audit_id).state is AuditState.RUNNING
    with store.read() as session:
        view = audit_view(session, audit_id)
    assert view is not None
    assert "“No”" in view["which"]
    assert view["which_blind"] == "finished items with one label, named when all are judged"


def test_who_judged_an_item_before_is_given_it_last(store: Store) -> None:
    world = finished(store, 12)
    first = start(world, plan.looking_at(5))
    judge_all(world, first, lambda _: False, "ada")
    known = {one.item_id for one in findings(world, first)}
    second = start(world, plan.looking_at(12))
    item_of = {one.id: one.item_id for one in findings(world, second)}
    assert [one.item_id for one in findings(world, second)][:7] != [one for one in item_of.values() if one not in known]
    given = []
    while (finding_id := take(world, "ada", second)) is not None:
        given.append(item_of[finding_id] in known)
        answer(world, "ada", finding_id)
        judge(world, "ada", finding_id, AuditVerdict.RIGHT)
    assert given == [False] * 7 + [True] * 5, "nobody else is there, so that ada has them all in the end"
