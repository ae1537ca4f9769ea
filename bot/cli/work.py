"""``concord assign``, ``digest``, ``agreement`` and ``undelivered``: what leads ask for outside Slack."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, now, one_line, opened, print_json, project

if TYPE_CHECKING:
    from workflow.agreement_check import CrossCheck
    from workflow.plan import Planned, RefusedPlan

CHUNK = 1000


def assign(
    name: ProjectName,
    plan_file: Annotated[
        Path, typer.Option("--plan", help="CSV with the columns item and person.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Plan who gets which item. Rows that break a rule are refused, line by line; the others are taken.

    A planned place is kept for the person until they ask for their next batch.

    \b
    Example:
      concord assign rte --plan plan.csv
    """
    from workflow import plan

    rows = _plan_rows(plan_file)
    refused: list[RefusedPlan] = []
    with opened() as store:
        with store.read() as session:
            project_id = project(session, name)
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            refused += store.transact(lambda session, part=chunk: plan.plan(session, project_id, part, now()))  # type: ignore[misc]
    if as_json:
        print_json(
            {
                "rows": len(rows),
                "planned": len(rows) - len(refused),
                "refused": [{"line": row.line, "reason": row.reason} for row in refused],
            }
        )
    else:
        print(f"{len(rows):,} rows = {len(rows) - len(refused):,} planned + {len(refused):,} refused")
        for row in refused:
            print(f"  line {row.line}: {row.reason}")
    if rows and len(refused) == len(rows):
        raise typer.Exit(1)


def _plan_rows(file: Path) -> list[Planned]:
    """The rows of a plan, each with the physical line on which it begins."""
    from workflow.plan import Planned

    with file.open(encoding="utf-8-sig", newline="") as opened_file:
        reader = csv.reader(opened_file)
        begins = 1
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            item, person = _column(header, "item", "item_id", "id"), _column(header, "person", "annotator")
            if item is None or person is None:
                raise WrongCallError(f"{file}: the first line has to name the columns `item` and `person`.")
            rows = []
            begins = reader.line_num + 1
            for cells in reader:
                if cells:
                    rows.append(Planned(begins, _cell(cells, item), _cell(cells, person)))
                begins = reader.line_num + 1
        except UnicodeDecodeError:
            raise WrongCallError(f"{file} is not UTF-8. Save it as UTF-8 and try again; nothing was planned.") from None
        except csv.Error as error:
            raise WrongCallError(f"{file}, line {begins}: {error}. Nothing was planned.") from None
    return rows


def _column(header: Sequence[str], *names: str) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _cell(cells: Sequence[str], at: int) -> str:
    # PostgreSQL takes no NUL, and no item has one.
    return cells[at].strip().replace("\0", "\N{REPLACEMENT CHARACTER}") if at < len(cells) else ""


def digest(name: ProjectName, as_json: AsJson = False) -> None:
    """Print the numbers since the last digest. Claims nothing: the scheduled digest reports the same period.

    \b
    Example:
      concord digest rte --json
    """
    from workflow import digest as digests

    with opened() as store, store.read() as session:
        numbers = digests.asked(session, project(session, name), now())
    if as_json:
        print_json(numbers)
        return
    _print_digest(numbers)


def _print_digest(numbers: dict[str, Any]) -> None:
    agreement, waiting = numbers["agreement"], numbers["escalations"]
    print(f"{numbers['project']}: {numbers['from']} to {numbers['to']}")
    print(
        f"Labels      {numbers['labels']:,} new, {numbers['labels_needed']:,} still needed, {numbers['skips']:,} skips"
    )
    print(f"Items       {numbers['items_done']:,} done now, {numbers['done']:,} of {numbers['items']:,} in all")
    print(f"Expected    {numbers['expected_end'] or numbers['no_end']}")
    print(f"Agreement   {agreement['words']}")
    if agreement["raw"] is not None:
        print(f"            raw agreement {agreement['raw']:.1%}, chance not taken out")
    if agreement["shares"]:
        print("Labels are  " + ", ".join(f"{one['title']} {one['share']:.0%}" for one in agreement["shares"]))
    if confused := agreement["confused"]:
        print(f"Confused    {confused['first']} and {confused['second']}, {confused['share']:.0%} of the disagreement")
    print(
        f"Waiting     {waiting['open']} for a ruling"
        + (f", the oldest since {waiting['oldest']}" if waiting["oldest"] else "")
    )
    print("Worked      " + (", ".join(f"{one['name']} {one['labels']}" for one in numbers["people"]) or "nobody"))
    if read := numbers["guideline"]:
        missing = f"; not yet: {one_line(', '.join(read['missing']))}" if read["missing"] else ""
        print(f"Guideline   {read['version']} is read by {read['acknowledged']} of {read['asked']}{missing}")
    if numbers["undelivered"]:
        print(f"Undelivered {numbers['undelivered']}: concord undelivered {numbers['project']}")


def agreement(
    name: ProjectName,
    check: Annotated[
        bool, typer.Option("--check", help="Compute it again from single labels with `krippendorff`.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print agreement over all labels so far; --check computes it a second way and compares.

    \b
    Example:
      concord agreement rte --check
    """
    from sqlalchemy import select
    from sqlmodel import col

    from storage.tables import Project
    from workflow import digest as digests
    from workflow.agreement_labels import checked

    with opened() as store, store.read() as session:
        project_id = project(session, name)
        level = session.execute(select(col(Project.level)).where(col(Project.id) == project_id)).scalar_one()
        numbers = digests.agreement_numbers(session, project_id, level)
        compared = checked(session, project_id, level) if check else None
    if compared is not None:
        numbers["check"] = {"package": compared.package, "difference": compared.difference, "agrees": compared.agrees}
    if as_json:
        print_json(numbers)
    else:
        print(numbers["words"])
        if compared is not None:
            print(_compared(compared))
    if compared is not None and not compared.agrees:
        raise typer.Exit(1)


def _compared(check: CrossCheck) -> str:
    if check.package is None:
        found = "krippendorff has no figure"
    elif check.difference is None:
        found = f"krippendorff: {check.package!r}"
    else:
        found = f"krippendorff: {check.package!r}, difference {check.difference!r}"
    return f"{found}: {'agrees' if check.agrees else 'DIFFERS'}"


def undelivered(name: ProjectName, as_json: AsJson = False) -> None:
    """Print the messages of a project that could not be delivered, and why.

    \b
    Example:
      concord undelivered rte
    """
    from workflow.undelivered import undelivered as kept

    with opened() as store, store.read() as session:
        rows = kept(session, project(session, name))
    if as_json:
        print_json([{**asdict(row), "since": row.since.isoformat()} for row in rows])
        return
    for row in rows:
        still = "still trying" if row.still_trying else "given up"
        print(f"{row.since:%Y-%m-%d %H:%M} UTC  {row.template} to {row.to} ({still}): {row.reason}")
    if not rows:
        print("Everything was delivered.")
