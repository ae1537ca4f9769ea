"""Values for the modal with items that say nearly the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Project
from templates.text import shorten
from workflow.near.listing import Listed, listed

# Four blocks a pair, of a hundred that a modal may have.
FIRST_PAIRS = 20
TEXT = 400


def pairs(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """The newest pairs of a project."""
    project_id = context["project_id"]
    name = session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar_one()
    found = listed(session, project_id, most=FIRST_PAIRS + 1)
    return {"project": name, "pairs": [_pair(one) for one in found[:FIRST_PAIRS]], "more": len(found) > FIRST_PAIRS}


def _pair(pair: Listed) -> dict[str, Any]:
    return {
        "id": pair.id,
        "item": pair.item,
        "like": pair.like,
        "percent": round(100 * pair.similarity),
        "state": pair.state.value,
        "text": _text(pair.fields),
        "like_text": _text(pair.like_fields),
    }


def _text(fields: Mapping[str, str]) -> str:
    return shorten(" / ".join(fields.values()), TEXT) or " "
