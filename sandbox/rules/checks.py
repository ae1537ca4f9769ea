"""Small checks that the rules are written in: each looks at one value and notes what Slack would refuse.

A check is called as ``check(value, path, seen)``; ``path`` is a JSON pointer, ``seen`` collects faults
in Slack's own words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Check: TypeAlias = Callable[[Any, str, "Seen"], None]
FileState: TypeAlias = Callable[[dict[str, Any]], bool]


@dataclass
class Seen:
    """What one walk through a payload has found so far.

    ``surface`` is ``message``, ``modal`` or ``home``; ``image_ready`` says whether a ``slack_file``
    reference names a picture whose type is known.
    """

    surface: str
    image_ready: FileState = lambda reference: False
    faults: list[str] = field(default_factory=list)
    focused: int = 0

    def fault(self, words: str, path: str) -> None:
        """Note a fault, as Slack writes it in ``response_metadata.messages``."""
        self.faults.append(f"[ERROR] {words} [json-pointer:{path}]")


def has_lone_surrogate(text: str) -> bool:
    """Whether the text has half a surrogate pair, which no UTF-8 can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def string(low: int, high: int) -> Check:
    """A string of ``low`` to ``high`` characters, white space alone counting as none where one is needed."""

    def check(value: Any, path: str, seen: Seen) -> None:
        if not isinstance(value, str):
            return seen.fault("must be a string", path)
        if has_lone_surrogate(value):
            seen.fault("must be valid unicode", path)
        if len(value) > high:
            seen.fault(f"must be less than {high + 1} characters", path)
        if len(value) < low or (low and not value.strip()):
            seen.fault(f"must be more than {low - 1} characters", path)
        return None

    return check


def url(high: int = 3000) -> Check:
    """An absolute http, https, mailto or other scheme address of at most ``high`` characters."""
    length = string(1, high)

    def check(value: Any, path: str, seen: Seen) -> None:
        length(value, path, seen)
        if not isinstance(value, str):
            return None
        try:
            parts = urlsplit(value)
        except ValueError:
            return seen.fault("must be a valid url", path)
        if not parts.scheme or not (parts.netloc or parts.path) or re.search(r"\s", value):
            seen.fault("must be a valid url", path)
        return None

    return check


def pattern(regex: str, words: str) -> Check:
    """A string that matches ``regex`` in full."""
    compiled = re.compile(regex)

    def check(value: Any, path: str, seen: Seen) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            seen.fault(words, path)

    return check


def boolean(value: Any, path: str, seen: Seen) -> None:
    """True or false; nothing that merely looks like it."""
    if not isinstance(value, bool):
        seen.fault("must be a boolean", path)


def integer(low: int, high: int) -> Check:
    """A whole number from ``low`` to ``high``."""

    def check(value: Any, path: str, seen: Seen) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            return seen.fault("must be an integer", path)
        if value < low:
            seen.fault(f"must be greater than {low - 1}", path)
        if value > high:
            seen.fault(f"must be less than {high + 1}", path)
        return None

    return check


def one_of(*values: Any) -> Check:
    """One of the values Slack lists."""

    def check(value: Any, path: str, seen: Seen) -> None:
        if value not in values:
            seen.fault("must be a valid enum value", path)

    return check


def anything(value: Any, path: str, seen: Seen) -> None:
    """No rule."""


def array(check_item: Check, low: int, high: int) -> Check:
    """A list of ``low`` to ``high`` entries, each checked."""

    def check(value: Any, path: str, seen: Seen) -> None:
        if not isinstance(value, list):
            return seen.fault("must be an array", path)
        if len(value) > high:
            seen.fault(f"no more than {high} items allowed", path)
        if len(value) < low:
            seen.fault(f"no fewer than {low} items allowed" if low > 1 else "must have at least 1 item", path)
        for place, item in enumerate(value[: high + 1]):
            check_item(item, f"{path}/{place}", seen)
        return None

    return check


def record(required: dict[str, Check], optional: dict[str, Check] | None = None, *also: Check) -> Check:
    """An object with these fields and no others; ``also`` sees the whole object afterwards."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str, seen: Seen) -> None:
        if not isinstance(value, dict):
            return seen.fault("must provide an object", path)
        for name in required:
            if name not in value:
                seen.fault(f"missing required field: {name}", path)
        for name, item in value.items():
            if name not in known:
                seen.fault(f"invalid additional property: {name}", path)
            else:
                known[name](item, f"{path}/{name}", seen)
        for rule in also:
            rule(value, path, seen)
        return None

    return check


def by_type(kinds: dict[str, Check], *, also: Check | None = None) -> Check:
    """An object told apart by its ``type``; other types are refused."""

    def check(value: Any, path: str, seen: Seen) -> None:
        if not isinstance(value, dict):
            return seen.fault("must provide an object", path)
        kind = value.get("type")
        if "type" not in value:
            return seen.fault("missing required field: type", path)
        if not isinstance(kind, str) or kind not in kinds:
            return seen.fault(f"unsupported type: {kind}", f"{path}/type")
        kinds[kind](value, path, seen)
        if also:
            also(value, path, seen)
        return None

    return check


def exactly_one(*names: str) -> Check:
    """One, and only one, of these fields."""

    def check(value: Any, path: str, seen: Seen) -> None:
        if sum(name in value for name in names) != 1:
            seen.fault("must define exactly one of: " + ", ".join(names), path)

    return check


def unique(items: list[Any], name: str, path: str, seen: Seen) -> None:
    """No two entries with the same ``name``."""
    met: set[Any] = set()
    for place, item in enumerate(items):
        value = item.get(name) if isinstance(item, dict) else None
        if isinstance(value, str):
            if value in met:
                seen.fault(f"`{name}` must be unique: {value!r} is used more than once", f"{path}/{place}/{name}")
            met.add(value)
