"""An event of a project's past as a sentence."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from workflow import history_quality
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


def _requeued(event: Event, item: str | None) -> str:
    values = event.before["finals"]
    if item in values:
        was = f" (was “{values[item]}”)" if values[item] else ""
        return f"{item} is labelled again, after a rule changed{was}"
    return f"{len(values)} item{'' if len(values) == 1 else 's'} went back to be labelled again, after a rule changed"


def _requeue_decided(event: Event, _item: str | None) -> str:
    touched = event.after["touched"]
    many = f"{touched} item{'' if touched == 1 else 's'} labelled before the rule changed"
    said = {
        "all": "all are labelled again",
        "sample": "a sample is labelled again first",
        "none": "none is labelled again",
        "rest": "those beyond the sample are labelled again too",
        "none_of_rest": "none beyond the sample is labelled again",
    }
    return f"{event.who} decided about {many}: {said[event.after['choice']]}"


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


def _labels_changed(event: Event, _item: str | None) -> str:
    lines = event.after["changes"]
    return f"The labels changed with guideline {event.after['version']}: {'; '.join(lines)}"


def _carried(event: Event, item: str | None) -> str:
    items = event.after["items"]
    where = item if item in items else f"{len(items)} item" + ("" if len(items) == 1 else "s")
    became = ", ".join(f"“{old}” became “{new}”" for old, new in event.after["became"].items())
    what = "gold answers: " if event.action == "gold.called" else ""
    return f"{what}{became} on {where}, with guideline {event.after['version']}"


def _proposal(said: str, by_itself: str) -> Callable[[Event, str | None], str]:
    """What somebody did about a proposal, or what became of it where nobody did it in chat."""

    def told(event: Event, _item: str | None) -> str:
        what = f"proposal “{event.after['summary']}”" if event.after.get("summary") else event.what
        later = ", for its time" if event.after.get("state") == "scheduled" else ""
        return (by_itself if event.who == NOBODY else f"{event.who} {said}").replace("{}", f"the {what}") + later

    return told


def _sent_back(event: Event, _item: str | None) -> str:
    return f"the proposal “{event.after['summary']}” was given back: {event.after['comment']}"


def _rebased(event: Event, _item: str | None) -> str:
    what, before, after = event.after["summary"], event.before["base"], event.after["base"]
    return f"the proposal “{what}” was brought over from version {before} to {after}"


def _paused(event: Event, _item: str | None) -> str:
    many = event.after["batches"]
    what = "An open batch waits" if many == 1 else f"{many} open batches wait"
    return f"{what} until guideline {event.after['version']} is read"


def _version(event: Event, _item: str | None) -> str:
    summary = f": {event.after['summary']}" if event.after.get("summary") else ""
    by = "" if event.who == NOBODY else f", by {event.who}"
    return f"guideline {event.after['version']} took the place of {event.before['version']}{by}{summary}"


SENTENCES: Mapping[str, Callable[[Event, str | None], str]] = {
    **history_quality.SENTENCES,
    "label.given": _label,
    "label.changed": _label,
    "label.withdrawn": lambda event, _: f"{event.who} took back “{event.before['value']}” on {event.what}",
    "labels.seen": lambda event, _: f"{event.who} looked at the labels of {event.what}",
    "labels.changed": _labels_changed,
    "labels.carried": _carried,
    "gold.called": _carried,
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
    "items.requeued": _requeued,
    "requeue.decided": _requeue_decided,
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
    "proposal.proposed": _proposal("made {}", "{} was made at the command line"),
    "proposal.again": _proposal("changed {} and proposed it again", "{} was proposed again"),
    "proposal.approval": _proposal("gave one of the approvals that {} needs", "{} was approved by one"),
    "proposal.approved": _proposal("approved {}", "{} is approved"),
    "proposal.changes_requested": _proposal("asked for changes of {}", "changes of {} were asked for"),
    "proposal.rejected": _proposal("rejected {}", "{} was rejected"),
    "proposal.withdrawn": _proposal("took back {}", "{} was taken back"),
    "proposal.sent_back": _sent_back,
    "proposal.rebased": _rebased,
    "proposal.effective": _proposal("brought {} into effect", "{} came into effect"),
    "proposal.superseded": _proposal("replaced {}", "a later version took the place of {}"),
    "guideline.version": _version,
    "guideline.acknowledged": lambda event, _: f"{event.who} has read guideline {event.after['version']}",
    "batches.paused": _paused,
    "project.created": lambda event, _: "The project was made" + ("" if event.who == NOBODY else f", by {event.who}"),
    "project.overlap": lambda event, _: f"Overlap {event.before['overlap']} → {event.after['overlap']}, by {event.who}",
}
