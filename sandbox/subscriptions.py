"""Which events reach the app: those it subscribes to and has the scope for. Source: Slack's event reference."""

from sandbox.lacks import Lacks
from sandbox.things import App

_MEMBERSHIP = ("channels:read", "groups:read")
NEEDS: dict[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "channel_archive": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_id_changed": ("channels:read", "groups:read", "im:read", "mpim:read"),
    "channel_left": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "file_deleted": ("files:read",),
    "file_shared": ("files:read",),
    "group_archive": ("groups:read",),
    "group_left": ("groups:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": _MEMBERSHIP,
    "member_left_channel": _MEMBERSHIP,
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
}
"""Scopes of which one is needed; events that are not here need none."""


def granted(app: App, lacks: Lacks) -> list[str]:
    """The scopes that the bot token has."""
    return [scope for scope in app.scopes if scope not in lacks.scopes]


def heard(app: App, lacks: Lacks, event: str) -> bool:
    """Whether an event of this name reaches the app."""
    if event not in app.events or event in lacks.events:
        return False
    if event == "app_home_opened" and lacks.home_tab and lacks.messages_tab:
        return False
    needed = NEEDS.get(event)
    return needed is None or any(scope in needed for scope in granted(app, lacks))
