"""Saving a project's settings from a form that somebody may have had open for a while."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Channel
from workflow import project_form, project_settings
from workflow.errors import RefusedError
from workflow.project_differences import INTAKE, RULES, STRUCTURE, Difference
from workflow.project_form import CHANNELS, PLAIN, Form, FormError
from workflow.project_settings import SettingsError
from workflow.project_yaml import described

FIXED = ("level", "fields")


@dataclass(frozen=True)
class Opened:
    """What a form knew of its project when it was opened: the newest change, and what stood in each field, as a print."""

    project_id: int
    mark: int
    prints: Mapping[str, str]

    def __str__(self) -> str:
        return json.dumps([self.project_id, self.mark, dict(self.prints)], separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Opened":
        """From the text that it was. Raises RefusedError for anything else."""
        try:
            project_id, mark, prints = json.loads(text)
            if type(project_id) is int and type(mark) is int and 0 < project_id < 2**63 > mark >= 0:
                return cls(project_id, mark, {str(field): str(value) for field, value in prints.items()})
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        raise RefusedError("This form does not belong to a project that Concord knows. Nothing was changed.")


class OvertakenError(RefusedError):
    """Somebody else has changed the project while the form was open: who changed what, and what this person changed."""

    def __init__(self, told: list[str], typed: Form) -> None:
        self.told, self.typed = told, typed
        super().__init__(" ".join(told))


def open_form(session: Session, project_id: int) -> tuple[Form, Opened, list[str]]:
    """The form as it stands now, what it knows, and the fields whose content is too long for a form.

    Once items are there it has no fields for what may not change any more.
    """
    description = described(session, project_id)
    ids = select(col(Channel.purpose), col(Channel.slack_id)).where(col(Channel.project_id) == project_id)
    channel_ids = {purpose.value: slack_id for purpose, slack_id in session.execute(ids)}
    form = project_form.filled(description, channel_ids)
    whole = {"labels", "question", *RULES} | ({"imports"} if INTAKE else set())
    too_long = sorted(whole - set(form))
    if project_settings.items(session, project_id):
        form = {field: value for field, value in form.items() if field not in FIXED}
    prints = {field: project_form.fingerprint(value) for field, value in form.items()}
    return form, Opened(project_id, project_settings.mark(session, project_id), prints), too_long


def save(session: Session, opened: Opened, form: Mapping[str, Any], now: datetime, by: int) -> list[Difference]:
    """Change what the person changed in the form, and nothing else; what became different.

    Raises FormError with faults by field, OvertakenError where somebody saved meanwhile and anything is left to change.
    """
    typed = {
        field: value
        for field, value in form.items()
        if field in opened.prints and project_form.fingerprint(value) != opened.prints[field]
    }
    changes, faults = project_form.described_by(typed)
    needed = {field: "This is needed." for field in (*PLAIN, *CHANNELS) if field in typed and not typed[field]}
    if faults or needed:
        raise FormError({**faults, **needed})
    project_settings.hold(session, opened.project_id, whole=any(key in changes for key in STRUCTURE))
    try:
        left = project_settings.preview(session, opened.project_id, changes)
        told = project_settings.changed_since(session, opened.project_id, opened.mark)
        if told and left:
            raise OvertakenError(told, typed)
        return project_settings.change(session, opened.project_id, changes, now, by) if left else []
    except ValidationError as error:
        raise FormError(_here(opened, project_form.faults_of(error))) from None
    except SettingsError as error:
        words = {field: f"{why[:1].upper()}{why[1:]}." for field, why in error.by_key.items()}
        raise FormError(_here(opened, words)) from None


def _here(opened: Opened, faults: Mapping[str, str]) -> dict[str, str]:
    """Faults at fields that this form has: Slack shows them nowhere else."""
    found: dict[str, str] = {}
    for field, words in faults.items():
        elsewhere = "imports" if field in INTAKE else ""
        at = next((one for one in (field, elsewhere, *opened.prints) if one in opened.prints), field)
        found[at] = f"{found[at]} {words}" if at in found else words
    return found
