"""What Slack knows of people and channels, brought up to date."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlmodel import Session

from storage.engine import Store
from workflow import new_project
from workflow.directory import Directory, resolve, unknown

log = structlog.get_logger()


def refresh_if_new(store: Store, read: Callable[[], Directory], now: datetime) -> None:
    """Read the directory out of turn where a project names somebody or a channel that nobody has looked up yet."""
    with store.read() as session:
        wanted = unknown(session)
    if wanted:
        refresh(store, read, now)


def refresh(store: Store, read: Callable[[], Directory], now: datetime) -> None:
    """Read the workspace's directory and fill in what projects know by name only. A failure is tried again next time."""
    try:
        known = read()
    except Exception as error:
        log.warning("directory not read", error=type(error).__name__, why=str(error))
        return
    store.transact(lambda session: _bring_up_to_date(session, known, now))


def _bring_up_to_date(session: Session, known: Directory, now: datetime) -> None:
    before = new_project.told(session)
    resolve(session, known, now)
    new_project.tell_anew(session, before, now)
