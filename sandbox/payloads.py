"""The payloads of interactions, as Slack sends them."""

from typing import Any

from sandbox import hooks, shapes
from sandbox.simulator import Simulator
from sandbox.things import Message, User, View

Json = dict[str, Any]


def _who(sim: Simulator, user: User) -> Json:
    team = sim.workspace.team
    return {
        "team": {"id": team["id"], "domain": team["domain"]},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team["id"]},
        "api_app_id": sim.workspace.bot.id,
        "token": "sandbox",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(sim: Simulator, user: User, message: Message, action: Json, values: Json) -> Json:
    """``block_actions`` for an element of a message."""
    place = sim.workspace.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": place.id,
        "is_ephemeral": bool(message.only_for),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        "type": "block_actions",
        **_who(sim, user),
        "container": container,
        "trigger_id": sim.trigger(user.id, place=place.id),
        "channel": {"id": place.id, "name": place.label},
        "state": {"values": values},
        "response_url": hooks.make(sim, user.id, place.id, message),
        "actions": [action],
    }
    if not message.only_for:
        payload["message"] = shapes.message(sim.workspace, message)
    return payload


def view_action(sim: Simulator, user: User, view: View, action: Json) -> Json:
    """``block_actions`` for an element of a modal or Home tab: no channel, no response_url."""
    shown = shapes.view(sim.workspace, view)
    return {
        "type": "block_actions",
        **_who(sim, user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": sim.trigger(user.id, view.id, view.place),
        "view": shown,
        "state": shown["state"],
        "actions": [action],
    }


def submission(sim: Simulator, user: User, view: View) -> Json:
    """``view_submission``, with a response_url for every select that asks for one."""
    return {
        "type": "view_submission",
        **_who(sim, user),
        "trigger_id": sim.trigger(user.id, view.id, view.place),
        "view": shapes.view(sim.workspace, view),
        "response_urls": _response_urls(sim, user, view),
    }


def _response_urls(sim: Simulator, user: User, view: View) -> list[Json]:
    urls = []
    for block in view.body["blocks"]:
        element = block.get("element") or {}
        if not element.get("response_url_enabled"):
            continue
        state = view.inputs.get(block["block_id"], {}).get(element["action_id"], {})
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if channel in sim.workspace.users:
            channel = sim.workspace.dm(sim.workspace.bot.user_id, channel).id
        if channel in sim.workspace.channels:
            urls.append(
                {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel,
                    "response_url": hooks.make(sim, user.id, channel),
                }
            )
    return urls


def closed(sim: Simulator, user: User, view: View, *, cleared: bool) -> Json:
    """``view_closed``; ``cleared`` when the whole stack went."""
    shown = shapes.view(sim.workspace, view)
    return {"type": "view_closed", **_who(sim, user), "view": shown, "is_cleared": cleared}


def suggestion(sim: Simulator, user: User, where: Message | View, block_id: str, action_id: str, typed: str) -> Json:
    """``block_suggestion``: what an external select offers for the text typed so far."""
    payload: Json = {
        "type": "block_suggestion",
        **_who(sim, user),
        "block_id": block_id,
        "action_id": action_id,
        "value": typed,
    }
    if isinstance(where, View):
        payload["container"] = {"type": "view", "view_id": where.id}
        return payload | {"view": shapes.view(sim.workspace, where)}
    place = sim.workspace.channels[where.channel]
    payload["container"] = {
        "type": "message",
        "message_ts": where.ts,
        "channel_id": place.id,
        "is_ephemeral": bool(where.only_for),
    }
    payload["channel"] = {"id": place.id, "name": place.label}
    return payload | {"message": shapes.message(sim.workspace, where)}


def command(sim: Simulator, user: User, channel: str, name: str, text: str) -> Json:
    """A slash command, flat, as a form would carry it."""
    place = sim.workspace.channels[channel]
    team = sim.workspace.team
    return {
        "token": "sandbox",
        "team_id": team["id"],
        "team_domain": team["domain"],
        "channel_id": place.id,
        "channel_name": place.label,
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": sim.workspace.bot.id,
        "is_enterprise_install": "false",
        "response_url": hooks.make(sim, user.id, place.id, command=True),
        "trigger_id": sim.trigger(user.id, place=place.id),
    }
