"""Everything one running sandbox shares: the workspace, its settings, who listens, what shall go wrong."""

import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import subscriptions
from sandbox.calls import CallLog
from sandbox.faults import Faults
from sandbox.lacks import Lacks
from sandbox.limits import Limits
from sandbox.live import Live
from sandbox.sockets import Sockets
from sandbox.workspace import Workspace

FORGET_TRIGGERS = 60.0


@dataclass
class Settings:
    """What can be set at the start; times in seconds."""

    url: str = ""
    bot_token: str = "xoxb-sandbox"  # noqa: S105 - opens nothing but this sandbox
    app_token: str = "xapp-sandbox"  # noqa: S105
    signing_secret: str = ""
    request_url: str | None = None
    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    hook_seconds: float = 1800.0
    hook_uses: int = 5
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    file_seconds: float = 0.3
    rate_limits: bool = False


@dataclass
class Trigger:
    """What a click or command may open: good once, for three seconds. ``view`` is set when it came from a modal,
    ``place`` when it came from a conversation.
    """

    user: str
    expires: float
    view: str | None = None
    place: str | None = None
    used: bool = False


@dataclass
class Simulator:
    """One sandbox. Passed to every function instead of globals."""

    workspace: Workspace
    settings: Settings
    live: Live = field(default_factory=Live)
    sockets: Sockets = field(default_factory=Sockets)
    faults: Faults = field(default_factory=Faults)
    lacks: Lacks = field(default_factory=Lacks)
    log: CallLog = field(default_factory=CallLog)
    limits: Limits = field(default_factory=Limits)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    suggestions: dict[str, Any] = field(default_factory=dict)

    @property
    def scopes(self) -> list[str]:
        """What the bot token may do at the moment."""
        return subscriptions.granted(self.workspace.bot, self.lacks)

    def hears(self, event: str) -> bool:
        """Whether an event of this name reaches the app."""
        return self.workspace.app is not None and subscriptions.heard(self.workspace.app, self.lacks, event)

    def trigger(self, user: str, view: str | None = None, place: str | None = None) -> str:
        """A trigger_id for something this person just did."""
        now = time.time()
        for old in list(itertools.islice(self.triggers, 2)):  # two out for one in: the oldest come first
            if self.triggers[old].expires < now - FORGET_TRIGGERS:
                del self.triggers[old]
        key = f"{int(now * 1000)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
        self.triggers[key] = Trigger(user, now + self.settings.trigger_seconds, view, place)
        return key
