"""Whatever people contest, take back and decide: no item is stuck, nobody decides twice, every dispute ends with its case.

The state machine of items (``test_life_of_an_item.py``) goes on as it is, with rulings contested beside it.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Dispute, DisputeState, Escalation, EscalationReason, EscalationState, History, Label, Ruling
from tests.workflow import life
from tests.workflow.test_life_of_an_item import ANNOTATORS, PICK, VALUE, WHO, LifeOfItems
from workflow import rulings
from workflow.cases import disputing

ENDED = {
    DisputeState.UPHELD: "dispute.upheld",
    DisputeState.GRANTED: "dispute.granted",
    DisputeState.WITHDRAWN: "dispute.withdrawn",
}
JUDGE = st.integers(0, 2)


class LifeOfDisputes(LifeOfItems):
    """The same project, whose rulings are contested; a reviewer, a lead and an annotator who also reviews decide."""

    # Held where items live without disputes; here they would only keep rulings from coming.
    a_rule_changes = a_rule_changes_and_items_go_out_again = lead_decides = clock_gives_out = None  # type: ignore[assignment]
    lead_plans = somebody_reads = see_labels = send_back = None  # type: ignore[assignment]

    def judge(self, which: int) -> str:
        return [self.reviewer, self.lead, self.slack(3)][which]

    def rows(self, table: Any, *where: Any) -> list[Any]:
        columns = table.__table__.c
        return self.world.rows(select(*columns).where(*where).order_by(columns.id))

    def disputes(self) -> list[Any]:
        return self.rows(Dispute, col(Dispute.project_id) == self.world.project_id)

    def rulings(self) -> list[Any]:
        mine = col(Ruling.item_id).in_(self.world.items)
        return sorted(self.rows(Ruling, mine), key=lambda one: -one.id)

    @rule(value=VALUE)
    def people_disagree_and_somebody_rules(self, value: int) -> None:
        for who in range(ANNOTATORS):
            self.ask(who, resume=True)
            self.answer_all_but_one_of_three(who)
        for case in self.cases():
            if case.state is EscalationState.OPEN and case.reason is not EscalationReason.CONTESTED:
                self.decide(case, 0, value)

    def decide(self, case: Any, which: int, value: int) -> Any:
        value_id = self.values[value]
        return self.do(lambda s: rulings.rule(s, self.judge(which), case.id, case.version, value_id, "so", self.now))

    @rule(pick=PICK, who=WHO)
    def contest(self, pick: int, who: int) -> None:
        if among := self.rulings():
            ruling_id, slack_id = among[pick % min(len(among), 4)].id, self.slack(who)
            self.press(lambda: self.click_contest(slack_id, ruling_id))

    def click_contest(self, slack_id: str, ruling_id: int) -> bool:
        before = len(self.disputes())
        self.do(lambda s: disputing.contest(s, slack_id, ruling_id, "no", self.now))
        return len(self.disputes()) != before

    @rule(pick=PICK)
    def take_back(self, pick: int) -> None:
        if among := self.disputes():
            mine = among[-1 - pick % len(among)]
            slack_id = self.slack_of(mine.person_id)
            self.press(lambda: bool(self.do(lambda s: disputing.withdraw(s, slack_id, mine.id, self.now))))

    @rule(which=JUDGE, value=VALUE)
    def decide_a_dispute(self, which: int, value: int) -> None:
        for case in self.rows(Escalation, col(Escalation.reason) == EscalationReason.CONTESTED):
            if case.project_id == self.world.project_id:
                self.press(lambda case=case: bool(self.decide(case, which, value)))  # type: ignore[misc]

    @invariant()
    def disputes_hold(self) -> None:
        if not hasattr(self, "values"):
            return
        found = self.disputes()
        cases = {one.id: one for one in self.rows(Escalation, col(Escalation.project_id) == self.world.project_id)}
        judged = {one.id: one for one in self.rulings()}
        worked = {
            (row.item_id, row.person_id) for row in self.world.rows(select(col(Label.item_id), col(Label.person_id)))
        }
        in_case = Counter(one.escalation_id for one in found if one.state is DisputeState.OPEN)
        for case in cases.values():
            is_open = case.reason is EscalationReason.CONTESTED and case.state is EscalationState.OPEN
            assert bool(in_case[case.id]) == is_open
        for one in found:
            assert (one.item_id, one.person_id) in worked
            assert cases[judged[one.ruling_id].escalation_id].reason is not EscalationReason.CONTESTED
            self.check_outcome(one, judged, worked)
        self.check_history(found)

    def check_outcome(self, one: Any, judged: dict[int, Any], worked: set[tuple[int, int]]) -> None:
        settled = one.state in (DisputeState.UPHELD, DisputeState.GRANTED)
        assert settled == (one.settled_by_id is not None)
        if settled:
            first, last = judged[one.ruling_id], judged[one.settled_by_id]
            assert last.person_id not in (first.person_id, one.person_id)
            assert (one.item_id, last.person_id) not in worked
            assert (one.state is DisputeState.UPHELD) == (first.value_id == last.value_id)

    def check_history(self, found: list[Any]) -> None:
        noted = Counter(
            row.action
            for row in self.world.rows(
                select(col(History.action)).where(
                    col(History.project_id) == self.world.project_id,
                    col(History.action).in_((*ENDED.values(), "ruling.contested")),
                )
            )
        )
        ended = Counter(ENDED[one.state] for one in found if one.state in ENDED)
        assert noted == ended + Counter({"ruling.contested": len(found)} if found else {})

    def teardown(self) -> None:
        """Whoever may decides what is contested, and no dispute is left open that somebody could decide."""
        LifeOfItems.teardown(self)
        if not hasattr(self, "values"):
            return
        for which in range(3):
            self.decide_a_dispute(which, 0)
        self.disputes_hold()
        life.check(self.world, self.ledger)
        # The lead judges here for the first time: nobody but who ruled before, or worked on the item, is kept out.
        lead = next(person for name, person in self.world.people.items() if self.world.slack_id(name) == self.lead)
        ruled = {(one.item_id, one.person_id) for one in self.rulings()}
        assert all((one.item_id, lead) in ruled for one in self.disputes() if one.state is DisputeState.OPEN)


@pytest.mark.slow
def test_whatever_is_contested_ends_with_somebody_who_had_not_judged_it(store: Store) -> None:
    machine = type("Disputes", (LifeOfDisputes,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6 if store.is_sqlite else 2,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
