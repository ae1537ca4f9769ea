"""The finished items that an audit draws from, by tier: ids only, so that a million of them are read in a moment."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Audit,
    AuditDesign,
    Guideline,
    Item,
    ItemState,
    LabelValue,
    Lot,
    Pattern,
    Project,
    Ruling,
    plain,
)
from workflow.audit import members
from workflow.audit.members import Ids
from workflow.audit.scope import UNSUSPECTED, By, Scope

FINISHED = (ItemState.ACCEPTED, ItemState.RULED)
MOST_TIERS = 6
"""Of a stratified audit: what is smaller is drawn together."""
MOST_GROUNDS = 3
NOT_SUSPECT = ("", "0", "0.0", "false", "no", "none", "null")


@dataclass(frozen=True)
class Tier:
    """Items that are drawn from together, their ids ascending."""

    name: str
    ids: Ids


def tiers(session: Session, project_id: int, design: AuditDesign, scope: Scope) -> list[Tier]:
    """What an audit draws from; of a targeted one the most suspected first, the unsuspected last. No tier is empty."""
    if design is AuditDesign.TARGETED:
        return _by_grounds(session, project_id, scope)
    mine = and_(_frame(project_id, scope), *_grounds(session, project_id, scope))
    keep = _kept(session, scope, suspects=True)
    if design is AuditDesign.RANDOM:
        return _without_empty([Tier("all", keep(_all_ids(session, mine)))])
    groups = {key: keep(ids) for key, ids in _ids(session, STRATA[scope.by], mine).items()}
    return _merged(_named(session, project_id, scope.by, groups))


def version_of() -> ColumnElement[int]:
    """SQL: the guideline version that an item was decided under: its ruling's, else the latest of its labels'."""
    ruling, place = plain(Ruling).alias("decided"), plain(Assignment).alias("labelled")
    ruled = (
        select(ruling.c.guideline_id)
        .where(ruling.c.item_id == col(Item.id), ruling.c.value_id.is_not(None))
        .order_by(ruling.c.id.desc())
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )
    given = (
        select(func.max(place.c.guideline_id))
        .where(place.c.item_id == col(Item.id), place.c.value_id.is_not(None))
        .correlate(Item)
        .scalar_subquery()
    )
    return case((col(Item.state) == ItemState.RULED, func.coalesce(ruled, given)), else_=given)


STRATA: Mapping[By, Any] = {
    By.LABEL: col(Item.final_value_id),
    By.SEGMENT: col(Item.segment),
    By.VERSION: version_of(),
    By.LOT: col(Item.lot_id),
}


def _frame(project_id: int, scope: Scope) -> ColumnElement[bool]:
    wanted = [col(Item.project_id) == project_id, col(Item.state).in_(FINISHED)]
    if scope.lot_id is not None:
        wanted.append(col(Item.lot_id) == scope.lot_id)
    if scope.since is not None:
        wanted.append(col(Item.decided_at) >= scope.since)
    if scope.until is not None:
        wanted.append(col(Item.decided_at) < scope.until)
    return and_(*wanted)


def _grounds(session: Session, project_id: int, scope: Scope) -> list[ColumnElement[bool]]:
    """SQL: every ground that a statement can ask for; a list of suspects is looked up afterwards."""
    place, pattern = plain(Assignment).c, plain(Pattern).c
    labelled = select(place.item_id).where(place.person_id == scope.person_id, place.value_id.is_not(None))
    major = (
        select(col(Guideline.major))
        .join(Project, col(Project.guideline_id) == col(Guideline.id))
        .where(col(Project.id) == project_id)
        .scalar_subquery()
    )
    differ = select(pattern.item_id).where(
        pattern.project_id == project_id, pattern.major == major, pattern.pattern.contains(",", autoescape=True)
    )
    asked = [
        (scope.person_id is not None, col(Item.id).in_(labelled)),
        (scope.value_id is not None, col(Item.final_value_id) == scope.value_id),
        (scope.segment is not None, col(Item.segment) == scope.segment),
        (scope.guideline_id is not None, version_of() == scope.guideline_id),
        (scope.low_agreement, col(Item.id).in_(differ)),
        (scope.column is not None, _suspect_by(session, scope.column or "")),
    ]
    return [condition for given, condition in asked if given]


def in_column(session: Session, column: str) -> ColumnElement[str]:
    """SQL: what a column that came with the items says of one, as text; NULL where the item has none of that name."""
    # SQLite compares a name as it is written in the document, where other letters than English ones are escapes.
    name = json.dumps(column)[1:-1] if session.get_bind().dialect.name == "sqlite" else column
    return cast(col(Item.extra)[name].as_string(), String)


def _suspect_by(session: Session, column: str) -> ColumnElement[bool]:
    told = func.lower(in_column(session, column))
    return and_(told.is_not(None), told.not_in(NOT_SUSPECT))


def _by_grounds(session: Session, project_id: int, scope: Scope) -> list[Tier]:
    """Tiers by on how many grounds an item is suspected.

    A statement for each ground, since a large set that is asked for inside a CASE is read through for every item.
    """
    frame = _frame(project_id, scope)
    whole = _kept(session, scope, suspects=False)(_all_ids(session, frame))
    met = np.zeros(len(whole), dtype=np.int64)
    for ground in _grounds(session, project_id, scope):
        met += np.isin(whole, _all_ids(session, and_(frame, ground)))
    if scope.suspects is not None:
        met += np.isin(whole, np.array(scope.suspects.item_ids, dtype=np.int64))
    names = [UNSUSPECTED, *_suspicions(scope.grounds)]
    by_count = [whole[np.minimum(met, MOST_GROUNDS) == count] for count in range(MOST_GROUNDS + 1)]
    return _without_empty([Tier(names[count], by_count[count]) for count in (3, 2, 1, 0)])


def _suspicions(grounds: int) -> list[str]:
    if grounds == 1:
        return ["suspected"] * MOST_GROUNDS
    more = " or more" if grounds > MOST_GROUNDS else ""
    return ["suspected on one ground", "suspected on two grounds", f"suspected on three{more} grounds"]


def _kept(session: Session, scope: Scope, *, suspects: bool) -> Callable[[Ids], Ids]:
    """What of found ids belongs to the population by lists of ids: those of an earlier audit, and suspects."""
    lists = []
    if scope.audit_id is not None:
        packed = session.execute(select(col(Audit.members)).where(col(Audit.id) == scope.audit_id)).scalar_one()
        lists.append(np.concatenate([*members.unpack(packed), _none()]) if packed else _none())
    if suspects and scope.suspects is not None:
        lists.append(np.array(scope.suspects.item_ids, dtype=np.int64))

    def keep(ids: Ids) -> Ids:
        for one in lists:
            ids = ids[np.isin(ids, one)]
        return ids

    return keep


def _ids(session: Session, key: ColumnElement[Any], mine: ColumnElement[bool]) -> dict[str, Ids]:
    """Ids by what ``key`` says of them; as one text each, since a million rows would take seconds to come."""
    group = func.coalesce(cast(key, String), "").label("tier")
    packed = func.aggregate_strings(cast(col(Item.id), String), ",")
    rows = session.execute(select(group, packed).where(mine).group_by(group))
    return {name: np.sort(np.array(text.split(","), dtype=np.int64)) for name, text in rows}


def _all_ids(session: Session, mine: ColumnElement[bool]) -> Ids:
    return _ids(session, literal(0), mine).get("0", _none())


def _named(session: Session, project_id: int, by: By, groups: Mapping[str, Ids]) -> list[Tier]:
    called: dict[str, str] = {}
    if by is By.LABEL:
        mine = select(col(LabelValue.id), col(LabelValue.title)).where(col(LabelValue.project_id) == project_id)
        called = {str(row.id): row.title for row in session.execute(mine)}
    elif by is By.VERSION:
        versions = select(Guideline).where(col(Guideline.project_id) == project_id)
        called = {str(one.id): f"version {one.major}.{one.minor}" for one in session.execute(versions).scalars()}
    elif by is By.LOT:
        lots = select(col(Lot.id), col(Lot.file_name)).where(col(Lot.project_id) == project_id)
        called = {str(row.id): f"{row.file_name} (lot {row.id})" for row in session.execute(lots)}
    return [Tier(called.get(key, key or f"no {by.value}"), ids) for key, ids in groups.items()]


def _merged(found: list[Tier]) -> list[Tier]:
    """The largest tiers, and the smaller ones together, so that every tier can have a sample that says something."""
    ordered = sorted(_without_empty(found), key=lambda tier: (-len(tier.ids), tier.name))
    if len(ordered) <= MOST_TIERS:
        return ordered
    rest = np.sort(np.concatenate([tier.ids for tier in ordered[MOST_TIERS - 1 :]]))
    return [*ordered[: MOST_TIERS - 1], Tier("all others", rest)]


def _without_empty(found: list[Tier]) -> list[Tier]:
    return [tier for tier in found if len(tier.ids)]


def _none() -> Ids:
    return np.array([], dtype=np.int64)


def anything(session: Session, project_id: int, scope: Scope) -> bool:
    """Whether any finished item lies in the time and lot that a scope names."""
    return session.execute(select(col(Item.id)).where(_frame(project_id, scope)).limit(1)).first() is not None
