"""The status pages: alive, ready or why not, and in numbers."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, update
from sqlmodel import col
from starlette.applications import Starlette

from bot import status
from bot.listening import Address, WebServer
from bot.metrics import Gauge, Metrics
from bot.one_request import kind_of, one_request
from storage.engine import Store, open_store
from storage.tables import Lane, Lot, LotState, Outbox, OutboxState
from tests.builders import NOW, build
from workflow import outbox

Pages = Callable[..., "Page"]


class Page:
    def __init__(self, port: int) -> None:
        self.base, self.http = f"http://127.0.0.1:{port}", urllib3.PoolManager(retries=False)

    def get(self, path: str) -> tuple[int, str]:
        answer = self.http.request("GET", self.base + path, timeout=20.0)
        return answer.status, answer.data.decode()


def metrics(store: Store, *gauges: Gauge) -> Metrics:
    return Metrics(store, lambda: NOW, gauges)


def read(text: str) -> dict[tuple[str, ...], float]:
    """Samples by their name and the values of their labels, in the order of the labels' names."""
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


@pytest.fixture
def serve(store: Store) -> Iterator[Pages]:
    servers = []

    def make(looks: dict[str, status.Look], numbers: Metrics | None = None) -> Page:
        web = Starlette(routes=list(status.routes(looks, numbers or metrics(store))))
        server = WebServer(web, Address("127.0.0.1", 0), "status")
        servers.append(server)
        return Page(server.start())

    yield make
    stopped = [server.stop(10) for server in servers]
    assert all(stopped)


def test_a_process_that_is_well_is_alive_and_ready(serve: Pages, store: Store) -> None:
    page = serve({"database": status.database(store), "sender": lambda: None})
    assert page.get("/healthz") == (200, "ok\n")
    assert page.get("/readyz") == (200, "ready\n")
    assert page.get("/")[0] == 404


def test_what_is_not_ready_is_named_while_it_lives(serve: Pages) -> None:
    def broken() -> str | None:
        raise LookupError("secret words")

    page = serve({"sender": lambda: "it is not running", "well": lambda: None, "Slack": broken})
    code, words = page.get("/readyz")
    assert (code, words) == (503, "sender: it is not running\nSlack: it could not be looked at (LookupError)\n")
    assert page.get("/healthz")[0] == 200


def test_a_database_that_is_gone_is_not_ready_and_gives_no_numbers(serve: Pages) -> None:
    nowhere = open_store("postgresql://concord:hunter2@127.0.0.1:9/none")
    page = serve({"database": status.database(nowhere)}, metrics(nowhere))
    assert page.get("/readyz") == (503, "database: it does not answer\n")
    assert page.get("/metrics") == (503, "the database does not answer\n")
    nowhere.close()


def test_a_look_that_hangs_keeps_nobody_waiting(serve: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "PATIENCE", 0.2)
    held = threading.Event()

    def hangs() -> str | None:
        held.wait(60)
        return None

    page = serve({"database": hangs})
    code, words = page.get("/readyz")
    held.set()
    assert (code, words.startswith("nothing was found out")) == (503, True)


def test_the_outbox_is_counted_by_state_and_lane_with_the_age_of_the_oldest(serve: Pages, store: Store) -> None:
    world = build(store)
    put(store, world.project_id, "a", NOW - timedelta(minutes=5))
    put(store, world.project_id, "b", NOW - timedelta(minutes=2))
    put(store, world.project_id, "c", NOW, state=OutboxState.SENT)
    with store.write() as session:
        lot = {"project_id": world.project_id, "file_name": "f", "sha256": "0", "started_at": NOW, "seen_at": NOW}
        session.execute(insert(Lot).values(**lot, state=LotState.RUNNING))
    found = read(serve({}).get("/metrics")[1])
    assert found["concord_outbox_rows", "urgent", "waiting"] == 2
    assert found["concord_outbox_oldest_seconds", "urgent", "waiting"] == 300
    assert found["concord_outbox_rows", "bulk", "failed"] == 0
    assert not [key for key in found if "sent" in key]
    assert found["concord_imports", "running"] == 1


def put(store: Store, project_id: int, key: str, at: datetime, state: OutboxState = OutboxState.WAITING) -> None:
    with store.write() as session:
        outbox.put(session, at, key, "said", outbox.To(project_id=project_id), {}, lane=Lane.URGENT)
        session.execute(update(Outbox).where(col(Outbox.key) == key).values(state=state))


def test_acknowledgements_are_counted_by_kind(serve: Pages, store: Store) -> None:
    numbers = metrics(store, Gauge("concord_requests_in_hand", "In hand.", lambda: 7))
    page = serve({}, numbers)
    for acked in (True, True, False):
        with one_request("block_actions", numbers.on_ack) as request:
            request.acked = acked
    with pytest.raises(LookupError), one_request("command", numbers.on_ack):
        raise LookupError
    found = read(page.get("/metrics")[1])
    assert found["concord_ack_seconds_count", "block_actions"] == 2
    assert found["concord_unacknowledged_total", "block_actions"] == 1
    assert found["concord_unacknowledged_total", "command"] == 1
    assert found[("concord_requests_in_hand",)] == 7


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"command": "/concord", "text": "x"}, "command"),
        ({"type": "event_callback", "event": {"type": "user_change"}}, "event"),
        ({"type": "block_actions"}, "block_actions"),
        ({"type": "made up by somebody"}, "other"),
        ({}, "other"),
    ],
)
def test_there_are_few_kinds_of_requests(payload: dict[str, Any], kind: str) -> None:
    assert kind_of(payload) == kind
