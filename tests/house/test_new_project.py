"""Making a project in chat, and changing one: faults at their fields, once for each form, nobody overtaken unseen."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Channel, History, LabelValue, Member, Person, Project, Role
from tests.conftest import KINDS
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import words
from tests.house.waiting import all_at_once, once, until
from workflow import projects
from workflow.errors import RefusedError
from workflow.project_file import parse
from workflow.project_yaml import as_yaml
from workflow.saving_settings import Opened

FIELDS: Json = {
    "name": "news",
    "question": "Is it <news> & worth it?",
    "labels": "yes | Worth it | It is new\n  and true\nno\n010 | *Maybe* \\| not",
}


def new_form(house: House, name: str = "max", channel: str | None = "rte") -> Json:
    somebody = house.someone(name)
    somebody.close_modals()
    assert somebody.command("/concord new", channel) == {"ok": True}
    view: Json = somebody.modal()
    return view


def settings_form(house: House, name: str = "lea", command: str = "/concord settings rte") -> Json:
    somebody = house.someone(name)
    somebody.close_modals()
    assert somebody.command(command) == {"ok": True}
    view: Json = somebody.modal()
    return view


def field(view: Json, name: str) -> Json:
    """A field's element; settings number their blocks by the newest change."""
    return next(block["element"] for block in view["blocks"] if str(block.get("block_id")).partition(":")[0] == name)


def fill(view: Json, **values: Any) -> Json:
    """The fields by the ids of their blocks."""
    ids = {str(block["block_id"]).partition(":")[0]: block["block_id"] for block in view["blocks"]}
    return {ids[name]: value for name, value in values.items()}


def errors(done: Json) -> Json:
    assert not done["ok"], done
    return {block.partition(":")[0]: said for block, said in done["errors"].items()}


def made(house: House, name: str = "news") -> Any:
    return house.one(select(Project).where(col(Project.name) == name))[0]


def exported(house: House, name: str) -> str:
    with house.store.read() as session:
        return as_yaml(session, projects.by_name(session, name))


# -- making -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", KINDS)
def test_a_project_is_made_in_one_form_and_given_back(open_house: OpenHouse, database: str) -> None:
    house = open_house(items=0, database=database)
    view = new_form(house)
    assert field(view, "channel_team")["initial_conversation"] == house.workspace.channel("rte")
    assert field(view, "leads")["initial_users"] == [house.ids["max"]]
    assert field(view, "time_zone")["initial_value"] == zone_of(house, "max")
    done = house.max.submit(view, {**FIELDS, "annotators": [house.ids["ana"], house.ids["ben"]], "digest": "17:30"})
    assert done["ok"], done
    card = until(lambda: [one for one in house.max.messages() if "news is made" in words(one)])[0]
    spec = parse(exported(house, "news").encode())
    assert [(one.value, one.title, one.description) for one in spec.labels] == [
        ("yes", "Worth it", "It is new\nand true"),
        ("no", "no", ""),
        ("010", "*Maybe* | not", ""),
    ]
    assert (spec.question, spec.digest, spec.overlap) == ("Is it <news> & worth it?", "17:30", 3)
    assert roles(house, "max") == {Role.LEAD, Role.MANAGER}
    assert roles(house, "ana") == {Role.ANNOTATOR}
    told = words(card)
    assert exported(house, "news").replace("*", "") in told, "the whole file, to be kept"
    assert "overlap of news is 3, and it has 2 annotators" in told
    assert "/concord settings news" in told
    rows = house.rows(
        select(col(History.actor_id)).where(col(History.action) == "project.created").order_by(col(History.id))
    )
    assert rows[-1].actor_id == house.person("max")


def zone_of(house: House, name: str) -> str | None:
    row = house.one(select(col(Person.time_zone)).where(col(Person.slack_id) == house.ids[name]))
    return str(row.time_zone)


def roles(house: House, name: str) -> set[Role]:
    mine = select(col(Member.role)).where(
        col(Member.person_id) == house.person(name), col(Member.project_id) == made(house).id
    )
    return {row.role for row in house.rows(mine)}


