"""Whether a version helped: what is compared, when it is enough, and that it is told once."""

import io
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from bot.messages import Messages
from storage.engine import Store
from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    Guideline,
    GuidelineEffect,
    Item,
    ItemState,
    Label,
    LabelMove,
    LabelValue,
    NearPair,
    Outbox,
    OutboxKind,
    Pattern,
    Project,
    Proposal,
    ProposalState,
    Queue,
)
from tests.builders import NOW, World, build
from workflow.guidelines.comparison import helped
from workflow.guidelines.comparison.asking import asked_of
from workflow.patterns import format_pattern

DAY = timedelta(days=1)
TURNED = NOW + 10 * DAY
LATER = TURNED + 10 * DAY

Given = Sequence[str]
"""The labels of one item."""


class Turning(World):
    """A world whose guideline becomes 2.0 after ten days; patterns are written as clicks would have left them."""

    version: int = 0

    def turn(self, *, labels: Sequence[str] = (), changes: Sequence[str] = (), examples: Iterable[int] = ()) -> None:
        with self.store.write() as session:
            made = insert(Guideline).values(project_id=self.project_id, major=2, minor=0, markdown="# Rules", at=TURNED)
            self.version = session.execute(made.returning(col(Guideline.id))).scalar_one()
            session.execute(update(Project).where(col(Project.id) == self.project_id).values(guideline_id=self.version))
            first = select(col(Guideline.id)).where(col(Guideline.major) == 1).scalar_subquery()
            session.execute(
                insert(Proposal).values(
                    project_id=self.project_id,
                    state=ProposalState.EFFECTIVE,
                    markdown="# Rules",
                    base_id=first,
                    labels_touched=list(labels),
                    label_changes=list(changes),
                    segments_touched=[],
                    guideline_id=self.version,
                    created_at=NOW,
                )
            )

    def items_of(self, session: Session, count: int, segment: str = "", difficulty: str = "") -> list[int]:
        """More items; they are the newest."""
        queue = session.execute(select(col(Queue.id)).where(col(Queue.difficulty) == difficulty)).scalar()
        if queue is None:
            made = insert(Queue).values(project_id=self.project_id, difficulty=difficulty).returning(col(Queue.id))
            queue = session.execute(made).scalar_one()
        first = len(self.items)
        rows = [
            {"project_id": self.project_id, "lot_id": self.lot_id, "queue_id": queue, "key": f"n{n}", "fields": {},
             "digest": f"x{n:063x}", "extra": {}, "segment": segment, "state": ItemState.ACCEPTED}
            for n in range(first, first + count)
        ]  # fmt: skip
        session.execute(insert(Item), rows)
        mine = select(col(Item.id)).where(col(Item.key).like("n%")).order_by(col(Item.id).desc()).limit(count)
        new = list(session.execute(mine).scalars())[::-1]
        self.items += new
        return new

    def labelled(
        self, session: Session, items: Sequence[int], major: int, given: Sequence[Given], segment: str = ""
    ) -> None:
        rows = [
            {"item_id": item, "major": major, "project_id": self.project_id, "segment": segment,
             "pattern": format_pattern(Counter(self.values[value] for value in labels))}
            for item, labels in zip(items, given, strict=True)
        ]  # fmt: skip
        session.execute(insert(Pattern), rows)

    def both(self, count: int, before: float, after: float, seed: int = 1) -> list[int]:
        """Items labelled by three people under each version, who are right so often and guess otherwise."""
        chance = random.Random(seed)
        truths = [chance.choice(list(self.values)) for _ in range(count)]
        with self.store.write() as session:
            items = self.items_of(session, count)
            for major, right in ((1, before), (2, after)):
                self.labelled(session, items, major, [self.answers(chance, truth, right) for truth in truths])
        return items

    def answers(self, chance: random.Random, truth: str, right: float) -> Given:
        return [truth if chance.random() < right else chance.choice(list(self.values)) for _ in range(3)]

    def alone(self, count: int, right: float, major: int, seed: int = 1, **kind: str) -> list[int]:
        """Items labelled under one version."""
        chance = random.Random(seed)
        with self.store.write() as session:
            items = self.items_of(session, count, **kind)
            given = [self.answers(chance, chance.choice(list(self.values)), right) for _ in items]
            self.labelled(session, items, major, given, kind.get("segment", ""))
        return items

    def kept(self) -> list[Any]:
        return self.rows(select(col(GuidelineEffect.id), col(GuidelineEffect.numbers), col(GuidelineEffect.at)))

    def said(self) -> list[Any]:
        return self.rows(
            select(col(Outbox.kind), col(Outbox.template), col(Outbox.context), col(Outbox.thread_key), col(Outbox.purpose))
            .where(col(Outbox.template) == "helped")
        )  # fmt: skip

    def post(self) -> str:
        """All that the post says."""
        with self.store.read() as session:
            drawn = Messages(lambda: NOW).draw(session, "helped", self.said()[0].context)
        assert drawn is not None
        return f"{drawn.text} {drawn.blocks}"


