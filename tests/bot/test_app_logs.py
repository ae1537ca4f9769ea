"""The log: one JSON object a line, no secrets, no texts of items; readable lines at a terminal."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from bot import logs
from storage.engine import Store
from storage.tables import Person

SECRETS = [
    "xoxb-12345-abcdef",
    "xapp-1-A0-55-ffee",
    "https://hooks.slack.com/actions/T1/123/sEcReT",
    "wss://wss-primary.slack.com/link/?ticket=abc-def&app_id=1",
    "postgresql://concord:hunter2@db.example.com/concord",
]
HIDDEN = ["12345-abcdef", "ffee", "sEcReT", "abc-def", "hunter2"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_is_an_object_whoever_logs_it() -> None:
    out = io.StringIO()
    logs.set_up("INFO", out)
    structlog.get_logger().info("refused", action="label")
    logging.getLogger("somebody.else").warning("careful %s", 1)
    first, second = lines(out)
    assert (first["event"], first["action"], first["level"]) == ("refused", "label", "info")
    assert (second["event"], second["level"]) == ("careful 1", "warning")
    assert {"timestamp"} <= set(first) & set(second)


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()], ids=["json", "terminal"])
@pytest.mark.parametrize(("text", "hidden"), list(zip(SECRETS, HIDDEN, strict=True)))
def test_secrets_are_masked_in_fields_messages_and_tracebacks(out: io.StringIO, text: str, hidden: str) -> None:
    logs.set_up("INFO", out)
    structlog.get_logger().info("called", address=text)
    logging.getLogger("somebody.else").warning("called %s", text)
    try:
        raise OSError(text)
    except OSError:
        structlog.get_logger().exception("failed")
        logging.getLogger("somebody.else").exception("failed")
    said = out.getvalue()
    assert hidden not in said
    assert said.count(logs.MASK) >= 4


def test_what_the_libraries_would_tell_of_payloads_is_not_logged() -> None:
    out = io.StringIO()
    logs.set_up("DEBUG", out)
    for name in ("slack_sdk.web", "slack_bolt.App", "websockets.client", "sqlalchemy.engine", "urllib3.connectionpool"):
        logging.getLogger(name).debug("a payload")
        logging.getLogger(name).info("a payload")
    assert out.getvalue() == ""


def test_a_failing_statement_is_told_without_its_values(store: Store) -> None:
    out = io.StringIO()
    logs.set_up("INFO", out)
    row = {"name": "the text of an item", "handle": "ana", "active": None}
    try:
        with store.write() as session:
            session.execute(insert(Person).values(**row))
    except IntegrityError:
        structlog.get_logger().exception("failed")
    (line,) = lines(out)
    assert "INSERT INTO person" in str(line["exception"])
    assert "IntegrityError" in str(line["exception"])
    assert "the text of an item" not in out.getvalue()


def test_a_chain_of_exceptions_is_told_from_the_first_on() -> None:
    out = io.StringIO()
    logs.set_up("INFO", out)
    try:
        try:
            raise LookupError("the first")
        except LookupError as first:
            raise RuntimeError("the second") from first
    except RuntimeError as error:
        structlog.get_logger().error("failed", exc_info=error)
    told = str(lines(out)[0]["exception"])
    assert told.index("the first") < told.index("the second")
    assert "test_app_logs.py" in told
