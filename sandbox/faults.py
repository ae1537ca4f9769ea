"""What shall go wrong: which call, how, how often. A fault stands before or after the effect of the call."""

from dataclasses import asdict, dataclass
from typing import Any

BEFORE = {"429", "500", "503", "internal_error", "fatal_error", "ratelimited", "reset_before", "delay_before"}
AFTER = {"reset_after", "delay_after", "500_after", "503_after", "internal_error_after", "fatal_error_after"}


@dataclass
class Fault:
    """One rule. ``times`` None means always; the first ``skip`` matching calls pass."""

    method: str
    kind: str
    times: int | None = 1
    skip: int = 0
    seconds: float = 1.0
    retry_after: int = 1
    channel: str | None = None
    fired: int = 0

    @property
    def before(self) -> bool:
        """Whether it strikes before the call has any effect."""
        return self.kind in BEFORE or self.kind.startswith("error:")


class Faults:
    """The rules in force, in the order they were set."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, row: dict[str, Any]) -> Fault:
        """Set a rule; raises ValueError when it makes no sense."""
        known = set(Fault.__dataclass_fields__) - {"fired"}
        if set(row) - known or not {"method", "kind"} <= set(row):
            raise ValueError(f"a fault has the fields {', '.join(sorted(known))}; method and kind are needed")
        fault = Fault(**row)
        if not fault.before and fault.kind not in AFTER:
            raise ValueError(f"unknown kind {fault.kind!r}")
        self._rules.append(fault)
        return fault

    def take(self, method: str, channel: str | None) -> list[Fault]:
        """The faults that strike this call: at most one that ends it, and every delay; they are counted."""
        struck: list[Fault] = []
        ended = False
        for rule in self._rules:
            if rule.method not in (method, "*") or rule.channel not in (None, channel) or rule.times == 0:
                continue
            delays = rule.kind.startswith("delay")
            if ended and not delays:
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
            rule.fired += 1
            ended = ended or not delays
            struck.append(rule)
        return struck

    def listed(self) -> list[dict[str, Any]]:
        """The rules as JSON values, with how often each fired."""
        return [asdict(rule) for rule in self._rules]

    def clear(self) -> None:
        """Let everything work again."""
        self._rules.clear()
