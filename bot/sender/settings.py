"""Every time and number the sender goes by. Times in seconds; tests use tenths."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rate:
    """At most ``burst`` calls at once, then one every ``interval`` seconds."""

    interval: float
    burst: int = 1


def slack_rates() -> dict[str, Rate]:
    """A little under what Slack allows: posting several hundred a minute, T2 20, T3 50, T4 100 a minute."""
    second, third, fourth = Rate(3.0, 4), Rate(1.2, 10), Rate(0.6, 20)
    return {
        "chat.postMessage": Rate(0.2, 10),
        "chat.postEphemeral": fourth,
        "chat.update": third,
        "conversations.open": third,
        "conversations.history": third,
        "conversations.replies": third,
        "files.getUploadURLExternal": fourth,
        "files.completeUploadExternal": fourth,
        "files.info": fourth,
        "pins.add": second,
        "pins.remove": second,
    }


@dataclass(frozen=True)
class SenderSettings:
    """``call_timeout`` is the client's; what was called may still take effect ``late_effect`` after it.

    ``lease`` is how long a sender has for one row: over it, another sender takes the row for a dead one's. It is longer
    than the wait before a look-up, so that a row with a lease over may be looked up at once.
    """

    workers: int = 16
    poll: float = 1.0
    breath: float = 0.05
    call_timeout: float = 10.0
    late_effect: float = 10.0
    lease: float = 45.0
    retry_base: float = 1.0
    retry_cap: float = 300.0
    most_attempts: int = 300
    mend_every: float = 60.0
    explain_every: float = 15.0
    picture_poll: float = 1.0
    history_page: int = 100
    clock_skew: float = 60.0
    place: Rate = Rate(1.0)
    rates: Mapping[str, Rate] = field(default_factory=slack_rates)

    def __post_init__(self) -> None:
        if self.lease < self.look_up_wait:
            raise ValueError(f"a lease of {self.lease} s ends before the {self.look_up_wait} s that a look-up waits")

    @property
    def look_up_wait(self) -> float:
        """How long after a call of unknown outcome it may be looked up."""
        return self.call_timeout + self.late_effect
