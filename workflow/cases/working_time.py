"""Working time: when something is due that is to be done while people are at work, in their own time zone.

A working day is from ``begins`` to ``ends`` on the clocks of the zone. Clocks that are put forward make it shorter, clocks
that are put back longer, and a day that has nothing of it (it fell into the gap, or the zone had no such date) is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflow import calendar
from workflow.quality_rules import CaseRules

DAY = timedelta(days=1)
LONGEST_BREAK = 30
"""Days: who would work on one date in so many only has hours that do not exist in the zone."""


@dataclass(frozen=True)
class Hours:
    """When somebody is at work: from ``begins`` to a later ``ends`` of one day, on ``days`` (Monday is 0) of ``zone``."""

    begins: time
    ends: time
    days: frozenset[int]
    zone: str


def of_rules(rules: CaseRules, zone: str) -> Hours:
    """The working hours that a project's rules give to somebody in a zone."""
    begins, ends = time.fromisoformat(rules.begins), time.fromisoformat(rules.ends)
    return Hours(begins, ends, frozenset(day.number for day in rules.days), zone)


def add(start: datetime, seconds: int, hours: Hours) -> datetime:
    """When ``seconds`` of working time after ``start`` are over, in UTC.

    Of the seconds whole days are working days, which end at the time of day at which they began; the rest are seconds at
    work. What starts outside of working hours starts with the next of them. Raises ValueError for a ``start`` without a
    time zone.
    """
    days, rest = divmod(seconds, 24 * 3600)
    begun, end = _working_from(start, hours)
    if days:
        begun, end = _days_later(begun, days, hours)
    left = timedelta(seconds=rest)
    for span_begins, span_ends in _spans_from(begun, end, hours):
        if left <= span_ends - span_begins:
            return span_begins + left
        left -= span_ends - span_begins
    raise AssertionError("spans never end")


def is_at_work(now: datetime, hours: Hours) -> bool:
    """Whether it is working time."""
    return _working_from(now, hours)[0] == now


def next_morning(now: datetime, hours: Hours) -> datetime:
    """When the next working day begins, in UTC; today's only where it has not begun."""
    return next(begins for begins, _ in _spans(_day_of(now, hours.zone) - DAY, hours) if begins > now)


def _working_from(start: datetime, hours: Hours) -> tuple[datetime, datetime]:
    """The first moment of working time at or after ``start``, and when that working day ends."""
    found = next(span for span in _spans(_day_of(start, hours.zone) - DAY, hours) if span[1] > start)
    return max(found[0], start.astimezone(UTC)), found[1]


def _days_later(begun: datetime, days: int, hours: Hours) -> tuple[datetime, datetime]:
    """The same time of day so many working days later, and when that day ends."""
    there = begun.astimezone(ZoneInfo(hours.zone))
    spans = _spans(there.date() + DAY, hours)
    for _ in range(days):
        span_begins, span_ends = next(spans)
    at = calendar.moment(_day_of(span_begins, hours.zone), there.time(), hours.zone)
    return min(max(at, span_begins), span_ends), span_ends


def _spans_from(begun: datetime, end: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    yield begun, end
    yield from _spans(_day_of(end, hours.zone) + DAY, hours)


def _spans(first: date, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """The working days from a date on, each as its beginning and its end in UTC."""
    day, idle = first, 0
    while idle < LONGEST_BREAK:
        begins, ends = (calendar.moment(day, at, hours.zone) for at in (hours.begins, hours.ends))
        idle += 1
        if day.weekday() in hours.days and begins < ends:
            idle = 0
            yield begins, ends
        day += DAY
    raise ValueError(f"nobody is ever at work in {hours.zone} from {hours.begins} to {hours.ends}")


def _day_of(when: datetime, zone: str) -> date:
    if when.utcoffset() is None:
        raise ValueError("a moment needs its time zone")
    return when.astimezone(ZoneInfo(zone)).date()
