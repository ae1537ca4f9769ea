"""Concord, running: the parts put together, started in order, and stopped so that nothing in flight is lost."""

import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from slack_sdk import WebClient
from sqlalchemy import insert, select
from sqlmodel import Session, col

from bot.answers.carrier import Carrier
from bot.answers.pace import Pace
from bot.answers.wire import Wire
from bot.app import Installation, NotConnectedError, build_app, sign_in
from bot.http_mode import HttpMode
from bot.in_hand import InHand
from bot.listening import Address, WebServer
from bot.manifest import SCOPES
from bot.messages import Messages
from bot.sender.sender import Sender
from bot.sender.settings import SenderSettings
from bot.slack.client import SLACK, http_pool, web_client
from bot.slack.directory import read_directory
from bot.slack.files import SlackFiles
from bot.socket_mode import SocketMode
from handlers import everything
from handlers.command import Word
from handlers.desk import Desk
from jobs.clock import make_clock
from jobs.drop_clock import DropClock
from jobs.drops import Clerk, DropSettings
from storage.engine import Store
from storage.tables import Workspace
from workflow.directory import Directory

if TYPE_CHECKING:
    from bot.watching import Watch

log = structlog.get_logger()

# How many clicks are handled, and how many cards are drawn, at once. On SQLite both are work of this interpreter alone:
# more threads take it from each other, and every change of hands costs. On PostgreSQL they mostly wait for answers.
AT_ONCE = {"sqlite": (2, 1), "postgresql": (4, 4)}
NO_WAY_IN = (
    "SLACK_APP_TOKEN is missing, which Socket Mode needs. For HTTP instead say where to listen: --http 127.0.0.1:3000. "
    "`concord manifest` makes an app for either; docs/connect.md says where Slack shows what is needed."
)
NO_SECRET = "SLACK_SIGNING_SECRET is missing, which HTTP needs: it stands under Basic Information, Signing Secret."  # noqa: S105


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Connection:
    """How Slack is reached: by HTTP where an address to listen on is given, which needs the signing secret; else by
    Socket Mode, which needs the app token. ``status`` is where the status pages are served; beside HTTP mode they are in
    any case.
    """

    bot_token: str
    api_url: str = SLACK
    app_token: str | None = None
    signing_secret: str | None = None
    http: Address | None = None
    status: Address | None = None

    @property
    def is_watched(self) -> bool:
        """Whether the status pages are served."""
        return self.http is not None or self.status is not None


