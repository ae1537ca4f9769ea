"""What every command needs first: the store, and a project in it. Heavy imports wait until here, so that help is quick."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError

if TYPE_CHECKING:
    from sqlmodel import Session

    from storage.engine import Store

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@contextmanager
def opened() -> Iterator[Store]:
    """The store that the settings name, made where there is none yet. Raises OlderDatabaseError for an older schema."""
    from bot.settings import Settings
    from storage import schema
    from storage.engine import open_store

    store = open_store(Settings().database_url, pool_size=3)
    try:
        if schema.make_or_check(store):
            # A command in another folder than usual would work on an empty store and say nothing of it.
            where = store.engine.url.render_as_string(hide_password=True)
            print(f"A new store was made: {where}", file=sys.stderr)
        yield store
    finally:
        store.close()


def project(session: Session, name: str) -> int:
    """The project of that name. Raises WrongCallError naming those that exist."""
    from workflow import projects
    from workflow.errors import RefusedError

    try:
        return projects.by_name(session, name)
    except RefusedError as error:
        raise WrongCallError(str(error)) from None


def person(session: Session, user: str) -> int:
    """Somebody known here by ``@name``, e-mail address or Slack id. Raises WrongCallError where nobody is, or several."""
    from workflow import people
    from workflow.errors import RefusedError

    try:
        return people.known(session, user)
    except RefusedError as error:
        raise WrongCallError(str(error)) from None


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_standing(warnings: list[str], open_points: list[str]) -> None:
    """What is wrong or open, one thing a line."""
    for warning in warnings:
        print(f"Warning: {warning}")
    for point in open_points:
        print(f"Open: {point}")


def asked(question: str) -> None:
    """Go on only where somebody at the terminal says so. Raises WrongCallError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise WrongCallError(f"{question} Nobody is here to ask: say --yes. Nothing was changed.")
    if not typer.confirm(question, err=True):
        raise WrongCallError("Nothing was changed.")


def one_line(words: str) -> str:
    """Somebody's text as one line of the terminal: nothing in it moves the cursor or changes colours."""
    line = " ".join(words.split())
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
