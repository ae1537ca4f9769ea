"""The few column types that SQLModel does not choose as both databases need them."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, Integer, Table
from sqlmodel import Field, SQLModel

# Migrations name constraints; left to themselves the two databases would name them differently.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite gives its row id only to a column that is exactly INTEGER.
BIG_ID = BigInteger().with_variant(Integer(), "sqlite")


def identity() -> Any:
    """A primary key that the database numbers."""
    return Field(default=None, primary_key=True, sa_type=BIG_ID)


def reference(target: str, *, nullable: bool = False, index: bool = False, **column: Any) -> Any:
    """A foreign key to ``table.column``."""
    default: dict[str, Any] = {"default": None} if nullable else {}
    return Field(foreign_key=target, nullable=nullable, index=index, sa_type=BIG_ID, **default, **column)


def choice(kind: type[StrEnum], **field: Any) -> Any:
    """A column for one value of an enum, kept as its text so that both databases read it alike."""
    values = Enum(
        kind, native_enum=False, values_callable=lambda e: [m.value for m in e], length=20, validate_strings=True
    )
    return Field(sa_type=values, **field)


def document(**field: Any) -> Any:
    """A column for a JSON document. It is replaced as a whole: a change in place is not saved."""
    return Field(sa_type=JSON, **field)


def maybe_document() -> Any:
    """The same where there may be none: NULL then, which a statement can ask for."""
    return Field(default=None, nullable=True, sa_type=JSON(none_as_null=True))


def big(**field: Any) -> Any:
    """An integer that may pass 2**31."""
    return Field(sa_type=BigInteger, **field)


def plain(entity: type[SQLModel]) -> Table:
    """The table of an entity, for statements that are run at every click.

    With the entity's own attributes every execution passes through the ORM, even where no entity comes of it: a read by
    columns of the table takes half the time.
    """
    table: Table = entity.__table__  # type: ignore[attr-defined]
    return table
