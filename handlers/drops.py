"""Files dropped into a team channel: what people press on a file's card."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowCard
from handlers.click import Click, as_id
from handlers.desk import Desk
from workflow import drop_form, drops
from workflow.errors import RefusedError
from workflow.project_form import FormError
from workflow.views.drop import mapping_view

SLACK_ID = re.compile(r"[A-Z0-9]{1,40}")
MAPPING = "drop_mapping"


def register(desk: Desk) -> None:
    """The event, the buttons of the card, and the form."""
    desk.event("file_shared", file_shared)
    desk.action("drop:project", choose_project)
    desk.action("drop:import", _pressed(drops.ask))
    desk.action("drop:cancel", _pressed(drops.cancel))
    desk.action("drop:again", _pressed(drops.again))
    desk.action("drop:map", open_mapping)
    desk.submission(MAPPING, map_columns)


def file_shared(session: Session, event: Mapping[str, Any], now: datetime) -> None:
    """A file is in a channel: the clock looks at it, where the channel is a project's team's."""
    named = [str(event.get(name) or "") for name in ("file_id", "channel_id", "user_id")]
    if all(SLACK_ID.fullmatch(one) for one in named):
        file_id, channel, user_id = named
        drops.dropped(session, file_id, channel, user_id, now)


def choose_project(session: Session, click: Click) -> list[Answer]:
    """Say which project a file is for."""
    drop, _, project = click.value.partition(":")
    drop_id = as_id(drop)
    return _shown(drop_id, drops.choose(session, drop_id, as_id(project), click.user_id, click.now))


def open_mapping(session: Session, click: Click) -> Answer | list[Answer]:
    """The form that says which column is what."""
    drop_id = click.subject_id
    told = drops.may_map(session, drop_id, click.user_id)
    return OpenView(MAPPING, {"id": drop_id}) if told is None else _shown(drop_id, told)


def map_columns(session: Session, click: Click) -> Answer | None:
    """Have the file looked at as the form says."""
    drop, _, version = click.data.partition(":")
    drop_id = as_id(drop)
    view = mapping_view(session, drop_id)
    if view is None or not version.isdecimal():
        raise RefusedError(drops.GONE)
    form = drop_form.Form(tuple(view["roles"]), tuple(view["fields"]), tuple(view["all_columns"]), view["choices"])
    try:
        choices = drop_form.read(form, click.state)
    except FormError as error:
        return Errors(error.by_field)
    drops.read_so(session, drop_id, int(version), choices, click.user_id, click.now)
    return ShowCard(drops.CARD, drop_id)


def _pressed(act: Callable[[Session, int, str, datetime], str | None]) -> Callable[[Session, Click], list[Answer]]:
    def press(session: Session, click: Click) -> list[Answer]:
        return _shown(click.subject_id, act(session, click.subject_id, click.user_id, click.now))

    return press


def _shown(drop_id: int, told: str | None) -> list[Answer]:
    """The card as it is now; and why the click changed nothing, to who clicked."""
    card = ShowCard(drops.CARD, drop_id)
    return [card] if told is None else [card, Say("said", {"message": told})]
