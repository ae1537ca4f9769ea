"""Who has not read gets nothing new, and begins nothing under rules of before; labels say what they were given under."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound
from sqlmodel import col

from storage.engine import Store
from storage.tables import Assignment, Batch, ChangeKind, Label, Lane, Outbox, OutboxKind, Place, Project, Role
from tests.builders import add_person
from tests.databases import Databases
from tests.workflow.readers import Readers
from tests.workflow.test_rulings import add_card
from workflow import batches, flags, handing_out, membership, plan, skips, upkeep
from workflow.assignment import Given
from workflow.errors import NotAllowedError, RefusedError
from workflow.flags import FlagReason
from workflow.guidelines.acknowledgement import acknowledging
from workflow.history_reading import Wanted, events
from workflow.history_words import sentence
from workflow.nothing import Nothing, Why
from workflow.plan import Planned
from workflow.views.batch import batch_version, batch_view
from workflow.views.guideline import acknowledgement_view


def stamps(team: Readers) -> list[int | None]:
    return [row.guideline_id for row in team.world.rows(select(col(Label.guideline_id)).order_by(col(Label.id)))]


def test_who_has_not_read_gets_nothing_until_they_have(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    assert team.batch("ana") == Nothing(Why.GUIDELINE, guideline_id=version)
    team.ask()
    assert team.batch("ana") == Nothing(Why.GUIDELINE, guideline_id=version)
    team.acknowledge("ana", version)
    assert isinstance(team.batch("ana"), Given)
    assert team.batch_row("ana").guideline_id == version
    assert isinstance(team.batch("ben"), Nothing)


def test_during_the_grace_everybody_goes_on_and_then_reads_the_newest(store: Store) -> None:
    team = Readers.of(store, batch_size=1)
    first = team.publish(grace=timedelta(days=1))
    second = team.publish(ChangeKind.CLARIFICATION, grace=timedelta(days=7))
    assert isinstance(team.batch("ana"), Given)
    team.now += timedelta(days=1)
    with store.read() as session:
        held = acknowledging.is_held(session, team.world.project_id, team.world.people["ana"], team.now)
    assert held == second
    assert team.batch("ben") == Nothing(Why.GUIDELINE, guideline_id=second)
    assert first < second


def test_what_a_version_without_a_hold_follows_can_still_be_acknowledged(store: Store) -> None:
    team = Readers.of(store)
    held = team.publish()
    team.publish(ChangeKind.CLARIFICATION, grace=None)
    team.ask()
    assert team.batch("ana") == Nothing(Why.GUIDELINE, guideline_id=held)
    assert team.acknowledge("ana", held) is None
    assert isinstance(team.batch("ana"), Given)


def test_an_open_batch_goes_on_under_its_version_until_its_owner_has_read(store: Store) -> None:
    team = Readers.of(store)
    team.batch("ana")
    before = team.batch_row("ana").guideline_id
    version = team.publish()
    team.ask()
    assert team.pause() == 0
    again = team.batch("ana")
    assert isinstance(again, Given)
    assert again.resumed
    team.label("ana", 0, "yes")
    with store.read() as session:
        view = batch_view(session, again.batch_id) or {}
    assert (view["guideline"], view["newer"], view["paused"]) == ("1.0", "2.0", False)
    team.acknowledge("ana", version)
    team.label("ana", 1, "yes")
    with store.read() as session:
        view = batch_view(session, again.batch_id) or {}
    assert (view["guideline"], view["newer"]) == ("2.0", "")
    assert stamps(team) == [before, version]
    assert [team.world.place("ana", team.world.items[n]).major for n in (0, 1)] == [1, 2]


def test_a_label_in_a_batch_that_is_long_done_counts_under_what_was_read_since(store: Store) -> None:
    team = Readers.of(store, items=1)
    team.batch("ana")
    team.label("ana", 0, "yes")
    version = team.publish()
    team.ask()
    team.acknowledge("ana", version)
    team.label("ana", 0, "no")
    assert stamps(team)[-1] == version
    assert team.batch_row("ana").guideline_id < version


def test_a_place_that_went_back_is_not_taken_again_under_rules_of_before(store: Store) -> None:
    team = Readers.of(store, items=2, hold_seconds=60)
    team.batch("ana")
    version = team.publish(grace=timedelta(days=1))
    team.ask()
    team.now += timedelta(hours=1)
    store.transact(lambda s: upkeep.expire(s, team.now))
    with pytest.raises(RefusedError, match="read the new version"):
        team.label("ana", 0, "yes")
    team.acknowledge("ana", version)
    assert team.label("ana", 0, "yes")
    assert stamps(team) == [version]


def test_after_a_clarification_it_is(store: Store) -> None:
    team = Readers.of(store, items=2, hold_seconds=60)
    team.batch("ana")
    team.publish(ChangeKind.CLARIFICATION)
    team.now += timedelta(hours=1)
    store.transact(lambda s: upkeep.expire(s, team.now))
    assert team.label("ana", 0, "yes")


def test_a_paused_batch_takes_nothing_says_so_and_goes_on_once_read(store: Store) -> None:
    team = Readers.of(store, {"open_batches": "pause"})
    team.batch("ana")
    team.label("ana", 0, "yes")
    team.batch("ben")
    version = team.publish()
    team.ask()
    team.acknowledge("ben", version)
    assert (team.pause(), team.pause()) == (1, 0)
    with store.read() as session:
        told = [sentence(event) for event in events(session, team.world.project_id, Wanted())]
    assert "An open batch waits until guideline 2.0 is read" in told
    assert "Ben has read guideline 2.0" in told
    assert team.batch("ana") == Nothing(Why.GUIDELINE, guideline_id=version)
    by = team.world.slack_id("ana")
    place = team.world.place("ana", team.world.items[1]).id
    us = int(team.now.timestamp() * 1_000_000)
    for click in (
        lambda: team.label("ana", 1, "yes"),
        lambda: store.transact(lambda s: skips.skip(s, by, place, us, team.now)),
        lambda: store.transact(lambda s: flags.flag(s, by, place, FlagReason.OTHER, "", us, team.now)),
    ):
        with pytest.raises(RefusedError, match="paused"):
            click()
    row = team.batch_row("ana")
    with store.read() as session:
        view = batch_view(session, row.id) or {}
    item = view["item"]
    assert (view["paused"], item["answerable"], item["may_skip"], item["may_flag"]) == (True, False, False, False)
    team.acknowledge("ana", version)
    assert (team.batch_row("ana").paused_for, team.batch_row("ana").version) == (None, row.version + 1)
    assert team.label("ana", 1, "yes")
    assert team.label("ben", 1, "yes")


def test_a_batch_that_was_paused_when_it_ended_says_nothing_of_a_later_version(store: Store) -> None:
    team = Readers.of(store, {"open_batches": "pause"})
    team.batch("ana")
    version = team.publish()
    team.ask()
    team.pause()
    assert waits(team, version)
    ended = team.batch_row("ana").id
    team.now += timedelta(days=60)
    store.transact(lambda s: upkeep.expire(s, team.now))
    team.acknowledge("ana", version)
    with store.write() as session:
        session.execute(update(Project).values(guidelines={}))
    later = team.publish()
    team.ask()
    with store.read() as session:
        assert not batches.is_paused(session, ended)
    assert not waits(team, later)


def waits(team: Readers, version: int) -> bool:
    """Whether Ana's card says that her open batch waits."""
    with team.store.read() as session:
        view = acknowledgement_view(session, team.asked("ana", version), team.now)
    return view is not None and view["paused"]


