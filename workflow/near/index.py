"""The kept index of a project: items like a text, an index that is completed, items that leave it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from sqlalchemy import delete, func, or_, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Lot, LotState, NearBand, NearPair, plain
from workflow.near.comparison import Comparison
from workflow.near.kept_texts import items_of_lot, texts_of
from workflow.near.similarity import Shingled, similarity

CHUNK = 1000
# Of the items that have a band in common with a text, so many are compared: those with the most bands in common.
COMPARED = 100


@dataclass(frozen=True)
class Like:
    """An item that is like a text, and how much: the Jaccard similarity, from 0 to 1."""

    item_id: int
    similarity: float


def like(
    session: Session,
    project_id: int,
    texts: Sequence[str],
    most: int = 3,
    but: int | None = None,
    least: float = 0.5,
) -> list[Like]:
    """The items of a project that are most like these text fields, at least ``least``, the most alike first.

    Looks up ten bands (twenty for a text of 100 to 124 words), however many items there are. Finds 98 of 100 items with a
    similarity of .8, 27 of 100 with .5. ``but`` is an item that is left out, as a rule the one whose texts these are.
    """
    from workflow.near.signature import signatures

    bands = signatures([texts]).bands.ravel().tolist()
    kept = plain(NearBand).c
    found = session.execute(
        select(kept.item_id)
        .where(kept.project_id == project_id, kept.band.in_(bands), kept.item_id != (but or 0))
        .group_by(kept.item_id)
        .order_by(func.count().desc(), kept.item_id)
        .limit(COMPARED)
    )
    asked = Shingled(texts)
    likes = [
        Like(item_id, similarity(asked, Shingled(theirs))[0])
        for item_id, theirs in texts_of(session, project_id, list(found.scalars())).items()
    ]
    ordered = sorted(likes, key=lambda one: (-one.similarity, one.item_id))
    return [one for one in ordered if one.similarity >= least][:most]


def build(store: Store, project_id: int) -> int:
    """Bring into the index the lots that are not in it: of before it was kept, or of while it was off; how many lots.

    Which lots are in it is noted in the index itself, so that asking is one look-up where nothing is missing. Nothing is
    reported as near. To be called under the lock of imports, before new items are compared.
    """
    from workflow.near import kept_bands

    kept_bands.clear_older(store, project_id)
    with store.read() as session:
        lots = session.execute(
            select(col(Lot.id))
            .where(col(Lot.project_id) == project_id, col(Lot.state).in_((LotState.COMPLETE, LotState.OPENING)))
            .order_by(col(Lot.id))
        ).scalars()
        missing = sorted(set(lots) - kept_bands.marked(session, project_id))
    for lot_id in missing:
        with Comparison() as lot:
            for item_id, texts in items_of_lot(store, lot_id):
                lot.add(item_id, texts)
            lot.keep(store, project_id)
        store.transact(partial(kept_bands.mark, project_id=project_id, lot_id=lot_id))
    return len(missing)


def forget(store: Store, project_id: int, items: Iterable[int]) -> None:
    """Take items out of the index, and the pairs that they are in; before the items themselves are deleted.

    1,000 rows a transaction, in the order of the index. What is stopped on the way can be done again.
    """
    with Comparison() as leaving:
        for some in _chunks(items):
            with store.read() as session:
                texts = texts_of(session, project_id, some, even_replaced=True)
            for item_id in sorted(texts):
                leaving.add(item_id, texts[item_id])
            _forget_pairs(store, some)
        leaving.drop(store, project_id)


def _forget_pairs(store: Store, item_ids: Sequence[int]) -> None:
    concerned = select(col(NearPair.id)).where(
        or_(col(NearPair.item_id).in_(item_ids), col(NearPair.like_id).in_(item_ids))
    )
    gone = delete(NearPair).where(col(NearPair.id).in_(concerned.limit(CHUNK).scalar_subquery()))
    while store.transact(lambda session: session.execute(gone.returning(col(NearPair.id))).all()):
        pass


def _chunks(items: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(items)
    while some := list(islice(rest, CHUNK)):
        yield some
