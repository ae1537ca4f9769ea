"""A seed makes people, channels and the app; applied again it changes nothing that is already so."""

import hashlib
import time
from typing import Any

from sandbox import ids
from sandbox.things import App, Channel, User
from sandbox.workspace import Workspace

EVENTS = [
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "file_deleted",
    "file_shared",
    "group_archive",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "team_join",
    "user_change",
]
SCOPES = [
    "app_mentions:read",
    "bookmarks:read",
    "bookmarks:write",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "pins:write",
    "reactions:write",
    "users:read",
    "users:read.email",
]
_APP: dict[str, Any] = {"name": "App", "display_name": "app", "command": "/app"}
FIELDS = ("real_name", "display_name", "email", "tz", "title", "featured", "is_bot")


def apply(workspace: Workspace, seed: dict[str, Any]) -> list[User]:
    """Make what the seed names and is missing; returns the people who are new.

    Shape: {"team": {"name", "domain"}, "app": {"name", "display_name", "command", "events", "scopes", "escape",
    "own_messages"}, "users": [...], "channels": [{"name", "is_private", "members", "bot"}], "page_buttons": [...]}.
    """
    _team(workspace, seed.get("team") or {})
    _app(workspace, seed)
    fresh = [made for row in seed.get("users") or [] if (made := _user(workspace, row))]
    for row in seed.get("channels") or []:
        _channel(workspace, row)
    workspace.store.flush()
    return fresh


def _team(workspace: Workspace, row: dict[str, Any]) -> None:
    # Another domain is another workspace, with another id.
    own = ids.stable("T", str(row.get("domain", "sandbox")))
    fresh: dict[str, Any] = {"id": own, "name": "Sandbox", "domain": "sandbox"}
    known = workspace.team or fresh
    wanted: dict[str, Any] = known | {name: row[name] for name in ("name", "domain") if name in row}
    if wanted != workspace.team:
        workspace.team = wanted
        workspace.save("team", "team", wanted)


def _app(workspace: Workspace, seed: dict[str, Any]) -> None:
    row = seed.get("app") or {}
    bot = User(id=ids.stable("U", "app"), name="app", real_name="App", is_bot=True)
    if workspace.app is None:
        made = App(id=ids.stable("A", "app"), user_id=bot.id, bot_id=ids.stable("B", "app"), **_APP)
        made.events, made.scopes = list(EVENTS), list(SCOPES)
        workspace.app = made
        workspace.save_user(bot)
    app = workspace.app
    for name in ("name", "display_name", "command", "events", "scopes", "escape", "own_messages"):
        if name in row:
            setattr(app, name, row[name])
    if "page_buttons" in seed:
        app.page_buttons = seed["page_buttons"]
    known = workspace.users[app.user_id]
    if (known.name, known.real_name) != (app.display_name, app.name):
        known.name, known.real_name = app.display_name, app.name
        workspace.save_user(known)
    workspace.save("app", "app", app)


def _user(workspace: Workspace, row: dict[str, Any]) -> User | None:
    known = workspace.users.get(row.get("id", "")) or workspace.user_named(row["name"])
    fields = {name: row[name] for name in FIELDS if name in row}
    if known is not None:
        if any(getattr(known, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(known, name, value)
            workspace.save_user(known)
        return None
    name = row["name"]
    user = User(id=row.get("id") or ids.stable("U", name), name=name, real_name=name.title(), color=_color(name))
    for field_name, value in fields.items():
        setattr(user, field_name, value)
    user.email = user.email or f"{name}@{workspace.team['domain']}.example"
    workspace.save_user(user)
    if not user.is_bot:
        workspace.dm(workspace.bot.user_id, user.id)
    return user


def _color(name: str) -> str:
    palette = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c", "5b89d5", "2b6836")
    return palette[hashlib.sha256(name.encode()).digest()[0] % len(palette)]


def _channel(workspace: Workspace, row: dict[str, Any]) -> None:
    name = row["name"].removeprefix("#")
    members = [user.id for who in row.get("members") or [] if (user := workspace.user_named(who))]
    if row.get("bot", True):
        members.append(workspace.bot.user_id)
    known = workspace.channel_named(name)
    if known is None:
        known = Channel(
            id=row.get("id") or ids.stable("C", name),
            name=name,
            is_private=bool(row.get("is_private")),
            created=int(time.time()),
        )
        workspace.save_channel(known)
    missing = [member for member in members if member not in known.members]
    if missing:
        known.members.extend(dict.fromkeys(missing))
        workspace.save_channel(known)
