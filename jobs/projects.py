"""The projects that the clock goes round."""

from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Project


def project_ids(store: Store) -> list[int]:
    """Every project, in the order in which they were made."""
    with store.read() as session:
        return list(session.execute(select(col(Project.id)).order_by(col(Project.id))).scalars())
