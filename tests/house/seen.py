"""What somebody sees on a message, a modal or Home: its words, its buttons, its fields."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
PRESSED = {"button", "static_select", "users_select", "multi_users_select"}


def words(shown: Json) -> str:
    """Every text of a message or view, in reading order, without the stars of bold print."""
    text = "\n".join(_texts(shown.get("blocks") or [])) or str(shown.get("text") or "")
    return text.replace("*", "")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _texts(one)
    elif isinstance(node, dict) and str(node.get("type")).startswith("rich_text_") and node["type"] != "rich_text_list":
        yield "".join(_texts(node["elements"]))
    elif isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for name, value in node.items():
            if not (name == "text" and isinstance(value, str)):
                yield from _texts(value)


def quoted(shown: Json) -> list[str]:
    """Other people's texts: an item's fields, rationales."""
    return [
        "".join(element.get("text", "") for element in part["elements"])
        for block in shown["blocks"]
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_quote"
    ]


def elements(shown: Json) -> Iterator[tuple[Json, Json]]:
    """What can be pressed or filled in, each with its block."""
    for block in shown.get("blocks") or []:
        for element in (*block.get("elements", []), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def titles(shown: Json) -> list[str]:
    """The words on buttons, and of the options of selects."""
    found = []
    for block, element in elements(shown):
        if element["type"] == "button":
            found.append(element["text"]["text"])
        elif block["type"] == "actions":
            found += [option["text"]["text"] for option in element.get("options", [])]
    return found


def control(shown: Json, title: str) -> tuple[Json, Json, Json]:
    """The block and the element that carry a title, and what a click on it says."""
    for block, element in elements(shown):
        if element["type"] == "button" and element["text"]["text"] == title:
            return block, element, {}
        for option in element.get("options", []):
            if block["type"] == "actions" and option["text"]["text"] == title:
                return block, element, {"selected_option": option["value"]}
    raise LookupError(f"no {title!r} among {titles(shown)}")


def version(card: Json) -> int:
    """The version that a card of a batch or a case shows: the last part of a block's id."""
    return next(int(str(block["block_id"]).rpartition(":")[2]) for block in card["blocks"] if _versioned(block))


def subject(card: Json) -> int:
    """The batch or case that a card shows."""
    return next(int(str(block["block_id"]).split(":")[1]) for block in card["blocks"] if _versioned(block))


def _versioned(block: Json) -> bool:
    return str(block.get("block_id", "")).partition(":")[0] in {"head", "done", "case"}


def is_card(message: Json, *kinds: str) -> bool:
    """Whether a message is a batch's card (head while it runs, done at its end) or a case's."""
    wanted = kinds or ("head", "done")
    return any(str(block.get("block_id", "")).partition(":")[0] in wanted for block in message.get("blocks") or [])
