"""Proposals: what can be proposed and how, who decides, when a version comes into effect, and who is reminded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from jobs import guidelines
from storage.engine import Store
from storage.tables import (
    Acknowledgement,
    ChangeKind,
    Decision,
    Example,
    Guideline,
    History,
    Item,
    ItemState,
    LabelValue,
    Outbox,
    Person,
    Project,
    Proposal,
    ProposalState,
    Role,
    Verdict,
)
from tests.builders import NOW, World, add_person, build
from tests.workflow.test_at_one_moment import together
from workflow import forgetting, membership, merging, project_settings
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines import effect, versions
from workflow.guidelines.decisions import deciders, deciding, reminding
from workflow.guidelines.proposals import proposing
from workflow.guidelines.proposals.proposing import Change, NewExample, ProposalError
from workflow.history_reading import Wanted, events
from workflow.history_words import sentence

START = "# Rules\n\nBe careful.\n\n## Names\n\nNames are in.\n\n## Numbers\n\nNumbers are out.\n"
NAMES_OUT = Change(
    ChangeKind.RULE_CHANGE, "Names are out", "They mislead.", START.replace("Names are in.", "Names are out.")
)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(store: Store) -> World:
    return make_world(store)


def make_world(store: Store) -> World:
    """Ana labels; Mia and Max manage, Leo leads. It is Monday, ten o'clock in Berlin."""
    world = build(store, annotators=("ana", "ben"), items=3)
    with store.write() as session:
        for name, role in (("mia", Role.MANAGER), ("max", Role.MANAGER), ("leo", Role.LEAD)):
            add_person(session, world, name, role)
        session.execute(update(Guideline).values(markdown=START).execution_options(synchronize_session=False))
    return world


def propose(world: World, change: Change = NAMES_OUT, by: str | None = "ana", **more: Any) -> int:
    person = world.people[by] if by else None
    made = world.store.transact(lambda s: proposing.propose(s, world.project_id, person, change, NOW, **more))
    return made.id


def decide(world: World, how: Any, who: str, proposal_id: int, *said: str, revision: int = 1) -> Any:
    return world.store.transact(lambda s: how(s, proposal_id, revision, world.slack_id(who), *said, NOW))


def state(world: World, proposal_id: int) -> Any:
    return world.one(select(*Proposal.__table__.c).where(col(Proposal.id) == proposal_id))  # type: ignore[attr-defined]


def tick(world: World, now: Any = NOW) -> None:
    guidelines.keep_up(world.store, now)


def in_force(world: World) -> Guideline:
    with world.store.read() as session:
        return versions.current(session, world.project_id)


def keys(world: World, template: str) -> list[str]:
    return [row.key for row in world.rows(select(col(Outbox.key)).where(col(Outbox.template) == template))]


def test_what_cannot_be_proposed_is_said_by_field_and_all_at_once(world: World) -> None:
    item, yes = world.items[0], world.values["yes"]
    bad = Change(
        ChangeKind.CLARIFICATION, " \u200b", "", START, ("add maybe", "merge yes, no = perhaps"), ("perhaps not",),
        ("legal",), (NewExample(item, yes, "clear"),), NOW - HOUR,
    )  # fmt: skip
    with pytest.raises(ProposalError) as refused:
        propose(world, bad)
    assert set(refused.value.by_field) == {"kind", "summary", "why", "labels", "segments", "examples", "at"}
    assert "i0 is neither ruled nor a gold item" in refused.value.by_field["examples"]
    with pytest.raises(ProposalError) as refused:
        propose(world, replace(bad, label_changes=("rename maybe = perhaps",)))
    assert "Line 1" in refused.value.by_field["label_changes"]
    with pytest.raises(ProposalError, match="Nothing is changed"):
        propose(world, replace(NAMES_OUT, markdown=START.replace("\n", "\r\n")))
    with pytest.raises(ProposalError, match="more than a year away"):
        propose(world, replace(NAMES_OUT, wanted_at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC)))
    with pytest.raises(ProposalError, match="The guideline is empty"):
        propose(world, replace(NAMES_OUT, markdown=" \n"))
    assert world.rows(select(col(Proposal.id))) == []