def test_every_fault_is_at_its_field_and_nothing_is_made(open_house: OpenHouse) -> None:
    house = open_house(items=0)
    before = house.dump()
    view = new_form(house)
    wrong = {
        "name": "rte",
        "question": "Is it?",
        "labels": "yes | Same\nno | Same\nyes",
        "fields": "text\ngold\ntext",
        "hold": "2 weeks",
        "time_zone": "Europe/Berln",
    }
    said = errors(house.max.submit(view, wrong))
    assert set(said) == {"name", "labels", "fields", "hold", "time_zone"}
    assert said["name"] == "There is a project rte already: choose another name."
    assert "Label 3: 'yes' is the value of label 1 too" in said["labels"]
    assert "Line 2: 'gold' is a column that Concord fills itself" in said["fields"]
    assert "did you mean Europe/Berlin?" in said["time_zone"]
    assert house.dump() == before
    right = {**wrong, **FIELDS, "fields": "text", "hold": "2d", "time_zone": "Europe/Berlin"}
    assert house.max.submit(view, right)["ok"], "the form is still there"
    assert made(house).hold_seconds == 2 * 86_400


def test_one_form_makes_one_project_however_often_it_is_sent(open_house: OpenHouse) -> None:
    house = open_house(items=0, database="postgresql")
    view = new_form(house)
    done = all_at_once([lambda: house.max.submit(view, FIELDS)] * 3)
    assert all(one.get("ok") or one.get("error") == "no_such_view" for one in done), done
    until(lambda: [one for one in house.max.messages() if "news is made" in words(one)])
    house.quiet()
    assert len([one for one in house.max.messages() if "news is made" in words(one)]) == 1
    assert house.count(Project) == 2


def test_two_forms_for_one_name_make_one_project_and_say_so(open_house: OpenHouse) -> None:
    house = open_house(items=0, database="postgresql")
    views = {name: new_form(house, name) for name in ("max", "ana")}
    done = all_at_once(
        [lambda who=name, view=view: house.someone(who).submit(view, FIELDS) for name, view in views.items()]  # type: ignore[misc]
    )
    assert sorted(one["ok"] for one in done) == [False, True]
    lost = next(one for one in done if not one["ok"])
    assert "There is a project news already" in lost["errors"]["name"]


def test_in_a_direct_message_no_channel_is_chosen_yet(open_house: OpenHouse) -> None:
    house = open_house(items=0)
    view = new_form(house, channel=None)
    assert "initial_conversation" not in field(view, "channel_team")


def test_what_is_open_shrinks_on_the_card_as_slack_is_looked_up(open_house: OpenHouse) -> None:
    house = open_house(items=0)
    view = new_form(house)
    assert house.max.submit(view, {**FIELDS, "annotators": [house.ids[name] for name in ("ana", "ben", "cem")]})["ok"]
    card = until(lambda: [one for one in house.max.messages() if "news is made" in words(one)])[0]
    house.resolve()
    shown = once(lambda: house.max.see(card["ts"]), lambda now: "team: '#rte'" in words(now))
    assert "is looked for" not in words(shown)


def test_only_leads_make_projects_where_that_is_set(open_house: OpenHouse) -> None:
    house = open_house(items=0, running=False)
    house.start(who_makes="leads")
    house.ana.hears(lambda: house.ana.command("/concord new", "rte"), "Only the leads and managers", "rte")
    assert house.lea.submit(new_form(house, "lea"), FIELDS)["ok"]


# -- changing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", KINDS)
def test_settings_are_changed_where_something_was_changed(open_house: OpenHouse, database: str) -> None:
    house = open_house(items=2, database=database)
    view = settings_form(house)
    assert field(view, "labels")["initial_value"] == "yes | Yes\nno | No"
    changed = fill(view, overlap="3", labels="yes | Yep | It follows.\nno | No", accept="0.8", digest="07:15")
    house.lea.hears(lambda: house.lea.submit(view, changed), "digest: 09:00 -> 07:15")
    row = made(house, "rte")
    assert (row.overlap, row.accept, row.digest_at, row.batch_size) == (3, "0.8", "07:15", 25)
    assert [one.title for one in house.rows(select(col(LabelValue.title)).order_by(col(LabelValue.position)))] == [
        "Yep",
        "No",
    ]
    rows = house.rows(select(History).where(col(History.action).in_(("project.overlap", "project.changed"))))
    assert {one[0].actor_id for one in rows} == {house.person("lea")}
    names = house.rows(select(col(Channel.name)).order_by(col(Channel.purpose)))
    assert {one.name for one in names} == {"#rte", "#rte-review", "#rte-leads"}, "what was not touched stays as it was"


