"""The ladder of a case: whose turn it is, until when, reminders, and where nobody is left; on both databases."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Escalation, EscalationReason, History, Outbox, Person, Project, Purpose, Role, Ruling
from tests.builders import World, add_person, build
from tests.workflow.clicks import Clicks
from workflow import membership, rulings
from workflow.cases import asking, ladder, passing_up, reminding
from workflow.cases.ladder import LEAD, REVIEWER, SECOND, Rung
from workflow.errors import NotAllowedError, RefusedError

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 3, 27, 14, tzinfo=UTC)
"""Friday 15:00 in Berlin, where clocks go forward on Sunday; 10:00 in New York, where they did before; 19:30 in India."""

PEOPLE = st.integers(1, 6)


@given(
    st.dictionaries(st.sampled_from([1, 2, 3]), st.frozensets(PEOPLE)), st.lists(st.tuples(PEOPLE, st.integers(0, 3)))
)
def test_nobody_is_asked_twice_and_no_step_is_gone_down(
    able: Mapping[int, frozenset[int]], asked: list[tuple[int, int]]
) -> None:
    people = {step: able.get(step, frozenset()) for step in (REVIEWER, SECOND, LEAD)}
    rungs, step = [Rung(*one) for one in asked], REVIEWER
    while True:
        there, fresh = ladder.climb(step, rungs, people)
        assert there >= step
        assert fresh <= people[there] - {rung.person_id for rung in rungs}
        if not fresh:
            break
        step = there
        rungs.append(Rung(min(fresh), there))
    # Whoever was left out had a step at which enough others were asked.
    for left in people[LEAD] - {rung.person_id for rung in rungs}:
        pytest.fail(f"the lead {left} was never asked")
    for step in (REVIEWER, SECOND):
        turns = sum(rung.step == step for rung in rungs)
        assert turns >= min(2, len(people[step] - {rung.person_id for rung in rungs}))


def unclear(store: Store, *, items: int = 1, now: datetime = FRIDAY, **team: Any) -> tuple[World, Clicks]:
    """Items that Ana found unclear."""
    world = build(store, items=items, annotators=("ana", "ben"), **{"reviewers": ("rita",), **team})
    clicks = Clicks(world)
    clicks.batch("ana")
    for number in range(items):
        clicks.flag("ana", number)
    with store.write() as session:
        session.execute(update(Escalation).values(opened_at=now))
    return world, clicks


def add(world: World, name: str, role: Role, zone: str | None = None) -> None:
    with world.store.write() as session:
        add_person(session, world, name, role)
        if zone:
            session.execute(update(Person).where(col(Person.id) == world.people[name]).values(time_zone=zone))


def put_in_zone(world: World, name: str, zone: str) -> None:
    with world.store.write() as session:
        session.execute(update(Person).where(col(Person.id) == world.people[name]).values(time_zone=zone))


def rules(world: World, **cases: Any) -> None:
    with world.store.write() as session:
        session.execute(update(Project).values(quality={"cases": cases}))


def case_of(world: World, number: int = 0) -> Any:
    return world.one(
        select(col(Escalation.id), col(Escalation.step), col(Escalation.assigned_id), col(Escalation.due_at)).where(
            col(Escalation.item_id) == world.items[number]
        )
    )


def name_of(world: World, person_id: int | None) -> str:
    return next((name for name, known in world.people.items() if known == person_id), "-")


def said(world: World, since: int = 0) -> list[tuple[str, str]]:
    """(to whom, what) of everything that the ladder said after a row of the outbox."""
    rows = world.rows(
        select(col(Outbox.person_id), col(Outbox.purpose), col(Outbox.key))
        .where(col(Outbox.id) > since, col(Outbox.key).like("case%"))
        .order_by(col(Outbox.id))
    )
    return [
        ("leads" if row.purpose is Purpose.LEADS or row.purpose == "leads" else name_of(world, row.person_id),
         row.key.partition(":")[0])
        for row in rows
    ]  # fmt: skip


def lived(world: World, begin: datetime, hours: int) -> list[str]:
    """What is said while the clock ticks every hour: when (UTC), to whom, what."""
    told, seen = [], len(said(world))
    for hour in range(hours + 1):
        now = begin + hour * HOUR
        asking.ask(world.store, now)
        reminding.remind(world.store, now)
        fresh = said(world)[seen:]
        told += [f"{now:%a %d %H} {who} {what}" for who, what in fresh]
        seen += len(fresh)
    return told


def test_a_case_climbs_over_a_weekend_a_change_of_clocks_and_three_zones(store: Store) -> None:
    world, _ = unclear(store, reviewers=("rita",))
    put_in_zone(world, "rita", "America/New_York")
    add(world, "aja", Role.AUDITOR, "Asia/Kolkata")
    add(world, "lea", Role.LEAD)
    assert lived(world, FRIDAY, 8 * 24) == [
        # Rita in New York has until Monday 10:00 there, and is reminded after four hours at work.
        "Fri 27 14 rita case_asked",
        "Fri 27 18 rita case_reminded",
        # Then Aja in India: it is evening there, so that her day is Tuesday.
        "Mon 30 14 aja case_asked",
        # 03:30 UTC is 9:00 in India, and 13:00 comes at 7:30; the clock looks every hour.
        "Tue 31 08 aja case_reminded",
        # Then the lead, in the project's zone: Berlin, in summer time since Sunday.
        "Wed 01 04 lea case_asked",
        "Wed 01 11 lea case_reminded",
        # Nobody is left: the leads hear of it, each working day once.
        "Thu 02 07 leads cases_left",
        "Fri 03 07 leads cases_left",
    ]
    assert case_of(world).step == LEAD
    assert case_of(world).due_at == datetime(2026, 4, 6, 7, tzinfo=UTC)


def test_the_next_of_the_same_step_is_asked_before_the_next_step(store: Store) -> None:
    world, clicks = unclear(store, reviewers=("rita", "rob", "ron"))
    add(world, "aud", Role.AUDITOR)
    add(world, "lea", Role.LEAD)
    rules(world, due="2h", remind="0")
    told = [line.split()[3] for line in lived(world, FRIDAY, 4 * 24)]
    assert told[:2] == ["rita", "rob"]
    assert set(told[2:4]) == {"ron", "aud"}
    assert told[4:] == ["lea", "leads", "leads"]
    asked = world.rows(select(col(History.after)).where(col(History.action) == "case.asked").order_by(col(History.id)))
    assert [row.after["step"] for row in asked] == [1, 1, 2, 2, 3]
    clicks.rule("aud", 0, "no")
    assert lived(world, FRIDAY + 4 * 24 * HOUR, 24) == []


def test_cases_go_round_and_many_come_as_one_message(store: Store) -> None:
    world, clicks = unclear(store, items=9, reviewers=("rita", "rob"))
    asking.ask(store, FRIDAY)
    held = [name_of(world, case_of(world, number).assigned_id) for number in range(9)]
    assert sorted((held.count("rita"), held.count("rob"))) == [4, 5]
    assert sorted(said(world)) == [("rita", "cases_asked"), ("rob", "cases_asked")]
    assert asking.ask(store, FRIDAY) == 0
    for number in range(9):
        if held[number] == "rita":
            clicks.rule("rita", number, "no")
    monday = datetime(2026, 3, 30, 9, tzinfo=UTC)
    assert reminding.remind(store, monday) == 1
    assert reminding.remind(store, monday) == 0
    assert said(world)[2:] == [("rob", "cases_reminded")]
    asking.ask(store, monday + 5 * HOUR)
    assert {name_of(world, case_of(world, n).assigned_id) for n in range(9) if held[n] == "rob"} == {"rita"}


def test_who_may_not_judge_or_has_a_place_on_the_item_is_never_asked(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "ben", "cem"), reviewers=("rita",))
    for name in ("ana", "ben"):
        add(world, name, Role.REVIEWER)
    clicks = Clicks(world)
    for name in ("ben", "ana"):
        clicks.batch(name)
    clicks.flag("ana", 0)
    asking.ask(store, FRIDAY)
    assert name_of(world, case_of(world).assigned_id) == "rita"
    asking.ask(store, FRIDAY + timedelta(days=5))
    assert case_of(world).assigned_id is None
    assert said(world)[-1] == ("leads", "cases_left")


def test_where_nobody_may_judge_the_leads_hear_it_at_once_and_somebody_new_is_asked(store: Store) -> None:
    world, _ = unclear(store, reviewers=())
    add(world, "ana", Role.LEAD)
    asking.ask(store, FRIDAY)
    message = world.one(select(col(Outbox.context)).where(col(Outbox.key).like("cases_left:%"))).context["message"]
    assert "can be ruled on by nobody: item i0." in message
    assert asking.ask(store, FRIDAY + HOUR) == 0
    add(world, "rita", Role.REVIEWER)
    asking.ask(store, FRIDAY + timedelta(days=3))
    assert case_of(world).assigned_id is None, "the ladder is not gone down"
    add(world, "lea", Role.LEAD)
    asking.ask(store, FRIDAY + timedelta(days=4))
    assert name_of(world, case_of(world).assigned_id) == "lea"


def test_a_dispute_is_asked_of_nobody_who_judged_the_item(store: Store) -> None:
    world, clicks = unclear(store, reviewers=("rita", "rob"))
    clicks.rule("rita", 0, "no")
    clicks_case = case_of(world).id
    with store.write() as session:
        session.execute(
            update(Escalation)
            .where(col(Escalation.id) == clicks_case)
            .values(reason=EscalationReason.CONTESTED, state="open")
        )
    assert world.rows(select(col(Ruling.person_id)))[0][0] == world.people["rita"]
    asking.ask(store, FRIDAY)
    assert name_of(world, case_of(world).assigned_id) == "rob"
    asking.ask(store, FRIDAY + timedelta(days=5))
    assert case_of(world).assigned_id is None


def test_who_leaves_is_not_waited_for(store: Store) -> None:
    world, _ = unclear(store, reviewers=("rita", "rob"))
    asking.ask(store, FRIDAY)
    with store.write() as session:
        membership.remove(session, world.project_id, world.people["rita"], FRIDAY, None)
    assert asking.ask(store, FRIDAY + HOUR / 2) == 1
    assert name_of(world, case_of(world).assigned_id) == "rob"


def test_who_is_asked_hears_it_though_the_review_channel_is_closed(store: Store) -> None:
    world, _ = unclear(store)
    asking.ask(store, FRIDAY)
    subjects = select(col(Outbox.subject)).where(col(Outbox.template) == "escalation").order_by(col(Outbox.id))
    channel, asked = (row.subject for row in world.rows(subjects))
    assert asked != channel, "what has one subject waits for what was said before it"


def test_a_project_without_due_times_asks_nobody(store: Store) -> None:
    world, _ = unclear(store)
    rules(world, due="0")
    assert asking.ask(store, FRIDAY) == 0
    assert case_of(world).due_at is None


def test_two_clocks_at_one_moment_ask_once(store: Store) -> None:
    world, _ = unclear(store, items=5, reviewers=("rita", "rob"))
    ready = threading.Barrier(2)

    def tick() -> None:
        ready.wait()
        asking.ask(store, FRIDAY)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.rows(select(col(History.id)).where(col(History.action) == "case.asked"))) == 5


def pass_up(world: World, name: str, step: int, now: datetime = FRIDAY) -> str | None:
    return world.store.transact(lambda s: passing_up.pass_up(s, world.slack_id(name), case_of(world).id, step, now))


def test_passing_up_goes_one_step_however_often_it_is_pressed(store: Store) -> None:
    world, clicks = unclear(store, reviewers=("rita", "rob"))
    add(world, "lea", Role.LEAD)
    asking.ask(store, FRIDAY)
    assert pass_up(world, "rita", 1) == "Passed up: Rob is asked now."
    assert pass_up(world, "rita", 1) is None
    assert (case_of(world).step, name_of(world, case_of(world).assigned_id)) == (SECOND, "rob")
    with pytest.raises(NotAllowedError):
        pass_up(world, "ana", 2)
    assert pass_up(world, "rob", 2) == "Passed up: Lea is asked now."
    with pytest.raises(RefusedError, match="nobody above"):
        pass_up(world, "lea", 3)
    asking.ask(store, FRIDAY + timedelta(days=5))
    assert said(world)[-1] == ("leads", "cases_left")
    clicks.rule("rita", 0, "no")
    with pytest.raises(RefusedError, match="settled"):
        pass_up(world, "rita", 1)


def test_nobody_above_leaves_the_case_where_it_is(store: Store) -> None:
    world, _ = unclear(store)
    asking.ask(store, FRIDAY)
    with pytest.raises(RefusedError, match="Nobody above"):
        pass_up(world, "rita", 1)
    assert name_of(world, case_of(world).assigned_id) == "rita"
    assert not world.rows(select(col(History.id)).where(col(History.action) == "case.passed_up"))


def test_that_others_are_asked_meanwhile_does_not_spoil_a_form_and_what_is_added_does(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "ben"), reviewers=("rita", "rob"))
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.batch("ben")
    clicks.flag("ana", 0)
    seen = clicks.case(0).version
    for hours in range(0, 200, 20):
        asking.ask(store, FRIDAY + hours * HOUR)
    assert clicks.case(0).version > seen + 1
    with store.read() as session:
        assert ladder.asked_only(session, clicks.case(0).id, seen, clicks.case(0).version)
    clicks.flag("ben", 0)
    case = clicks.case(0)
    with pytest.raises(RefusedError, match="Something was added to this case meanwhile"):
        world.store.transact(
            lambda s: rulings.rule(s, "URITA", case.id, case.version - 1, world.values["no"], "So.", FRIDAY)
        )
    seen = case.version
    asking.ask(store, FRIDAY + 400 * HOUR)
    world.store.transact(lambda s: rulings.rule(s, "URITA", case.id, seen, world.values["no"], "So.", FRIDAY))
    with pytest.raises(RefusedError, match=r"Rita ruled .No. meanwhile"):
        world.store.transact(lambda s: rulings.rule(s, "UROB", case.id, seen, world.values["yes"], "No.", FRIDAY))
