"""What goes wrong on the command line, as one clear message and an exit code: 2 for a wrong call, 1 for the rest."""

import os
from collections.abc import Iterator
from typing import Any

from workflow.errors import RefusedError


class WrongCallError(RefusedError):
    """The command was called with something that does not exist or does not fit."""


def explain(error: Exception) -> tuple[str, int]:
    """The message for a person, and the exit code."""
    if isinstance(error, RefusedError):
        return str(error), 2 if isinstance(error, WrongCallError) else 1
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror.lower()}", 2
    text = str(error).strip().splitlines()
    what = f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
    unexpected = f"Something went wrong that should not have ({what}). CONCORD_DEBUG=1 shows where.", 1
    return _of_settings(error) or _of_database(error) or unexpected


def _of_settings(error: Exception) -> tuple[str, int] | None:
    if isinstance(error, UnicodeDecodeError):
        return "A file that was read (.env, where there is one in this folder) is not UTF-8 text: save it as UTF-8.", 2
    if "ValidationError" in _kinds(error):
        return f"A setting cannot be used: {_settings(error)}", 2
    return None


def _of_database(error: Exception) -> tuple[str, int] | None:
    kinds = set(_kinds(error))
    if kinds & {"NewerDatabaseError", "OlderDatabaseError", "ForeignDatabaseError"}:
        return str(error), 1
    # A file that is no database is a DatabaseError, and so, by descent, is every fault of ours.
    if type(error).__name__ == "DatabaseError" or kinds & {"OperationalError", "ArgumentError", "NoSuchModuleError"}:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        return f"The database cannot be used: {reason[0] if reason else type(error).__name__}", 1
    return None


def debugging() -> bool:
    """Whether somebody asked to see stack traces."""
    return os.environ.get("CONCORD_DEBUG", "").strip().lower() in ("1", "true", "yes", "on")


def _kinds(error: Exception) -> Iterator[str]:
    # By name: SQLAlchemy and pydantic are not imported for this.
    return (kind.__name__ for kind in type(error).__mro__)


def _settings(error: Exception) -> str:
    details: list[Any] = getattr(error, "errors", list)()
    return "; ".join(f"{'.'.join(map(str, detail['loc'])).upper()}: {detail['msg']}" for detail in details)
