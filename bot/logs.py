"""The log: one JSON object a line, or readable lines where a person looks at a terminal.

Neither tokens nor the texts of items or messages belong in it. Code logs kinds, ids and error codes; what slips through
in an exception of a library is masked here.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

# Slack's tokens, the secret part of response_url and socket addresses, passwords in database addresses.
SECRETS = re.compile(
    r"\b(?:xox[a-z]|xapp|xoxe\.xox[a-z])-[\w-]+"
    r"|(?<=/actions/)\S+|(?<=/commands/)\S+|(?<=[?&]ticket=)[^&\s]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
MASK = "[secret]"
QUIET = ("slack_bolt", "slack_sdk", "urllib3", "websockets", "apscheduler", "sqlalchemy", "alembic", "uvicorn.access")


def set_up(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send everything that is logged, by us and by libraries, to ``stream`` (standard error)."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks without local variables: they hold item texts.
    drawing: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)]
        if out.isatty()
        else [structlog.processors.format_exc_info, mask, structlog.processors.JSONRenderer()]
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
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask, *drawing],
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