def turning(store: Store, values: tuple[str, ...] = ("yes", "no"), **turn: Any) -> Turning:
    world = Turning(**vars(build(store, items=0, values=values)))
    world.turn(**turn)
    return world


def test_it_is_told_once_in_the_thread_of_the_announcement(store: Store) -> None:
    world = turning(store)
    world.both(300, 0.63, 0.84)
    assert helped.look(store, LATER) == 1
    said = world.said()
    assert [(row.kind, row.purpose, row.thread_key) for row in said] == [
        (OutboxKind.CHART, "team", f"announcement:{world.version}")
    ]
    assert "People agree more than under 1.x." in world.post()
    assert "the same 300 items" in world.post()
    before = world.kept()
    world.both(200, 0.5, 0.5, seed=2)
    assert helped.look(store, LATER + DAY) == 0
    assert world.kept() == before
    assert world.said() == said


@pytest.mark.parametrize("both", [True, False])
def test_items_that_wait_for_more_labels_are_not_compared_yet(store: Store, both: bool) -> None:
    world = turning(store)
    if both:
        items = world.both(300, 0.63, 0.84)
    else:
        world.alone(300, 0.63, 1)
        items = world.alone(300, 0.84, 2, seed=2)
    with store.write() as session:
        session.execute(update(Item).where(col(Item.id).in_(items)).values(state=ItemState.OPEN))
    assert helped.look(store, LATER) == 0
    with store.write() as session:
        session.execute(update(Item).where(col(Item.id).in_(items[1:])).values(state=ItemState.ACCEPTED))
        session.execute(update(GuidelineEffect).values(numbers={"labelled": 1}))
    assert helped.look(store, LATER + DAY) == 1
    assert [row["after"]["items"] for row in world.kept()[0].numbers["rows"]] == [299]


def test_an_interval_that_hardly_leaves_nought_out_does_not_read_as_if_it_contained_it(store: Store) -> None:
    world = turning(store)
    world.both(300, 0.63, 0.84)
    helped.look(store, LATER)
    numbers = world.kept()[0].numbers
    row = numbers["rows"][0]
    said = {}
    for verdict, low, high in (("fell", -0.16, -0.004), ("rose", 0.0004, 0.16), ("no detectable change", -0.004, 0.16)):
        ends = {"change": low + high, "low": low, "high": high, "verdict": verdict}
        told = {**numbers, "rows": [row | ends], "escalations": row | ends}
        with store.write() as session:
            session.execute(update(GuidelineEffect).values(numbers=told))
        said[verdict] = world.post()
    assert "(\u2212.16 to just below .00)" in said["fell"]
    assert "(\u221216.0 to \u22120.4): fewer than before" in said["fell"]
    assert "(just above .00 to +.16)" in said["rose"]
    assert "(just above 0.0 to +16.0): more than before" in said["rose"]
    assert "(.00 to +.16)" in said["no detectable change"]


def test_two_who_look_at_once_tell_it_once(store: Store) -> None:
    world = turning(store)
    world.both(300, 0.63, 0.84)
    version = helped.Version(world.version, world.project_id, 2)
    with store.read() as session:
        numbers = helped.measure(session, version, LATER)
    assert numbers is not None
    told = [store.transact(lambda session: helped._keep(session, version, numbers, LATER)) for _ in range(2)]
    assert told == [1, 0]
    assert len(world.said()) == 1


def test_too_few_are_not_told(store: Store) -> None:
    world = turning(store)
    world.both(49, 0.6, 0.9)
    assert helped.look(store, LATER) == 0
    assert (world.kept(), world.said()) == ([], [])


def test_a_wide_interval_waits_until_there_is_more(store: Store) -> None:
    world = turning(store)
    world.both(60, 0.6, 0.6)
    assert helped.look(store, LATER) == 0
    (kept,) = world.kept()
    assert not kept.numbers["told"]
    assert kept.numbers["rows"][0]["half_width"] > 0.15
    world.both(1, 0.6, 0.6, seed=2)
    helped.look(store, LATER + timedelta(minutes=1))
    assert world.kept() == [kept]  # one more item is not worth counting all again
    world.both(400, 0.6, 0.6, seed=3)
    assert helped.look(store, LATER + timedelta(minutes=2)) == 1


