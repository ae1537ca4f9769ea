"""Texts come again under the ids of items that people are at work on, and lots are taken back while other things go on."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import update
from sqlmodel import col

from storage.tables import Item, ItemState, Lot, LotState, Place, Project
from tests.workflow.whole_life import judges
from tests.workflow.whole_life.audits import LifeOfAudits
from tests.workflow.whole_life.world import MOST_ITEMS, PICK
from workflow import intake
from workflow.errors import RefusedError
from workflow.intake import OnChange

TEXTS = st.integers(0, 5)
HOW = st.sampled_from([OnChange.REPLACE, OnChange.REPLACE, OnChange.REPLACE, OnChange.NEW, OnChange.KEEP])
UNANSWERED = (Place.PLANNED, Place.OPEN, Place.RETURNED)
GONE = (ItemState.REPLACED, ItemState.DUPLICATE)


class LifeOfImports(LifeOfAudits):
    """The same project, into which files come."""

    def begin(self) -> None:
        mine = col(Project.id) == self.world.project_id
        self.write(lambda s: s.execute(update(Project).where(mine).values(intake={"near": "off"})))
        super().begin()

    @rule(rows=st.lists(st.tuples(PICK, TEXTS), min_size=1, max_size=3), how=HOW)
    def a_file_comes_again(self, rows: list[tuple[int, int]], how: OnChange) -> None:
        """Ids that are there, whatever became of their items, with texts of which some are there already."""
        if len(self.world.items) + len(rows) > MOST_ITEMS:
            return
        before = self.look().items
        new = {self.some_key(pick): f"Another text {number}" for pick, number in rows}
        self.bring_in(new, how)
        by_key = {one.key: one for one in before.values()}
        was = {key: by_key[key] for key in new}
        self.check_import(before, was, new, how)

    def some_key(self, pick: int) -> str:
        """The id of an item, in every state alike."""
        items = [one for one in self.look().items.values() if one.state is not ItemState.REPLACED]
        states = sorted({one.state for one in items})
        among = [one for one in items if one.state is states[pick % len(states)]]
        return str(among[pick // len(states) % len(among)].key)

    def bring_in(self, texts: dict[str, str], how: OnChange) -> None:
        self._seen = None
        by = self.world.people[self.judges[3]]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "again.csv"
            path.write_text("\n".join(["id,text", *(f"{key},{text}" for key, text in texts.items())]), encoding="utf-8")
            intake.import_file(
                self.store, self.world.project_id, path, lambda: self.now, lambda _: None, by, on_change=how
            )
        self.world.items += [item_id for item_id in self.look().items if item_id not in self.world.items]

    def check_import(self, before: dict[int, Any], was: dict[str, Any], new: dict[str, str], how: OnChange) -> None:
        """Another text takes the place of the former one, or stands beside it, or stays out; all else is as it was."""
        after = self.look().items
        text_of = {one.key: one.fields["text"] for one in after.values()}
        other = {key for key, one in was.items() if one.fields["text"] != new[key]}
        replaced = {was[key].id for key in other} if how is OnChange.REPLACE else set()
        for key, text in new.items():
            assert (after[was[key].id].state is ItemState.REPLACED) == (was[key].id in replaced)
            if how is OnChange.REPLACE:
                assert text_of[key] == text
            elif how is OnChange.NEW:
                assert text in {
                    one for there, one in text_of.items() if there.partition("~")[0] == key.partition("~")[0]
                }
        for item_id, one in before.items():
            assert after[item_id].fields == one.fields
            if item_id not in replaced and one.duplicate_of not in replaced:
                assert _stands(after[item_id]) == _stands(one), "an import changed what it does not name"

    @rule(pick=PICK)
    def a_lot_is_taken_back(self, pick: int) -> None:
        """One that came as a file; the one that was there at first stays."""
        if lots := [one for one in self.rows(Lot)[::-1] if one.id != self.world.lot_id]:
            lot_id = lots[pick % min(len(lots), 4)].id
            self.press(lambda: self.click_undo(lot_id))

    @rule(count=st.integers(1, 3), who=st.integers(0, 3), pick=PICK)
    def a_lot_comes_and_is_taken_back(self, count: int, who: int, pick: int) -> None:
        """Somebody asks for work in between, and holds what goes."""
        if len(self.world.items) + count > MOST_ITEMS:
            return
        first = len(self.world.items)
        # No id of these comes from elsewhere, and no text does.
        self.bring_in({f"lot{first}x{one}": f"Text {first} of a lot, {one}" for one in range(count)}, OnChange.KEEP)
        self.ask(who, resume=False)
        if pick % 3 == 0:
            self.answer_most(who, alike=True)
        self.a_lot_is_taken_back(0)

    def click_undo(self, lot_id: int) -> None:
        """Whether it was possible, and that nothing but the lot's own items went."""
        possible, before = self.may_be_taken_back(lot_id), self.look().items
        standing = self.standing()
        mine = {item_id for item_id, one in before.items() if one.lot_id == lot_id}
        self._seen = None
        try:
            intake.undo(self.store, self.world.project_id, lot_id, self.now, self.world.people[self.judges[3]])
        except RefusedError:
            assert not possible
            assert self.standing() == standing, "an undo that was refused changed something"
            return
        assert possible
        after = self.look().items
        assert after.keys() == before.keys() - mine
        assert all(_stands(one) == _stands(before[item_id]) for item_id, one in after.items())
        for item_id in mine:
            # SQLite gives the ids of rows that are gone to new ones.
            self.told.items.pop(item_id, None)
            self.ledger.highest.pop(item_id, None)

    def may_be_taken_back(self, lot_id: int) -> bool:
        """Nobody answered on it, nothing of it was a case, and no other item stands on one of its own."""
        seen = self.look()
        lot = next(one for one in self.rows(Lot) if one.id == lot_id)
        mine = {item_id: one for item_id, one in seen.items.items() if one.lot_id == lot_id}
        answered = {item_id for item_id, _ in judges.worked(self.world)} | {
            item_id for item_id in mine if any(p.state not in UNANSWERED for p in seen.places[item_id])
        }
        others = [one for item_id, one in seen.items.items() if item_id not in mine]
        came_for = {one.key.rpartition("~before-")[2] for one in seen.items.values() if one.state is ItemState.REPLACED}
        return (
            lot.state is LotState.COMPLETE
            and not answered & mine.keys()
            and not any(seen.cases[item_id] for item_id in mine)
            and not any(one.duplicate_of in mine for one in others)
            and not any(one.state is ItemState.REPLACED or str(one.id) in came_for for one in mine.values())
        )

    @invariant()
    def everything_holds(self) -> None:
        super().everything_holds()
        if self.theme:
            self.check_doubles()

    def check_doubles(self) -> None:
        """A double stands behind an item that lives, and of one text one item lives."""
        items = self.look().items
        for one in items.values():
            assert (one.state is ItemState.DUPLICATE) == (
                one.duplicate_of is not None and one.state not in (ItemState.REPLACED,)
            )
            if one.state is ItemState.DUPLICATE:
                assert items[one.duplicate_of].state not in GONE, "a double of what is gone"
        living = [one.fields["text"] for one in items.values() if one.state not in GONE]
        assert len(living) == len(set(living))


def _stands(item: Item) -> Any:
    return item.key, item.state, item.final_value_id, item.open_places, item.overlap
