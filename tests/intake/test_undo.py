"""Taking an import back, as long as nobody answered."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Assignment, History, ItemState, Lot, LotState, PriorLabel
from tests.intake.test_changes import give, label
from tests.intake.world import NOW, bring_in, items, make_project
from workflow import intake
from workflow.errors import RefusedError
from workflow.intake import OnChange, lots
from workflow.intake.lots import Report

ROWS = "id,text,label\n1,one,yes\n2,two,\n3,one,no\nbad\n"


def undo(store: Store, project_id: int, report: Report) -> None:
    intake.undo(store, project_id, report.lot_id, NOW, None)


def test_an_undone_lot_leaves_nothing_but_its_record(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, ROWS)
    undo(store, pid, report)
    assert items(store, pid) == {}
    with store.read() as session:
        assert session.execute(select(col(Lot.state))).scalars().all() == [LotState.UNDONE]
        assert not session.execute(select(PriorLabel)).all()
        assert not list(lots.refused_rows(session, report.lot_id))
        actions = session.execute(select(col(History.action)).where(col(History.subject) == "lot")).scalars().all()
    assert actions == ["lot.complete", "lot.undone"]
    again = bring_in(store, pid, tmp_path, ROWS)
    assert (again.items, again.duplicates, again.refused) == (report.items, report.duplicates, report.refused)


def test_who_holds_items_unanswered_is_left_without_them(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n9,stays\n")
    report = bring_in(store, pid, tmp_path, ROWS)
    assert len(give(store, pid, "UANA")) == 3
    undo(store, pid, report)
    assert list(items(store, pid)) == ["9"]
    with store.read() as session:
        assert session.execute(select(col(Assignment.item_id))).scalars().all() == [items(store, pid)["9"].id]


def test_a_lot_of_which_something_was_answered_stays(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, ROWS)
    [(place, _), *_] = give(store, pid, "UANA")
    label(store, "UANA", place, 1_000)
    before = {key: (item.state, item.open_places) for key, item in items(store, pid).items()}
    with pytest.raises(RefusedError, match="answered already"):
        undo(store, pid, report)
    assert {key: (item.state, item.open_places) for key, item in items(store, pid).items()} == before


def test_a_lot_to_which_later_duplicates_are_linked_stays_until_those_are_undone(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    first = bring_in(store, pid, tmp_path, "id,text\n1,one\n")
    second = bring_in(store, pid, tmp_path, "id,text\n2,one\n3,three\n")
    with pytest.raises(RefusedError, match=f"lot {second.lot_id}"):
        undo(store, pid, first)
    undo(store, pid, second)
    undo(store, pid, first)
    assert items(store, pid) == {}


def test_a_lot_that_replaced_or_was_replaced_stays(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    first = bring_in(store, pid, tmp_path, "id,text\n1,one\n")
    second = bring_in(store, pid, tmp_path, "id,text\n1,uno\n", on_change=OnChange.REPLACE)
    for report in (first, second):
        with pytest.raises(RefusedError, match="replaced"):
            undo(store, pid, report)
    assert items(store, pid)["1"].state is ItemState.OPEN


def test_what_is_not_there_or_undone_already_is_said(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, ROWS)
    undo(store, pid, report)
    with pytest.raises(RefusedError, match="undone already"):
        undo(store, pid, report)
    with pytest.raises(RefusedError, match="no import lot 99"):
        intake.undo(store, pid, 99, NOW, None)


def test_an_item_that_is_answered_while_its_lot_is_being_undone_lacks_only_the_places_that_are_left(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflow.intake import undoing

    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, "id,text\n1,one\n2,two\n")
    [(place, answered), (_, other)] = give(store, pid, "UANA")
    withdraw = undoing._withdraw

    def label_after_the_look(session: Session, lot_id: int, now: datetime) -> None:
        withdraw(session, lot_id, now)
        session.commit()
        label(store, "UANA", place, 1_000)

    monkeypatch.setattr(undoing, "_withdraw", label_after_the_look)
    with pytest.raises(RefusedError, match="answered already"):
        undo(store, pid, report)
    assert {item.id: item.open_places for item in items(store, pid).values()} == {answered: 1, other: 2}


def test_an_undo_that_finds_an_answer_half_way_opens_everything_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflow.intake import undoing

    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, "id,text\n" + "".join(f"{n},text {n}\n" for n in range(6)))
    last_place, _ = max(give(store, pid, "UANA"), key=lambda given: given[1])
    why_not, looks = undoing._why_not, iter(["before all", "after the first half"])

    def look_after_a_click(session: Session, lot_id: int) -> str | None:
        if next(looks) == "after the first half":
            label(store, "UANA", last_place, 1_000)
        return why_not(session, lot_id)

    monkeypatch.setattr(undoing, "CHUNK", 3)
    monkeypatch.setattr(undoing, "_why_not", look_after_a_click)
    with pytest.raises(RefusedError, match="answered already"):
        undo(store, pid, report)
    found = items(store, pid)
    assert len(found) == 6
    assert {(item.state, item.open_places) for item in found.values()} <= {(ItemState.OPEN, 1), (ItemState.OPEN, 2)}
    assert len(give(store, pid, "UBEN")) == 6
