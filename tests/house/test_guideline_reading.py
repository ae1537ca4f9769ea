"""A new guideline version reaches everybody: announced and pinned, read, checked, acknowledged; until then no new batch."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from jobs import guidelines
from storage.tables import Acknowledgement, Batch, ChangeKind, Item, Label, Project, Role
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import all_at_once, until
from workflow import membership
from workflow.guidelines.decisions import deciding
from workflow.guidelines.proposals import proposing
from workflow.guidelines.proposals.change import Change, NewExample

RULES = "# Rules\n\nBe careful.\n\n# Hedges\n\nWhat *may* be so does not imply <!channel>.\n"
GOLD = [{"id": f"i{n}", "text": f"Text number {n}", "gold": "no" if n < 3 else ""} for n in range(1, 9)]
CARD = "Please read guideline 2.0"


def put_in_force(house: House, *, examples: Sequence[NewExample] = (), **more: Any) -> None:
    """Rita proposes a version with a rule about hedges, Max approves it, and the clock does the rest."""
    change = {"kind": ChangeKind.RULE_CHANGE, "summary": "Hedges do not imply", "why": "Six cases <@U1>", **more}
    rules = Change(markdown=RULES, examples=tuple(examples), **change)
    rita = house.person("rita")
    made = house.store.transact(
        lambda session: proposing.propose(session, house.project_id, rita, rules, house.clock())
    )
    clock(house)
    house.store.transact(lambda session: deciding.approve(session, made.id, 1, house.ids["max"], house.clock()))
    clock(house)


def set_rules(house: House, **rules: Any) -> None:
    """What the project says of new versions."""
    with house.store.write() as session:
        session.execute(update(Project).where(col(Project.id) == house.project_id).values(guidelines=rules))


def clock(house: House) -> None:
    guidelines.keep_up(house.store, house.clock(), house.concord.sender.nudge)


def gold_examples(house: House) -> list[NewExample]:
    no = next(value_id for value_id, value in house.values().items() if value == "no")
    rows = house.rows(select(col(Item.id)).where(col(Item.gold) == "no").order_by(col(Item.id)))
    return [NewExample(row.id, no, "May is a hedge, see *Hedges*.") for row in rows]


def asked(somebody: Someone, part: str = CARD) -> Json:
    """The card in their DM that asks them to read."""
    return until(lambda: [one for one in somebody.messages() if part in words(one) and not one["ephemeral"]])[-1]


def held(somebody: Someone) -> Json:
    """What they see instead of a batch."""
    before = {view["id"] for view in somebody.space.modals(somebody.name)}
    somebody.press_ok(somebody.home(), "Get a batch")
    return until(lambda: [view for view in somebody.space.modals(somebody.name) if view["id"] not in before])[-1]


def answers(view: Json, value: str, house: House) -> Mapping[str, str]:
    value_id = next(str(known) for known, name in house.values().items() if name == value)
    return {block["block_id"]: value_id for block in view["blocks"] if block["type"] == "input"}


def test_a_version_is_announced_read_checked_and_then_worked_under(open_house: OpenHouse) -> None:
    house = open_house(items=GOLD)
    set_rules(house, check=2)
    put_in_force(house, examples=gold_examples(house))
    house.quiet()
    post = next(one for one in house.posts("ana", "rte") if "Guideline 2.0 is in force" in words(one))
    assert post["pinned"]
    assert "Six cases <@U1>" in seen.quoted(post)
    assert "1 section added" in words(post)
    assert "What may be so does not imply <!channel>." in words(post)
    assert "Worked example" not in words(post), "they are asked in the check"
    card = asked(house.ana)
    assert "You get no new batch until you have read it." in words(card)
    assert "2 worked examples" in words(card)
    refused = held(house.ana)
    assert "read guideline 2.0 first" in words(refused)
    house.ana.press_ok(refused, "Read 2.0")
    reader = until(
        lambda: [one for one in house.ana.space.modals("ana") if "May" in words(one) or "may" in words(one)]
    )[-1]
    assert "<!channel>" in words(reader)
    house.ana.close_modals()

    house.ana.press_ok(card, "I have read 2.0")
    check = house.ana.modal()
    assert len(answers(check, "yes", house)) == 2
    assert house.ana.submit(check, answers(check, "yes", house))["ok"]
    told = until(lambda: [one for one in house.ana.space.modals("ana") if "Try again" in titles(one)])[-1]
    assert "2 answers are not right" in words(told)
    assert "Right: No. May is a hedge, see *Hedges*.".replace("*", "") in words(told)
    assert house.count(Acknowledgement, col(Acknowledgement.acknowledged_at).is_not(None)) == 0
    house.ana.press_ok(told, "Try again")
    again = until(lambda: [one for one in house.ana.space.modals("ana") if answers(one, "no", house)])[-1]
    assert house.ana.submit(again, answers(again, "no", house))["ok"]
    read = until(lambda: "You have read guideline 2.0" in words(now := house.ana.see(card["ts"])) and now)
    assert "I have read 2.0" not in titles(read)
    house.ana.press_ok({**read, "channel": card["channel"]}, "Get a batch")
    house.ana.answer("Yes")
    (label,) = house.rows(select(col(Label.guideline_id)))
    (batch,) = house.rows(select(col(Batch.guideline_id)))
    assert label.guideline_id == batch.guideline_id is not None


def test_home_and_the_digest_say_who_has_not_read(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    assert "is to be read" not in words(house.ana.home())
    put_in_force(house)
    home = house.ana.home()
    assert "Guideline 2.0 is to be read. You get no new batch until you have." in words(home)
    house.ana.press_ok(home, "I have read 2.0")
    until(lambda: "is to be read" not in words(house.ana.home()))
    said = "Guideline 2.0: read by 1 of 4. Not yet: ben, cem, rita"
    assert said in words(house.lea.home())
    assert said in house.lea.hears(lambda: house.lea.command("/concord digest"), "quality digest")
    assert "is to be read" in words(house.rita.home())


def test_a_batch_that_is_asked_for_while_held_brings_the_buttons(open_house: OpenHouse) -> None:
    house = open_house(items=GOLD)
    put_in_force(house, examples=gold_examples(house))
    house.quiet()
    assert "Worked example\nText number 1\nNo: May is a hedge" in words(asked(house.ana)).replace("*", "")
    house.ana.hears(lambda: house.ana.command("/concord batch"), "read guideline 2.0 first")
    shown = next(one for one in house.ana.messages() if one["ephemeral"])
    house.ana.press_ok(shown, "I have read 2.0")
    until(lambda: "You have read guideline 2.0" in words(asked(house.ana, "guideline 2.0")))
    assert house.ana.get_batch()


def test_two_clicks_at_once_and_a_late_one_are_one_reading(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    put_in_force(house)
    card = asked(house.ana)
    all_at_once([lambda: house.ana.press(card, "I have read 2.0")] * 4)
    until(lambda: "You have read" in words(house.ana.see(card["ts"])))
    first = house.one(
        select(col(Acknowledgement.acknowledged_at), col(Acknowledgement.version)).where(
            col(Acknowledgement.person_id) == house.person("ana")
        )
    )
    house.quiet()
    assert first.version == 1
    assert house.ana.get_batch()


def test_somebody_elses_card_acknowledges_nothing(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    put_in_force(house)
    card, theirs = asked(house.ana), asked(house.ben)
    _, button, _ = seen.control(card, "I have read 2.0")
    action = {
        "type": "button",
        "action_id": "acknowledge",
        "block_id": "b",
        "value": button["value"],
        "action_ts": "9.1",
    }
    click = {
        "type": "block_actions",
        "container": {"type": "message", "message_ts": theirs["ts"], "channel_id": theirs["channel"]},
        "channel": {"id": theirs["channel"], "name": "directmessage"},
        "actions": [action],
    }
    house.ben.hears(lambda: house.workspace.forge("ben", click), "for somebody else")
    assert house.count(Acknowledgement, col(Acknowledgement.acknowledged_at).is_not(None)) == 0


def test_who_joins_later_is_asked_and_who_left_is_not(open_house: OpenHouse) -> None:
    house = open_house(
        items=4, people={"ana": ["annotator"], "rita": ["reviewer"], "lea": ["lead"], "max": ["manager"]}
    )
    put_in_force(house)
    house.quiet()
    with house.store.write() as session:
        membership.add(session, house.project_id, "@ben", [Role.ANNOTATOR], house.clock(), None)
    house.resolve()
    clock(house)
    assert "read" in words(asked(house.ben))
    assert held(house.ben)
    with house.store.write() as session:
        membership.remove(session, house.project_id, house.person("ana"), house.clock(), None)
    told = house.ana.hears(lambda: house.ana.press(asked(house.ana), "I have read 2.0"), "neither annotate nor review")
    assert told


def test_an_open_batch_goes_on_under_the_version_it_began_with(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    began = house.ana.get_batch()
    put_in_force(house)
    card = house.ana.answer("Yes")
    assert "guideline 1.0, 2.0 is to be read" in words(card)
    labelled_under = house.one(select(col(Label.guideline_id)))
    house.ana.press_ok(asked(house.ana), "I have read 2.0")
    now = until(lambda: "guideline 2.0" in words(shown := house.ana.see(began["ts"])) and shown)
    house.ana.answer("No", {**now, "channel": card["channel"]})
    assert len({labelled_under, *house.rows(select(col(Label.guideline_id)))}) == 2


def test_a_paused_batch_leads_to_what_is_to_be_read_and_goes_on_afterwards(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    set_rules(house, open_batches="pause")
    card = house.ana.get_batch()
    put_in_force(house)
    paused = until(lambda: "This batch is paused" in words(now := house.ana.see(card["ts"])) and now)
    assert "Yes" not in titles(paused)
    house.ana.hears(
        lambda: house.ana.press({**paused, "channel": card["channel"]}, "Read 2.0"), "read guideline 2.0 first"
    )
    shown = [one for one in house.ana.messages() if one["ephemeral"]][-1]
    house.ana.press_ok(shown, "I have read 2.0")
    going = until(lambda: "Yes" in titles(now := house.ana.see(card["ts"])) and now)
    house.ana.answer("Yes", {**going, "channel": card["channel"]})
    assert house.count(Label) == 1


def test_the_leads_hear_after_some_days_who_has_not_read(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    put_in_force(house)
    house.quiet()
    house.ana.press_ok(asked(house.ana), "I have read 2.0")
    # From ten in the morning on, whenever this is run: nobody is reminded in the evening.
    morning = (house.clock() + timedelta(days=1)).replace(hour=10, minute=0)
    house.clock.forward(seconds=(morning - house.clock()).total_seconds())
    for _ in range(8):
        house.clock.forward(days=1)
        clock(house)
    told = until(lambda: [one for one in house.posts("lea", "rte-leads") if "not everybody has read" in words(one)])
    assert len(told) == 1
    assert "read by 1 of 4. Not yet: ben, cem, rita" in words(told[0])
    # A reminder is a new message, of which the notice of the lead is not the last.
    reminders = until(lambda: found if len(found := [o for o in house.posts("ben") if CARD in words(o)]) >= 2 else [])
    assert "waits since" in words(reminders[-1])
    assert len([one for one in house.posts("ana") if CARD in words(one)]) == 0


def test_a_click_on_a_label_that_is_no_more_brings_the_labels_that_there_are(open_house: OpenHouse) -> None:
    labels = [{"value": value, "title": value.title()} for value in ("yes", "no", "maybe")]
    house = open_house(items=2, labels=labels)
    card = house.ana.get_batch()
    put_in_force(house, label_changes=("merge no, maybe = no",))
    house.quiet()
    assert "Maybe" in titles(house.ana.see(card["ts"])), "nobody draws five hundred open cards anew"
    house.ana.hears(lambda: house.ana.press(card, "Maybe"), "“Maybe” is no label any more")
    now = until(lambda: "Maybe" not in titles(shown := house.ana.see(card["ts"])) and shown)
    house.ana.answer("No", {**now, "channel": card["channel"]})
    assert house.count(Label) == 1
