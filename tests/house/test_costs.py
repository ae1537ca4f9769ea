"""What a click costs: statements, calls to Slack, connections, entities. Counted, never timed."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import SQLModel
from urllib3.util import ssl_ as urllib3_ssl

from bot.messages import Messages
from handlers.desk import Desk
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import words
from tests.house.waiting import until

CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT")
CLICKS = 10


@dataclass
class Costs:
    """Statements by what was being done: drawing a card, handling a click, or else."""

    drawing: list[list[str]] = field(default_factory=list)
    handling: list[list[str]] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    _local: threading.local = field(default_factory=threading.local)

    def executed(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        begun: list[list[str]] = getattr(self._local, "begun", [])
        if begun and not statement.lstrip().upper().startswith(CONTROL):
            begun[-1].append(statement)

    @contextmanager
    def during(self, kept: list[list[str]]) -> Iterator[None]:
        begun: list[list[str]] = self._local.__dict__.setdefault("begun", [])
        begun.append([])
        try:
            yield
        finally:
            kept.append(begun.pop())


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Costs]:
    """Counts from here on."""
    counted = Costs()
    draw, work = Messages.draw, Desk._work

    def counting_draw(self: Messages, *given: Any) -> Any:
        with counted.during(counted.drawing):
            return draw(self, *given)

    def counting_work(self: Desk, *given: Any) -> Any:
        with counted.during(counted.handling):
            return work(self, *given)

    monkeypatch.setattr(Messages, "draw", counting_draw)
    monkeypatch.setattr(Desk, "_work", counting_work)
    context = urllib3_ssl.create_urllib3_context

    def counting_context(*given: Any, **more: Any) -> ssl.SSLContext:
        counted.contexts.append(threading.current_thread().name)
        return context(*given, **more)

    monkeypatch.setattr(urllib3_ssl, "create_urllib3_context", counting_context)
    classes = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]

    def loaded(entity: Any, _context: Any) -> None:
        counted.entities.append(type(entity).__name__)

    for table in classes:
        event.listen(table, "load", loaded)
    yield counted
    for table in classes:
        event.remove(table, "load", loaded)


def watch(house: House, costs: Costs) -> None:
    """Count what happens from now on."""
    house.quiet()
    event.listen(house.concord.store.engine, "before_cursor_execute", costs.executed)
    for counted in (costs.drawing, costs.handling, costs.entities, costs.contexts):
        counted.clear()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_label_click_costs_little(open_house: OpenHouse, costs: Costs, database: str) -> None:
    house = open_house(items=CLICKS + 2, database=database)
    house.ana.get_batch()
    house.ana.answer("Yes")
    watch(house, costs)
    calls = len(house.workspace.log())
    for number in range(CLICKS):
        house.ana.answer("Yes" if number % 2 else "No")
    until(lambda: len(costs.drawing) >= CLICKS)

    assert len(costs.handling) == CLICKS
    assert [len(statements) for statements in costs.handling if len(statements) > 7] == []
    assert min(len(statements) for statements in costs.handling) >= 4, "they were counted at all"
    assert [statements for statements in costs.drawing if len(statements) > 3] == []
    assert costs.entities == []
    assert costs.contexts == []
    made = [call["method"] for call in house.workspace.log()[calls:]]
    assert made == ["response_url"] * CLICKS


def test_connections_are_kept(open_house: OpenHouse) -> None:
    house = open_house(items=CLICKS + 1)
    house.ana.get_batch()
    for _ in range(CLICKS):
        house.ana.answer("Yes")
    pool = house.concord.wire.pool.connection_from_url(house.workspace.api_url)
    assert pool.num_requests >= CLICKS
    assert pool.num_connections <= 2


def test_a_label_that_ends_an_item_in_dispute_stays_under_seven(open_house: OpenHouse, costs: Costs) -> None:
    house = open_house(items=1, overlap=2)
    house.ana.get_batch()
    house.ana.answer("Yes")
    house.ben.get_batch()
    watch(house, costs)
    house.ben.answer("No")
    assert "Needs a ruling" in words(until(house.case_cards)[0])
    assert len(costs.handling) == 1
    assert 4 <= len(costs.handling[0]) <= 7


def test_a_click_while_every_web_api_method_is_slow(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    card = house.ana.get_batch()
    house.workspace.faults("chat.postMessage", "delay_before", times=None, seconds=3)
    house.workspace.faults("chat.update", "delay_before", times=None, seconds=3)
    house.workspace.faults("views.open", "delay_before", times=None, seconds=3)
    house.workspace.faults("views.publish", "delay_before", times=None, seconds=3)
    house.workspace.open_home("ben")
    house.ana.press_ok(card, "Guideline")
    assert "item 2 of 3" in words(house.ana.answer("Yes", card))
    assert "item 3 of 3" in words(house.ana.answer("Yes"))
    assert house.workspace.log("chat.update") == []
