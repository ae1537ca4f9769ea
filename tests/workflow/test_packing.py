"""Rows that a database packs into one text come back as they were."""

from typing import Any

from sqlalchemy import literal, select, union_all

from storage.engine import Store
from storage.tables import Place
from workflow.packing import packed, packed_rows, unpacked, unpacked_rows


def rows(*values: tuple[Any, ...]) -> Any:
    return union_all(*(select(*(literal(value) for value in row)) for row in values)).subquery()


def test_numbers_states_and_what_is_not_there_come_back(store: Store) -> None:
    given = [(2**62, 0, Place.OPEN.value), (7, -1, Place.LABELLED.value)]
    table = rows(*given)
    with store.read() as session:
        text = session.execute(select(packed_rows(*table.c))).scalar_one()
    assert sorted(unpacked_rows(text)) == sorted([str(value) for value in row] for row in given)


def test_nothing_stands_where_a_column_is_null(store: Store) -> None:
    (number,) = rows((5,)).c
    with store.read() as session:
        text = session.execute(select(packed(literal(None), number, literal(None)))).scalar_one()
    assert unpacked(text) == ["", "5", ""]


def test_no_rows_are_no_rows(store: Store) -> None:
    (number,) = rows((5,)).c
    with store.read() as session:
        text = session.execute(select(packed_rows(number)).where(number > 5)).scalar_one()
    assert text is None
    assert unpacked_rows(text) == []
