"""Roles asked at every click, people who come and go, and Slack's directory brought together with names."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Assignment, Batch, Channel, History, Item, Member, Person, Place, Purpose, Role
from tests import builders
from workflow import assignment, membership, people, project_edit, projects
from workflow.directory import ChannelEntry, Directory, DirectoryEntry, resolve, unknown
from workflow.errors import NotAllowedError, RefusedError
from workflow.project_edit import Asked
from workflow.project_spec import ProjectSpec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def project(store: Store, users: dict[str, list[str]], name: str = "rte") -> int:
    spec = ProjectSpec.model_validate(
        {
            "name": name,
            "question": "q",
            "labels": ["a", "b"],
            "channels": {"team": "#team", "review": "#review", "leads": "#leads"},
            "people": [{"user": user, "roles": roles} for user, roles in users.items()],
        }
    )
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


def bring_together(store: Store, entries: Iterable[DirectoryEntry] = (), channels: Iterable[ChannelEntry] = ()) -> None:
    store.transact(lambda session: resolve(session, Directory(tuple(entries), tuple(channels)), NOW))


def known(store: Store) -> dict[str, Person]:
    with store.read() as session:
        return {person.handle or str(person.slack_id): person for person in session.execute(select(Person)).scalars()}


def test_only_who_has_the_role_may(store: Store) -> None:
    world = builders.build(store)
    with store.read() as session:
        assert people.roles(session, world.project_id, "UANA") == {Role.ANNOTATOR}
        assert people.roles(session, world.project_id, "UNOBODY") == set()
        assert people.require(session, world.project_id, "URITA", Role.LEAD, Role.REVIEWER) == world.people["rita"]
        with pytest.raises(NotAllowedError, match=r"^Only a reviewer of rte can do this: ask @Rita\.$"):
            people.require(session, world.project_id, "UANA", Role.REVIEWER)
        with pytest.raises(
            NotAllowedError, match=r"Only an annotator or a lead of rte can do this: ask @Ana, @Ben or @Cem"
        ):
            people.require(session, world.project_id, "UNOBODY", Role.ANNOTATOR, Role.LEAD)
        with pytest.raises(NotAllowedError, match="nobody is one yet"):
            people.require(session, world.project_id, "UANA", Role.MANAGER)


def test_roles_hold_in_their_own_project_only(store: Store) -> None:
    world = builders.build(store)
    other = project(store, {"URITA": ["annotator"]}, name="other")
    with store.read() as session:
        assert people.roles(session, other, "URITA") == {Role.ANNOTATOR}
        assert people.roles(session, world.project_id, "URITA") == {Role.REVIEWER}


def test_joining_adds_roles_and_changing_sets_them(store: Store) -> None:
    world = builders.build(store)
    pid, rita = world.project_id, world.people["rita"]

    assert store.transact(lambda session: membership.add(session, pid, "URITA", [Role.LEAD], NOW, None)) == rita
    with store.read() as session:
        assert people.roles(session, pid, "URITA") == {Role.REVIEWER, Role.LEAD}
    store.transact(lambda session: membership.set_roles(session, pid, rita, [Role.AUDITOR], NOW, rita))
    with store.read() as session:
        assert people.roles(session, pid, "URITA") == {Role.AUDITOR}
    with pytest.raises(RefusedError, match="needs a role"):
        store.transact(lambda session: membership.set_roles(session, pid, rita, [], NOW, None))
    store.transact(lambda session: membership.remove(session, pid, rita, NOW, None))
    with pytest.raises(RefusedError, match="not in the project"):
        store.transact(lambda session: membership.remove(session, pid, rita, NOW, None))


@pytest.mark.parametrize("leaving", ["removed", "other role", "deactivated"])
def test_whoever_leaves_gives_their_open_work_back(store: Store, leaving: str) -> None:
    world = builders.build(store, items=3, overlap=2)
    pid, ana = world.project_id, world.people["ana"]
    store.transact(lambda session: assignment.next_batch(session, pid, ana, NOW))
    assert {row.open_places for row in world.rows(select(col(Item.open_places)))} == {1}
    leave = {
        "removed": lambda session: membership.remove(session, pid, ana, NOW, None),
        "other role": lambda session: membership.set_roles(session, pid, ana, [Role.LEAD], NOW, None),
        "deactivated": lambda session: membership.deactivated(session, "UANA", NOW),
    }
    store.transact(leave[leaving])
    assert {row.open_places for row in world.rows(select(col(Item.open_places)))} == {2}
    assert {row.state for row in world.rows(select(col(Assignment.state)))} == {Place.RETURNED}
    with store.read() as session:
        assert Role.ANNOTATOR not in people.roles(session, pid, "UANA")


def test_a_deactivated_person_has_their_roles_again_when_they_are_back(store: Store) -> None:
    world = builders.build(store)
    for _ in range(2):
        store.transact(lambda session: membership.deactivated(session, "UANA", NOW))
    with store.read() as session:
        assert people.roles(session, world.project_id, "UANA") == set()
        assert len(session.execute(select(History).where(col(History.action) == "person.deactivated")).all()) == 1
    bring_together(store, [DirectoryEntry("UANA", "ana")])
    with store.read() as session:
        assert people.roles(session, world.project_id, "UANA") == {Role.ANNOTATOR}


def test_names_become_people_when_slack_is_reached(store: Store) -> None:
    pid = project(
        store, {"@Ana": ["lead"], "ben@example.org": ["annotator"], "@Dr. Cem": ["annotator"], "U0000D": ["auditor"]}
    )
    bring_together(
        store,
        [
            DirectoryEntry("U0000A", "ana", "Ana María", "ana@example.org", "Europe/Madrid"),
            DirectoryEntry("U0000B", "b", "", "Ben@Example.org"),
            DirectoryEntry("U0000C", "cem.y", "dr. cem"),
            DirectoryEntry("U0000D", "dora"),
        ],
    )
    with store.read() as session:
        found = {member.slack_id: (member.name, member.roles) for member in people.members(session, pid)}
        open_points = projects.open_points(session, pid)
    assert found == {
        "U0000A": ("Ana María", (Role.LEAD,)),
        "U0000B": ("b", (Role.ANNOTATOR,)),
        "U0000C": ("dr. cem", (Role.ANNOTATOR,)),
        "U0000D": ("dora", (Role.AUDITOR,)),
    }
    assert known(store)["@ana"].time_zone == "Europe/Madrid"
    assert len(open_points) == 3
    assert all("sees no channel" in point for point in open_points)


def test_who_is_not_found_is_named_with_the_reason(store: Store) -> None:
    users = ["@nobody", "@twice", "@bot", "@gone", "U0000X"]
    pid = project(store, {user: ["annotator"] for user in users})
    bring_together(
        store,
        [
            DirectoryEntry("U00001", "twice"),
            DirectoryEntry("U00002", "second", "Twice"),
            DirectoryEntry("U00003", "bot", is_bot=True),
            DirectoryEntry("U00004", "gone", deleted=True),
        ],
    )
    with store.read() as session:
        found = "\n".join(projects.open_points(session, pid))
    assert "nobody called @nobody" in found
    assert "several people called @twice: twice (U00001), Twice (U00002)" in found
    assert "@bot is a bot" in found
    assert "deactivated @gone" in found
    assert "nobody with the id U0000X" in found


def test_a_channel_given_by_its_id_is_looked_at_as_well(store: Store) -> None:
    pid = project(store, {"@ana": ["annotator"]})
    named = [ChannelEntry(f"C0000{n}", name) for n, name in enumerate(("team", "review", "leads"))]
    bring_together(store, [DirectoryEntry("U00001", "ana")], named)
    with store.read() as session:
        assert not unknown(session)
    project_edit.make(store, pid, Asked({"channels": {"team": "C0000OLD"}}), NOW, None)
    with store.read() as session:
        assert unknown(session)
    bring_together(store, [DirectoryEntry("U00001", "ana")], [*named, ChannelEntry("C0000OLD", "old", archived=True)])
    with store.read() as session:
        assert "#old is archived" in "\n".join(projects.open_points(session, pid))
        assert not unknown(session)


def test_who_cannot_be_seen_by_e_mail_is_no_wrong_spelling(store: Store) -> None:
    pid = project(store, {"ana@acme.example": ["annotator"]})
    bring_together(store, [DirectoryEntry("U00001", "ana")])
    with store.read() as session:
        assert "scope users:read.email" in projects.open_points(session, pid)[0]
    bring_together(store, [DirectoryEntry("U00001", "ana", email="Ana@Acme.example")])
    assert known(store)["ana@acme.example"].slack_id == "U00001"


def test_who_is_not_found_does_not_count_for_the_overlap_and_is_not_named_as_who_can(store: Store) -> None:
    pid = project(store, {"@ana": ["annotator"], "@typo": ["annotator"], "x@acme.example": ["annotator"]})
    bring_together(store, [DirectoryEntry("U00001", "ana", email="ana@acme.example")])
    with store.read() as session:
        assert "it has 1 annotator: no item can be finished until 2 more join" in projects.warnings(session, pid)[0]
        with pytest.raises(NotAllowedError, match=r"ask @ana\.$"):
            people.require(session, pid, "U00002", Role.ANNOTATOR)
        with pytest.raises(RefusedError, match=r"In it: @ana, @typo, x@acme\.example\.$"):
            people.find(session, pid, "@zoe")


def test_a_name_that_means_a_deactivated_and_a_live_account_means_the_live_one(store: Store) -> None:
    project(store, {"@ana": ["annotator"]})
    bring_together(store, [DirectoryEntry("U00001", "ana", deleted=True), DirectoryEntry("U00002", "ana.2", "Ana")])
    assert known(store)["@ana"].slack_id == "U00002"


def test_slack_deactivating_somebody_is_noticed(store: Store) -> None:
    world = builders.build(store)
    bring_together(store, [DirectoryEntry("UANA", "ana", deleted=True)])
    with store.read() as session:
        assert people.roles(session, world.project_id, "UANA") == set()


def test_two_names_of_one_person_become_one(store: Store) -> None:
    pid = project(store, {"@ana": ["annotator"], "ana@example.org": ["lead"], "U0000A": ["reviewer"]})
    for _ in range(2):
        bring_together(store, [DirectoryEntry("U0000A", "ana", "Ana", "ana@example.org")])
    with store.read() as session:
        [member] = people.members(session, pid)
        assert session.execute(select(Person)).scalars().all() == [
            session.execute(select(Person).where(col(Person.slack_id) == "U0000A")).scalar_one()
        ]
        merges = session.execute(select(History).where(col(History.action) == "person.merged")).all()
    assert member.roles == (Role.ANNOTATOR, Role.REVIEWER, Role.LEAD)
    assert len(merges) == 2


def test_work_planned_for_both_names_of_a_person_is_theirs_once(store: Store) -> None:
    world = builders.build(store, items=2, overlap=2)
    pid, ana = world.project_id, world.people["ana"]

    def plan(session: Session) -> None:
        twin = membership.add(session, pid, "ana@example.org", [Role.ANNOTATOR], NOW, None)
        for person, items in ((ana, world.items[:1]), (twin, world.items)):
            for item_id in items:
                row = {"project_id": pid, "item_id": item_id, "person_id": person, "state": Place.PLANNED}
                session.execute(insert(Assignment).values(**row, given_at=NOW))
                taken = update(Item).where(col(Item.id) == item_id).values(open_places=col(Item.open_places) - 1)
                session.execute(taken)
        session.execute(insert(Batch).values(project_id=pid, person_id=twin, created_at=NOW))

    store.transact(plan)
    bring_together(store, [DirectoryEntry("UANA", "ana", "Ana", "ana@example.org")])
    places = world.rows(select(col(Assignment.item_id), col(Assignment.person_id)))
    assert sorted(tuple(row) for row in places) == [(item_id, ana) for item_id in world.items]
    assert [row.open_places for row in world.rows(select(col(Item.open_places)).order_by(col(Item.id)))] == [1, 1]
    assert [row.person_id for row in world.rows(select(col(Batch.person_id)))] == [ana]
    assert "ana@example.org" not in {person.handle for person in known(store).values()}
    assert len(world.rows(select(Member).where(col(Member.person_id) == ana))) == 1


def test_channels_are_found_or_named_with_the_reason(store: Store) -> None:
    pid = project(store, {})
    bring_together(
        store,
        channels=[ChannelEntry("C1", "team"), ChannelEntry("C2", "review", archived=True), ChannelEntry("C3", "x")],
    )
    with store.read() as session:
        rows = {row.purpose: row for row in session.execute(select(Channel)).scalars()}
        found = projects.open_points(session, pid)
    assert rows[Purpose.TEAM].slack_id == "C1"
    assert rows[Purpose.TEAM].problem is None
    assert rows[Purpose.REVIEW].slack_id is None
    assert len(found) == 2
    assert any("#review is archived" in point for point in found)
    assert any("sees no channel #leads" in point for point in found)
    bring_together(store, channels=[ChannelEntry("C1", "renamed", is_member=False), ChannelEntry("C4", "leads")])
    with store.read() as session:
        rows = {row.purpose: row for row in session.execute(select(Channel)).scalars()}
    assert (rows[Purpose.TEAM].name, rows[Purpose.TEAM].slack_id) == ("#renamed", "C1")
    assert "not in #renamed" in str(rows[Purpose.TEAM].problem)
    assert (rows[Purpose.LEADS].slack_id, rows[Purpose.LEADS].problem) == ("C4", None)
