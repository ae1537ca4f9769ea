"""What a workspace is made of. Every field is a JSON value, so that each thing is one record on disk."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class User:
    """A person or a bot. ``tz`` is an IANA name; ``updated`` counts changes in epoch seconds.

    ``display_name`` is the name that a person chose to be called by: None for the handle, empty where none was chosen, so
    that the real name is shown.
    """

    id: str
    name: str
    real_name: str
    display_name: str | None = None
    email: str = ""
    tz: str = "Europe/Berlin"
    title: str = ""
    featured: bool = False
    is_bot: bool = False
    deleted: bool = False
    color: str = "4bbe2e"
    updated: int = 0


@dataclass
class Channel:
    """A conversation; ``kind`` is ``channel`` or ``im``. ``members`` are user ids, the bot's among them."""

    id: str
    name: str
    kind: str = "channel"
    is_private: bool = False
    is_archived: bool = False
    members: list[str] = field(default_factory=list)
    created: int = 0
    topic: str = ""

    def other(self, user: str) -> str:
        """In a direct message, the person who is not ``user``."""
        return next((member for member in self.members if member != user), user)

    @property
    def label(self) -> str:
        """The name Slack gives the channel in payloads."""
        if self.kind == "im":
            return "directmessage"
        return "privategroup" if self.is_private else self.name


@dataclass
class Message:
    """One message. ``only_for`` makes it ephemeral; ``via`` is ``api`` or ``response_url``."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    thread_ts: str | None = None
    bot: bool = False
    edited: str | None = None
    only_for: str | None = None
    metadata: Json | None = None
    reactions: list[Json] = field(default_factory=list)
    pinned: bool = False
    subtype: str | None = None
    via: str = "api"
    state: dict[str, Json] = field(default_factory=dict)


@dataclass
class View:
    """A modal or a Home tab of one person. ``inputs`` is {block_id: {action_id: state}}.

    ``place`` is the conversation that it was opened from.
    """

    id: str
    kind: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str | None = None
    inputs: dict[str, Json] = field(default_factory=dict)
    place: str | None = None
    changed: float = 0.0
    urls: list[Json] = field(default_factory=list)


@dataclass
class File:
    """An uploaded file; its bytes lie beside the store. ``ready_at``: when Slack has worked out the type.

    ``readable``, ``preview`` and ``lines_more`` are what was seen in the bytes; ``external`` makes it a Slack Connect
    file, which the app may not read; of a ``deleted`` one the bytes are gone. A share is {channel, ts, user, thread_ts?}.
    """

    id: str
    name: str
    user: str
    size: int
    ticket: str
    title: str = ""
    alt: str = ""
    created: int = 0
    received: bool = False
    completed: bool = False
    ready_at: float = 0.0
    readable: bool = True
    preview: str = ""
    lines_more: int = 0
    external: bool = False
    deleted: bool = False
    shares: list[Json] = field(default_factory=list)


@dataclass
class Hook:
    """A ``response_url``: where it posts, for whom, how often it was used."""

    key: str
    channel: str
    user: str
    expires: float
    ts: str | None = None
    ephemeral: bool = False
    thread_ts: str | None = None
    uses: int = 0
    command: bool = False


@dataclass
class App:
    """The one app of the workspace. ``events``: what it subscribes to; ``scopes``: what its token may do."""

    id: str
    name: str
    display_name: str
    user_id: str
    bot_id: str
    command: str
    escape: bool = False
    own_messages: bool = True
    events: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    page_buttons: list[Json] = field(default_factory=list)
