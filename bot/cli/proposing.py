"""``concord guideline propose``: a new version from a file, for the managers to decide about in Slack."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, now, opened, person, print_json, project

if TYPE_CHECKING:
    from sqlmodel import Session

    from storage.tables import ChangeKind, Guideline

OPTIONS = {"label_changes": "--label", "labels": "--touches", "segments": "--segment", "markdown": "the text"}


def propose(
    name: ProjectName,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The whole new text, in Markdown. Left out: only labels change."),
    ] = None,
    summary: Annotated[str, typer.Option(help="What changes, in a sentence.", show_default=False)] = "",
    why: Annotated[str, typer.Option(help="Why.", show_default=False)] = "",
    kind: Annotated[str, typer.Option(help="clarification, rule-change or new-label.")] = "rule-change",
    label: Annotated[
        list[str] | None,
        typer.Option(help="What becomes of a label: “rename no = does-not”. May be repeated.", show_default=False),
    ] = None,
    touches: Annotated[
        list[str] | None, typer.Option(help="A label whose use changes. May be repeated. [default: all]")
    ] = None,
    segment: Annotated[
        list[str] | None, typer.Option(help="A segment that it is about. May be repeated. [default: all]")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When it comes into effect: 2026-12-01 09:00, in the project's time zone.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="The version that the file was made from. [default: the one in force]")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who proposes it: @name, e-mail address or Slack id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose a new version. The managers get a card with what it changes and what it touches, and decide in Slack.

    \b
    Example:
      concord guideline propose rte guideline.md --summary "Hedges do not imply" --why "Six cases last week"
      concord guideline propose rte --summary "A clearer name" --why "It is clearer" --label "rename no = does-not"
      concord guideline propose rte guideline.md --summary "Dates" --why "Asked twice" --base 1.2 --at "2026-12-01 09:00"
    """
    from workflow.guidelines.proposals import proposing
    from workflow.guidelines.proposals.change import Change, ProposalError
    from workflow.guidelines.text import reading_text

    text = reading_text.read_file(file) if file else None
    sort = _kind(kind)

    def make(session: Session) -> proposing.Proposed:
        project_id = project(session, name)
        base_id = _base(session, project_id, base)
        change = Change(
            kind=sort,
            summary=summary,
            why=why,
            markdown=_markdown(session, project_id, base_id) if text is None else text,
            label_changes=tuple(label or ()),
            labels_touched=tuple(touches or ()),
            segments_touched=tuple(segment or ()),
            wanted_at=_moment(session, project_id, at),
        )
        who = person(session, by) if by else None
        return proposing.propose(session, project_id, who, change, now(), base_id=base_id)

    with opened() as store:
        try:
            made = store.transact(make)
        except ProposalError as error:
            said = (f"{OPTIONS.get(field, f'--{field}')}: {fault}" for field, fault in error.by_field.items())
            raise WrongCallError("\n".join(said)) from None
    if as_json:
        print_json({"project": name, "proposal": made.id, "warnings": list(made.warnings)})
        return
    print(f"Proposal {made.id} is made: once Concord runs, the managers get its card.")
    for warning in made.warnings:
        print(f"Warning: {warning}")


def _kind(typed: str) -> ChangeKind:
    from storage.tables import ChangeKind

    try:
        return ChangeKind(typed.strip().lower().replace("-", "_"))
    except ValueError:
        said = ", ".join(kind.value.replace("_", "-") for kind in ChangeKind)
        raise WrongCallError(f"--kind {typed}: choose one of {said}.") from None


def version(session: Session, project_id: int, number: str) -> Guideline:
    """A version by its number. Raises WrongCallError naming those that there are."""
    from workflow.errors import RefusedError
    from workflow.guidelines import versions

    try:
        return versions.find(session, project_id, number)
    except RefusedError as error:
        raise WrongCallError(str(error)) from None


def _base(session: Session, project_id: int, number: str | None) -> int | None:
    return version(session, project_id, number).id if number else None


def _markdown(session: Session, project_id: int, base_id: int | None) -> str:
    from storage.tables import Guideline
    from workflow.guidelines import versions

    found = session.get_one(Guideline, base_id) if base_id else versions.current(session, project_id)
    return found.markdown


def _moment(session: Session, project_id: int, typed: str | None) -> datetime | None:
    from sqlalchemy import select
    from sqlmodel import col

    from storage.tables import Project

    if typed is None:
        return None
    zone = session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one()
    try:
        moment = datetime.fromisoformat(typed.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongCallError(f"--at {typed}: write a time as “2026-12-01 09:00”.") from None
