"""``concord project``: making, listing, showing and changing projects."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from bot.cli.errors import WrongCallError
from bot.cli.exports import Out, target
from bot.cli.opening import AsJson, ProjectName, now, opened, print_json, print_standing, project

QUALITY = {"review": "Reviews", "cases": "Cases", "disputes": "Disputes", "audits": "Audits"}

app = typer.Typer(help="Make, list, show and change projects.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def create(
    file: Annotated[Path, typer.Option("--file", "-f", help="The project file (YAML).", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make a project from a project file.

    \b
    Example:
      concord project create -f project.yaml
    """
    from workflow import project_file, projects

    spec = project_file.load(file)
    with opened() as store:
        made = store.transact(lambda session: projects.create(session, spec, now(), None))
    if as_json:
        print_json({"project": spec.name, "warnings": made.warnings, "open": made.open_points})
        return
    print(f"Project {spec.name} is made: {len(spec.labels)} labels, overlap {spec.overlap}, {len(spec.people)} people.")
    print_standing(made.warnings, made.open_points)


@app.command("list")
def list_projects(as_json: AsJson = False) -> None:
    """List all projects.

    \b
    Example:
      concord project list --json
    """
    from workflow import overview

    with opened() as store, store.read() as session:
        found = overview.listed(session)
    if as_json:
        print_json(found)
        return
    for entry in found:
        print(f"{entry['name']}: {entry['done']} of {entry['items']} items done, {entry['people']} people")
    if not found:
        print("There is no project yet: concord project create -f project.yaml")


@app.command()
def show(name: ProjectName, as_json: AsJson = False) -> None:
    """Show a project: its rules, labels, channels, people, items, and what is still open.

    \b
    Example:
      concord project show rte
    """
    from workflow import overview

    with opened() as store, store.read() as session:
        found = overview.shown(session, project(session, name))
    if as_json:
        print_json(found)
    else:
        _print_project(found)


@app.command()
def export(name: ProjectName, output: Out = None) -> None:
    """Print a project as the project file that makes it, to be kept in version control.

    \b
    Example:
      concord project export rte -o project.yaml
    """
    from workflow.project_yaml import as_yaml

    with opened() as store, store.read() as session:
        text = as_yaml(session, project(session, name))
    with target(output) as out:
        out.write(text)


