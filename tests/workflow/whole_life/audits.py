"""Finished items are drawn and judged blind; a lot that fails is labelled again, and audited again."""

import hashlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from jobs.steps import Step
from storage.tables import (
    Audit,
    AuditDesign,
    AuditState,
    AuditVerdict,
    Finding,
    FindingState,
    ItemState,
    Ruling,
    Severity,
)
from tests.workflow.whole_life import events
from tests.workflow.whole_life.items import WHICH
from tests.workflow.whole_life.reviews import LifeOfReviews
from tests.workflow.whole_life.world import ALL, AUDITS, PICK, VALUE, about
from workflow.audit import answering, drawing, ending, held, members, plan, reopening, starting
from workflow.audit.scope import Scope, Suspects
from workflow.review import picking

FINISHED = (ItemState.ACCEPTED, ItemState.RULED)
AGAIN = (*FINISHED, ItemState.IN_REVIEW)
RUNNING = (AuditState.DRAWING, AuditState.RUNNING)
OPEN = (FindingState.WAITING, FindingState.ANSWERED)
PLANS = [plan.accepting(0.05, 0.4), plan.looking_at(2), plan.looking_at(8), plan.within(0.2), None]
GROUNDS = ["all", "all", "label", "person", "low agreement", "suspects"]
JUDGING = ["right", "wrong", "unclear"]
ACTS = st.sampled_from([*JUDGING, *JUDGING, "answer", "give back", "go on", *(f"{one}, late" for one in JUDGING)])


