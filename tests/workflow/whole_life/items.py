"""What annotators, leads, Slack and the clock do to items, and reviewers to cases."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import func, select, update
from sqlmodel import col

from jobs import quality
from jobs.steps import Step
from storage.tables import Assignment, Batch, ItemState, Place, Project, Requeue, Role
from tests.workflow import life, life_again, rule_change
from tests.workflow.whole_life.world import (
    ALL,
    AUDITS,
    DISPUTES,
    ITEMS,
    LATE,
    PICK,
    REVIEWS,
    VALUE,
    WHO,
    LifeOfAProject,
    about,
)
from workflow import assignment, escalation, flags, labelling, membership, plan, projects, rulings, skips, upkeep
from workflow.assignment import Given
from workflow.flags import FlagReason
from workflow.guidelines.requeue import requeueing

WHICH = st.integers(0, 4)
TOUCHED = st.sampled_from([(), ("yes",), ("no",)])
ANSWERED_OR_GONE = (Place.LABELLED, Place.RETURNED, Place.SKIPPED, Place.CLOSED, Place.FLAGGED)


class LifeOfItems(LifeOfAProject):
    """The same project, with people who label."""

    # What annotators do

    @rule(who=WHO, resume=st.booleans())
    def ask(self, who: int, resume: bool) -> None:
        person_id = self.world.people[self.names[who]]
        given = self.do(lambda s: assignment.next_batch(s, self.world.project_id, person_id, self.now, resume=resume))
        if given is not None and not isinstance(given, Given):
            seen = self.look()
            assert not [item_id for item_id in seen.items if seen.may_take(person_id, item_id)]
        elif given is not None and not given.resumed:
            mine = [p for here in self.look().places.values() for p in here if p.batch_id == given.batch_id]
            assert len(mine) == given.size > 0
            assert all(place.state is Place.OPEN and place.person_id == person_id for place in mine)

    @about(ITEMS, DISPUTES, ALL)
    @rule(pick=PICK, value=VALUE, late=LATE)
    def label(self, pick: int, value: int, late: int) -> None:
        self.press_label(self.places(Place.OPEN), pick, value, late)

    @rule(pick=PICK, value=VALUE, late=LATE)
    def label_whatever_became_of_it(self, pick: int, value: int, late: int) -> None:
        self.press_label(self.places(*ANSWERED_OR_GONE), pick, value, late)

    def press_label(self, among: list[Any], pick: int, value: int, late: int) -> None:
        if among:
            place, us, value_id = among[pick % len(among)], self.moment(late), self.values[value]
            self.press(lambda: self.click_label(place, value_id, us))

    def click_label(self, mine: Any, value_id: int, us: int) -> None:
        slack_id = self.slack_of(mine.person_id)
        answered = self.do(lambda s: labelling.record(s, slack_id, mine.id, value_id, us, self.now))
        if not answered or not answered.changed:
            return
        assert value_id in self.values, "a former label was given"
        place = self.present(mine)
        assert (place.state, place.value_id, place.acted_us) == (Place.LABELLED, value_id, us)
        if self.world.item(place.item_id).state is not ItemState.RULED:
            self.ledger.counted[place.person_id, place.item_id] = (value_id, life.major_of(self.world, place.batch_id))

    def present(self, mine: Any) -> Any:
        return self.world.one(select(*Assignment.__table__.c).where(col(Assignment.id) == mine.id))  # type: ignore[attr-defined]

    def answer_most(self, who: int, *, alike: bool) -> None:
        """Label what one holds, nearly all as others do or not; some is left to its lease the first time round."""
        person_id = self.world.people[self.names[who]]
        for place in self.places(Place.OPEN):
            number = self.world.items.index(place.item_id)
            value = number % 4 == who if alike else (number + who) % 2
            if place.person_id == person_id and place.version % 3 != 2:
                self.click_label(place, self.values[value], self.moment(0))

    @about(ITEMS, DISPUTES, ALL)
    @rule(pick=PICK, late=LATE)
    def skip(self, pick: int, late: int) -> None:
        if among := self.places(Place.OPEN):
            place, us = among[pick % len(among)], self.moment(late)
            slack_id = self.slack_of(place.person_id)
            self.press(lambda: self.do(lambda s: skips.skip(s, slack_id, place.id, us, self.now)))

    @rule(pick=PICK, late=LATE)
    def flag(self, pick: int, late: int) -> None:
        if among := self.places(Place.OPEN, Place.LABELLED, Place.RETURNED):
            place, us = among[pick % len(among)], self.moment(late)
            self.press(lambda: self.click_flag(place, us))

    def click_flag(self, mine: Any, us: int) -> None:
        slack_id = self.slack_of(mine.person_id)
        answered = self.do(lambda s: flags.flag(s, slack_id, mine.id, FlagReason.OTHER, "", us, self.now))
        if answered and answered.changed:
            place = self.present(mine)
            assert (place.state, place.value_id) == (Place.FLAGGED, None)
            self.ledger.counted.pop((place.person_id, place.item_id), None)

    # What reviewers do with cases

    @rule(which=WHICH, pick=PICK, value=VALUE, stale=st.integers(0, 3))
    def rule_on(self, which: int, pick: int, value: int, stale: int) -> None:
        if among := self.cases():
            case, value_id = among[pick % len(among)], self.values[value]
            version, why = case.version - (stale == 3), f"because {stale}"
            slack_id = self.judge(which)
            self.press(lambda: self.do(lambda s: rulings.rule(s, slack_id, case.id, version, value_id, why, self.now)))

    @about(ITEMS, REVIEWS, AUDITS, ALL)
    @rule(which=WHICH, pick=PICK)
    def send_back(self, which: int, pick: int) -> None:
        if among := self.cases():
            case, slack_id = among[pick % len(among)], self.judge(which)
            self.press(
                lambda: self.do(lambda s: rulings.send_back(s, slack_id, case.id, case.version, "again", self.now))
            )

    @about(ITEMS, ALL)
    @rule(which=WHICH, pick=PICK)
    def see_labels(self, which: int, pick: int) -> None:
        if among := self.cases():
            case = among[pick % len(among)]
            self.do(lambda s: escalation.see_labels(s, self.judge(which), case.id, self.now))

    # What leads, Slack and the clock do

    @rule(hours=st.sampled_from([0, 2, 2, 30]), limit=st.integers(1, 3))
    def the_clock_ticks(self, hours: int, limit: int) -> None:
        self.wait(hours)
        self.write(lambda s: upkeep.expire(s, self.now, limit))
        self.write(lambda s: upkeep.change_overlap(s, self.world.project_id, self.now, limit))
        self.write(lambda s: upkeep.escalate_stranded(s, self.world.project_id, self.now, limit))
        self.quality_ticks()

    def quality_ticks(self) -> None:
        """Every step of the clock for quality assurance."""
        for step in quality.STEPS:
            self.step(step)

    def step(self, step: Step) -> None:
        """A step of the clock, and whether it did what was to be expected of it."""
        compare = self.foresee(step)
        self._seen = None
        step(self.store, self.now)
        compare()

    def foresee(self, step: Step) -> Callable[[], None]:
        raise NotImplementedError

    @rule(overlap=st.integers(1, 4), at_once=st.booleans())
    def overlap_changes(self, overlap: int, at_once: bool) -> None:
        self.write(lambda s: projects.set_overlap(s, self.world.project_id, overlap, self.now, None))
        if at_once:
            self.finish_upkeep()

    def finish_upkeep(self) -> None:
        for work in (upkeep.change_overlap, upkeep.escalate_stranded):
            while self.write(partial(work, project_id=self.world.project_id, now=self.now)):
                pass

    @rule(who=WHO, how=st.sampled_from(["joins", "joins", "leaves", "is deactivated", "is reactivated"]))
    def people_change(self, who: int, how: str) -> None:
        self.somebody_changes(self.names[who], how, [Role.ANNOTATOR])

    @rule(
        which=st.integers(0, 3), how=st.sampled_from(["joins", "joins", "leaves", "is deactivated", "is reactivated"])
    )
    def judges_change(self, which: int, how: str) -> None:
        """A reviewer, one who also audits, an auditor, a lead; who comes back may do more than before."""
        roles = [[Role.REVIEWER], [Role.REVIEWER, Role.AUDITOR], [Role.AUDITOR], [Role.LEAD]]
        self.somebody_changes(self.judges[which], how, roles[which])

    def somebody_changes(self, name: str, how: str, roles: Sequence[Role]) -> None:
        project_id, person_id = self.world.project_id, self.world.people[name]
        if how == "joins":
            self.do(lambda s: membership.add(s, project_id, f"@{name}", roles, self.now, None))
        elif how == "leaves":
            self.do(lambda s: membership.remove(s, project_id, person_id, self.now, None))
        else:
            change = membership.deactivated if how == "is deactivated" else membership.reactivated
            self.do(lambda s: change(s, self.world.slack_id(name), self.now))

    @about(ITEMS, ALL)
    @rule(rows=st.lists(st.tuples(WHICH, WHO), min_size=1, max_size=4))
    def lead_plans(self, rows: list[tuple[int, int]]) -> None:
        planned = [
            plan.Planned(line, f"i{which % len(self.world.items)}", f"@{self.names[who]}")
            for line, (which, who) in enumerate(rows)
        ]
        self.do(lambda s: plan.plan(s, self.world.project_id, planned, self.now))

    @about(ITEMS, DISPUTES, ALL)
    @rule()
    def items_come(self) -> None:
        if len(self.world.items) < 6:
            overlap = self.world.one(select(col(Project.overlap)).where(col(Project.id) == self.world.project_id))[0]
            self.more_items((overlap,))

    # What becomes of earlier rules

    @about(ITEMS, ALL)
    @rule(values=TOUCHED, choice=st.sampled_from(["all", "sample", "none", ""]))
    def a_rule_changes(self, values: tuple[str, ...], choice: str) -> None:
        self._seen = None
        with self.store.write() as session:
            proposal_id = rule_change.propose(session, self.world.project_id, values)
            rule_change.into_effect(session, self.world.project_id, proposal_id)
        self.clock_gives_out()
        if choice:
            self.lead_decides(choice)

    @about(ITEMS, ALL)
    @rule(values=TOUCHED, choice=st.sampled_from(["all", "sample"]))
    def a_rule_changes_and_items_go_out_again(self, values: tuple[str, ...], choice: str) -> None:
        self.everybody_labels(alike=False)
        self.a_rule_changes(values, choice)
        self.clock_gives_out()

    @about(ITEMS, ALL)
    @rule(choice=st.sampled_from(["all", "sample", "none"]))
    def lead_decides(self, choice: str) -> None:
        newest = select(func.max(col(Requeue.id))).where(col(Requeue.project_id) == self.world.project_id)
        if requeue_id := self.world.one(newest)[0]:
            for _ in range(2):
                self.do(lambda s: requeueing.decide(s, requeue_id, choice, self.judge(3), self.now))

    @about(ITEMS, ALL)
    @rule()
    def clock_gives_out(self) -> None:
        for requeue in life_again.due(self.world):
            expected = life_again.expected(self.world, self.look(), requeue)
            self._seen = None
            requeueing.move_on(self.store, requeue.id, self.now)
            for person_id, item_id in expected & self.ledger.counted.keys():
                value_id, major = self.ledger.counted.pop((person_id, item_id))
                self.ledger.before[item_id, major][value_id] += 1

    @about(ITEMS, ALL)
    @rule(who=WHO)
    def somebody_reads(self, who: int) -> None:
        mine = (
            col(Batch.person_id) == self.world.people[self.names[who]],
            col(Batch.project_id) == self.world.project_id,
        )
        in_force = select(col(Project.guideline_id)).where(col(Project.id) == self.world.project_id).scalar_subquery()
        self.write(lambda s: s.execute(update(Batch).where(*mine).values(guideline_id=in_force)))
