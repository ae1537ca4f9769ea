"""``concord people PROJECT``: who is in a project, and what they may do."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot.cli import forgetting
from bot.cli.opening import AsJson, ProjectName, now, opened, print_json, print_standing, project
from bot.cli.projects import print_person, roles


class _People(TyperGroup):
    """Commands on the people of a project, and one that is about all projects."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The command's words, with a project's name in front."""
        return super().parse_args(ctx, forgetting.without_project(args, self.commands))


app = typer.Typer(cls=_People, invoke_without_command=True, rich_markup_mode=None, no_args_is_help=True)
app.command("forget")(forgetting.forget)

User = Annotated[str, typer.Argument(metavar="USER", help="@name, e-mail address or Slack id.", show_default=False)]


@app.callback()
def people(context: typer.Context, name: ProjectName) -> None:
    """See and change who is in a project; without a further command, list them.

    \b
    Examples:
      concord people rte list
      concord people rte add @ana --role annotator --role lead
      concord people rte remove @ana
      concord people rte role @ana reviewer
      concord people forget @ana
    """
    context.obj = name
    if context.invoked_subcommand is None:
        _list(name, as_json=False)


@app.command("list")
def list_people(context: typer.Context, as_json: AsJson = False) -> None:
    """List everybody in the project.

    \b
    Example:
      concord people rte list --json
    """
    _list(context.obj, as_json=as_json)


@app.command()
def add(
    context: typer.Context,
    user: User,
    role: Annotated[
        list[str] | None, typer.Option("--role", "-r", help="May be repeated. [default: annotator]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add somebody, or give a member more roles. Who is not in Slack yet is looked for when it is reached.

    \b
    Example:
      concord people rte add @ana --role annotator --role lead
    """
    from workflow import membership

    wanted = roles(role or ["annotator"])
    _change(context.obj, lambda session, pid: membership.add(session, pid, user, wanted, now(), None), as_json)


@app.command()
def remove(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Take somebody out of the project. Their open work goes back to the pool, their labels stay.

    \b
    Example:
      concord people rte remove @ana
    """
    from workflow import membership
    from workflow.people import find

    _change(
        context.obj,
        lambda session, pid: membership.remove(session, pid, find(session, pid, user), now(), None),
        as_json,
    )


@app.command("role")
def set_roles(
    context: typer.Context,
    user: User,
    role: Annotated[list[str], typer.Argument(metavar="ROLE...", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Give a member exactly these roles: annotator, reviewer, auditor, lead, manager.

    \b
    Example:
      concord people rte role @ana annotator reviewer
    """
    from workflow import membership
    from workflow.people import find

    wanted = roles(role)
    _change(
        context.obj,
        lambda session, pid: membership.set_roles(session, pid, find(session, pid, user), wanted, now(), None),
        as_json,
    )


def _change(name: str, change: Any, as_json: bool) -> None:
    from workflow import projects

    with opened() as store:
        store.transact(lambda session: change(session, project(session, name)))
        with store.read() as session:
            standing = projects.standing(session, project(session, name))
    if not as_json:
        print_standing(standing.warnings, standing.open_points)
    _list(name, as_json=as_json)


def _list(name: str, *, as_json: bool) -> None:
    from workflow import overview
    from workflow.people import members

    with opened() as store, store.read() as session:
        found = [overview.member(entry) for entry in members(session, project(session, name))]
    if as_json:
        print_json(found)
        return
    for person in found:
        print_person(person)
    if not found:
        print(f"Nobody is in {name} yet: concord people {name} add @ana --role annotator")
