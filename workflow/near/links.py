"""What becomes of pairs: written down and, where the project wants it, the later item linked to one that stands for it."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, NearPair, NearState
from workflow.near.kept_texts import texts_of
from workflow.near.similarity import Shingled, Thresholds, near
from workflow.near.verifying import Pair
from workflow.outbox import insert_or_skip

MOST_ROWS = 1000

Group = tuple[int, list[Pair]]


@dataclass(frozen=True)
class Link:
    """An item, and the earlier one that stands for it."""

    item_id: int
    to: int
    similarity: float


def record(
    store: Store,
    project_id: int,
    lot_id: int,
    pairs: Iterable[Pair],
    link: bool,
    now: datetime,
    thresholds: Thresholds | None = None,
) -> int:
    """Write down the pairs of a lot whose refs are item ids, as they come; how many items are near an earlier one.

    With ``link`` an item that is still loading is marked (``Item.near_of``) with the earliest item that is itself not
    linked and whose own similarity to it reaches the threshold: one of its pairs, or what one of them is linked to. Where
    there is none it stays as it is, so that links never form chains. The number is then that of the linked ones.
    """
    count = 0
    for groups in _some(pairs):
        links = partial(links_of, project_id=project_id, groups=groups, thresholds=thresholds or Thresholds())
        write = partial(_write, groups=groups, project_id=project_id, lot_id=lot_id, now=now)
        count += store.transact(partial(write, links=links if link else None))
    return count


def links_of(session: Session, project_id: int, groups: list[Group], thresholds: Thresholds) -> list[Link]:
    """Which items of the groups are to be linked, and to which; groups are in the order of their items."""
    likes = {pair.like_id for _, pairs in groups for pair in pairs}
    stands = _standing(session, likes | {item_id for item_id, _ in groups})
    texts = _Texts(session, project_id)
    links: list[Link] = []
    for item_id, pairs in groups:
        if stands.get(item_id, (None, None))[0] is not ItemState.LOADING:
            continue
        own = {pair.like_id: pair.similarity for pair in pairs if pair.like_id in stands}
        found = _stands_for(
            item_id, own, {like_id: near_of for like_id, (_, near_of) in stands.items()}, texts, thresholds
        )
        if found is not None:
            links.append(found)
            stands[item_id] = ItemState.LOADING, found.to
    return links


def _stands_for(
    item_id: int, own: dict[int, float], linked: dict[int, int | None], texts: "_Texts", thresholds: Thresholds
) -> Link | None:
    """The earliest item that may stand for this one."""
    free = {like_id: alike for like_id, alike in own.items() if linked[like_id] is None}
    others = {to for like_id in own if (to := linked[like_id]) is not None and to not in free}
    for other in sorted({*free, *others}):
        alike = free.get(other) or near(texts[item_id], texts[other], thresholds)
        if alike is not None:
            return Link(item_id, other, alike)
    return None


def _standing(session: Session, item_ids: Collection[int]) -> dict[int, tuple[ItemState, int | None]]:
    """State and link of items, without those that no longer stand for anything."""
    rows = session.execute(
        select(col(Item.id), col(Item.state), col(Item.near_of)).where(
            col(Item.id).in_(item_ids), col(Item.duplicate_of).is_(None), col(Item.state) != ItemState.REPLACED
        )
    )
    return {row.id: (row.state, row.near_of) for row in rows}


class _Texts(dict[int, Shingled]):
    """Items cut into shingles, read where they are asked for: most links need none."""

    def __init__(self, session: Session, project_id: int) -> None:
        super().__init__()
        self._session, self._project_id = session, project_id

    def __missing__(self, item_id: int) -> Shingled:
        texts = texts_of(self._session, self._project_id, [item_id])
        self[item_id] = Shingled(texts.get(item_id, []))
        return self[item_id]


def _write(
    session: Session,
    groups: list[Group],
    project_id: int,
    lot_id: int,
    now: datetime,
    links: Callable[[Session], list[Link]] | None,
) -> int:
    linked = links(session) if links else []
    similar = {(pair.ref, pair.like_id): pair.similarity for _, pairs in groups for pair in pairs}
    similar |= {(one.item_id, one.to): one.similarity for one in linked}
    made = {(one.item_id, one.to) for one in linked}
    rows = [
        {
            "project_id": project_id,
            "lot_id": lot_id,
            "item_id": item_id,
            "like_id": like_id,
            "similarity": alike,
            "state": NearState.LINKED if (item_id, like_id) in made else NearState.REPORTED,
            "at": now,
        }
        for (item_id, like_id), alike in similar.items()
    ]
    session.execute(insert_or_skip(session, NearPair, ["item_id", "like_id"]), rows)
    if linked:
        session.connection().execute(
            update(Item).where(col(Item.id) == bindparam("item")).values(near_of=bindparam("to")),
            [{"item": one.item_id, "to": one.to} for one in linked],
        )
    return len(groups) if links is None else len(linked)


def _some(pairs: Iterable[Pair]) -> Iterator[list[Group]]:
    """Items with their pairs, as many at a time as are written in one transaction."""
    groups: list[Group] = []
    rows = 0
    for item_id, found in groupby(pairs, lambda pair: pair.ref):
        group = item_id, list(found)
        # A link may add a pair, and changes the item.
        rows += len(group[1]) + 2
        if groups and rows > MOST_ROWS:
            yield groups
            groups, rows = [], len(group[1]) + 2
        groups.append(group)
    if groups:
        yield groups
