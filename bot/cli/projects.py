"""``concord project``: making, listing, showing and changing projects."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, now, opened, print_json, print_standing, project

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
def edit(
    name: ProjectName,
    overlap: Annotated[int | None, typer.Option(help="How many people label every item.", show_default=False)] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="PURPOSE=CHANNEL; team, review or leads.", show_default=False)
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option(help="USER=ROLE,ROLE: exactly these roles.", show_default=False)
    ] = None,
    remove: Annotated[list[str] | None, typer.Option(help="USER to take out.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Change a project's overlap, channels or people. Options may be repeated; all are done, or none.

    \b
    Example:
      concord project edit rte --overlap 4 --channel review=#rulings --person @ana=annotator,lead
    """
    from workflow import projects

    if overlap is None and not (channel or person or remove):
        raise WrongCallError("Say what to change: --overlap, --channel, --person or --remove.")
    channels = _channels(channel or [])
    members = _members(person or []) | dict.fromkeys(remove or [], ())
    with opened() as store:
        with store.read() as session:
            project_id = project(session, name)
        made = projects.edit(store, project_id, now(), None, overlap=overlap, channels=channels, members=members)
    if as_json:
        print_json({"project": name, "warnings": made.warnings, "open": made.open_points})
        return
    print(f"Project {name} is changed.")
    print_standing(made.warnings, made.open_points)


def _channels(typed: list[str]) -> dict[Any, str]:
    from storage.tables import Purpose

    found = {}
    for entry in typed:
        purpose, _, channel = entry.partition("=")
        if purpose not in list(Purpose) or not channel:
            raise WrongCallError(f'--channel {entry}: write a purpose and a channel, such as review="#rulings"')
        found[Purpose(purpose)] = channel
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
    print("Channels: " + ", ".join(f"{purpose} {channel}" for purpose, channel in found["channels"].items()))
    print("Items: " + (", ".join(f"{count} {state}" for state, count in found["items"].items()) or "none yet"))
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


def print_person(person: dict[str, Any]) -> None:
    """One person on a line."""
    away = "" if person["active"] else " (deactivated)"
    print(f"  {person['name']} [{person['user']}]: {', '.join(person['roles'])}{away}")
