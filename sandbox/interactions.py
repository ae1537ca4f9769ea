"""What people do: clicking, submitting, closing, commanding; each brought to the app and its ack obeyed."""

from typing import Any

from sandbox import builtin, choices, delivery, hooks, inputs, payloads, posting, shapes
from sandbox.api.registry import SlackError
from sandbox.api.views import DEPTH, checked, replace, show
from sandbox.choices import NotOfferedError
from sandbox.rules.checks import Seen
from sandbox.rules.objects import option_groups, options
from sandbox.simulator import Simulator
from sandbox.sockets import NoConnectionError
from sandbox.things import Hook, Message, User, View

Json = dict[str, Any]


async def bring(sim: Simulator, kind: str, payload: Json, *, answerable: bool) -> tuple[Any, str | None]:
    """Deliver and wait; the ack's payload, and ``timeout`` or ``no_connection`` when there was none."""
    sim.workspace.store.flush()
    if kind == "interactive" and sim.lacks.interactivity:
        return None, "no_interactivity"
    try:
        return await delivery.ask(sim, kind, payload, answerable=answerable), None
    except TimeoutError:
        return None, "timeout"
    except NoConnectionError:
        return None, "no_connection"


def _remembered(sim: Simulator, user: User, where: str, block_id: str, action_id: str) -> list[Json]:
    found: list[Json] = sim.suggestions.get("/".join((user.id, where, block_id, action_id)), [])
    return found


