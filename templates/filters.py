"""The few filters that templates have. Each works on values only and refuses what a macro made."""

from collections.abc import Callable, Sized
from functools import wraps
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup


def _plural(count: int, one: str, many: str) -> str:
    """`1 item`, `3 items`, `8,000 items`."""
    return f"{count:,} {one if count == 1 else many}"


def _default(value: Any, otherwise: Any) -> Any:
    """The value, or something else where the variable is not defined."""
    return otherwise if isinstance(value, Undefined) else value


def _join(values: Any, between: str = ", ") -> str:
    _refuse(*values)
    return between.join(str(value) for value in values)


def _length(values: Sized) -> int:
    return len(values)


def _number(value: float) -> str:
    """Thousands apart: `8,000`."""
    return f"{value:,}"


def _decimals(value: float, places: int = 3) -> str:
    """A fixed number of decimals: `0.815`; a true minus sign, and no minus before zero."""
    text = f"{value:.{places}f}"
    if text.startswith("-"):
        text = "\u2212" + text[1:] if float(text) else text[1:]
    return text


def _percent(share: float, places: int = 0) -> str:
    """A share as per cent: `0.125` is `12 %` and, with one place, `12.5 %`."""
    return f"{_decimals(share * 100, places)}\u00a0%"


def _refuse(*arguments: Any) -> None:
    for argument in arguments:
        if isinstance(argument, Undefined):
            str(argument)  # raises, and names the variable
    if any(isinstance(argument, Markup) for argument in arguments):
        raise ValueError("a filter is for values, not for what a macro returns")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing text made by the template: it would be split or joined with values outside of marks."""

    @wraps(function)
    def filtered(*arguments: Any, **named: Any) -> Any:
        _refuse(*arguments, *named.values())
        return function(*arguments, **named)

    return filtered


FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": _guarded(str.capitalize),
    "decimals": _guarded(_decimals),
    "default": _default,
    "join": _guarded(_join),
    "length": _guarded(_length),
    "lower": _guarded(str.lower),
    "number": _guarded(_number),
    "percent": _guarded(_percent),
    "plural": _guarded(_plural),
    "upper": _guarded(str.upper),
}
