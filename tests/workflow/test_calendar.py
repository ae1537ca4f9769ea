import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.calendar import due_local_date, in_words, moment, newly_due, next_due, validate_zone

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
# (zone, date): the clocks or the date line moved on that date or the night before it.
ODD_DAYS = [
    ("Africa/Cairo", date(2024, 4, 26)),  # no midnight
    ("Africa/Cairo", date(2024, 11, 1)),  # 23:00 to midnight twice
    ("America/Sao_Paulo", date(2018, 11, 4)),  # no midnight
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),  # half an hour forward
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour back
    ("Pacific/Apia", date(2011, 12, 30)),  # the date is missing
    ("Pacific/Kwajalein", date(1993, 8, 21)),  # the date is missing
    ("America/St_Johns", date(2010, 11, 7)),  # one minute past midnight back to yesterday
    ("America/Juneau", date(1867, 10, 18)),  # the date comes twice
    ("Asia/Kathmandu", date(1986, 1, 1)),  # a quarter of an hour forward at midnight
    ("Africa/Monrovia", date(1972, 1, 7)),  # 44 minutes 30 seconds forward at midnight
]
zones = st.sampled_from(ZONES)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
odd_days = st.sampled_from(ODD_DAYS)
days = st.one_of(odd_days, st.tuples(zones, st.dates(date(1900, 1, 3), date(2037, 12, 28))))


def wall(when: datetime, zone: str) -> datetime:
    return when.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def dates_lived(zone: str, first: date, last: date) -> list[date]:
    """Dates that the clocks of a zone really showed, found by looking at them every quarter of an hour."""
    now, end = (datetime.combine(day, time(), UTC) for day in (first - 2 * DAY, last + 3 * DAY))
    shown = set()
    while now < end:
        shown.add(wall(now, zone).date())
        now += 15 * MINUTE
    return sorted(day for day in shown if first <= day <= last)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Africa/Cairo", date(2024, 4, 25), time(0), "2024-04-24T22:00"),
        ("Africa/Cairo", date(2024, 4, 26), time(0), "2024-04-25T22:00"),  # shows 01:00
        ("Africa/Cairo", date(2024, 4, 26), time(0, 59), "2024-04-25T22:00"),
        ("Africa/Cairo", date(2024, 4, 26), time(1), "2024-04-25T22:00"),
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # the first of two
        ("Asia/Kathmandu", date(2026, 5, 1), time(9), "2026-05-01T03:15"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 10), "2026-10-03T15:30"),  # shows 02:30
        ("Pacific/Apia", date(2011, 12, 29), time(9), "2011-12-29T19:00"),
        ("Pacific/Apia", date(2011, 12, 30), time(9), "2011-12-30T10:00"),  # shows 00:00 of the 31st
        ("Pacific/Apia", date(2011, 12, 31), time(9), "2011-12-30T19:00"),
        ("Africa/Monrovia", date(1972, 1, 7), time(0, 0), "1972-01-07T00:44:30"),
    ],
)
def test_known_moments(zone: str, day: date, at: time, expected: str) -> None:
    assert moment(day, at, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@settings(deadline=None)
@given(days, times)
def test_a_moment_is_the_first_at_which_the_clocks_show_that_time_or_later(where: tuple[str, date], at: time) -> None:
    zone, day = where
    found, wanted = moment(day, at, zone), datetime.combine(day, at)
    assert found.tzinfo is UTC
    assert wall(found, zone) >= wanted
    assert wall(found - SECOND, zone) < wanted
    assert all(wall(found - earlier * 7 * MINUTE, zone) < wanted for earlier in range(1, 400))


@settings(deadline=None)
@given(odd_days, st.integers(-3, 3), times, st.integers(0, 86_399))
def test_a_date_is_due_from_its_moment_until_the_next_one(
    where: tuple[str, date], near: int, at: time, second: int
) -> None:
    zone, day = where
    now = datetime.combine(day + near * DAY, time(), UTC) + second * SECOND
    lived = dates_lived(zone, day - 6 * DAY, day + 6 * DAY)
    due = max(one for one in lived if moment(one, at, zone) <= now)
    following = min(one for one in lived if moment(one, at, zone) > now)
    assert due_local_date(now, zone, at) == due
    assert next_due(now, zone, at) == moment(following, at, zone)


@settings(deadline=None)
@given(zones, times, st.dates(date(1950, 1, 1), date(2037, 1, 1)), st.integers(0, 86_399))
def test_the_next_due_moment_is_the_first_that_changes_what_is_due(zone: str, at: time, day: date, second: int) -> None:
    now = datetime.combine(day, time(), UTC) + second * SECOND
    due, then = due_local_date(now, zone, at), next_due(now, zone, at)
    assert now < then <= now + 2 * DAY + timedelta(hours=3)
    assert moment(due, at, zone) <= now
    assert due_local_date(then - SECOND, zone, at) == due
    assert due_local_date(then, zone, at) > due


def ticks(
    start: datetime, end: datetime, chance: random.Random, pauses: dict[datetime, timedelta]
) -> Iterator[datetime]:
    """Every 20 to 30 seconds; longer where a pause begins."""
    now, waiting = start, dict(pauses)
    while now < end:
        yield now
        now += chance.randint(20_000, 30_000) * timedelta(milliseconds=1)
        for begins in [begins for begins in waiting if begins <= now]:
            now += waiting.pop(begins)


def claims(zone: str, at: time, moments: Iterator[datetime], last: date | None) -> dict[date, datetime]:
    """What a job claims that asks at every tick."""
    made: dict[date, datetime] = {}
    for now in moments:
        due = newly_due(last, now, zone, at)
        if due:
            assert due not in made
            made[due] = now
            last = due
    return made


@pytest.mark.parametrize(("zone", "day"), ODD_DAYS)
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(9), time(23, 45)])
def test_ticking_claims_each_date_once_and_at_once(zone: str, day: date, at: time) -> None:
    start = moment(day - DAY, at, zone) - MINUTE
    before = due_local_date(start, zone, at)
    end = moment(day + DAY, at, zone) + 3 * MINUTE
    late = moment(day, at, zone) - 10 * SECOND
    made = claims(zone, at, ticks(start, end, random.Random(f"{zone}{at}"), {late: timedelta(seconds=60)}), before)
    assert list(made) == dates_lived(zone, day - DAY, day + DAY)
    for claimed, when in made.items():
        lag = when - moment(claimed, at, zone)
        assert (
            timedelta(0) <= lag <= timedelta(seconds=90 if moment(claimed, at, zone) == moment(day, at, zone) else 30)
        )


