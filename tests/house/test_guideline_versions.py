"""All versions of a guideline are listed, read and compared in chat, by everybody in the project and nobody else."""

from sqlalchemy import insert, update
from sqlmodel import Session, col

from storage.tables import ChangeKind, Project, Proposal, ProposalState
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import once
from workflow.guidelines import versions

FIRST = "# Rules\n\nSay yes only if the text says so.\n\n# Dates\n\nA date is *one* day <!channel>.\n"
SECOND = FIRST.replace("says so", "implies it") + "\n# Hedges\n\n- May is a hedge.\n"


def put_in_force(house: House, markdown: str, summary: str) -> None:
    """Rita's text is the version in force."""

    def change(session: Session) -> None:
        before = versions.current(session, house.project_id)
        by, now = house.person("rita"), house.clock()
        made = versions.add(session, before, ChangeKind.RULE_CHANGE, markdown, by, now, None)
        session.execute(update(Project).where(col(Project.id) == house.project_id).values(guideline_id=made))
        row = Proposal(
            project_id=house.project_id,
            state=ProposalState.EFFECTIVE,
            kind=ChangeKind.RULE_CHANGE,
            summary=summary,
            markdown=markdown,
            base_id=before.id or 0,
            label_changes=["rename no = never | Never"],
            guideline_id=made,
            created_at=now,
        )
        session.execute(insert(Proposal).values(**{k: v for k, v in row.model_dump().items() if k != "id"}))

    house.store.transact(change)


def turned(somebody: Someone, view: Json, title: str, part: str) -> Json:
    """What the open modal shows once a button of it was pressed."""
    somebody.press_ok(view, title)
    return once(somebody.modal, lambda now: part in words(now))


def test_versions_are_listed_read_and_compared_in_one_modal(open_house: OpenHouse) -> None:
    house = open_house(items=1, guideline=FIRST, people={"ana": ["annotator"], "rita": ["reviewer"]})
    put_in_force(house, SECOND, "Hedges do not imply <!here>")
    house.ana.command("/concord guideline")
    read = house.ana.modal()
    assert "version 2.0, in force" in words(read)
    listed = turned(house.ana, read, "All versions", "All versions of the guideline")
    assert "2.0" in words(listed)
    assert "a rule change" in words(listed)
    assert "Hedges do not imply" in words(listed)
    assert titles(listed).count("Read") == 2
    assert titles(listed).count("What changed") == 1, "the first version is compared with nothing"
    changed = turned(house.ana, listed, "What changed", "1.0 → 2.0: 1 section changed, 1 added")
    assert "“no” is called “never”" in words(changed), "what becomes of labels stands in front"
    assert "Say yes only if the text says soimplies it." in words(changed)
    assert "A date is" not in words(changed)
    listed = turned(house.ana, changed, "All versions", "All versions of the guideline")
    read = turned(house.ana, listed, "Read", "version 2.0")
    assert "May is a hedge." in words(read)


def test_versions_are_named_in_the_command(open_house: OpenHouse) -> None:
    house = open_house(items=1, guideline=FIRST, people={"ana": ["annotator"], "rita": ["reviewer"]})
    put_in_force(house, SECOND, "Hedges")
    ana = house.ana
    ana.hears(lambda: ana.command("/concord guideline show 3.1"), "There is 2.0, 1.0.")
    ana.hears(lambda: ana.command("/concord guideline diff 1.0 2.0 1.0"), "Say two numbers")
    ana.hears(lambda: ana.command("/concord guideline diff 2.0"), "These are one version, 2.0")
    for typed, part in (
        ("show 1.0", "version 1.0, not in force"),
        ("1.0", "version 1.0, not in force"),
        ("diff 1.0 2.0 rte", "1.0 → 2.0: 1 section changed, 1 added"),
        ("diff 2.0 1.0", "2.0 → 1.0: 1 section changed, 1 removed"),
        ("diff", "1.0 → 2.0: "),
        ("list", "All versions of the guideline"),
    ):
        ana.close_modals()
        ana.command(f"/concord guideline {typed}")
        once(ana.modal, lambda view: part in words(view))  # noqa: B023
    house.ben.hears(lambda: house.ben.command("/concord guideline diff rte"), "can do this")
