"""``concord run`` and ``concord manifest``."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import print_json

if TYPE_CHECKING:
    from bot.listening import Address
    from bot.process import Concord, Connection
    from bot.settings import Settings
    from storage.engine import Store

LOOK_SECONDS = 1.0


def run(
    http: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Take Slack's requests by HTTP there instead of Socket Mode.", show_default=False
        ),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve /healthz, /readyz and /metrics there.", show_default=False),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port of the workspace on this machine; 0: any free one.", min=0, max=65535)
    ] = 8765,
    demo: Annotated[bool, typer.Option(help="Make the demo project in the workspace on this machine.")] = True,
) -> None:
    """Run Concord until Ctrl-C. Without Slack tokens it opens a workspace on this machine, in the browser.

    \b
    Example:
      concord run
      SLACK_BOT_TOKEN=xoxb-... SLACK_APP_TOKEN=xapp-... concord run
      SLACK_BOT_TOKEN=xoxb-... SLACK_SIGNING_SECRET=... concord run --http 127.0.0.1:3000
    """
    from bot import logs
    from bot.process import keep_what_is_here, missing_scopes
    from bot.settings import Settings

    settings = Settings()
    http_at = _address("--http", http or settings.concord_http)
    status_at = _address("--status", status or settings.concord_status)
    logs.set_up(settings.concord_log_level.upper(), shape=settings.concord_log)
    if http_at is not None and settings.slack_bot_token is None:
        raise WrongCallError("--http is for a real workspace, and SLACK_BOT_TOKEN is missing.")
    store = _store(settings)
    connection, page = _connection(settings, store, port, demo=demo)
    told = _listen_to_signals()
    connection = replace(connection, http=http_at, status=status_at)
    concord = _start(store, connection, settings, local=page is not None)
    for words in missing_scopes(concord.installation):
        print(f"Warning: {words}", file=sys.stderr)
    _say_where(concord, connection)
    print(f"Connected to {concord.installation.team}. Press Ctrl-C to stop.", flush=True)
    if page is not None:
        print(f"\n  Open {page}\n", flush=True)
    keep_what_is_here()
    _wait_for(told)
    print("Finishing what is in flight; Ctrl-C once more stops at once.", flush=True)
    concord.stop()


def _address(option: str, typed: str | None) -> Address | None:
    from bot.listening import read_address

    if not typed:
        return None
    try:
        return read_address(typed)
    except ValueError as error:
        raise WrongCallError(f"{option}: {error}") from None


def _say_where(concord: Concord, connection: Connection) -> None:
    from bot.http_mode import PATH, HttpMode
    from bot.listening import Address

    if isinstance(concord.door, HttpMode) and connection.http is not None:
        where = Address(connection.http.host, concord.door.port or 0)
        print(f"Slack's requests: http://{where}{PATH}", flush=True)
    if connection.status is not None:
        where = Address(connection.status.host, concord.status_port or 0)
        print(f"Status: http://{where}/readyz", flush=True)


def _store(settings: Settings) -> Store:
    from bot.cli.opening import now
    from storage import schema
    from storage.engine import open_store
    from workflow import intake

    store = open_store(settings.database_url, pool_size=20)
    before, after = schema.upgrade(store)
    where = store.engine.url.render_as_string(hide_password=True)
    print(f"Store: {where}" + (f" (brought to revision {after})" if before != after else ""), flush=True)
    intake.recover(store, now())
    return store


def _connection(settings: Settings, store: Store, port: int, *, demo: bool) -> tuple[Connection, str | None]:
    """How to reach Slack; and the address of the page, where it is the workspace on this machine."""
    from bot.process import Connection
    from bot.slack.client import SLACK

    if settings.slack_bot_token is not None:
        return Connection(
            bot_token=settings.slack_bot_token.get_secret_value(),
            api_url=_api_url(settings.slack_api_url) if settings.slack_api_url else SLACK,
            app_token=settings.slack_app_token.get_secret_value() if settings.slack_app_token else None,
            signing_secret=settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None,
        ), None
    if settings.slack_app_token is not None or settings.slack_signing_secret is not None:
        raise WrongCallError("SLACK_BOT_TOKEN is missing: it begins with xoxb- and stands under OAuth & Permissions.")
    return _local(settings, store, port, demo=demo)


def _api_url(typed: str) -> str:
    if not typed.startswith(("http://", "https://")):
        raise WrongCallError(f"SLACK_API_URL is {typed!r}: an address such as https://slack.com/api/ is needed.")
    print(f"Slack: {typed} (SLACK_API_URL)", flush=True)
    return typed.rstrip("/") + "/"


def _local(settings: Settings, store: Store, port: int, *, demo: bool) -> tuple[Connection, str]:
    from bot import sandbox
    from bot.cli.opening import now
    from bot.demo import project
    from bot.process import Connection

    if demo:
        project.ensure(store, now)
    workspace = sandbox.ensure(settings.concord_home, project.seed(), port)
    connection = Connection(workspace.bot_token, workspace.api_url, workspace.app_token)
    return connection, workspace.url


def _start(store: Store, connection: Connection, settings: Settings, *, local: bool) -> Concord:
    from bot import process
    from bot.app import NotConnectedError
    from bot.demo.words import crowd_words
    from bot.sender.settings import Rate, SenderSettings
    from jobs.drops import DropSettings

    try:
        return process.start(
            store,
            connection,
            sender_settings=SenderSettings(place=Rate(0.0), rates={}) if local else None,
            words=crowd_words() if local else None,
            who_makes=settings.concord_new_projects,
            drop_settings=DropSettings(
                folder=settings.concord_home.expanduser().absolute() / "drops", largest=settings.concord_largest_file
            ),
        )
    except (NotConnectedError, OSError) as error:
        print(f"Concord could not start: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


def _listen_to_signals() -> SimpleQueue[int]:
    """Where the first Ctrl-C or SIGTERM comes in; the second one ends the process, which loses nothing either.

    No event: its lock may be the main thread's own in the moment in which a signal comes.
    """
    told: SimpleQueue[int] = SimpleQueue()
    heard: list[int] = []

    def hear(number: int, _frame: object) -> None:
        if heard:
            os._exit(128 + number)
        heard.append(number)
        told.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)
    return told


def _wait_for(told: SimpleQueue[int]) -> None:
    """Return once a signal was heard. One that comes just before the thread begins to wait is noticed at the next look."""
    while True:
        try:
            told.get(timeout=LOOK_SECONDS)
            return
        except Empty:
            continue


def manifest(
    request_url: Annotated[
        str | None, typer.Option(help="Public address of HTTP mode; without it Socket Mode.", show_default=False)
    ] = None,
) -> None:
    """Print the app manifest, to be pasted at api.slack.com/apps (Create New App, From a manifest).

    \b
    Example:
      concord manifest > manifest.json
    """
    from bot.manifest import manifest as written

    if request_url is not None and not request_url.startswith("https://"):
        raise WrongCallError(f"--request-url {request_url}: Slack calls addresses that begin with https:// only.")
    print_json(written(request_url=request_url))
