"""Whatever people do to items that are reviewed: none is stuck, none judged by who worked on it, and every review ends.

The state machine of items (``test_life_of_an_item.py``) goes on as it is, with reviewers and their clock beside it.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import BackTo, ItemState, Label, Place, Project, Review, ReviewState, SkipRule
from tests.builders import add_items
from tests.workflow import life
from tests.workflow.test_life_of_an_item import ANNOTATORS, PICK, VALUE, LifeOfItems
from workflow.cases.decision import Details
from workflow.quality_rules import QualityRules, ReviewRules, kept
from workflow.review import claiming, deciding, following, nobody, picking, runs, upkeep
from workflow.review.states import MOVES

OPEN = (ReviewState.WAITING, ReviewState.CLAIMED)
WHY = Details(reason_code="slip")
REVIEWER = st.integers(0, 2)
MOST_ITEMS = 20
RUNS = ["accept a run", "send back a run"]
DECISION = st.sampled_from(["accept", "correct", "pass up", "take back", "stop", *RUNS, *BackTo, *BackTo])


class LifeOfReviews(LifeOfItems):
    """The same project, with things reviewed by a reviewer, by a lead, and by an annotator who also reviews."""

    @initialize(
        overlap=st.integers(1, 3),
        accept=st.sampled_from(["unanimous", "majority"]),
        skip=st.sampled_from(list(SkipRule)),
        size=st.integers(1, 4),
        count=st.integers(1, 4),
        people=st.integers(2, ANNOTATORS),
        rules=st.sampled_from([ReviewRules(share=1.0), ReviewRules(newcomer=2, flagged=True, disagreement=True)]),
    )
    def found(
        self, overlap: int, accept: str, skip: SkipRule, size: int, count: int, people: int, rules: ReviewRules
    ) -> None:
        LifeOfItems.found(self, overlap, accept, skip, size, count, people)
        quality = kept(QualityRules(review=rules))
        with self.store.write() as session:
            mine = col(Project.id) == self.world.project_id
            session.execute(update(Project).where(mine).values(quality=quality))
        self.seen: dict[int, ReviewState] = {}

    # Held where items live without reviews; here they would only keep reviewers from coming to their turn.
    a_rule_changes = a_rule_changes_and_items_go_out_again = lead_decides = clock_gives_out = None  # type: ignore[assignment]
    label = skip = lead_plans = items_come = somebody_reads = see_labels = None  # type: ignore[assignment]

    def who(self, which: int) -> str:
        return [self.reviewer, self.lead, self.slack(3)][which]

    def reviews(self) -> list[Any]:
        columns = Review.__table__.c  # type: ignore[attr-defined]
        return self.world.rows(select(*columns).where(columns.project_id == self.world.project_id).order_by(columns.id))

    def decide(self, pick: int, decision: Callable[[Any], Any]) -> None:
        """Decide a review as it is now, as a rule an open one; the same click may come again later."""
        if not any(one.state in OPEN for one in self.reviews()):
            self.work_comes_in()
        found = sorted(self.reviews(), key=lambda one: (one.state not in OPEN, -one.id))
        if found:
            review = found[pick % min(len(found), 6)]
            self.press(lambda: self.click(lambda s: decision(s)(review)))

    def click(self, decision: Callable[[Any], Any]) -> bool:
        before = {one.id for one in self.reviews() if one.state is ReviewState.SENT_BACK}
        said = self.do(decision)
        for one in self.reviews():
            if one.state is ReviewState.SENT_BACK and one.id not in before and one.back_mode is not BackTo.NOTED:
                self.ledger.counted.pop((one.about_id, one.item_id))
        return bool(said)

    def review(self, review_id: int) -> Any:
        return next(one for one in self.reviews() if one.id == review_id)

    def work_comes_in(self) -> None:
        """Items come that need one label, or two; everybody labels what they can, most of it alike."""
        with self.store.write() as session:
            for overlap in (1, 1, 2) if len(self.world.items) < MOST_ITEMS else ():
                add_items(session, self.world, 1, overlap)
        for who in (*range(ANNOTATORS), *range(ANNOTATORS)):
            self.ask(who, resume=True)
            self.answer_all_but_one_of_three(who)
        self.everything_holds()
        self.the_clock_picks()

    def answer_all_but_one_of_three(self, who: int) -> None:
        person_id = self.world.people[self.names[who]]
        for place in self.places(Place.OPEN):
            if place.person_id == person_id and place.version % 3 != 2:
                self.click_label(place, self.values[self.world.items.index(place.item_id) % 4 == who], self.moment(0))

    @rule()
    def the_clock_picks(self) -> None:
        for step in (picking.pick, upkeep.give_back_claims, upkeep.withdraw_gone, following.notice_done, nobody.tell):
            step(self.store, self.now)

    @rule(which=REVIEWER, about=st.integers(-1, ANNOTATORS - 1))
    def ask_for_the_next(self, which: int, about: int) -> None:
        about_id = self.world.people[self.names[about]] if about >= 0 else None
        project_id = self.world.project_id
        self.do(lambda s: claiming.next_review(s, self.who(which), project_id, self.now, about_id=about_id))

    @rule(decisions=st.lists(st.tuples(REVIEWER, PICK, DECISION, VALUE), min_size=2, max_size=8))
    def reviewers_go_on(self, decisions: list[tuple[int, int, str, int]]) -> None:
        for which, pick, decision, value in decisions:
            self.decide(pick, lambda s, w=which, d=decision, v=value: lambda r: self.decided(s, w, d, v, r))  # type: ignore[misc]
            self.everything_holds()

    def decided(self, session: Any, which: int, decision: str, value: int, review: Any) -> Any:
        who, now, seen = self.who(which), self.now, (review.id, review.version)
        everything = [one.id for one in self.reviews()]
        match decision:
            case "accept":
                return deciding.accept(session, who, *seen, now)
            case "correct":
                return deciding.correct(session, who, *seen, self.values[value], WHY, now)
            case "pass up":
                return deciding.pass_up(session, who, *seen, "?", now)
            case "take back":
                return deciding.undo(session, who, review.id, now)
            case "stop":
                return claiming.release(session, who, review.id, now)
            case "accept a run":
                return runs.accept(session, who, review.id, everything, now)
            case "send back a run":
                return runs.send_back(session, who, review.id, everything, now)
        return deciding.send_back(session, who, *seen, BackTo(decision), None, WHY, now)

    @invariant()
    def reviews_hold(self) -> None:
        if not hasattr(self, "seen"):
            return
        found = self.reviews()
        waiting = Counter(one.item_id for one in found if one.state in OPEN)
        items = life.look(self.world).items
        assert all(waiting[item_id] == 1 for item_id, item in items.items() if item.state is ItemState.IN_REVIEW)
        labelled = self.world.rows(select(col(Label.item_id), col(Label.person_id)).distinct())
        worked = {(row.item_id, row.person_id) for row in labelled}
        for one in found:
            assert (one.item_id, one.by_id) not in worked
            if one.state is ReviewState.CLAIMED:
                assert (one.item_id, one.claimed_by_id) not in worked
            before = self.seen.get(one.id, one.state)
            assert before is one.state or _leads_to(before, one.state)
            self.seen[one.id] = one.state

    def teardown(self) -> None:
        """Once all is labelled, the reviewers get through what there is, and nothing is left in review."""
        LifeOfItems.teardown(self)
        if not hasattr(self, "values"):
            return
        self.the_clock_picks()
        for which in (0, 1):
            while review_id := self.do(
                lambda s, which=which: claiming.next_review(s, self.who(which), self.world.project_id, self.now)  # type: ignore[misc]
            ):
                version = self.review(review_id).version
                self.do(lambda s, i=review_id, v=version, w=which: deciding.accept(s, self.who(w), i, v, self.now))  # type: ignore[misc]
        in_review = [one for one in life.look(self.world).items.values() if one.state is ItemState.IN_REVIEW]
        held_by_third = {one.item_id for one in self.reviews() if one.state is ReviewState.CLAIMED}
        assert {one.id for one in in_review} <= held_by_third


def _leads_to(before: ReviewState, after: ReviewState) -> bool:
    """Whether a review may have come from one state to another between two looks: over one state in between at most."""
    return (before, after) in MOVES or any((before, over) in MOVES and (over, after) in MOVES for over in ReviewState)


@pytest.mark.slow
def test_whatever_reviewers_do_nothing_is_stuck_and_nobody_judges_their_own_work(store: Store) -> None:
    machine = type("Reviews", (LifeOfReviews,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6 if store.is_sqlite else 2,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
