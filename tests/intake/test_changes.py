"""A file that comes again: the same ids with the same texts, and with others."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Assignment, History, Item, ItemState, Label, LabelValue, Person, Place
from tests.intake.world import NOW, bring_in, items, make_project, prior_labels, refused, texts
from workflow import assignment, labelling
from workflow.errors import RefusedError
from workflow.intake import OnChange
from workflow.intake.changes import REASONS, Fate

FIRST = "id,text\n1,one\n2,two\n3,three\n"
SECOND = "id,text\n1,one\n2,zwei\n4,four\n"


def give(store: Store, project_id: int, user: str) -> list[tuple[int, int]]:
    """(place, item) of a new batch of somebody."""
    with store.read() as session:
        person_id = session.execute(select(col(Person.id)).where(col(Person.slack_id) == user)).scalar_one()
    store.transact(lambda session: assignment.next_batch(session, project_id, person_id, NOW))
    with store.read() as session:
        rows = session.execute(
            select(col(Assignment.id), col(Assignment.item_id)).where(
                col(Assignment.person_id) == person_id, col(Assignment.state) == Place.OPEN
            )
        )
        return [(row.id, row.item_id) for row in rows]


def label(store: Store, user: str, place: int, us: int) -> None:
    with store.read() as session:
        value = session.execute(select(col(LabelValue.id)).order_by(col(LabelValue.id)).limit(1)).scalar_one()
    store.transact(lambda session: labelling.record(session, user, place, value, us, NOW))


def test_a_changed_text_is_reported_and_kept_out(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, FIRST)
    report = bring_in(store, pid, tmp_path, SECOND)
    assert (report.rows, report.items, report.duplicates, report.refused, report.changed) == (3, 1, 1, 1, 1)
    assert refused(store, report) == [(3, "id", REASONS[Fate.KEPT])]
    assert texts(store, pid) == {"1": "one", "2": "two", "3": "three", "4": "four"}


def test_a_changed_text_can_be_added_beside_the_old_one_once(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, FIRST)
    report = bring_in(store, pid, tmp_path, SECOND, on_change=OnChange.NEW)
    assert (report.items, report.duplicates, report.refused, report.changed) == (2, 1, 0, 1)
    assert texts(store, pid)["2~2"] == "zwei"
    again = bring_in(store, pid, tmp_path, SECOND, on_change=OnChange.NEW)
    assert (again.items, again.duplicates, again.changed) == (0, 3, 0)
    third = bring_in(store, pid, tmp_path, "id,text\n2,dos\n2,zwei\n", on_change=OnChange.NEW)
    assert (third.items, third.duplicates) == (1, 1)
    assert texts(store, pid)["2~3"] == "dos"


def test_a_changed_text_can_take_the_place_of_one_that_nobody_has_seen(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, FIRST)
    report = bring_in(store, pid, tmp_path, SECOND, on_change=OnChange.REPLACE)
    assert (report.items, report.duplicates, report.refused, report.changed) == (2, 1, 0, 1)
    found = items(store, pid)
    assert (found["2"].fields["text"], found["2"].state, found["2"].open_places) == ("zwei", ItemState.OPEN, 2)
    [old] = [item for item in found.values() if item.state is ItemState.REPLACED]
    assert (old.fields["text"], old.open_places, old.key) == ("two", 0, f"2~before-{found['2'].id}")
    again = bring_in(store, pid, tmp_path, SECOND, on_change=OnChange.REPLACE)
    assert (again.items, again.duplicates, again.changed) == (0, 3, 0)


def test_labels_stay_with_the_text_they_were_given_on(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n1,one\n")
    [(place, old_id)] = give(store, pid, "UANA")
    label(store, "UANA", place, 1_000)
    [(held, _)] = give(store, pid, "UBEN")
    bring_in(store, pid, tmp_path, "id,text\n1,uno\n", on_change=OnChange.REPLACE)
    with store.read() as session:
        assert session.execute(select(col(Label.item_id))).scalars().all() == [old_id]
        states = dict(session.execute(select(col(Assignment.id), col(Assignment.state))).all())
        old = session.get_one(Item, old_id)
    assert states == {place: Place.LABELLED, held: Place.CLOSED}
    assert (old.state, old.fields) == (ItemState.REPLACED, {"text": "one"})
    for user, gone in (("UANA", place), ("UBEN", held)):
        with pytest.raises(RefusedError, match="newer text"):
            store.transact(lambda s, u=user, g=gone: labelling.record(s, u, g, _other_value(s), 9_000, NOW))  # type: ignore[misc]
    [(fresh, new_id)] = give(store, pid, "UANA")
    assert new_id == items(store, pid)["1"].id
    label(store, "UANA", fresh, 10_000)


def _other_value(session: object) -> int:
    statement = select(col(LabelValue.id)).order_by(col(LabelValue.id).desc()).limit(1)
    return int(session.execute(statement).scalar_one())  # type: ignore[attr-defined]


def test_a_double_of_a_replaced_text_stands_for_it(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n1,same\n2,same\n3,same\n")
    bring_in(store, pid, tmp_path, "id,text\n1,another\n", on_change=OnChange.REPLACE)
    found = items(store, pid)
    assert (found["2"].state, found["2"].duplicate_of, found["2"].open_places) == (ItemState.OPEN, None, 2)
    assert (found["3"].state, found["3"].duplicate_of) == (ItemState.DUPLICATE, found["2"].id)
    assert {item for _, item in give(store, pid, "UANA")} == {found["1"].id, found["2"].id}
    more = bring_in(store, pid, tmp_path, "id,text\n9,same\n")
    assert (more.items, more.duplicates) == (0, 1)
    assert items(store, pid)["9"].duplicate_of == found["2"].id


def test_a_double_that_is_replaced_together_with_its_text_is_never_opened_on_the_way(
    store: Store, tmp_path: Path
) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n1,same\n2,same\n3,same\n")
    bring_in(store, pid, tmp_path, "id,text\n1,another\n2,a third\n", on_change=OnChange.REPLACE)
    assert [items(store, pid)[key].state for key in "123"] == [ItemState.OPEN] * 3
    with store.read() as session:
        history = select(col(History.action), col(History.before)).where(col(History.subject) == "item")
        noted = session.execute(history.order_by(col(History.id))).all()
    assert [(row.action, row.before["state"]) for row in noted] == [
        ("item.stands_for_text", "duplicate"),
        ("item.replaced", "open"),
        ("item.replaced", "duplicate"),
    ]


def test_a_text_can_be_replaced_by_one_that_is_there_already(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n1,one\n2,two\n")
    report = bring_in(store, pid, tmp_path, "id,text\n2,one\n", on_change=OnChange.REPLACE)
    assert (report.items, report.duplicates, report.changed) == (0, 1, 1)
    found = items(store, pid)
    assert (found["2"].state, found["2"].duplicate_of) == (ItemState.DUPLICATE, found["1"].id)


def test_a_text_that_goes_to_another_id_in_one_file_is_still_given_to_people(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n1,one\n2,two\n")
    report = bring_in(store, pid, tmp_path, "id,text\n1,two\n2,one\n3,two\n", on_change=OnChange.REPLACE)
    found = items(store, pid)
    assert {key: (found[key].fields["text"], found[key].state) for key in "123"} == {
        "1": ("two", ItemState.OPEN),
        "2": ("one", ItemState.OPEN),
        "3": ("two", ItemState.DUPLICATE),
    }
    assert (found["3"].duplicate_of, report.items, report.duplicates) == (found["1"].id, 2, 1)
    assert {item for _, item in give(store, pid, "UANA")} == {found["1"].id, found["2"].id}


def test_what_says_nearly_the_same_as_a_replaced_text_is_given_to_people(store: Store, tmp_path: Path) -> None:
    pid = make_project(store, near="link")
    text = (
        "the quick brown fox jumps over the lazy dog near the river bank today and eats what was left there by others"
    )
    linked = bring_in(store, pid, tmp_path, f"id,text\n1,{text}\n2,{text} again\n")
    assert (linked.items, linked.near) == (1, 1)
    report = bring_in(store, pid, tmp_path, f"id,text\n1,{text} too\n", on_change=OnChange.REPLACE)
    assert (report.items, report.duplicates, report.near, report.changed) == (1, 0, 0, 1)
    found = items(store, pid)
    assert [(found[key].state, found[key].near_of) for key in "12"] == [(ItemState.OPEN, None)] * 2
    assert {item for _, item in give(store, pid, "UANA")} == {found["1"].id, found["2"].id}


def test_an_id_twice_in_one_file_with_two_texts_is_refused_the_second_time(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text\n1,old\n")
    for on_change in (OnChange.KEEP, OnChange.REPLACE):
        name = f"p{on_change}"
        other = make_project(store, name=name)
        report = bring_in(store, other, tmp_path, "id,text\n1,a\n1,b\n1,a\n", on_change=on_change)
        assert (report.items, report.duplicates, report.refused, report.changed) == (1, 1, 1, 0)
        assert refused(store, report) == [(3, "id", REASONS[Fate.TWICE])]
    report = bring_in(store, pid, tmp_path, "id,text\n1,a\n1,b\n1,a\n", on_change=OnChange.REPLACE)
    assert (report.items, report.duplicates, report.refused, report.changed) == (1, 1, 1, 1)
    assert items(store, pid)["1"].fields["text"] == "a"


def test_labels_that_a_file_brings_are_kept_beside(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    rows = "id,text,label,annotator\n1,one,yes,A\n1,one,no,B\n2,two,,\n3,one,yes,A\n4,four,maybe,A\n"
    report = bring_in(store, pid, tmp_path, rows)
    assert (report.rows, report.items, report.duplicates, report.refused, report.labels) == (5, 2, 2, 1, 3)
    assert prior_labels(store) == {("1", "A", "yes"), ("1", "B", "no"), ("3", "A", "yes")}
    [(line, field, reason)] = refused(store, report)
    assert (line, field) == (6, "label")
    assert "'maybe'" in reason
    assert bring_in(store, pid, tmp_path, rows).labels == 0
    found = items(store, pid)
    assert found["1"].state is ItemState.OPEN
    assert found["1"].open_places == 2


def test_rows_without_ids_that_differ_in_their_labels_alone_are_one_item(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, "text,label,annotator\none,yes,A\none,no,B\none,yes,A\n")
    assert (report.items, report.duplicates, report.labels) == (1, 2, 2)
    assert len(items(store, pid)) == 1


def test_skill_and_difficulty_choose_the_queue(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text,skill,difficulty\n1,a,medical,hard\n2,b,,\n3,c,medical,hard\n")
    found = items(store, pid)
    assert found["1"].queue_id == found["3"].queue_id != found["2"].queue_id
    assert len(give(store, pid, "UANA")) == 3
