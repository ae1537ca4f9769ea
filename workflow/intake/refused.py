"""The refused rows of a lot: as a table that is safe to open in a spreadsheet, or as they came, to be put right."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Lot, RefusedRow
from workflow import export
from workflow.intake.lots import CHUNK

COLUMNS = ("line", "field", "reason", "row")


def as_csv(session: Session, lot_id: int, *, raw: bool = False) -> Iterator[str]:
    """Lines of CSV: the line on which each row began, the field at fault, the reason, the row as it came.

    A cell that a spreadsheet could run as a formula has an apostrophe in front, unless ``raw``.
    """
    yield export.csv_line(COLUMNS)[0]
    for row in _rows(session, lot_id):
        yield export.csv_line([str(row.line), row.field, row.reason, row.row], raw=raw)[0]


def as_came(session: Session, lot_id: int) -> Iterator[str]:
    """The file's header and the refused rows, as they stood there: put right, they can be imported."""
    header = session.execute(select(col(Lot.header)).where(col(Lot.id) == lot_id)).scalar()
    if header:
        yield header + "\n"
    for row in _rows(session, lot_id):
        yield row.row + "\n"


def _rows(session: Session, lot_id: int) -> Iterator[Any]:
    rows = session.execute(
        select(col(RefusedRow.line), col(RefusedRow.field), col(RefusedRow.reason), col(RefusedRow.row))
        .where(col(RefusedRow.lot_id) == lot_id)
        .order_by(col(RefusedRow.id))
        .execution_options(yield_per=CHUNK)
    )
    yield from rows
