"""Composition objects: text, option, confirm, filter, dispatch settings, slack_file."""

from typing import Any

from sandbox.rules.checks import (
    Check,
    Seen,
    array,
    boolean,
    by_type,
    exactly_one,
    one_of,
    record,
    string,
    unique,
    url,
)

ACTION_ID = string(1, 255)
BLOCK_ID = string(1, 255)


def plain_text(high: int, low: int = 1) -> Check:
    """A ``plain_text`` object of ``low`` to ``high`` characters."""
    return by_type(
        {"plain_text": record({"type": one_of("plain_text"), "text": string(low, high)}, {"emoji": boolean})}
    )


def mrkdwn(high: int) -> Check:
    """A ``mrkdwn`` object; ``emoji`` belongs to ``plain_text`` alone."""
    return record({"type": one_of("mrkdwn"), "text": string(1, high)}, {"verbatim": boolean})


def any_text(high: int) -> Check:
    """A ``plain_text`` or ``mrkdwn`` object of up to ``high`` characters."""
    plain = record({"type": one_of("plain_text"), "text": string(1, high)}, {"emoji": boolean})
    return by_type({"plain_text": plain, "mrkdwn": mrkdwn(high)})


def option(*, marked: bool, with_url: bool = False) -> Check:
    """An option; ``marked`` allows ``mrkdwn``, as in radio buttons and checkboxes; ``with_url`` as in overflow menus."""
    text = any_text(75) if marked else plain_text(75)
    extra: dict[str, Check] = {"description": any_text(75) if marked else plain_text(75)}
    if with_url:
        extra["url"] = url()
    return record({"text": text, "value": string(1, 150)}, extra)


def options(high: int, *, marked: bool = False, with_url: bool = False) -> Check:
    """A list of options whose values differ."""
    entries = array(option(marked=marked, with_url=with_url), 1, high)

    def check(value: Any, path: str, seen: Seen) -> None:
        entries(value, path, seen)
        if isinstance(value, list):
            unique(value, "value", path, seen)

    return check


def _label_and_options() -> Check:
    return record({"label": plain_text(75), "options": options(100)})


option_groups = array(_label_and_options(), 1, 100)

confirm = record(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)

conversation_filter = record(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)

dispatch_action_config = record({"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})


def slack_file(value: Any, path: str, seen: Seen) -> None:
    """A picture uploaded to Slack, by id or address; refused until Slack knows its type."""
    before = len(seen.faults)
    record({}, {"id": string(1, 255), "url": url()}, exactly_one("id", "url"))(value, path, seen)
    if len(seen.faults) == before and not seen.image_ready(value):
        seen.fault("invalid slack file", path)


IMAGE_SOURCE: dict[str, Check] = {"image_url": url(), "slack_file": slack_file}
