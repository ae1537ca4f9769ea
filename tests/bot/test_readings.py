"""What messages say to whom."""

import pytest
from sqlmodel import Session

from bot import readings, readings_guidelines
from bot.messages import Messages
from storage.engine import Store
from storage.tables import ChangeKind, Role
from tests.builders import NOW, add_person, build
from tests.templates.samples import COVERAGE, HOME_PROJECT, TO_READ
from tests.workflow.clicks import Clicks
from tests.workflow.readers import Readers


def test_a_lead_with_open_items_sees_no_shares_of_others_labels_until_they_have_answered(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "lea"), overlap=2)
    with store.write() as session:
        add_person(session, world, "lea", Role.LEAD)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.batch("lea")
    clicks.label("ana", 0, "yes")

    def said() -> str:
        with store.read() as session:
            drawn = Messages(lambda: NOW).draw(
                session, "asked_digest", {"project_id": world.project_id, "user_id": world.slack_id("lea")}
            )
        assert drawn is not None
        return f"{drawn.text} {drawn.blocks}"

    assert "100" not in said()
    assert "once you have answered" in said()
    clicks.label("lea", 0, "yes")
    assert "Yes 100" in said()


@pytest.mark.parametrize("many", [1, 2, 5, 6, 40])
def test_home_has_room_for_somebody_who_does_everything_everywhere(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def project(number: int) -> dict[str, object]:
        kept = {name: value for name, value in HOME_PROJECT.items() if name not in ("to_read", "coverage", "ends")}
        case = HOME_PROJECT["cases"][0]
        cases = [{**case, "id": 100 * number + one} for one in range(5)]
        rulings = [{"id": one["id"], "key": "item 1", "title": "Yes"} for one in cases]
        progress = {**HOME_PROJECT["progress"], "expected_end": NOW.isoformat()}
        more = {"id": number, "time_zone": "UTC", "since": NOW.isoformat(), "progress": progress}
        return {**kept, **more, "cases": cases, "rulings": rulings}

    view = {"projects": [project(number) for number in range(1, many + 1)]}
    monkeypatch.setattr(readings, "home_view", lambda *_: view)
    monkeypatch.setattr(readings, "_to_read", lambda *_: {"to_read": TO_READ, "coverage": COVERAGE})
    home = Messages(lambda: NOW).draw_view(Session(), "home", {"user_id": "U1"})
    opened = [block for block in home["blocks"] if str(block.get("block_id", "")).startswith("case:")]
    assert len(home["blocks"]) <= 100
    assert len(opened) >= min(many, readings.FIRST_PROJECTS), "every project shows a case that waits"
    assert many > 2 or len(opened) == 5 * many


def test_of_many_versions_that_were_not_read_those_that_changed_rules_are_named(store: Store) -> None:
    team = Readers.of(store)
    team.publish()
    for _ in range(5):
        last = team.publish(ChangeKind.CLARIFICATION)
    team.ask()
    with store.read() as session:
        shown = readings_guidelines.acknowledgement(session, {"id": team.asked("ana", last)}, team.now)
    assert shown is not None
    assert [one["number"] for one in shown["skipped"]] == ["2.0", "2.3", "2.4"]
    assert (shown["more_skipped"], shown["since"]["number"]) == (2, "1.0")
