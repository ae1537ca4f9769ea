"""Pictures of quality assurance on the demo's real labels: a review, a dispute, a case beside a like one, a failed audit."""

from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from bot.demo import crowd
from jobs import quality
from storage.tables import Audit, AuditVerdict, Finding, Item, LabelValue, Project, Severity
from tests.browser import demo_house, pictures
from tests.browser.intake_pictures import Window
from tests.browser.pages import button, choose, command, message
from tests.house.house import House
from workflow.audit import answering, starting
from workflow.audit.plan import accepting
from workflow.audit.scope import Scope
from workflow.audit.starting import Wanted
from workflow.cases.reasons import ReasonCode

SEGMENTS = ("IR", "MT")
ITEMS_A_DAY = (60, 55, 65)
RULED, LIKE = "1884", "1886"
REVIEWED = ("1960", "1845", "974")
KEPT = {RULED, LIKE, *REVIEWED}

RULING = "Point 2: “moved from Bangkok to New Delhi”. Geneva is only where the committee sits."
DEPARTS = "There the claim names another city. This one names the city that the conference was moved to."
NOTE = "Point 2: the text says that he came back. That he had left is likely, but when, and that he did, is added."
ARGUMENT = "Nobody can return to a house that they did not leave. Point 5 says that very likely is good enough!"
WHY = "Most of yesterday's hypotheses were translated by a machine. Are they labelled as well as the others?"


def take(house: House, window: Window, folder: Path) -> None:
    """All of them, in the order in which things happen."""
    work(house)
    rita = window("rita", "rte-review")
    review(rita, folder)
    keep_up(house)
    contest(window("ana", None), folder)
    keep_up(house)
    disputed = message(rita, "contests “Does not”")
    expect(disputed).to_contain_text("is asked to rule")
    pictures.message(disputed, folder / "dispute.png")
    case(rita, folder)
    lea = window("lea", "rte-leads")
    start_audit(lea, demo_house.last_mornings(house.clock(), 2)[0], folder)
    keep_up(house)
    audit_one(house, window("odo", None), folder)
    judge_the_rest(house)
    keep_up(house)
    failed(lea, _audit(house), folder)


def evening(house: House) -> None:
    """What was finished since the last audit is audited; that of the last day is left for the pictures."""
    if house.count(Audit) == len(ITEMS_A_DAY) - 1:
        return
    rows = house.rows(select(func.max(col(Audit.created_at)).label("at")))
    lot = Wanted(
        scope=Scope(since=rows[0].at), plan=accepting(0.02, 0.08), why="What was finished since the last audit"
    )
    house.store.transact(lambda session: starting.start(session, house.project_id, None, lot, house.clock()))
    keep_up(house)
    judge_the_rest(house)
    keep_up(house)


def keep_up(house: House) -> None:
    """The clock's round, and what it says is said."""
    quality.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    house.quiet()


def work(house: House) -> None:
    """Ana is the last to label some items, so that not all agree; what she and Ben find unclear is nearly the same."""
    house.store.transact(lambda session: session.execute(update(Project).values(quality=_with_disagreement(session))))
    demo_house.let_crowd_label(house, [*REVIEWED, LIKE], leave=1)
    demo_house.give(house, "ana", [RULED, *REVIEWED])
    demo_house.give(house, "ben", [LIKE])
    house.ana.get_batch()
    house.ana.flag("The committee is in Geneva, the conference is not. Is that “held in”?", reason="several_fit")
    house.quiet()
    house.rita.rule("Does not", RULING, house.case_cards()[-1] | {"channel": house.workspace.channel("rte-review")})
    for _ in REVIEWED:
        house.ana.answer("Implies")
    house.ben.get_batch()
    house.ben.flag("It “has been moved”. Was it held there?", reason="guideline_silent")
    house.clock.forward(minutes=2)  # The queue's card is written once a minute at most.
    keep_up(house)


def _with_disagreement(session: Session) -> dict[str, object]:
    rules = session.execute(select(col(Project.quality))).scalar_one()
    return {**rules, "review": {**rules["review"], "disagreement": True}}


def review(rita: Page, folder: Path) -> None:
    """The queue's card, the modal, and the form of a correction."""
    card = message(rita, "items to review")
    pictures.message(card, folder / "review-queue.png")
    button(card, "Next item").click()
    form = rita.get_by_role("dialog", name="Review")
    expect(form).to_contain_text(f"item {REVIEWED[0]}")
    pictures.modal(rita, folder / "review.png")
    button(form, "Correct").click()
    form = rita.get_by_role("dialog", name="Correct")
    choose(rita, form, "The right label", "Does not")
    choose(rita, form, "Why", "A rule of the guideline was missed")
    choose(rita, form, "Section of the guideline", "How to decide")
    form.get_by_role("textbox").fill(NOTE)
    pictures.modal(rita, folder / "correction.png", whole=True)
    button(form, "Correct").click()
    expect(rita.get_by_role("dialog", name="Review")).to_contain_text("Corrected: “Does not”")
    close(rita)


def contest(ana: Page, folder: Path) -> None:
    """What Ana reads of her label, and what she says to it."""
    notice = message(ana, "corrected an item in review")
    pictures.message(notice, folder / "correction-notice.png")
    button(notice, "Contest").click()
    form = ana.get_by_role("dialog", name="Contest a ruling")
    form.get_by_role("textbox").fill(ARGUMENT)
    pictures.modal(ana, folder / "contest.png")
    button(form, "Contest").click()
    expect(form).to_have_count(0)


