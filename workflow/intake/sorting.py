"""A chunk of rows sorted by what becomes of each: new, double, there already, refused for its id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Item
from workflow.intake.changes import REASONS, Fate, Known, OnChange, fate
from workflow.intake.screening import Candidate
from workflow.intake.seen import Seen
from workflow.reading.rows import Refused

# No id has this character, so that what waits to take an item's place has a key that nobody can have typed.
REPLACES = "\x1f"


@dataclass
class Sorted:
    """A chunk by what becomes of its rows.

    ``there`` are rows whose item is in the store, or in this chunk, already; ``keys`` has, for every row in their order,
    the key under which its item is stored, None where it was refused. ``ids`` are the items that were there before.
    """

    fresh: list[Candidate] = field(default_factory=list)
    doubles: list[Candidate] = field(default_factory=list)
    there: list[Candidate] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    changed: int = 0
    keys: list[str | None] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)


def sort(
    session: Session,
    project_id: int,
    lot_id: int | None,
    rows: Sequence[Candidate],
    on_change: OnChange,
    seen: Seen,
) -> tuple[Sorted, dict[str, int]]:
    """Sort a chunk, and the first items that have its texts, by digest.

    ``seen`` knows what the file has had so far. Where nothing is written ``lot_id`` is None.
    """
    keys, digests = {row.key for row in rows}, {row.digest for row in rows}
    known = known_ids(session, project_id, lot_id, keys)
    first = first_with(session, project_id, digests)
    if lot_id is None:
        known |= {**seen.known(keys), **_waiting(known, seen)}
        first |= seen.texts(digests - first.keys())
    known |= {key: replace(known[key], now=True) for key in seen.came(keys & known.keys())}
    return _sorted(session, project_id, rows, known, dict.fromkeys(first, 0), on_change), first


def _sorted(
    session: Session,
    project_id: int,
    rows: Sequence[Candidate],
    known: dict[str, Known],
    texts: dict[str, int],
    on_change: OnChange,
) -> Sorted:
    found = Sorted(ids={there.key: there.item_id for there in known.values() if there.item_id})
    for row in rows:
        what = fate(row.key, row.digest, known, texts, on_change)
        stored = _stored_as(session, project_id, row, what, known)
        if what is Fate.BESIDE and stored in known and known[stored].digest == row.digest:
            found.ids[stored] = known[stored].item_id
            what = Fate.SAME
        found.changed += what in (Fate.KEPT, Fate.REPLACES, Fate.BESIDE)
        if what in REASONS:
            found.refused.append(Refused(row.line, "id", REASONS[what], row.raw))
            found.keys.append(None)
            continue
        found.keys.append(stored)
        if what is Fate.SAME:
            found.there.append(row)
            known[row.key] = replace(known[row.key], now=True)
            continue
        (found.doubles if row.digest in texts else found.fresh).append(
            row if stored == row.key else replace(row, key=stored)
        )
        texts[row.digest] = 0
        known[stored] = known[row.key] = Known(stored, 0, row.digest, now=True)
    return found


def _stored_as(session: Session, project_id: int, row: Candidate, what: Fate, known: dict[str, Known]) -> str:
    if what is Fate.SAME:
        return known[row.key].key
    if what is Fate.REPLACES:
        return f"{REPLACES}{known[row.key].item_id}"
    return _beside(session, project_id, row, known) if what is Fate.BESIDE else row.key


def _beside(session: Session, project_id: int, row: Candidate, known: dict[str, Known]) -> str:
    """The key of the same text beside a known id, if it is there; else the first that is free."""
    number = 1
    while True:
        number += 1
        key = f"{row.key}~{number}"
        if key not in known:
            known |= known_ids(session, project_id, None, {key})
        if key not in known or known[key].digest == row.digest:
            return key


def _waiting(known: Mapping[str, Known], seen: Seen) -> dict[str, Known]:
    """What would take the place of known ids by now."""
    of = {f"{REPLACES}{there.item_id}": key for key, there in known.items()}
    return {of[key]: there for key, there in seen.known(of).items()}


def known_ids(session: Session, project_id: int, lot_id: int | None, keys: set[str]) -> dict[str, Known]:
    """The items of these ids; for one that this lot is about to replace, what will be in its place."""
    rows = session.execute(
        select(col(Item.key), col(Item.id), col(Item.digest), col(Item.lot_id)).where(
            col(Item.project_id) == project_id, col(Item.key).in_(keys)
        )
    ).all()
    known = {row.key: Known(row.key, row.id, row.digest, now=row.lot_id == lot_id) for row in rows}
    if lot_id is None or not known:
        return known
    of = {f"{REPLACES}{there.item_id}": key for key, there in known.items()}
    waiting = session.execute(
        select(col(Item.key), col(Item.id), col(Item.digest)).where(
            col(Item.project_id) == project_id, col(Item.lot_id) == lot_id, col(Item.key).in_(of)
        )
    )
    return known | {of[row.key]: Known(row.key, row.id, row.digest, now=True) for row in waiting}


def first_with(session: Session, project_id: int, digests: set[str]) -> dict[str, int]:
    """The first item with each of these texts, by digest."""
    found = session.execute(
        select(col(Item.digest), col(Item.id)).where(
            col(Item.project_id) == project_id, col(Item.digest).in_(digests), col(Item.duplicate_of).is_(None)
        )
    )
    return dict(found.all())
