"""What leads do: ask for the digest and post it, hand out batches, say who is in the project."""

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Assignment, Claim, Digest, Member, Place, Role
from tests.house import seen
from tests.house.conftest import OpenHouse, texts
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.waiting import once, until


def whisper(house: House, channel: str = "rte-leads") -> Json:
    """The newest ephemeral message that the lead sees."""
    found: list[Json] = until(lambda: [one for one in house.lea.messages(channel) if one["ephemeral"]])
    return found[-1]


def label_all(house: House, *said: tuple[str, str]) -> None:
    for name, title in said:
        somebody = house.someone(name)
        card = somebody.get_batch()
        while "Batch finished" not in words(card):
            card = somebody.answer(title)


# -- the digest ---------------------------------------------------------------------------------------------------


def test_a_digest_is_shown_to_who_asks_and_claims_nothing(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    label_all(house, ("ana", "Yes"), ("ben", "Yes"))
    assert house.lea.command("/concord digest", "rte-leads") == {"ok": True}
    shown = whisper(house)
    told = words(shown)
    assert "rte: quality digest" in told
    assert "Labels\n6" in told
    assert "3 of 3, 0 to go" in told
    assert "ana: 3  ·  ben: 3" in told
    assert titles(shown) == ["Post to the leads channel"]
    assert house.posts("lea", "rte-leads") == []
    assert [one for one in house.max.messages("rte-leads") if one["ephemeral"]] == []
    assert house.count(Claim) == house.count(Digest) == 0


def test_a_posted_digest_is_one_message_with_a_picture(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    label_all(house, ("ana", "Yes"), ("ben", "No"))
    house.lea.command("/concord digest rte", "rte-leads")
    shown = whisper(house)
    for _ in range(2):
        house.lea.hears(lambda: house.lea.press(shown, "Post to the leads channel"), "on its way", "rte-leads")
    house.quiet()
    posted = once(lambda: house.posts("max", "rte-leads"), lambda found: found)
    assert len(posted) == 1
    picture = next(block for block in posted[0]["blocks"] if block["type"] == "image")
    assert picture["alt_text"]
    kept = house.workspace.call("files.info", form=True, file=picture["slack_file"]["id"])["file"]
    assert kept["mimetype"] == "image/png"
    assert titles(posted[0]) == [], "what is posted for all has no button of one person"
    assert "2 waiting for a ruling" in posted[0]["text"]
    assert [row.scheduled for row in house.rows(select(col(Digest.scheduled)))] == [False]
    assert house.count(Claim) == 0


def test_a_lead_gets_the_digest_from_home_too(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.lea.hears(lambda: house.lea.press(house.lea.home(), "Digest now"), "rte: quality digest")


def test_a_digest_without_labels_says_so(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    told = house.lea.hears(lambda: house.lea.command("/concord digest"), "rte: quality digest")
    assert "Nobody in this period." in told
    assert "Raw agreement" not in told


# -- assigning ----------------------------------------------------------------------------------------------------


def test_a_batch_is_given_to_somebody(open_house: OpenHouse) -> None:
    house = open_house(items=6)
    told = house.lea.hears(lambda: house.lea.command("/concord assign @ana 3"), "ana: 3 items")
    assert "ben" not in told
    assert "item 1 of 3" in words(house.ana.card())
    assert house.ben.cards() == []


def test_batches_for_everybody_who_is_free(open_house: OpenHouse) -> None:
    house = open_house(items=6, overlap=3)
    house.ana.get_batch()
    told = house.lea.hears(lambda: house.lea.command("/concord assign everybody 2"), "ben: 2 items")
    assert "cem: 2 items" in told
    assert "ana" not in told, "who has a batch open is not free"
    assert len(house.ana.cards()) == 1
    told = house.lea.hears(lambda: house.lea.command("/concord assign everybody 2"), "Nobody is free")


def test_the_assign_form_gives_batches(open_house: OpenHouse) -> None:
    house = open_house(items=6)
    house.lea.press_ok(house.lea.home(), "Assign")
    view = house.lea.modal()
    assert house.lea.submit(view, {"people": [house.ids["ben"]], "size": "2"})["ok"]
    assert "item 1 of 2" in words(house.ben.card())
    assert house.count(Assignment) == 2


def test_the_assign_form_refuses_who_does_not_annotate(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    house.lea.press_ok(house.lea.home(), "Assign")
    done = house.lea.submit(house.lea.modal(), {"people": [house.ids["ben"], house.ids["rita"]], "size": "2"})
    assert "annotator" in str(done["errors"]).lower()
    assert house.count(Assignment) == 0, "all or nothing"


def test_assign_says_what_it_needs(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    house.lea.hears(lambda: house.lea.command("/concord assign"), "To whom?")
    house.lea.hears(lambda: house.lea.command("/concord assign @ana 0"), "from 1 to 100")
    house.lea.hears(lambda: house.lea.command("/concord assign @ana 500"), "from 1 to 100")
    house.lea.hears(lambda: house.lea.command("/concord assign @nobody 5"), "not in this project")
    assert house.count(Assignment) == 0


# -- people -------------------------------------------------------------------------------------------------------


def people_form(house: House) -> Json:
    assert house.lea.command("/concord people", "rte-leads") == {"ok": True}
    view: Json = house.lea.modal()
    return view


def roles(house: House, name: str) -> set[Role]:
    mine = select(col(Member.role)).where(col(Member.person_id) == house.person(name))
    return {row.role for row in house.rows(mine)}


def test_somebody_is_added_and_can_work(open_house: OpenHouse) -> None:
    house = open_house(items=2, people={"ana": ["annotator"], "lea": ["lead"]}, overlap=1)
    assert "You are not in a project yet" in words(house.ben.home())
    view = people_form(house)
    assert "ana  annotator" in words(view)
    assert "ben" not in words(view)
    assert house.lea.submit(view, {"person": house.ids["ben"], "roles": ["annotator", "reviewer"]})["ok"]
    assert "item 1 of 2" in words(house.ben.get_batch())
    assert roles(house, "ben") == {Role.ANNOTATOR, Role.REVIEWER}
    assert "annotator, reviewer" in words(people_form(house))


def test_a_removed_person_gives_their_work_back_and_the_card_closes(open_house: OpenHouse) -> None:
    house = open_house(items=3, overlap=1)
    house.ana.get_batch()
    house.ana.answer("Yes")
    assert house.lea.submit(people_form(house), {"person": house.ids["ana"], "roles": [], "remove": ["remove"]})["ok"]
    card = once(house.ana.card, lambda now: "Batch finished" in words(now))
    assert "Went back to the pool\n2" in words(card)
    states = house.rows(select(col(Assignment.state)).order_by(col(Assignment.position)))
    assert [row.state for row in states] == [Place.LABELLED, Place.RETURNED, Place.RETURNED]
    assert "item 1 of 2" in words(house.ben.get_batch())
    house.ana.hears(lambda: house.ana.press(card, "Another batch"), "Only an annotator of rte can do this")
    assert "You are not in a project yet" in words(house.ana.home())


def test_roles_are_changed(open_house: OpenHouse) -> None:
    house = open_house(items=2, overlap=1)
    house.ana.get_batch()
    assert house.lea.submit(people_form(house), {"person": house.ids["ana"], "roles": ["reviewer"]})["ok"]
    once(house.ana.card, lambda now: "Batch finished" in words(now))
    assert roles(house, "ana") == {Role.REVIEWER}
    assert "Nothing is waiting for a ruling" in words(house.ana.home())


def test_the_people_form_wants_a_person(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    before = house.dump()
    view = people_form(house)
    assert house.lea.submit(view, {"roles": ["lead"]})["errors"]["person"]
    assert house.dump() == before


def test_nobody_is_removed_without_saying_so(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    before, view = house.dump(), people_form(house)
    neither: dict[str, list[str]] = {"roles": []}
    both = {"roles": ["lead"], "remove": ["remove"]}
    for doubtful in (neither, both):
        done = house.lea.submit(view, {"person": house.ids["ana"], **doubtful})
        assert "tick Remove" in done.get("errors", {}).get("roles", ""), (doubtful, done)
    assert house.dump() == before


def test_removing_who_is_not_there_is_said_in_the_form(open_house: OpenHouse) -> None:
    house = open_house(items=1, people={"ana": ["annotator"], "lea": ["lead"]})
    done = house.lea.submit(people_form(house), {"person": house.ids["ben"], "roles": [], "remove": ["remove"]})
    assert "not in the project" in done["errors"]["person"]


# -- accounts -----------------------------------------------------------------------------------------------------


def test_a_deactivated_account_gives_its_open_work_back(open_house: OpenHouse) -> None:
    house = open_house(items=[*texts(2)], overlap=1)
    house.ana.get_batch()
    house.ana.answer("Yes")
    house.workspace.set_user("ana", deleted=True)
    until(lambda: house.count(Assignment, col(Assignment.state) == Place.RETURNED))
    assert "item 1 of 1" in words(house.ben.get_batch())
    house.ben.answer("No")

    house.workspace.set_user("ana", deleted=False)
    once(lambda: house.person_row("ana"), lambda row: row.active)
    card = once(house.ana.card, lambda now: "Batch finished" in words(now))
    house.ana.hears(lambda: house.ana.press(card, "Another batch"), "is done")
    assert house.count(Assignment, col(Assignment.state) == Place.LABELLED) == 2
    assert seen.titles(card)
