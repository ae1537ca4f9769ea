"""Batches from before versions were kept with them get the one that was in force when they were given."""

from functools import partial

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Batch, Guideline

CHUNK = 1000


def date_batches(store: Store, project_id: int) -> None:
    """Do so for a project: else labels in them would be stamped with whatever is in force."""
    while store.transact(partial(_date_some, project_id=project_id)):
        pass


def _date_some(session: Session, project_id: int) -> int:
    undated = (
        select(col(Batch.id)).where(col(Batch.project_id) == project_id, col(Batch.guideline_id).is_(None)).limit(CHUNK)
    )
    mine = col(Guideline.project_id) == project_id
    then = select(func.max(col(Guideline.id))).where(mine, col(Guideline.at) <= col(Batch.created_at))
    first = select(func.min(col(Guideline.id))).where(mine)
    done = session.execute(
        update(Batch)
        .where(col(Batch.id).in_(undated))
        .values(guideline_id=func.coalesce(then.scalar_subquery(), first.scalar_subquery()))
        .returning(col(Batch.id))
        .execution_options(synchronize_session=False)
    )
    return len(done.all())
