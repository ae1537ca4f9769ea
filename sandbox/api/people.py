"""users.* and bots.info: who there is. Reads; they take form fields, never a JSON body."""

from typing import Any

from sandbox import shapes
from sandbox.api.registry import SlackError, method, need, page
from sandbox.simulator import Simulator

Json = dict[str, Any]


def _with_email(sim: Simulator) -> bool:
    return "users:read.email" in sim.scopes


@method("users.info", scope="users:read", tier=4, form_only=True)
def info(sim: Simulator, args: Json) -> Json:
    """One person."""
    need(args, "user")
    person = sim.workspace.users.get(args["user"])
    if person is None:
        raise SlackError("user_not_found")
    return {"user": shapes.user(sim.workspace, person, email=_with_email(sim))}


@method("users.list", scope="users:read", tier=2, form_only=True)
def list_users(sim: Simulator, args: Json) -> Json:
    """Everybody, deactivated people and bots included, by pages."""
    shown, following = page(list(sim.workspace.users.values()), args, 1000, 1000)
    members = [shapes.user(sim.workspace, person, email=_with_email(sim)) for person in shown]
    return {"members": members, "cache_ts": 0, "response_metadata": {"next_cursor": following}}


@method("users.lookupByEmail", scope="users:read.email", tier=3, form_only=True)
def lookup_by_email(sim: Simulator, args: Json) -> Json:
    """Somebody active, by address."""
    (email,) = need(args, "email")
    for person in sim.workspace.users.values():
        if person.email.lower() == str(email).lower() and not person.deleted and not person.is_bot:
            return {"user": shapes.user(sim.workspace, person)}
    raise SlackError("users_not_found")


@method("bots.info", scope="users:read", tier=3, form_only=True)
def bot_info(sim: Simulator, args: Json) -> Json:
    """The bot of an app: here there is one."""
    (bot,) = need(args, "bot")
    app = sim.workspace.bot
    if bot != app.bot_id:
        raise SlackError("bot_not_found")
    known = sim.workspace.users[app.user_id]
    shown = {"id": app.bot_id, "deleted": False, "name": app.name, "updated": known.updated, "app_id": app.id}
    return {"bot": shown | {"user_id": app.user_id, "icons": {}}}