def test_others_are_told_who_can(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    refused = "Only a lead of rte can do this: ask @lea"
    house.ana.hears(lambda: house.ana.command("/concord settings rte", "rte"), refused, "rte")


def test_what_labels_rest_on_is_refused_at_its_field(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    view, before = settings_form(house), house.dump()
    assert not [b for b in view["blocks"] if str(b.get("block_id")).startswith(("level", "fields"))]
    said = errors(house.lea.submit(view, fill(view, labels="yes\nmaybe", hold="1s", overlap="4")))
    assert set(said) == {"hold"}, "what cannot be read comes first"
    said = errors(house.lea.submit(view, fill(view, labels="yes\nmaybe", hold="24h", overlap="4")))
    assert "an item is there already" in said["labels"].lower()
    assert house.dump() == before


def test_who_was_overtaken_is_told_who_changed_what_and_keeps_what_they_typed(open_house: OpenHouse) -> None:
    house = open_house(items=1, people={"lea": ["lead"], "max": ["lead"], "ana": ["annotator"]})
    mine, theirs = settings_form(house, "lea"), settings_form(house, "max")
    assert house.max.submit(theirs, fill(theirs, overlap="3", question="Really?"))["ok"]
    done = house.lea.submit(mine, fill(mine, overlap="5", hold="2d"))
    assert done == {"ok": True, "action": "update"}
    again = house.lea.modal()
    assert "max changed overlap from 2 to 3." in words(again)
    assert field(again, "overlap")["initial_value"] == "5"
    assert field(again, "hold")["initial_value"] == "2d"
    assert field(again, "question")["initial_value"] == "Really?", "what they did not touch is as it is now"
    assert made(house, "rte").overlap == 3
    assert house.lea.submit(again, {})["ok"]
    row = made(house, "rte")
    assert (row.overlap, row.hold_seconds, row.question) == (5, 2 * 86_400, "Really?")


@pytest.mark.parametrize("database", KINDS)
def test_of_two_who_save_at_one_moment_one_is_told_of_the_other(open_house: OpenHouse, database: str) -> None:
    crowd = {"lea": ["lead"], "max": ["lead"], "ana": ["annotator"]}
    house = open_house(items=1, people=crowd, database=database)
    views = {name: settings_form(house, name) for name in ("lea", "max")}
    wanted = {"lea": fill(views["lea"], hold="2d"), "max": fill(views["max"], overlap="1")}
    done = all_at_once([lambda who=name: house.someone(who).submit(views[who], wanted[who]) for name in views])  # type: ignore[misc]
    assert sorted(one["action"] for one in done) == ["close", "update"]
    row = made(house, "rte")
    assert (row.hold_seconds == 2 * 86_400) != (row.overlap == 1), "one of the two was saved, and the other asked again"


def test_the_same_form_sent_twice_changes_once_and_complains_of_nothing(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    view = settings_form(house)
    done = all_at_once([lambda: house.lea.submit(view, fill(view, hold="2d"))] * 2)
    assert all(one.get("action") in ("close", None) for one in done), done
    assert house.count(History, col(History.action) == "project.changed") == 1


@pytest.mark.parametrize(
    "text",
    ["", "1", "[]", "[1,2]", '["1",0,{}]', "[1,-1,{}]", "[1,0,[]]", "[99999999999999999999,0,{}]", "nul", "[" * 9999],
)
def test_what_is_no_form_of_ours_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="does not belong to a project"):
        Opened.read(text)


def test_a_channel_that_slack_has_not_told_stays_when_nothing_is_chosen(open_house: OpenHouse) -> None:
    house = open_house(items=1, channels={"team": "#nowhere", "review": "#rte-review", "leads": "#rte-leads"})
    view = settings_form(house)
    assert "initial_conversation" not in field(view, "channel_team")
    assert house.lea.submit(view, fill(view, hold="3d"))["ok"]
    assert "#nowhere" in exported(house, "rte")
    view = settings_form(house)
    assert house.lea.submit(view, fill(view, channel_team=house.workspace.channel("rte")))["ok"]
    assert house.workspace.channel("rte") in exported(house, "rte")
