"""The app manifest: what to paste at api.slack.com/apps to make a team's own Concord app."""

from typing import Any

from bot.slack.methods import EVENTS as NEEDED_BY_EVENTS

SCOPES = {
    "channels:history": "look whether a message arrived, after Slack did not say; keep the replies to a case",
    "channels:read": "find the channels that a project names",
    "chat:write": "post cards and digests",
    "commands": "take /concord",
    "files:read": "fetch files that are dropped into a team channel, know when a chart can be shown",
    "files:write": "upload charts, refused rows and the findings of audits",
    "groups:history": "the same in private channels",
    "groups:read": "find private channels that it was invited to",
    "im:history": "the same in direct messages",
    "im:write": "write to people directly",
    "pins:write": "keep the announcement of the guideline in force at the top of a channel",
    "users:read": "know people's names and zones, and who has left",
    "users:read.email": "find people whom a project names by e-mail",
}
"""Scope of the bot token, and what Concord needs it for."""

EVENTS = sorted(NEEDED_BY_EVENTS)
COMMAND = "/concord"
HINT = "batch | review | audit | digest | assign @who 25 | people | near | guideline | new | settings"


def manifest(*, request_url: str | None = None) -> dict[str, Any]:
    """The manifest as Slack takes it: Socket Mode, or HTTP where a public ``request_url`` is given."""
    by_http = {"request_url": request_url} if request_url else {}
    return {
        "display_information": {
            "name": "Concord",
            "description": "Runs your data annotation: batches, labels, reviews, rulings, audits and digests in Slack.",
            "background_color": "#1b3a4b",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "concord", "always_online": True},
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Batches, reviews, audits, digests, people and guidelines",
                    "usage_hint": HINT,
                    "should_escape": True,
                    **({"url": request_url} if request_url else {}),
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": EVENTS, **by_http},
            "interactivity": {"is_enabled": True, **by_http},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }
