"""A small world of finished items, and people who audit them."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Audit,
    AuditVerdict,
    Finding,
    Guideline,
    Item,
    ItemState,
    Label,
    Pattern,
    Place,
    Role,
    Severity,
)
from tests.builders import NOW, World, add_person, build
from workflow.audit import answering, drawing, ending, starting
from workflow.audit.plan import Plan
from workflow.patterns import format_pattern

LATER = NOW + timedelta(hours=1)


def finished(store: Store, items: int = 40, auditors: tuple[str, ...] = ("ada", "ali"), **how: Any) -> World:
    """Items that ana and ben labelled alike: the even ones yes, the odd ones no; every tenth also cem, who differs."""
    world = build(store, items=items, overlap=2, **how)
    with store.write() as session:
        for name in auditors:
            add_person(session, world, name, Role.AUDITOR)
        add_person(session, world, "lea", Role.LEAD)
        version = session.execute(
            select(col(Guideline.id)).where(col(Guideline.project_id) == world.project_id)
        ).scalar_one()
        _label(session, world, version)
        for number in range(min(6, items)):
            _accept(session, world, number)
    return world


def _given(world: World, number: int) -> dict[str, int]:
    final, differing = (world.values[value] for value in (("yes", "no"), ("no", "yes"))[number % 2])
    return {"ana": final, "ben": final} | ({"cem": differing} if number % 10 == 0 else {})


def _label(session: Session, world: World, version: int) -> None:
    """Everybody's places, labels, and the items' patterns: a statement each, as worlds are made often."""
    given = {item_id: _given(world, number) for number, item_id in enumerate(world.items)}
    about = {"project_id": world.project_id, "guideline_id": version}
    place = {**about, "state": Place.LABELLED, "major": 1, "given_at": NOW, "labelled_at": NOW}
    session.execute(
        insert(Assignment),
        [
            {**place, "item_id": item_id, "person_id": world.people[name], "value_id": value, "counted_id": value}
            for item_id, labels in given.items()
            for name, value in labels.items()
        ],
    )
    rows = select(col(Assignment.id), col(Assignment.item_id), col(Assignment.person_id), col(Assignment.value_id))
    moved = {**about, "item_from": ItemState.OPEN, "item_to": ItemState.ACCEPTED, "at": NOW}
    session.execute(
        insert(Label),
        [
            {**moved, "assignment_id": row[0], "item_id": row[1], "person_id": row[2], "value_id": row[3]}
            for row in session.execute(rows)
        ],
    )
    session.execute(
        insert(Pattern),
        [
            {
                "item_id": item_id,
                "major": 1,
                "project_id": world.project_id,
                "pattern": format_pattern(Counter(labels.values())),
            }
            for item_id, labels in given.items()
        ],
    )


def _accept(session: Session, world: World, number: int) -> None:
    """Accept every sixth item from a number on: these have the same label and segment."""
    decided = {"state": ItemState.ACCEPTED, "decided_by": "majority", "decided_at": NOW, "open_places": 0}
    session.execute(
        update(Item)
        .where(col(Item.id).in_(world.items[number::6]))
        .values(**decided, final_value_id=_given(world, number)["ana"], segment="abc"[number % 3])
    )


def start(world: World, plan: Plan | None = None, **wanted: Any) -> int:
    """An audit, drawn."""
    asked = starting.Wanted(plan=plan, **wanted)
    audit_id: int = world.store.transact(
        lambda s: starting.start(s, world.project_id, world.slack_id("lea"), asked, LATER)
    )
    drawing.draw_due(world.store, LATER)
    return audit_id


def audit(world: World, audit_id: int) -> Any:
    """An audit's row."""
    return world.one(select(*Audit.__table__.c).where(col(Audit.id) == audit_id))  # type: ignore[attr-defined]


def findings(world: World, audit_id: int) -> list[Any]:
    """The findings of an audit in their order."""
    mine = select(*Finding.__table__.c).where(col(Finding.audit_id) == audit_id)  # type: ignore[attr-defined]
    return world.rows(mine.order_by(col(Finding.position)))


def take(world: World, name: str, audit_id: int, at: datetime = LATER) -> int | None:
    """The finding that somebody is given."""
    return world.store.transact(lambda s: answering.next_finding(s, world.slack_id(name), audit_id, at))


def answer(world: World, name: str, finding_id: int, value: str = "yes", at: datetime = LATER) -> str | None:
    value_id = world.values[value]
    return world.store.transact(lambda s: answering.answer(s, world.slack_id(name), finding_id, value_id, at))


def judge(world: World, name: str, finding_id: int, verdict: AuditVerdict, at: datetime = LATER, **how: Any) -> Any:
    return world.store.transact(lambda s: answering.judge(s, world.slack_id(name), finding_id, verdict, at, **how))


def other(world: World, finding: Any) -> int:
    """The value that a finding's item does not have."""
    return next(value_id for value_id in world.values.values() if value_id != finding.value_id)


def judge_all(world: World, audit_id: int, wrong: Callable[[Any], bool], name: str = "ada") -> None:
    """Judge everything that somebody is given, and end the audit where nothing is left."""
    rows = {one.id: one for one in findings(world, audit_id)}
    while (finding_id := take(world, name, audit_id)) is not None:
        answer(world, name, finding_id)
        bad = wrong(rows[finding_id])
        how: dict[str, Any] = {
            "severity": Severity.MAJOR,
            "correct_id": other(world, rows[finding_id]),
            "note": "See page 3.",
        }
        judge(world, name, finding_id, AuditVerdict.WRONG if bad else AuditVerdict.RIGHT, **(how if bad else {}))
    ending.end_due(world.store, LATER)
