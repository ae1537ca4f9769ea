"""Pictures of a guideline that changes: proposed, announced, read, and whether it helped, on the demo's real labels."""

from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import Session, col

from bot.demo import crowd
from bot.demo.project import FOLDER
from jobs import guidelines
from storage.tables import Acknowledgement, ChangeKind, Item, Person, Role
from tests.browser import demo_house, pictures
from tests.browser.intake_pictures import Window
from tests.browser.pages import button, message, thread
from tests.house.house import House
from workflow import membership
from workflow.guidelines.acknowledgement import acknowledging
from workflow.guidelines.proposals import proposing
from workflow.guidelines.proposals.change import Change, NewExample

NUMBER = "2.0"
RULES = (
    (
        '"Very likely" is good enough, "could well be" is not.',
        '"Very likely" is good enough, "may" and "might" are not.',
    ),
    (
        '"in Europe" is not "in France".',
        '"in Europe" is not "in France". Somebody\'s home is where they live; a job or a visit is not.',
    ),
)
SUMMARY = "What says where somebody lives"
WHY = "The cases about where somebody lives were all ruled alike, so let it be a rule."
EXPLANATION = "Point 5: very likely is good enough. Nobody raids a home where its owner does not live."


def take(house: House, window: Window, folder: Path, ruled: str, more: list[str]) -> None:
    """All four, in their order: ``ruled`` is an item with a ruling, ``more`` items are labelled under 2.0."""
    propose(house, ruled)
    manager = window("max", None)
    card = message(manager, "A change of the guideline is proposed")
    expect(card).to_contain_text("It touches")
    pictures.message(card, folder / "proposal.png")
    button(card, "Approve").click()
    button(manager.get_by_role("dialog"), "Approve").click()
    expect(message(manager, f"In force as {NUMBER}")).to_be_visible()
    house.quiet()
    pictures.message(message(window("ana", None), f"Please read guideline {NUMBER}"), folder / "acknowledgement.png")
    team = window("lea", "rte")
    pictures.message(message(team, f"Guideline {NUMBER} is in force"), folder / "announcement.png")
    work_under_it(house, more)
    helped(house, team, folder / "helped.png")


def propose(house: House, ruled: str) -> None:
    """Rita makes a rule of what she ruled, with a ruling as its worked example."""
    text = (FOLDER / "guideline.md").read_text(encoding="utf-8")
    for before, after in RULES:
        text = text.replace(before, after)
    item = house.one(select(col(Item.id), col(Item.final_value_id)).where(col(Item.key) == ruled))
    example = NewExample(item.id, item.final_value_id, EXPLANATION)
    change = Change(ChangeKind.RULE_CHANGE, SUMMARY, WHY, text, examples=(example,))
    by = house.person("rita")
    house.store.transact(lambda session: proposing.propose(session, house.project_id, by, change, house.clock()))
    keep_up(house)
    house.quiet()


def work_under_it(house: House, items: list[str]) -> None:
    """The data set's people read the version, and label more under it."""
    wanted = set(items)
    names = sorted({row["annotator"] for row in crowd.data()[1] if row["item_id"] in wanted})

    def join(session: Session) -> None:
        for name in names:
            membership.add(session, house.project_id, house.ids[name], [Role.ANNOTATOR], house.clock(), None)

    def read(session: Session) -> None:
        rows = session.execute(
            select(col(Acknowledgement.id), col(Person.slack_id)).join(
                Person, col(Person.id) == col(Acknowledgement.person_id)
            )
        )
        for row in rows.all():
            acknowledging.acknowledge(session, row.id, row.slack_id, house.clock())

    house.store.transact(join)
    keep_up(house)
    house.store.transact(read)
    demo_house.let_crowd_label(house, items)
    demo_house.rule_on_all_but(house, 2)
    # What grows slowly is counted again after an hour.
    house.clock.forward(hours=2)


def helped(house: House, team: Page, file: Path) -> None:
    """The post in the thread of the announcement."""
    keep_up(house)
    house.quiet()
    talk = thread(team, message(team, f"Guideline {NUMBER} is in force"))
    told = talk.locator("article.message", has_text=f"Did {NUMBER} help?")
    expect(told.locator("img.image")).to_be_visible()
    pictures.message(told, file, pictures.WIDE)


def keep_up(house: House) -> None:
    """The clock's round, until nothing of it is left."""
    while guidelines.keep_up(house.store, house.clock(), house.concord.sender.nudge):
        pass
