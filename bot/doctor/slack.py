"""What Slack itself says: whose the tokens are, what they may do, what time it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.app import Installation, NotConnectedError, identify
from bot.doctor.check import Check, fault, listed, note, ok, warning
from bot.manifest import SCOPES
from bot.slack.errors import BROKEN, judge
from bot.socket_mode import words_for_app_token

# Signatures hold for five minutes, leases of messages for less than one.
MOST_SECONDS_OFF = 60.0
NOTED_SECONDS_OFF = 10.0
AGAIN = "Add it (OAuth & Permissions, or the manifest) and install the app again."


@dataclass(frozen=True)
class SignedIn:
    """Who the bot token is, and Slack's clock when it said so."""

    client: WebClient
    installation: Installation
    seconds_off: float | None
    """How far Slack's clock is ahead of ours; None where Slack did not say."""


def sign_in(client: WebClient, now: datetime) -> SignedIn:
    """Ask who the bot token is. Raises NotConnectedError with words."""
    try:
        answer = client.auth_test()
    except (SlackApiError, *BROKEN) as error:
        raise NotConnectedError(judge(error).words) from error
    return SignedIn(client, identify(answer, client.token or ""), _seconds_off(answer.headers, now))


def bot_token(signed_in: SignedIn) -> Iterator[Check]:
    """Whose it is."""
    who = signed_in.installation
    yield ok("bot token", f"It is the bot {who.bot_user_id} of the workspace {who.team} ({who.team_id}).")


def scopes(signed_in: SignedIn) -> Iterator[Check]:
    """Every scope that the code uses, and none that it does not."""
    granted = signed_in.installation.scopes
    if granted is None:
        yield note("scopes", "Slack did not say what the bot token may do.")
        return
    for scope in sorted(SCOPES.keys() - granted):
        yield fault("scopes", f"The app lacks the scope {scope} ({SCOPES[scope]}).", AGAIN)
    if SCOPES.keys() <= granted:
        more = sorted(granted - SCOPES.keys())
        unused = f" It has more than Concord uses: {listed(more)}." if more else ""
        yield ok("scopes", f"All {len(SCOPES)} that Concord uses are there.{unused}")


def app_token(client: WebClient, token: str, signed_in: SignedIn | None) -> Iterator[Check]:
    """Whether Slack lets it open a connection, and whether it is of the same app as the bot token. Nothing is opened."""
    try:
        client.apps_connections_open(app_token=token)
    except (SlackApiError, *BROKEN) as error:
        trouble = judge(error)
        yield fault("app token", words_for_app_token(trouble.code, trouble.words))
        return
    other = _other_app(token, signed_in)
    if other is not None:
        fix = "Take both tokens from one app: api.slack.com/apps shows which app a page belongs to."
        yield fault("app token", f"It is of another app than the bot token: {other}.", fix)
    else:
        yield ok("app token", "Slack lets it open a connection.")


def _other_app(token: str, signed_in: SignedIn | None) -> str | None:
    """In words, where the two tokens are of two apps; the id of its app stands in an app-level token."""
    named = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", token)
    if named is None or signed_in is None:
        return None
    try:
        bot: Any = signed_in.client.bots_info(bot=signed_in.installation.bot_id)["bot"]
    except (SlackApiError, *BROKEN):
        return None
    theirs = bot.get("app_id")
    return f"{named[1]} and {theirs}" if theirs and theirs != named[1] else None


def clock(signed_in: SignedIn) -> Iterator[Check]:
    """Our clock against Slack's."""
    off = signed_in.seconds_off
    if off is None:
        yield note("clock", "Slack did not say what time it is.")
        return
    words = f"This machine's clock is {abs(off):.0f} seconds {'behind' if off > 0 else 'ahead of'} Slack's."
    fix = "Set the clock, and let it be kept right (NTP, as by systemd-timesyncd or chrony)."
    if abs(off) > MOST_SECONDS_OFF:
        yield fault("clock", words + " Requests look stale, and messages may be taken for lost.", fix)
    elif abs(off) > NOTED_SECONDS_OFF:
        yield warning("clock", words, fix)
    else:
        yield ok("clock", f"It agrees with Slack's to within {max(abs(off), 1):.0f} seconds.")


def _seconds_off(headers: Mapping[str, Any], now: datetime) -> float | None:
    said = next((value for name, value in headers.items() if name.lower() == "date"), None)
    try:
        theirs = parsedate_to_datetime(str(said))
    except ValueError:
        return None
    return ((theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - now).total_seconds()
