"""views.*: modals and Home tabs."""

import time
from typing import Any

from sandbox import ids, inputs, posting, shapes
from sandbox.api import content
from sandbox.api.registry import SlackError, method, need
from sandbox.rules.views import check_view
from sandbox.simulator import Simulator, Trigger
from sandbox.things import View

Json = dict[str, Any]
DEPTH = 3


def checked(sim: Simulator, body: Any, kind: str, *, instead_of: View | None = None) -> Json:
    """A view as it will be kept; raises ``invalid_arguments`` with the path of each fault."""
    faults = check_view(body, kind, content.image_ready(sim))
    if faults:
        raise SlackError("invalid_arguments", *faults)
    external = body.get("external_id")
    if external:
        owner = by_external_id(sim, external)
        if owner is not None and owner is not instead_of:
            raise SlackError("duplicate_external_id")
    return {**body, "blocks": posting.with_ids(body["blocks"])}


def by_external_id(sim: Simulator, external: str) -> View | None:
    """The view with this external_id."""
    return next((view for view in sim.workspace.views.values() if view.body.get("external_id") == external), None)


def _exchange(sim: Simulator, args: Json) -> Trigger:
    key = args.get("trigger_id") or args.get("interactivity_pointer")
    if not key:
        raise SlackError("invalid_arguments", "[ERROR] missing required field: trigger_id")
    trigger = sim.triggers.get(str(key))
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("trigger_exchanged")
    if trigger.expires < time.time():
        raise SlackError("expired_trigger_id")
    return trigger


@method("views.open", tier=4)
def open_view(sim: Simulator, args: Json) -> Json:
    """A modal for whoever the trigger belongs to."""
    trigger = _exchange(sim, args)
    need(args, "view")
    body = checked(sim, args["view"], "modal")
    trigger.used = True
    for key in list(sim.workspace.modals[trigger.user]):
        sim.workspace.drop_view(sim.workspace.views[key])
    return {"view": shapes.view(sim.workspace, show(sim, trigger.user, body, trigger.place))}


@method("views.push", tier=4)
def push_view(sim: Simulator, args: Json) -> Json:
    """A modal on top of the one the trigger came from."""
    trigger = _exchange(sim, args)
    need(args, "view")
    stack = sim.workspace.modals[trigger.user]
    if not stack or trigger.view not in stack:
        raise SlackError("not_found")
    if len(stack) >= DEPTH:
        raise SlackError("push_limit_reached")
    body = checked(sim, args["view"], "modal")
    trigger.used = True
    return {"view": shapes.view(sim.workspace, show(sim, trigger.user, body, trigger.place))}


def show(sim: Simulator, user: str, body: Json, place: str | None = None) -> View:
    """Put a checked modal on top of a person's stack."""
    stack = sim.workspace.modals[user]
    key = ids.fresh("V")
    previous = stack[-1] if stack else None
    root = sim.workspace.views[stack[0]].root if stack else key
    state = inputs.initial(body["blocks"], {}, place=place)
    view = View(key, "modal", user, body, "", root, previous, state, place)
    stack.append(key)
    sim.workspace.save_view(view)
    sim.live.tell([user], "view", view_id=key)
    return view


def replace(sim: Simulator, view: View, body: Json) -> None:
    """Put new content into a view; inputs whose ids stay keep what was typed."""
    old = inputs.elements(view.body["blocks"])
    view.body = body
    view.inputs = inputs.initial(body["blocks"], view.inputs, old, view.place)
    sim.workspace.save_view(view)
    kind = "home" if view.kind == "home" else "view"
    sim.live.tell([view.user], kind, view_id=view.id)


@method("views.update", tier=4)
def update_view(sim: Simulator, args: Json) -> Json:
    """A view changed where it stands, if nobody changed it in between (``hash``)."""
    need(args, "view")
    key, external = args.get("view_id"), args.get("external_id")
    if not key and not external:
        raise SlackError("invalid_arguments", "[ERROR] missing required field: view_id or external_id")
    view = sim.workspace.views.get(str(key)) if key else by_external_id(sim, str(external))
    if view is None:
        raise SlackError("not_found")
    body = checked(sim, args["view"], view.kind, instead_of=view)
    if args.get("hash") and args["hash"] != view.hash:
        raise SlackError("hash_conflict")
    replace(sim, view, body)
    return {"view": shapes.view(sim.workspace, view)}


@method("views.publish", tier=4)
def publish(sim: Simulator, args: Json) -> Json:
    """A person's Home tab."""
    need(args, "user_id", "view")
    if sim.lacks.home_tab:
        raise SlackError("not_enabled")
    person = sim.workspace.users.get(str(args["user_id"]))
    if person is None or person.is_bot:
        raise SlackError("user_not_found")
    view = sim.workspace.views.get(sim.workspace.homes.get(person.id, ""))
    body = checked(sim, args["view"], "home", instead_of=view)
    if args.get("hash") and (view is None or args["hash"] != view.hash):
        raise SlackError("hash_conflict")
    if view is None:
        key = ids.fresh("V")
        view = View(key, "home", person.id, body, "", key)
    replace(sim, view, body)
    return {"view": shapes.view(sim.workspace, view)}
