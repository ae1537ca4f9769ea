"""Like cases are decided alike: earlier rulings on near duplicates, and saying why one differs; on both databases."""

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import EscalationReason, Item, ItemState, LabelValue, Project, Ruling
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks
from workflow import places, rulings
from workflow.cases import correcting, precedents
from workflow.cases.decision import Details
from workflow.errors import RefusedError
from workflow.near import index
from workflow.views.case_background import like_cases

TEXT = "The council met on Tuesday and agreed that the bridge over the old canal will be closed for repairs until May."


def ruled(store: Store, *texts: str, by: str = "no") -> tuple[World, Clicks]:
    """Items with these texts that Ana found unclear; all but the first are ruled ``by``."""
    world = build(store, items=len(texts), annotators=("ana", "ben"), reviewers=("rita", "rob"))
    with store.write() as session:
        for item_id, text in zip(world.items, texts, strict=True):
            session.execute(update(Item).where(col(Item.id) == item_id).values(fields={"text": text}))
    index.build(store, world.project_id)
    clicks = Clicks(world)
    clicks.batch("ana")
    for number in range(len(texts)):
        clicks.flag("ana", number)
    for number in range(1, len(texts)):
        clicks.rule("rita", number, by, f"because {number}")
    return world, clicks


def found(world: World) -> list[precedents.Precedent]:
    with world.store.read() as session:
        return precedents.of_item(session, world.items[0])


def rule(world: World, clicks: Clicks, value: str, departure: str = "") -> int | None:
    case = clicks.case(0)
    return world.store.transact(
        lambda s: rulings.rule(
            s, "UROB", case.id, case.version, world.values[value], "So.", NOW, Details(departure=departure)
        )
    )


def test_the_most_alike_come_first_and_what_is_unlike_does_not_come(store: Store) -> None:
    far = TEXT.replace("bridge", "footbridge").replace("until May", "until the end of June")
    world, _ = ruled(store, TEXT, far, TEXT.replace("May", "June"), "Something else altogether was said of the matter.")
    alike = found(world)
    assert [one.item_id for one in alike] == [world.items[2], world.items[1]]
    assert [one.same for one in alike] == [True, False]
    assert alike[0].similarity > alike[1].similarity >= precedents.LEAST
    assert (alike[0].title, alike[0].by, alike[0].rationale) == ("No", "Rita", "because 2")
    assert alike[0].text == precedents.from_difference(TEXT.replace("May", "June"), TEXT)
    assert alike[0].text.endswith("repairs until June.")


def test_a_like_case_may_be_decided_alike_without_more(store: Store) -> None:
    world, clicks = ruled(store, TEXT, TEXT + "!")
    rule(world, clicks, "no", departure="not needed")
    kept = world.one(select(col(Ruling.precedent_id), col(Ruling.departure)).where(col(Ruling.rationale) == "So."))
    assert tuple(kept) == (None, "")


def test_deciding_otherwise_asks_for_the_reason_and_keeps_it(store: Store) -> None:
    world, clicks = ruled(store, TEXT, TEXT + "!")
    with pytest.raises(precedents.DepartureError, match="Item i1, which says nearly the same, was ruled “No” by Rita"):
        rule(world, clicks, "yes")
    with pytest.raises(precedents.DepartureError):
        rule(world, clicks, "yes", departure=" \u200b\u2060 ")
    assert world.item(world.items[0]).state is ItemState.ESCALATED
    rule(world, clicks, "yes", departure="The exclamation changes it.")
    kept = world.one(select(col(Ruling.precedent_id), col(Ruling.departure)).where(col(Ruling.rationale) == "So."))
    assert tuple(kept) == (found(world)[0].ruling_id, "The exclamation changes it.")


def test_a_text_that_differs_is_never_called_all_alike(store: Store) -> None:
    long = " ".join(
        f"Sentence {number} says that the committee found matter {number} in order." for number in range(60)
    )
    world, _ = ruled(store, long, long + " Not so.")
    with store.read() as session:
        assert [one["percent"] for one in like_cases(session, world.items[0])] == [99]


def test_what_is_only_somewhat_alike_asks_for_nothing(store: Store) -> None:
    world, clicks = ruled(
        store, TEXT, TEXT.replace("bridge", "footbridge").replace("until May", "until the end of June")
    )
    assert found(world)
    assert rule(world, clicks, "yes") is not None


