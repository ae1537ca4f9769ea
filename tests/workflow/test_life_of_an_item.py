"""Whatever people do, in whatever order: nobody has an item twice, no item has too many labels, and every item ends.

A state machine drives one small project at a time through everything that can happen to its items, and looks at the
whole project after every step (``tests/workflow/life.py`` says what must hold).
"""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Batch,
    EscalationState,
    Item,
    ItemState,
    Person,
    Place,
    Project,
    Requeue,
    Role,
    SkipRule,
)
from tests.builders import add_items, add_person, build
from tests.workflow import life, life_again, rule_change
from workflow import (
    assignment,
    escalation,
    flags,
    labelling,
    membership,
    plan,
    projects,
    rulings,
    skips,
    upkeep,
)
from workflow.assignment import Given
from workflow.errors import RefusedError
from workflow.flags import FlagReason
from workflow.guidelines.requeue import requeueing

NUMBERS = itertools.count()
HOLD = 3600
ANNOTATORS = 4
WHO = st.integers(0, ANNOTATORS - 1)
WHICH = st.integers(0, 4)
VALUE = st.integers(0, 1)
PICK = st.integers(0, 11)
TOUCHED = st.sampled_from([(), ("yes",), ("no",)])
LATE = st.sampled_from([0, 0, 0, 0, 0, 2, 50])

Click = Callable[[Session], Any]


