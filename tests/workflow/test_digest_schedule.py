"""When digests are made: by the real job, with the test's clock, on both databases. Due moments were worked out by hand."""

import itertools
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from storage.engine import Store, open_store
from storage.tables import Claim, Outbox
from tests.workflow.digest_world import DAY, MINUTE, SECOND, Days, utc, world
from workflow import digest

# zone, time of the digest, when each date's digest is due (UTC)
CALENDARS = {
    # On the 26th the clocks go from 23:59:59 to 01:00: there is no midnight.
    "Cairo, no midnight": (
        "Africa/Cairo",
        "00:00",
        {"2024-04-25": "2024-04-24 22:00", "2024-04-26": "2024-04-25 22:00", "2024-04-27": "2024-04-26 21:00"},
    ),
    # On the 25th 02:30 comes at 00:30 and again at 01:30.
    "Berlin, 02:30 twice": (
        "Europe/Berlin",
        "02:30",
        {"2026-10-24": "2026-10-24 00:30", "2026-10-25": "2026-10-25 00:30", "2026-10-26": "2026-10-26 01:30"},
    ),
    # On the 29th there is no 02:30.
    "Berlin, no 02:30": (
        "Europe/Berlin",
        "02:30",
        {"2026-03-28": "2026-03-28 01:30", "2026-03-29": "2026-03-29 01:00", "2026-03-30": "2026-03-30 00:30"},
    ),
    "Kathmandu": (
        "Asia/Kathmandu",
        "09:00",
        {"2026-05-01": "2026-05-01 03:15", "2026-05-02": "2026-05-02 03:15", "2026-05-03": "2026-05-03 03:15"},
    ),
    # The 30th of December 2011 was left out.
    "Apia, a missing date": (
        "Pacific/Apia",
        "09:00",
        {"2011-12-29": "2011-12-29 19:00", "2011-12-31": "2011-12-30 19:00", "2012-01-01": "2011-12-31 19:00"},
    ),
}


@pytest.mark.parametrize("name", CALENDARS)
def test_each_date_has_one_digest_at_its_moment(store: Store, name: str) -> None:
    zone, at, due = CALENDARS[name]
    moments = [utc(text) for text in due.values()]
    days = world(store, zone, at, moments[0] - DAY + MINUTE)
    made = []
    for moment in moments:
        # A fold's second time comes an hour later; ticks are 20 to 30 s apart.
        for hour in (0, 1):
            for seconds in (-61, -31, -1, 0, 24, 49):
                now = moment + timedelta(hours=hour, seconds=seconds)
                if days.tick(now):
                    made.append(now)
    assert days.dates() == list(due)
    assert made == moments
    assert days.one(select(func.count()).select_from(Claim)) == (3,)
    assert days.one(select(func.count()).select_from(Outbox)) == (3,)


def test_periods_follow_each_other_without_a_gap(store: Store) -> None:
    zone, at, due = CALENDARS["Cairo, no midnight"]
    begun = utc("2024-04-24 05:00")
    days = world(store, zone, at, begun)
    for text in due.values():
        days.tick(utc(text) + 7 * SECOND)
    rows = days.digests()
    assert [row.from_at for row in rows] == [begun, rows[0].to_at, rows[1].to_at]
    assert [row.to_at for row in rows] == [utc(text) - 23 * SECOND for text in due.values()]


