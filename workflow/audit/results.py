"""What an audit found, as ``Audit.result`` keeps it: a JSON document that stays as it was when the audit ended.

``judged``, ``right``, ``wrong``, ``unclear``, ``void``: items. ``severities``: wrong ones by severity. ``rate`` and
``unclear_rate``: ``{rate, low, high}``, shares of the population with the 95 % interval; an unclear item counts as not wrong
in ``rate``. ``tiers``: ``{name, population, judged, wrong}``. ``labels``, ``versions``, ``people``: the error rate of each,
``{id, name, judged, wrong, rate, low, high}``, the last three None where too few were judged, most judged first. What a
person got wrong is *their* label against the right one; unclear items are left out there. ``passed`` and ``accept``: whether
the lot passes, with up to so many wrong; None where there was no plan, or too few are left of it. ``words``: in a sentence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Audit,
    AuditState,
    AuditVerdict,
    Finding,
    FindingState,
    Guideline,
    Item,
    ItemState,
    Label,
    LabelValue,
    Person,
    Severity,
)
from workflow.audit import acceptance, estimates, plan
from workflow.audit.acceptance import percent
from workflow.audit.estimates import Estimate, Judged, Tier

CHUNK = 500


@dataclass(frozen=True)
class Audited:
    """What of an audit its result comes from; without its members, which may be many."""

    id: int
    project_id: int
    state: AuditState
    plan: dict[str, Any]
    tiers: list[dict[str, Any]]
    population: int
    size: int
    accept_number: int | None
    drawn_at: datetime | None


@dataclass(frozen=True)
class Seen:
    """A judged finding, as estimates read it."""

    item_id: int
    tier: int
    value_id: int
    guideline_id: int | None
    verdict: AuditVerdict
    severity: Severity | None
    correct_id: int | None

    @property
    def wrong(self) -> bool:
        """Whether the label in force was found wrong."""
        return self.verdict is AuditVerdict.WRONG


def load(session: Session, audit_id: int) -> Audited | None:
    """An audit under lock until the transaction ends; None where there is none."""
    columns = [col(getattr(Audit, name)) for name in Audited.__dataclass_fields__]
    row = session.execute(select(*columns).where(col(Audit.id) == audit_id).with_for_update(key_share=True)).first()
    return Audited(*row) if row else None


def measure(session: Session, audit: Audited) -> dict[str, Any] | None:
    """The document, from what is judged so far; None where nothing is."""
    seen, void = _seen(session, audit)
    if not seen:
        return None
    # A void item was in the population when it was drawn, and is not any more.
    tiers = [_tier(seen, at, tier["population"]) for at, tier in enumerate(audit.tiers)]
    judged = [tier for tier in tiers if tier.size]
    wrong = sum(one.wrong for one in seen)
    unclear = sum(one.verdict is AuditVerdict.UNCLEAR for one in seen)
    rate, accept = estimates.stratified(judged), _accept(audit, len(seen))
    passed = None if accept is None else wrong <= accept
    return {
        "judged": len(seen),
        "right": len(seen) - wrong - unclear,
        "wrong": wrong,
        "unclear": unclear,
        "void": void,
        "severities": {level.value: sum(one.severity is level for one in seen) for level in Severity},
        "rate": _figures(rate),
        "unclear_rate": _figures(estimates.stratified(_counting(seen, tiers))),
        "tiers": [
            {"name": named["name"], "population": tier.population, "judged": tier.size, "wrong": tier.wrong}
            for named, tier in zip(audit.tiers, tiers, strict=True)
        ],
        **_groups(session, audit, seen, tiers),
        "passed": passed,
        "accept": accept,
        "words": in_words(len(seen), wrong, unclear, rate, passed, accept),
    }


def in_words(judged: int, wrong: int, unclear: int, rate: Estimate, passed: bool | None, accept: int | None) -> str:
    """What was found, in a sentence: ``4 of 96 wrong, 1 unclear: 4.2 % (1.5 to 9.8 %). Passes: up to 4 may be wrong``."""
    doubt = f", {unclear:,} unclear" if unclear else ""
    figures = f"{percent(round(rate.rate, 3))} ({_points(rate.low)} to {percent(round(rate.high, 3))})"
    said = f"{wrong:,} of {judged:,} wrong{doubt}: error rate {figures}."
    if accept is None:
        return said
    allowed = f"up to {accept:,} may be wrong" if accept else "none may be wrong"
    return f"{said} {'Passed' if passed else 'Failed'}: {allowed}."


def people_now(session: Session, result: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """``people`` of a result, with the names that they have now: somebody may have asked to be forgotten since."""
    kept = (result or {}).get("people", [])
    ids = [one["id"] for one in kept]
    names = dict(session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(ids))).all())
    return [{**one, "name": names.get(one["id"], f"({one['id']})")} for one in kept]


def _points(share: float) -> str:
    return f"{100 * round(share, 3):.4g}"


def _seen(session: Session, audit: Audited) -> tuple[list[Seen], int]:
    columns = [col(getattr(Finding, name)) for name in Seen.__dataclass_fields__]
    rows = session.execute(
        select(*columns, col(Finding.state)).where(
            col(Finding.audit_id) == audit.id, col(Finding.state).in_([FindingState.JUDGED, FindingState.VOID])
        )
    ).all()
    judged = [Seen(*row[:-1]) for row in rows if row.state is FindingState.JUDGED]
    return judged, len(rows) - len(judged)


def _tier(seen: Sequence[Seen], at: int, population: int) -> Tier:
    mine = [one for one in seen if one.tier == at]
    return Tier(population, len(mine), sum(one.wrong for one in mine))


def _counting(seen: Sequence[Seen], tiers: Sequence[Tier]) -> list[Tier]:
    """The tiers once more, with what is unclear counted and not what is wrong."""
    unclear = [sum(one.tier == at and one.verdict is AuditVerdict.UNCLEAR for one in seen) for at in range(len(tiers))]
    return [Tier(tier.population, tier.size, count) for tier, count in zip(tiers, unclear, strict=True) if tier.size]


def _accept(audit: Audited, judged: int) -> int | None:
    """How many may be wrong. Where void items left fewer than planned, as many as keep the promise about a bad lot."""
    if audit.accept_number is None or judged >= audit.size:
        return audit.accept_number
    by = plan.read(audit.plan)
    held = [
        accept
        for accept in range(audit.accept_number + 1)
        if acceptance.accepts(audit.population, judged, accept, by.ltpd) <= acceptance.CONSUMER
    ]
    return max(held, default=None)


def _groups(session: Session, audit: Audited, seen: Sequence[Seen], tiers: Sequence[Tier]) -> dict[str, Any]:
    mine = col(LabelValue.project_id) == audit.project_id
    values = dict(session.execute(select(col(LabelValue.id), col(LabelValue.title)).where(mine)).all())
    versions = {
        row.id: f"{row.major}.{row.minor}"
        for row in session.execute(
            select(col(Guideline.id), col(Guideline.major), col(Guideline.minor)).where(
                col(Guideline.project_id) == audit.project_id
            )
        )
    }
    given = _labels(session, audit, seen)
    people = dict(
        session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(_whose(given)))).all()
    )
    by_label = [Judged(one.value_id, one.tier, one.wrong) for one in seen]
    by_version = [Judged(one.guideline_id, one.tier, one.wrong) for one in seen if one.guideline_id is not None]
    by_person = [
        Judged(person_id, one.tier, value_id != (one.correct_id if one.wrong else one.value_id))
        for one in seen
        if one.verdict is not AuditVerdict.UNCLEAR
        for person_id, value_id in given.get(one.item_id, {}).items()
    ]
    return {
        "labels": _listed(tiers, by_label, values),
        "versions": _listed(tiers, by_version, versions),
        "people": _listed(tiers, by_person, people),
    }


def _labels(session: Session, audit: Audited, seen: Sequence[Seen]) -> dict[int, dict[int, int]]:
    """What everybody had given each item when it was drawn, by item and person: the history knows it for good.

    A label that had been taken back by then (its item was given out again) is nobody's: of an item that was not decided anew
    since it was judged, it has no place any more.
    """
    taken_back = and_(
        col(Assignment.value_id).is_(None),
        col(Item.state).in_([ItemState.ACCEPTED, ItemState.RULED]),
        col(Item.decided_at) <= col(Finding.judged_at),
    )
    found: dict[int, dict[int, int]] = {}
    ids = [one.item_id for one in seen]
    for start in range(0, len(ids), CHUNK):
        rows = session.execute(
            select(col(Label.item_id), col(Label.person_id), col(Label.value_id))
            .join(Assignment, col(Assignment.id) == col(Label.assignment_id))
            .join(Item, col(Item.id) == col(Label.item_id))
            .join(Finding, and_(col(Finding.item_id) == col(Label.item_id), col(Finding.audit_id) == audit.id))
            .where(col(Label.item_id).in_(ids[start : start + CHUNK]), col(Label.at) <= audit.drawn_at, ~taken_back)
            .order_by(col(Label.id))
        )
        for item_id, person_id, value_id in rows:
            found.setdefault(item_id, {})[person_id] = value_id
    return found


def _whose(given: Mapping[int, Mapping[int, int]]) -> set[int]:
    return {person_id for labels in given.values() for person_id in labels}


def _listed(tiers: Sequence[Tier], judged: Iterable[Judged[int]], names: Mapping[int, str]) -> list[dict[str, Any]]:
    found = estimates.by_group(tiers, judged)
    return [
        {"id": key, "name": names.get(key, f"({key})"), "judged": one.size, "wrong": one.wrong}
        | (_figures(one.estimate) if one.estimate else {"rate": None, "low": None, "high": None})
        for key, one in sorted(found.items(), key=lambda pair: (-pair[1].size, pair[0]))
    ]


def _figures(found: Estimate) -> dict[str, float]:
    return {"rate": found.rate, "low": found.low, "high": found.high}