def test_examples_are_of_ruled_or_gold_items_and_of_labels_that_stay(world: World) -> None:
    item, yes, no = world.items[1], world.values["yes"], world.values["no"]
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == item).values(state=ItemState.RULED))
    lines = ("add maybe", "retire no = yes")
    change = replace(NAMES_OUT, label_changes=lines, labels_touched=("maybe",))
    with pytest.raises(ProposalError, match="not one that this project has, or will have"):
        propose(world, replace(change, examples=(NewExample(item, no, "clear"),)))
    with pytest.raises(ProposalError, match="stands there twice"):
        propose(world, replace(change, examples=(NewExample(item, yes, "clear"), NewExample(item, yes, "clear"))))
    made = propose(world, replace(change, examples=(NewExample(item, yes, "clear"),)))
    found = world.one(select(col(Example.fields), col(Example.value_id), col(Example.item_id)))
    assert tuple(found) == ({"text": "Text number 1"}, yes, item)
    assert state(world, made).labels_touched == ["maybe", "no", "yes"]


@pytest.mark.parametrize(
    ("approvals", "by", "wanted", "enough"),
    [
        (1, "ana", {"mia", "max"}, True),
        (1, "mia", {"max"}, True),
        (2, "mia", {"max", "leo"}, True),
        (3, "leo", {"mia", "max"}, False),
        (1, None, {"mia", "max"}, True),
    ],
)
def test_who_decides_is_never_who_proposed(
    world: World, approvals: int, by: str | None, wanted: set[str], enough: bool
) -> None:
    with world.store.write() as session:
        session.execute(update(Project).values(guidelines={"approvals": approvals}))
    made = propose(world, by=by)
    with world.store.read() as session:
        found = deciders.who(session, made)
    assert {name for name, person in world.people.items() if person in found.person_ids} == wanted
    assert (found.needed, found.are_enough) == (approvals, enough)


def test_with_nobody_to_decide_it_is_said_and_whoever_comes_gets_the_card(world: World) -> None:
    for name in ("mia", "max"):
        world.store.transact(lambda s, it=name: membership.deactivated(s, world.slack_id(it), NOW))  # type: ignore[misc]
    person = world.people["leo"]
    made = world.store.transact(lambda s: proposing.propose(s, world.project_id, person, NAMES_OUT, NOW))
    assert "Nobody can decide" in made.warnings[0]
    tick(world)
    assert keys(world, "proposal") == []
    tick(world, NOW + 24 * HOUR)
    said = world.one(select(col(Outbox.context), col(Outbox.purpose)).where(col(Outbox.template) == "said"))
    assert "Nobody can decide" in said.context["message"]
    assert said.purpose == "leads"
    world.store.transact(lambda s: membership.reactivated(s, "UMAX", NOW))
    tick(world)
    assert keys(world, "proposal") == [f"proposal:{made.id}:1:to:{world.people['max']}"]


def test_several_approvals_are_of_several_people_and_of_one_text(world: World) -> None:
    with world.store.write() as session:
        session.execute(update(Project).values(guidelines={"approvals": 2}))
    made = propose(world)
    for _ in range(2):
        assert decide(world, deciding.approve, "mia", made) is None
        assert state(world, made).state is ProposalState.PROPOSED
    decide(world, deciding.request_changes, "max", made, "Say which names.")
    assert state(world, made).comment == "Say which names."
    assert "Max asked for changes" in decide(world, deciding.approve, "max", made)
    world.store.transact(lambda s: proposing.resubmit(s, made, "UANA", 1, replace(NAMES_OUT, why="They do."), NOW))
    assert "changed and proposed again" in decide(world, deciding.approve, "max", made)
    assert decide(world, deciding.approve, "max", made, revision=2) is None
    assert state(world, made).state is ProposalState.PROPOSED
    assert decide(world, deciding.approve, "mia", made, revision=2) is None
    assert state(world, made).state is ProposalState.APPROVED


def test_a_decision_against_it_needs_its_reason_and_the_right_person(world: World) -> None:
    made = propose(world, by="mia")
    with pytest.raises(RefusedError, match="Say why"):
        decide(world, deciding.reject, "max", made, " \u200b ")
    for who, why in (("mia", "You proposed this"), ("ana", "Only a manager or a lead"), ("leo", "@Max decides")):
        with pytest.raises(NotAllowedError, match=why):
            decide(world, deciding.approve, who, made)
    decide(world, deciding.reject, "max", made, "Names matter.")
    assert "Max rejected this already" in decide(world, deciding.approve, "max", made)
    assert decide(world, deciding.reject, "max", made, "Names matter.") is None


