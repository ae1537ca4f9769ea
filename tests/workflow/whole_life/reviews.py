"""What reviewers do with items in review."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from storage.tables import BackTo, ItemState, Review, ReviewState
from tests.workflow.whole_life.disputes import LifeOfDisputes
from tests.workflow.whole_life.world import ALL, ANNOTATORS, PICK, REVIEWS, VALUE, about
from workflow.cases.decision import Details
from workflow.review import claiming, deciding, picking, runs
from workflow.review.states import MOVES

OPEN = (ReviewState.WAITING, ReviewState.CLAIMED)
WHY = Details(reason_code="slip")
REVIEWER = st.integers(0, 4)
DECISION = st.sampled_from(
    ["accept", "correct", "pass up", "take back", "stop", "accept a run", "send back a run", *BackTo, *BackTo]
)


class LifeOfReviews(LifeOfDisputes):
    """The same project, with things reviewed."""

    def __init__(self) -> None:
        super().__init__()
        self.reviewed: dict[int, ReviewState] = {}

    @about(REVIEWS, ALL)
    @rule(which=REVIEWER, about_who=st.integers(-1, ANNOTATORS - 1))
    def ask_for_the_next(self, which: int, about_who: int) -> None:
        self.next_review(which, self.world.people[self.names[about_who]] if about_who >= 0 else None)

    def next_review(self, which: int, about_id: int | None = None) -> int | None:
        found: int | None = self.do(
            lambda s: claiming.next_review(s, self.judge(which), self.world.project_id, self.now, about_id=about_id)
        )
        return found

    @about(REVIEWS, ALL)
    @rule(decisions=st.lists(st.tuples(REVIEWER, PICK, DECISION, VALUE), min_size=4, max_size=10))
    def reviewers_go_on(self, decisions: list[tuple[int, int, str, int]]) -> None:
        """Reviews are decided as they are now, as a rule open ones; the same clicks may come again later."""
        for which, pick, decision, value in decisions:
            if not any(one.state in OPEN for one in self.rows(Review)):
                self.work_comes_in()
                self.step(picking.pick)
            found = sorted(self.rows(Review), key=lambda one: (one.state not in OPEN, -one.id))
            if found:
                review = found[pick % min(len(found), 6)]
                self.press(lambda w=which, d=decision, v=value, r=review: self.click_review(w, d, v, r))  # type: ignore[misc]
            self.everything_holds()

    def click_review(self, which: int, decision: str, value: int, review: Any) -> None:
        everything = [one.id for one in self.rows(Review)]
        before = {one.id for one in self.rows(Review) if one.state is ReviewState.SENT_BACK}
        self.do(lambda s: self.decided(s, which, decision, value, review, everything))
        for one in self.rows(Review):
            if one.state is ReviewState.SENT_BACK and one.id not in before and one.back_mode is not BackTo.NOTED:
                self.ledger.counted.pop((one.about_id, one.item_id))

    def decided(self, session: Any, which: int, decision: str, value: int, review: Any, everything: list[int]) -> Any:
        who, now, seen = self.judge(which), self.now, (review.id, review.version)
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

    def check_reviews(self, reviews: list[Any]) -> None:
        waiting = Counter(one.item_id for one in reviews if one.state in OPEN)
        assert all(count == 1 for count in waiting.values())
        items = self.look().items
        assert all(waiting[item_id] for item_id, item in items.items() if item.state is ItemState.IN_REVIEW)
        for one in reviews:
            before = self.reviewed.get(one.id, one.state)
            assert before is one.state or _leads_to(before, one.state)
            self.reviewed[one.id] = one.state


def _leads_to(before: ReviewState, after: ReviewState) -> bool:
    """Whether a review may have come from one state to another between two looks: over one state in between at most."""
    return (before, after) in MOVES or any((before, over) in MOVES and (over, after) in MOVES for over in ReviewState)
