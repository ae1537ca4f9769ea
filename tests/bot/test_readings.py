"""What messages say to whom."""

from bot.messages import Messages
from storage.engine import Store
from storage.tables import Role
from tests.builders import NOW, add_person, build
from tests.workflow.clicks import Clicks


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
