"""Accepted items are picked, claimed and decided; what was sent back is followed; late and doubled clicks are harmless."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    BackTo,
    EscalationReason,
    History,
    Item,
    ItemState,
    Member,
    Outbox,
    Pattern,
    Place,
    Project,
    Review,
    ReviewReason,
    ReviewState,
    Role,
)
from tests.builders import NOW, add_items, add_person
from tests.workflow.clicks import state_of
from tests.workflow.reviewers import LATER, Reviewers
from workflow.cases.decision import Details
from workflow.errors import NotAllowedError, RefusedError
from workflow.quality_rules import ReviewRules
from workflow.review import claiming, following, nobody, picking, queue, runs, upkeep

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


def test_somebodys_first_labels_are_the_first_they_gave_whatever_they_changed_since(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(newcomer=2), items=7, overlap=1, annotators=("ana", "ben"))
    for item in (5, 1, 0, 2, 3, 4, 6):
        shop.labelled("yes", item=item)
    shop.label("ana", 5, "no")
    shop.label("ana", 0, "no")
    assert shop.pick() == 2
    assert [shop.review(item) is not None for item in range(7)] == [item in (1, 5) for item in range(7)]
    # The next is somebody else's first.
    with store.write() as session:
        add_items(session, shop.world, 1, 1)
    shop.batch("ben")
    shop.label("ben", 7, "yes", now=LATER)
    assert shop.pick(LATER + timedelta(hours=1)) == 1
    assert shop.review(7).about_id == shop.world.people["ben"]


def test_a_review_that_found_an_item_right_is_not_asked_again_until_a_label_changes(store: Store) -> None:
    shop = reviewed(store, items=1)
    shop.next()
    assert shop.accept() == "Accepted."
    assert state_of(shop.world, 0) is ItemState.ACCEPTED
    assert shop.pick(LATER + timedelta(hours=2)) == 0
    with store.write() as session:
        session.execute(update(Project).values(picked_to=None))
    assert shop.pick(LATER + timedelta(hours=3)) == 0
    shop.label("ben", 0, "no", now=LATER + timedelta(hours=4))
    assert shop.pick(LATER + timedelta(hours=4)) == 1


def test_what_was_decided_long_ago_is_looked_at_once_and_late_commits_are_found(store: Store) -> None:
    shop = Reviewers(store, ALL, items=2)
    shop.labelled("yes", "yes", "yes", item=0)
    assert shop.pick() == 1
    assert shop.world.one(select(col(Project.picked_to)))[0] == LATER
    # Dated 40 minutes ago, committed only now: found where a quarter of an hour is over.
    shop.labelled("yes", "yes", "yes", item=1)
    with store.write() as session:
        session.execute(update(Item).where(col(Item.key) == "i1").values(decided_at=LATER - timedelta(minutes=40)))
    assert shop.pick(LATER + timedelta(minutes=1)) == 0
    assert shop.pick(LATER + timedelta(minutes=16)) == 1


def test_a_long_past_is_looked_at_over_several_ticks_and_each_comes_further(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picking, "CHUNK", 1)
    monkeypatch.setattr(picking, "A_TICK", 1)
    shop = Reviewers(store, ReviewRules(disagreement=True), items=3)
    for item, third in enumerate(("yes", "yes", "no")):
        shop.labelled("yes", "yes", third, item=item)
        with store.write() as session:
            when = NOW + timedelta(minutes=item)
            session.execute(update(Item).where(col(Item.key) == f"i{item}").values(decided_at=when))
    # All three lie within what every look goes back.
    assert [shop.pick(LATER + timedelta(hours=hours)) for hours in range(4)] == [0, 0, 1, 0]


def test_an_item_with_doubles_weighs_more_and_of_one_due_time_disagreement_comes_first(store: Store) -> None:
    shop = Reviewers(store, ALL, items=4)
    with store.write() as session:
        copies = {"duplicate_of": shop.world.items[1], "state": ItemState.DUPLICATE, "open_places": 0}
        session.execute(update(Item).where(col(Item.key) == "i3").values(**copies))
    shop.labelled("yes", "yes", "yes", item=0)
    shop.labelled("yes", "yes", "yes", item=1)
    shop.labelled("yes", "no", "yes", item=2)
    shop.pick()
    assert shop.review(1).weight == 2
    order = []
    while (review_id := shop.next()) is not None:
        order.append(item_of(shop, review_id))
        shop.accept(item=order[-1])
    assert order == [2, 1, 0]


def test_one_persons_work_comes_in_a_row_after_what_is_overdue(store: Store) -> None:
    shop = Reviewers(store, ALL, items=3)
    shop.labelled("yes", "yes", "no", item=0)
    shop.labelled("yes", "no", "yes", item=1)
    shop.labelled("yes", "yes", "no", item=2)
    shop.pick()
    assert item_of(shop, shop.next(about="ben")) == 1
    release(shop, 1)
    with store.write() as session:
        session.execute(update(Review).where(col(Review.id) == shop.review(2).id).values(due_at=NOW))
    assert item_of(shop, shop.next(about="ben")) == 2


def test_two_reviewers_never_have_one_item_and_a_claim_ends(store: Store) -> None:
    shop = reviewed(store, items=2, reviewers=("rita", "remo"))
    first, second = shop.next("rita"), shop.next("remo")
    assert None not in (first, second)
    assert first != second
    assert shop.next("rita") == first
    assert shop.next("remo") == second
    over = LATER + timedelta(hours=1)
    assert upkeep.give_back_claims(store, over) == 2
    assert shop.next("remo", over) == first
    with pytest.raises(RefusedError, match="Remo looks at it now"):
        shop.accept("rita", item=item_of(shop, first), now=over)
    assert shop.next("rita", over) == second


def test_who_comes_back_late_to_what_nobody_took_meanwhile_may_still_decide(store: Store) -> None:
    shop = reviewed(store)
    shop.next()
    over = LATER + timedelta(hours=1)
    upkeep.give_back_claims(store, over)
    assert shop.correct("no", now=over) == "Corrected: “No”."
    assert state_of(shop.world, 0) is ItemState.RULED


def test_nobody_reviews_their_own_work_and_who_looks_is_never_given_the_item(store: Store) -> None:
    shop = Reviewers(store, ALL, items=1, reviewers=("rita", "ben"), overlap=1, annotators=("ana", "ben", "rita"))
    shop.labelled("yes")
    shop.pick()
    shop.batch("ben")
    with pytest.raises(NotAllowedError):
        shop.next("ana")
    assert shop.next("rita") is not None
    assert shop.world.place("rita", shop.world.items[0]).state is Place.BARRED
    assert shop.back(BackTo.OTHER) == "It is open for somebody other than Ana."
    assert shop.world.place("ana", shop.world.items[0]).state is Place.BARRED
    shop.batch("ben")
    shop.label("ben", 0, "no")
    shop.pick()
    assert shop.next("ben") is None
    assert shop.next("rita") is not None


def test_who_decides_what_they_never_claimed_is_not_given_the_item_either(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(share=1.0), items=1, reviewers=("rita",))
    shop.labelled("yes", "yes", "yes")
    shop.pick()
    assert shop.accept() == "Accepted."
    assert shop.world.place("rita", shop.world.items[0]).state is Place.BARRED


def test_where_nobody_may_review_the_leads_hear_of_it_once_and_a_new_reviewer_takes_it(store: Store) -> None:
    shop = Reviewers(store, ALL, items=1, reviewers=("ana",), overlap=1)
    shop.labelled("yes")
    shop.pick()
    assert shop.next("ana") is None
    assert [nobody.tell(store, LATER), nobody.tell(store, LATER)] == [1, 0]
    said = shop.world.one(select(col(Outbox.context)).where(col(Outbox.template) == "said"))[0]
    assert "1 item waits for a review that nobody may do" in said["message"]
    with store.write() as session:
        add_person(session, shop.world, "rita", Role.REVIEWER)
    assert nobody.tell(store, LATER) == 0
    assert shop.next("rita") is not None


def test_a_correction_is_ruled_told_and_done_once(store: Store) -> None:
    shop = reviewed(store, reviewers=("rita", "remo"))
    shop.next()
    before = shop.review()
    with pytest.raises(RefusedError, match="Choose why"):
        shop.correct("no", details=Details())
    with pytest.raises(RefusedError, match="needs a note"):
        shop.correct("no", details=Details(reason_code="other"))
    with pytest.raises(RefusedError, match="is “Yes” already"):
        shop.correct("yes")
    assert shop.review() == before
    assert shop.correct("no") == "Corrected: “No”."
    assert shop.correct("no", version=before.version) is None
    with pytest.raises(RefusedError, match="Rita corrected it meanwhile"):
        shop.accept("remo")
    item = shop.world.item(shop.world.items[0])
    assert (item.state, item.decided_by, item.final_value_id) == (ItemState.RULED, "review", shop.world.values["no"])
    assert shop.case(0).reason is EscalationReason.REVIEW
    notices = shop.world.rows(select(col(Outbox.person_id)).where(col(Outbox.template) == "ruling_notice"))
    assert {row[0] for row in notices} == {shop.world.people[name] for name in ("ana", "ben", "cem")}


def test_sent_back_to_the_same_person_opens_their_place_and_is_followed_until_it_is_decided(store: Store) -> None:
    shop = Reviewers(store, ALL, items=1, overlap=2, annotators=("ana", "ben"))
    shop.labelled("yes", "yes")
    shop.pick()
    shop.next()
    batch_id = shop.world.place("ben", shop.world.items[0]).batch_id
    assert shop.back(BackTo.SAME, "ben") == "It is with Ben again."
    assert shop.back(BackTo.SAME, "ben", version=0) is None
    place = shop.world.place("ben", shop.world.items[0])
    assert (place.state, place.value_id, place.counted_id, place.batch_id) == (Place.OPEN, None, None, batch_id)
    assert patterns(shop) == [f"{shop.world.values['yes']}:1"]
    assert state_of(shop.world, 0) is ItemState.OPEN
    assert followed(shop) == [(0, ("Ben",), False)]
    assert following.notice_done(store, LATER) == 0
    shop.label("ben", 0, "no")
    # They disagree now: it is not decided again before somebody rules.
    assert followed(shop) == [(0, (), True)]
    shop.rule("rita", 0, "no")
    assert followed(shop) == []
    assert following.notice_done(store, LATER) == 1
    assert shop.review().back_done_at == LATER


def test_sent_back_is_refused_where_it_leads_nowhere_and_noted_asks_for_nothing(store: Store) -> None:
    shop = reviewed(store, annotators=("ana", "ben", "cem"))
    shop.next()
    before = [shop.review(), patterns(shop), shop.world.item(shop.world.items[0])]
    with pytest.raises(RefusedError, match="Nobody else is left"):
        shop.back(BackTo.OTHER, "ben")
    with pytest.raises(RefusedError, match="no label on this item"):
        shop.back(BackTo.SAME, "rita")
    with store.write() as session:
        session.execute(delete(Member).where(col(Member.person_id) == shop.world.people["ben"]))
    with pytest.raises(RefusedError, match="Ben does not annotate"):
        shop.back(BackTo.SAME, "ben")
    assert [shop.review(), patterns(shop), shop.world.item(shop.world.items[0])] == before
    assert shop.back(BackTo.NOTED, "ben") == "Accepted, and Ben is told."
    assert state_of(shop.world, 0) is ItemState.ACCEPTED
    assert shop.world.place("ben", shop.world.items[0]).state is Place.LABELLED
    assert followed(shop) == []
    assert shop.pick(LATER + timedelta(hours=1)) == 0


def test_passed_up_becomes_a_case_at_the_second_step(store: Store) -> None:
    shop = reviewed(store)
    shop.next()
    assert shop.pass_up() is not None
    assert shop.pass_up() is None
    case = shop.case(0)
    assert (case.reason, case.step, state_of(shop.world, 0)) == (EscalationReason.PASSED_UP, 2, ItemState.ESCALATED)


def test_a_label_or_a_flag_on_an_item_in_review_takes_it_out(store: Store) -> None:
    shop = Reviewers(store, ALL, items=3, accept="unanimous")
    for item in range(3):
        shop.labelled("yes", "yes", "yes", item=item)
    shop.pick()
    first = shop.next()
    assert item_of(shop, first) == 0
    shop.label("ben", 0, "no")
    shop.flag("ben", 1)
    assert [state_of(shop.world, item) for item in range(3)] == [
        ItemState.ESCALATED, ItemState.ESCALATED, ItemState.IN_REVIEW,
    ]  # fmt: skip
    with pytest.raises(RefusedError, match="not in review any more"):
        shop.accept()
    assert shop.next() != first
    assert upkeep.withdraw_gone(store, LATER) == 2
    assert [shop.review(item).state for item in range(2)] == [ReviewState.WITHDRAWN] * 2
    # They agree after all: the case is withdrawn, and the item picked anew.
    shop.label("ben", 0, "yes", now=LATER)
    assert shop.pick(LATER + timedelta(seconds=1)) == 1
    assert shop.review(0).state is ReviewState.WAITING


def test_a_label_changed_in_review_is_picked_anew_before_the_old_review_was_cleared_away(store: Store) -> None:
    shop = reviewed(store)
    shop.next()
    shop.label("ben", 0, "no", now=LATER)
    assert state_of(shop.world, 0) is ItemState.ACCEPTED
    assert shop.pick(LATER) == 1
    states = shop.world.rows(select(col(Review.state)).order_by(col(Review.id)))
    assert [row[0] for row in states] == [ReviewState.WITHDRAWN, ReviewState.WAITING]


def test_an_acceptance_is_taken_back_while_nothing_else_happened(store: Store) -> None:
    shop = reviewed(store)
    shop.next()
    seen = shop.review().version
    shop.accept()
    assert shop.accept(version=seen) is None
    assert shop.undo() == "Taken back: the item is in review again, and with you."
    assert shop.undo() is None
    assert shop.next() == shop.review().id
    with pytest.raises(RefusedError, match="went on meanwhile"):
        shop.accept(version=seen)
    assert shop.accept() == "Accepted."
    shop.label("ben", 0, "no", now=LATER + timedelta(seconds=1))
    with pytest.raises(RefusedError, match="Something else"):
        shop.undo()


def test_what_one_person_labelled_alike_is_accepted_or_sent_back_together(store: Store) -> None:
    shop = Reviewers(store, ALL, items=6, overlap=1, annotators=("ana", "ben"), batch_size=6)
    for item, value in enumerate(["yes", "yes", "yes", "no", "yes"]):
        shop.labelled(value, item=item)
    shop.pick()
    shop.next()
    alike = shop.run()
    assert sorted(item_of(shop, review_id) for review_id in alike) == [1, 2, 4]
    with pytest.raises(RefusedError, match="decided otherwise"):
        run(shop, runs.accept, alike)
    shop.accept()
    # One is changed by its author, one belongs to no run: neither is touched.
    shop.label("ana", 2, "no", now=LATER)
    assert run(shop, runs.accept, [*alike, shop.review(3).id]) == "2 more accepted."
    assert run(shop, runs.accept, alike) is None
    assert [state_of(shop.world, item) for item in (1, 2, 3, 4)] == [
        ItemState.ACCEPTED, ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.ACCEPTED,
    ]  # fmt: skip
    assert shop.review(2).state is ReviewState.WAITING
    shop.pick(LATER + timedelta(seconds=1))
    shop.next()
    shop.back(BackTo.SAME, item=3)
    assert run(shop, runs.send_back, shop.run(3), item=3) == "It is with Ana again."
    assert [state_of(shop.world, item) for item in (2, 3)] == [ItemState.OPEN, ItemState.OPEN]
    assert shop.review(2).note == "Look."


def test_a_run_is_taken_back_but_for_what_went_on(store: Store) -> None:
    shop = Reviewers(store, ALL, items=6, overlap=1, annotators=("ana", "ben"), batch_size=6)
    for item in range(6):
        shop.labelled("yes", item=item)
    shop.pick()
    shop.next()
    alike = shop.run()
    shop.accept()
    later = LATER + timedelta(seconds=1)
    assert run(shop, runs.accept, alike, now=later) == "5 more accepted."
    with store.read() as session:
        taken = runs.taken(session, [*alike, shop.review(0).id], later)
    assert set(taken) == set(alike)

    def undo(name: str = "rita", at: datetime = later) -> str | None:
        world = shop.world
        return store.transact(lambda s: runs.undo(s, world.slack_id(name), world.project_id, taken, at))

    with store.write() as session:
        add_person(session, shop.world, "sol", Role.REVIEWER)
    with pytest.raises(NotAllowedError):
        undo("ana")
    assert undo("sol") is None, "it was not she who accepted them"
    shop.label("ana", 2, "no", now=later + timedelta(seconds=1))
    assert undo() == "4 taken back: they are in review again. 1 has gone on since: nothing was changed there."
    assert undo() == "1 has gone on since: nothing was changed there."
    in_review = [state_of(shop.world, item) is ItemState.IN_REVIEW for item in range(6)]
    assert in_review == [False, True, False, True, True, True]
    assert shop.review(1).state is ReviewState.WAITING
    assert shop.review(1).by_id is shop.review(1).settled_at is None
    undone = select(col(History.subject_id)).where(col(History.action) == "review.undone")
    assert {row.subject_id for row in shop.world.rows(undone)} == {shop.world.items[item] for item in (1, 3, 4, 5)}
    assert shop.next() in alike
    assert shop.accept(item=item_of(shop, shop.next() or 0)) == "Accepted."


def test_where_nothing_is_reviewed_any_more_what_waits_is_accepted(store: Store) -> None:
    shop = reviewed(store, items=2)
    shop.next()
    assert upkeep.let_go(store, LATER) == 0
    shop.allow(ReviewRules())
    assert upkeep.let_go(store, LATER) == 1
    # Who is at one just now finishes it.
    assert [state_of(shop.world, item) for item in range(2)] == [ItemState.IN_REVIEW, ItemState.ACCEPTED]
    assert shop.accept() == "Accepted."


def test_the_counts_of_the_queue(store: Store) -> None:
    shop = reviewed(store, items=3)
    shop.next()
    with store.write() as session:
        session.execute(update(Review).where(col(Review.id) == shop.review(1).id).values(due_at=NOW))
    with store.read() as session:
        found = queue.counts(session, shop.world.project_id, shop.world.people["rita"], LATER)
        later = queue.counts(session, shop.world.project_id, None, LATER + timedelta(hours=1))
    assert (found.waiting, found.claimed, found.mine, found.overdue, found.back) == (2, 1, 1, 1, 0)
    assert (later.waiting, later.claimed, later.mine) == (3, 0, 0)


def test_every_move_in_and_out_of_review_is_in_the_history_with_who_and_why(store: Store) -> None:
    shop = reviewed(store)
    shop.next()
    shop.accept()
    noted = shop.world.rows(select(col(History.action), col(History.actor_id), col(History.after)))
    told = {row.action: (row.actor_id, row.after) for row in noted}
    assert told["items.picked"] == (None, {"state": "in_review", "reason": "share", "items": shop.world.items})
    assert told["review.accepted"] == (shop.world.people["rita"], {"state": "accepted"})
    assert told["labels.seen"][0] == shop.world.people["rita"]


def reviewed(store: Store, *, items: int = 1, **how: Any) -> Reviewers:
    """A project whose items all are in review, labelled "yes" by everybody; one has nothing else in it."""
    shop = Reviewers(store, ALL, items=items, **how)
    for item in range(items):
        shop.labelled("yes", "yes", "yes", item=item)
    assert shop.pick() == items
    return shop


def item_of(shop: Reviewers, review_id: int | None) -> int:
    """The number of a review's item."""
    found = shop.world.one(select(col(Review.item_id)).where(col(Review.id) == review_id))[0]
    return shop.world.items.index(found)


def release(shop: Reviewers, item: int) -> None:
    review = shop.review(item)
    shop.world.store.transact(lambda s: claiming.release(s, "URITA", review.id, LATER))


def followed(shop: Reviewers) -> list[Any]:
    with shop.world.store.read() as session:
        found = following.open_back(session, shop.world.project_id)
    return [(shop.world.items.index(one.item_id), one.people, one.escalated) for one in found]


def patterns(shop: Reviewers) -> list[str]:
    return [row[0] for row in shop.world.rows(select(col(Pattern.pattern)).order_by(col(Pattern.item_id)))]


def run(shop: Reviewers, do: Any, ids: list[int], item: int = 0, now: datetime = LATER) -> Any:
    review = shop.review(item)
    return shop.world.store.transact(lambda s: do(s, "URITA", review.id, ids, now))
