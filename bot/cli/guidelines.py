"""``concord guideline``: the versions of a project's guideline, what differs between them, and proposing another one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import proposing
from bot.cli.errors import WrongCallError
from bot.cli.exports import Out, target
from bot.cli.opening import AsJson, ProjectName, one_line, opened, print_json, project

if TYPE_CHECKING:
    from sqlmodel import Session

    from workflow.views.versions import Compared

app = typer.Typer(
    help="Read, compare, export and propose versions of a guideline.", no_args_is_help=True, rich_markup_mode=None
)

app.command("propose")(proposing.propose)

Number = Annotated[str | None, typer.Argument(metavar="[VERSION]", help="Such as 1.2.", show_default=False)]
MARKS = {"out": ("[-", "-]"), "in": ("{+", "+}"), "same": ("", "")}
KEPT = 200


@app.command("list")
def list_versions(name: ProjectName, as_json: AsJson = False) -> None:
    """List all versions of a project's guideline, the newest first.

    \b
    Example:
      concord guideline list rte
    """
    from workflow.views.versions import versions_view

    with opened() as store, store.read() as session:
        view = versions_view(session, project(session, name))
    found = [
        {
            "version": one.number,
            "in_force": entry["in_force"],
            "at": one.at.isoformat(),
            "kind": one.kind.value if one.kind else None,
            "summary": one.summary,
            "by": one.by,
        }
        for entry in view["versions"]
        for one in [entry["version"]]
    ]
    if as_json:
        print_json(found)
        return
    with target(None) as out:
        for one in found:
            standing = "in force" if one["in_force"] else ""
            facts = [one["at"][:10], (one["kind"] or "").replace("_", " "), one["by"], one["summary"], standing]
            out.write(one_line(f"{one['version']}: {', '.join(filter(None, facts))}") + "\n")


@app.command()
def show(name: ProjectName, number: Number = None, output: Out = None, as_json: AsJson = False) -> None:
    """Print a version as Markdown; without a number the one in force.

    \b
    Example:
      concord guideline show rte 1.2
      concord guideline show rte -o guideline.md
    """
    from workflow.guidelines import versions

    with opened() as store, store.read() as session:
        project_id = project(session, name)
        found = proposing.version(session, project_id, number) if number else versions.current(session, project_id)
    if as_json:
        version = f"{found.major}.{found.minor}"
        said = {"project": name, "version": version, "at": found.at.isoformat(), "markdown": found.markdown}
        _write_json(said, output)
        return
    with target(output) as out:
        out.write(found.markdown)


@app.command()
def diff(
    name: ProjectName,
    before: Number = None,
    after: Number = None,
    unified: Annotated[bool, typer.Option("--unified", "-u", help="A .diff file, line by line.")] = False,
    output: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions, section by section: [-gone-] and {+new+} words.

    With one number, between it and the version in force; with none, between the last two.

    \b
    Example:
      concord guideline diff rte 1.2 2.0
      concord guideline diff rte 1.2 2.0 --unified -o guideline.diff
    """
    from workflow.views.versions import compared

    with opened() as store, store.read() as session:
        found = compared(session, *_between(session, project(session, name), [one for one in (before, after) if one]))
    if as_json:
        _write_json(_difference(found), output)
        return
    with target(output) as out:
        out.write(_unified(found) if unified else "".join(f"{line}\n" for line in _told(found)))


@app.command()
def export(
    name: ProjectName,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Is made if it is not there.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write one Markdown file a version, and CHANGELOG.md, into a folder. Files of these names are replaced.

    \b
    Example:
      concord guideline export rte guideline/
    """
    from workflow.guidelines.text import exporting

    written = []
    with opened() as store, store.read() as session:
        found = exporting.files(session, project(session, name))
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in found:
            with target(folder / file) as out:
                out.write(text)
            written.append(str(folder / file))
    if as_json:
        print_json({"project": name, "files": written})
        return
    print(f"{len(written)} files are in {folder}: {one_line(', '.join(Path(one).name for one in written))}")


def _between(session: Session, project_id: int, numbers: list[str]) -> tuple[int, int]:
    from workflow.errors import RefusedError
    from workflow.guidelines import versions

    try:
        before, after = versions.between(session, project_id, numbers)
    except RefusedError as error:
        raise WrongCallError(str(error)) from None
    return before.id or 0, after.id or 0


def _write_json(value: Any, output: Path | None) -> None:
    with target(output) as out:
        out.write(f"{json.dumps(value, ensure_ascii=False, indent=2)}\n")


def _difference(found: Compared) -> dict[str, Any]:
    from workflow.guidelines.text.diffing import in_words

    made: dict[str, Any] = {
        "project": found.project,
        "before": found.before,
        "after": found.after,
        "summary": in_words(found.diff),
        "labels": list(found.labels),
        "changes": found.diff.as_values(),
    }
    return made


def _unified(found: Compared) -> str:
    from workflow.guidelines.text.diffing import unified

    return unified(found.before_markdown, found.after_markdown, f"{found.before}.md", f"{found.after}.md")


def _told(found: Compared) -> Iterator[str]:
    from workflow.guidelines.text.diffing import in_words

    yield f"{found.project}, {found.before} -> {found.after}: {in_words(found.diff)}"
    yield from (f"Label: {words}" for words in found.labels)
    for change in found.diff.changes:
        was = f" (was {change.old_title})" if change.old_title not in ("", change.title) else ""
        behind = f", now behind {change.behind}" if change.kind == "moved" and change.behind else ""
        yield ""
        yield f"{change.kind.upper()}: {change.title or 'before the first heading'}{was}{behind}"
        if change.words:
            yield ""
            yield "".join(_marked(op, text, len(change.words) > 1) for op, text in change.words).rstrip("\n")


def _marked(op: str, text: str, among_others: bool) -> str:
    if op == "same" and among_others and len(text) > 2 * KEPT:
        text = f"{text[:KEPT]} ... {text[-KEPT:]}"
    first, last = MARKS[op]
    return f"{first}{text}{last}"
