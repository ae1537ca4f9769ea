"""What a failed audit's card says of labelling its lot again: which items, how many, whose work, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Audit, AuditState, Person
from workflow.audit import reopening, results
from workflow.audit.acceptance import percent

NAMED = 4
ROOM = 100
"""Characters for whose work it was, in a question before a click."""
FAILED = (AuditState.FAILED, AuditState.REOPENING, AuditState.REOPENED, AuditState.REPAIRED)


def repair_view(session: Session, audit_id: int) -> dict[str, Any] | None:
    """``items``: how many are (or were) given out again; ``kept``: those that the audit settled, ``wrong`` of ``judged``;
    ``whose``: whose work, with error rates; ``by``: who had them labelled again, ``""`` while nobody has; ``again``: the
    audit after that, 0 for none. None where the audit did not fail.
    """
    row = session.execute(
        select(
            col(Audit.state),
            col(Audit.population),
            col(Audit.reopened),
            col(Audit.result),
            col(Person.name).label("by"),
        )
        .outerjoin(Person, col(Person.id) == col(Audit.reopened_by_id))
        .where(col(Audit.id) == audit_id)
    ).first()
    if row is None or row.state not in FAILED:
        return None
    result = row.result or {}
    pending = row.state in (AuditState.FAILED, AuditState.REOPENING)
    items = reopening.to_reopen(session, audit_id).size if pending else row.reopened
    return {
        "items": items,
        "kept": row.population - items,
        "wrong": result.get("wrong", 0),
        "judged": result.get("judged", 0),
        "whose": whose(results.people_now(session, result)),
        "by": row.by or "",
        "again": _again(session, audit_id),
    }


def whose(people: Sequence[Mapping[str, Any]], most: int = NAMED, room: int = ROOM) -> str:
    """Whose labels an audit saw, the worst first: ``Ana (12 % wrong), Ben (1 of 4 wrong) and 3 others``.

    At most so many, and no more than fit into ``room`` characters, but always the first.
    """
    worst = sorted(people, key=lambda one: (-1.0 if one["rate"] is None else one["rate"], one["judged"]), reverse=True)
    named = [f"{one['name']} ({_wrong(one)})" for one in worst[:most]]
    while len(named) > 1 and len(_listed(named, len(worst))) > room:
        named.pop()
    return _listed(named, len(worst))


def _listed(named: Sequence[str], many: int) -> str:
    others = many - len(named)
    parts = [*named, *(["1 other" if others == 1 else f"{others:,} others"] if others else [])]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _wrong(one: Mapping[str, Any]) -> str:
    """The error rate; where too few were judged for one, how many of them were wrong."""
    if one["rate"] is None:
        return f"{one['wrong']:,} of {one['judged']:,} wrong"
    return f"{percent(round(one['rate'], 3))} wrong"


def _again(session: Session, audit_id: int) -> int:
    later = select(col(Audit.id)).where(col(Audit.again_of_id) == audit_id).order_by(col(Audit.id).desc()).limit(1)
    return session.execute(later).scalar() or 0