@settings(deadline=None)
@given(zones, times, st.dates(date(1970, 1, 10), date(2037, 12, 1)), st.integers(0, 2**32))
def test_ticking_around_the_time_claims_each_date_once_in_every_zone(zone: str, at: time, day: date, seed: int) -> None:
    chance = random.Random(seed)
    lived = dates_lived(zone, day, day + 2 * DAY)
    start = moment(lived[0], at, zone) - MINUTE
    around = (
        now
        for one in lived
        for now in ticks(moment(one, at, zone) - MINUTE, moment(one, at, zone) + 2 * MINUTE, chance, {})
    )
    assert list(claims(zone, at, around, due_local_date(start, zone, at))) == lived


def test_three_days_down_are_one_claim() -> None:
    zone, at = "Europe/Berlin", time(9)
    start = datetime(2026, 10, 23, 6, 59, tzinfo=UTC)
    down = {datetime(2026, 10, 23, 12, tzinfo=UTC): 3 * DAY}
    made = claims(zone, at, ticks(start, start + 5 * DAY, random.Random(1), down), date(2026, 10, 22))
    assert list(made) == [date(2026, 10, 23), date(2026, 10, 26), date(2026, 10, 27)]


@settings(deadline=None)
@given(st.lists(st.tuples(zones, st.integers(0, 40)), min_size=2, max_size=6), times)
def test_a_zone_that_changes_claims_no_date_twice_and_never_an_earlier_one(
    moves: list[tuple[str, int]], at: time
) -> None:
    now, last, made = datetime(2026, 3, 20, tzinfo=UTC), None, []
    for zone, hours in moves:
        for _ in range(hours + 1):
            due = newly_due(last, now, zone, at)
            if due:
                made.append(due)
                last = due
            now += 60 * MINUTE
    assert made == sorted(set(made))


def test_a_change_to_a_zone_further_west_waits_for_the_next_date() -> None:
    now = datetime(2026, 6, 10, 0, 30, tzinfo=UTC)
    claimed = newly_due(None, now, "Pacific/Auckland", time(9))
    assert claimed == date(2026, 6, 10)
    assert newly_due(claimed, now, "Pacific/Honolulu", time(9)) is None
    assert newly_due(claimed, now + DAY, "Pacific/Honolulu", time(9)) is None
    assert newly_due(claimed, now + 2 * DAY, "Pacific/Honolulu", time(9)) == date(2026, 6, 11)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_local_date(datetime(2026, 1, 1), "Europe/Berlin", time(9))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        in_words(datetime(2026, 1, 1), "Europe/Berlin")  # noqa: DTZ001


@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Kathmandu", "UTC", "America/Argentina/Buenos_Aires"])
def test_known_zones_are_taken(name: str) -> None:
    assert validate_zone(name) == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Europe/Belrin", "did you mean Europe/Berlin?"),
        ("Kathmandu", "did you mean Asia/Kathmandu?"),
        ("America/New York", "did you mean America/New_York?"),
        ("", "names look like"),
        ("../etc/passwd", "names look like"),
        ("/etc/localtime", "names look like"),
        ("localtime", "there is no time zone"),
        ("Europe", "there is no time zone"),
        ("Berlin\0", "there is no time zone"),
    ],
)
def test_unknown_zones_are_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone") as refused:
        validate_zone(name)
    assert hint in str(refused.value)


def test_moments_in_words_are_those_of_the_zone() -> None:
    assert in_words(datetime(2026, 11, 30, 23, 5, tzinfo=UTC), "Europe/Berlin") == "1 Dec 2026, 00:05"
    assert in_words(datetime(2026, 11, 30, 23, 5, tzinfo=UTC), "America/New_York") == "30 Nov 2026, 18:05"
