"""Who may judge an item: nobody judges their own work, nor what they have judged already.

A *layer* is what somebody is about to do with the item. Whoever labelled or flagged it is out of all of them; a review is
also closed to who ruled on it, an audit to who ruled, reviewed, or looked at its labels (it is answered blind), a dispute to
everybody who judged it in any way.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union
from sqlmodel import Session

from storage.tables import (
    Assignment,
    Dispute,
    EscalationReason,
    Finding,
    Flag,
    History,
    Label,
    Member,
    Person,
    Place,
    Review,
    Role,
    Ruling,
    plain,
)
from workflow.errors import NotAllowedError
from workflow.people import members


class Layer(StrEnum):
    """What somebody is about to do with an item."""

    RULING = "ruling"
    REVIEW = "review"
    AUDIT = "audit"
    DISPUTE = "dispute"


ROLES: dict[Layer, tuple[Role, ...]] = {
    Layer.RULING: (Role.REVIEWER, Role.LEAD),
    Layer.REVIEW: (Role.REVIEWER, Role.LEAD),
    Layer.AUDIT: (Role.AUDITOR, Role.LEAD),
    Layer.DISPUTE: (Role.REVIEWER, Role.AUDITOR, Role.LEAD),
}
"""Who judges in a layer. Leads come last: they are asked where nobody else is left."""

OWN_WORK = "You labelled or flagged this item yourself: somebody else has to judge it. Nothing was changed."
JUDGED = "You have judged this item before: somebody who has not yet has to look at it now. Nothing was changed."
SEEN = "You have judged this item before, or seen its labels: somebody who has not yet has to audit it. Nothing was changed."
LOOKED_AT = "labels.seen"
"""The action in an item's history of who looked at its labels, in a case or in a review."""


def layer_of(reason: EscalationReason) -> Layer:
    """What deciding a case is: a dispute is closed to everybody who has judged its item before."""
    return Layer.DISPUTE if reason is EscalationReason.CONTESTED else Layer.RULING


def of_item(item_id: Any, layer: Layer) -> Select[tuple[int]]:
    """SQL: the people who may not judge an item in a layer, by their ids; ``item_id`` is a number or a column."""
    return select(union(*_workers(item_id), *_judges(item_id, layer)).subquery("barred").c.person_id)


def barred(session: Session, item_id: int, layer: Layer) -> set[int]:
    """The people who may not judge an item in a layer."""
    return {row.person_id for row in session.execute(union(*_workers(item_id), *_judges(item_id, layer)))}


def may(item_id: Any, person_id: Any, layer: Layer) -> ColumnElement[bool]:
    """SQL: whether a person may judge an item in a layer, both columns or numbers; roles are asked elsewhere."""
    sources = [*_workers(item_id), *_judges(item_id, layer)]
    return and_(*(~_named(source, person_id) for source in sources))


def check(session: Session, item_id: int, person_id: int, layer: Layer) -> None:
    """Raise NotAllowedError where a person may not judge an item in a layer, saying why."""
    if person_id in {row.person_id for row in session.execute(union(*_workers(item_id)))}:
        raise NotAllowedError(OWN_WORK)
    if person_id in barred(session, item_id, layer):
        raise NotAllowedError(SEEN if layer is Layer.AUDIT else JUDGED)


def able(session: Session, project_id: int, item_id: int, layer: Layer, *, but: Collection[int] = ()) -> list[int]:
    """The people of a project who may judge an item in a layer, the roles in their order, leads last."""
    out = barred(session, item_id, layer) | set(but)
    found = [member for member in members(session, project_id) if member.active and member.slack_id]
    ordered = [
        member.person_id
        for role in ROLES[layer]
        for member in found
        if role in member.roles and member.person_id not in out
    ]
    return list(dict.fromkeys(ordered))


def somebody_may(
    item_id: Any, project_id: Any, layer: Layer, *, roles: Collection[Role] | None = None
) -> ColumnElement[bool]:
    """SQL: whether an active person of the project, of any of the roles (all of the layer's), may judge the item."""
    member, person = plain(Member).alias("judge"), plain(Person).alias("judge_person")
    return (
        select(person.c.id)
        .where(
            member.c.project_id == project_id,
            member.c.role.in_(ROLES[layer] if roles is None else roles),
            person.c.id == member.c.person_id,
            person.c.active,
            may(item_id, person.c.id, layer),
        )
        .correlate_except(person, member)
        .exists()
    )


def _workers(item_id: Any) -> list[Select[tuple[int]]]:
    """Who has a place with an answer on the item, gave it a label once, or flagged it."""
    place, label, flag = plain(Assignment).alias("work"), plain(Label).alias("given"), plain(Flag).alias("asked")
    answered = or_(place.c.state.in_([Place.LABELLED, Place.FLAGGED]), place.c.value_id.is_not(None))
    return [
        select(place.c.person_id).where(place.c.item_id == item_id, answered),
        select(label.c.person_id).where(label.c.item_id == item_id),
        select(flag.c.person_id).where(flag.c.item_id == item_id),
    ]


def _judges(item_id: Any, layer: Layer) -> list[Select[tuple[int]]]:
    if layer is Layer.RULING:
        return []
    ruling, review, finding = plain(Ruling).alias("ruled"), plain(Review).alias("seen"), plain(Finding).alias("found")
    dispute = plain(Dispute).alias("contest")
    ruled = select(ruling.c.person_id).where(ruling.c.item_id == item_id)
    reviewed = select(review.c.by_id.label("person_id")).where(review.c.item_id == item_id, review.c.by_id.is_not(None))
    audited = select(finding.c.auditor_id.label("person_id")).where(
        finding.c.item_id == item_id, finding.c.answer_id.is_not(None)
    )
    contested = select(dispute.c.person_id).where(dispute.c.item_id == item_id)
    past = plain(History).alias("past")
    looked = select(past.c.actor_id.label("person_id")).where(
        past.c.subject == "item", past.c.subject_id == item_id, past.c.action == LOOKED_AT, past.c.actor_id.is_not(None)
    )
    layers = {
        Layer.REVIEW: [ruled],
        Layer.AUDIT: [ruled, reviewed, looked],
        Layer.DISPUTE: [ruled, reviewed, audited, contested],
    }
    return layers[layer]


def _named(source: Select[tuple[int]], person_id: Any) -> ColumnElement[bool]:
    column = next(iter(source.selected_columns))
    table = next(iter(source.get_final_froms()))
    return source.where(column == person_id).correlate_except(table).exists()