def _element(blocks: list[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    for block, element in inputs.walk(blocks):
        if (block["block_id"], element["action_id"]) == (block_id, action_id):
            return block, element
    raise NotOfferedError("no_such_element")


def take(sim: Simulator, user: User, where: str, blocks: list[Json], state: dict[str, Json], given: Any) -> None:
    """Put what a page says was typed and chosen (``state.values``) into ``state``, if the blocks offer it.

    What stands in no block any more is left out: the page may be a moment behind.
    """
    known = inputs.elements(blocks)
    for block_id, by_action in _pairs(given):
        for action_id, one in _pairs(by_action):
            element = known.get((block_id, action_id))
            if element is not None and element["type"] in inputs.FIELDS and isinstance(one, dict):
                memory = _remembered(sim, user, where, block_id, action_id)
                state.setdefault(block_id, {})[action_id] = choices.state_of(sim, element, one, memory)


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _act(
    sim: Simulator, user: User, where: str, blocks: list[Json], state: dict[str, Json], click: Json
) -> tuple[Json, bool]:
    """The action object of a click, and whether the app hears of it. The state is changed on the way."""
    take(sim, user, where, blocks, state, click.get("state"))
    block, element = _element(blocks, str(click.get("block_id")), str(click.get("action_id")))
    memory = _remembered(sim, user, where, block["block_id"], element["action_id"])
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": sim.workspace.clock.next(),
    }
    kind = element["type"]
    if kind == "button":
        shown = shapes.escaped(element["text"])
        action |= {"text": shown} | {name: element[name] for name in ("value", "style", "url") if name in element}
    elif kind == "overflow":
        action["selected_option"] = choices.option(element, click.get("selected_option"), memory)
    else:
        after = choices.state_of(sim, element, click, memory)
        state.setdefault(block["block_id"], {})[element["action_id"]] = after
        action |= after
    for name in ("placeholder", "confirm"):
        if name in element:
            action[name] = shapes.escaped(element[name])
    return action, block["type"] != "input" or bool(block.get("dispatch_action"))


async def click_message(sim: Simulator, user: User, message: Message, click: Json) -> Json:
    """An element of a message was used."""
    state = inputs.initial(message.blocks, message.state.get(user.id, {}))
    action, heard = _act(sim, user, message.ts, message.blocks, state, click)
    message.state[user.id] = state
    if not heard:
        return {"ok": True}
    payload = payloads.message_action(sim, user, message, action, state)
    _, error = await bring(sim, "interactive", payload, answerable=False)
    return {"ok": False, "error": error} if error else {"ok": True}


async def click_view(sim: Simulator, user: User, view: View, click: Json) -> Json:
    """An element of a modal or Home tab was used."""
    action, heard = _act(sim, user, view.id, view.body["blocks"], view.inputs, click)
    sim.workspace.save("view", view.id, view)
    if not heard:
        return {"ok": True}
    payload = payloads.view_action(sim, user, view, action)
    _, error = await bring(sim, "interactive", payload, answerable=False)
    return {"ok": False, "error": error} if error else {"ok": True}


async def submit(sim: Simulator, user: User, view: View, given: Any) -> Json:
    """A modal was submitted; its ack decides what becomes of it."""
    take(sim, user, view.id, view.body["blocks"], view.inputs, given)
    sim.workspace.save("view", view.id, view)
    if wrong := choices.problems(view.body["blocks"], view.inputs):
        return {"ok": False, "error": "incomplete", "errors": wrong, "action": "errors"}
    payload = payloads.submission(sim, user, view)
    answer, error = await bring(sim, "interactive", payload, answerable=True)
    if error:
        return {"ok": False, "error": error}
    try:
        return _obey(sim, user, view, answer)
    except SlackError as fault:
        return {"ok": False, "error": "invalid_response", "detail": fault.error, **fault.more}


def _obey(sim: Simulator, user: User, view: View, answer: Any) -> Json:
    if not answer:
        _close(sim, view)
        return {"ok": True, "action": "close"}
    kind = answer.get("response_action") if isinstance(answer, dict) else None
    if kind == "errors":
        errors = answer.get("errors")
        inputs_here = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs_here:
            raise SlackError("invalid_errors")
        return {"ok": False, "errors": errors, "action": "errors"}
    if kind == "clear":
        for key in list(sim.workspace.modals[user.id]):
            _close(sim, sim.workspace.views[key])
        return {"ok": True, "action": "clear"}
    if kind == "update":
        body = checked(sim, answer.get("view"), "modal", instead_of=view)
        if view.id in sim.workspace.views:
            replace(sim, view, body)
        return {"ok": True, "action": "update"}
    if kind == "push":
        body = checked(sim, answer.get("view"), "modal")
        if len(sim.workspace.modals[user.id]) >= DEPTH:
            raise SlackError("push_limit_reached")
        show(sim, user.id, body, view.place)
        return {"ok": True, "action": "push"}
    raise SlackError("unknown_response_action")


def _close(sim: Simulator, view: View) -> None:
    if view.id in sim.workspace.views:
        sim.workspace.drop_view(view)
        sim.live.tell([view.user], "view", view_id=view.id)


async def close(sim: Simulator, user: User, view: View, *, everything: bool) -> Json:
    """A modal was closed by its person; the app hears of it where the view says ``notify_on_close``."""
    everything = everything or bool(view.body.get("clear_on_close"))
    stack = sim.workspace.modals[user.id]
    gone = [sim.workspace.views[key] for key in reversed(stack)] if everything else [view]
    for one in gone:
        _close(sim, one)
    for one in gone:
        if one.body.get("notify_on_close"):
            payload = payloads.closed(sim, user, one, cleared=everything)
            await bring(sim, "interactive", payload, answerable=False)
    return {"ok": True}


async def suggest(sim: Simulator, user: User, where: Message | View, ask: Json) -> Json:
    """What an external select offers for what was typed."""
    blocks = where.blocks if isinstance(where, Message) else where.body["blocks"]
    block, element = _element(blocks, str(ask.get("block_id")), str(ask.get("action_id")))
    typed = str(ask.get("value") or "")
    payload = payloads.suggestion(sim, user, where, block["block_id"], element["action_id"], typed)
    answer, error = await bring(sim, "interactive", payload, answerable=True)
    if error:
        return {"ok": False, "error": error}
    seen = Seen(surface="message")
    answer = answer if isinstance(answer, dict) else {}
    if answer.get("option_groups"):
        option_groups(answer["option_groups"], "/option_groups", seen)
    elif answer.get("options"):
        options(100)(answer["options"], "/options", seen)
    if seen.faults:
        return {"ok": False, "error": "invalid_response", "response_metadata": {"messages": seen.faults}}
    place = where.ts if isinstance(where, Message) else where.id
    key = "/".join((user.id, place, block["block_id"], element["action_id"]))
    sim.suggestions[key] = inputs.offered(answer)
    return {"ok": True, "options": answer.get("options") or [], "option_groups": answer.get("option_groups") or []}


async def command(sim: Simulator, user: User, channel: str, text: str) -> Json:
    """A slash command; its ack may carry an answer, its failure is shown to the person as Slack does."""
    name, _, rest = text.strip().partition(" ")
    own, words = builtin.run(sim, user, sim.workspace.channels[channel], name, rest.strip())
    if own:
        if words:
            _warn(sim, user, channel, words)
        return {"ok": True}
    if name != sim.workspace.bot.command or sim.lacks.command:
        return {"ok": False, "error": "unknown_command"}
    payload = payloads.command(sim, user, channel, name, rest.strip())
    answer, error = await bring(sim, "slash_commands", payload, answerable=True)
    if error:
        words = {"timeout": "operation_timeout", "no_connection": "dispatch_failed"}[error]
        _warn(sim, user, channel, f'{name} failed with the error "{words}"')
        return {"ok": False, "error": error}
    said = answer if isinstance(answer, dict) else {"text": str(answer)} if answer else {}
    if said.get("text") or said.get("blocks"):
        try:
            hooks.answer(sim, Hook("", channel, user.id, 0.0, command=True), said)
        except SlackError as fault:
            _warn(sim, user, channel, f'{name} failed with the error "{fault.error}"')
            return {"ok": False, "error": "invalid_response", "detail": fault.error, **fault.more}
    return {"ok": True}


def _warn(sim: Simulator, user: User, channel: str, words: str) -> None:
    warning = Message(channel, sim.workspace.clock.next(), "USLACKBOT", text=words, only_for=user.id, via="slackbot")
    posting.post(sim, warning)
