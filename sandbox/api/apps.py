"""auth.test, api.test, apps.connections.open and blocks.validate."""

from typing import Any

from sandbox.api import content
from sandbox.api.registry import SlackError, app_scopes, method, need
from sandbox.rules.messages import check_message_blocks
from sandbox.rules.views import check_view
from sandbox.simulator import Simulator

Json = dict[str, Any]


@method("api.test", tier=None, token="none")  # noqa: S106
def api_test(sim: Simulator, args: Json) -> Json:
    """Whether calls arrive at all."""
    if args.get("error"):
        raise SlackError(str(args["error"]), args=args)
    return {"args": args}


@method("auth.test", tier=None)
def auth_test(sim: Simulator, args: Json) -> Json:
    """Whose token this is."""
    app, team = sim.workspace.bot, sim.workspace.team
    return {
        "url": f"{sim.settings.url}/",
        "team": team["name"],
        "user": app.display_name,
        "team_id": team["id"],
        "user_id": app.user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", tier=None, token="app")  # noqa: S106
def open_connection(sim: Simulator, args: Json) -> Json:
    """Where to connect for Socket Mode; good once, for 30 s."""
    if "connections:write" not in app_scopes(sim):
        raise SlackError("missing_scope", needed="connections:write", provided=",".join(app_scopes(sim)))
    base = sim.settings.url.replace("http://", "ws://", 1)
    return {"url": f"{base}/link/?ticket={sim.sockets.ticket()}&app_id={sim.workspace.bot.id}"}


@method("blocks.validate", tier=None, token="none")  # noqa: S106
def validate(sim: Simulator, args: Json) -> Json:
    """Whether blocks (for a message) or a view would be taken."""
    ready = content.image_ready(sim)
    if "view" in args:
        kind = args["view"].get("type") if isinstance(args["view"], dict) else None
        faults = check_view(args["view"], "home" if kind == "home" else "modal", ready)
        if faults:
            raise SlackError("invalid_blocks", *faults)
        return {}
    (blocks,) = need(args, "blocks")
    refused = check_message_blocks(blocks, ready)
    if refused:
        raise SlackError(refused[0], *refused[1])
    return {}
