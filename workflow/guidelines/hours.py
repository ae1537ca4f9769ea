"""When people are reminded: on working days, while most are at work."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

BEGINS, ENDS = 9, 17
SATURDAY = 5


def working_day(now: datetime, zone: str) -> date | None:
    """The date in a zone, from Monday to Friday between 9 and 17; None at other times."""
    there = now.astimezone(ZoneInfo(zone))
    return there.date() if there.weekday() < SATURDAY and BEGINS <= there.hour < ENDS else None
