"""The channels of every project: known, not archived, and Concord is in them. One call for each."""

import time
from collections.abc import Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy import select
from sqlmodel import Session, col

from bot.doctor.check import Check, fault, ok, warning
from bot.slack.errors import BROKEN, Remedy, Trouble, judge
from storage.tables import Channel, Project

NAME = "channels"
MOST_WAITS = 3


def channels(session: Session, client: WebClient) -> Iterator[Check]:
    """Every channel that a project names; one line for all that are well."""
    named = _named(session)
    well = 0
    for (name, slack_id, problem), projects in named.items():
        of = f" (of {', '.join(projects)})"
        found = list(_not_found(name, problem, of) if slack_id is None else _looked_at(client, slack_id, name, of))
        well += not found
        yield from found
    if not named:
        yield ok(NAME, "No project names one yet.")
    elif well:
        yield ok(NAME, f"Concord is in {well} of {len(named)} that projects name.")


def _named(session: Session) -> dict[tuple[str, str | None, str | None], list[str]]:
    statement: Any = (
        select(col(Channel.name), col(Channel.slack_id), col(Channel.problem), col(Project.name).label("project"))
        .select_from(Channel)
        .join(Project, col(Project.id) == col(Channel.project_id))
        .order_by(col(Channel.name), col(Project.name))
    )
    named: dict[tuple[str, str | None, str | None], list[str]] = {}
    for row in session.execute(statement).all():
        projects = named.setdefault((row.name, row.slack_id, row.problem), [])
        if row.project not in projects:
            projects.append(row.project)
    return named


def _not_found(name: str, problem: str | None, of: str) -> Iterator[Check]:
    if problem is None:
        yield warning(NAME, f"{name}{of} was not looked up yet.", "Concord does that within a minute while it runs.")
    else:
        yield fault(NAME, f"{name}{of} is not found. {problem}")


def _looked_at(client: WebClient, slack_id: str, name: str, of: str) -> Iterator[Check]:
    answer = _info(client, slack_id)
    if isinstance(answer, Trouble):
        if answer.code == "channel_not_found":
            fix = f"Invite Concord there (/invite @concord), or name another (concord project edit). Its id is {slack_id}."
            yield fault(NAME, f"Slack shows Concord no channel {name}{of}: it is private or deleted.", fix)
        else:
            yield warning(NAME, f"{name}{of} could not be looked at. {answer.words}")
    elif answer.get("is_archived"):
        yield fault(NAME, f"{name}{of} is archived.", "Unarchive it, or choose another channel for the project.")
    elif not answer.get("is_member"):
        yield fault(NAME, f"Concord is not in {name}{of}.", "Invite it there: /invite @concord")


def _info(client: WebClient, slack_id: str) -> dict[str, Any] | Trouble:
    for waited in range(MOST_WAITS + 1):
        try:
            found: dict[str, Any] = client.conversations_info(channel=slack_id)["channel"]
            return found
        except (SlackApiError, *BROKEN) as error:
            trouble = judge(error)
        if trouble.remedy is not Remedy.WAIT or waited == MOST_WAITS:
            break
        time.sleep(min(trouble.retry_after or 1.0, 30.0))
    return trouble
