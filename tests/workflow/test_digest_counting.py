"""Every label is told by exactly one scheduled digest, whatever happens around it."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Claim, Escalation, Outbox
from tests.workflow.digest_world import DAY, MINUTE, SECOND, Days, utc, world
from workflow import digest

NAMES = ("ana", "ben", "cem")


def told(days: Days) -> list[int]:
    return [row.numbers["labels"] for row in days.digests()]


def by_name(rows: list[Any]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        counted.update({one["name"]: one["labels"] for one in row.numbers["people"]})
    return counted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_digests_of_a_wild_week_tell_every_label_once(store: Store, seed: int) -> None:
    """Clicks and changed minds at random moments; the clock ticks, sleeps for days, and moves to other zones."""
    chance = random.Random(seed)
    begun = utc("2024-04-23 05:00")
    days = world(store, "Africa/Cairo", "00:00", begun, items=14)
    days.give(begun)
    events: list[tuple[datetime, str]] = [(begun + chance.random() * 7 * DAY, "click") for _ in range(60)]
    events += [(begun + hour * timedelta(hours=1) + chance.random() * MINUTE, "tick") for hour in range(8 * 24)]
    events += [(begun + chance.random() * 7 * DAY, zone) for zone in ("Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo")]
    events += [(begun + chance.random() * 7 * DAY, "asked") for _ in range(3)]
    asleep = begun + chance.uniform(1, 3) * DAY
    given: dict[tuple[str, int], datetime] = {}
    for now, event in sorted(events):
        if event == "click":
            place = chance.choice(NAMES), chance.randrange(14)
            days.label(*place, chance.choice(("yes", "no")), now)
            given.setdefault(place, now)
        elif event == "asked":
            store.transact(lambda s, at=now: digest.post_asked(s, days.project_id, "ULEA", at.microsecond, at))  # type: ignore[misc]
        elif event != "tick":
            days.schedule(event, chance.choice(("00:00", "09:00")))
        elif not asleep < now < asleep + 3 * DAY:
            days.tick(now)
    rows = days.digests()
    assert 3 <= len(rows) <= 8
    end = rows[-1].to_at
    assert sum(told(days)) == sum(at < end for at in given.values())
    for row in rows:
        assert row.numbers["labels"] == sum(row.from_at <= at < row.to_at for at in given.values())
    named = Counter(name.title() for (name, _), at in given.items() if at < end)
    assert by_name(rows) == named
    assert len(days.digests(scheduled=False)) == 3


def test_a_changed_mind_counts_where_the_first_label_was_told(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    days.label("ana", 0, "yes", begun + MINUTE)
    days.tick(utc("2026-06-11 07:00"))
    days.label("ana", 0, "no", utc("2026-06-11 10:00"))
    days.label("ana", 0, "yes", utc("2026-06-11 10:01"))
    days.label("ben", 0, "yes", utc("2026-06-11 10:02"))
    days.label("ben", 0, "no", utc("2026-06-11 10:03"))
    days.tick(utc("2026-06-12 07:00"))
    assert told(days) == [1, 1]


def test_a_label_withdrawn_by_a_flag_and_given_again_counts_once(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    days.label("ana", 0, "yes", begun + MINUTE)
    days.flag("ana", 0, begun + 2 * MINUTE)
    days.tick(utc("2026-06-11 07:00"))
    case = days.one(select(col(Escalation.id), col(Escalation.version)))
    days.send_back("rita", case.id, case.version, utc("2026-06-11 08:00"))
    assert days.label("ana", 0, "no", utc("2026-06-11 10:00"))
    days.tick(utc("2026-06-12 07:00"))
    assert told(days) == [1, 0]


def test_a_label_of_the_last_moments_lands_in_the_next_digest(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    days.label("ana", 0, "yes", utc("2026-06-11 06:59:29"))
    days.label("ana", 1, "yes", utc("2026-06-11 06:59:30"))  # where the period ends
    days.label("ana", 2, "yes", utc("2026-06-11 06:59:59"))
    days.tick(utc("2026-06-11 07:00"))
    days.tick(utc("2026-06-12 07:00"))
    assert told(days) == [1, 2]


def test_a_label_that_commits_after_the_digest_of_its_time_lands_in_the_next_one(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    late, now = utc("2026-06-11 06:59:29"), utc("2026-06-11 07:00")
    days.label("ana", 0, "yes", late - MINUTE)
    with store.read() as session:
        made = digest.due(session, days.project_id, now)
    assert made is not None
    days.label("ana", 1, "yes", late)  # between the count and the claim
    assert store.transact(lambda session: digest.claim(session, made, now)) is not None
    days.label("ben", 1, "yes", late - SECOND)  # after the claim
    days.label("ben", 1, "no", now + MINUTE)
    days.label("ben", 2, "no", now + MINUTE)
    with store.read() as session:
        asked = digest.asked(session, days.project_id, now + 2 * MINUTE)
    assert asked["labels"] == 3
    days.tick(now + DAY)
    days.tick(now + 2 * DAY)
    assert told(days) == [1, 3, 0]
    assert by_name(days.digests()) == {"Ana": 2, "Ben": 2}


def test_late_labels_are_found_where_digests_follow_each_other_closely(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    days.label("ana", 0, "yes", utc("2026-06-11 09:10"))
    days.tick(utc("2026-06-11 09:30"))
    days.schedule("Pacific/Kiritimati", "00:00")  # 14 hours ahead: the 12th begins half an hour later
    days.label("ana", 1, "yes", utc("2026-06-11 09:20"))
    days.label("ana", 2, "yes", utc("2026-06-11 09:40"))
    days.tick(utc("2026-06-11 10:00:10"))
    days.label("ana", 3, "yes", utc("2026-06-11 09:25"))
    days.label("ana", 4, "yes", utc("2026-06-11 09:59:39"))
    days.tick(utc("2026-06-12 10:00:10"))
    assert told(days) == [1, 2, 2]


def test_a_digest_that_is_asked_for_claims_nothing(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    days.label("ana", 0, "yes", begun + MINUTE)
    now = utc("2026-06-11 06:00")
    with store.read() as session:
        first = digest.asked(session, days.project_id, now)
        assert digest.asked(session, days.project_id, now) == first
    assert first["labels"] == 1
    assert days.one(select(func.count()).select_from(Claim)) == (0,)
    days.tick(utc("2026-06-11 07:00"))
    [row] = days.digests()
    assert {**row.numbers, "to": 0, "expected_end": 0, digest.TOLD: 0} == {
        **first,
        "to": 0,
        "expected_end": 0,
        digest.TOLD: 0,
    }
    assert row.from_at == begun


def test_posting_what_was_asked_for_leaves_the_scheduled_period_as_it_was(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    days.label("ana", 0, "yes", begun + MINUTE)
    for us, now in ((1, utc("2026-06-10 13:00")), (2, utc("2026-06-11 06:59:50")), (3, utc("2026-06-11 07:00"))):
        store.transact(lambda s, us=us, now=now: digest.post_asked(s, days.project_id, "ULEA", us, now))  # type: ignore[misc]
    days.tick(utc("2026-06-11 07:00"))
    days.label("ana", 1, "yes", utc("2026-06-11 08:00"))
    store.transact(lambda s: digest.post_asked(s, days.project_id, "ULEA", 4, utc("2026-06-11 09:00")))
    days.tick(utc("2026-06-12 07:00"))
    assert told(days) == [1, 1]
    assert [(row.from_at, row.to_at) for row in days.digests()] == [
        (begun, utc("2026-06-11 06:59:30")),
        (utc("2026-06-11 06:59:30"), utc("2026-06-12 06:59:30")),
    ]
    assert [row.numbers["labels"] for row in days.digests(scheduled=False)] == [1, 1, 1, 1]


def test_the_same_press_posts_once(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"))
    for us, slack_id in ((5, "ULEA"), (5, "ULEA"), (6, "ULEA"), (5, "UMAX")):
        now = utc("2026-06-10 13:00")
        store.transact(lambda s, us=us, who=slack_id, now=now: digest.post_asked(s, days.project_id, who, us, now))  # type: ignore[misc]
    assert len(days.digests(scheduled=False)) == 3
    assert days.one(select(func.count()).select_from(Outbox)) == (3,)


def chart(days: Days, digest_id: int) -> dict[str, int]:
    with days.store.read() as session:
        return {str(one["day"]): one["labels"] for one in digest.chart_days(session, days.project_id, digest_id)}


def test_the_chart_keeps_what_scheduled_digests_told(store: Store) -> None:
    begun = utc("2026-06-10 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    days.give(begun)
    for item in range(3):
        days.label("ana", item, "yes", begun + MINUTE)
    days.tick(utc("2026-06-11 07:00"))
    days.label("ana", 3, "yes", utc("2026-06-11 08:00"))
    store.transact(lambda s: digest.post_asked(s, days.project_id, "ULEA", 1, utc("2026-06-11 09:00")))
    [asked] = days.digests(scheduled=False)
    assert chart(days, asked.id) == {"2026-06-11": 4}
    days.label("ana", 4, "yes", utc("2026-06-11 10:00"))
    days.tick(utc("2026-06-12 07:00"))
    first, second = days.digests()
    assert chart(days, first.id) == {"2026-06-11": 3}
    assert chart(days, second.id) == {"2026-06-11": 3, "2026-06-12": 2}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_chart_goes_back_sixty_days_whatever_was_asked_for(store: Store) -> None:
    begun = utc("2026-01-01 12:00")
    days = world(store, "Europe/Berlin", "09:00", begun)
    for day in range(1, 70):
        now = begun + day * DAY
        days.tick(now)
        store.transact(lambda s, us=day, now=now: digest.post_asked(s, days.project_id, "ULEA", us, now))  # type: ignore[misc]
    shown = chart(days, days.digests()[-1].id)
    assert list(shown) == days.dates()[-60:]
