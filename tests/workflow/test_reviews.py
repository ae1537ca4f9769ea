"""Accepted items are picked, claimed and decided; what was sent back is followed; late and doubled clicks are harmless."""


import pytest

from storage.engine import Store
from storage.tables import (
    ItemState,
    ReviewReason,
    ReviewState,
)
from tests.workflow.clicks import state_of
from tests.workflow.reviewers import Reviewers
from workflow.quality_rules import ReviewRules

ALL = ReviewRules(share=1.0)


def test_of_several_reasons_the_first_is_named_and_whose_work_it_is(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(newcomer=2, disagreement=True), items=3)
    for item in range(3):
        shop.labelled("yes", "no", "yes", item=item)
    assert shop.pick() == 3
    review = shop.review(0)
    assert (review.reason, review.state) == (ReviewReason.DISAGREEMENT, ReviewState.WAITING)
    # Everybody's first two labels are a newcomer's; of the third item, only who differs is known.
    assert [shop.review(item).about_id for item in range(3)] == [
        shop.world.people["ana"], shop.world.people["ana"], shop.world.people["ben"],
    ]  # fmt: skip
    assert review.disagreement == pytest.approx(1 / 3)
    assert state_of(shop.world, 0) is ItemState.IN_REVIEW
    assert shop.world.item(shop.world.items[0]).final_value_id == shop.world.values["yes"]
    assert shop.pick() == 0