@dataclass
class Concord:
    """Everything that runs; made by ``start``."""

    store: Store
    installation: Installation
    carrier: Carrier
    sender: Sender
    scheduler: Any
    door: SocketMode | HttpMode
    wire: Wire
    drops: DropClock
    status: WebServer | None = None
    status_port: int | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Take nothing new, finish what is in flight, let go. Harmless when called again."""
        if self.stopped.is_set():
            return
        self.stopped.set()
        self.door.stop()
        self.scheduler.shutdown(wait=True)
        self.drops.stop()
        self.carrier.close()
        self.sender.stop()
        self.wire.close()
        if self.status is not None:
            self.status.stop(1.0)
        self.store.close()
        log.info("stopped")


def start(
    store: Store,
    connection: Connection,
    *,
    clock: Callable[[], datetime] = utc_now,
    sender_settings: SenderSettings | None = None,
    answer_pace: Pace | None = None,
    words: dict[str, Word] | None = None,
    who_makes: str = "anybody",
    drop_settings: DropSettings | None = None,
) -> Concord:
    """Connect to Slack and begin to work; ``who_makes`` projects in chat: anybody, or leads.

    Raises NotConnectedError with words for the operator where that fails.
    """
    settings = sender_settings or SenderSettings()
    client = web_client(connection.bot_token, base_url=connection.api_url, timeout=settings.call_timeout)
    installation = sign_in(client)
    store.transact(lambda session: serve_only(session, installation, clock()))
    drawing = Messages(clock)
    sender = Sender(store, client, drawing, clock, settings, version_of=drawing.version_once_settled)
    clicks, drawings = AT_ONCE[store.engine.dialect.name]
    pace = answer_pace or Pace(drawn_at_once=drawings)
    wire = Wire(connection.bot_token, base_url=connection.api_url, timeout=pace.timeout, connections=pace.threads)
    in_hand = InHand()
    carrier = Carrier(store, wire, drawing, clock=clock, nudge=sender.nudge, pace=pace, in_hand=in_hand)
    secret = connection.signing_secret if connection.http is not None else None
    app = build_app(installation, carrier, signing_secret=secret, base_url=connection.api_url)
    drops = _drops(store, client, installation, clock, sender.nudge, drop_settings or DropSettings())
    stopped = threading.Event()
    ticking = make_clock(store, clock, sender.nudge, lambda: _directory(connection, stopped))
    everything.register(
        Desk(app, store, carrier, clock, drops.nudge, ticking.look),
        words,
        who_makes=who_makes,
        us=installation.bot_user_id,
    )
    watched = _watch(store, clock, sender, carrier, in_hand) if connection.is_watched else None
    door = _door(connection, app, clicks, in_hand, watched)
    status, status_port = watched.serve(connection.status) if watched and connection.status else (None, None)
    door.start()
    sender.start()
    drops.start()
    ticking.scheduler.start()
    return Concord(
        store, installation, carrier, sender, ticking.scheduler, door, wire, drops, status, status_port, stopped
    )


def _drops(
    store: Store,
    client: WebClient,
    installation: Installation,
    clock: Callable[[], datetime],
    nudge: Callable[[], None],
    settings: DropSettings,
) -> DropClock:
    pool = http_pool(toward=client.base_url, timeout=client.timeout)
    files = SlackFiles(client, pool, installation.bot_user_id)
    return DropClock(Clerk(store, files, clock, nudge, settings))


def _watch(*parts: Any) -> "Watch":
    # The library that counts is loaded where somebody looks.
    from bot.watching import watch

    return watch(*parts)


def keep_what_is_here() -> None:
    """Spare the collector what was made by now, all of which stays: for a process that is nothing but Concord.

    To look through all of it takes the collector 70 to 100 ms, in which no thread does anything.
    """
    gc.freeze()


def _door(
    connection: Connection, app: Any, workers: int, in_hand: InHand, watched: "Watch | None"
) -> SocketMode | HttpMode:
    """Where requests come in, not open yet. Raises NotConnectedError where something for it is missing."""
    on_ack = watched.metrics.on_ack if watched else None
    door: SocketMode | HttpMode
    if connection.http is None:
        if connection.app_token is None:
            raise NotConnectedError(NO_WAY_IN)
        client = web_client(None, base_url=connection.api_url)
        door = SocketMode(app, client, connection.app_token, workers=workers, in_hand=in_hand, on_ack=on_ack)
    else:
        if connection.signing_secret is None:
            raise NotConnectedError(NO_SECRET)
        more = watched.routes() if watched and connection.status is None else []
        secret, address = connection.signing_secret, connection.http
        door = HttpMode(app, secret, address, workers=workers, in_hand=in_hand, on_ack=on_ack, more=more)
    if watched:
        watched.looks["Slack"] = lambda: door.trouble
    return door


def _directory(connection: Connection, stopped: threading.Event) -> Directory:
    def pause(seconds: float) -> None:
        # Slack may ask for minutes of patience; who stops Concord does not wait for that.
        if stopped.wait(seconds):
            raise InterruptedError("Concord is being stopped")

    return read_directory(web_client(connection.bot_token, base_url=connection.api_url), pause)


def missing_scopes(installation: Installation) -> list[str]:
    """What the token may not do although Concord needs it, in words for the operator."""
    if installation.scopes is None:
        return []
    return [
        f"The app lacks the scope {scope} ({what}). Add it (OAuth & Permissions) and install the app again."
        for scope, what in SCOPES.items()
        if scope not in installation.scopes
    ]


def serve_only(session: Session, installation: Installation, now: datetime) -> None:
    """Bind the store to its workspace at the first start. Raises NotConnectedError for any other workspace later."""
    row = session.execute(select(col(Workspace.team_id), col(Workspace.name))).first()
    if row is None:
        session.execute(insert(Workspace).values(team_id=installation.team_id, name=installation.team, seen_at=now))
    elif row.team_id != installation.team_id:
        raise NotConnectedError(
            f"This database belongs to the workspace {row.name}, and the token to {installation.team}. One installation "
            f"serves one workspace: set CONCORD_DATABASE_URL to another database, or use the token of {row.name}."
        )
