"""``concord outbox``: what is still to be said in Slack, what could not be, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, now, one_line, opened, person, print_json, project

if TYPE_CHECKING:
    from sqlmodel import Session

    from storage.engine import Store
    from storage.tables import OutboxState
    from workflow.resending import Outcome
    from workflow.undelivered import Message

CHUNK = 1000

app = typer.Typer(
    help="What is still to be said in Slack, and what could not be.", no_args_is_help=True, rich_markup_mode=None
)

Ids = Annotated[list[int] | None, typer.Argument(metavar="ID...", help="As the list shows them.", show_default=False)]
InProject = Annotated[str | None, typer.Option("--project", help="Of this project only.", show_default=False)]
By = Annotated[str | None, typer.Option("--by", help="Who asks: USER, for the history.", show_default=False)]


@app.command("list")
def list_messages(
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="waiting, sending, unknown, failed, sent, dropped; may be repeated. [default: the first four]"
        ),
    ] = None,
    in_project: InProject = None,
    most: Annotated[int, typer.Option("--limit", help="How many at most.", min=1, max=10_000)] = 50,
    before: Annotated[int | None, typer.Option(help="Only ids below this one.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List messages that did not arrive (yet), the newest first: what, to whom, since when, and why.

    \b
    Example:
      concord outbox list --state failed --project rte
    """
    from workflow.undelivered import listed

    states = _states(state)
    with opened() as store, store.read() as session:
        project_id = project(session, in_project) if in_project else None
        found = listed(session, states, project_id, before=before, most=most + 1)
    shown, more = found[:most], len(found) > most
    if as_json:
        next_page = shown[-1].id if more else None
        print_json({"messages": [_as_json(row) for row in shown], "next_before": next_page})
        return
    for row in shown:
        print(_line(row))
    if more:
        print(f"There are more: --before {shown[-1].id}")
    if not shown:
        print("No such message." if state or before else "Everything was delivered.")


@app.command()
def retry(
    ids: Ids = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="Every message that failed.")] = False,
    in_project: InProject = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send messages that failed again, once their cause is gone; those that wait are sent now.

    One that may have arrived is looked for first, by the running Concord, and sent only where it is not there.

    \b
    Example:
      concord outbox retry 812 815
      concord outbox retry --all-failed --project rte
    """
    from workflow import resending

    if bool(ids) == all_failed:
        raise WrongCallError("Say which: ids as `concord outbox list` shows them, or --all-failed.")
    if in_project and not all_failed:
        raise WrongCallError("--project goes with --all-failed.")
    with opened() as store:
        who = _who(store, by)
        work: Callable[[Session, list[int]], list[Outcome]] = lambda session, some: resending.retry(  # noqa: E731
            session, some, now(), who
        )
        done = _all_failed(store, in_project, work) if all_failed else _in_chunks(store, ids or [], work)
    _print(done, as_json, "Nothing has failed.")


@app.command()
def drop(
    ids: Annotated[list[int], typer.Argument(metavar="ID...", help="As the list shows them.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why; kept with the message.", show_default=False)],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Give up messages that wait or failed. One that is being sent cannot be dropped.

    \b
    Example:
      concord outbox drop 812 --reason "the channel is gone" --by @ana
    """
    from workflow import resending

    if not reason.strip():
        raise WrongCallError("--reason: say why, for whoever wonders later where the message is.")
    with opened() as store:
        who = _who(store, by)
        done = _in_chunks(store, ids, lambda session, some: resending.drop(session, some, reason, now(), who))
    _print(done, as_json, "")


def _states(typed: list[str] | None) -> list[OutboxState]:
    from storage.tables import OutboxState
    from workflow.undelivered import UNSENT

    known = [state.value for state in OutboxState]
    for name in typed or []:
        if name not in known:
            raise WrongCallError(f"There is no state {name!r}: choose from {', '.join(known)}.")
    return [OutboxState(name) for name in typed] if typed else list(UNSENT)


def _who(store: Store, by: str | None) -> int | None:
    if by is None:
        return None
    with store.read() as session:
        return person(session, by)


def _in_chunks(store: Store, ids: list[int], work: Callable[[Session, list[int]], list[Outcome]]) -> list[Outcome]:
    found: list[Outcome] = []
    for start in range(0, len(ids), CHUNK):
        found += store.transact(lambda session, some=ids[start : start + CHUNK]: work(session, some))  # type: ignore[misc]
    return found


def _all_failed(
    store: Store, in_project: str | None, work: Callable[[Session, list[int]], list[Outcome]]
) -> list[Outcome]:
    from workflow import resending

    with store.read() as session:
        project_id = project(session, in_project) if in_project else None
    found: list[Outcome] = []
    after = 0
    while True:
        with store.read() as session:
            some = resending.failed(session, project_id, after=after, most=CHUNK)
        if not some:
            return found
        found += _in_chunks(store, some, work)
        after = some[-1]


def _line(row: Message) -> str:
    where = f" [{row.project}]" if row.project else ""
    maybe = "; may have arrived" if row.maybe_sent and row.state.value in ("unknown", "failed") else ""
    why = f": {row.reason}" if row.reason else ""
    tried = f", tried {row.attempts} times" if row.attempts > 1 else ""
    since = f"{row.since:%Y-%m-%d %H:%M} UTC"
    what = f"{row.template} ({row.subject}) to {row.to}{where}"
    return one_line(f"{row.id} {row.state.value} since {since}: {what}{tried}{maybe}{why}")


def _as_json(row: Message) -> dict[str, Any]:
    times = {"since": row.since.isoformat(), "due_at": row.due_at.isoformat()}
    return {**asdict(row), "state": row.state.value, **times}


def _print(done: list[Outcome], as_json: bool, nothing: str) -> None:
    if as_json:
        print_json([asdict(one) for one in done])
    else:
        for one in done:
            print(f"{one.id} {one.words}.")
        if not done:
            print(nothing)
    if done and not any(one.done for one in done):
        raise typer.Exit(1)
