"""``concord near PROJECT``: items that say nearly the same, and taking back those that were linked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, now, opened, person, print_json, project

if TYPE_CHECKING:
    from storage.tables import NearState
    from workflow.near.listing import Listed

SHOWN = 100

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

ItemKey = Annotated[str, typer.Argument(metavar="ITEM", help="Its id in the file it came in.", show_default=False)]


@app.callback()
def near(context: typer.Context, name: ProjectName) -> None:
    """See which items say nearly the same, and take back those that were linked to another one.

    \b
    Examples:
      concord near rte list --state linked
      concord near rte restore 1042
      concord near rte like 1042
    """
    context.obj = name


@app.command("list")
def list_pairs(
    context: typer.Context,
    lot: Annotated[int | None, typer.Option(help="Only what this import brought.", show_default=False)] = None,
    state: Annotated[str | None, typer.Option(help="reported, linked or restored.", show_default=False)] = None,
    most: Annotated[int, typer.Option("--limit", help="How many at most.", min=1, max=10_000)] = 50,
    before: Annotated[int | None, typer.Option(help="Only pairs below this number.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List pairs of items that say nearly the same, the newest first, with their similarity from 0 to 1.

    \b
    Example:
      concord near rte list --state linked --json
    """
    from workflow.near.listing import listed

    wanted = _state(state)
    with opened() as store, store.read() as session:
        project_id = project(session, context.obj)
        found = listed(session, project_id, lot_id=lot, state=wanted, before=before, most=most + 1)
    shown, more = found[:most], len(found) > most
    if as_json:
        print_json({"pairs": [_as_json(pair) for pair in shown], "next_before": shown[-1].id if more else None})
        return
    for pair in shown:
        print(
            f"{pair.id}  {pair.similarity:.3f}  {pair.state.value:9} {pair.item} is like {pair.like} (lot {pair.lot_id})"
        )
        print(f"    {pair.item}: {_text(pair.fields)}")
        print(f"    {pair.like}: {_text(pair.like_fields)}")
    if more:
        print(f"There are more: --before {shown[-1].id}")
    if not shown:
        print("No such pair." if lot or state or before else "No two items were found that say nearly the same.")


@app.command()
def restore(
    context: typer.Context,
    item: ItemKey,
    by: Annotated[str | None, typer.Option("--by", help="Who asks: USER, for the history.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Take an item back that was linked to another one: people label it as any other.

    \b
    Example:
      concord near rte restore 1042 --by @lea
    """
    from workflow.near import restoring
    from workflow.near.listing import item_called

    with opened() as store:
        with store.read() as session:
            item_id = item_called(session, project(session, context.obj), item)
            who = person(session, by) if by else None
        store.transact(lambda session: restoring.restore(session, item_id, who, now()))
    if as_json:
        print_json({"item": item, "state": "open"})
    else:
        print(f"Item {item} is open to people.")


@app.command()
def like(
    context: typer.Context,
    item: ItemKey,
    most: Annotated[int, typer.Option("--limit", help="How many at most.", min=1, max=100)] = 3,
    as_json: AsJson = False,
) -> None:
    """Look up the items that are most like one, at least half, as the kept index knows them.

    \b
    Example:
      concord near rte like 1042 --limit 10
    """
    from workflow.near import listing

    with opened() as store, store.read() as session:
        project_id = project(session, context.obj)
        found = listing.most_like(session, project_id, listing.item_called(session, project_id, item), most)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        print(f"{one.similarity:.3f}  {one.item}: {_text(one.fields)}")
    if not found:
        print(f"No item of the index is at least half like {item}.")


def _state(typed: str | None) -> NearState | None:
    from storage.tables import NearState

    if typed is None:
        return None
    known = [state.value for state in NearState]
    if typed not in known:
        raise WrongCallError(f"There is no state {typed!r}: choose from {', '.join(known)}.")
    return NearState(typed)


def _as_json(pair: Listed) -> dict[str, Any]:
    return {**asdict(pair), "state": pair.state.value, "at": pair.at.isoformat()}


def _text(fields: Mapping[str, str]) -> str:
    """The fields on one line, cut where it is long."""
    line = " | ".join(" ".join(text.split()) for text in fields.values())
    # A terminal is told nothing by a text: an escape in it would be.
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."