def test_the_same_click_again_in_a_batch_that_was_paused_meanwhile_is_no_error(store: Store) -> None:
    team = Readers.of(store, {"open_batches": "pause"})
    team.batch("ana")
    team.label("ana", 0, "yes")
    team.publish()
    team.ask()
    team.pause()
    team.now -= timedelta(seconds=1)
    assert not team.label("ana", 0, "yes")


def test_a_pause_waits_for_the_grace_and_a_clarification_pauses_nothing(store: Store) -> None:
    team = Readers.of(store, {"open_batches": "pause"})
    team.batch("ana")
    team.publish(ChangeKind.CLARIFICATION)
    team.ask()
    assert team.pause() == 0
    team.publish(grace=timedelta(hours=1))
    team.ask()
    assert team.pause() == 0
    team.now += timedelta(hours=1)
    assert team.pause() == 1


def test_batches_from_before_versions_were_kept_get_theirs(store: Store) -> None:
    team = Readers.of(store)
    team.batch("ana")
    first = team.batch_row("ana").guideline_id
    with store.write() as session:
        session.execute(update(Batch).values(guideline_id=None))
    team.now += timedelta(hours=1)
    team.publish()
    team.ask()
    assert team.batch_row("ana").guideline_id == first


def test_a_lead_who_hands_out_is_told_who_has_to_read_first(store: Store) -> None:
    team = Readers.of(store)
    with store.write() as session:
        add_person(session, team.world, "lea", Role.LEAD)
    version = team.publish()
    team.ask()
    team.acknowledge("ben", version)
    by, pid = team.world.slack_id("lea"), team.world.project_id
    told = store.transact(lambda s: handing_out.hand_out(s, pid, by, ["@ana", "@ben"], 2, team.now))
    assert (told.given, told.unread) == ({"Ben": 2}, ["Ana"])
    everybody = store.transact(lambda s: handing_out.hand_out(s, pid, by, [], 2, team.now))
    assert (everybody.given, everybody.unread) == ({}, ["Ana", "Cem"])
    assert "Ana, Cem" in handing_out.in_words(everybody)


def test_a_plan_refuses_who_has_to_read_first(store: Store) -> None:
    team = Readers.of(store)
    version = team.publish()
    team.ask()
    team.acknowledge("ben", version)
    rows = [Planned(1, "i0", "@ana"), Planned(2, "i0", "@ben")]
    refused = store.transact(lambda s: plan.plan(s, team.world.project_id, rows, team.now))
    assert [one.line for one in refused] == [1]
    assert "guideline" in refused[0].reason
    assert team.world.place("ben", team.world.items[0]).state is Place.PLANNED


