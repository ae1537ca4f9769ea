"""What is due, in the time zone of a project: computed from the present moment, never remembered.

A schedule is a local time of day. Clocks are put forward (a time of day may be missing), put back (it may come twice)
and moved over the date line (a whole date may be missing). So a schedule for a date means the first existing moment at
or after that time: a gap moves it on, a fold counts once, and a date that a zone never had is never due.
"""

from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

Zone = str | ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
OF_THE_MACHINE = {"localtime", "Factory"}


def validate_zone(name: str) -> str:
    """The name itself, if it is an IANA time zone that is known here.

    Raises ValueError saying which name was perhaps meant.
    """
    if name in _zone_names():
        return name
    spellings = _spellings()
    near = get_close_matches(name.strip().replace(" ", "_").lower(), spellings, n=1, cutoff=0.8)
    hint = f"did you mean {spellings[near[0]]}?" if near else "names look like Europe/Berlin"
    raise ValueError(f"there is no time zone {name!r}; {hint}")


def moment(day: date, at: time, zone: Zone) -> datetime:
    """When the clocks of `zone` first show `day`, `at` or later, in UTC.

    Total: for a date that the zone skipped it is the moment after the gap (`due_local_date` leaves such dates out).
    """
    there = _zone(zone)
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    found = wall.replace(tzinfo=there).astimezone(UTC)
    if _wall(found, there) == wall:
        return found
    return _end_of_gap(wall, there)


def due_local_date(now: datetime, zone: Zone, at: time) -> date:
    """The latest date of `zone` whose time `at` has passed (or is just now).

    Never goes back while zone and time stay the same, so that a claim per date is made once, late rather than never.
    Raises ValueError for a `now` without a time zone.
    """
    there = _zone(zone)
    # After midnight was put back, the date that had already begun is tomorrow's.
    day = _wall(_aware(now), there).date() + DAY
    while moment(day, at, there) > now or not _exists(day, there):
        day -= DAY
    return day


def newly_due(last: date | None, now: datetime, zone: Zone, at: time) -> date | None:
    """The date to claim now, if any, after `last` was claimed; None too where the zone was changed to an earlier one.

    After days without a tick it is the latest date only.
    """
    due = due_local_date(now, zone, at)
    return due if last is None or due > last else None


def next_due(now: datetime, zone: Zone, at: time) -> datetime:
    """The first moment after `now` at which another date becomes due, in UTC."""
    there = _zone(zone)
    day = due_local_date(now, there, at) + DAY
    while not _exists(day, there):
        day += DAY
    return moment(day, at, there)


def in_words(when: datetime, zone: Zone) -> str:
    """Minutes on the clocks of `zone` as people write them, without the zone: 24 Nov 2026, 09:00."""
    there = _aware(when).astimezone(_zone(zone))
    return f"{day_in_words(when, zone)}, {there:%H:%M}"


def day_in_words(when: datetime, zone: Zone) -> str:
    """The date on the clocks of `zone`: 24 Nov 2026."""
    there = _aware(when).astimezone(_zone(zone))
    return f"{there.day} {MONTHS[there.month - 1]} {there.year}"


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - OF_THE_MACHINE)


def _spellings() -> dict[str, str]:
    """What people type for a zone, in lower case: its name or only its city."""
    names = sorted(_zone_names(), key=lambda name: (name.count("/") == 0, name), reverse=True)
    cities = {name.rpartition("/")[2].lower(): name for name in names}
    return cities | {name.lower(): name for name in names}


def _zone(zone: Zone) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def _aware(when: datetime) -> datetime:
    if when.utcoffset() is None:
        raise ValueError("a moment needs its time zone")
    return when


def _wall(when: datetime, zone: ZoneInfo) -> datetime:
    return when.astimezone(zone).replace(tzinfo=None, fold=0)


def _exists(day: date, zone: ZoneInfo) -> bool:
    return _wall(moment(day, time.min, zone), zone).date() == day


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Where the clocks jump over `wall`: between what it is by the offset after the gap and by the one before."""
    before = wall.replace(tzinfo=zone, fold=1, microsecond=0).astimezone(UTC)
    seconds = (wall.replace(tzinfo=zone, microsecond=0).astimezone(UTC) - before) // SECOND
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if _wall(before + middle * SECOND, zone) >= wall:
            high = middle
        else:
            low = middle
    return before + high * SECOND
