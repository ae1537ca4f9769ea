"""The kept index, row by row: written and deleted in the order of its bands, read by band, marked with what is in it.

In their order 1,000 rows touch few pages of the table's tree; at random places they would write most of it anew.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, func, literal, select, text, tuple_
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Lot, NearBand, plain
from workflow.near.signature import LOWEST_BAND, SCHEME
from workflow.outbox import insert_or_skip

Integers = NDArray[np.int64]
Page = tuple[Integers, Integers]

CHUNK = 1000
PAGE = 50_000
# To look a band up takes as long as to read one to three rows in passing: an index is read through where it is at most so
# many times as large as what is compared with it.
READ_THROUGH = 2

_BANDS = plain(NearBand).c
_LOTS_IN = -(2**63) + SCHEME

_WRITE = {
    "sqlite": "INSERT INTO near_band (project_id, band, item_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    "postgresql": "INSERT INTO near_band (project_id, band, item_id)"
    " SELECT :project_id, band, item_id FROM unnest(CAST(:bands AS bigint[]), CAST(:items AS bigint[]))"
    " AS fresh (band, item_id) ON CONFLICT DO NOTHING",
}
_DELETE = {
    "sqlite": "DELETE FROM near_band WHERE project_id = ? AND band = ? AND item_id = ?",
    "postgresql": "DELETE FROM near_band USING unnest(CAST(:bands AS bigint[]), CAST(:items AS bigint[]))"
    " AS gone (band, item_id) WHERE near_band.project_id = :project_id AND near_band.band = gone.band"
    " AND near_band.item_id = gone.item_id",
}


def write(store: Store, project_id: int, bands: Integers, items: Integers) -> None:
    """Put bands in, 1,000 a transaction; those that are there stay. Both are sorted by band."""
    _each(store, _WRITE, project_id, bands, items)


def remove(store: Store, project_id: int, bands: Integers, items: Integers) -> None:
    """Take bands out, 1,000 a transaction; what is not there is left out. Both are sorted by band."""
    _each(store, _DELETE, project_id, bands, items)


def beside(store: Store, project_id: int, bands: Integers, of: int) -> Iterator[Page]:
    """Old bands that may be among the sorted new ``bands``, sorted, with their items; a page at a time.

    ``of`` is how many new ones there are in all: many read the index through, few look their own up.
    """
    if not len(bands):
        return
    with store.read() as session:
        old = _size(session, project_id)
    if old > READ_THROUGH * of:
        yield from _looked_up(store, project_id, np.unique(bands))
    elif old:
        yield from _read_through(store, project_id, int(bands[0]), int(bands[-1]))


def mark(session: Session, project_id: int, lot_id: int) -> None:
    """Note that all items of a lot are in the index."""
    row = {"project_id": project_id, "band": _LOTS_IN, "item_id": lot_id}
    session.execute(insert_or_skip(session, NearBand, ["project_id", "band", "item_id"]).values(**row))


def marked(session: Session, project_id: int) -> set[int]:
    """The lots that are in the index."""
    found = select(_BANDS.item_id).where(_BANDS.project_id == project_id, _BANDS.band == _LOTS_IN)
    return set(session.execute(found).scalars())


def clear_older(store: Store, project_id: int) -> None:
    """Empty an index whose bands were made in another way, 1,000 rows a transaction."""
    with store.read() as session:
        marks = select(_BANDS.band).where(_BANDS.project_id == project_id, _BANDS.band < LOWEST_BAND).distinct()
        if set(session.execute(marks).scalars()) <= {_LOTS_IN}:
            return
    while store.transact(partial(_clear, project_id=project_id)):
        pass


def _clear(session: Session, project_id: int) -> int:
    # The marks have the lowest bands: they go last, so that what is stopped on the way is taken up again.
    rows = select(_BANDS.band, _BANDS.item_id).where(_BANDS.project_id == project_id)
    some = session.execute(rows.order_by(_BANDS.band.desc(), _BANDS.item_id.desc()).limit(CHUNK)).all()
    if some:
        session.execute(
            delete(NearBand).where(
                _BANDS.project_id == project_id,
                tuple_(_BANDS.band, _BANDS.item_id) >= tuple_(literal(some[-1].band), literal(some[-1].item_id)),
            )
        )
    return len(some)


def _each(store: Store, statements: dict[str, str], project_id: int, bands: Integers, items: Integers) -> None:
    for start in range(0, len(bands), CHUNK):
        some = bands[start : start + CHUNK].tolist(), items[start : start + CHUNK].tolist()
        store.transact(partial(_run, statements=statements, project_id=project_id, rows=some))


def _run(session: Session, statements: dict[str, str], project_id: int, rows: tuple[list[int], list[int]]) -> None:
    bands, items = rows
    connection = session.connection()
    # Straight to the driver, and as arrays: ten rows an item are most of what an import writes.
    if connection.dialect.name == "sqlite":
        values = [(project_id, band, item) for band, item in zip(bands, items, strict=True)]
        connection.exec_driver_sql(statements["sqlite"], values)
    else:
        connection.execute(text(statements["postgresql"]), {"project_id": project_id, "bands": bands, "items": items})


def _size(session: Session, project_id: int) -> int:
    """About how many bands there are, without counting them; 0 where there is none."""
    one = select(_BANDS.band).where(_BANDS.project_id == project_id, _BANDS.band >= LOWEST_BAND).limit(1)
    if session.execute(one).first() is None:
        return 0
    items = select(func.sum(col(Lot.items))).where(col(Lot.project_id) == project_id)
    return 10 * int(session.execute(items).scalar() or 0) + 1


def _looked_up(store: Store, project_id: int, bands: Integers) -> Iterator[Page]:
    for start in range(0, len(bands), CHUNK):
        some = bands[start : start + CHUNK].tolist()
        rows = select(_BANDS.band, _BANDS.item_id).where(_BANDS.project_id == project_id, _BANDS.band.in_(some))
        if (page := _page(store, rows.order_by(_BANDS.band, _BANDS.item_id))) is not None:
            yield page


def _read_through(store: Store, project_id: int, low: int, high: int) -> Iterator[Page]:
    rows = (
        select(_BANDS.band, _BANDS.item_id)
        .where(_BANDS.project_id == project_id, _BANDS.band <= high)
        .order_by(_BANDS.band, _BANDS.item_id)
        .limit(PAGE)
    )
    # A session for every page: one that reads for minutes would keep SQLite from clearing its log.
    page = _page(store, rows.where(_BANDS.band >= low))
    while page is not None:
        yield page
        band, item_id = int(page[0][-1]), int(page[1][-1])
        after = tuple_(_BANDS.band, _BANDS.item_id) > tuple_(literal(band), literal(item_id))
        # The first condition follows from the second; PostgreSQL and SQLite both find their place by it.
        page = _page(store, rows.where(_BANDS.band >= band, after))


def _page(store: Store, rows: Select[tuple[int, int]]) -> Page | None:
    with store.read() as session:
        found = session.execute(rows).all()
    if not found:
        return None
    pairs = np.fromiter(chain.from_iterable(found), np.int64, 2 * len(found)).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()
