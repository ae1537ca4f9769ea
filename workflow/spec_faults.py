"""Faults of a description, all of them at once: what each value has wrong by itself, and what they have between them."""

from collections.abc import Callable, Iterable, Sized
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Place = tuple[tuple[str | int, ...], str]
Made = TypeVar("Made")


def all_at_once(data: Any, handler: Callable[[Any], Made], between: Iterable[Place]) -> Made:
    """What pydantic's ``handler`` makes of the data; raises ValidationError with its faults and those ``between`` values."""
    faults = [_fault(path, message) for path, message in between]
    try:
        made = handler(data)
    except ValidationError as error:
        faults += [_carried(detail) for detail in error.errors(include_url=False)]
    if faults:
        raise ValidationError.from_exception_data("project", faults)
    return made


def amount(key: str, entries: Sized, least: int, most: int) -> list[Place]:
    """A fault where a list is too short or too long."""
    if least <= len(entries) <= most:
        return []
    return [((key,) if key else (), f"has {len(entries)}: write {least} to {most}")]


def _fault(path: tuple[str | int, ...], message: str) -> InitErrorDetails:
    # Braces in a message would be read as placeholders.
    text = PydanticCustomError("project", "{message}", {"message": message})
    return InitErrorDetails(type=text, loc=path, input=None)


def _carried(detail: Any) -> InitErrorDetails:
    kind = PydanticCustomError(detail["type"], "{message}", {"message": detail["msg"], **detail.get("ctx", {})})
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"])
