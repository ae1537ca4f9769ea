"""Trying what cannot be asked, with somebody who agreed to it: a Home, a message, a connection.

This is all that the doctor ever writes, and only to the person who is named.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy import select
from sqlmodel import Session, col
from websockets.exceptions import WebSocketException

from bot.doctor.check import Check, fault, ok
from bot.messages import Messages
from bot.slack.errors import BROKEN, judge
from bot.socket_mode import WORDS, greeted
from storage.tables import Person
from workflow import people
from workflow.errors import RefusedError

HELLO = (
    "This is Concord's doctor: messages arrive. Now open my Home tab, press a button there and send /concord help. "
    "What does not answer is switched off in the app's settings."
)


def home_of(session: Session, person: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """Somebody's Slack id, and their Home as it is. Raises RefusedError where nobody is called so."""
    person_id = people.known(session, person)
    slack_id = session.execute(select(col(Person.slack_id)).where(col(Person.id) == person_id)).scalar()
    if slack_id is None:
        raise RefusedError(f"{person} was not found in Slack yet.")
    return slack_id, dict(Messages(lambda: now).draw_view(session, "home", {"user_id": slack_id}))


def home(client: WebClient, slack_id: str, view: dict[str, Any]) -> Iterator[Check]:
    """Publish somebody's Home as it is."""
    yield _tried("home tab", lambda: client.views_publish(user_id=slack_id, view=view), "It is on.")


def message(client: WebClient, slack_id: str) -> Iterator[Check]:
    """Write to somebody."""

    def write() -> None:
        place: Any = client.conversations_open(users=slack_id)["channel"]
        client.chat_postMessage(channel=place["id"], text=HELLO)

    yield _tried("messages", write, "A message was written; it says what to try next.")


def connection(client: WebClient, app_token: str) -> Iterator[Check]:
    """Connect as Concord does, for a moment. A click that comes in this very moment is answered by nobody."""
    try:
        reason = greeted(str(client.apps_connections_open(app_token=app_token)["url"]))
    except (SlackApiError, *BROKEN) as error:
        yield fault("socket mode", judge(error).words)
    except WebSocketException as error:
        yield fault("socket mode", f"Slack gave an address, but no connection ({type(error).__name__}).")
    else:
        if reason is None:
            yield ok("socket mode", "Slack says hello.")
        else:
            yield fault("socket mode", WORDS.get(reason, f"Slack ends the connection: {reason}."))


def _tried(name: str, attempt: Callable[[], object], words: str) -> Check:
    try:
        attempt()
    except (SlackApiError, *BROKEN) as error:
        return fault(name, judge(error).words)
    return ok(name, words)
