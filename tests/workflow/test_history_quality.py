"""Reviews, cases, disputes and audits in the history, as sentences with names in the place of numbers."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import AuditVerdict, BackTo, Role, Ruling
from tests.builders import World, add_person
from tests.workflow import audit_world
from tests.workflow.reviewers import LATER, WHY, Reviewers
from workflow import rulings
from workflow.cases import asking, disputing, reasons
from workflow.history_events import Event
from workflow.history_reading import Wanted, events
from workflow.history_words import sentence
from workflow.quality_rules import ReviewRules


def told(world: World, item: int | None = None, **wanted: str) -> list[str]:
    """What happened from the first pick or audit on, to all items or to one."""
    item_id = None if item is None else world.items[item]
    with world.store.read() as session:
        found = list(events(session, world.project_id, Wanted(item_id=item_id, **wanted)))  # type: ignore[arg-type]
    return [sentence(one, None if item is None else f"i{item}") for one in found if is_quality(one)]


def is_quality(event: Event) -> bool:
    kind = event.action.partition(".")[0]
    return kind in ("review", "reviews", "case", "dispute", "ruling", "audit") or event.action in (
        "items.picked", "item.corrected", "item.audited", "item.ruled",
    )  # fmt: skip


@pytest.fixture
def shop(store: Store) -> Reviewers:
    """Six items that everybody labelled "yes" wait for Rita or Sol."""
    shop = Reviewers(store, ReviewRules(share=1.0), items=6)
    for item in range(6):
        shop.labelled("yes", "yes", "yes", item=item)
    with store.write() as session:
        add_person(session, shop.world, "sol", Role.REVIEWER)
        add_person(session, shop.world, "dan", Role.ANNOTATOR)
    assert shop.pick() == 6
    return shop


def test_what_reviewers_did_is_told_of_each_item(shop: Reviewers) -> None:
    shop.next()
    shop.accept(item=0)
    shop.undo(item=0)
    assert told(shop.world, 0) == [
        "i0 waits for a review: it is one of the share that is reviewed",
        "Rita reviewed i0, and accepted",
        "Rita took back the acceptance of i0",
    ]
    shop.accept(item=0)
    shop.next()
    shop.back(BackTo.OTHER, "ben", item=1)
    shop.next()
    shop.back(BackTo.NOTED, "ben", item=2)
    shop.next()
    shop.back(BackTo.SAME, "ana", item=3)
    assert [told(shop.world, item)[-1] for item in (1, 2, 3)] == [
        "Rita gave i1 to somebody else than Ben (the text was misread)",
        "Rita noted a fault of Ben on i2, and let it stand (the text was misread)",
        "Rita sent i3 back to Ana (the text was misread)",
    ]
    assert told(shop.world)[0] == "6 items wait for a review: it is one of the share that is reviewed"


def test_a_case_is_told_of_its_item_from_the_review_to_the_end_of_the_dispute(shop: Reviewers) -> None:
    world = shop.world
    shop.next()
    shop.pass_up(item=0)
    asking.ask(world.store, LATER)
    shop.next()
    shop.correct("no", item=1)
    ruling_id = world.one(select(col(Ruling.id))).id
    world.store.transact(
        lambda s: disputing.contest(s, world.slack_id("ana"), ruling_id, "It says yes.", LATER + timedelta(minutes=1))
    )
    case, later = shop.case(1), LATER + timedelta(minutes=2)
    world.store.transact(
        lambda s: rulings.rule(
            s, world.slack_id("sol"), case.id, case.version, world.values["no"], "It says no.", later
        )
    )
    assert told(world, 0)[1:] == [
        "Rita passed i0 up",
        "Sol is asked about i0, as second reviewer or auditor",
    ]
    assert told(world, 1)[1:] == [
        f"Rita corrected i1 to “no” in a review: {reasons.in_words(WHY.reason_code)}",
        "Ana contested the ruling on i1",
        "Sol ruled i1 “no”: It says no.",
        "the dispute of Ana about i1 is settled by Sol: the ruling stands",
    ]
    assert told(world, action="case") == [
        "Rita passed i0 up",
        "Sol is asked about i0, as second reviewer or auditor",
    ]


def test_an_audit_is_told_from_who_wanted_it_to_its_verdicts(store: Store) -> None:
    world = audit_world.finished(store, items=12)
    audit_id = audit_world.start(world, why="Before the release.")
    finding_id = audit_world.take(world, "ada", audit_id)
    assert finding_id is not None
    audit_world.answer(world, "ada", finding_id)
    found = next(one for one in audit_world.findings(world, audit_id) if one.id == finding_id)
    verdict = AuditVerdict.RIGHT if found.value_id == world.values["yes"] else AuditVerdict.UNCLEAR
    audit_world.judge(world, "ada", finding_id, verdict)
    said = told(world)
    assert said[:2] == [
        f"audit {audit_id} (random) was started by Lea: Before the release.",
        f"audit {audit_id} has its sample: {len(audit_world.findings(world, audit_id))} of 12 items",
    ]
    item = world.items.index(found.item_id)
    words = {AuditVerdict.RIGHT: "right", AuditVerdict.UNCLEAR: "the guideline is unclear"}[verdict]
    assert told(world, item) == [f"Ada judged i{item} in audit {audit_id}: {words}"]
