"""Forged and foreign clicks: ids that are not one's own, that do not exist or are none. Nothing changes, all is acked."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Assignment, Batch, Escalation, Guideline, LabelValue
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import words
from tests.house.someone import Someone
from tests.house.waiting import once, until

HUGE = ["0", "-1", "99999", str(2**31), str(2**63 - 1), str(2**63), "9" * 30]
ODD = ["", " ", "1 ", "x", "1.0", "1e3", "½", "٣", "1;DROP TABLE item", "\u0000", "\ud800", "1:2:3", ":", "<!channel>"]
WRONG = {"sqlite": HUGE, "postgresql": [*HUGE, *ODD]}
"""What is no number never comes to a database; SQLite has bounds of its own for what is one."""


def settle(house: House) -> dict[str, list[str]]:
    """What is in the store, once nothing is under way."""
    house.quiet()
    before = house.dump()
    while True:
        time.sleep(0.1)
        now = house.dump()
        if now == before:
            return now
        before = now


def forge(house: House, name: str, payload: Json, kind: str = "interactive") -> Json:
    """Send a payload that no page would; half a surrogate pair as the escape that JSON has for it."""
    body = json.dumps({"user": name, "payload": payload, "kind": kind}).encode()
    headers = {"Content-Type": "application/json"}
    done: Json = house.workspace.http.request(
        "POST", house.workspace.url + "/client/forge", body=body, headers=headers
    ).json()
    return done


def clicked(house: House, name: str, action_id: str, value: str | None, **more: Any) -> Json:
    """A click's payload, in the person's DM with Concord."""
    channel = house.workspace.dm(name)
    action = {"type": "button", "action_id": action_id, "block_id": "b", "action_ts": f"{time.time():.6f}"}
    return {
        "type": "block_actions",
        "container": {"type": "message", "message_ts": "1.000001", "channel_id": channel, "is_ephemeral": False},
        "channel": {"id": channel, "name": "directmessage"},
        "actions": [action | ({"value": value} if value is not None else {})],
        **more,
    }


def submitted(callback_id: str, data: str, values: Json) -> Json:
    """A modal's payload."""
    blocks = [{"type": "input", "block_id": key, "label": {}, "element": {}} for key in values]
    state = {key: {key: value} for key, value in values.items()}
    view = {"id": "V1", "type": "modal", "callback_id": callback_id, "private_metadata": data, "blocks": blocks}
    return {"type": "view_submission", "view": {**view, "hash": "1.a", "state": {"values": state}}}


def whispers(somebody: Someone) -> list[str]:
    return [words(one) for one in somebody.messages() if one["ephemeral"]]


def seen_modals(somebody: Someone) -> list[str]:
    return [words(view) for view in somebody.space.modals(somebody.name)]


class Scene:
    """Two projects; Ana has a batch in one and Cem in the other, and each has a case. Ben belongs to the first alone."""

    def __init__(self, open_house: OpenHouse, database: str) -> None:
        house = self.house = open_house(items=3, database=database, batch_size=2)
        self.wrong = WRONG[database]
        other = {"cem": ["annotator"], "rita": ["reviewer"], "max": ["lead"]}
        self.other = house.make_project(
            [{"id": "o", "text": "Other"}, {"id": "p", "text": "More"}], name="other", people=other
        )
        house.ana.get_batch()
        house.ana.flag()
        house.cem.command("/concord batch other")
        house.cem.card()
        house.cem.flag()
        self.mine = self._of(Batch.project_id, Batch.id)
        self.places = self._of(Assignment.project_id, Assignment.id)
        self.cases = self._of(Escalation.project_id, Escalation.id)
        self.values = self._of(LabelValue.project_id, LabelValue.id)
        self.versions = self._of(Guideline.project_id, Guideline.id)

    def _of(self, project: Any, row: Any) -> dict[int, int]:
        """An id of each project."""
        return {found[0]: found[1] for found in self.house.rows(select(col(project), col(row)).order_by(col(row)))}

    def forged_clicks(self) -> Iterator[tuple[str, str | None]]:
        """(action, value) of everything that Ben may not do."""
        house = self.house
        place, other = self.places[house.project_id], self.places[self.other]
        value, foreign_value = self.values[house.project_id], self.values[self.other]
        for assignment in (place, other):
            yield "label:1", f"{assignment}:{value}"
            yield "label:choose", f"{assignment}:{foreign_value}"
            for action in ("skip", "unclear", "read"):
                yield action, str(assignment)
            yield "page:next", f"item:{assignment}:1"
        for batch in self.mine.values():
            yield "go:back", f"{batch}:1"
            yield "go:forward", f"{batch}:{2**62}"
        for case in self.cases.values():
            yield "rule:1", f"{case}:{value}"
            yield "pass_up", f"{case}:1"
            for action in ("send_back", "show_labels", "read_case", "open_case"):
                yield action, str(case)
            yield "page:next", f"case:{case}:2"
        for project in (house.project_id, self.other):
            for action in ("ask_digest", "post_digest", "assign_form", "people_form"):
                yield action, str(project)
        yield "get_batch", str(self.other)
        yield "guideline", str(self.other)
        yield "read_version", str(self.versions[self.other])
        yield "page:next", f"version:{self.versions[self.other]}:2"
        yield "page:before", f"guideline:{self.other}:1"

    def nonsense(self) -> Iterator[tuple[str, str | None]]:
        """(action, value) of what is no id at all, or nobody's."""
        for action in (
            *("skip", "unclear", "read", "send_back", "show_labels", "read_case", "open_case"),
            *("ask_digest", "post_digest", "assign_form", "people_form", "get_batch", "guideline"),
            *("read_version", "acknowledge", "check:again"),
        ):
            yield action, None
            for wrong in self.wrong:
                yield action, wrong
        for action in ("label:1", "rule:1", "pass_up", "go:back", "page:next"):
            for wrong in self.wrong:
                yield action, wrong
                yield action, f"{wrong}:{wrong}"
        for wrong in self.wrong:
            yield "page:next", f"case:{wrong}:{wrong}"