@app.command()
def edit(
    name: ProjectName,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A project file; what it leaves out stays.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a file is applied.")] = False,
    overlap: Annotated[int | None, typer.Option(help="How many people label every item.", show_default=False)] = None,
    question: Annotated[str | None, typer.Option(help="What people are asked.", show_default=False)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Items in a batch.", show_default=False)] = None,
    accept: Annotated[
        str | None, typer.Option(help="unanimous, majority, or a share such as 0.8.", show_default=False)
    ] = None,
    skip: Annotated[str | None, typer.Option(help="others, later or never.", show_default=False)] = None,
    hold: Annotated[
        str | None, typer.Option(help="How long a place is kept: 90m, 24h, 2d.", show_default=False)
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.", show_default=False)] = None,
    digest: Annotated[str | None, typer.Option(help="When the digest is posted: 09:00.", show_default=False)] = None,
    near: Annotated[str | None, typer.Option(help="Near duplicates: report, link or off.", show_default=False)] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="PURPOSE=CHANNEL; team, review or leads.", show_default=False)
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option(help="USER=ROLE,ROLE: exactly these roles.", show_default=False)
    ] = None,
    remove: Annotated[list[str] | None, typer.Option(help="USER to take out.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Change a project by options, or to what a project file says. All is done, or nothing.

    A file is compared first, and what differs is shown. Label values, level and fields stay once there are items.

    \b
    Example:
      concord project edit rte --overlap 4 --channel review=#rulings --person @ana=annotator,lead
      concord project edit rte -f project.yaml
    """
    from dataclasses import replace

    from workflow import project_edit
    from workflow.project_differences import remarks

    options = {
        "overlap": overlap, "question": question, "batch_size": batch_size, "accept": accept, "skip": skip, "hold": hold,
        "time_zone": time_zone, "digest": digest, "near": near, "channels": _channels(channel or []) or None,
    }  # fmt: skip
    given = {key: value for key, value in options.items() if value is not None}
    members = _members(person or []) | dict.fromkeys(remove or [], ())
    if file is None and not (given or members):
        raise WrongCallError("Say what to change: -f project.yaml, --overlap, --channel, --person; see --help.")
    asked = project_edit.of_file(file) if file is not None else project_edit.Asked()
    asked = replace(asked, changes={**asked.changes, **given}, members=members)
    with opened() as store:
        with store.read() as session:
            project_id = project(session, name)
            shown = project_edit.preview(session, project_id, asked)
        if file is not None and shown.differences and not yes:
            _print_lines(shown.differences, to=sys.stderr)
            if not typer.confirm(f"Change {name} so?", err=True):
                raise WrongCallError("Nothing was changed.")
        made, standing = project_edit.make(store, project_id, asked, now(), None, mark=shown.mark)
    if as_json:
        changed = [{"key": one.key, "what": one.what, "before": one.before, "after": one.after} for one in made]
        print_json({"project": name, "changed": changed, "warnings": standing.warnings, "open": standing.open_points})
        return
    print(f"Project {name} is changed." if made else f"Nothing differs: project {name} stays as it is.")
    _print_lines([*made, *remarks(made)], to=sys.stdout)
    print_standing(standing.warnings, standing.open_points)


def _print_lines(lines: Sequence[object], to: TextIO) -> None:
    for line in lines:
        print(f"  {line}", file=to)


def _channels(typed: list[str]) -> dict[str, str]:
    from storage.tables import Purpose

    found = {}
    for entry in typed:
        purpose, _, channel = entry.partition("=")
        if purpose not in list(Purpose) or not channel:
            raise WrongCallError(f'--channel {entry}: write a purpose and a channel, such as review="#rulings"')
        found[purpose] = channel
    return found


def _members(typed: list[str]) -> dict[str, tuple[Any, ...]]:
    found = {}
    for entry in typed:
        user, _, names = entry.rpartition("=")
        if not user:
            raise WrongCallError(f"--person {entry}: write a user and roles, such as @ana=annotator,lead")
        found[user] = tuple(roles(names.split(",")))
    return found


def roles(names: list[str]) -> list[Any]:
    """Roles by their names. Raises WrongCallError naming those that there are."""
    from storage.tables import Role

    known = [role.value for role in Role]
    for name in names:
        if name not in known:
            raise WrongCallError(f"There is no role {name!r}: choose from {', '.join(known)}.")
    return [Role(name) for name in names]


def _print_project(found: dict[str, Any]) -> None:
    print(f"{found['name']}: {found['question']}")
    for label in found["labels"]:
        title = f" ({label['title']})" if label["title"] != label["value"] else ""
        print(f"  {label['value']}{title}" + (f": {label['description']}" if label["description"] else ""))
    print(
        f"Level {found['level']}, overlap {found['overlap']}, batches of {found['batch_size']}, accept {found['accept']}, "
        f"skip {found['skip']}, hold {found['hold']}, digest {found['digest']} {found['time_zone']}"
    )
    print("Fields: " + ", ".join(found["fields"]))
    _print_intake(found)
    print(f"New versions of the guideline: {_rules(found['guidelines'])}")
    for part, rules in found["quality"].items():
        print(f"{QUALITY[part]}: {_rules(rules)}")
    print("Channels: " + ", ".join(f"{purpose} {channel}" for purpose, channel in found["channels"].items()))
    print(
        "Items: "
        + (", ".join(f"{count} {state.replace('_', ' ')}" for state, count in found["items"].items()) or "none yet")
    )
    print("People:" + ("" if found["people"] else " none yet"))
    for person in found["people"]:
        print_person(person)
    print_standing(found["warnings"], found["open"])


def _print_intake(found: dict[str, Any]) -> None:
    from workflow.intake import spec
    from workflow.project_differences import shown

    print(f"Near duplicates: {shown(found['near'])}")
    if "steps" in found:
        print(f"Steps: {shown(found['steps'])}")
    for one, typed in zip(spec.read(found).filters, found.get("filters", []), strict=True):
        rest = {key: value for key, value in typed.items() if key not in ("name", "do")}
        print(f"Filter {one.name}: {one.do}, {shown(rest)}")


def _rules(rules: dict[str, Any]) -> str:
    from workflow.project_differences import shown

    return ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in rules.items())


def print_person(person: dict[str, Any]) -> None:
    """One person on a line."""
    away = "" if person["active"] else " (deactivated)"
    print(f"  {person['name']} [{person['user']}]: {', '.join(person['roles'])}{away}")