def test_more_labels_of_the_same_items_are_looked_at_after_an_hour(store: Store) -> None:
    world = turning(store)
    item, *_ = world.both(60, 0.6, 0.6)
    helped.look(store, LATER)
    (first,) = world.kept()
    helped.look(store, LATER + timedelta(hours=2))
    assert world.kept() == [first]
    labelled(world, item, LATER + timedelta(hours=2))
    helped.look(store, LATER + timedelta(hours=3))
    assert world.kept()[0].at == LATER + timedelta(hours=3)


def labelled(world: Turning, item: int, at: datetime) -> None:
    """Ana labels an item."""
    who = {"project_id": world.project_id, "item_id": item, "person_id": world.people["ana"]}
    with world.store.write() as session:
        place = insert(Assignment).values(**who, given_at=at).returning(col(Assignment.id))
        given = {"assignment_id": session.execute(place).scalar_one(), "value_id": world.values["yes"], "at": at}
        was = {"item_from": ItemState.OPEN, "item_to": ItemState.OPEN}
        session.execute(insert(Label).values(**who, **given, **was))


def test_nothing_changed_is_an_answer(store: Store) -> None:
    world = turning(store)
    world.both(400, 0.7, 0.7)
    assert helped.look(store, LATER) == 1
    assert "No detectable change." in world.post()
    assert "agree more" not in world.post()


def test_a_clarification_and_a_first_version_are_not_measured(store: Store) -> None:
    world = Turning(**vars(build(store, items=0)))
    world.alone(100, 0.8, 1)
    assert helped.look(store, LATER) == 0
    assert world.kept() == []


def test_new_items_are_compared_with_all_before_kind_by_kind(store: Store) -> None:
    """More hard items after than before: pooled, agreement would have fallen."""
    world = turning(store)
    for difficulty, right, before, after in (("easy", 0.95, 500, 200), ("hard", 0.6, 200, 500)):
        world.alone(before, right, 1, seed=len(difficulty) + before, difficulty=difficulty, segment="news")
        world.alone(after, right, 2, seed=after, difficulty=difficulty, segment="news")
    assert helped.look(store, LATER) == 1
    post = world.post()
    assert "No detectable change." in post
    assert "700 items labelled under 1.x with 700 others that were new under 2.x" in post
    assert "2 of 2 had enough of both" in post


def test_an_item_that_was_given_out_again_is_no_new_item(store: Store) -> None:
    """Twenty of them are too few to compare in pairs; among the new ones they would count twice."""
    world = turning(store)
    world.both(20, 0.7, 0.7)
    world.alone(400, 0.7, 1, seed=2)
    world.alone(400, 0.7, 2, seed=3)
    helped.look(store, LATER)
    row = world.kept()[0].numbers["rows"][0]
    assert (row["before"]["items"], row["after"]["items"]) == (420, 400)


def test_items_chosen_for_a_label_are_looked_at_with_it_set_aside(store: Store) -> None:
    """Nothing changed. Only items that somebody had called "maybe" were given out again."""
    world = turning(store, values=("yes", "no", "maybe"), labels=["maybe"])
    world.both(900, 0.8, 0.8)
    with store.write() as session:
        rare = f"{world.values['maybe']}:"
        unchosen = select(col(Pattern.item_id)).where(
            col(Pattern.major) == 1, col(Pattern.pattern).not_like(f"%{rare}%")
        )
        ids = list(session.execute(unchosen).scalars())
        session.execute(Pattern.__table__.delete().where(col(Pattern.item_id).in_(ids), col(Pattern.major) == 2))  # type: ignore[attr-defined]
    assert helped.look(store, LATER) == 1
    (kept,) = world.kept()
    assert kept.numbers["design"] == "chosen"
    assert [row["title"] for row in kept.numbers["rows"]] == ["", "Maybe"]
    assert {row["verdict"] for row in kept.numbers["rows"]} == {"no detectable change"}
    assert "set aside" in world.post()


def test_merged_labels_are_one_question(store: Store) -> None:
    """Half of the labels were called otherwise before: as other labels they would have been disagreement."""
    world = turning(store, values=("yes", "surely", "no"), changes=["merge yes, surely = yes"])
    chance = random.Random(4)
    with store.write() as session:
        items = world.items_of(session, 300)
        yes = [chance.random() < 0.5 for _ in items]
        world.labelled(session, items, 1, [["yes", "surely", "yes"] if one else ["no"] * 3 for one in yes])
        world.labelled(session, items, 2, [["yes"] * 3 if one else ["no"] * 3 for one in yes])
        surely = world.values["surely"]
        session.execute(update(LabelValue).where(col(LabelValue.id) == surely).values(retired_at=TURNED))
        move = {
            "project_id": world.project_id,
            "guideline_id": world.version,
            "from_id": surely,
            "to_id": world.values["yes"],
        }
        session.execute(insert(LabelMove).values(**move, at=TURNED))
    assert helped.look(store, LATER) == 1
    numbers = world.kept()[0].numbers
    assert (numbers["rows"][0]["before"]["value"], numbers["rows"][0]["verdict"]) == (1, "no detectable change")


