"""Projects as lists and pages show them."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Channel, Item, ItemState, LabelValue, Member, Project
from workflow import counts, people, projects, quality_rules
from workflow.guidelines import rules
from workflow.intake import spec as intake_spec
from workflow.spec_values import span


def listed(session: Session) -> list[dict[str, Any]]:
    """Every project with how much there is: items to label, and how many of them are done."""
    counts = _states(session)
    crowd = dict(
        session.execute(
            select(col(Member.project_id), func.count(col(Member.person_id).distinct())).group_by(
                col(Member.project_id)
            )
        ).all()
    )
    rows = session.execute(
        select(col(Project.id), col(Project.name), col(Project.question)).order_by(col(Project.name))
    )
    return [
        {"name": name, "question": question, "people": crowd.get(project_id, 0)} | _progress(counts.get(project_id, {}))
        for project_id, name, question in rows
    ]


def shown(session: Session, project_id: int) -> dict[str, Any]:
    """One project in full, by the keys of a project file, with its items by state and what is open."""
    project = session.execute(select(Project).where(col(Project.id) == project_id)).scalar_one()
    labels = session.execute(
        select(col(LabelValue.value), col(LabelValue.title), col(LabelValue.description))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position))
    )
    channels = session.execute(
        select(col(Channel.purpose), col(Channel.name)).where(col(Channel.project_id) == project_id)
    )
    standing = projects.standing(session, project_id)
    return {
        "name": project.name,
        "question": project.question,
        "task": project.task,
        "level": project.level.value,
        "labels": [{"value": value, "title": title, "description": text} for value, title, text in labels],
        "fields": project.fields,
        "overlap": project.overlap,
        "batch_size": project.batch_size,
        "accept": project.accept,
        "skip": project.skip.value,
        "hold": span(project.hold_seconds),
        "channels": {purpose.value: name for purpose, name in channels},
        "time_zone": project.time_zone,
        "digest": project.digest_at,
        **intake_spec.shown(project.intake),
        "guidelines": rules.shown(project.guidelines),
        "quality": quality_rules.shown(project.quality),
        "people": [member(entry) for entry in people.members(session, project_id)],
        "items": {state.value: count for state, count in _states(session).get(project_id, {}).items()},
        "warnings": standing.warnings,
        "open": standing.open_points,
    }


def member(entry: people.Membership) -> dict[str, Any]:
    """A member as JSON shows them."""
    return {
        "user": entry.slack_id or entry.handle,
        "name": entry.name,
        "roles": [role.value for role in entry.roles],
        "active": entry.active,
        "problem": entry.problem,
    }


def _states(session: Session) -> dict[int, dict[ItemState, int]]:
    found: dict[int, dict[ItemState, int]] = {}
    rows = session.execute(
        select(col(Item.project_id), col(Item.state), func.count()).group_by(col(Item.project_id), col(Item.state))
    )
    for project_id, state, count in rows:
        found.setdefault(project_id, {})[state] = count
    return found


def _progress(states: dict[ItemState, int]) -> dict[str, int]:
    return {
        "items": sum(count for state, count in states.items() if state not in counts.APART),
        "done": states.get(ItemState.ACCEPTED, 0) + states.get(ItemState.RULED, 0),
    }
