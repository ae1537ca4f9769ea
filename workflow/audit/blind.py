"""An auditor saw the label in force on an item: they are never given the item to label afterwards."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, ItemState, Place
from workflow import places, settling
from workflow.errors import RefusedError
from workflow.places import Locked


def bar(session: Session, item: Locked, person_id: int, now: datetime) -> None:
    """Keep somebody from ever labelling a locked item. Refused to who has it in hand just now: they label it blind."""
    own = session.execute(
        select(col(Assignment.id), col(Assignment.state))
        .where(col(Assignment.item_id) == item.id, col(Assignment.person_id) == person_id)
        .with_for_update(key_share=True)
    ).first()
    if own and own.state in (*places.HOLDING, Place.FLAGGED):
        raise RefusedError("You have a place on this item yourself: somebody else audits it. Nothing was changed.")
    if own is None:
        session.execute(
            insert(Assignment).values(
                project_id=item.project_id,
                item_id=item.id,
                person_id=person_id,
                state=Place.BARRED,
                given_at=now,
            )
        )
    elif own.state is not Place.BARRED:
        session.execute(update(Assignment).where(col(Assignment.id) == own.id).values(state=Place.BARRED))
    if item.state is ItemState.OPEN:
        # It was given out again, and the auditor may have been the last who could label it.
        settling.escalate_stranded(session, [item], now, person_id)
