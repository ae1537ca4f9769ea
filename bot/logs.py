"""The log: one JSON object a line, or readable lines where a person looks at a terminal.

Neither tokens nor the texts of items or messages belong in it. Code logs kinds, ids and error codes; what slips through
in an exception of a library is masked here.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from sqlalchemy.exc import StatementError
from structlog.typing import Processor

# Slack's tokens, the secret part of response_url and socket addresses, passwords in database addresses.
SECRETS = re.compile(
    r"\b(?:xox[a-z]|xapp|xoxe\.xox[a-z])-[\w-]+"
    r"|(?<=/actions/)\S+|(?<=/commands/)\S+|(?<=[?&]ticket=)[^&\s]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
MASK = "[secret]"
QUIET = (
    "slack_bolt", "slack_sdk", "urllib3", "websockets", "apscheduler", "sqlalchemy", "alembic", "uvicorn",
    "matplotlib",
)  # fmt: skip


def set_up(level: str = "INFO", stream: TextIO | None = None, *, shape: str | None = None) -> None:
    """Send everything that is logged, by us and by libraries, to ``stream`` (standard error).

    ``shape`` is json or text; where it is None a terminal gets text.
    """
    out = stream or sys.stderr
    readable = out.isatty() if shape is None else shape == "text"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, tell, mask, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        # Below this the libraries log whole payloads.
        logging.getLogger(name).setLevel(logging.WARNING)


def mask(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Cover secrets in every text of an event."""
    return {key: SECRETS.sub(MASK, value) if isinstance(value, str) else value for key, value in event.items()}


def tell(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put an exception into words: where it came from and what it says, without the values of local variables.

    What a database says may quote whole rows; of its errors the kind and the statement are told.
    """
    error = event.pop("exc_info", None)
    if error:
        found = (
            error if isinstance(error, BaseException) else error[1] if isinstance(error, tuple) else sys.exc_info()[1]
        )
        if found is not None:
            event["exception"] = _told(found)
    return event


def _told(error: BaseException) -> str:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    earlier = f"{_told(before)}\n" if before is not None else ""
    return f"{earlier}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__qualname__}: {_words(error)}"


def _words(error: BaseException) -> str:
    if isinstance(error, StatementError):
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
        return " ".join(str(word) for word in (state, error.statement) if word)
    if type(error).__module__.partition(".")[0] in ("sqlite3", "psycopg"):
        return str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", ""))
    return str(error)