class LifeOfItems(RuleBasedStateMachine):
    """One project, its people and its clock."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.us = 1000
        self.now = life.start()
        self.ledger = life.Ledger()
        self.clicks: list[Callable[[], bool]] = []
        self.given_out_since = False

    @initialize(
        overlap=st.integers(1, 3),
        accept=st.sampled_from(["unanimous", "majority", "0.6"]),
        skip=st.sampled_from(list(SkipRule)),
        size=st.integers(1, 4),
        count=st.integers(1, 4),
        people=st.integers(2, ANNOTATORS),
    )
    def found(self, overlap: int, accept: str, skip: SkipRule, size: int, count: int, people: int) -> None:
        number = next(NUMBERS)
        self.names = [f"p{number}x{who}" for who in range(ANNOTATORS)]
        self.world = build(
            self.store,
            name=f"project{number}",
            annotators=tuple(self.names[:people]),
            reviewers=(f"r{number}", *self.names[3:]),
            items=count,
            overlap=overlap,
            accept=accept,
            skip=skip,
            batch_size=size,
            hold_seconds=HOLD,
        )
        with self.store.write() as session:
            add_person(session, self.world, f"l{number}", Role.LEAD)
            for name in set(self.names) - set(self.world.people):
                self.world.people[name] = session.execute(
                    insert(Person)
                    .values(handle=f"@{name}", slack_id=self.world.slack_id(name), name=name, active=True)
                    .returning(col(Person.id))
                ).scalar_one()
        self.values = list(self.world.values.values())
        self.reviewer, self.lead = self.world.slack_id(f"r{number}"), self.world.slack_id(f"l{number}")
        for who in range(people):
            self.ask(who, resume=True)

    def do(self, work: Click) -> Any:
        """Do something that may be refused, but never fails in another way; what is refused changes nothing."""
        before = self.trace()
        try:
            return self.store.transact(work)
        except RefusedError:
            assert self.trace() == before
            return None

    def trace(self) -> list[Any]:
        return self.world.rows(
            select(func.count(), func.sum(col(Assignment.version)), func.sum(col(Assignment.acted_us))).where(
                col(Assignment.project_id) == self.world.project_id
            )
        )

    def places(self, *states: Place) -> list[Any]:
        """Everybody's places in these states, or in any."""
        found = [place for here in life.look(self.world).places.values() for place in here if place.batch_id]
        return [place for place in found if not states or place.state in states]

    def slack_of(self, person_id: int) -> str:
        return self.world.slack_id(next(name for name, known in self.world.people.items() if known == person_id))

    def moment(self, late: int) -> int:
        """When a click was made: now, or some clicks ago and only now arriving."""
        self.us += 1
        return self.us - late

    def slack(self, who: int) -> str:
        return self.world.slack_id(self.names[who])

    def cases(self) -> list[Any]:
        """The newest case of every item that ever had one; those that wait come first."""
        newest = [cases[-1] for cases in life.look(self.world).cases.values() if cases]
        return sorted(newest, key=lambda case: (case.state is not EscalationState.OPEN, case.id))

    # What annotators do

    @rule(who=WHO, resume=st.booleans())
    def ask(self, who: int, resume: bool) -> None:
        person_id = self.world.people[self.names[who]]
        given = self.do(lambda s: assignment.next_batch(s, self.world.project_id, person_id, self.now, resume=resume))
        if given is not None and not isinstance(given, Given):
            seen = life.look(self.world)
            assert not [item_id for item_id in seen.items if seen.may_take(person_id, item_id)]
        elif given is not None and not given.resumed:
            mine = [p for here in life.look(self.world).places.values() for p in here if p.batch_id == given.batch_id]
            assert len(mine) == given.size > 0
            assert all(place.state is Place.OPEN and place.person_id == person_id for place in mine)

    @rule(pick=PICK, value=VALUE, late=LATE)
    def label(self, pick: int, value: int, late: int) -> None:
        self.press_label(self.places(Place.OPEN), pick, value, late)

    @rule(pick=PICK, value=VALUE, late=LATE)
    def label_whatever_became_of_it(self, pick: int, value: int, late: int) -> None:
        answered_or_gone = (Place.LABELLED, Place.RETURNED, Place.SKIPPED, Place.CLOSED, Place.FLAGGED)
        self.press_label(self.places(*answered_or_gone), pick, value, late)

    def press_label(self, among: list[Any], pick: int, value: int, late: int) -> None:
        if among:
            place, us, value_id = among[pick % len(among)], self.moment(late), self.values[value]
            self.press(lambda: self.click_label(place, value_id, us))

    def press(self, click: Callable[[], bool]) -> None:
        self.clicks.append(click)
        # What was refused may be taken the second time, where its item was given out again meanwhile.
        self.given_out_since = False
        click()

    def click_label(self, mine: Any, value_id: int, us: int) -> bool:
        slack_id = self.slack_of(mine.person_id)
        answered = self.do(lambda s: labelling.record(s, slack_id, mine.id, value_id, us, self.now))
        if not answered or not answered.changed:
            return False
        place = self.present(mine)
        assert (place.state, place.value_id, place.acted_us) == (Place.LABELLED, value_id, us)
        if self.world.item(place.item_id).state is not ItemState.RULED:
            self.ledger.counted[place.person_id, place.item_id] = (value_id, life.major_of(self.world, place.batch_id))
        return True

    def present(self, mine: Any) -> Any:
        return self.world.one(select(*Assignment.__table__.c).where(col(Assignment.id) == mine.id))  # type: ignore[attr-defined]

    @rule(pick=PICK, late=LATE)
    def skip(self, pick: int, late: int) -> None:
        if among := self.places(Place.OPEN):
            place, us = among[pick % len(among)], self.moment(late)
            slack_id = self.slack_of(place.person_id)
            self.press(lambda: bool(self.do(lambda s: skips.skip(s, slack_id, place.id, us, self.now))))

    @rule(pick=PICK, late=LATE)
    def flag(self, pick: int, late: int) -> None:
        if among := self.places(Place.OPEN, Place.LABELLED, Place.RETURNED):
            place, us = among[pick % len(among)], self.moment(late)
            self.press(lambda: self.click_flag(place, us))

    def click_flag(self, mine: Any, us: int) -> bool:
        slack_id = self.slack_of(mine.person_id)
        answered = self.do(lambda s: flags.flag(s, slack_id, mine.id, FlagReason.OTHER, "", us, self.now))
        if not answered or not answered.changed:
            return False
        place = self.present(mine)
        assert (place.state, place.value_id) == (Place.FLAGGED, None)
        self.ledger.counted.pop((place.person_id, place.item_id), None)
        return True

    @precondition(lambda self: self.clicks)
    @rule(back=st.integers(1, 6))
    def the_same_click_again(self, back: int) -> None:
        states = dict(self.ledger.states)
        self.clicks[-min(back, len(self.clicks))]()
        if back == 1 and not self.given_out_since:
            assert states == {item_id: self.world.item(item_id).state for item_id in states}

    # What reviewers do

    @rule(pick=PICK, value=VALUE, stale=st.integers(0, 3))
    def rule_on(self, pick: int, value: int, stale: int) -> None:
        if among := self.cases():
            case, value_id = among[pick % len(among)], self.values[value]
            version, why = case.version - (stale == 3), f"because {stale}"
            self.do(lambda s: rulings.rule(s, self.reviewer, case.id, version, value_id, why, self.now))

    @rule(pick=PICK)
    def send_back(self, pick: int) -> None:
        if among := self.cases():
            case = among[pick % len(among)]
            self.do(lambda s: rulings.send_back(s, self.reviewer, case.id, case.version, "look again", self.now))

    @rule(pick=PICK)
    def see_labels(self, pick: int) -> None:
        if among := self.cases():
            case = among[pick % len(among)]
            self.do(lambda s: escalation.see_labels(s, self.slack(3), case.id, self.now))

    # What leads, Slack and the clock do

    @rule(hours=st.sampled_from([0, 2, 2]), limit=st.integers(1, 3))
    def the_clock_ticks(self, hours: int, limit: int) -> None:
        self.now += timedelta(hours=hours)
        self.store.transact(lambda s: upkeep.expire(s, self.now, limit))
        self.store.transact(lambda s: upkeep.change_overlap(s, self.world.project_id, self.now, limit))
        self.store.transact(lambda s: upkeep.escalate_stranded(s, self.world.project_id, self.now, limit))

    @rule(overlap=st.integers(1, 4), at_once=st.booleans())
    def overlap_changes(self, overlap: int, at_once: bool) -> None:
        self.store.transact(lambda s: projects.set_overlap(s, self.world.project_id, overlap, self.now, None))
        if at_once:
            self.finish_upkeep()

    def finish_upkeep(self) -> None:
        for work in (upkeep.change_overlap, upkeep.escalate_stranded):
            while self.store.transact(lambda s, work=work: work(s, self.world.project_id, self.now)):  # type: ignore[misc]
                pass

    @rule(who=WHO, how=st.sampled_from(["joins", "joins", "leaves", "is deactivated", "is reactivated"]))
    def people_change(self, who: int, how: str) -> None:
        project_id, handle, person_id = self.world.project_id, f"@{self.names[who]}", self.world.people[self.names[who]]
        if how == "joins":
            self.do(lambda s: membership.add(s, project_id, handle, [Role.ANNOTATOR], self.now, None))
        elif how == "leaves":
            self.do(lambda s: membership.remove(s, project_id, person_id, self.now, None))
        else:
            change = membership.deactivated if how == "is deactivated" else membership.reactivated
            self.do(lambda s: change(s, self.slack(who), self.now))

    @rule(rows=st.lists(st.tuples(WHICH, WHO), min_size=1, max_size=4))
    def lead_plans(self, rows: list[tuple[int, int]]) -> None:
        planned = [
            plan.Planned(line, f"i{which % len(self.world.items)}", f"@{self.names[who]}")
            for line, (which, who) in enumerate(rows)
        ]
        self.do(lambda s: plan.plan(s, self.world.project_id, planned, self.now))

    @rule()
    def items_come(self) -> None:
        if len(self.world.items) < 6:
            with self.store.write() as session:
                overlap = session.execute(
                    select(col(Project.overlap)).where(col(Project.id) == self.world.project_id)
                ).scalar_one()
                add_items(session, self.world, 1, overlap)

    @rule(values=TOUCHED, choice=st.sampled_from(["all", "sample", "none", ""]))
    def a_rule_changes(self, values: tuple[str, ...], choice: str) -> None:
        with self.store.write() as session:
            proposal_id = rule_change.propose(session, self.world.project_id, values)
            rule_change.into_effect(session, self.world.project_id, proposal_id)
        self.clock_gives_out()
        if choice:
            self.lead_decides(choice)

    @rule(values=TOUCHED, choice=st.sampled_from(["all", "sample"]))
    def a_rule_changes_and_items_go_out_again(self, values: tuple[str, ...], choice: str) -> None:
        for who in range(ANNOTATORS):
            self.ask(who, resume=True)
            self.answer_all_but_one_of_three(who)
        self.a_rule_changes(values, choice)
        self.clock_gives_out()

    @rule(choice=st.sampled_from(["all", "sample", "none"]))
    def lead_decides(self, choice: str) -> None:
        newest = select(func.max(col(Requeue.id))).where(col(Requeue.project_id) == self.world.project_id)
        if requeue_id := self.world.one(newest)[0]:
            for _ in range(2):
                self.store.transact(lambda s: requeueing.decide(s, requeue_id, choice, self.lead, self.now))

    @rule()
    def clock_gives_out(self) -> None:
        for requeue in life_again.due(self.world):
            expected = life_again.expected(self.world, life.look(self.world), requeue)
            requeueing.move_on(self.store, requeue.id, self.now)
            for person_id, item_id in expected & self.ledger.counted.keys():
                value_id, major = self.ledger.counted.pop((person_id, item_id))
                self.ledger.before[item_id, major][value_id] += 1
            self.given_out_since = True

    @rule(who=WHO)
    def somebody_reads(self, who: int) -> None:
        mine = (
            col(Batch.person_id) == self.world.people[self.names[who]],
            col(Batch.project_id) == self.world.project_id,
        )
        in_force = select(col(Project.guideline_id)).where(col(Project.id) == self.world.project_id).scalar_subquery()
        with self.store.write() as session:
            session.execute(update(Batch).where(*mine).values(guideline_id=in_force))

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "values"):
            life.check(self.world, self.ledger)

    # How it ends

    def teardown(self) -> None:
        if hasattr(self, "values"):
            self.as_many_people_as_the_overlap()
            for _ in range(60):
                if not self.still_open():
                    break
                for who in range(ANNOTATORS):
                    self.ask(who, resume=True)
                    self.answer_all_but_one_of_three(who)
                self.now += timedelta(seconds=HOLD + 1)
                self.store.transact(lambda s: upkeep.expire(s, self.now))
                self.everything_holds()
            assert not self.still_open()

    def as_many_people_as_the_overlap(self) -> None:
        if not life.look(self.world).annotators:
            self.people_change(0, "is reactivated")
            self.people_change(0, "joins")
        people = len(life.look(self.world).annotators)
        self.store.transact(lambda s: projects.set_overlap(s, self.world.project_id, people, self.now, None))
        self.finish_upkeep()
        self.everything_holds()

    def answer_all_but_one_of_three(self, who: int) -> None:
        """Label what one holds; every third place is left to its lease the first time round."""
        person_id = self.world.people[self.names[who]]
        seen = life.look(self.world)
        mine = [p for here in seen.places.values() for p in here if p.person_id == person_id and p.state is Place.OPEN]
        for place in mine:
            if place.version % 3 != 2:
                self.click_label(place, self.values[place.id % 2], self.moment(0))

    def still_open(self) -> list[int]:
        return [
            row[0]
            for row in self.world.rows(
                select(col(Item.id)).where(
                    col(Item.project_id) == self.world.project_id, col(Item.state) == ItemState.OPEN
                )
            )
        ]


@pytest.mark.slow
def test_whatever_people_do_every_rule_holds_and_every_item_ends(store: Store) -> None:
    machine = type("Life", (LifeOfItems,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12 if store.is_sqlite else 6,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
