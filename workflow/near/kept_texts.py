"""Texts kept for comparing: those of the new items in a private file, those of old ones in the store."""

import json
import struct
import tempfile
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState

CHUNK = 1000
_HEAD = struct.Struct("<qq")


class TextFile:
    """The texts of new items, each with its ref, in a private temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._end = 0
        self._was_read = False

    def add(self, ref: int, texts: Sequence[str]) -> int:
        """Keep the text fields of an item; where they stand."""
        kept = json.dumps(list(texts), ensure_ascii=False).encode("utf-8", "surrogatepass")
        begins = self._end
        if self._was_read:
            self._file.seek(begins)
            self._was_read = False
        self._file.write(_HEAD.pack(ref, len(kept)) + kept)
        self._end += _HEAD.size + len(kept)
        return begins

    def at(self, begins: int) -> tuple[int, list[str]]:
        """The ref and the text fields that stand there."""
        self._was_read = True
        self._file.seek(begins)
        ref, size = _HEAD.unpack(self._file.read(_HEAD.size))
        texts: list[str] = json.loads(self._file.read(size).decode("utf-8", "surrogatepass"))
        return ref, texts

    def close(self) -> None:
        """Let go of the file, which is gone then."""
        self._file.close()


def texts_of(
    session: Session, project_id: int, item_ids: Collection[int], *, even_replaced: bool = False
) -> dict[int, list[str]]:
    """The text fields of items by their ids; those that are gone, or that another text has replaced, are left out."""
    wanted = sorted(item_ids)
    found: dict[int, list[str]] = {}
    for start in range(0, len(wanted), CHUNK):
        # By id alone: were it asked for the project too, SQLite would read through all items of the project.
        rows = session.execute(
            select(col(Item.id), col(Item.project_id), col(Item.state), col(Item.fields)).where(
                col(Item.id).in_(wanted[start : start + CHUNK])
            )
        )
        found |= {
            row.id: list(row.fields.values())
            for row in rows
            if row.project_id == project_id and (even_replaced or row.state is not ItemState.REPLACED)
        }
    return found


def items_of_lot(store: Store, lot_id: int) -> Iterator[tuple[int, list[str]]]:
    """The items of a lot and their text fields, by id; those with the very same text as an earlier one are left out."""
    after = 0
    while True:
        with store.read() as session:
            rows = session.execute(
                select(col(Item.id), col(Item.fields))
                .where(col(Item.lot_id) == lot_id, col(Item.id) > after, col(Item.duplicate_of).is_(None))
                .order_by(col(Item.id))
                .limit(CHUNK)
            ).all()
        if not rows:
            return
        yield from ((row.id, list(row.fields.values())) for row in rows)
        after = rows[-1].id