def test_forged_ids_change_nothing_and_are_answered(open_house: OpenHouse) -> None:
    scene = Scene(open_house, "postgresql")
    house, ben = scene.house, scene.house.ben
    ben.home()
    before = settle(house)
    unanswered, untold = [], []
    for action, value in scene.forged_clicks():
        told = len(whispers(ben))
        done = forge(house, "ben", clicked(house, "ben", action, value))
        if not done["ok"]:
            unanswered.append((action, value, done))
            continue
        try:
            until(lambda told=told: len(whispers(ben)) > told, 10)  # type: ignore[misc]
        except AssertionError:
            untold.append((action, value))
    assert unanswered == []
    assert untold == []
    assert settle(house) == before
    assert seen_modals(ben) == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_position_that_is_not_there_leaves_ones_own_card_as_it_was(open_house: OpenHouse, database: str) -> None:
    house = open_house(items=3, database=database)
    card = house.ana.get_batch()
    before = settle(house)
    for position in (4, 2**31, 2**63 - 1):
        forged = clicked(house, "ana", "go:forward", f"{seen.subject(card)}:{position}")
        forged["container"]["message_ts"] = card["ts"]
        assert forge(house, "ana", forged)["ok"]
    assert settle(house) == before


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nonsense_changes_nothing_and_is_answered(open_house: OpenHouse, database: str) -> None:
    scene = Scene(open_house, database)
    house, lea = scene.house, scene.house.lea
    lea.home()
    before = settle(house)
    house.workspace.settings(ack_seconds=1)
    unanswered = []
    asked = 0
    for action, value in scene.nonsense():
        asked += 1
        done = forge(house, "lea", clicked(house, "lea", action, value))
        if not done["ok"]:
            unanswered.append((action, value))
    assert unanswered == []
    once(lambda: len(whispers(lea)), lambda told: told == asked)
    assert settle(house) == before


