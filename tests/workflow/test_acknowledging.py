"""Who is asked to read a version, who has read it, and who counts when people come and go."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Acknowledgement, ChangeKind, History, Lane, Member, Outbox, OutboxKind, Person, Role
from tests.builders import add_person
from tests.workflow.readers import Readers
from workflow import forgetting, membership, merging, people
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines.acknowledgement import acknowledging
from workflow.views import guideline


def test_a_version_is_announced_and_pinned_and_everybody_who_annotates_or_reviews_is_asked_once(store: Store) -> None:
    team = Readers.of(store)
    with store.write() as session:
        add_person(session, team.world, "lea", Role.LEAD)
        add_person(session, team.world, "ana", Role.REVIEWER)
        add_person(session, team.world, "gone", Role.ANNOTATOR)
        session.execute(update(Person).where(col(Person.name) == "Gone").values(active=False))
    version = team.publish()
    assert (team.ask(), team.ask()) == (4, 0)
    told = team.world.rows(select(col(Outbox.key), col(Outbox.kind), col(Outbox.lane)).order_by(col(Outbox.id)))
    assert [(row.key, row.kind) for row in told[:2]] == [
        (f"announcement:{version}", OutboxKind.POST),
        (f"pin:announcement:{version}", OutboxKind.PIN),
    ]
    assert {row.lane for row in told[2:]} == {Lane.BULK}
    assert {name: len(team.cards(name)) for name in team.world.people} == {
        "ana": 1, "ben": 1, "cem": 1, "rita": 1, "lea": 0, "gone": 0,
    }  # fmt: skip
    assert team.coverage().missing == ("Ana", "Ben", "Cem", "Rita")


def test_the_first_version_and_one_without_a_hold_ask_nothing_of_anybody(store: Store) -> None:
    team = Readers.of(store)
    assert team.ask() == 0
    team.publish(ChangeKind.CLARIFICATION, grace=None)
    assert team.ask() == 0
    assert (team.coverage().version, team.coverage().is_wanted) == ("1.1", False)


def test_acknowledging_twice_is_noted_once_and_only_ones_own_can_be(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    team.ask()
    with pytest.raises(NotAllowedError):
        team.acknowledge("ana", version, by="ben")
    assert team.acknowledge("ana", version) is None
    first = team.row("ana", version)
    team.now += timedelta(hours=1)
    assert team.acknowledge("ana", version) is None
    assert tuple(team.row("ana", version)) == tuple(first)
    noted = team.world.one(select(func.count()).where(col(History.action) == "guideline.acknowledged"))
    assert noted[0] == 1
    assert (team.coverage().asked, team.coverage().acknowledged) == (4, 1)


def test_a_late_click_on_an_earlier_version_says_which_one_to_read(store: Store) -> None:
    team = Readers.of(store)
    first = team.publish()
    team.ask()
    second = team.publish(ChangeKind.CLARIFICATION, grace=timedelta(days=7))
    words = team.acknowledge("ana", first)
    assert words is not None
    assert "2.1" in words
    assert team.coverage().acknowledged == 0
    team.ask()
    assert team.acknowledge("ana", second) is None
    assert (team.coverage().version, team.coverage().acknowledged) == ("2.1", 1)


def test_the_cards_of_an_earlier_version_are_drawn_anew_where_it_was_not_read(store: Store) -> None:
    team = Readers.of(store)
    first = team.publish()
    team.ask()
    team.acknowledge("ana", first)
    before = [team.row(name, first).version for name in ("ana", "ben")]
    team.publish()
    team.ask()
    after = [team.row(name, first).version for name in ("ana", "ben")]
    assert [new - old for old, new in zip(before, after, strict=True)] == [0, 1]


def card(team: Readers, name: str, version: int) -> dict[str, Any] | None:
    with team.store.read() as session:
        return guideline.acknowledgement_view(session, team.asked(name, version), team.now)


def test_who_leaves_counts_no_more_and_who_comes_back_or_joins_is_asked(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    team.ask()
    team.leave("ana")
    assert team.coverage().missing == ("Ben", "Cem", "Rita")
    assert card(team, "ana", version) is None, "what is on its way to who has left is not sent"
    with pytest.raises(NotAllowedError):
        team.acknowledge("ana", version)
    team.now += timedelta(days=1)
    pid = team.world.project_id
    store.transact(lambda s: membership.add(s, pid, team.world.slack_id("ana"), [Role.ANNOTATOR], team.now, None))
    store.transact(lambda s: membership.add(s, pid, "UDAN", [Role.REVIEWER], team.now, None))
    assert team.ask() == 1
    assert len(team.cards("ana")) == 2
    assert card(team, "ana", version) is not None
    assert team.coverage().asked == 5
    assert team.acknowledge("ana", version) is None


def test_an_account_that_slack_has_back_is_asked_anew_unless_it_has_read(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    team.ask()
    team.acknowledge("ben", version)
    for name in ("ana", "ben"):
        slack_id = team.world.slack_id(name)
        store.transact(lambda s, it=slack_id: membership.deactivated(s, it, team.now))  # type: ignore[misc]
        store.transact(lambda s, it=slack_id: membership.reactivated(s, it, team.now))  # type: ignore[misc]
    assert (len(team.cards("ana")), len(team.cards("ben"))) == (2, 1)


def test_another_role_of_who_is_here_already_asks_nobody_again(store: Store) -> None:
    team = Readers.of(store)
    team.publish()
    team.ask()
    ana, pid = team.world.people["ana"], team.world.project_id
    store.transact(lambda s: membership.set_roles(s, pid, ana, [Role.REVIEWER, Role.ANNOTATOR], team.now, None))
    assert len(team.cards("ana")) == 1


def test_two_rows_that_are_one_person_are_asked_once_and_what_was_read_stays(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    pid = team.world.project_id
    store.transact(lambda s: membership.add(s, pid, "@ana_typed", [Role.ANNOTATOR], team.now, None))
    team.ask()
    team.acknowledge("ana", version)
    with store.read() as session:
        typed = people.named(session, "@ana_typed")
    store.transact(lambda s: merging.merge(s, typed, team.world.people["ana"], team.now))
    rows = team.world.rows(
        select(col(Acknowledgement.acknowledged_at)).where(
            col(Acknowledgement.person_id) == team.world.people["ana"], col(Acknowledgement.guideline_id) == version
        )
    )
    assert [row.acknowledged_at is not None for row in rows] == [True]
    assert team.coverage().missing == ("Ben", "Cem", "Rita")


def test_who_is_forgotten_is_asked_nothing_more_and_what_they_read_stays(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    team.ask()
    team.acknowledge("ana", version)
    forgetting.forget(store, team.world.people["ana"], team.now)
    forgetting.forget(store, team.world.people["ben"], team.now)
    assert team.ask() == 0
    assert team.coverage().missing == ("Cem", "Rita")
    kept = team.world.one(select(func.count()).where(col(Acknowledgement.acknowledged_at).is_not(None)))
    assert kept[0] == 1


def test_five_hundred_people_are_asked_in_portions_and_all_of_them(store: Store) -> None:
    team = Readers.of(store, annotators=(), reviewers=())
    with store.write() as session:
        rows = [{"name": f"P{n}", "slack_id": f"U{n:04}", "active": True} for n in range(500)]
        session.connection().execute(Person.__table__.insert(), rows)  # type: ignore[attr-defined]
        ids = list(session.execute(select(col(Person.id))).scalars())
        members = [
            {"project_id": team.world.project_id, "person_id": one, "role": Role.ANNOTATOR, "since": team.now}
            for one in ids
        ]
        session.connection().execute(Member.__table__.insert(), members)  # type: ignore[attr-defined]
    version = team.publish()
    assert team.ask() == 500
    keys = team.world.one(select(func.count()).where(col(Outbox.card_kind) == "acknowledgement"))
    assert keys[0] == 500
    assert team.coverage().asked == 500
    assert team.coverage().guideline_id == version


def test_what_is_not_there_any_more_is_refused(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    team.ask()
    asked = team.asked("ana", version)
    with pytest.raises(RefusedError):
        store.transact(lambda s: acknowledging.acknowledge(s, asked + 1000, team.world.slack_id("ana"), team.now))