def case(rita: Page, folder: Path) -> None:
    """A case beside an earlier ruling on nearly the same item, and the form that asks why this one is otherwise."""
    card = message(rita, f"item {LIKE}")
    pictures.message(card, folder / "case.png")
    button(card, "Implies").click()
    form = rita.get_by_role("dialog", name="Rule on an item")
    choose(rita, form, "Reason", "The guideline can be read both ways")
    form.get_by_role("textbox").first.fill("Point 5: it was moved there, so very likely it is held there.")
    form.get_by_role("textbox").last.fill(DEPARTS)
    pictures.modal(rita, folder / "ruling.png", whole=True)
    close(rita)


def start_audit(lea: Page, last_day: datetime, folder: Path) -> None:
    """The form, and what it means."""
    command(lea, "/concord audit")
    form = lea.get_by_role("dialog", name="New audit")
    form.get_by_role("radio", name="Only some of them").check()
    form.get_by_label("Decided since").fill(f"{last_day:%Y-%m-%d}")
    pictures.modal(lea, folder / "audit-form.png", whole=True)
    button(form, "Show what it means").click()
    form.get_by_role("textbox", name="Why this audit?").fill(WHY)
    pictures.modal(lea, folder / "audit-meaning.png")
    button(form, "Start").click()
    expect(lea.get_by_role("dialog")).to_contain_text("is started")
    close(lea)


def audit_one(house: House, odo: Page, folder: Path) -> None:
    """Blind first, then the verdict: on the first item whose label is not the data set's own gold value."""
    button(message(odo, "You are asked to audit"), "Audit next item").click()
    form = odo.get_by_role("dialog", name="Audit")
    expect(form).to_contain_text("Your own answer first")
    pictures.modal(odo, folder / "audit-blind.png")
    close(odo)
    while judge_next(house, only_right=True):
        pass
    button(message(odo, "You are asked to audit"), "Audit next item").click()
    expect(form).to_contain_text("Your own answer first")
    gold = _gold(house, _held(house))
    button(form, gold.title).click()
    form.get_by_role("radio", name="Wrong").check()
    form.get_by_role("radio", name="Major").check()
    choose(odo, form, "Why", "The text was misread")
    choose(odo, form, "Section of the guideline", "How to decide")
    form.get_by_role("textbox").fill(demo_house.REASONS[gold.value])
    pictures.modal(odo, folder / "audit-verdict.png", whole=True)
    button(form, "Next item").click()
    expect(form).to_contain_text("wrong, corrected to")
    close(odo)


def judge_the_rest(house: House) -> None:
    """Odo judges all that is left, by the data set's own gold values, and Lea what he may not judge."""
    for name in ("odo", "lea"):
        while judge_next(house, name):
            pass


def judge_next(house: House, name: str = "odo", *, only_right: bool = False) -> bool:
    """The next item, answered and judged; False where none is left, or it is the first that is wrong."""
    who, audit_id = house.ids[name], _audit(house)
    finding_id = house.store.transact(lambda session: answering.next_finding(session, who, audit_id, house.clock()))
    if finding_id is None:
        return False
    gold = _gold(house, finding_id)
    drawn = house.one(select(col(Finding.value_id)).where(col(Finding.id) == finding_id)).value_id
    if only_right and drawn != gold.id:
        return False

    def judge(session: Session) -> None:
        answering.answer(session, who, finding_id, gold.id, house.clock())
        if drawn == gold.id:
            answering.judge(session, who, finding_id, AuditVerdict.RIGHT, house.clock())
            return
        answering.judge(
            session, who, finding_id, AuditVerdict.WRONG, house.clock(),
            severity=Severity.MAJOR, correct_id=gold.id, reason_code=ReasonCode.MISREAD, note=demo_house.REASONS[gold.value],
        )  # fmt: skip

    house.store.transact(judge)
    return True


def failed(lea: Page, audit_id: int, folder: Path) -> None:
    """The lot does not pass; what a lead is asked before it is labelled again, and what is said then."""
    pictures.message(message(lea, f"What audit {audit_id} found"), folder / "audit-summary.png")
    card = message(lea, f"Audit {audit_id}: failed")
    pictures.message(card, folder / "audit-failed.png")
    button(card, "Label the lot again").click()
    pictures.modal(lea, folder / "audit-again.png")
    button(lea.get_by_role("dialog"), "Leave it").click()


def close(tab: Page) -> None:
    """Close what is open."""
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)


def _audit(house: House) -> int:
    """The newest audit."""
    return int(house.one(select(func.max(col(Audit.id)).label("id"))).id)


def _held(house: House) -> int:
    """The item that Odo has."""
    return int(house.one(select(col(Finding.id)).where(col(Finding.lease_until).is_not(None))).id)


def _gold(house: House, finding_id: int) -> Any:
    """The label that the data set itself has for a finding's item."""
    found = (
        select(col(Item.key)).join(Finding, col(Finding.item_id) == col(Item.id)).where(col(Finding.id) == finding_id)
    )
    key = house.one(found).key
    gold = next(item["gold"] for item in crowd.data()[0] if item["id"] == key)
    label = select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title))
    return house.one(label.where(col(LabelValue.value) == gold))
