"""Columns, and whole rows, as one text: packed by the database, unpacked here.

So one statement reads a thing and all that belongs to it, at one moment, where two on PostgreSQL would see two; and as a
single row: between two rows of SQLite another thread may take the interpreter, and this one waits to get it back.

Only for numbers and states, which have neither of the two separators in them.
"""

from typing import Any

from sqlalchemy import ColumnElement, String, cast, func


def packed(*columns: Any) -> ColumnElement[str]:
    """SQL: columns of one row as a text, with nothing in the place of NULL."""
    first, *rest = (func.coalesce(cast(column, String), "") for column in columns)
    whole: ColumnElement[str] = first
    for text in rest:
        whole = whole.concat(":").concat(text)
    return whole


def packed_rows(*columns: Any) -> ColumnElement[str]:
    """SQL: columns of all rows as a text, in no order; NULL where there is no row."""
    whole: ColumnElement[str] = func.aggregate_strings(packed(*columns), ",")
    return whole


def unpacked(row: str) -> list[str]:
    """The texts of one row."""
    return row.split(":")


def unpacked_rows(rows: str | None) -> list[list[str]]:
    """The texts of all rows."""
    return [unpacked(row) for row in rows.split(",")] if rows else []
