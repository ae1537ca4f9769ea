"""Some of the corpus in chat: files of every sort are dropped and imported, and the lots say what the cases say."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Lot, RefusedRow
from tests.house.conftest import OpenHouse
from tests.house.test_drops import card, drop, row
from tests.reading.case import Bad, Case
from tests.reading.corpus_cases import CASES, path_of

CHOSEN = (
    "plain.csv",
    "sep_line.csv",
    "unclosed_quote.csv",
    "values.csv",
    "broken_element.json",
    "label_studio.json",
    "be_chinese.csv",
    "shift_jis.csv",
    "bad_bytes.csv",
    "types.parquet",
    "le_chinese.csv.gz",
)
REFUSED = ("table.xlsx", "truncated.csv.gz")


def called(name: str) -> Case:
    return next(case for case in CASES if str(case) == name)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_dropped_file_becomes_what_the_case_says(open_house: OpenHouse, name: str, tmp_path: Path) -> None:
    case, house = called(name), open_house(items=1)
    dropped = drop(house, path_of(case, tmp_path).read_bytes(), case.file)
    ready = card(house, dropped, "row")
    house.lea.press_ok(ready, "Import")
    card(house, dropped, "Imported")
    lot = house.one(select(Lot).where(col(Lot.id) == row(house, dropped).lot_id))[0]
    made = case.made
    assert (lot.rows, lot.items, lot.duplicates, lot.changed) == (
        len(case.rows), made.items, made.duplicates, made.changed,
    )  # fmt: skip
    assert (lot.file_format, lot.encoding, lot.delimiter) == (case.file_format, case.encoding, case.delimiter)
    kept = select(col(RefusedRow.line), col(RefusedRow.field), col(RefusedRow.reason))
    refused = sorted(tuple(one) for one in house.rows(kept))
    bad = sorted(
        (*(one for one in case.rows if isinstance(one, Bad)), *made.refused), key=lambda one: (one.line, one.field)
    )
    assert len(refused) == len(bad)
    assert all(one.is_said(*said) for one, said in zip(bad, refused, strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_something_else_is_refused_on_its_card(open_house: OpenHouse, name: str, tmp_path: Path) -> None:
    case, house = called(name), open_house(items=1)
    dropped = drop(house, path_of(case, tmp_path).read_bytes(), case.file)
    card(house, dropped, case.fault.strip())
    assert not house.rows(select(Lot).where(col(Lot.file_name) == case.file))
