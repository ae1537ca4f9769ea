"""What comes in from Slack. No app can read its own settings: only what came says that it comes."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from bot.doctor.check import Check, fault, note, ok, warning

SETTINGS = "api.slack.com/apps"
QUIET_SECONDS = 3600.0


@dataclass(frozen=True)
class Sort:
    """Something that Slack sends, and what has to be switched on for it."""

    name: str
    kinds: tuple[str, ...]
    words: str
    fix: str


SORTS = (
    Sort("buttons", ("block_actions", "view_submission"), "press of a button or form", "Interactivity & Shortcuts"),
    Sort("command", ("command",), "slash command", "Slash Commands, /concord"),
    Sort(
        "events",
        ("event",),
        "event (App Home opened, Concord invited to a channel, a file dropped)",
        "Event Subscriptions",
    ),
)


def nobody_tells() -> Iterator[Check]:
    """Without the status pages there is nothing to go by."""
    words = "Whether events, buttons and the slash command reach Concord cannot be asked of Slack."
    fix = (
        "Open Concord's App Home in Slack, press a button there, and send /concord help. Run Concord with CONCORD_STATUS="
        "127.0.0.1:8766 and the doctor reads there what came in; `concord doctor --try @you` tries what can be tried."
    )
    yield note("incoming", words, fix)


def incoming(address: str) -> Iterator[Check]:
    """What came in since Concord was started, as its status pages count it."""
    try:
        ready = urllib3.request("GET", f"http://{address}/readyz", timeout=5.0, retries=False)
        told = urllib3.request("GET", f"http://{address}/metrics", timeout=5.0, retries=False)
    except urllib3.exceptions.HTTPError:
        yield note("running", f"Nothing answers at {address} (CONCORD_STATUS): Concord does not run there.")
        yield from nobody_tells()
        return
    if ready.status == 200:
        yield ok("running", f"Concord runs and is ready ({address}).")
    else:
        yield fault("running", f"Concord runs and is not ready: {_lines(ready.data)}")
    if told.status == 200:
        yield from _counted(told.data.decode())


def _counted(text: str) -> Iterator[Check]:
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    came: Counter[str] = Counter()
    for one in samples:
        if one.name in ("concord_ack_seconds_count", "concord_unacknowledged_total"):
            came[one.labels["kind"]] += int(one.value)
        if one.name == "concord_unacknowledged_total" and one.value:
            words = f"{one.value:.0f} of the kind {one.labels['kind']} were not acknowledged."
            yield warning("incoming", words, "The log says why.")
    since = next((one.value for one in samples if one.name == "process_start_time_seconds"), time.time())
    # That nobody did anything in the first hour means nothing; that others came, and of this sort none, does.
    telling = any(came.values()) or time.time() - since > QUIET_SECONDS
    for sort in SORTS:
        yield _of_sort(sort, sum(came[kind] for kind in sort.kinds), telling)


def _of_sort(sort: Sort, count: int, telling: bool) -> Check:
    if count:
        return ok(sort.name, f"{count:,} came in since Concord was started.")
    words = f"No {sort.words} came in since Concord was started."
    fix = f"Try one in Slack. If nothing happens there, look at {sort.fix} in the app's settings at {SETTINGS}."
    return warning(sort.name, words, fix) if telling else note(sort.name, words, fix)


def _lines(data: bytes) -> str:
    return "; ".join(data.decode("utf-8", "replace").split("\n")).strip("; ")
