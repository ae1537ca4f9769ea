"""What people have typed and chosen: the ``state.values`` of a view or message."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", ""),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
LISTS = {"selected_options", "selected_users", "selected_conversations", "selected_channels", "files"}


def elements(blocks: list[Json]) -> dict[tuple[str, str], Json]:
    """Every interactive element by (block_id, action_id)."""
    return {(block["block_id"], element["action_id"]): element for block, element in walk(blocks)}


def walk(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block, in order."""
    for block in blocks:
        inside = block.get("elements", []) if block["type"] == "actions" else []
        for element in (*inside, block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and element.get("action_id"):
                yield block, element


def initial(
    blocks: list[Json],
    known: dict[str, Json],
    before: dict[tuple[str, str], Json] | None = None,
    place: str | None = None,
) -> dict[str, Json]:
    """The state of every element: what was ``known`` where the same element stands again, else its initial value.

    ``place`` is the conversation that ``default_to_current_conversation`` means.
    """
    state: dict[str, Json] = {}
    for block, element in walk(blocks):
        if element["type"] not in FIELDS:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        kept = known.get(block_id, {}).get(action_id)
        was = (before or {}).get((block_id, action_id))
        if kept is None or kept["type"] != element["type"] or (was is not None and not _fits(element, kept)):
            kept = _fresh(element, place)
        state.setdefault(block_id, {})[action_id] = kept
    return state


def _fresh(element: Json, place: str | None) -> Json:
    field, start = FIELDS[element["type"]]
    empty: Any = [] if field in LISTS else None
    if element.get("default_to_current_conversation") and place:
        empty = [place] if field in LISTS else place
    return {"type": element["type"], field: element.get(start, empty)}


def offered(element: Json) -> list[Json]:
    """The options of an element, those in groups included."""
    groups = [option for group in element.get("option_groups") or [] for option in group["options"]]
    return [*(element.get("options") or []), *groups]


def _fits(element: Json, kept: Json) -> bool:
    listed = [option["value"] for option in offered(element)]
    if not listed:
        return True
    chosen = kept.get("selected_options") or ([kept["selected_option"]] if kept.get("selected_option") else [])
    return all(option["value"] in listed for option in chosen)
