"""Values for the forms and the card of a project."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Channel, Person, Project, Purpose
from templates import text
from templates.foreign import escaped_length
from workflow import project_form, projects, saving_settings
from workflow.project_yaml import as_yaml

SHARES = ("0.6", "0.67", "0.75", "0.8", "0.9")
FIRST_POINTS = 8
FIRST_TOLD = 10
YAML_ROOM = 6000
YAML_PIECE = 2900
# What not every form has.
FIELDS = ("question", "labels", "level", "fields", "near", "imports", "guidelines", "quality")


def new_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """The form for a new project, filled in for who asks."""
    zone = session.execute(select(col(Person.time_zone)).where(col(Person.slack_id) == context["user_id"])).scalar()
    form = project_form.blank(context.get("channel"), context["user_id"], zone)
    return {**_shared(form, ""), "form": form, "channels_optional": False}


def settings_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The form for a project that is there; ``typed`` is what somebody had typed when others overtook them (``told``)."""
    project_id = context["project_id"]
    name = session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar()
    if name is None:
        return None
    form, opened, too_long = saving_settings.open_form(session, project_id)
    told = context.get("told", [])
    form = {field: context.get("typed", {}).get(field, value) for field, value in form.items()}
    return {
        **_shared(form, f":{opened.mark}"),
        "form": {field: "" if value is None else value for field, value in form.items()},
        "project": name,
        "metadata": str(opened),
        "too_long": too_long,
        "told": told[:FIRST_TOLD],
        "more_told": max(0, len(told) - FIRST_TOLD),
        # A channel that Slack has not told yet cannot be shown in the field, and stays if nothing is chosen.
        "channels_optional": not all(form[field] for field in project_form.CHANNELS),
    }


def _shared(form: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    shares = ["majority", "unanimous", *SHARES]
    return {
        "block": {field: f"{field}{suffix}" for field in form},
        "has": {field: field in form for field in FIELDS},
        "accepts": shares if form["accept"] in shares else [*shares, form["accept"]],
    }


def made(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The card that the maker of a project gets."""
    project = session.execute(select(Project).where(col(Project.id) == context["id"])).scalar_one_or_none()
    if project is None:
        return None
    standing = projects.standing(session, context["id"])
    points = [*standing.open_points, *standing.warnings]
    pieces, cut = _pieces(as_yaml(session, context["id"]))
    team = select(col(Channel.slack_id)).where(
        col(Channel.project_id) == context["id"], col(Channel.purpose) == Purpose.TEAM
    )
    people = "person" if project.overlap == 1 else "people"
    return {
        "project": project.name,
        "question": project.question,
        "facts": f"{project.overlap} {people} on each item, {project.batch_size} items in a batch, digest at "
        f"{project.digest_at} ({project.time_zone})",
        "open": points[:FIRST_POINTS],
        "open_words": " ".join(points),
        "more_open": max(0, len(points) - FIRST_POINTS),
        "team": session.execute(team).scalar() or "",
        "yaml": pieces,
        "cut": cut,
        "version": project.version,
    }


def _pieces(whole: str) -> tuple[list[str], bool]:
    """As much of a file as a message holds, in pieces that a block holds, ending with a line; and whether it was cut."""
    shown = whole
    while escaped_length(shown) > YAML_ROOM:
        shown = shown[: min(len(shown) - 1, YAML_ROOM)]
        shown = shown[: shown.rfind("\n") + 1] or text.shorten(shown, YAML_ROOM // 2, escaped_length)
    return text.split(shown, YAML_PIECE, escaped_length), shown != whole
