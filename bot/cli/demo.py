"""``concord demo``: the crowd of the demo's data, live or as a whole."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import now, opened

if TYPE_CHECKING:
    from bot.demo.crowd import Progress, Script
    from bot.demo.person import Desk
    from storage.engine import Store

LIVE_SPEED = 40.0
FIRST_DIGEST_SECONDS = 30.0
CONNECTION_SECONDS = 3.0


def demo(
    crowd: Annotated[bool, typer.Option("--crowd", help="Let the crowd label, leaving the last 50 items.")] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Let the crowd label everything; for a fresh store.")
    ] = False,
    speed: Annotated[float, typer.Option(help="Labels a second in all; 0: as fast as it goes.", min=0)] = LIVE_SPEED,
    people: Annotated[int, typer.Option(help="How many people work at the same time.", min=1)] = 24,
    items: Annotated[int | None, typer.Option(help="Only the first so many items.", show_default=False, min=1)] = None,
) -> None:
    """Let the people who labelled the demo's data label it again, by clicking in the running workspace.

    `concord run` has to be running in another terminal.

    \b
    Example:
      concord demo --crowd --speed 20
      concord demo --replay --speed 0
    """
    from bot import sandbox
    from bot.demo import crowd as actors
    from bot.demo.person import Desk
    from bot.settings import Settings

    if crowd == replay:
        raise WrongCallError("Say which: --crowd for a live crowd, or --replay for all of it on a fresh store.")
    workspace = sandbox.find(Settings().concord_home)
    if workspace is None:
        raise WrongCallError(
            "There is no workspace on this machine yet: start `concord run` in another terminal first."
        )
    desk = Desk(workspace.url)
    _check_running(desk)
    kept, labels = actors.data(items, leave=actors.FOR_VISITORS if crowd else 0)
    with opened() as store:
        planned = actors.enlist(store, desk, labels, now())
        acts = actors.script(kept, planned, _titles(store))
        _play(store, desk, acts, speed=speed, people=people, live=crowd)


def _check_running(desk: Desk) -> None:
    """Without Concord nobody answers the crowd's clicks."""
    from bot.demo.person import NoAnswerError, Person

    try:
        Person.wait_for(lambda: desk.get("/sandbox/connections")["open"], "connection", CONNECTION_SECONDS)
    except NoAnswerError:
        raise WrongCallError("Concord is not running there: start `concord run` in another terminal first.") from None


def _titles(store: Store) -> dict[str, str]:
    from sqlalchemy import select
    from sqlmodel import col

    from storage.tables import LabelValue

    with store.read() as session:
        return {row.value: row.title for row in session.execute(select(col(LabelValue.value), col(LabelValue.title)))}


def _play(store: Store, desk: Desk, acts: Script, *, speed: float, people: int, live: bool) -> None:
    import urllib3

    from bot.demo import crowd as actors
    from workflow.errors import RefusedError

    progress = actors.Progress()
    _stop_on_signal(progress)
    timer = threading.Timer(FIRST_DIGEST_SECONDS, _ask_for_digest, (desk,))
    if live:
        timer.start()
    begun = time.monotonic()
    try:
        actors.run(desk, acts, speed=speed, people_at_once=people, progress=progress, each=_shown(acts.labels))
    except urllib3.exceptions.HTTPError as error:
        timer.cancel()
        raise RefusedError(f"The workspace does not answer any more ({type(error).__name__}).") from None
    took = time.monotonic() - begun
    timer.cancel()
    if live and not progress.stop.is_set():
        _ask_for_digest(desk)
    _report(store, desk, progress, took)


def _stop_on_signal(progress: Progress) -> None:
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: progress.stop.set())


def _shown(total: int) -> Any:
    def show(clicked: int) -> None:
        if sys.stderr.isatty() or clicked % 500 == 0:
            print(
                f"\r{clicked:,} of {total:,} labels",
                end="" if sys.stderr.isatty() else "\n",
                file=sys.stderr,
                flush=True,
            )

    return show


def _ask_for_digest(desk: Desk) -> None:
    """The lead says ``/concord digest`` and posts it. The crowd goes on where that does not work."""
    import urllib3

    from bot.demo.person import NoAnswerError

    try:
        _post_digest(desk)
    except (NoAnswerError, LookupError, urllib3.exceptions.HTTPError) as error:
        print(f"No digest this time: {error}", file=sys.stderr)


def _post_digest(desk: Desk) -> None:
    from bot.demo.person import Person

    lea = Person(desk, desk.users()["lea"])
    channels = {channel["name"]: channel["id"] for channel in desk.get("/client/view", user=lea.user)["channels"]}
    leads = channels["rte-leads"]
    lea.command(leads, "/concord digest rte")

    def posted() -> bool:
        for message in reversed(lea.messages(leads, 5)):
            if message.get("ephemeral") and "post_digest" in str(message.get("blocks")):
                lea.click(message, "post_digest")
                return True
        return False

    lea.wait_for(posted, "digest", 20)


def _report(store: Store, desk: Desk, progress: Progress, took: float) -> None:
    from statistics import median, quantiles

    from sqlalchemy import func, select
    from sqlmodel import col

    from storage.tables import Assignment, Place
    from workflow import digest, projects

    with store.read() as session:
        project_id = projects.by_name(session, "rte")
        stored = session.execute(
            select(func.count()).where(
                col(Assignment.project_id) == project_id, col(Assignment.state) == Place.LABELLED
            )
        ).scalar_one()
        alpha = digest.agreement_numbers(session, project_id, "nominal")["alpha"]
    acks = [seconds * 1000 for seconds in desk.acks]
    print(
        f"\n{progress.clicked:,} labels clicked in {took:.1f} s: {progress.clicked / max(took, 0.001):.1f} labels a second"
    )
    if len(acks) > 1:
        print(
            f"ack, as the clicker saw it: median {median(acks):.1f} ms, 99th percentile {quantiles(acks, n=100)[98]:.1f} ms"
        )
    print(f"{stored:,} labels in force in the store; alpha {alpha!r}")
    for line in progress.lost[:10]:
        print(f"stuck: {line}")
    if progress.lost:
        raise typer.Exit(1)
