"""The audit summary: what it counts, that it is told once, and never where there is nothing to tell."""

import csv
import statistics
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlmodel import col

from bot.messages import Messages
from storage.engine import Store
from storage.tables import (
    Audit,
    Escalation,
    EscalationReason,
    EscalationState,
    Finding,
    Outbox,
    OutboxKind,
    Person,
    Project,
    Ruling,
)
from tests.builders import NOW, World, build
from tests.workflow.audit_world import LATER, finished, judge_all, start
from tests.workflow.test_disputes import Disputers
from workflow.audit import findings_file, plan, spells, summary, telling_summary
from workflow.audit.scope import Scope
from workflow.cases import disputing

WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


def posted(world: World) -> list[Any]:
    wanted = col(Outbox.template).in_([telling_summary.TEMPLATE, telling_summary.FINDINGS])
    columns = (col(Outbox.template), col(Outbox.kind), col(Outbox.context), col(Outbox.thread_key), col(Outbox.key))
    return world.rows(select(*columns).where(wanted).order_by(col(Outbox.id)))


def drawn(world: World, row: Any) -> str:
    with world.store.read() as session:
        message = Messages(lambda: LATER).draw(session, row.template, {**row.context, "file_id": "F01"})
    assert message is not None
    return " ".join([message.text, *map(str, message.blocks)])


@given(st.lists(st.floats(0, 1e7), min_size=2, max_size=40))
def test_times_are_cut_as_the_standard_library_cuts_them(waited: list[float]) -> None:
    tenths = statistics.quantiles(waited, n=10, method="inclusive")
    assert spells.quantile(waited, 0.9).total_seconds() == pytest.approx(tenths[8], abs=1e-3)
    assert spells.quantile(waited, 0.5).total_seconds() == pytest.approx(statistics.median(waited), abs=1e-3)


def test_times_in_words() -> None:
    said = {
        timedelta(seconds=20): "under a minute",
        timedelta(minutes=59): "59 min",
        timedelta(minutes=60): "1 h",
        timedelta(hours=3, minutes=20): "3 h 20 min",
        timedelta(hours=23, minutes=59): "23 h 59 min",
        timedelta(hours=24): "1 day",
        timedelta(days=2, hours=4, minutes=10): "2 days 4 h",
        timedelta(days=400): "400 days",
    }
    assert {spell: spells.in_words(spell) for spell in said} == said


def test_a_change_has_the_interval_that_was_published() -> None:
    """Newcombe 1998 (Statistics in Medicine 17, 873-890), table II: 56 of 70 and 48 of 80, method 10."""

    def wilson(wrong: int, size: int) -> dict[str, float]:
        z = 1.959964
        rate, half = wrong / size, z * sqrt(z * z / (4 * size * size) + wrong / size * (1 - wrong / size) / size)
        middle = (rate + z * z / (2 * size)) / (1 + z * z / size)
        half /= 1 + z * z / size
        return {"rate": rate, "low": middle - half, "high": middle + half}

    assert summary.change(wilson(48, 80), wilson(56, 70)) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_waiting_counts_until_the_first_ruling_and_corrections_are_no_case(store: Store) -> None:
    world = build(store, items=12)
    with store.write() as session:
        for hours, item_id in enumerate(world.items):
            reason = EscalationReason.AUDIT if hours == 11 else EscalationReason.UNCLEAR
            state = EscalationState.RULED if hours else EscalationState.OPEN
            case = {"project_id": world.project_id, "item_id": item_id, "reason": reason, "state": state}
            made = insert(Escalation).values(**case, opened_at=NOW).returning(col(Escalation.id))
            ruled = {"escalation_id": session.execute(made).scalar_one(), "item_id": item_id, "rationale": "So."}
            ruled |= {"person_id": world.people["rita"], "value_id": world.values["yes"]}
            if hours:
                session.execute(insert(Ruling).values(**ruled, at=NOW + hours * HOUR))
                session.execute(insert(Ruling).values(**ruled, at=NOW + 30 * HOUR))
    with store.read() as session:
        found = spells.to_ruling(session, world.project_id, NOW, NOW + 40 * HOUR)
        few = spells.to_ruling(session, world.project_id, NOW + 9.5 * HOUR, NOW + 40 * HOUR)
    assert (found.cases, found.open, found.oldest) == (10, 1, 40 * HOUR)
    assert found.median == 5.5 * HOUR
    assert found.ninetieth == 9.1 * HOUR
    assert (few.cases, few.median, few.ninetieth) == (1, 10 * HOUR, None), "too few to tell nine in ten"