def test_the_project_says_what_is_nearly_the_same(store: Store) -> None:
    world, clicks = ruled(store, TEXT, TEXT.replace("May", "June"))
    with store.write() as session:
        session.execute(update(Project).values(intake={"near": {"do": "report", "threshold": 1, "long_threshold": 1}}))
    assert [one.same for one in found(world)] == [False]
    assert rule(world, clicks, "yes") is not None


def test_only_what_stands_on_a_ruling_is_a_precedent(store: Store) -> None:
    world, _ = ruled(store, TEXT, TEXT + "!", TEXT + "?", TEXT + ".")
    assert len(found(world)) == 3
    with store.write() as session:
        again = update(Item).where(col(Item.id) == world.items[1])
        session.execute(again.values(state=ItemState.OPEN, final_value_id=None))
        session.execute(update(Item).where(col(Item.id) == world.items[2]).values(final_value_id=world.values["yes"]))
    assert {one.item_id: one.title for one in found(world)} == {world.items[2]: "Yes", world.items[3]: "No"}
    with store.write() as session:
        session.execute(update(LabelValue).where(col(LabelValue.value) == "no").values(retired_at=NOW))
    assert [one.item_id for one in found(world)] == [world.items[2]]


def test_a_changed_ruling_is_held_to_precedents_too(store: Store) -> None:
    world, clicks = ruled(store, TEXT, TEXT + "!")
    rule(world, clicks, "no")
    with pytest.raises(precedents.DepartureError):
        rule(world, clicks, "yes")


def test_a_reason_or_a_precedent_from_elsewhere_is_refused(store: Store) -> None:
    world, clicks = ruled(store, TEXT, TEXT + "!")
    case = clicks.case(0)
    foreign = found(world)[0].ruling_id + 1000
    for details in (Details(reason_code="made up"), Details(precedent_id=foreign)):
        with pytest.raises(RefusedError), store.write() as session:
            rulings.rule(session, "UROB", case.id, case.version, world.values["no"], "So.", NOW, details)


def test_a_correction_in_review_says_why_it_differs_and_an_auditors_is_blind(store: Store) -> None:
    world, _ = ruled(store, TEXT, TEXT.replace("May", "June"))
    with store.write() as session:
        session.execute(
            update(Item)
            .where(col(Item.id) == world.items[0])
            .values(state=ItemState.ACCEPTED, final_value_id=world.values["no"])
        )

    def correct(reason: EscalationReason, departure: str = "") -> int:
        def work(session: Session) -> int:
            item = places.lock_items(session, [world.items[0]])[0]
            how = (world.people["rob"], world.values["yes"], "So.", Details(departure=departure), reason, NOW)
            return correcting.correct(session, item, *how)

        return world.store.transact(work)

    with pytest.raises(precedents.DepartureError, match=r"was ruled .No. by Rita. Say why"):
        correct(EscalationReason.REVIEW)
    ruling_id = correct(EscalationReason.REVIEW, "It is another bridge.")
    kept = world.one(select(col(Ruling.departure), col(Ruling.precedent_id)).where(col(Ruling.id) == ruling_id))
    assert kept.departure == "It is another bridge."
    assert kept.precedent_id is not None
    with store.write() as session:
        session.execute(update(Item).where(col(Item.id) == world.items[0]).values(final_value_id=world.values["no"]))
    audited = correct(EscalationReason.AUDIT)
    assert world.one(select(col(Ruling.precedent_id)).where(col(Ruling.id) == audited)).precedent_id is None


@pytest.mark.parametrize(
    ("text", "other", "shown"),
    [
        ("short a", "short b", "short a"),
        (f"{'x ' * 200}here", f"{'x ' * 200}there", f"… {'x ' * 49}here"),
        ("y" * 300 + "a", "y" * 300 + "b", "… " + "y" * 100 + "a"),
        ("same " * 90, "same " * 90, "same " * 90),
        ("z " * 150, "z " * 200, "z " * 150),
    ],
)
def test_a_like_text_is_shown_from_where_it_differs(text: str, other: str, shown: str) -> None:
    assert precedents.from_difference(text, other) == shown
