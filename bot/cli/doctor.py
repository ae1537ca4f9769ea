"""``concord doctor``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import AsJson, now, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.doctor.check import Check


def doctor(
    as_json: AsJson = False,
    try_with: Annotated[
        str | None,
        typer.Option(
            "--try",
            metavar="USER",
            help="Also publish USER's Home and write to them in Slack, to find out what cannot be asked.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Look at this installation: what is well, what is not, and what to do. Concord may run meanwhile.

    It changes nothing, neither in the store nor in Slack, but for what --try says. Exit status 1 where there is a fault.

    \b
    Example:
      concord doctor
      concord doctor --try @ana
    """
    from bot import logs
    from bot.doctor.check import State
    from bot.doctor.examining import examine
    from bot.settings import Settings

    logs.set_up("ERROR")
    found = examine(Settings(), now(), try_with)
    broken = any(check.state is State.FAULT for check in found)
    if as_json:
        print_json({"ok": not broken, "checks": [asdict(check) for check in found]})
    else:
        _print(found)
    if broken:
        raise typer.Exit(1)


def _print(found: Sequence[Check]) -> None:
    wide = max(len(check.name) for check in found)
    for check in found:
        print(f"{check.state:<8} {check.name:<{wide}}  {check.words}")
        if check.fix:
            print(f"{'':<8} {'':<{wide}}  -> {check.fix}")
    counted = Counter(check.state.value for check in found)
    told = [f"{counted[state]} {state}{'' if counted[state] == 1 else 's'}" for state in ("fault", "warning")]
    print(f"\n{told[0]}, {told[1]}.")