def test_a_label_that_was_split_is_asked_for_as_one(store: Store) -> None:
    """Under 1.x nobody could tell the two apart, so that agreement on either of them alone has no before."""
    world = turning(
        store, values=("yes", "no", "perhaps", "likely"), changes=["split perhaps = perhaps, likely; stays"]
    )
    with store.read() as session:
        asked = asked_of(session, world.project_id, world.version)
    yes, no, perhaps, likely = (world.values[name] for name in ("yes", "no", "perhaps", "likely"))
    assert asked.values == (yes, no, perhaps)
    assert asked.stands_for == {yes: yes, no: no, perhaps: perhaps, likely: perhaps}
    assert asked.titles[perhaps] == "Perhaps or Likely"


def test_near_duplicates_are_left_out_together(store: Store) -> None:
    world = turning(store)
    items = world.both(300, 0.63, 0.84)
    assert helped.look(store, LATER) == 1
    alone = world.kept()[0].numbers["rows"][0]
    with store.write() as session:
        session.execute(GuidelineEffect.__table__.delete())  # type: ignore[attr-defined]
        pairs = [
            {"project_id": world.project_id, "lot_id": world.lot_id or _lot(session), "item_id": later, "like_id": earlier,
             "similarity": 0.95, "at": NOW}
            for earlier, later in zip(items[::3] + items[1::3], items[1::3] + items[2::3], strict=True)
        ]  # fmt: skip
        session.execute(insert(NearPair), pairs)
    helped.look(store, LATER)
    row = world.kept()[0].numbers["rows"][0]
    assert row["before"]["value"] == pytest.approx(alone["before"]["value"])
    assert row["half_width"] != pytest.approx(alone["half_width"], rel=1e-6)


def _lot(session: Session) -> int:
    found: int = session.execute(select(col(Item.lot_id)).limit(1)).scalar_one()
    return found


def test_escalations_per_hundred_and_who_answered_again(store: Store) -> None:
    world = turning(store)
    items = world.both(300, 0.63, 0.84)
    first = world.one(select(col(Guideline.id)).where(col(Guideline.major) == 1)).id
    with store.write() as session:
        for at, guideline, escalated in ((NOW + DAY, first, 60), (TURNED + DAY, world.version, 15)):
            _ended(session, world, items, at, guideline)
            rows = [{"item_id": item, "reason": EscalationReason.DISAGREEMENT} for item in items[:escalated]]
            rows += [{"item_id": item, "reason": EscalationReason.NOBODY_LEFT} for item in items[-9:]]
            state = {"project_id": world.project_id, "state": "ruled", "opened_at": at}
            session.execute(insert(Escalation), [row | state for row in rows])
    assert helped.look(store, LATER) == 1
    escalations = world.kept()[0].numbers["escalations"]
    assert (escalations["before"]["value"], escalations["after"]["value"]) == (60 / 300, 15 / 300)
    post = world.post()
    assert "20.0 (15.9 to 24.9) under 1.x, 5.0 (3.1 to 8.1) under 2.x" in post
    assert "fewer than before" in post
    assert "On 300 items somebody answered a second time" in post


def _ended(session: Session, world: Turning, items: Sequence[int], at: Any, guideline: int) -> None:
    """Ana's label ended each of the items."""
    ana, value = world.people["ana"], world.values["yes"]
    mine = select(col(Assignment.id), col(Assignment.item_id)).where(col(Assignment.person_id) == ana)
    if not session.execute(mine).first():
        row = {"project_id": world.project_id, "person_id": ana, "given_at": at}
        session.execute(insert(Assignment), [row | {"item_id": item} for item in items])
    label = {"project_id": world.project_id, "person_id": ana, "value_id": value, "guideline_id": guideline, "at": at,
             "item_from": ItemState.OPEN, "item_to": ItemState.ACCEPTED}  # fmt: skip
    session.execute(
        insert(Label), [label | {"item_id": row.item_id, "assignment_id": row.id} for row in session.execute(mine)]
    )


def test_the_picture_and_what_is_said_of_it(databases: Any) -> None:
    store = databases.store("sqlite")
    world = turning(store, values=("yes", "no", "日本 <!here>"))
    world.both(500, 0.5, 0.8)
    assert helped.look(store, LATER) == 1
    with store.read() as session:
        picture = Messages(lambda: NOW).picture(session, "helped", world.said()[0].context)
    image = Image.open(io.BytesIO(picture.data))
    assert image.size[0] == 880
    assert "All labels: alpha 0." in picture.alt_text
    assert "under 1.x" in picture.alt_text
    assert "<!here>" not in world.post()
    store.close()
