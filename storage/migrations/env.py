"""Alembic's entry: it is always given an open connection by ``storage.schema``."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write column types as SQLModel's own, so that a migration reads like the tables."""
    if kind == "type" and type(item).__module__.startswith("sqlmodel."):
        return f"sqlmodel.sql.sqltypes.{item!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_item=render_item,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