def test_every_card_of_a_paused_batch_is_drawn_anew_once_and_not_before_what_is_urgent(store: Store) -> None:
    team = Readers.of(store, {"open_batches": "pause"})
    for number, name in enumerate(("ana", "ben")):
        team.batch(name)
        add_card(team.world, "batch", team.batch_row(name).id, number)
    team.label("ben", 0, "yes")
    team.publish()
    team.ask()
    team.pause()
    rows = team.world.rows(
        select(col(Outbox.lane), col(Outbox.key), col(Outbox.subject_id))
        .where(col(Outbox.kind) == OutboxKind.UPDATE)
        .order_by(col(Outbox.id))
    )
    assert [row.lane for row in rows] == [Lane.BULK] * 2
    with store.read() as session:
        versions = [batch_version(session, team.batch_row(name).id) for name in ("ana", "ben")]
    assert [row.key.split(":")[2] for row in rows] == [f"v{version}" for version in versions]
    assert versions[0] != versions[1]


DID = ("publish", "clarify", "ask", "pause", "read", "late", "batch", "label", "wait", "leave", "join")
STEPS = st.lists(st.tuples(st.sampled_from(DID), st.sampled_from(["ana", "ben"])), max_size=15)


class Model:
    """What people are held by and work under, said a second time and more simply."""

    def __init__(self, team: Readers) -> None:
        self.team = team
        self.held_from: dict[int, datetime] = {}
        self.read = dict.fromkeys(("ana", "ben"), 0)

    def is_held(self, name: str) -> bool:
        return any(at <= self.team.now for version, at in self.held_from.items() if version > self.read[name])

    def publish(self, kind: ChangeKind, grace: timedelta) -> None:
        self.held_from[self.team.publish(kind, grace=grace)] = self.team.now + grace

    def acknowledge(self, name: str, version: int) -> None:
        newest = max(self.held_from)
        try:
            words = self.team.acknowledge(name, version)
        except (NotAllowedError, NoResultFound):
            return
        if version == newest:
            self.read[name] = version
        assert (words is None) == (version == newest or version <= self.read[name])

    def batch(self, name: str) -> None:
        held = self.is_held(name)
        try:
            given = self.team.batch(name, size=1)
        except NotAllowedError:
            return
        if isinstance(given, Given) and not given.resumed:
            assert not held
            in_force = max(self.held_from, default=self.team.batch_row(name).guideline_id)
            assert self.team.batch_row(name).guideline_id == in_force
        if isinstance(given, Nothing):
            assert (given.why is Why.GUIDELINE) == held

    def label(self, name: str) -> None:
        mine = col(Assignment.person_id) == self.team.world.people[name]
        columns = (Assignment.item_id, Assignment.value_id, Batch.guideline_id, Batch.paused_for)
        rows = self.team.world.rows(
            select(*map(col, columns)).join(Batch).where(mine).order_by(col(Assignment.id).desc())
        )
        if not rows:
            return
        began, item = rows[0].guideline_id, self.team.world.items.index(rows[0].item_id)
        before = len(stamps(self.team))
        try:
            self.team.label(name, item, "no" if rows[0].value_id == self.team.world.values["yes"] else "yes")
        except RefusedError:
            return
        assert len(stamps(self.team)) == before + 1
        assert stamps(self.team)[-1] == max(began, self.read[name])
        assert rows[0].paused_for is None or self.read[name] >= rows[0].paused_for

    def do(self, what: str, name: str) -> None:
        doing: dict[str, Callable[[], object]] = {
            "publish": lambda: self.publish(ChangeKind.RULE_CHANGE, timedelta(0)),
            "clarify": lambda: self.publish(ChangeKind.CLARIFICATION, timedelta(days=1)),
            "ask": self.team.ask,
            "pause": self.team.pause,
            "read": lambda: self.acknowledge(name, max(self.held_from)),
            "late": lambda: self.acknowledge(name, min(self.held_from)),
            "batch": lambda: self.batch(name),
            "label": lambda: self.label(name),
            "wait": self.wait,
            "leave": lambda: self.leave(name),
            "join": lambda: self.join(name),
        }
        if self.held_from or what not in ("read", "late"):
            doing[what]()

    def wait(self) -> None:
        self.team.now += timedelta(hours=13)

    def leave(self, name: str) -> None:
        with suppress(RefusedError):
            self.team.leave(name)

    def join(self, name: str) -> None:
        team, project_id, by = self.team, self.team.world.project_id, self.team.world.slack_id(name)
        team.store.transact(lambda s: membership.add(s, project_id, by, [Role.ANNOTATOR], team.now, None))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@given(steps=STEPS, pauses=st.booleans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_comes_in_which_order_nobody_held_is_given_anything_and_labels_are_stamped_right(
    databases: Databases, kind: str, steps: list[tuple[str, str]], *, pauses: bool
) -> None:
    with databases.lent(kind) as store:
        rules = {"open_batches": "pause"} if pauses else {}
        model = Model(Readers.of(store, rules, annotators=("ana", "ben", "cem"), items=8))
        for what, name in steps:
            model.do(what, name)
        assert None not in stamps(model.team)
