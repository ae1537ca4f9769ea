"""What a person may choose in an element: checked against what the stored blocks offer."""

import re
from typing import Any

from sandbox.inputs import FIELDS, LISTS, offered
from sandbox.simulator import Simulator

Json = dict[str, Any]
_DATE, _TIME = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d\d:\d\d")
_PEOPLE = {"selected_user", "selected_users"}
_PLACES = {"selected_conversation", "selected_conversations", "selected_channel", "selected_channels"}


class NotOfferedError(Exception):
    """The page asked for something that is not there."""


def state_of(sim: Simulator, element: Json, given: Json, remembered: list[Json]) -> Json:
    """The state of a stateful element after ``given``; ``remembered`` are the options an external select was given.

    Raises NotOfferedError for anything the element does not offer.
    """
    kind = element["type"]
    field = FIELDS[kind][0]
    value = given.get(field, given.get("text") if field == "value" else None)
    if field in LISTS:
        chosen = [_one(sim, element, field, item, remembered) for item in value or []]
        most = element.get("max_selected_items")
        if most and len(chosen) > most:
            raise NotOfferedError("too_many_selected")
        return {"type": kind, field: chosen}
    if value in (None, ""):
        return {"type": kind, field: None}
    return {"type": kind, field: _one(sim, element, field, value, remembered)}


def _one(sim: Simulator, element: Json, field: str, value: Any, remembered: list[Json]) -> Any:
    if field in {"selected_option", "selected_options"}:
        return option(element, value, remembered)
    known = True
    if field in _PEOPLE:
        known = value in sim.workspace.users
    elif field in _PLACES:
        known = value in sim.workspace.channels or value in sim.workspace.users
    elif field == "selected_date":
        known = isinstance(value, str) and bool(_DATE.fullmatch(value))
    elif field == "selected_time":
        known = isinstance(value, str) and bool(_TIME.fullmatch(value))
    elif field == "selected_date_time":
        known = isinstance(value, int) and not isinstance(value, bool)
    elif field == "value":
        known = isinstance(value, str) and len(value) <= 3000
    if not known:
        raise NotOfferedError(f"not_offered: {field}")
    return value


def option(element: Json, value: Any, remembered: list[Json]) -> Json:
    """The stored option with this value; ``value`` may be the option itself."""
    wanted = value.get("value") if isinstance(value, dict) else value
    external = remembered if element["type"].endswith("external_select") else []
    for one in (*offered(element), *external):
        if one["value"] == wanted:
            return one
    raise NotOfferedError("no_such_option")


def problems(blocks: list[Json], state: dict[str, Json]) -> dict[str, str]:
    """What Slack's client says before it sends a form: required fields, lengths, numbers, by block_id."""
    said: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        kept = state.get(block["block_id"], {}).get(element["action_id"], {})
        value = kept.get(FIELDS[element["type"]][0])
        if value in (None, "", []) and not block.get("optional"):
            said[block["block_id"]] = "Please complete this required field."
        elif isinstance(value, str) and (words := _wrong(element, value)):
            said[block["block_id"]] = words
    return said


def _wrong(element: Json, value: str) -> str | None:
    kind = element["type"]
    if kind == "plain_text_input":
        low, high = element.get("min_length", 0), element.get("max_length", 3000)
        if len(value) < low:
            return f"Please use at least {low} characters."
        return f"Please use at most {high} characters." if len(value) > high else None
    if kind == "number_input":
        return _number_wrong(element, value)
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+", value):
        return "Please enter a valid URL."
    return None


def _number_wrong(element: Json, value: str) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+", value):
        return "Please enter a number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
