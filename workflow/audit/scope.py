"""Which items an audit is about, as ``Audit.scope`` keeps it.

``since``, ``until``, ``lot_id`` and ``audit_id`` say which finished items are the population. The *grounds* (a person, a
label, a segment, a version, low agreement, suspects) narrow it in a random or stratified audit; in a targeted one they say
which items are suspected, and the others are drawn from too.
"""

from base64 import b85decode, b85encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import AuditDesign, Item
from workflow.errors import RefusedError

UNSUSPECTED = "not suspected"
"""The tier of a targeted audit that is drawn so that every item has a chance; always the last."""
NAMED = 3
LONGEST_NAMED = 60
CHUNK = 500


class By(StrEnum):
    """What a stratified audit draws from separately."""

    LABEL = "label"
    SEGMENT = "segment"
    VERSION = "version"
    LOT = "lot"


@dataclass(frozen=True)
class Suspects:
    """Items that a model doubts, by their ids; ``source`` is where the list came from, for people."""

    item_ids: tuple[int, ...]
    source: str


@dataclass(frozen=True)
class Scope:
    """Which items. All None and False: every finished item.

    ``person_id``: who gave it a label. ``value_id``: its final label. ``guideline_id``: the version it was decided under.
    ``low_agreement``: people labelled it differently under the major version in force. ``column``: a column that came with
    the items and says which are suspect. ``since`` (inclusive) and ``until`` (exclusive): when it was decided.
    ``audit_id``: the population of an earlier audit. ``by``: what a stratified audit draws from separately.
    """

    person_id: int | None = None
    value_id: int | None = None
    segment: str | None = None
    guideline_id: int | None = None
    low_agreement: bool = False
    suspects: Suspects | None = None
    column: str | None = None
    lot_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    audit_id: int | None = None
    by: By = By.LABEL

    @property
    def grounds(self) -> int:
        """On how many grounds an item may be suspected."""
        named = (self.person_id, self.value_id, self.segment, self.guideline_id, self.suspects, self.column)
        return sum(one is not None for one in named) + self.low_agreement


def kept(scope: Scope) -> dict[str, Any]:
    """A scope as a JSON document: what is asked for, moments in ISO format, suspects packed."""
    found: dict[str, Any] = {}
    for name in Scope.__dataclass_fields__:
        value = getattr(scope, name)
        if value is None or value is False:
            continue
        if isinstance(value, Suspects):
            value = _packed(value)
        found[name] = value.isoformat() if isinstance(value, datetime) else value
    return found


def read(document: Mapping[str, Any]) -> Scope:
    """A scope from ``Audit.scope``."""
    found = {name: document[name] for name in Scope.__dataclass_fields__ if name in document}
    for name in ("since", "until"):
        if name in found:
            found[name] = datetime.fromisoformat(found[name])
    if "suspects" in found:
        found["suspects"] = _unpacked(found["suspects"])
    if "by" in found:
        found["by"] = By(found["by"])
    return Scope(**found)


def _packed(found: Suspects) -> dict[str, Any]:
    import numpy as np

    from workflow.audit import members

    packed = members.pack([np.array(found.item_ids, dtype=np.int64)])
    return {"source": found.source, "count": len(found.item_ids), "ids": b85encode(packed).decode()}


def _unpacked(document: Mapping[str, Any]) -> Suspects:
    from workflow.audit import members

    return Suspects(tuple(members.unpack(b85decode(document["ids"]))[0].tolist()), document["source"])


def check(scope: Scope, design: AuditDesign) -> None:
    """Raise RefusedError where a targeted audit has nothing to suspect anything on."""
    if design is AuditDesign.TARGETED and not scope.grounds:
        raise RefusedError(
            "A targeted audit needs something to look for: a person, a label, a segment, a version, low agreement or a "
            "list of suspects."
        )


def suspects(session: Session, project_id: int, keys: Iterable[str], source: str) -> Suspects:
    """Items of a project by their ids in the file. Raises RefusedError naming some that are not there, or for no item."""
    wanted = list(dict.fromkeys(key.strip() for key in keys if key.strip()))
    if not wanted:
        raise RefusedError(f"{source} names no item. Write one item id a line.")
    found: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        # PostgreSQL takes no NUL, so that no item has one in its id.
        some = [key for key in wanted[start : start + CHUNK] if "\0" not in key]
        mine = (col(Item.project_id) == project_id, col(Item.key).in_(some))
        found |= {row.key: row.id for row in session.execute(select(col(Item.key), col(Item.id)).where(*mine))}
    missing = [key for key in wanted if key not in found]
    if missing:
        named = ", ".join(key if len(key) <= LONGEST_NAMED else f"{key[:LONGEST_NAMED]}…" for key in missing[:NAMED])
        more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
        raise RefusedError(f"{source} names items that this project does not have: {named}{more}.")
    return Suspects(tuple(sorted(found.values())), source)
