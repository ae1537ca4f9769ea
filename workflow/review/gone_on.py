"""Whether something else has happened to an item since a reviewer accepted it: then that is not taken back."""

from collections.abc import Collection

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from storage.tables import Assignment, Audit, Finding, Item, ItemState, Place, Review, plain


def went_on(session: Session, review_ids: Collection[int]) -> set[int]:
    """Of accepted reviews those whose item has a new label, a later review or another state or value, or that an audit
    has drawn. The caller holds them, and their items, under lock.
    """
    review, later = plain(Review).c, plain(Review).alias("later").c
    item_id, since = review.item_id, review.settled_at
    happened = (
        exists().where(later.item_id == item_id, later.id > review.id),
        exists().where(
            col(Assignment.item_id) == item_id,
            col(Assignment.state) == Place.LABELLED,
            col(Assignment.labelled_at) > since,
        ),
        exists().where(
            col(Finding.item_id) == item_id, col(Audit.id) == col(Finding.audit_id), col(Audit.created_at) >= since
        ),
        exists().where(
            col(Item.id) == item_id,
            or_(col(Item.final_value_id) != review.value_id, col(Item.state) != ItemState.ACCEPTED),
        ),
    )
    found = select(review.id).where(review.id.in_(review_ids), or_(*happened))
    return set(session.execute(found).scalars())
