"""Three findings of audits that say the same become a card for the leads, and a form with their cases as examples."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import AuditVerdict, Finding, Guideline, LabelValue, Outbox, Project
from tests.builders import World
from tests.workflow.audit_world import LATER, answer, audit, findings, finished, judge, judge_all, start, take
from workflow.audit import ending, plan, same_findings
from workflow.errors import NotAllowedError
from workflow.guidelines.proposals import editing, example_lines, finding_examples
from workflow.views.proposal_form import form_view
from workflow.views.same_findings import same_view

HEDGES = "Hedges"


def told(world: World) -> int:
    return same_findings.tell(world.store, LATER)


def judged(world: World, unclear: int, sections: tuple[str, ...] = (HEDGES,)) -> int:
    """An audit of which the first items are unclear, the rest right."""
    audit_id = start(world, plan.looking_at(8))
    left = unclear
    while (finding_id := take(world, "ada", audit_id)) is not None:
        answer(world, "ada", finding_id)
        how: dict[str, Any] = {"section": sections[left % len(sections)], "note": "Is “may” one?"} if left else {}
        judge(world, "ada", finding_id, AuditVerdict.UNCLEAR if left else AuditVerdict.RIGHT, **how)
        left = max(left - 1, 0)
    ending.end_due(world.store, LATER)
    return audit_id


def drawn_form(world: World, finding_id: int) -> dict[str, Any]:
    with world.store.read() as session:
        opened = editing.on_findings(session, finding_id, world.slack_id("lea"))
        return form_view(session, opened)


def test_labels_found_wrong_again_and_again_are_told_once_and_proposed_with_their_cases(store: Store) -> None:
    world = finished(store, 30)
    yes = world.values["yes"]
    audit_id = start(world, plan.looking_at(12))
    judge_all(world, audit_id, lambda one: one.value_id == yes)
    same = [one for one in findings(world, audit_id) if one.value_id == yes]
    assert (told(world), told(world)) == (1, 0)
    [row] = world.rows(select(col(Outbox.context)).where(col(Outbox.template) == "same_findings"))
    with store.read() as session:
        view = same_view(session, row.context["id"])
        keys = {one.key for one in same_findings.equal(session, row.context["id"])}
    assert view is not None
    assert (view["value"], view["correct"], len(view["items"])) == ("Yes", "No", len(same))

    with store.read() as session, pytest.raises(NotAllowedError, match="reviewer"):
        editing.on_findings(session, row.context["id"], world.slack_id("ana"))
    form = drawn_form(world, row.context["id"])
    assert (form["source"], form["findings"]) == ("findings", len(same))
    assert "“Yes” was wrong, “No” is right" in form["values"]["why"]
    with store.read() as session:
        examples = example_lines.read(session, world.project_id, form["values"]["examples"])
    assert len(examples) == min(len(same), finding_examples.MOST)
    assert {one.value_id for one in examples} == {world.values["no"]}
    assert {one.item_id for one in examples} <= {one.item_id for one in same}
    assert all(len(one) <= 3000 for one in form["values"].values() if isinstance(one, str))
    assert len(keys) == len(same)


def test_what_is_unclear_is_told_by_its_section_once_the_audit_has_ended(store: Store) -> None:
    world = finished(store, 30)
    with store.write() as session:
        session.execute(update(Guideline).values(markdown="# Rules\n\nBe careful.\n\n## Hedges\n\nMay is a hedge."))
    running = start(world, plan.looking_at(5))
    for _ in range(4):
        finding_id = take(world, "ada", running)
        assert finding_id is not None
        answer(world, "ada", finding_id)
        judge(world, "ada", finding_id, AuditVerdict.UNCLEAR, section=HEDGES)
    assert told(world) == 0, "auditors read the channel, and one item is not judged yet"
    finding_id = take(world, "ada", running)
    assert finding_id is not None
    answer(world, "ada", finding_id)
    judge(world, "ada", finding_id, AuditVerdict.RIGHT)
    ending.end_due(store, LATER)
    assert told(world) == 1
    form = drawn_form(world, findings(world, running)[0].id)
    assert form["part"]["title"] == HEDGES
    assert form["values"]["examples"] == "", "what nobody ruled gives no answer away"


def test_two_are_too_few_and_so_are_three_of_two_kinds(store: Store) -> None:
    world = finished(store, 30)
    judged(world, 2)
    assert told(world) == 0
    judged(world, 3, ("Scope", "Numbers"))
    assert told(world) == 0
    assert same_findings.tell(store, LATER) == 0


def test_a_new_version_starts_anew(store: Store) -> None:
    world = finished(store, 30)
    audit_id = judged(world, 3)
    rules = {"project_id": world.project_id, "major": 2, "minor": 0, "markdown": "# New", "at": LATER + timedelta(1)}
    with store.write() as session:
        new = session.execute(insert(Guideline).values(**rules).returning(col(Guideline.id))).scalar_one()
        session.execute(update(Project).values(guideline_id=new))
    assert told(world) == 0, "the guideline has changed since they were judged"
    with store.read() as session:
        assert len(same_findings.equal(session, findings(world, audit_id)[0].id)) == 3
    assert world.one(select(func.count()).select_from(Outbox).where(col(Outbox.template) == "same_findings"))[0] == 0


def test_hostile_texts_fit_the_form(store: Store) -> None:
    world = finished(store, 30)
    long = "🙂" * 200 + "\u202e | = \n# heading " * 300
    with store.write() as session:
        session.execute(update(LabelValue).values(title=long[:200]))
    audit_id = start(world, plan.looking_at(12))
    judge_all(world, audit_id, lambda one: True)
    with store.write() as session:
        session.execute(update(Finding).values(note=long))
    assert told(world) == len({one.value_id for one in findings(world, audit_id)})
    form = drawn_form(world, findings(world, audit_id)[0].id)
    assert all(len(form["values"][name]) <= 3000 for name in ("why", "summary", "examples"))
    assert audit(world, audit_id).ended_at is not None
