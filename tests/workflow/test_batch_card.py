"""What a batch's card says of places that ended in another way than by a label."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Assignment, Batch, SkipRule
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks
from workflow import upkeep
from workflow.views.batch import batch_view


def card(world: World, name: str = "ana") -> dict[str, object]:
    """The newest card of somebody."""
    newest = select(col(Batch.id)).where(col(Batch.person_id) == world.people[name]).order_by(col(Batch.id).desc())
    with world.store.read() as session:
        view = batch_view(session, session.execute(newest.limit(1)).scalar_one())
    assert view is not None
    return view


def test_what_was_skipped_for_later_is_called_skipped(store: Store) -> None:
    world = build(store, items=2, skip=SkipRule.LATER)
    clicks = Clicks(world)
    clicks.batch("ana")
    for item in (0, 1):
        clicks.skip("ana", item)
    assert card(world)["summary"] == {"labelled": 0, "skipped": 2, "flagged": 0, "closed": 0, "returned": 0}


def test_a_flag_stays_a_flag_after_the_ruling_and_who_held_the_item_had_not_answered(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.batch("ben")
    clicks.flag("ana", 0)
    clicks.rule("rita", 0, "no")
    assert card(world)["summary"] == {"labelled": 0, "skipped": 0, "flagged": 1, "closed": 0, "returned": 0}
    assert card(world, "ben")["summary"] == {"labelled": 0, "skipped": 0, "flagged": 0, "closed": 1, "returned": 0}


def test_what_went_back_unanswered_is_not_counted_as_answered(store: Store) -> None:
    world = build(store, items=3, hold_seconds=60)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.label("ana", 0, "yes")
    store.transact(lambda session: upkeep.expire(session, NOW + timedelta(hours=1)))
    assert (card(world)["answered"], card(world)["total"]) == (1, 3)


def test_a_batch_begins_at_its_first_item_though_one_of_it_was_skipped_before(store: Store) -> None:
    world = build(store, items=3, overlap=1, annotators=("ana", "ben"), skip=SkipRule.LATER)
    clicks = Clicks(world)
    for number, name in enumerate(("ana", "ben")):
        clicks.batch(name, size=1)
        clicks.skip(name, number)
    clicks.batch("ana")
    newest = select(col(Assignment.item_id)).where(col(Assignment.batch_id) == 3).order_by(col(Assignment.position))
    assert [row.item_id for row in world.rows(newest)] == [world.items[number] for number in (2, 0, 1)]
    item = card(world)["item"]
    assert isinstance(item, dict)
    assert item["position"] == 1
