"""The versions of a guideline: the list, one of them, what differs between two; from a command or a modal's buttons."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import Session

from handlers.answer import Answer, OpenView, UpdateView
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import Role
from workflow import people
from workflow.errors import RefusedError
from workflow.finding import project_for
from workflow.guidelines import versions

_NUMBER = re.compile(r"v?\d+\.\d+", re.IGNORECASE)


def register(desk: Desk) -> None:
    """Buttons of the reader and of the list of versions."""
    desk.action("guideline_versions", show_versions)
    desk.action("guideline_read", show_version)
    desk.action("guideline_difference", show_difference)


def list_versions(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord guideline list [project]``."""
    return OpenView("guideline_versions", {"project_id": _project(session, click, rest)})


def show(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord guideline show 1.2 [project]``; without a number the version in force."""
    numbers, project_id = _numbers(session, click, rest)
    if len(numbers) > 1:
        raise RefusedError("Which one? Say one number: “/concord guideline show 1.2”.")
    if not numbers:
        return OpenView("guideline", {"project_id": project_id})
    return OpenView("version", {"id": versions.find(session, project_id, numbers[0]).id})


def diff(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord guideline diff 1.2 2.0 [project]``; one number alone is compared with the version in force."""
    numbers, project_id = _numbers(session, click, rest)
    before, after = versions.between(session, project_id, numbers)
    return OpenView("guideline_difference", {"before": before.id, "after": after.id})


def show_versions(session: Session, click: Click) -> Answer:
    """*All versions*."""
    people.require(session, click.subject_id, click.user_id, *Role)
    return _shown(click, "guideline_versions", {"project_id": click.subject_id})


def show_version(session: Session, click: Click) -> Answer:
    """*Read*, in the list."""
    people.require(session, versions.project_of(session, click.subject_id), click.user_id, *Role)
    return _shown(click, "version", {"id": click.subject_id})


def show_difference(session: Session, click: Click) -> Answer:
    """*What changed*, in the list."""
    return _shown(click, "guideline_difference", _pair(session, click, click.value))


def turn_versions(session: Session, click: Click, rest: str) -> Answer:
    """Another page of the list; ``rest`` is ``project:page``."""
    project_id, page = map(as_id, _parts(rest, 2))
    people.require(session, project_id, click.user_id, *Role)
    return UpdateView("guideline_versions", {"project_id": project_id, "page": page})


def turn_difference(session: Session, click: Click, rest: str) -> Answer:
    """Another page of what differs; ``rest`` is ``before:after:page``."""
    before, after, page = _parts(rest, 3)
    return UpdateView("guideline_difference", {**_pair(session, click, f"{before}:{after}"), "page": as_id(page)})


def _shown(click: Click, template: str, context: Mapping[str, Any]) -> Answer:
    """In the modal that is open, since Slack puts three on top of each other and no more."""
    return UpdateView(template, context) if click.reply.in_modal else OpenView(template, context)


def _pair(session: Session, click: Click, value: str) -> dict[str, int]:
    """Two versions of one project, whose member it is."""
    before, after = map(as_id, _parts(value, 2))
    project_id = versions.project_of(session, after)
    people.require(session, project_id, click.user_id, *Role)
    if versions.project_of(session, before) != project_id:
        raise RefusedError("These are versions of two guidelines.")
    return {"before": before, "after": after}


def _parts(value: str, count: int) -> list[str]:
    return [*value.split(":"), *[""] * count][:count]


def _numbers(session: Session, click: Click, rest: list[str]) -> tuple[list[str], int]:
    numbers = [word for word in rest if _NUMBER.fullmatch(word)]
    return numbers, _project(session, click, [word for word in rest if word not in numbers])


def _project(session: Session, click: Click, rest: list[str]) -> int:
    project_id = project_for(session, click.user_id, rest, click.reply.channel, *Role)
    people.require(session, project_id, click.user_id, *Role)
    return project_id


WORDS: dict[str, Callable[[Session, Click, list[str]], Answer]] = {"list": list_versions, "show": show, "diff": diff}
TURNS = {"versions": turn_versions, "difference": turn_difference}
