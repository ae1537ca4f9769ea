"""What an installation may lack: everything that somebody can forget to set up at Slack, or that was taken away since.

An app cannot read its own manifest: most of this it learns only by trying.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

TOKEN_ERRORS = {"account_inactive", "token_revoked", "invalid_auth", "token_expired"}


@dataclass
class Lacks:
    """Nothing is lacking at the start.

    ``scopes`` are taken from the bot token, ``app_scopes`` from the app-level one, ``events`` from the subscriptions;
    ``token`` and ``app_token`` are errors that calls with these tokens get. The rest is switched off where it is true.
    ``clock_seconds`` is how far Slack's clock is ahead of this machine's.
    """

    scopes: list[str] = field(default_factory=list)
    app_scopes: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    home_tab: bool = False
    messages_tab: bool = False
    interactivity: bool = False
    socket_mode: bool = False
    command: bool = False
    token: str = ""
    app_token: str = ""
    clock_seconds: float = 0.0

    def change(self, row: dict[str, Any]) -> None:
        """Set some of the fields; raises ValueError for what is none, or has another type."""
        known = [one.name for one in fields(self)]
        for name, value in row.items():
            if name not in known:
                raise ValueError(f"unknown lack {name!r}: {', '.join(known)}")
            setattr(self, name, _read(name, getattr(self, name), value))

    def shown(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)


def _read(name: str, before: Any, value: Any) -> Any:
    if isinstance(before, list):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{name} is a list of names")
        return list(value)
    if isinstance(before, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true (lacking) or false")
        return value
    if isinstance(before, str):
        if value not in {"", *TOKEN_ERRORS}:
            raise ValueError(f"{name} is empty or one of {', '.join(sorted(TOKEN_ERRORS))}")
        return value
    return float(value)