def test_a_tick_60_seconds_late_makes_the_digest_late(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"))
    assert days.tick(utc("2026-06-11 06:59:45")) == 0
    assert days.tick(utc("2026-06-11 07:01:00")) == 1
    assert days.tick(utc("2026-06-11 07:01:20")) == 0
    assert days.dates() == ["2026-06-11"]


def test_three_days_down_are_one_digest_over_all_of_them(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"))
    days.tick(utc("2026-06-11 07:00"))
    assert days.tick(utc("2026-06-14 11:00")) == 1
    assert days.tick(utc("2026-06-14 11:00:20")) == 0
    assert days.tick(utc("2026-06-15 07:00")) == 1
    assert days.dates() == ["2026-06-11", "2026-06-14", "2026-06-15"]
    _, long, _ = days.digests()
    assert (long.from_at, long.to_at) == (utc("2026-06-11 06:59:30"), utc("2026-06-14 10:59:30"))


def hourly(days: Days, start: datetime, hours: int) -> None:
    for hour in range(hours):
        days.tick(start + hour * 60 * MINUTE + 20 * SECOND)


def test_a_zone_further_east_brings_the_next_date_earlier(store: Store) -> None:
    days = world(store, "Pacific/Honolulu", "09:00", utc("2026-06-09 20:00"))
    hourly(days, utc("2026-06-10 18:00"), 3)  # 09:00 in Honolulu is 19:00 UTC
    assert days.dates() == ["2026-06-10"]
    days.schedule("Pacific/Auckland", "09:00")  # 21:00 UTC of the day before
    hourly(days, utc("2026-06-10 21:00"), 47)
    assert days.dates() == ["2026-06-10", "2026-06-11", "2026-06-12"]
    assert periods_join(days)


def test_a_zone_further_west_waits_for_a_date_that_was_not_told(store: Store) -> None:
    days = world(store, "Pacific/Auckland", "09:00", utc("2026-06-09 22:00"))
    hourly(days, utc("2026-06-10 20:00"), 3)
    assert days.dates() == ["2026-06-11"]
    days.schedule("Pacific/Honolulu", "09:00")
    hourly(days, utc("2026-06-10 23:00"), 44)  # 19:00 UTC of the 11th would be the 11th again, now in Honolulu
    assert days.dates() == ["2026-06-11"]
    hourly(days, utc("2026-06-12 19:00"), 2)
    assert days.dates() == ["2026-06-11", "2026-06-12"]
    assert periods_join(days)


def test_there_and_back_again_tells_no_date_twice(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-09 12:00"))
    hourly(days, utc("2026-06-10 05:00"), 4)
    for zone in ("Pacific/Auckland", "Pacific/Honolulu", "Asia/Kathmandu", "Europe/Berlin"):
        days.schedule(zone, "09:00")
        hourly(days, utc("2026-06-10 09:00"), 3)
    assert days.dates() == ["2026-06-10"]
    hourly(days, utc("2026-06-11 05:00"), 4)
    assert days.dates() == ["2026-06-10", "2026-06-11"]
    assert periods_join(days)


def periods_join(days: Days) -> bool:
    rows = days.digests()
    return all(row.from_at == before.to_at for before, row in itertools.pairwise(rows))


@pytest.mark.parametrize(
    ("changed_at", "to", "due_at"),
    [
        ("2026-06-11 05:00", "11:00", "2026-06-11 09:00"),  # not told yet: at the new time
        ("2026-06-11 05:50", "07:30", "2026-06-11 05:50"),  # the new time has passed: at once
        ("2026-06-11 08:00", "11:00", "2026-06-12 09:00"),  # told already: tomorrow
        ("2026-06-11 08:00", "07:00", "2026-06-12 05:00"),
    ],
)
def test_another_time_counts_for_dates_that_were_not_told(store: Store, changed_at: str, to: str, due_at: str) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-09 12:00"))
    days.tick(utc("2026-06-10 07:00"))
    days.tick(utc("2026-06-11 04:59"))
    if utc(changed_at) > utc("2026-06-11 07:00"):
        days.tick(utc("2026-06-11 07:00"))
    told = len(days.dates())
    days.schedule("Europe/Berlin", to)
    now = utc(changed_at)
    while not days.tick(now):
        now += 10 * MINUTE
    assert now == utc(due_at)
    assert len(days.dates()) == told + 1


@pytest.mark.parametrize(
    ("made", "first"),
    [
        ("2026-06-10 07:00:01", "2026-06-11"),  # a second after today's time
        ("2026-06-10 06:59", "2026-06-10"),
        ("2026-06-10 20:00", "2026-06-11"),
    ],
)
def test_a_project_made_after_its_time_waits_for_the_next_date(store: Store, made: str, first: str) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc(made))
    now = utc(made) + 20 * SECOND
    while not days.tick(now):
        now += 30 * MINUTE
    assert days.dates() == [first]
    assert days.digests()[0].from_at == min(utc(made), now - 30 * SECOND)


def test_two_replicas_ticking_at_one_moment_make_one_digest_each_date(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-09 12:00"))
    replicas = [open_store(store.engine.url.render_as_string(hide_password=False), pool_size=3) for _ in range(2)]
    made = []

    def tick(replica: Store, now: datetime, gate: threading.Barrier) -> None:
        gate.wait()
        made.append(days.tick(now, replica))

    for date in range(10, 18):
        gate, now = threading.Barrier(4), utc(f"2026-06-{date} 07:00:05")
        threads = [threading.Thread(target=tick, args=(replica, now, gate)) for replica in replicas * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for replica in replicas:
        replica.close()
    assert days.dates() == [f"2026-06-{date}" for date in range(10, 18)]
    assert sum(made) == 8
    assert days.one(select(func.count()).select_from(Outbox)) == (8,)
    assert periods_join(days)


def test_a_replica_that_counted_long_ago_claims_nothing(store: Store) -> None:
    """It counted for the 11th and fell asleep; another one told the 12th meanwhile."""
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"))
    with store.read() as session:
        slow = digest.due(session, days.project_id, utc("2026-06-11 07:00"))
    assert slow is not None
    days.tick(utc("2026-06-12 07:00"))
    assert store.transact(lambda session: digest.claim(session, slow, utc("2026-06-12 07:01"))) is None
    assert days.dates() == ["2026-06-12"]


def test_a_replica_that_counted_from_an_older_end_counts_again(store: Store) -> None:
    """It counted for the 12th before another one told the 11th, late."""
    days = world(store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"))
    with store.read() as session:
        early = digest.due(session, days.project_id, utc("2026-06-12 07:00"))
    assert early is not None
    days.tick(utc("2026-06-12 06:59:59"))
    assert store.transact(lambda session: digest.claim(session, early, utc("2026-06-12 07:00"))) is None
    days.tick(utc("2026-06-12 07:00:20"))
    assert days.dates() == ["2026-06-11", "2026-06-12"]
    assert periods_join(days)


def test_a_digest_that_fails_leaves_other_projects_theirs(store: Store) -> None:
    broken = world(store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"), name="broken")
    sound = world(
        store, "Europe/Berlin", "09:00", utc("2026-06-10 12:00"), name="sound", annotators=("dan",), reviewers=()
    )
    broken.schedule("Europe/Berlin", "never")
    assert sound.tick(utc("2026-06-11 07:00")) == 1
    broken.schedule("Europe/Berlin", "09:00")
    assert broken.tick(utc("2026-06-11 07:00:20")) == 1
    claimed = sound.rows(select(col(Claim.project_id)).order_by(col(Claim.id)))
    assert claimed == [(sound.project_id,), (broken.project_id,)]
