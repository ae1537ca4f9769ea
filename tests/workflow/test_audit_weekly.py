"""The weekly audit of a project: on its day, once, of what was finished since the last; and from when on."""

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Item, ItemState, Project
from tests.builders import NOW, add_items
from tests.workflow.audit_world import audit, finished
from workflow import project_settings
from workflow.audit import drawing, scheduling


def test_the_weekly_audit_is_drawn_once_of_what_was_finished_since_the_last(store: Store) -> None:
    world = finished(store, 6)
    monday = NOW.replace(hour=8, minute=30)  # 09:30 in Berlin
    with store.write() as session:
        session.execute(
            update(Project).values(quality={"audits": {"every": "week"}}, created_at=NOW - timedelta(days=30))
        )
        session.execute(update(Item).values(decided_at=monday - timedelta(hours=1)))
    assert [scheduling.start_due(store, monday) for _ in range(2)] == [1, 0]
    assert scheduling.start_due(store, monday + timedelta(days=6)) == 0
    assert scheduling.start_due(store, monday + timedelta(days=7)) == 0, "nothing was finished"
    with store.write() as session:
        add_items(session, world, 2, 2)
        session.execute(
            update(Item)
            .where(col(Item.id).in_(world.items[-2:]))
            .values(state=ItemState.RULED, final_value_id=world.values["no"], decided_at=monday + timedelta(days=8))
        )
    assert scheduling.start_due(store, monday + timedelta(days=14)) == 1
    drawing.draw_due(store, monday + timedelta(days=14))
    assert [(audit(world, n).population, audit(world, n).by_id) for n in (1, 2)] == [(6, None), (2, None)]


def test_a_weekly_audit_that_is_switched_on_waits_for_its_day(store: Store) -> None:
    world = finished(store, 6)
    thursday = NOW.replace(hour=8, minute=30) + timedelta(days=3)
    week = {"quality": {"audits": {"every": "week"}}}
    with store.write() as session:
        session.execute(update(Project).values(created_at=NOW - timedelta(days=30)))
        project_settings.change(session, world.project_id, week, thursday, None)
    assert scheduling.start_due(store, thursday + timedelta(days=1)) == 0, "its Monday was before anybody wanted it"
    assert scheduling.start_due(store, thursday + timedelta(days=4)) == 1
