"""Working time over weekends, clocks that are put forward and back, and zones round the world. No store, no clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.cases import working_time
from workflow.cases.working_time import Hours
from workflow.quality_rules import CaseRules, Weekday

HOUR, DAY = 3600, 24 * 3600
QUARTER = timedelta(minutes=15)
WEEK = frozenset(range(5))
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Cairo",
    "Pacific/Chatham",
    "America/Santiago",
    "UTC",
)


def office(zone: str, begins: str = "09:00", ends: str = "17:00", days: frozenset[int] = WEEK) -> Hours:
    return Hours(time.fromisoformat(begins), time.fromisoformat(ends), days, zone)


def due(zone: str, wall: str, seconds: int) -> str:
    """What the clocks of a zone show when something is due, begun when they showed ``wall``."""
    there = ZoneInfo(zone)
    found = working_time.add(datetime.fromisoformat(wall).replace(tzinfo=there), seconds, office(zone))
    assert found.tzinfo is UTC
    return found.astimezone(there).strftime("%a %d %b %Y %H:%M")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("wall", "seconds", "expected"),
    [
        ("2026-03-03T10:00", 4 * HOUR, "Tue 03 Mar 2026 14:00"),
        ("2026-03-03T15:00", 4 * HOUR, "Wed 04 Mar 2026 11:00"),
        ("2026-03-03T13:00", 4 * HOUR, "Tue 03 Mar 2026 17:00"),
        ("2026-03-06T16:00", 2 * HOUR, "Mon 09 Mar 2026 10:00"),
        ("2026-03-06T16:30", DAY, "Mon 09 Mar 2026 16:30"),
        ("2026-03-06T17:00", DAY, "Tue 10 Mar 2026 09:00"),
        ("2026-03-07T12:00", HOUR, "Mon 09 Mar 2026 10:00"),
        ("2026-03-08T03:00", DAY, "Tue 10 Mar 2026 09:00"),
        ("2026-03-05T08:00", 2 * DAY, "Mon 09 Mar 2026 09:00"),
        ("2026-03-04T22:00", 2 * DAY + 3 * HOUR, "Mon 09 Mar 2026 12:00"),
        ("2026-03-03T06:59", 0, "Tue 03 Mar 2026 09:00"),
        ("2026-12-31T16:00", 20 * HOUR, "Tue 05 Jan 2027 12:00"),
    ],
)
def test_a_due_time_is_the_same_on_the_clocks_of_every_zone(zone: str, wall: str, seconds: int, expected: str) -> None:
    assert due(zone, wall, seconds) == expected


@pytest.mark.parametrize(
    ("zone", "wall", "seconds", "expected"),
    [
        # The weekend in which clocks change lies between, and the hour is not counted at work.
        ("Europe/Berlin", "2026-03-27T16:00", 2 * HOUR, "Mon 30 Mar 2026 10:00"),
        ("Europe/Berlin", "2026-10-23T15:00", DAY, "Mon 26 Oct 2026 15:00"),
        ("America/New_York", "2026-03-06T16:00", DAY, "Mon 09 Mar 2026 16:00"),
        ("America/New_York", "2026-10-30T16:30", HOUR, "Mon 02 Nov 2026 09:30"),
        # Three weeks in which Berlin and New York differ by five hours, not six.
        ("America/New_York", "2026-03-16T09:00", 2 * HOUR, "Mon 16 Mar 2026 11:00"),
        # India has no such change.
        ("Asia/Kolkata", "2026-03-27T16:00", 2 * HOUR, "Mon 30 Mar 2026 10:00"),
    ],
)
def test_a_change_of_clocks_over_the_weekend_moves_nothing(zone: str, wall: str, seconds: int, expected: str) -> None:
    assert due(zone, wall, seconds) == expected


def at_night(zone: str, wall: str, seconds: int, ends: str = "06:00") -> str:
    every_day = Hours(time(0), time.fromisoformat(ends), frozenset(range(7)), zone)
    there = ZoneInfo(zone)
    begun = datetime.fromisoformat(wall).replace(tzinfo=there)
    return working_time.add(begun, seconds, every_day).astimezone(there).strftime("%d %b %H:%M %Z")


def test_an_hour_that_the_night_does_not_have_is_not_worked() -> None:
    assert at_night("Europe/Berlin", "2026-03-29T01:30", HOUR) == "29 Mar 03:30 CEST"
    assert at_night("Europe/Berlin", "2026-03-29T00:00", 6 * HOUR) == "30 Mar 01:00 CEST"


def test_an_hour_that_comes_twice_is_worked_twice() -> None:
    assert at_night("Europe/Berlin", "2026-10-25T01:30", 2 * HOUR) == "25 Oct 02:30 CET"
    assert at_night("Europe/Berlin", "2026-10-25T00:00", 7 * HOUR) == "25 Oct 06:00 CET"
    assert at_night("America/New_York", "2026-11-01T00:00", 3 * HOUR) == "01 Nov 02:00 EST"


def test_a_day_ends_at_the_same_hour_even_where_that_hour_is_missing_or_comes_twice() -> None:
    assert at_night("Europe/Berlin", "2026-03-28T02:30", DAY) == "29 Mar 03:00 CEST"
    assert at_night("Europe/Berlin", "2026-10-24T02:30", DAY) == "25 Oct 02:30 CEST"


def test_a_day_whose_hours_fall_into_the_gap_is_no_working_day() -> None:
    hours = Hours(time(2), time(3), frozenset(range(7)), "Europe/Berlin")
    begun = datetime(2026, 3, 28, 1, 15, tzinfo=UTC)
    assert working_time.add(begun, DAY, hours) == datetime(2026, 3, 30, 0, 15, tzinfo=UTC)


def test_a_date_that_the_zone_never_had_is_no_working_day() -> None:
    there = ZoneInfo("Pacific/Apia")
    begun = datetime(2011, 12, 29, 10, tzinfo=there)
    assert working_time.add(begun, DAY, office("Pacific/Apia")) == datetime(2012, 1, 2, 10, tzinfo=there)


def test_one_moment_is_due_at_another_one_for_each_person() -> None:
    asked = datetime(2026, 3, 6, 15, 30, tzinfo=UTC)
    found = {zone: working_time.add(asked, 2 * HOUR, office(zone)) for zone in ZONES[:3]}
    assert found == {
        "Europe/Berlin": datetime(2026, 3, 9, 9, 30, tzinfo=UTC),
        "America/New_York": datetime(2026, 3, 6, 17, 30, tzinfo=UTC),
        "Asia/Kolkata": datetime(2026, 3, 9, 5, 30, tzinfo=UTC),
    }


def test_hours_come_from_a_projects_rules() -> None:
    rules = CaseRules(begins="22:00", ends="23:30", days=(Weekday.SUNDAY, Weekday.TUESDAY))
    hours = working_time.of_rules(rules, "Asia/Kolkata")
    assert hours == Hours(time(22), time(23, 30), frozenset({6, 1}), "Asia/Kolkata")
    sunday = datetime(2026, 3, 8, 22, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert working_time.is_at_work(sunday, hours)
    assert not working_time.is_at_work(sunday + timedelta(minutes=75), hours)
    assert working_time.add(sunday, 2 * HOUR, hours) == sunday + timedelta(days=2, minutes=30)


def test_hours_that_never_come_and_moments_without_a_zone_are_errors() -> None:
    with pytest.raises(ValueError, match="ever at work"):
        working_time.add(datetime(2026, 3, 3, tzinfo=UTC), HOUR, office("UTC", days=frozenset()))
    with pytest.raises(ValueError, match="time zone"):
        working_time.add(datetime(2026, 3, 3), HOUR, office("UTC"))  # noqa: DTZ001 - that is the point


# Against a clock that is looked at every quarter of an hour: no zone of today changes its clocks at another minute.

NEAR_CHANGES = [
    *(datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 6), (3, 27), (4, 3), (4, 23), (9, 25), (10, 23))),
    *(datetime(2026, month, day, tzinfo=UTC) for month, day in ((10, 29), (10, 30), (7, 1), (12, 30))),
]
MOMENTS = st.builds(
    lambda day, quarters: day + quarters * QUARTER, st.sampled_from(NEAR_CHANGES), st.integers(0, 4 * 24 * 4)
)
QUARTERS = st.tuples(st.integers(0, 95), st.integers(0, 95)).filter(lambda pair: pair[0] < pair[1])


@st.composite
def working_hours(draw: st.DrawFn) -> Hours:
    first, last = draw(QUARTERS)
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    zone = draw(st.sampled_from(ZONES))
    return Hours(time(first // 4, first % 4 * 15), time(last // 4, last % 4 * 15), days, zone)


def quarters_at_work(begin: datetime, end: datetime, hours: Hours) -> int:
    """How many quarters of an hour somebody who watches the clock sees it within working hours."""
    there, found, furthest = ZoneInfo(hours.zone), 0, datetime.min  # noqa: DTZ901
    now = begin.astimezone(UTC) - timedelta(days=1)
    while now < end:
        wall = now.astimezone(there).replace(tzinfo=None, fold=0)
        # Work that has ended does not begin again where the clock is put back over its end, or over its beginning.
        ended = furthest.date() == wall.date() and furthest.time() >= hours.ends
        inside = wall.weekday() in hours.days and hours.begins <= wall.time() < hours.ends and not ended
        begun = furthest.date() == wall.date() and hours.begins <= furthest.time()
        again = wall.weekday() in hours.days and begun and wall.time() < hours.begins and not ended
        furthest = max(furthest, wall)
        found += (inside or again) and now >= begin
        now += QUARTER
    return found


@settings(max_examples=60)
@given(MOMENTS, st.integers(1, 20), working_hours())
def test_so_much_time_lies_between_as_a_watched_clock_shows(start: datetime, quarters: int, hours: Hours) -> None:
    found = working_time.add(start, quarters * 900, hours)
    assert quarters_at_work(start, found, hours) == quarters
    assert quarters_at_work(start, found - QUARTER, hours) == quarters - 1


@settings(max_examples=100)
@given(MOMENTS, st.integers(0, 5), st.integers(0, DAY - 1), working_hours())
def test_later_begun_or_longer_is_never_due_earlier(start: datetime, days: int, rest: int, hours: Hours) -> None:
    found = working_time.add(start, days * DAY + rest, hours)
    assert found >= start
    assert working_time.add(start + timedelta(minutes=7), days * DAY + rest, hours) >= found
    assert working_time.add(start, (days + 1) * DAY + rest, hours) >= found
    assert working_time.add(start, days * DAY + rest // 2, hours) <= found
    wall = found.astimezone(ZoneInfo(hours.zone))
    assert working_time.is_at_work(found, hours) or wall.time() >= hours.ends
