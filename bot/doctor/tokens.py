"""Whether the settings name what reaches Slack, as far as one can see without asking."""

import re
from collections.abc import Iterator

from bot.doctor.check import Check, fault, note, ok, warning
from bot.settings import Settings

BOT_AT = "Slack shows it under OAuth & Permissions, Bot User OAuth Token."
APP_AT = "Make one under Basic Information, App-Level Tokens, with the scope connections:write."
SECRET_AT = "Slack shows it under Basic Information, Signing Secret."  # noqa: S105
NAMES = {
    "xoxb": "the bot token",
    "xapp": "an app-level token",
    "xoxp": "a person's token",
    "xoxe": "a token that is rotated",
}


def settings(known: Settings) -> Iterator[Check]:
    """The tokens: whether they are there, and look like what they should be."""
    bot, app = _text(known.slack_bot_token), _text(known.slack_app_token)
    secret = _text(known.slack_signing_secret)
    if not (bot or app or secret):
        yield note("settings", "There are no tokens: Concord works in a workspace on this machine.")
        return
    yield from _token("bot token", "SLACK_BOT_TOKEN", bot, "xoxb", BOT_AT)
    if known.concord_http:
        yield from _secret(secret)
        return
    yield from _token("app token", "SLACK_APP_TOKEN", app, "xapp", APP_AT)
    if secret and app:
        words = "SLACK_SIGNING_SECRET is set, and Socket Mode needs none."
        yield note("signing secret", words, "For HTTP set CONCORD_HTTP, or run with --http HOST:PORT.")
    elif secret:
        yield note("signing secret", "For HTTP Concord must be told where to listen.", "Set CONCORD_HTTP=HOST:PORT.")


def _token(name: str, setting: str, token: str, begins: str, where: str) -> Iterator[Check]:
    kind = token.partition("-")[0]
    if not token:
        yield fault(name, f"{setting} is missing.", where)
    elif token != token.strip() or re.search(r"\s|[\"']", token):
        yield fault(
            name, f"{setting} has a space or a quotation mark in it.", "Copy it again, without quotation marks."
        )
    elif kind != begins:
        found = NAMES.get(kind, "something else")
        yield fault(name, f"{setting} begins with {kind[:4]}: this is {found}. It should begin with {begins}-.", where)


def _secret(secret: str) -> Iterator[Check]:
    if not secret:
        yield fault("signing secret", "SLACK_SIGNING_SECRET is missing, which HTTP needs.", SECRET_AT)
    elif not re.fullmatch(r"[0-9a-f]{32}", secret):
        yield warning("signing secret", "SLACK_SIGNING_SECRET is not 32 characters of 0-9 and a-f.", SECRET_AT)
    else:
        yield ok("signing secret", "It is there. Whether it is this app's shows with the first request.")


def _text(value: object) -> str:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else ""
