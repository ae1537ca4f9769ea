"""``concord audit``: samples of finished items that auditors judge blind, and what they found."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.exports import Format, Out, Raw, target
from bot.cli.opening import AsJson, ProjectName, Yes, asked, now, one_line, opened, print_json, project

if TYPE_CHECKING:
    from sqlmodel import Session

    from workflow.audit.asking import Asked
    from workflow.audit.starting import Wanted

app = typer.Typer(help="Start, list, show and replay audits.", no_args_is_help=True, rich_markup_mode=None)

LARGEST_ID = 2**63 - 1
AuditId = Annotated[
    int, typer.Argument(metavar="AUDIT", help="The audit's number, as audit list shows it.", min=1, max=LARGEST_ID)
]
ITEM_COLUMNS = ("item_id", "item", "id")


@app.command()
def start(
    name: ProjectName,
    design: Annotated[str, typer.Option(help="random, stratified or targeted.")] = "random",
    person: Annotated[str, typer.Option(help="Items that somebody labelled: @name.")] = "",
    label: Annotated[str, typer.Option(help="Items with this final label.")] = "",
    segment: Annotated[str, typer.Option(help="Items of a segment.")] = "",
    version: Annotated[str, typer.Option(help="Items decided under a guideline version, such as 1.2.")] = "",
    low_agreement: Annotated[
        bool, typer.Option("--low-agreement", help="Items that people labelled differently.")
    ] = False,
    suspects: Annotated[
        Path | None, typer.Option(help="Suspected items: ids, one a line, or a CSV with item_id.")
    ] = None,
    column: Annotated[str, typer.Option(help="Items that this column of the import says are suspect.")] = "",
    lot: Annotated[int | None, typer.Option(help="Only items of one import.", min=1, max=LARGEST_ID)] = None,
    since: Annotated[str, typer.Option(help="Only items decided since a date: 2026-03-01.")] = "",
    by: Annotated[str, typer.Option(help="Stratified by label, segment, version or lot.")] = "",
    half_width: Annotated[str, typer.Option(help="Know the error rate to within so much: 3%.")] = "",
    expected: Annotated[str, typer.Option(help="The error rate that is expected: 5%.")] = "",
    aql: Annotated[str, typer.Option(help="The error rate of a lot that passes: 2%.")] = "",
    ltpd: Annotated[str, typer.Option(help="The error rate of a lot that fails: 8%.")] = "",
    size: Annotated[int | None, typer.Option(help="Look at so many items.", min=1)] = None,
    why: Annotated[str, typer.Option(help="Why, for the leads and the auditors.")] = "",
    seed: Annotated[int | None, typer.Option(help="Draw by this seed.", min=0, max=2**62)] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what it would draw, and start nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start an audit; without figures by the project's own error rates. The clock of the running Concord draws it.

    A random or stratified audit is of the items that the options name; a targeted one suspects these, and draws half of its
    sample from all others.

    \b
    Example:
      concord audit start rte --aql 2% --ltpd 8%
      concord audit start rte --design targeted --low-agreement --person @ana --half-width 4%
    """
    from workflow.audit import asking, starting

    about = asking.Asked(
        design=design, person=person, label=label, segment=segment, version=version, low_agreement=low_agreement,
        suspects=_ids(suspects) if suspects else None, source=suspects.name if suspects else "", column=column, lot=lot,
        since=since, by=by, half_width=half_width, expected=expected, aql=aql, ltpd=ltpd, size=size, why=why, seed=seed,
    )  # fmt: skip
    with opened() as store:
        with store.read() as session:
            project_id = project(session, name)
            wanted = _read(session, project_id, about)
            seen = starting.preview(session, project_id, wanted)
        audit_id = (
            None
            if preview
            else store.transact(lambda session: starting.start(session, project_id, None, wanted, now()))
        )
    if as_json:
        print_json({"audit": audit_id} | _previewed(seen))
        return
    print(f"{seen.words}.")
    if len(seen.tiers) > 1:
        for tier in seen.tiers:
            print(f"  {one_line(tier.name)}: {tier.size:,} of {tier.population:,}")
    if audit_id is not None:
        print(f"Audit {audit_id} is started. It is drawn at the next tick of the clock: concord audit show {audit_id}")


def _read(session: Session, project_id: int, about: Asked) -> Wanted:
    from workflow.audit import asking
    from workflow.errors import RefusedError

    try:
        return asking.read(session, project_id, about)
    except RefusedError as error:
        raise WrongCallError(f"{error} Nothing was changed.") from None


def _previewed(seen: Any) -> dict[str, Any]:
    tiers = [{"name": one.name, "population": one.population, "size": one.size} for one in seen.tiers]
    return {
        "population": seen.population, "size": seen.size, "accept": seen.accept, "words": seen.words, "tiers": tiers
    }  # fmt: skip


