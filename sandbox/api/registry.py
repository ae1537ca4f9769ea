"""The table of methods and the helpers every method needs for its arguments."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sandbox.simulator import Simulator

Json = dict[str, Any]
Handler: TypeAlias = Callable[[Simulator, Json], Json]
T = TypeVar("T")
_JSON_ARGUMENTS = {"blocks", "view", "metadata", "files", "attachments", "message"}


class SlackError(Exception):
    """An answer with ``ok`` false; ``more`` goes into it beside the error."""

    def __init__(self, error: str, *messages: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more
        if messages:
            self.more["response_metadata"] = {"messages": list(messages)}


@dataclass(frozen=True)
class Method:
    """One method: who may call it, how often, and how its arguments come."""

    name: str
    run: Handler
    scope: str | None
    tier: int | None
    token: str
    form_only: bool
    posts: bool


METHODS: dict[str, Method] = {}


def method(
    name: str,
    *,
    scope: str | None = None,
    tier: int | None = 3,
    token: str = "bot",  # noqa: S107 - which kind of token, no secret
    form_only: bool = False,
    posts: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a function as a Web API method. ``token`` is ``bot``, ``app`` or ``none``."""

    def register(run: Handler) -> Handler:
        METHODS[name] = Method(name, run, scope, tier, token, form_only, posts)
        return run

    return register


def need(args: Json, *names: str) -> list[Any]:
    """These arguments; ``invalid_arguments`` names the first that is missing."""
    for name in names:
        if args.get(name) in (None, ""):
            raise SlackError("invalid_arguments", f"[ERROR] missing required field: {name}")
    return [args[name] for name in names]


def flag(args: Json, name: str, *, default: bool = False) -> bool:
    """A boolean that may come as form text."""
    value = args.get(name, default)
    return value if isinstance(value, bool) else str(value).lower() in {"1", "true"}


def whole(args: Json, name: str, default: int, most: int) -> int:
    """A count of at least 1 that may come as form text."""
    try:
        value = int(args.get(name) or default)
    except (TypeError, ValueError):
        raise SlackError("invalid_arguments", f"[ERROR] must be an integer [json-pointer:/{name}]") from None
    if not 1 <= value <= most:
        raise SlackError("invalid_limit" if name == "limit" else "invalid_arguments")
    return value


def parsed(args: Json) -> Json:
    """Arguments whose JSON came as text, read; what cannot be read stays text and is refused by its method."""
    out = dict(args)
    for name in _JSON_ARGUMENTS & set(out):
        if isinstance(out[name], str):
            try:
                out[name] = json.loads(out[name])
            except ValueError:
                continue
    return out


def page(rows: list[T], args: Json, default: int, most: int) -> tuple[list[T], str]:
    """One page of a list and the cursor of the next, as Slack's cursors: opaque text, empty at the end."""
    limit = whole(args, "limit", default, most)
    start = 0
    if args.get("cursor"):
        try:
            start = int(base64.b64decode(str(args["cursor"]), validate=True).decode().removeprefix("next:"))
        except ValueError:
            raise SlackError("invalid_cursor") from None
    more = start + limit < len(rows)
    return rows[start : start + limit], cursor(start + limit) if more else ""


def cursor(start: int) -> str:
    """The opaque form of a place in a list."""
    return base64.b64encode(f"next:{start}".encode()).decode()


def need_scope(sim: Simulator, *scopes: str) -> None:
    """``missing_scope`` unless the token has one of them."""
    granted = sim.scopes
    if not any(scope in granted for scope in scopes):
        raise SlackError("missing_scope", needed=",".join(scopes), provided=",".join(granted))


def app_scopes(sim: Simulator) -> list[str]:
    """What the app-level token may do."""
    return [scope for scope in ("connections:write", "authorizations:read") if scope not in sim.lacks.app_scopes]
