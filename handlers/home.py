"""App Home."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers.answer import Answer, ShowHome
from handlers.desk import Desk


def register(desk: Desk) -> None:
    """Home is drawn anew whenever it is opened."""
    desk.event("app_home_opened", opened)


def opened(_session: Session, event: Mapping[str, Any], _now: datetime) -> list[Answer]:
    """Publish what the person has to do; the messages tab needs nothing."""
    return [ShowHome()] if event.get("tab") == "home" else []
