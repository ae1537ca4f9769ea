"""What changes while a proposal waits: the project, its labels, the people who decide and who proposed it."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Item, ItemState, LabelValue, Outbox, Project, ProposalState
from tests.builders import NOW, World
from tests.workflow import test_proposals
from tests.workflow.test_proposals import HOUR, NAMES_OUT, START, decide, in_force, keys, propose, state, tick
from workflow import membership
from workflow.guidelines.decisions import deciding
from workflow.guidelines.proposals import example_lines
from workflow.guidelines.proposals.proposal_form import Opened
from workflow.guidelines.proposals.proposing import NewExample
from workflow.views.proposal_form import form_view


@pytest.fixture
def world(store: Store) -> World:
    """As where proposals are made."""
    return test_proposals.make_world(store)


def test_a_project_that_needs_fewer_approvals_than_before_hears_so_from_who_approved(world: World) -> None:
    with world.store.write() as session:
        session.execute(update(Project).values(guidelines={"approvals": 2}))
    made = propose(world)
    decide(world, deciding.approve, "mia", made)
    for who in ("max", "leo"):
        world.store.transact(lambda s, it=who: membership.deactivated(s, world.slack_id(it), NOW))  # type: ignore[misc]
    with world.store.write() as session:
        session.execute(update(Project).values(guidelines={}))
    tick(world, NOW + 24 * HOUR)
    assert [key for key in keys(world, "proposal") if key.startswith("proposal_reminder")]
    decide(world, deciding.approve, "mia", made)
    assert state(world, made).state is ProposalState.APPROVED


def test_what_came_from_the_command_line_or_from_who_left_goes_back_to_the_leads(world: World) -> None:
    ownerless, left, anas = propose(world, by=None), propose(world, by="ben"), propose(world)
    world.store.transact(lambda s: membership.deactivated(s, "UBEN", NOW))
    for made in (ownerless, left, anas):
        decide(world, deciding.request_changes, "mia", made, "Which names?")
    told = world.rows(
        select(col(Outbox.subject_id), col(Outbox.person_id), col(Outbox.purpose)).where(
            col(Outbox.key).like("own_proposal:%:changes_requested")
        )
    )
    assert {tuple(row) for row in told} == {
        (ownerless, None, "leads"),
        (left, None, "leads"),
        (anas, world.people["ana"], None),
    }


def test_an_example_whose_label_went_out_of_use_meanwhile_is_not_taught(world: World) -> None:
    item, no = world.items[1], world.values["no"]
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == item).values(state=ItemState.RULED))
    taught = propose(world, replace(NAMES_OUT, examples=(NewExample(item, no, "clear"),)))
    lines = ("add maybe", "retire no = maybe")
    for made in (propose(world, replace(NAMES_OUT, markdown=START, label_changes=lines)), taught):
        decide(world, deciding.approve, "mia", made)
        tick(world)
    found = state(world, taught)
    assert found.state is ProposalState.CHANGES_REQUESTED
    assert "“No”, which worked example 1 gives as right, is no label any more" in found.comment


def test_an_example_of_labels_that_differ_by_capitals_gets_the_one_that_is_written(world: World) -> None:
    made = propose(world, replace(NAMES_OUT, label_changes=("add YES | Surely",)))
    decide(world, deciding.approve, "mia", made)
    tick(world)
    yes = world.values["yes"]
    added = world.one(select(col(LabelValue.id)).where(col(LabelValue.value) == "YES")).id
    with world.store.read() as session:
        for written, wanted in (
            ("YES", added),
            ("yes", yes),
            ("Yes", yes),
            ("surely", added),
            ("NO", world.values["no"]),
        ):
            (example,) = example_lines.read(session, world.project_id, f"i0 = {written} | clear")
            assert example.value_id == wanted


def test_a_label_that_got_another_name_is_still_the_one_that_is_touched_and_not_all(world: World) -> None:
    made = propose(world, replace(NAMES_OUT, labels_touched=("no",)))
    tick(world)
    renaming = propose(world, replace(NAMES_OUT, markdown=START, label_changes=("rename no = does-not",)))
    decide(world, deciding.approve, "mia", renaming)
    tick(world)
    decide(world, deciding.request_changes, "mia", made, "Which names?")
    with world.store.read() as session:
        opened = Opened(world.project_id, in_force(world).id or 0, made, 1)
        assert form_view(session, opened)["values"]["labels"] == [str(world.values["no"])]
