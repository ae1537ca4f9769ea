"""``concord people forget``: removing a person's personal data when they ask for it."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import AsJson, Yes, asked, now, opened, person, print_json

if TYPE_CHECKING:
    from storage.engine import Store
    from workflow.forgetting import Forgotten, Plan

LOOK_AGAIN_SECONDS = 0.5


def forget(
    user: Annotated[str, typer.Argument(metavar="USER", help="@name, e-mail address or Slack id.", show_default=False)],
    yes: Yes = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="Make blank what they wrote to flags, cases and disputes.")
    ] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(help="Something else they are known by: a former name, an address. May be repeated."),
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to let a running Concord close their cards first.", min=0, max=3600)
    ] = 30.0,
    by: Annotated[str | None, typer.Option(help="Who does it: USER, for the history.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Remove somebody's personal data from all projects, for good. Their labels stay, under a pseudonym.

    Says what will happen, and asks. Copies that `concord backup` made earlier are not changed.

    \b
    Example:
      concord people forget @ana --also ana@example.org
    """
    from workflow import forgetting

    with opened() as store:
        with store.read() as session:
            person_id = person(session, user)
            who = person(session, by) if by else None
        plan = forgetting.plan(store, person_id, also or [])
        _print_plan(plan, notes=notes)
        if not yes:
            asked(f"Forget {plan.name}? This cannot be undone.")
        store.transact(lambda session: forgetting.leave(session, person_id, now(), who))
        _let_cards_be_closed(store, person_id, wait)
        done = forgetting.forget(store, person_id, now(), who, also=also or [], notes=notes)
    if as_json:
        print_json({**asdict(done), "replaced": dict(done.replaced), "untouched_items": plan.untouched})
        return
    _print_done(done, plan)


def _let_cards_be_closed(store: Store, person_id: int, seconds: float) -> None:
    """Wait until nothing is on its way to the person any more, or the time is over."""
    from workflow import forgetting

    end = time.monotonic() + seconds
    while True:
        with store.read() as session:
            left = forgetting.underway(session, person_id)
        if not left or time.monotonic() >= end:
            return
        time.sleep(LOOK_AGAIN_SECONDS)


def _print_plan(plan: Plan, *, notes: bool) -> None:
    def say(words: str) -> None:
        print(words, file=sys.stderr)

    named = ", ".join(f"{rows:,} in {table}" for table, rows in sorted(plan.mentions.items())) or "nowhere else"
    say(f"{plan.name} becomes “{plan.pseudonym}”, in all projects ({', '.join(plan.projects) or 'in none any more'}).")
    say(f"Goes: {', '.join(plan.known_as)}; rows that say it: {named}.")
    say(f"Goes back: {_counted(plan.open_work, 'open place')}. Their cards are closed.")
    kept = f"{_counted(plan.labels, 'label')}, {_counted(plan.rulings, 'ruling')} with what was written to it"
    blank = f"{_counted(plan.notes, 'note')} to flags, cases and disputes" + (
        " are made blank" if notes else " (--notes blanks them)"
    )
    say(f"Stays, under the pseudonym: {kept}; {blank}.")
    if plan.untouched:
        say(
            f"{_counted(plan.untouched, 'item')} name them in what people label: the data of the project is not changed."
        )
    if plan.namesakes:
        say("Somebody else is called the same: where only the name stands, theirs is replaced as well.")
    if plan.unseen:
        say(f"Typed and never found in Slack: {', '.join(plan.unseen)}. If that is them, forget it as well.")
    say("Slack keeps its own messages, and backups keep what they hold: docs/operations.md says what to do about them.")


def _print_done(done: Forgotten, plan: Plan) -> None:
    replaced = ", ".join(f"{rows:,} in {table}" for table, rows in sorted(done.replaced.items())) or "none"
    print(f"Forgotten. What is left is called “{done.pseudonym}”. Rows changed: {replaced}.")
    if done.notes:
        print(f"{_counted(done.notes, 'note')} made blank.")
    if done.dropped:
        print(
            f"{_counted(done.dropped, 'message')} to them or on their cards could not be written any more: Concord is not "
            f"running, or Slack let it wait. A button on such a card changes nothing."
        )
    if plan.untouched:
        print(f"{_counted(plan.untouched, 'item')} still name them in what people label.")


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def without_project(args: list[str], commands: Any) -> list[str]:
    """``people forget USER`` names no project: everybody else's first word is one, even where it is called forget."""
    if args[:1] == ["forget"] and not (len(args) > 1 and args[1] in commands):
        return ["*", *args]
    return args