def test_an_audit_is_summed_up_at_its_end_with_a_chart_and_its_findings(store: Store) -> None:
    world = finished(store, 40)
    first = start(world, plan.accepting(0.05, 0.4), why="Before release 3")
    judge_all(world, first, lambda one: False)
    with store.write() as session:
        session.execute(update(Finding).values(note='=HYPERLINK("http://x")'))
        session.execute(update(Audit).values(ended_at=LATER - DAY))
    second = start(world, plan.accepting(0.05, 0.4))
    judge_all(world, second, lambda one: one.value_id == world.values["yes"])
    rows = posted(world)
    assert [(row.template, row.kind) for row in rows] == [
        ("audit_summary", OutboxKind.CHART),
        ("audit_findings", OutboxKind.FILE),
    ] * 2
    assert [row.thread_key for row in rows[1::2]] == [row.key for row in rows[::2]]
    assert "Before release 3" in drawn(world, rows[0])
    unable = drawn(world, rows[1])
    assert "the scope files:write" in unable
    assert f"concord audit findings {first} -o findings-{first}.csv" in unable
    said = drawn(world, rows[2])
    for part in (f"(audit {first})", "points more wrong", "1 passed, 1 failed", "By label", "Yes", "By person", "Ana"):
        assert part in said
    with store.write() as session:
        session.execute(update(Person).where(col(Person.name) == "Ana").values(name="(forgotten)"))
    assert "Ana" not in drawn(world, rows[2])

    messages = Messages(lambda: LATER)
    with store.read() as session:
        picture = messages.picture(session, "audit_summary", rows[2].context)
        attached = messages.attachment(session, "audit_findings", rows[1].context)
        table = list(csv.DictReader(findings_file.as_csv(session, [first])))
    assert picture.data.startswith(b"\x89PNG")
    assert f"audit {second}" in picture.alt_text
    assert attached is not None
    with attached.data as data:
        assert len(data.read()) == attached.size
    assert {row["note"][0] for row in table} == {"'"}
    assert {row["verdict"] for row in table} == {"right"}


def test_a_week_is_told_once_and_not_where_nothing_was(store: Store) -> None:
    world = finished(store, 40)
    with store.write() as session:
        session.execute(update(Project).values(time_zone="UTC", created_at=NOW - 3 * WEEK))
    # LATER is in the week that ends on this Monday.
    monday = datetime(*LATER.date().timetuple()[:3], 9, tzinfo=UTC) + timedelta(days=7 - LATER.weekday())
    assert telling_summary.post_due(store, monday - 8 * DAY) == 0, "claimed, and nothing to tell"
    judge_all(world, start(world), lambda one: False)
    ended = len(posted(world))
    assert telling_summary.post_due(store, monday) == 0, "clicks of that moment may still commit"
    assert telling_summary.post_due(store, monday + HOUR) == 1
    assert telling_summary.post_due(store, monday + HOUR) == 0
    assert telling_summary.post_due(store, monday + WEEK) == 0
    told = posted(world)[ended:]
    assert [row.template for row in told] == ["audit_summary", "audit_findings"]
    assert "Quality of the week" in drawn(world, told[0])
    with store.write() as session:
        session.execute(update(Project).values(quality={"audits": {"summary": "never"}}))
    judge_all(world, start(world), lambda one: False)
    assert telling_summary.post_due(store, monday + 5 * WEEK) == 0


def test_a_week_of_disputes_is_told_without_a_chart(store: Store) -> None:
    world = build(store, items=1, accept="unanimous")
    people = Disputers(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "no")):
        people.batch(name)
        people.label(name, 0, value)
    ruling_id = people.rule("rita", 0, "yes")
    assert ruling_id is not None
    with store.write() as session:
        session.execute(update(Project).values(created_at=NOW - 3 * WEEK))
        disputing.contest(session, world.slack_id("ben"), ruling_id, "It does not say so.", LATER)
    assert telling_summary.post_due(store, LATER + WEEK) == 1
    [row] = posted(world)
    assert row.kind is OutboxKind.POST
    said = drawn(world, row)
    assert "1 open dispute" in said
    assert "No audit ended in this week" in said


def test_a_lot_that_was_labelled_again_is_compared_with_what_it_was(store: Store) -> None:
    world = finished(store, 40)
    failed = start(world, plan.accepting(0.05, 0.4))
    judge_all(world, failed, lambda one: True)
    again = start(world, plan.accepting(0.05, 0.4), scope=Scope(audit_id=failed), again_of_id=failed)
    judge_all(world, again, lambda one: False, "ali")
    with store.read() as session:
        found = summary.of_period(session, world.project_id, LATER - DAY, LATER + DAY, again)
    assert [one.id for one in found.trend] == [failed, again]
    assert found.change is not None
    assert (found.change.since_audit, found.change.by, found.change.is_detectable) == (failed, -1.0, True)
    assert (found.passed, found.failed) == (1, 1)