def test_a_version_comes_into_effect_with_its_labels_and_word_of_it(world: World) -> None:
    made = propose(world, replace(NAMES_OUT, kind=ChangeKind.NEW_LABEL, label_changes=("add maybe | Perhaps",)))
    decide(world, deciding.approve, "mia", made)
    tick(world)
    tick(world)
    version = in_force(world)
    assert (version.major, version.minor, version.markdown) == (2, 0, NAMES_OUT.markdown)
    assert version.held_from == NOW
    assert state(world, made).guideline_id == version.id
    titles = world.rows(select(col(LabelValue.title)).order_by(col(LabelValue.position)))
    assert [row.title for row in titles] == ["Yes", "No", "Perhaps"]
    assert keys(world, "announcement") == [f"announcement:{version.id}"]
    with world.store.read() as session:
        told = [sentence(event) for event in events(session, world.project_id, Wanted())]
    assert "Ana made the proposal “Names are out”" in told
    assert "Mia approved the proposal “Names are out”" in told
    assert "guideline 2.0 took the place of 1.0: Names are out" in told


def test_a_scheduled_one_waits_for_its_time_and_can_be_stopped(world: World) -> None:
    later = replace(NAMES_OUT, wanted_at=NOW + 3 * HOUR)
    made, other = propose(world, later), propose(world, replace(later, summary="Again"))
    for one in (made, other):
        decide(world, deciding.approve, "mia", one)
        assert state(world, one).state is ProposalState.SCHEDULED
    assert world.store.transact(lambda s: deciding.withdraw(s, other, "UMAX", NOW)) is None
    tick(world, NOW + 2 * HOUR)
    assert in_force(world).major == 1
    tick(world, NOW + 3 * HOUR)
    assert in_force(world).major == 2
    assert state(world, other).state is ProposalState.WITHDRAWN


def test_the_second_of_two_is_brought_over_or_given_back_on_the_text_in_force(world: World) -> None:
    first = propose(world)
    elsewhere = propose(world, replace(NAMES_OUT, markdown=START.replace("Numbers are out.", "Numbers are in.")))
    against = propose(
        world,
        replace(
            NAMES_OUT, markdown=START.replace("Names are in.", "Names count half.").replace("Be careful", "Be quick")
        ),
    )
    for one in (first, elsewhere):
        decide(world, deciding.approve, "mia", one)
        tick(world)
    both = START.replace("Names are in.", "Names are out.").replace("Numbers are out.", "Numbers are in.")
    assert in_force(world).markdown == both
    told = decide(world, deciding.approve, "mia", against)
    found = state(world, against)
    assert found.state is ProposalState.CHANGES_REQUESTED
    assert "Names are out." in told
    assert "Names count half." in found.comment
    mine = both.replace("Names are out.", "Names count half.").replace("Be careful", "Be quick")
    assert (found.markdown, found.base_id) == (mine, in_force(world).id)
    again = replace(NAMES_OUT, markdown=mine.replace("half", "twice"))
    world.store.transact(lambda s: proposing.resubmit(s, against, "UANA", 1, again, NOW))
    decide(world, deciding.approve, "mia", against, revision=2)
    tick(world)
    assert in_force(world).markdown == again.markdown


def test_a_guideline_exchanged_before_there_are_items_takes_the_place_of_a_proposals(store: Store) -> None:
    world = build(store, annotators=("ana",), items=0)
    with store.write() as session:
        add_person(session, world, "mia", Role.MANAGER)
        before = versions.current(session, world.project_id).markdown
    made = propose(world, replace(NAMES_OUT, markdown=before + "\n## Names\n\nNames are out.\n"))
    decide(world, deciding.approve, "mia", made)
    tick(world)
    exchanged = store.transact(lambda s: project_settings._put_guideline(s, world.project_id, "# Anew\n", NOW, None))
    assert exchanged is None
    version = in_force(world)
    assert (version.major, version.minor, version.held_from) == (2, 1, None)
    assert state(world, made).state is ProposalState.SUPERSEDED


