"""Did a version help? Counted while people label under it, and told once: when it can be said as surely as wanted.

What is compared is the major version in force with the one before it. The same items, where enough of them were labelled
under both; else all items of the earlier version with those that are new since, within segment and difficulty. It is enough
when every label that has an interval has one as narrow as the project wants, or all labels together one of half of that.

Numbers are kept as they are counted; ``told`` among them says whether they were posted.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Guideline, GuidelineEffect, Label, Lane, Level, OutboxKind, Project, Purpose, plain
from workflow import outbox
from workflow.guidelines import rules
from workflow.guidelines.acknowledgement import announcing
from workflow.guidelines.comparison import gathering
from workflow.guidelines.comparison.asking import Asked, asked_of
from workflow.guidelines.comparison.comparing import Compared, others, rates, same
from workflow.guidelines.comparison.gathering import Scope
from workflow.intervals import UNITS_NEEDED

GROWN = 1.1
"""Counting again is for when there is so much more; or the last time is an hour ago."""

LATELY = timedelta(hours=1)
TEMPLATE = "helped"
MOST_LABELS = 20
"""Labels that are compared one by one: more nobody reads, and each costs as much as all together."""

Ask = Callable[[int | None], Compared]
"""Compare all labels together (None), or one of them against the rest."""


@dataclass(frozen=True)
class Version:
    """The first version of the major in force."""

    id: int
    project_id: int
    major: int


def look(store: Store, now: datetime) -> int:
    """Compare where there is more to compare than last time, and tell where it is enough; how many were told.

    The clock's step.
    """
    told = 0
    with store.read() as session:
        versions = _open(session)
    for version in versions:
        with store.read() as session:
            numbers = measure(session, version, now)
        if numbers is not None:
            told += store.transact(partial(_keep, version=version, numbers=numbers, now=now))
    return told


def _open(session: Session) -> list[Version]:
    """Versions that followed a rule before them, are in force, and of which nothing was told."""
    in_force, first = plain(Guideline).alias("in_force"), plain(Guideline).alias("first")
    rows = session.execute(
        select(first.c.id, first.c.project_id, first.c.major, col(GuidelineEffect.numbers))
        .select_from(Project)
        .join(in_force, in_force.c.id == col(Project.guideline_id))
        .join(first, (first.c.project_id == in_force.c.project_id) & (first.c.major == in_force.c.major))
        .outerjoin(GuidelineEffect, col(GuidelineEffect.guideline_id) == first.c.id)
        .where(first.c.minor == 0, first.c.major > 1)
        .order_by(first.c.id)
    )
    return [Version(row.id, row.project_id, row.major) for row in rows if not (row.numbers or {}).get("told")]


def measure(session: Session, version: Version, now: datetime) -> dict[str, Any] | None:
    """What can be said now, as plain JSON; None where there is too little, or hardly more than when it was last counted."""
    labelled = gathering.labelled(session, version.project_id, version.major)
    if labelled < UNITS_NEEDED or not _worth_looking(session, version, labelled, now):
        return None
    project = session.execute(
        select(col(Project.name), col(Project.level)).where(col(Project.id) == version.project_id)
    ).one()
    asked = asked_of(session, version.project_id, version.id)
    scope = _scope(session, version, asked)
    wanted = rules.of_project(session, version.project_id).wanted_width
    numbers = _best(session, scope, asked, project.level, wanted)
    return {
        "project": project.name,
        "number": f"{version.major}.0",
        "before": f"{version.major - 1}.x",
        "after": f"{version.major}.x",
        "labelled": labelled,
        "segments": list(scope.segments),
        "wanted": wanted,
        "more_labels": max(0, len(asked.touched) - MOST_LABELS),
        "told": False,
        **numbers,
    }


def _worth_looking(session: Session, version: Version, labelled: int, now: datetime) -> bool:
    last = session.execute(
        select(col(GuidelineEffect.numbers), col(GuidelineEffect.at)).where(
            col(GuidelineEffect.guideline_id) == version.id
        )
    ).first()
    if last is None:
        return True
    before = last.numbers["labelled"]
    if labelled >= before * GROWN:
        return True
    # Items have their first label long before their last.
    return now - last.at >= LATELY and (labelled != before or _labelled_since(session, version.project_id, last.at))


def _labelled_since(session: Session, project_id: int, at: datetime) -> bool:
    given = select(col(Label.id)).where(col(Label.project_id) == project_id, col(Label.at) > at).limit(1)
    return session.execute(given).first() is not None


def _scope(session: Session, version: Version, asked: Asked) -> Scope:
    begun = select(col(Guideline.major), func.min(col(Guideline.at))).where(
        col(Guideline.project_id) == version.project_id, col(Guideline.major).in_((version.major - 1, version.major))
    )
    at: dict[int, datetime] = {row[0]: row[1] for row in session.execute(begun.group_by(col(Guideline.major)))}
    turned = at[version.major]
    return Scope(
        version.project_id,
        version.major - 1,
        version.major,
        at.get(version.major - 1, turned),
        turned,
        asked.segments,
        asked.examples,
        asked.stands_for,
    )


def _best(session: Session, scope: Scope, asked: Asked, level: Level, wanted: float) -> dict[str, Any]:
    """The same items where they are enough, else others; where neither is, what came closer to it."""
    found = []
    for make in (_same, _others):
        numbers = make(session, scope, asked, level)
        if _is_enough(numbers["rows"], wanted):
            return {**numbers, **_ends(session, scope, numbers["design"]), "enough": True}
        found.append(numbers)
    return {
        **max(found, key=lambda numbers: sum(row["change"] is not None for row in numbers["rows"])),
        "enough": False,
    }


def _same(session: Session, scope: Scope, asked: Asked, level: Level) -> dict[str, Any]:
    pairs = gathering.twice(session, scope)
    shape = (level.value, asked.values, asked.numbers)

    def ask(value: int | None) -> Compared:
        return same(pairs, *shape, value=value, chosen=asked.chosen)

    design = "chosen" if asked.chosen else "same"
    return {"design": design, "rows": _rows(asked, level, ask)}


def _others(session: Session, scope: Scope, asked: Asked, level: Level) -> dict[str, Any]:
    kinds = list(gathering.kinds(session, scope).values())
    shape = (level.value, asked.values, asked.numbers)

    def ask(value: int | None) -> Compared:
        return others(kinds, *shape, value=value)

    return {"design": "others", "rows": _rows(asked, level, ask)}


def _rows(asked: Asked, level: Level, ask: Ask) -> list[dict[str, Any]]:
    """All labels together, and each touched one; two labels are one question, so that there all together is enough."""
    rows = []
    # On a scale, labels taken as one would lie between numbers that they do not have.
    together = level is Level.NOMINAL or not asked.joined
    if together:
        rows.append(_row("", ask(None)))
    if len(asked.values) > 2 or not together:
        rows += [_row(asked.titles[value], ask(value)) for value in asked.touched[:MOST_LABELS]]
    return rows


def _row(title: str, found: Compared) -> dict[str, Any]:
    """A comparison as JSON; the title is empty for all labels together."""
    return {"title": title, **asdict(found), "verdict": found.verdict.value, "half_width": found.half_width}


def _is_enough(rows: Sequence[dict[str, Any]], wanted: float) -> bool:
    shown = [row for row in rows if row["half_width"] is not None]
    if not shown:
        return False
    sure = any(not row["title"] and row["half_width"] <= wanted / 2 for row in shown)
    return sure or all(row["half_width"] <= wanted for row in shown)


def _ends(session: Session, scope: Scope, design: str) -> dict[str, Any]:
    """Escalations, of items chosen by their labels the new ones alone; and how often the same people answered again."""
    found = rates(gathering.ended(session, scope, same=design == "same"))
    return {
        "escalations": _row("", found) if found.low is not None else None,
        "again": 0 if design == "others" else gathering.again(session, scope),
    }


def _keep(session: Session, version: Version, numbers: dict[str, Any], now: datetime) -> int:
    """Keep what was counted, and post it where it is enough; 1 where it was posted now. Never a second time."""
    session.execute(
        select(col(Project.id)).where(col(Project.id) == version.project_id).with_for_update(key_share=True)
    )
    row = {"project_id": version.project_id, "guideline_id": version.id, "numbers": {"labelled": 0}, "at": now}
    session.execute(outbox.insert_or_skip(session, GuidelineEffect, ["guideline_id"]).values(**row))
    effect = session.execute(
        select(col(GuidelineEffect.id), col(GuidelineEffect.numbers))
        .where(col(GuidelineEffect.guideline_id) == version.id)
        .with_for_update()
    ).one()
    if effect.numbers.get("told"):
        return 0
    kept = {**numbers, "told": numbers["enough"]}
    session.execute(update(GuidelineEffect).where(col(GuidelineEffect.id) == effect.id).values(numbers=kept, at=now))
    if not numbers["enough"]:
        return 0
    outbox.put(
        session,
        now,
        f"helped:{version.id}",
        TEMPLATE,
        outbox.To(project_id=version.project_id, purpose=Purpose.TEAM),
        {"id": effect.id},
        lane=Lane.URGENT,
        kind=OutboxKind.CHART,
        thread_key=announcing.key(version.id),
    )
    return 1
