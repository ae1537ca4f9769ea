"""The kept index of items by what they say, and the pairs that say nearly the same."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.tables.columns import BIG_ID, choice, identity, reference


class NearState(StrEnum):
    """What became of a pair: only reported, the later item linked to the earlier one, or given back to people by a lead."""

    REPORTED = "reported"
    LINKED = "linked"
    RESTORED = "restored"


class NearBand(SQLModel, table=True):
    """One band of an item's MinHash signature, as a signed 64-bit hash: items with a band in common may be near.

    ``item_id`` refers to no row that must be there: a reference would need an index by item, written at random places for
    every import. Whoever looks here reads the texts and compares them, so that an entry without its item does no harm.
    """

    __tablename__ = "near_band"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: int = Field(foreign_key="project.id", primary_key=True, sa_type=BIG_ID)
    band: int = Field(primary_key=True, sa_type=BIG_ID)
    item_id: int = Field(primary_key=True, sa_type=BIG_ID)


class NearPair(SQLModel, table=True):
    """Two items whose texts are nearly the same: the later one, the earlier one, the Jaccard similarity of their texts."""

    __tablename__ = "near_pair"
    __table_args__ = (UniqueConstraint("item_id", "like_id"),)

    id: int | None = identity()
    project_id: int = reference("project.id", index=True)
    lot_id: int = reference("lot.id", index=True)
    item_id: int = reference("item.id")
    like_id: int = reference("item.id", index=True)
    similarity: float
    state: NearState = choice(NearState, default=NearState.REPORTED)
    by_id: int | None = reference("person.id", nullable=True)
    at: datetime