def forms(scene: Scene) -> Iterator[tuple[str, str, str, Json]]:
    """(who, form, data, values) of forms that must change nothing."""
    house = scene.house
    place, other = scene.places[house.project_id], scene.places[scene.other]
    case, project = scene.cases[house.project_id], house.project_id
    now = round(time.time() * 1_000_000)
    reason = {"reason": {"selected_option": {"value": "other"}}, "note": {"value": "x"}}
    because = {"rationale": {"value": "Because."}, "reason": {"selected_option": {"value": "other"}}}
    value = {"value": {"selected_option": {"value": str(scene.values[project])}}}
    foreign = {"value": {"selected_option": {"value": str(scene.values[scene.other])}}}
    for wrong in (place, other, *scene.wrong):
        yield "ben", "flag", f"{wrong}:{now}", reason
    for wrong in scene.wrong:
        yield "ana", "flag", f"{place}:{wrong}" if not wrong.isdecimal() or wrong == "0" else f"{wrong}:{now}", reason
        yield "rita", "rule", f"rule:{case}:{wrong}" if wrong != "0" else "rule", value | because
        yield "rita", "rule", f"rule:{wrong}:0", value | because
        yield "rita", "rule", f"back:{wrong}:0", because
        yield "rita", "rule", f"rule:{case}:0", {"value": {"selected_option": {"value": wrong}}} | because
        yield "lea", "assign", wrong, {"size": {"value": "3"}, "people": {"selected_users": []}}
        # An Arabic three is a three.
        if wrong != "٣":
            yield "lea", "assign", str(project), {"size": {"value": wrong}, "people": {"selected_users": []}}
        yield "ana", "check", wrong, {"example:1": value["value"]}
        yield "lea", "people", wrong, {"person": {"selected_user": house.ids["odo"]}, "roles": {"selected_options": []}}
    yield "ana", "flag", f"{place}:{now}", {"reason": {"selected_option": {"value": "made up"}}}
    yield "ana", "flag", f"{place}:{now}", {}
    yield "rita", "rule", f"rule:{case}:0", foreign | because
    yield "rita", "rule", f"rule:{case}:0", value | {"rationale": {"value": " \u0000 "}}
    yield "rita", "rule", f"rule:{case}:0", value
    yield "rita", "rule", f"rule:{case}:0", value | {"rationale": {"value": "Because."}}
    yield "rita", "rule", f"rule:{case}:0", value | because | {"reason": {"selected_option": {"value": "made up"}}}
    yield "odo", "rule", f"rule:{case}:0", value | because
    yield "ana", "rule", f"back:{case}:0", because
    yield "lea", "assign", str(scene.other), {"size": {"value": "3"}}
    yield "ben", "assign", str(project), {"size": {"value": "3"}}
    yield (
        "lea",
        "assign",
        str(project),
        {"size": {"value": "3"}, "people": {"selected_users": ["U0", house.ids["ben"]]}},
    )
    roles = {"roles": {"selected_options": [{"value": "lead"}]}}
    yield "ben", "people", str(project), {"person": {"selected_user": house.ids["ben"]}} | roles
    yield "lea", "people", str(scene.other), {"person": {"selected_user": house.ids["ben"]}} | roles
    yield "lea", "people", str(project), roles
    emperor = {"roles": {"selected_options": [{"value": "emperor"}]}}
    yield "lea", "people", str(project), {"person": {"selected_user": house.ids["ben"]}} | emperor
    yield "lea", "people", str(project), {"person": {"selected_user": "not an id"}} | roles


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_forged_forms_change_nothing_and_say_why(open_house: OpenHouse, database: str) -> None:
    scene = Scene(open_house, database)
    house = scene.house
    before = settle(house)
    house.workspace.settings(ack_seconds=1)
    silent = []
    for name, form, data, values in forms(scene):
        done = forge(house, name, submitted(form, data, values))
        if not done["ok"] or (done["answer"] or {}).get("response_action") not in ("errors", "update"):
            silent.append((name, form, data, values, done))
    assert silent == []
    assert settle(house) == before


def test_what_is_missing_from_a_payload_crashes_nothing(open_house: OpenHouse) -> None:
    scene = Scene(open_house, "sqlite")
    house = scene.house
    before = settle(house)
    whole = clicked(house, "ben", "skip", str(scene.places[house.project_id]), message={"ts": "1.000001"})
    unanswered = []
    for gone in ("container", "channel", "message", "actions"):
        payload = {key: value for key, value in whole.items() if key != gone}
        if not forge(house, "ben", payload)["ok"]:
            unanswered.append(gone)
    for gone in ("value", "block_id", "action_ts"):
        action = {key: value for key, value in whole["actions"][0].items() if key != gone}
        if not forge(house, "ben", {**whole, "actions": [action]})["ok"]:
            unanswered.append(gone)
    for kind in ("unheard_of", "view_closed", "shortcut", "message_action", "block_suggestion"):
        if not forge(house, "ben", {**whole, "type": kind})["ok"]:
            unanswered.append(kind)
    assert unanswered == []
    assert settle(house) == before


def test_another_workspace_is_turned_away(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    card = house.ana.get_batch()
    place = house.one(select(col(Assignment.id)).where(col(Assignment.position) == 1)).id
    yes = next(key for key, value in house.values().items() if value == "yes")
    before = settle(house)
    elsewhere = {"team": {"id": "T0ELSEWHERE", "domain": "elsewhere"}}
    payload = clicked(house, "ana", "label:1", f"{place}:{yes}", **elsewhere)
    assert forge(house, "ana", payload)["ok"]
    asks: Json = {"command": "/concord", "text": "batch", "user_id": house.ids["ana"], "team_id": "T0ELSEWHERE"}
    asks |= {"channel_id": card["channel"], "team": {"id": "T0ELSEWHERE"}}
    assert forge(house, "ana", asks, "slash_commands")["ok"]
    assert settle(house) == before
    payload = clicked(house, "ana", "label:1", f"{place}:{yes}")
    assert forge(house, "ana", payload)["ok"]
    assert settle(house) != before, "the same click from the workspace that is served counts"
