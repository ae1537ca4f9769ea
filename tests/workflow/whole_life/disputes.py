"""Rulings are contested: by who labelled the item, decided by who has not judged it."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from storage.tables import Dispute, DisputeState, EscalationReason, EscalationState, ItemState, Ruling
from tests.workflow import life
from tests.workflow.whole_life import events
from tests.workflow.whole_life.items import WHICH, LifeOfItems
from tests.workflow.whole_life.world import ALL, ANNOTATORS, AUDITS, DISPUTES, PICK, VALUE, WHO, about
from workflow import rulings
from workflow.cases import disputing

ENDED = {
    DisputeState.UPHELD: "dispute.upheld",
    DisputeState.GRANTED: "dispute.granted",
    DisputeState.WITHDRAWN: "dispute.withdrawn",
}
CONTESTED = "ruling.contested"


class LifeOfDisputes(LifeOfItems):
    """The same project, with rulings that people contest."""

    def __init__(self) -> None:
        super().__init__()
        self.settled: set[int] = set()

    @about(DISPUTES, ALL)
    @rule(value=VALUE, which=WHICH)
    def people_disagree_and_somebody_rules(self, value: int, which: int) -> None:
        self.everybody_labels(alike=False)
        for case in self.cases():
            if case.state is EscalationState.OPEN and case.reason is not EscalationReason.CONTESTED:
                self.decide(case, which, value)

    def decide(self, case: Any, which: int, value: int) -> Any:
        value_id, slack_id = self.values[value], self.judge(which)
        return self.do(lambda s: rulings.rule(s, slack_id, case.id, case.version, value_id, "so", self.now))

    @about(DISPUTES, AUDITS, ALL)
    @rule(pick=PICK, who=WHO, twice=st.booleans())
    def contest(self, pick: int, who: int, twice: bool) -> None:
        """One person contests a ruling, and with ``twice`` another one joins."""
        if among := self.rows(Ruling)[::-1]:
            ruling_id = among[pick % min(len(among), 4)].id
            for slack_id in [self.slack(who), self.slack((who + 1) % ANNOTATORS)][: 1 + twice]:
                self.press(lambda by=slack_id: self.do(lambda s: disputing.contest(s, by, ruling_id, "no", self.now)))  # type: ignore[misc]

    @about(DISPUTES, AUDITS, ALL)
    @rule(pick=PICK)
    def take_back(self, pick: int) -> None:
        if among := self.rows(Dispute):
            mine = among[-1 - pick % len(among)]
            slack_id = self.slack_of(mine.person_id)
            self.press(lambda: self.do(lambda s: disputing.withdraw(s, slack_id, mine.id, self.now)))

    @about(DISPUTES, AUDITS, ALL)
    @rule(which=WHICH, value=VALUE)
    def decide_a_dispute(self, which: int, value: int) -> None:
        for cases in self.look().cases.values():
            for case in cases:
                if case.reason is EscalationReason.CONTESTED:
                    self.press(lambda case=case: self.decide(case, which, value))  # type: ignore[misc]

    def check_disputes(self, disputes: list[Any], rulings: list[Any]) -> None:
        cases = {case.id: case for some in self.look().cases.values() for case in some}
        judged = {one.id: one for one in rulings}
        in_case = Counter(one.escalation_id for one in disputes if one.state is DisputeState.OPEN)
        for case in cases.values():
            is_open = case.reason is EscalationReason.CONTESTED and case.state is EscalationState.OPEN
            # Where another text took the item's place its disputes are over at the clock's next look.
            gone = self.look().items[case.item_id].state is ItemState.REPLACED
            assert bool(in_case[case.id]) == is_open or (gone and not is_open)
        for one in disputes:
            assert (one.item_id, one.person_id) in self.known.worked
            assert cases[judged[one.ruling_id].escalation_id].reason is not EscalationReason.CONTESTED
            self.check_outcome(one, judged)
        if disputes:
            noted = events.actions(self.world, *ENDED.values(), CONTESTED)
            ended = Counter(ENDED[one.state] for one in disputes if one.state in ENDED)
            assert noted == ended + Counter({CONTESTED: len(disputes)})

    def check_outcome(self, one: Any, judged: dict[int, Any]) -> None:
        settled = one.state in (DisputeState.UPHELD, DisputeState.GRANTED)
        assert settled == (one.settled_by_id is not None)
        if settled and one.id not in self.settled:
            self.settled.add(one.id)
            first, last = judged[one.ruling_id], judged[one.settled_by_id]
            assert last.person_id not in (first.person_id, one.person_id)
            stands = last.value_id in life.becomes(self.world, first.value_id)
            assert (one.state is DisputeState.UPHELD) == stands