class LifeOfAudits(LifeOfReviews):
    """The same project, with finished items audited."""

    def __init__(self) -> None:
        super().__init__()
        self.populations: dict[int, set[int]] = {}
        self.done: dict[int, Any] = {}

    def audits(self, *states: AuditState) -> list[Any]:
        return [one for one in self.rows(Audit) if not states or one.state in states]

    def begin(self) -> None:
        match self.theme:
            case "reviews":
                self.work_comes_in()
                self.step(picking.pick)
            case "disputes":
                self.people_disagree_and_somebody_rules(0, 0)
            case "audits" | "all":
                self.work_comes_in()
                self.an_audit_starts(3, AuditDesign.RANDOM, "all", PLANS[0], True, 1)

    # What leads and auditors do

    @about(AUDITS, ALL)
    @rule(
        which=WHICH,
        design=st.sampled_from(AuditDesign),
        ground=st.sampled_from(GROUNDS),
        by=st.sampled_from(PLANS),
        draw=st.booleans(),
        seed=st.integers(0, 1000),
    )
    def an_audit_starts(
        self, which: int, design: AuditDesign, ground: str, by: plan.Plan | None, draw: bool, seed: int
    ) -> None:
        wanted = starting.Wanted(design, self.scope(ground), by, "to see", seed)
        project_id, asked, slack_id = self.world.project_id, f"{len(self.clicks)}", self.judge(which)
        self.press(lambda: self.do(lambda s: starting.start(s, project_id, slack_id, wanted, self.now, asked=asked)))
        if draw:
            self.step(drawing.draw_due)

    def scope(self, ground: str) -> Scope:
        match ground:
            case "label":
                return Scope(value_id=self.values[0])
            case "person":
                return Scope(person_id=self.world.people[self.names[0]])
            case "low agreement":
                return Scope(low_agreement=True)
            case "suspects":
                return Scope(suspects=Suspects(tuple(self.world.items[::3]), "a model"))
        return Scope()

    @about(AUDITS, ALL)
    @rule(acts=st.lists(st.tuples(WHICH, PICK, ACTS, VALUE), min_size=4, max_size=10))
    def auditors_go_on(self, acts: list[tuple[int, int, str, int]]) -> None:
        """Auditors take what they are given and judge it, or click on whatever they have seen."""
        for which, pick, act, value in acts:
            if not self.audits(AuditState.RUNNING):
                self.work_comes_in()
                self.an_audit_starts(3, AuditDesign.RANDOM, "all", PLANS[pick % len(PLANS)], True, pick)
            if act in JUDGING:
                running = self.audits(AuditState.RUNNING)
                finding_id = self.next_finding(which, running[pick % len(running)].id) if running else None
                self.judge_finding(which, finding_id, act, value)
            elif among := self.rows(Finding)[::-1]:
                self.click_finding(which, among[pick % min(len(among), 6)].id, act, value)
            self.everything_holds()

    def next_finding(self, which: int, audit_id: int) -> int | None:
        found: int | None = self.do(lambda s: answering.next_finding(s, self.judge(which), audit_id, self.now))
        return found

    def judge_finding(self, which: int, finding_id: int | None, act: str, value: int) -> None:
        if finding_id is not None:
            self.click_finding(which, finding_id, "answer", value)
            self.click_finding(which, finding_id, act, value)

    def click_finding(self, which: int, finding_id: int, act: str, value: int) -> None:
        slack_id, value_id = self.judge(which), self.values[value]
        match act.partition(",")[0]:
            case "answer":
                self.press(lambda: self.do(lambda s: answering.answer(s, slack_id, finding_id, value_id, self.now)))
            case "give back":
                self.press(lambda: self.do(lambda s: held.release(s, slack_id, finding_id, self.now)))
            case "go on":
                self.do(lambda s: held.hold_on(s, slack_id, finding_id, self.now))
            case verdict:
                self.press(lambda: self.do(lambda s: self.judged(s, slack_id, finding_id, AuditVerdict(verdict))))

    def judged(self, session: Any, slack_id: str, finding_id: int, verdict: AuditVerdict) -> Any:
        finding = next(one for one in self.rows(Finding) if one.id == finding_id)
        other = next(value_id for value_id in self.values if value_id != finding.value_id)
        how: dict[str, Any] = {"severity": Severity.MINOR, "correct_id": other, "note": "See page 3."}
        return answering.judge(session, slack_id, finding_id, verdict, self.now, **how)

    @about(AUDITS, ALL)
    @rule(which=WHICH, pick=PICK)
    def somebody_calls_off(self, which: int, pick: int) -> None:
        if among := self.audits()[::-1]:
            audit_id, slack_id = among[pick % len(among)].id, self.judge(which)
            self.press(lambda: self.do(lambda s: ending.cancel(s, slack_id, audit_id, self.now)))

    @about(AUDITS, ALL)
    @rule(which=WHICH, pick=PICK)
    def somebody_reopens(self, which: int, pick: int) -> None:
        among = sorted(self.audits(), key=lambda one: (one.state is not AuditState.FAILED, -one.id))
        if among:
            audit_id, slack_id = among[pick % min(len(among), 2)].id, self.judge(which)
            self.press(lambda: self.do(lambda s: reopening.reopen(s, slack_id, audit_id, self.now)))

    @about(AUDITS, ALL)
    @rule(seed=st.integers(0, 1000), work=st.booleans())
    def a_lot_fails_and_is_labelled_again(self, seed: int, work: bool) -> None:
        self.work_comes_in()
        self.an_audit_starts(3, AuditDesign.RANDOM, "all", PLANS[0], True, seed)
        for audit in self.audits(AuditState.RUNNING):
            for which in (2, 1, 4, 3):
                while finding_id := self.next_finding(which, audit.id):
                    self.judge_finding(which, finding_id, "wrong", 0)
        self.everything_holds()
        self.step(ending.end_due)
        self.somebody_reopens(3, 0)
        if work:
            self.quality_ticks()
            self.everybody_labels(alike=True)

    # What is to be expected of the clock

    def foresee(self, step: Step) -> Callable[[], None]:
        if step is drawing.draw_due:
            return self.foresee_draws()
        if step is reopening.work:
            return self.foresee_reopening()
        return lambda: None

    def foresee_draws(self) -> Callable[[], None]:
        finished = {item_id for item_id, item in self.look().items.items() if item.state in FINISHED}

        def compare() -> None:
            for audit in self.audits():
                if audit.members is not None and audit.id not in self.populations:
                    self.check_draw(audit, finished)

        return compare

    def check_draw(self, audit: Any, finished: set[int]) -> None:
        """Everything finished is in the population, where nothing narrows it; a random sample is the seed's."""
        population = {int(item_id) for tier in members.unpack(audit.members) for item_id in tier}
        self.populations[audit.id] = population
        assert population <= finished
        if audit.again_of_id is not None:
            assert population == self.populations[audit.again_of_id] & finished
        elif audit.design is AuditDesign.TARGETED or audit.scope.keys() <= {"by"}:
            assert population == finished
        drawn = [one.item_id for one in self.rows(Finding) if one.audit_id == audit.id]
        assert len(drawn) == audit.size > 0
        if audit.design is AuditDesign.RANDOM:
            assert drawn == sorted(population, key=lambda item_id: _rank(audit.seed, item_id))[: audit.size]

    def foresee_reopening(self) -> Callable[[], None]:
        items, findings = self.look().items, self.rows(Finding)
        expected: set[int] = set()
        for audit in self.audits(AuditState.REOPENING):
            mine = [one for one in findings if one.audit_id == audit.id]
            settled = {one.item_id for one in mine if one.verdict is AuditVerdict.RIGHT or one.ruling_id is not None}
            left = self.populations[audit.id] - settled
            expected |= {item_id for item_id in left if items[item_id].state in AGAIN}
        before = self.given_out()

        def compare() -> None:
            assert set(self.given_out()[len(before) :]) >= expected
            for store in (self.ledger.counted, self.ledger.before):
                for key in [key for key in store if (key[1] if store is self.ledger.counted else key[0]) in expected]:
                    del store[key]

        return compare

    def given_out(self) -> list[int]:
        return events.reopened(self.world)

    # What must hold

    def check_audits(self, findings: list[Any]) -> None:
        ended = {one.id for one in self.audits() if one.state not in RUNNING}
        rulings = {one.id: one for one in self.rows(Ruling)} if findings else {}
        for one in findings:
            _check_finding(one, rulings)
            told = (one.state, one.auditor_id, one.answer_id, one.verdict, one.correct_id, one.ruling_id, one.value_id)
            if one.id in self.done:
                assert self.done[one.id] == told, "a finding changed after it was done"
            if one.state is FindingState.JUDGED or one.audit_id in ended:
                self.done[one.id] = told


def _check_finding(one: Any, rulings: dict[int, Any]) -> None:
    judged = one.state is FindingState.JUDGED
    assert (one.verdict is not None) == judged
    if one.state is not FindingState.VOID:
        assert (one.answer_id is not None) == (one.state in (FindingState.ANSWERED, FindingState.JUDGED))
    assert (one.correct_id is not None) == (one.verdict is AuditVerdict.WRONG)
    assert one.correct_id != one.value_id
    if one.ruling_id is not None:
        ruling = rulings[one.ruling_id]
        assert (ruling.person_id, ruling.value_id) == (one.auditor_id, one.correct_id)


def _rank(seed: int, item_id: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=12).digest()
