"""A row of the outbox in the hands of a sender."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from storage.tables import OutboxKind, OutboxState


@dataclass
class Job:
    """A claimed row. ``lease_until`` is also the proof of the claim: another sender would have written another one.

    ``sending_since`` is when the call that people can see the effect of was begun, None while nothing was. ``file_id``
    is a picture's once Slack has it whole, a file's once its upload was begun.
    """

    id: int
    key: str
    lane: int
    kind: OutboxKind
    subject: str
    project_id: int | None
    channel: str | None
    purpose: str | None
    person_id: int | None
    template: str
    context: Mapping[str, Any]
    card_kind: str | None
    subject_id: int | None
    card_id: int | None
    thread_key: str | None
    state: OutboxState
    attempts: int
    sending_since: datetime | None
    lease_until: datetime
    file_id: str | None
    sent_channel: str | None
    created_at: datetime
    reserved: str | None = None
    """The method whose turn was taken when the row was; given back where it is not called."""


COLUMNS = [column.name for column in fields(Job) if column.name != "reserved"]


class LeaseLostError(Exception):
    """Another sender has taken the row for a dead one's: hands off."""


class NotNowError(Exception):
    """Nothing was sent; the row goes back for ``seconds``, or for a growing while. ``words``: what people can do."""

    def __init__(self, words: str | None, seconds: float | None = None) -> None:
        super().__init__(words or "not now")
        self.words = words
        self.seconds = seconds


class UndeliverableError(Exception):
    """The row can never be sent; the text says why."""


class PointlessError(Exception):
    """The row is no longer worth sending; the text says why."""