def test_reminders_come_on_working_days_by_day_where_the_person_is(world: World) -> None:
    with world.store.write() as session:
        tokyo = update(Person).where(col(Person.id) == world.people["max"])
        session.execute(tokyo.values(time_zone="Asia/Tokyo"))
    made = propose(world)
    for hours in range(0, 24 * 9, 3):
        reminding.remind(world.store, NOW + hours * HOUR)
    found = [key.split(":to:")[1].split(":") for key in keys(world, "proposal") if key.startswith("proposal_rem")]
    days = ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"]
    # The last look is at seven in Berlin, where it is too early, and three in Tokyo.
    for name, wanted in (("mia", days), ("max", [*days, "2026-03-11"])):
        assert [day for person, day in found if person == str(world.people[name])] == wanted
    decide(world, deciding.request_changes, "mia", made, "Which names?")
    before = len(keys(world, "own_proposal"))
    for hours in range(0, 24 * 8, 6):
        reminding.remind(world.store, NOW + hours * HOUR)
    assert len(keys(world, "own_proposal")) - before == 2


def test_who_steps_in_for_somebody_who_left_is_the_proposer_then(world: World) -> None:
    made = propose(world)
    decide(world, deciding.request_changes, "max", made, "Which names?")
    with pytest.raises(NotAllowedError, match="Only Ana"):
        world.store.transact(lambda s: proposing.resubmit(s, made, "UMIA", 1, NAMES_OUT, NOW))
    world.store.transact(lambda s: membership.deactivated(s, "UANA", NOW))
    world.store.transact(lambda s: proposing.resubmit(s, made, "UMIA", 1, NAMES_OUT, NOW))
    with pytest.raises(NotAllowedError, match="You proposed this"):
        decide(world, deciding.approve, "mia", made, revision=2)


def test_two_rows_of_one_person_become_one_and_do_not_approve_their_own(world: World) -> None:
    with world.store.write() as session:
        session.execute(update(Project).values(guidelines={"approvals": 2}))
        typed = session.execute(
            insert(Person).values(name="mia", handle="@mia.k", active=True).returning(col(Person.id))
        ).scalar_one()
        session.execute(update(Person).where(col(Person.id) == world.people["mia"]).values(handle=None))
    world.people["typed"] = typed
    with world.store.write() as session:
        membership.add(session, world.project_id, "@mia.k", [Role.ANNOTATOR], NOW, None)
    made = propose(world, by="typed")
    decide(world, deciding.approve, "mia", made)
    with world.store.write() as session:
        version = versions.current(session, world.project_id).id
        for person in (typed, world.people["mia"]):
            row = {"project_id": world.project_id, "guideline_id": version, "person_id": person, "asked_at": NOW}
            session.execute(insert(Acknowledgement).values(**row, wrong=0, reminders=0, version=0))
    world.store.transact(lambda s: merging.merge(s, typed, world.people["mia"], NOW))
    decide(world, deciding.approve, "max", made)
    assert state(world, made).state is ProposalState.PROPOSED
    decide(world, deciding.approve, "leo", made)
    assert state(world, made).state is ProposalState.APPROVED
    assert len(world.rows(select(col(Acknowledgement.id)))) == 1


def test_who_is_forgotten_is_not_named_on_a_proposal_that_waits(world: World) -> None:
    made = propose(world, replace(NAMES_OUT, why="Ask Ana or <@UANA>.", label_changes=("add ana",)))
    version = state(world, made).version
    forgetting.forget(world.store, world.people["ana"], NOW + HOUR)
    found = state(world, made)
    assert found.why == f"Ask former member {world.people['ana']} or former member {world.people['ana']}."
    assert found.label_changes == ["add ana"]
    assert found.version > version


def test_two_replicas_and_two_managers_at_one_moment_make_one_version_each(world: World) -> None:
    for number in range(3):
        text = in_force(world).markdown.replace("Be careful", f"Be careful {number}")
        made = propose(world, replace(NAMES_OUT, markdown=text, summary=f"Care {number}"))
        other = propose(world, replace(NAMES_OUT, markdown=text + f"\n## Added {number}\n\nRead.\n"))
        decisions = [
            partial(decide, world, deciding.approve, who, one) for who in ("mia", "max") for one in (made, other)
        ]
        together(*decisions)
        together(*[lambda: effect.take_due(world.store, NOW)] * 3)
        assert in_force(world).major == 3 + 2 * number
    rows = world.rows(select(col(Proposal.state), col(Proposal.guideline_id)))
    assert [row.state for row in rows].count(ProposalState.EFFECTIVE) == 1
    assert len({row.guideline_id for row in rows}) == len(rows) == len(keys(world, "announcement"))
    approvals = select(col(Decision.id)).where(col(Decision.verdict) == Verdict.APPROVED)
    noted = select(col(History.id)).where(col(History.action) == "proposal.approved")
    assert len(world.rows(noted)) == len(rows) <= len(world.rows(approvals))
