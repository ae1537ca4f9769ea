"""``concord history``: everything that happened in a project, or to one item, or by one person."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, one_line, opened, person, project

if TYPE_CHECKING:
    from sqlmodel import Session

    from workflow.history_events import Event
    from workflow.history_reading import Wanted

COLUMNS = ("at", "local", "who", "action", "what", "words", "before", "after")
NOTHING = "Nothing of that kind has happened."

Moment = Annotated[
    str | None, typer.Option(help="2026-03-02 or 2026-03-02T14:30, in the project's time zone.", show_default=False)
]


def history(
    name: ProjectName,
    item: Annotated[str | None, typer.Option(help="The whole life of this item.", show_default=False)] = None,
    user: Annotated[
        str | None, typer.Option("--person", help="What USER did, and what was done to them.", show_default=False)
    ] = None,
    since: Moment = None,
    until: Moment = None,
    action: Annotated[
        str | None, typer.Option(help="One kind: item.ruled; or all that begin so: item.", show_default=False)
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="text, csv or json.")] = "text",
    as_json: AsJson = False,
) -> None:
    """Tell who did what to what, when, and from which value to which; labels are part of it. Oldest first.

    \b
    Example:
      concord history rte --item 17
      concord history rte --person @ana --since 2026-03-01 --format csv > ana.csv
    """
    from workflow.history_reading import events

    if file_format not in ("text", "csv", "json"):
        raise WrongCallError(f"There is no format {file_format!r}: choose text, csv or json.")
    with opened() as store, store.read() as session:
        project_id = project(session, name)
        zone = _zone(session, project_id)
        wanted = _wanted(session, project_id, zone, name, item, user, since, until, action)
        found = events(session, project_id, wanted)
        if as_json or file_format == "json":
            _print_json(found, zone, item)
        elif file_format == "csv":
            _print_csv(found, zone, item)
        else:
            _print_text(found, zone, item)


def _zone(session: Session, project_id: int) -> ZoneInfo:
    from sqlalchemy import select
    from sqlmodel import col

    from storage.tables import Project

    return ZoneInfo(session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one())


def _wanted(
    session: Session,
    project_id: int,
    zone: ZoneInfo,
    name: str,
    item: str | None,
    user: str | None,
    since: str | None,
    until: str | None,
    action: str | None,
) -> Wanted:
    from workflow.history_reading import Wanted, item_called

    item_id = item_called(session, project_id, item) if item is not None else None
    if item is not None and item_id is None:
        raise WrongCallError(f"There is no item {item!r} in {name}.")
    return Wanted(
        item_id=item_id,
        person_id=person(session, user) if user else None,
        since=_moment(since, zone, "--since"),
        until=_moment(until, zone, "--until"),
        action=action,
    )


def _moment(typed: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    """A date or a time in the project's zone, unless it names one; in UTC."""
    if typed is None:
        return None
    try:
        if len(typed) <= len("2026-03-02"):
            moment = datetime.combine(date.fromisoformat(typed), time.min, zone)
        else:
            moment = datetime.fromisoformat(typed)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongCallError(f"{option} {typed}: write a date as 2026-03-02, or a time as 2026-03-02T14:30.") from None


def _row(event: Event, zone: ZoneInfo, item: str | None) -> dict[str, Any]:
    from workflow.history_words import sentence

    return {
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "local": event.at.astimezone(zone).isoformat(),
        "who": event.who,
        "action": event.action,
        "what": event.what,
        "words": sentence(event, item),
        "before": event.before or None,
        "after": event.after or None,
    }


def _print_text(found: Iterator[Event], zone: ZoneInfo, item: str | None) -> None:
    from workflow.history_words import sentence

    some = False
    for event in found:
        some = True
        words = one_line(sentence(event, item))
        print(f"{event.at:%Y-%m-%d %H:%M:%S} UTC{_local(event.at, zone)}  {words}")
    if not some:
        print(NOTHING)


def _local(at: datetime, zone: ZoneInfo) -> str:
    """The same moment in the project's zone, where that reads otherwise; the date too, where it is another."""
    there = at.astimezone(zone)
    if not there.utcoffset():
        return ""
    day = "" if there.date() == at.date() else f"{there:%Y-%m-%d} "
    return f" ({day}{there:%H:%M:%S %Z})"


def _print_json(found: Iterator[Event], zone: ZoneInfo, item: str | None) -> None:
    """One list, written as it is read."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.write("[")
    for number, event in enumerate(found):
        sys.stdout.write((",\n " if number else "\n ") + json.dumps(_row(event, zone, item), ensure_ascii=False))
    sys.stdout.write("\n]\n")


def _print_csv(found: Iterator[Event], zone: ZoneInfo, item: str | None) -> None:
    from workflow import export

    rows: Iterator[Mapping[str, Any]] = (_row(event, zone, item) for event in found)
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False)
    try:
        escaped = export.write_csv(rows, COLUMNS, out)
        out.flush()
    finally:
        out.detach()
    if escaped:
        print(export.UNDO.replace("; or write --raw or --format jsonl", "; or write --format json"), file=sys.stderr)
