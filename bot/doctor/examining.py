"""All looks in their order: the settings, the machine, Slack, the store, what is under way."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot import sandbox
from bot.app import NotConnectedError
from bot.doctor import channels, database, incoming, machine, slack, tokens, trying, work
from bot.doctor.check import Check, State, fault, looked, note
from bot.doctor.slack import SignedIn
from bot.settings import Settings
from bot.slack.client import SLACK, web_client
from storage.engine import Store

SECONDS = 10.0


@dataclass(frozen=True)
class Reach:
    """How Slack is reached; ``by_http`` where Concord takes requests, and opens no connection."""

    bot_token: str
    app_token: str
    api_url: str
    by_http: bool = False


def examine(settings: Settings, now: datetime, person: str | None = None) -> list[Check]:
    """Everything, in an order that one may read from the top. ``person`` agreed to be tried with (``--try``)."""
    found = looked("settings", lambda: tokens.settings(settings))
    found += looked("disk", lambda: machine.room(settings.concord_home))
    found += looked("parquet", machine.readers)
    reach, said = _reach(settings)
    found += said
    signed_in, said = _signed_in(reach, now)
    found += said
    if reach is not None and reach.app_token and not reach.by_http:
        client = web_client(None, base_url=reach.api_url, timeout=SECONDS)
        found += looked("app token", lambda: slack.app_token(client, reach.app_token, signed_in))
    found += _comes_in(settings, reach)
    with ExitStack() as stack:
        store, said = _store(settings, stack)
        found += said
        if store is not None and not any(check.state is State.FAULT for check in said):
            found += _in_store(store, signed_in, now)
            if person is not None and signed_in is not None and reach is not None:
                found += _tried(store, reach, signed_in, person, now)
    return found


def _reach(settings: Settings) -> tuple[Reach | None, list[Check]]:
    if settings.slack_bot_token is not None:
        api_url = (settings.slack_api_url or SLACK).rstrip("/") + "/"
        app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else ""
        by_http = bool(settings.concord_http)
        return Reach(settings.slack_bot_token.get_secret_value(), app_token, api_url, by_http), []
    if settings.slack_app_token is not None or settings.slack_signing_secret is not None:
        return None, []
    here = sandbox.find(settings.concord_home)
    if here is None:
        words = "The workspace on this machine does not run."
        return None, [note("workspace here", words, "`concord run` opens it; for a real one see docs/connect.md.")]
    words = f"The workspace on this machine runs at {here.url}."
    return Reach(here.bot_token, here.app_token, here.api_url), [note("workspace here", words)]


def _signed_in(reach: Reach | None, now: datetime) -> tuple[SignedIn | None, list[Check]]:
    if reach is None:
        return None, []
    try:
        client = web_client(reach.bot_token, base_url=reach.api_url, timeout=SECONDS)
        signed_in = slack.sign_in(client, now)
    except NotConnectedError as error:
        return None, [fault("bot token", str(error))]
    except ValueError as error:
        # An address that is none; the SDK says so in its own words.
        return None, [fault("bot token", f"SLACK_API_URL cannot be used: {type(error).__name__}.")]
    looks = {"bot token": slack.bot_token, "scopes": slack.scopes, "clock": slack.clock}
    return signed_in, [check for name, look in looks.items() for check in looked(name, partial(look, signed_in))]


def _comes_in(settings: Settings, reach: Reach | None) -> list[Check]:
    if reach is None:
        return []
    address = settings.concord_status or settings.concord_http
    return looked("incoming", lambda: incoming.incoming(address) if address else incoming.nobody_tells())


def _store(settings: Settings, stack: ExitStack) -> tuple[Store | None, list[Check]]:
    url = settings.database_url
    try:
        store = stack.enter_context(database.opened(url))
    except SQLAlchemyError as error:
        fix = "It is sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE."
        return None, [fault("database", f"CONCORD_DATABASE_URL cannot be used: {type(error).__name__}.", fix)]
    return store, looked("database", lambda: database.reachable(store, url))


def _in_store(store: Store, signed_in: SignedIn | None, now: datetime) -> list[Check]:
    found = looked("files", lambda: database.safe(store))
    who = signed_in.installation if signed_in is not None else None
    with store.read() as session:
        found += looked("workspace", lambda: database.workspace(session, who))
        if signed_in is not None:
            found += looked("channels", lambda: channels.channels(session, signed_in.client))
        found += looked("people", lambda: work.people(session))
        found += looked("time zones", lambda: work.zones(session))
        found += looked("messages", lambda: work.messages(session, now))
        found += looked("imports", lambda: work.imports(session, now))
        found += looked("files in chat", lambda: work.files(session, now))
    return found


def _tried(store: Store, reach: Reach, signed_in: SignedIn, person: str, now: datetime) -> list[Check]:
    def each() -> Iterator[Check]:
        with store.read() as session:
            slack_id, view = trying.home_of(session, person, now)
        yield from trying.home(signed_in.client, slack_id, view)
        yield from trying.message(signed_in.client, slack_id)
        if reach.app_token and not reach.by_http:
            yield from trying.connection(web_client(None, base_url=reach.api_url, timeout=SECONDS), reach.app_token)

    return looked("trying", each)