def _ids(file: Path) -> list[str]:
    """Item ids from a file: the column that is called so, else all there is, one a line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = [row for row in csv.reader(text) if row]
    except UnicodeDecodeError:
        raise WrongCallError(f"{file} is not UTF-8 text: save it as UTF-8.") from None
    except csv.Error as error:
        raise WrongCallError(f"{file} is no list of item ids, one a line, and no CSV: {error}.") from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    at = next((header.index(one) for one in ITEM_COLUMNS if one in header), None)
    return [row[0] for row in rows] if at is None else [row[at] for row in rows[1:] if at < len(row)]


@app.command("list")
def list_audits(name: ProjectName, as_json: AsJson = False) -> None:
    """List the audits of a project, the newest first.

    \b
    Example:
      concord audit list rte
    """
    from workflow.audit import listing

    with opened() as store, store.read() as session:
        found = listing.listed(session, project(session, name))
    if as_json:
        print_json(found)
        return
    for one in found:
        print(f"{one['audit']}: {one['created'][:10]}, {one_line(one['items'])}, {_standing(one)}")
    if not found:
        print(f"There is no audit yet: concord audit start {name}")


def _standing(one: dict[str, Any]) -> str:
    if one["result"]:
        return f"{one['state']}: {one['result']['words']}"
    if one["state"] == "running":
        return f"running: {one['judged']:,} of {one['size']:,} judged"
    return str(one["state"])


@app.command()
def show(audit_id: AuditId, as_json: AsJson = False) -> None:
    """Show an audit: what was drawn and why, and what was found, by label, person and version.

    \b
    Example:
      concord audit show 3 --json
    """
    from workflow.audit import listing

    with opened() as store, store.read() as session:
        one = listing.shown(session, audit_id)
    if as_json:
        print_json(one)
        return
    by = f", by {one['by']}" if one["by"] else ""
    print(f"Audit {audit_id}, {one['design']}, {one['created'][:10]}{one_line(by)}: {one_line(one['items'])}")
    if one["why"]:
        print(f"Why     {one_line(one['why'])}")
    print(
        f"Drawn   {one['size']:,} of {one['population']:,} items, seed {one['seed']}" if one["drawn"] else "Not drawn"
    )
    for tier in one["tiers"] if len(one["tiers"]) > 1 else []:
        print(f"        {one_line(tier['name'])}: {tier['size']:,} of {tier['population']:,}")
    print(f"Stands  {_standing(one)}")
    for title, key in (("Label", "labels"), ("Person", "people"), ("Version", "versions")):
        for group in one["result"][key] if one["result"] else []:
            print(f"{title:<8}{one_line(group['name'])}: {_rate(group)}")


def _rate(group: dict[str, Any]) -> str:
    seen = f"{group['wrong']:,} of {group['judged']:,} wrong"
    if group["rate"] is None:
        return f"{seen}, too few to say more"
    return f"{seen}, {group['rate']:.1%} ({group['low']:.1%} to {group['high']:.1%})"


@app.command()
def replay(audit_id: AuditId, as_json: AsJson = False) -> None:
    """Draw the sample of an audit again, from its seed and the population that was kept, and compare.

    Ends with exit code 1 where it is not the same.

    \b
    Example:
      concord audit replay 3
    """
    from workflow.audit import replaying

    with opened() as store, store.read() as session:
        again = replaying.replay(session, audit_id)
    differing = {"missing": again.missing, "added": again.added, "moved": again.moved}
    if as_json:
        facts = {"audit": audit_id, "seed": again.seed, "population": again.population, "size": again.size}
        print_json(facts | {"same": again.same} | {name: list(ids) for name, ids in differing.items()})
    elif again.same:
        print(f"The same {again.size:,} of {again.population:,} items, drawn by seed {again.seed}.")
    else:
        said = ", ".join(f"{len(ids):,} {name}" for name, ids in differing.items() if ids)
        print(f"NOT the same {again.size:,} of {again.population:,} items, drawn by seed {again.seed}: {said}.")
    if not again.same:
        raise typer.Exit(1)


@app.command()
def cancel(
    audit_id: AuditId,
    why: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Call an audit off. What its auditors corrected stays corrected.

    \b
    Example:
      concord audit cancel 3 --why "the wrong lot"
    """
    from workflow.audit import ending, listing

    with opened() as store:
        with store.read() as session:
            one = listing.shown(session, audit_id)
        if not yes and not as_json:
            asked(f"Call off audit {audit_id}, {one['judged']:,} of {one['size']:,} judged?")
        told = store.transact(lambda session: ending.cancel(session, None, audit_id, now(), why=why))
    if as_json:
        print_json({"audit": audit_id, "changed": told is None, "message": told or ""})
    else:
        print(told or f"Audit {audit_id} is called off.")


@app.command()
def findings(
    audit_id: AuditId, file_format: Format = "csv", output: Out = None, raw: Raw = False, as_json: AsJson = False
) -> None:
    """Write the findings of an audit, one a row: the item, its chance of being drawn, the label, what the auditor said.

    \b
    Example:
      concord audit findings 3 -o findings.csv
    """
    from workflow import export
    from workflow.audit import listing

    with opened() as store, store.read() as session:
        listing.shown(session, audit_id)
        rows = listing.findings(session, audit_id)
        if as_json:
            print_json(list(rows))
            return
        with target(output) as out:
            if file_format == "jsonl":
                export.write_jsonl(rows, out)
                return
            escaped = export.write_csv(rows, listing.FINDING_COLUMNS, out, raw=raw)
    if escaped:
        print(export.UNDO, file=sys.stderr)
