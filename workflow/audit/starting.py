"""An audit is asked for: what it would draw and what that means, then its row; the clock draws."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from storage.tables import Audit, AuditDesign, AuditState, Project, Role
from workflow import history, people, quality_rules, waiting
from workflow.audit import plan, scope
from workflow.audit.plan import Plan
from workflow.audit.scope import UNSUSPECTED, Scope
from workflow.errors import RefusedError

STARTERS = (Role.AUDITOR, Role.LEAD, Role.MANAGER)
LONGEST_WHY = 3000
ASKED = "asked"


@dataclass(frozen=True)
class Wanted:
    """What somebody wants audited. ``plan`` None: by the project's error rates for acceptance, or to within 4 points."""

    design: AuditDesign = AuditDesign.RANDOM
    scope: Scope = field(default_factory=Scope)
    plan: Plan | None = None
    why: str = ""
    seed: int | None = None
    again_of_id: int | None = None


@dataclass(frozen=True)
class Shown:
    """A tier of an audit: how many items it has, how many of them are drawn."""

    name: str
    population: int
    size: int


@dataclass(frozen=True)
class Preview:
    """What an audit would draw as things stand, and what that means. ``accept`` None: no plan to pass."""

    population: int
    size: int
    accept: int | None
    words: str
    tiers: tuple[Shown, ...]


def preview(session: Session, project_id: int, wanted: Wanted) -> Preview:
    """Count the population and size the sample; nothing is written. Takes about a second for a million items.

    Raises RefusedError where there is nothing to draw from, or the request makes no sense.
    """
    from workflow.audit import population

    by = _plan(session, project_id, wanted)
    scope.check(wanted.scope, wanted.design)
    found = population.tiers(session, project_id, wanted.design, wanted.scope)
    return shown(by, wanted.design, [(tier.name, len(tier.ids)) for tier in found])


def shown(by: Plan, design: AuditDesign, tiers: list[tuple[str, int]]) -> Preview:
    """The same from the tiers: the name of each, and how many items it has, none of them empty."""
    if not tiers:
        raise RefusedError(
            "There is nothing to draw from: no finished item is in this audit. Items are finished once they are "
            "accepted or ruled."
        )
    if design is AuditDesign.TARGETED and tiers == [(UNSUSPECTED, tiers[-1][1])]:
        raise RefusedError("None of the finished items is suspected. A random audit draws from all of them.")
    if design is AuditDesign.TARGETED and tiers[-1][0] != UNSUSPECTED:
        raise RefusedError("All of the finished items are suspected. A random audit draws from all of them.")
    sized = plan.sized(by, design, [count for _, count in tiers])
    parts = tuple(Shown(name, count, size) for (name, count), size in zip(tiers, sized.sizes, strict=True))
    return Preview(sum(count for _, count in tiers), sum(sized.sizes), sized.accept, sized.words, parts)


def start(
    session: Session, project_id: int, slack_id: str | None, wanted: Wanted, now: datetime, *, asked: str = ""
) -> int:
    """Start an audit; its id. The clock draws it. ``slack_id`` None: the command line or the schedule.

    ``asked`` names the request (a modal's id), so that one that comes twice starts one audit. Raises NotAllowedError for
    who may not, RefusedError for what makes no sense.
    """
    by_id = people.require(session, project_id, slack_id, *STARTERS) if slack_id is not None else None
    by = _plan(session, project_id, wanted)
    scope.check(wanted.scope, wanted.design)
    # Two of one request wait for each other here.
    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(key_share=True)).one()
    if asked and (before := _asked_before(session, project_id, asked)) is not None:
        return before
    audit_id: int = session.execute(
        insert(Audit)
        .values(
            project_id=project_id,
            design=wanted.design,
            state=AuditState.DRAWING,
            scope=scope.kept(wanted.scope),
            plan=plan.kept(by) | ({ASKED: asked} if asked else {}),
            why=wanted.why.strip()[:LONGEST_WHY],
            seed=wanted.seed if wanted.seed is not None else _seed(project_id, now, asked),
            by_id=by_id,
            again_of_id=wanted.again_of_id,
            created_at=now,
        )
        .returning(col(Audit.id))
    ).scalar_one()
    about: dict[str, Any] = {"state": AuditState.DRAWING, "design": wanted.design, "why": wanted.why.strip()}
    history.note(session, now, "audit.started", "audit", audit_id, project_id=project_id, actor_id=by_id, after=about)
    waiting.wake(session)
    return audit_id


def told(session: Session, project_id: int, audit_id: int) -> str:
    """What happens next, for who started an audit."""
    said = f"Audit {audit_id} is started. It is drawn in a moment; then its card comes to the leads' channel"
    if any(one.active and Role.AUDITOR in one.roles for one in people.members(session, project_id)):
        return f"{said} and to every auditor."
    return f"{said}. The project has no auditor: its leads judge the items."


def _plan(session: Session, project_id: int, wanted: Wanted) -> Plan:
    found = wanted.plan
    if found is None and wanted.design is AuditDesign.RANDOM:
        rules = quality_rules.of_project(session, project_id).audits
        found = plan.accepting(rules.aql, rules.ltpd)
    found = found or plan.within(0.04)
    plan.check(found, wanted.design)
    return found


def _asked_before(session: Session, project_id: int, asked: str) -> int | None:
    rows = session.execute(
        select(col(Audit.id), col(Audit.plan)).where(col(Audit.project_id) == project_id).order_by(col(Audit.id).desc())
    )
    return next((row.id for row in rows if row.plan.get(ASKED) == asked), None)


def _seed(project_id: int, now: datetime, asked: str) -> int:
    named = f"audit {project_id} {now.isoformat()} {asked}"
    return int(hashlib.sha256(named.encode()).hexdigest()[:15], 16)
