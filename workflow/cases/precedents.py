"""Precedents: what was ruled on items that say nearly the same, so that like cases are decided alike.

They come from the kept index of near duplicates that imports are compared with. Only items that stand on a ruling count:
what is given out again, or waits for a decision, is nothing to go by, and nobody is shown a ruling on what they have yet to
answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlmodel import Session, col

from storage.tables import Item, ItemState, LabelValue, Person, Project, Ruling
from workflow.cases.decision import Details
from workflow.errors import RefusedError
from workflow.intake import spec
from workflow.near import index

ALIKE_SHOWN = 100
"""Characters of a like item's text that are shown before the first one that differs."""
LEAST = 0.6
"""From which similarity on (Jaccard, 0 to 1) an earlier ruling is shown."""


@dataclass(frozen=True)
class Precedent:
    """An earlier ruling on an item that is like another one; ``similarity`` is the Jaccard similarity of their texts.

    ``text`` is what the like item says, its fields in the project's order, from shortly before the first word that differs.

    ``same`` says whether the project takes such items for near duplicates.
    """

    ruling_id: int
    case_id: int
    item_id: int
    key: str
    text: str
    similarity: float
    same: bool
    value_id: int
    title: str
    rationale: str
    reason_code: str
    section: str
    by: str
    at: datetime


class DepartureError(RefusedError):
    """A like case was ruled otherwise: the ruling has to say why this one differs."""


def of_item(session: Session, item_id: int, most: int = 3) -> list[Precedent]:
    """The rulings on the items that are most like an item, the most alike first."""
    item = session.execute(
        select(col(Item.project_id), col(Item.fields), col(Project.fields).label("names"), col(Project.intake))
        .join(Project, col(Project.id) == col(Item.project_id))
        .where(col(Item.id) == item_id)
    ).first()
    if item is None or not _any_ruled(session, item.project_id):
        return []
    texts = [item.fields.get(name, "") for name in item.names]
    likes = index.like(session, item.project_id, texts, most=index.COMPARED, but=item_id, least=LEAST)
    alike = {one.item_id: one.similarity for one in likes}
    near_duplicates = spec.read(item.intake).near
    near = min(near_duplicates.threshold, near_duplicates.long_threshold)
    found = _rulings(session, alike, near, item.names, "\n".join(texts))
    return sorted(found, key=lambda one: (-one.similarity, -one.ruling_id))[:most]


def from_difference(text: str, other: str) -> str:
    """A text from a little before where it differs from another one: of two long ones the difference may be one word."""
    pairs = zip(text, other, strict=False)
    alike = next((at for at, (one, its) in enumerate(pairs) if one != its), min(len(text), len(other)))
    if alike <= ALIKE_SHOWN or alike == len(text):
        return text
    begin = text.find(" ", alike - ALIKE_SHOWN)
    return f"… {text[begin + 1 :]}" if -1 < begin < alike else f"… {text[alike - ALIKE_SHOWN :]}"


def settled(session: Session, item_id: int, value_id: int, details: Details) -> Details:
    """The details of a ruling with the precedent that it departs from; without one where it departs from none.

    Raises DepartureError where it decides otherwise than on a near duplicate and does not say why.
    """
    same = [one for one in of_item(session, item_id) if one.same]
    if not same or any(one.value_id == value_id for one in same):
        return replace(details, precedent_id=None, departure="")
    first = same[0]
    if not details.departure:
        raise DepartureError(
            f"Item {first.key}, which says nearly the same, was ruled “{first.title}” by {first.by}. "
            "Say why this one differs."
        )
    return replace(details, precedent_id=first.ruling_id)


def _any_ruled(session: Session, project_id: int) -> bool:
    found = exists().where(col(Item.project_id) == project_id, col(Item.state) == ItemState.RULED)
    return bool(session.execute(select(found)).scalar())


def _rulings(
    session: Session, alike: dict[int, float], near: float, names: Sequence[str], said: str
) -> Sequence[Precedent]:
    """The ruling that each of these items stands on, where it does."""
    latest = (
        select(func.max(col(Ruling.id)))
        .where(col(Ruling.item_id).in_(alike), col(Ruling.value_id).is_not(None))
        .group_by(col(Ruling.item_id))
    )
    rows = session.execute(
        select(
            col(Ruling.id),
            col(Ruling.escalation_id),
            col(Ruling.item_id),
            col(Ruling.rationale),
            col(Ruling.reason_code),
            col(Ruling.section),
            col(Ruling.at),
            col(Item.key),
            col(Item.fields),
            # The item's, and not the ruling's: a label that went into another one took its items along.
            col(Item.final_value_id),
            col(LabelValue.title),
            col(Person.name),
        )
        .join(Item, col(Item.id) == col(Ruling.item_id))
        .join(LabelValue, col(LabelValue.id) == col(Item.final_value_id))
        .join(Person, col(Person.id) == col(Ruling.person_id))
        .where(col(Ruling.id).in_(latest), col(Item.state) == ItemState.RULED, col(LabelValue.retired_at).is_(None))
    )
    return [
        Precedent(
            row.id,
            row.escalation_id,
            row.item_id,
            row.key,
            from_difference("\n".join(row.fields.get(name, "") for name in names), said),
            alike[row.item_id],
            alike[row.item_id] >= near,
            row.final_value_id,
            row.title,
            row.rationale,
            row.reason_code,
            row.section,
            row.name,
            row.at,
        )
        for row in rows
    ]
