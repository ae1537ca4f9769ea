"""What a look finds: one thing, how it stands, in words, and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.logs import MASK, SECRETS
from workflow.errors import RefusedError

log = structlog.get_logger()


class State(StrEnum):
    """A note is worth knowing; a warning may be meant so; with a fault something does not work."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Check:
    """One line of the doctor's. ``fix`` says what to do, empty where nothing is to be done."""

    name: str
    state: State
    words: str
    fix: str = ""


def ok(name: str, words: str) -> Check:
    """It is well."""
    return Check(name, State.OK, words)


def note(name: str, words: str, fix: str = "") -> Check:
    """Worth knowing."""
    return Check(name, State.NOTE, words, fix)


def warning(name: str, words: str, fix: str = "") -> Check:
    """It works, and somebody should look at it."""
    return Check(name, State.WARNING, words, fix)


def fault(name: str, words: str, fix: str = "") -> Check:
    """It does not work."""
    return Check(name, State.FAULT, words, fix)


def looked(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """What a look finds; one that breaks off is a fault itself, and the others go on."""
    try:
        return [_masked(check) for check in look()]
    except RefusedError as refused:
        return [fault(name, str(refused))]
    except Exception as error:
        log.error("a look broke off", name=name, exc_info=error)
        words = f"It could not be looked at: {type(error).__name__}."
        return [fault(name, words, "This should not happen: please report it, with the log lines above.")]


def _masked(check: Check) -> Check:
    return Check(check.name, check.state, SECRETS.sub(MASK, check.words), SECRETS.sub(MASK, check.fix))


def listed(names: Iterable[str], most: int = 5) -> str:
    """Some of many, in words."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
