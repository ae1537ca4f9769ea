"""The cases in App Home: first what somebody is asked, then what they may judge; nothing that is refused after a form."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Escalation, EscalationReason, Member, Role
from tests.builders import NOW, World, add_person, build
from tests.workflow.clicks import Clicks
from workflow import rulings
from workflow.errors import RefusedError
from workflow.views.home import home_view


def home(world: World, name: str) -> dict[str, Any]:
    with world.store.read() as session:
        found: dict[str, Any] = home_view(session, world.slack_id(name), NOW)["projects"][0]
        return found


def keys(world: World, name: str, what: str = "cases") -> list[int]:
    """The items of what somebody's Home lists, as they are numbered in the world."""
    ids = {Clicks(world).case(item).id: item for item in range(len(world.items))}
    return [ids[one["id"]] for one in home(world, name).get(what, [])]


def unclear(store: Store) -> tuple[World, Clicks]:
    """Three cases; Rita, who reviews, found the oldest unclear herself."""
    world = build(store, items=3, overlap=1, annotators=("rita", "ana"), reviewers=("vera",), batch_size=1)
    clicks = Clicks(world)
    for number, name in enumerate(("rita", "ana", "ana")):
        clicks.batch(name)
        clicks.flag(name, number)
    with store.write() as session:
        session.add(Member(project_id=world.project_id, person_id=world.people["rita"], role=Role.REVIEWER, since=NOW))
        add_person(session, world, "odo", Role.AUDITOR)
    return world, clicks


def change(world: World, case_id: int, **values: Any) -> None:
    with world.store.write() as session:
        session.execute(update(Escalation).where(col(Escalation.id) == case_id).values(**values))


def test_what_somebody_is_asked_comes_first_and_their_own_work_last(store: Store) -> None:
    world, clicks = unclear(store)
    assert keys(world, "vera") == [0, 1, 2]
    assert keys(world, "rita") == [1, 2, 0]
    change(world, clicks.case(2).id, assigned_id=world.people["rita"])
    assert keys(world, "rita") == [2, 1, 0]
    # Auditors rule from the second step on, and have no other way to more cases than their messages name.
    assert keys(world, "odo") == []
    change(world, clicks.case(1).id, step=2, assigned_id=world.people["odo"])
    change(world, clicks.case(0).id, reason=EscalationReason.CONTESTED)
    assert keys(world, "odo") == [1, 0]


@pytest.mark.parametrize("reason", [EscalationReason.CONTESTED, EscalationReason.AUDIT, EscalationReason.REVIEW])
def test_what_stands_is_not_offered_to_be_changed_and_opens_no_form(store: Store, reason: EscalationReason) -> None:
    world, clicks = unclear(store)
    clicks.rule("vera", 1, "yes")
    assert keys(world, "rita", "rulings") == [1]
    change(world, clicks.case(1).id, reason=reason)
    own = reason is EscalationReason.REVIEW
    assert keys(world, "rita", "rulings") == []
    assert keys(world, "vera", "rulings") == ([1] if own else [])
    with pytest.raises(RefusedError), store.read() as session:
        rulings.check_form(session, world.slack_id("rita"), clicks.case(1).id)
