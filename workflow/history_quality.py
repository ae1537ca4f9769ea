"""What reviews, cases, disputes and audits did, as sentences of a project's history."""

from collections.abc import Callable, Mapping

from workflow.cases import reasons
from workflow.history_events import NOBODY, Event

Told = Callable[[Event, str | None], str]

PICKED = {
    "flagged": "somebody flagged it",
    "disagreement": "not everybody said the same",
    "newcomer": "somebody new labelled it",
    "share": "it is one of the share that is reviewed",
}
STEPS = {1: "as reviewer", 2: "as second reviewer or auditor", 3: "as lead"}
ENDED = {
    "passed": "it passed",
    "failed": "it failed",
    "estimated": "it has its estimate",
}


def _some(event: Event, item: str | None) -> tuple[str, str]:
    """The items of an event, or the one whose story is told; and the verb that fits."""
    items = event.after["items"]
    if item in items or len(items) == 1:
        return item or items[0], "waits"
    return f"{len(items)} items", "wait"


def _picked(event: Event, item: str | None) -> str:
    what, waits = _some(event, item)
    return f"{what} {waits} for a review: {PICKED.get(event.after['reason'], event.after['reason'])}"


def _unpicked(event: Event, item: str | None) -> str:
    what, waits = _some(event, item)
    return f"{what} {waits} for no review any more: the project has none"


def _alike(event: Event, item: str | None) -> str:
    many = len(event.after["items"])
    what, _ = _some(event, item)
    run = f", one of {many} alike" if item in event.after["items"] and many > 1 else " alike" if many > 1 else ""
    return f"{event.who} reviewed {what}{run}, and accepted"


def _sent_back(event: Event, _item: str | None) -> str:
    whose = event.after.get("person") or NOBODY
    said = {
        "same": f"{event.who} sent {event.what} back to {whose}",
        "other": f"{event.who} gave {event.what} to somebody else than {whose}",
        "noted": f"{event.who} noted a fault of {whose} on {event.what}, and let it stand",
    }[event.after["mode"]]
    return said + _why(event)


def _corrected(event: Event, _item: str | None) -> str:
    where = {"review": " in a review", "audit": " in an audit"}.get(event.after.get("reason", ""), "")
    why = f": {event.after['rationale']}" if event.after.get("rationale") else ""
    return f"{event.who} corrected {event.what} to “{event.after['value']}”{where}{why}"


def _asked(event: Event, _item: str | None) -> str:
    step = STEPS.get(event.after["step"], "")
    return f"{event.after['person']} is asked about {event.what}" + (f", {step}" if step else "")


def _passed_up(event: Event, _item: str | None) -> str:
    if event.who == NOBODY:
        return f"{event.what} went one step up"
    return f"{event.who} passed {event.what} up"


def _withdrawn(event: Event, _item: str | None) -> str:
    if event.who == NOBODY:
        return f"nobody decides the dispute about {event.what}: its text was replaced"
    return f"{event.who} contests the ruling on {event.what} no longer"


def _settled(outcome: str) -> Told:
    def told(event: Event, _item: str | None) -> str:
        return f"the dispute of {event.after['person']} about {event.what} is settled by {event.who}: {outcome}"

    return told


def _audited(event: Event, _item: str | None) -> str:
    verdict = {"unclear": "the guideline is unclear"}.get(event.after["verdict"], event.after["verdict"])
    return f"{event.who} judged {event.what} in audit {event.after['audit']}: {verdict}"


def _started(event: Event, _item: str | None) -> str:
    why = f": {event.after['why']}" if event.after.get("why") else ""
    by = "" if event.who == NOBODY else f" by {event.who}"
    return f"{event.what} ({event.after['design']}) was started{by}{why}"


def _drawn(event: Event, _item: str | None) -> str:
    return f"{event.what} has its sample: {event.after['size']} of {event.after['population']} items"


def _ended(event: Event, _item: str | None) -> str:
    figures = f", {event.after['wrong']} of {event.after['judged']} wrong" if "judged" in event.after else ""
    return f"{event.what} is done: {ENDED.get(event.after['state'], event.after['state'])}{figures}"


def _cancelled(event: Event, _item: str | None) -> str:
    by = "" if event.who == NOBODY else f" by {event.who}"
    why = f": {event.after['reason']}" if event.after.get("reason") else ""
    return f"{event.what} was called off{by}{why}"


def _reopened(event: Event, item: str | None) -> str:
    values = event.before["finals"]
    if item in values:
        was = f" (was “{values[item]}”)" if values[item] else ""
        return f"{item} is labelled again, after its lot failed {event.what}{was}"
    many = "1 item is" if len(values) == 1 else f"{len(values)} items are"
    return f"{many} labelled again, after their lot failed {event.what}"


def _given_out(event: Event, _item: str | None) -> str:
    many = event.after["reopened"]
    return f"{event.what}: its lot is given out again, {many} item{'' if many == 1 else 's'}"


def _why(event: Event) -> str:
    why = reasons.in_words(event.after.get("reason_code") or "")
    return f" ({why[0].lower()}{why[1:]})" if why else ""


SENTENCES: Mapping[str, Told] = {
    "items.picked": _picked,
    "items.unpicked": _unpicked,
    "review.accepted": lambda event, _: f"{event.who} reviewed {event.what}, and accepted",
    "reviews.accepted": _alike,
    "review.undone": lambda event, _: f"{event.who} took back the acceptance of {event.what}",
    "review.sent_back": _sent_back,
    "item.corrected": _corrected,
    "case.asked": _asked,
    "case.nobody_asked": lambda event, _: f"everybody was asked about {event.what}, and nobody is left to ask",
    "case.passed_up": _passed_up,
    "ruling.contested": lambda event, _: f"{event.who} contested the ruling on {event.what}",
    "dispute.withdrawn": _withdrawn,
    "dispute.upheld": _settled("the ruling stands"),
    "dispute.granted": _settled("the ruling is another one now"),
    "item.audited": _audited,
    "audit.started": _started,
    "audit.drawn": _drawn,
    "audit.ended": _ended,
    "audit.cancelled": _cancelled,
    "audit.reopening": lambda event, _: f"{event.who} has the lot that failed {event.what} labelled again",
    "audit.reopened": _given_out,
    "audit.repaired": lambda event, _: (
        f"the lot of {event.what} is decided again: audit {event.after['again']} looks at it"
    ),
    "items.reopened_by_audit": _reopened,
}
