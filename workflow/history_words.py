"""An event of a project's past as a sentence."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from workflow.history_events import NOBODY, Event

LISTED = 5


def sentence(event: Event, item: str | None = None) -> str:
    """What happened, for a person to read. ``item`` is the one whose story is told: of many it names only that one."""
    told = SENTENCES.get(event.action)
    try:
        return told(event, item) if told else _anything(event)
    except (KeyError, TypeError):
        # A row that an earlier or later version wrote otherwise.
        return _anything(event)


def _anything(event: Event) -> str:
    """Whatever it was, by its own words."""
    kind, _, what = event.action.partition(".")
    changed = _changes(event.before, event.after)
    said = f"{event.what}: {kind} {what.replace('_', ' ')}" + (f" ({changed})" if changed else "")
    return said if event.who == NOBODY else f"{said}, by {event.who}"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    found = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if name in before and name in after:
            found.append(f"{name} {_plain(old)} → {_plain(new)}")
        else:
            found.append(f"{name} {_plain(new if name in after else old)}")
    return ", ".join(found)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value or "“”"
    if isinstance(value, list) and len(value) > LISTED:
        return f"{len(value)} of them"
    return json.dumps(value, ensure_ascii=False)


def _outcome(event: Event) -> str:
    state = event.after.get("state")
    return "" if state is None or state == event.before.get("state") else f"; the item is {state}"


def _label(event: Event, _item: str | None) -> str:
    late = ", after the ruling" if event.after.get("after_ruling") else ""
    if event.action == "label.changed":
        changed = f"{event.who} changed {event.what} from “{event.before['value']}” to “{event.after['value']}”"
    else:
        changed = f"{event.who} labelled {event.what} “{event.after['value']}”"
    return changed + late + _outcome(event)


def _flagged(event: Event, _item: str | None) -> str:
    note = f": {event.after['note']}" if event.after.get("note") else ""
    return f"{event.who} found {event.what} unclear ({event.after['reason'].replace('_', ' ')}){note}"


def _given(event: Event, item: str | None) -> str:
    items, to = event.after["items"], event.after["person"]
    many = f"{len(items)} item" + ("" if len(items) == 1 else "s")
    what = f"{item}, one of {many}" if item in items and len(items) > 1 else item if item in items else many
    return f"{to} was given {what}" + ("" if event.who == to else f", by {event.who}")


def _returned(why: str) -> Callable[[Event, str | None], str]:
    def told(event: Event, item: str | None) -> str:
        items = event.after["items"]
        what = item if item in items else f"{len(items)} item" + ("" if len(items) == 1 else "s")
        return f"{what} went back: {why}"

    return told


def _planned(event: Event, item: str | None) -> str:
    places = event.after["places"]
    mine = [one["person"] for one in places if one["item"] == item]
    by = "" if event.who == NOBODY else f", by {event.who}"
    return (f"{item} was planned for {', '.join(mine)}" if mine else f"{len(places)} places were planned") + by


def _overlap(event: Event, item: str | None) -> str:
    items = event.before["overlap"]
    if item in items:
        return f"{item} needs {event.after['overlap']} labels now, not {items[item]}"
    return f"{len(items)} items need {event.after['overlap']} labels now"


def _ruled(event: Event, _item: str | None) -> str:
    why = f": {event.after['rationale']}" if event.after.get("rationale") else ""
    if event.action == "item.sent_back":
        return f"{event.who} sent {event.what} back{why}"
    return f"{event.who} ruled {event.what} “{event.after['value']}”{why}"


def _roles(event: Event, _item: str | None) -> str:
    old, new = event.before.get("roles") or [], event.after.get("roles") or []
    said = {
        "person.added": f"{event.what} joined as {', '.join(new)}",
        "person.removed": f"{event.what} left (was {', '.join(old)})",
    }.get(event.action, f"{event.what} is {', '.join(new)} now (was {', '.join(old)})")
    return said if event.who == NOBODY else f"{said}, by {event.who}"


def _lot(event: Event, _item: str | None) -> str:
    after = event.after
    figures = (
        f"{after['rows']} rows = {after['items']} items + {after['duplicates']} duplicates + {after['refused']} refused"
    )
    return f"{event.what} was imported: {figures}" + ("" if event.who == NOBODY else f", by {event.who}")


SENTENCES: Mapping[str, Callable[[Event, str | None], str]] = {
    "label.given": _label,
    "label.changed": _label,
    "label.withdrawn": lambda event, _: f"{event.who} took back “{event.before['value']}” on {event.what}",
    "labels.seen": lambda event, _: f"{event.who} looked at the labels of {event.what}",
    "item.imported": lambda event, _: f"{event.what} came with {event.after['file']} (lot {event.after['lot']})",
    "item.flagged": _flagged,
    "item.skipped": lambda event, _: f"{event.who} skipped {event.what}",
    "item.escalated": lambda event, _: f"{event.what} waits for a ruling: {event.after['reason'].replace('_', ' ')}",
    "item.accepted": lambda event, _: f"{event.what} is accepted as “{event.after['value']}”",
    "item.ruled": _ruled,
    "item.sent_back": _ruled,
    "item.replaced": lambda event, _: f"{event.what} was replaced by another text, {event.after['by_item']}",
    "item.restored": lambda event, _: f"{event.what} was given back to people, by {event.who}",
    "items.reopened": _returned("more labels are wanted"),
    "items.planned": _planned,
    "items.overlap_changed": _overlap,
    "batch.given": _given,
    "lease.over": _returned("the time for it was over"),
    "person.released": _returned("who held it left"),
    "person.added": _roles,
    "person.removed": _roles,
    "person.roles": _roles,
    "person.deactivated": lambda event, _: f"Slack deactivated {event.what}",
    "person.reactivated": lambda event, _: f"Slack has {event.what} back",
    "person.found": lambda event, _: f"{event.what} was found in Slack",
    "person.renamed": lambda event, _: f"{event.before['name']} is called {event.after['name']} in Slack now",
    "person.forgotten": lambda event, _: "Somebody asked to be forgotten, and was",
    "lot.complete": _lot,
    "lot.undone": lambda event, _: f"The import of {event.what} was undone",
    "project.created": lambda event, _: "The project was made" + ("" if event.who == NOBODY else f", by {event.who}"),
    "project.overlap": lambda event, _: f"Overlap {event.before['overlap']} → {event.after['overlap']}, by {event.who}",
}
