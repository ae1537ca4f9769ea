"""The values of a project file, read from the text that was typed. Each fault says what to write instead."""

import re
import unicodedata
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from workflow import naming, normalise
from workflow.errors import RefusedError
from workflow.guidelines.text import reading_text

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_DECIMAL = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}")
_SHARE = re.compile(r"0?\.[0-9]{1,6}|1(?:\.0{1,6})?|0\.[0-9]{1,6}")
_DURATION = re.compile(r"([0-9]{1,6})\s*([mhd])")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_SECONDS = {"m": 60, "h": 3600, "d": 24 * 3600}
_DAY, _HOUR, _MINUTE = 24 * 3600, 3600, 60
_ON = {"on", "yes", "true", "y"}
_OFF = {"off", "no", "false", "n"}
SHORTEST_HOLD = 60
LONGEST_HOLD = 30 * 24 * 3600
LONGEST_PATH = 1000


def fault(message: str) -> PydanticCustomError:
    """An error whose text is the message, whatever characters are in it."""
    return PydanticCustomError("project", "{message}", {"message": message})


def width(text: str) -> int:
    """Characters as Slack's limits may count them: those beyond U+FFFF count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def short_text(limit: int, *, lines: bool = False) -> AfterValidator:
    """Text of at most ``limit`` characters, not empty, on one line unless ``lines``."""

    def check(typed: str) -> str:
        clean = normalise.spaced(typed) if lines else unicodedata.normalize("NFC", typed).strip()
        if not lines and not normalise.printable(clean):
            raise fault("has a line break or a character that cannot be seen: take it out")
        if not normalise.spaced(clean):
            raise fault("is empty")
        if width(clean) > limit:
            raise fault(f"has {width(clean)} characters: at most {limit} can be shown")
        return clean

    return AfterValidator(check)


def whole_number(typed: Any) -> Any:
    """A whole number from its digits: ``010`` is ten."""
    if isinstance(typed, str):
        if not re.fullmatch(r"[0-9]{1,9}", typed.strip()):
            raise fault(f"{typed!r} is not a whole number: write digits such as 3")
        return int(typed)
    return typed


def decimal(typed: Any) -> Any:
    """A number from its digits: ``.8``, ``0.80``."""
    if isinstance(typed, str):
        if not _DECIMAL.fullmatch(typed.strip()):
            raise fault(f"{typed!r} is not a number: write digits such as 0.8")
        return float(typed)
    return typed


def switch(typed: Any) -> Any:
    """Whether something is on: ``on``, ``yes``, ``true``, or the opposite of these."""
    if typed is None or isinstance(typed, bool):
        return typed
    said = typed.strip().casefold() if isinstance(typed, str) else None
    if said not in _ON | _OFF:
        raise fault(f"{typed!r} is neither on nor off")
    return said in _ON


def roles_given(typed: Any) -> Any:
    """A list of roles that is not empty."""
    if typed in ([], ()):
        raise fault("is empty: write at least one role, such as [annotator]")
    return typed


def project_name(typed: str) -> str:
    """A name that can be typed after ``/concord``."""
    if not _NAME.fullmatch(typed):
        raise fault(f"{typed!r} is not a name: up to 40 of a-z, 0-9, - and _, beginning with a letter or digit")
    return typed


def acceptance(typed: str) -> str:
    """``unanimous``, ``majority`` or a share above 0 and up to 1, in its shortest writing."""
    clean = typed.strip()
    if clean in ("unanimous", "majority"):
        return clean
    if not _SHARE.fullmatch(clean) or not (share := Decimal(clean)):
        raise fault(f"{typed!r} is no rule: write unanimous, majority, or a share above 0 and up to 1 such as 0.8")
    return f"{share.normalize():f}"


def duration(typed: Any) -> Any:
    """Seconds from ``90m``, ``24h`` or ``2d``."""
    return _seconds(typed, SHORTEST_HOLD, "1m")


def grace(typed: Any) -> Any:
    """The same, or ``0``."""
    return _seconds(f"{typed}m" if str(typed).strip() == "0" else typed, 0, "0")


def span(seconds: int) -> str:
    """A time span as it is typed: 90m, 24h, 2d; 0 for none."""
    if not seconds:
        return "0"
    if seconds % _DAY == 0 and seconds > _DAY:
        return f"{seconds // _DAY}d"
    return f"{seconds // _HOUR}h" if seconds % _HOUR == 0 else f"{max(1, seconds // _MINUTE)}m"


def _seconds(typed: Any, least: int, least_typed: str) -> Any:
    if typed is None or isinstance(typed, int):
        return typed
    found = _DURATION.fullmatch(typed.strip()) if isinstance(typed, str) else None
    if not found:
        raise fault(f"{typed!r} is no time span: write minutes, hours or days such as 90m, 24h or 2d")
    seconds = int(found[1]) * _SECONDS[found[2]]
    if not least <= seconds <= LONGEST_HOLD:
        raise fault(f"{typed!r} is out of bounds: from {least_typed} to 30d")
    return seconds


def time_zone(typed: str) -> str:
    """A name of the IANA time zone database."""
    clean = typed.strip()
    try:
        ZoneInfo(clean)
    except (ValueError, OSError, LookupError):
        near = get_close_matches(clean, available_timezones(), n=1)
        hint = f"did you mean {near[0]}?" if near else "write one such as Europe/Berlin"
        raise fault(f"{typed!r} is no time zone: {hint}") from None
    return clean


def time_of_day(typed: str) -> str:
    """``HH:MM``, on the 24-hour clock."""
    found = _TIME.fullmatch(typed.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise fault(f'{typed!r} is no time of day: write one such as "09:00" or "17:30"')
    return f"{int(found[1]):02}:{found[2]}"


def person(typed: str) -> str:
    """Somebody, as ``naming.person`` reads them."""
    try:
        naming.person(typed)
    except ValueError as error:
        raise fault(str(error)) from None
    return typed


def channel(typed: str) -> str:
    """A channel, as ``naming.channel`` reads it."""
    try:
        naming.channel(typed)
    except ValueError as error:
        raise fault(str(error)) from None
    return typed


def guideline(typed: str) -> str:
    """The path of a Markdown file; or the Markdown itself, which has more than one line or ends with a line end."""
    if "\n" not in typed:
        path: str = short_text(LONGEST_PATH).func(typed)  # type: ignore[call-arg]
        return path
    try:
        return reading_text.check(typed)
    except RefusedError as error:
        raise fault(str(error).removeprefix(f"{reading_text.THE_GUIDELINE} ")) from None
