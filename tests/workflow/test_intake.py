"""Importing files, on both databases: counts, duplicates, ids, order, and imports that die."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import col

from storage.engine import Store, open_store
from storage.tables import Item, ItemState, Lot, LotState, Person, Queue, RefusedRow
from tests.conftest import KINDS
from tests.databases import Databases
from workflow import assignment, intake, project_edit, projects
from workflow.errors import BusyError, RefusedError
from workflow.intake import lots
from workflow.intake.changes import REASONS, Fate
from workflow.intake.lots import Report
from workflow.project_edit import Asked
from workflow.project_spec import ProjectSpec

T = TypeVar("T")

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEMO = Path(__file__).parents[2] / "demo" / "data" / "items.csv"


def make_project(store: Store, *, name: str = "rte", fields: tuple[str, ...] = ("text",), overlap: int = 2) -> int:
    spec = ProjectSpec.model_validate(
        {
            "name": name,
            "question": "q",
            "labels": ["yes", "no"],
            "fields": fields,
            "overlap": overlap,
            "channels": {"team": "#a", "review": "#b", "leads": "#c"},
            "people": [{"user": "UANA", "roles": ["annotator"]}],
        }
    )
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


def bring_in(store: Store, project_id: int, folder: Path, content: str | bytes, name: str = "items.csv") -> Report:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return intake.import_file(store, project_id, path, lambda: NOW, lambda _: None, None)


def refused(store: Store, report: Report) -> list[tuple[int, str, str]]:
    with store.read() as session:
        return [(row["line"], row["field"], row["reason"]) for row in lots.refused_rows(session, report.lot_id)]


def items(store: Store) -> list[Item]:
    with store.read() as session:
        return list(session.execute(select(Item).order_by(col(Item.id))).scalars())


def test_the_demo_data_comes_in_whole_and_put_right(store: Store) -> None:
    pid = make_project(store, fields=("text", "hypothesis"), overlap=10)
    report = intake.import_file(store, pid, DEMO, lambda: NOW, lambda _: None, None)
    assert (report.rows, report.items, report.duplicates, report.refused) == (800, 800, 0, 0)
    found = items(store)
    assert {item.state for item in found} == {ItemState.OPEN}
    assert {item.open_places for item in found} == {item.overlap for item in found} == {10}
    assert {item.gold for item in found} == {"yes", "no"}
    assert not any("&apos;" in text or "  " in text for item in found for text in item.fields.values())
    seqs = [item.seq or 0 for item in found]
    assert sorted(seqs) == list(range(1, 801))
    assert seqs != sorted(seqs)
    again = intake.import_file(store, pid, DEMO, lambda: NOW, lambda _: None, None)
    assert (again.items, again.duplicates, again.refused) == (0, 800, 0)
    assert len(items(store)) == 800


def test_columns_that_are_known_and_those_that_are_kept(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, "id,text,segment,priority,gold,url,note\n010,a, news ,7,yes,http://x, kept \n")
    [item] = items(store)
    assert (item.key, item.fields, item.segment, item.gold) == ("010", {"text": "a"}, "news", "yes")
    assert item.extra == {"url": "http://x", "note": " kept "}
    with store.read() as session:
        queue = session.execute(select(Queue)).scalar_one()
    assert (item.queue_id, queue.priority, queue.next_seq, queue.low) == (queue.id, 7, 2, 1)


def test_json_keeps_types_in_metadata_and_digits_in_ids(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    extra = '"n": 9007199254740993, "x": 1.5, "deep": {"a": [true, null, "\\ud83d\\ude00\\ud83d"]}'
    bring_in(store, pid, tmp_path, f'{{"id": 1.10, "text": 42, "priority": 3, {extra}}}\n', "a.jsonl")
    [item] = items(store)
    assert (item.key, item.fields) == ("1.10", {"text": "42"})
    assert item.extra == {"n": 9007199254740993, "x": 1.5, "deep": {"a": [True, None, "\U0001f600\ufffd"]}}


def test_what_cannot_be_an_item_is_refused_with_line_field_and_reason(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    lines = [
        "id,text,priority,gold,segment",
        "1,\u200b ,,,",
        "2,b,10,,",
        "3,c,-1,,",
        "4,d,,maybe,",
        f"5,{'x' * 40_001},,,",
        f"{'6' * 201},f,,,",
        '"a\x07",g,,,',
        f"8,h,,,{'s' * 201}",
        "9,i",
        "10,fine,,,",
    ]
    report = bring_in(store, pid, tmp_path, "\n".join(lines))
    assert (report.rows, report.items, report.refused) == (10, 1, 9)
    found = refused(store, report)
    assert [(line, field) for line, field, _ in found] == [
        (2, "text"), (3, "priority"), (4, "priority"), (5, "gold"), (6, "text"),
        (7, "id"), (8, "id"), (9, "segment"), (10, ""),
    ]  # fmt: skip
    reasons = [reason for _, _, reason in found]
    assert reasons[0] == "empty"
    assert "not a label value of the project: 'maybe' (there is yes, no)" in reasons[3]
    assert "40,001 characters, at most 40,000" in reasons[4]
    with store.read() as session:
        kept = session.execute(select(col(RefusedRow.row)).order_by(col(RefusedRow.id))).scalars().all()
    assert kept[1] == "2,b,10,,"


def test_nested_and_missing_texts_are_refused(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    rows = ['{"text": ["a"]}', '{"id": 1}', '{"text": null}', '{"text": "a", "id": {}}', '{"text": "fine"}']
    report = bring_in(store, pid, tmp_path, "\n".join(rows), "a.ndjson")
    assert [(line, field, reason.split(":")[0]) for line, field, reason in refused(store, report)] == [
        (1, "text", "a text is wanted here, not a list, an object or binary data"),
        (2, "text", "missing"),
        (3, "text", "empty"),
        (4, "id", "a text is wanted here, not a list, an object or binary data"),
    ]
    assert report.items == 1


def test_the_same_text_is_linked_and_not_labelled_twice(store: Store, tmp_path: Path) -> None:
    pid = make_project(store, fields=("text", "hypothesis"))
    content = "id,text,hypothesis,source\n1,a &amp; b,c,x\n2,a  & b,c,y\n3,a,& bc,z\n"
    report = bring_in(store, pid, tmp_path, content)
    assert (report.items, report.duplicates) == (2, 1)
    first, third, second = sorted(items(store), key=lambda item: (item.state, item.id), reverse=True)
    if first.key != "1":
        first, third = third, first
    assert (second.key, second.duplicate_of, second.state) == ("2", first.id, ItemState.DUPLICATE)
    assert (second.extra, second.open_places, second.seq) == ({"source": "y"}, 0, None)
    assert third.duplicate_of is None
    later = bring_in(store, pid, tmp_path, "id,text,hypothesis\n4,a & b,c\n2,a & b,c\n")
    assert (later.items, later.duplicates) == (0, 2)
    assert [item.duplicate_of for item in items(store) if item.key == "4"] == [first.id]


def test_an_id_of_another_text_is_refused(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    report = bring_in(store, pid, tmp_path, "id,text\n1,a\n1,b\n1,a\n")
    assert (report.items, report.duplicates, report.refused) == (1, 1, 1)
    assert refused(store, report) == [(3, "id", REASONS[Fate.TWICE])]
    later = bring_in(store, pid, tmp_path, "id,text\n1,c\n")
    assert (later.items, later.refused) == (0, 1)


def test_made_ids_are_the_same_every_time(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    content = "text,note\na,1\na,2\na,1\nb,1\n"
    first = bring_in(store, pid, tmp_path, content)
    assert (first.items, first.duplicates) == (2, 2)
    keys = [item.key for item in items(store)]
    assert len(set(keys)) == len(keys) == 4
    assert [item.extra["note"] for item in items(store) if item.duplicate_of] == ["2", "1"]
    again = bring_in(store, pid, tmp_path, "note,text\n1,b\n2,a\n1,a\n1,a\n")
    assert (again.items, again.duplicates) == (0, 4)
    assert [item.key for item in items(store)] == keys
    once_more = bring_in(store, pid, tmp_path, "note,text\n1,a\n1,a\n1,a\n")
    assert (once_more.items, once_more.duplicates) == (0, 3)
    assert len(items(store)) == 5


def test_projects_do_not_see_each_others_ids_and_texts(store: Store, tmp_path: Path) -> None:
    one, two = make_project(store), make_project(store, name="two")
    assert bring_in(store, one, tmp_path, "id,text\n1,a\n").items == 1
    assert bring_in(store, two, tmp_path, "id,text\n1,a\n").items == 1


def test_a_file_that_cannot_be_read_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    with pytest.raises(RefusedError, match="No column is called 'text'"):
        bring_in(store, pid, tmp_path, "id,other\n1,a\n")
    with pytest.raises(RefusedError, match="a PDF"):
        bring_in(store, pid, tmp_path, "%PDF-1.7 text\na\n", "items.csv")
    with pytest.raises(RefusedError, match="is empty"):
        bring_in(store, pid, tmp_path, "\n \n")
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(Lot)).scalar_one() == 0


def test_many_chunks_keep_one_drawn_order_and_every_cursor_is_behind(store: Store, tmp_path: Path) -> None:
    pid = make_project(store, overlap=1)
    bring_in(store, pid, tmp_path, "id,text\n0,zero\n")
    with store.read() as session:
        ana = session.execute(select(col(Person.id))).scalar_one()

    def take(size: int) -> int:
        given = store.transact(lambda session: assignment.next_batch(session, pid, ana, NOW, size=size, resume=False))
        return getattr(given, "size", 0)

    assert take(100) == 1
    count = 2300
    content = "id,text,priority\n" + "".join(f"{n},text {n},{n % 2 * 9}\n" for n in range(1, count + 1))
    assert bring_in(store, pid, tmp_path, content).items == count
    with store.read() as session:
        rows = session.execute(
            select(col(Item.queue_id), col(Item.seq), col(Item.key)).where(col(Item.key) != "0")
        ).all()
        queues = dict(session.execute(select(col(Queue.id), col(Queue.next_seq))).all())
    for queue_id, next_seq in queues.items():
        seqs = sorted(row.seq for row in rows if row.queue_id == queue_id)
        assert seqs == list(range(next_seq - len(seqs), next_seq))
    in_order = [int(row.key) for row in sorted(rows, key=lambda row: row.seq)]
    halves = sum(key <= count // 2 for key in in_order[: count // 2])
    assert count // 5 < halves < count // 3
    assert sum(take(1000) for _ in range(4)) == count


CELL = st.sampled_from(["", "a", "b", "yes", "no", "7", "x,y", '"', "two\nlines", "\u00e9", "\x00", "&lt;"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=12),
    st.lists(st.tuples(st.integers(9, 150), st.sampled_from([b'"', b",", b"\n", b"", b"\xff"])), max_size=3),
)
def test_rows_always_add_up(
    databases: Databases, tmp_path: Path, table: list[tuple[str, ...]], spoils: list[tuple[int, bytes]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    body = bytearray(text.getvalue().encode())
    for place, what in spoils:
        body[min(place, len(body)) : min(place, len(body)) + 1] = what
    store = databases.store("sqlite")
    try:
        pid = make_project(store)
        report = bring_in(store, pid, tmp_path, b"id,text,gold,priority\n" + bytes(body))
        with store.read() as session:
            lot = session.execute(select(Lot)).scalar_one()
            states = dict(session.execute(select(col(Item.state), func.count()).group_by(col(Item.state))).all())
        assert report.rows == report.items + report.duplicates + report.refused == lot.rows
        assert states.get(ItemState.OPEN, 0) == report.items
        assert states.get(ItemState.DUPLICATE, 0) <= report.duplicates
        assert len(refused(store, report)) == report.refused
        again = bring_in(store, pid, tmp_path, b"id,text,gold,priority\n" + bytes(body))
        assert (again.items, again.rows) == (0, report.rows)
    finally:
        store.close()


CHILD = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
from storage.engine import open_store
from workflow import intake

url, project, path, phase, calls = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
size, done = path.stat().st_size, 0

def stop_at(what):
    global calls
    if what == phase:
        calls -= 1
        if calls == 0:
            print("here", flush=True)
            time.sleep(600)

def progress(bytes_done):
    global done
    done = bytes_done
    stop_at("loading")

def now():
    if done == size:
        stop_at("opening")
    return datetime(2026, 3, 2, 9, tzinfo=UTC)

intake.import_file(open_store(url), project, path, now, progress, None)
"""


class Dying:
    """An import in its own process that stops at a point, to be killed there."""

    def __init__(self, url: str, project_id: int, path: Path, phase: str, calls: int) -> None:
        arguments = [url, str(project_id), str(path), phase, str(calls)]
        self.process = subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True)
        out: IO[str] | None = self.process.stdout
        assert out is not None
        assert out.readline() == "here\n"

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[Store, str]]:
    url = databases.url(request.param)
    opened = open_store(url, pool_size=5)
    yield opened, url
    opened.close()


def big_file(folder: Path) -> Path:
    path = folder / "big.csv"
    rows = [f"{n},text {n // 2 * 2 if n % 50 == 1 else n}\n" for n in range(3500)]
    path.write_text("id,text\n" + "".join(rows) + "bad row\n")
    return path


@pytest.mark.parametrize(
    ("address", "phase", "calls"),
    [("sqlite", "loading", 1), ("postgresql", "loading", 3), ("postgresql", "opening", 3), ("sqlite", "opening", 5)],
    indirect=["address"],
)
def test_an_import_that_is_killed_is_finished_or_undone(
    address: tuple[Store, str], tmp_path: Path, phase: str, calls: int
) -> None:
    store, url = address
    pid, path = make_project(store), big_file(tmp_path)
    dying = Dying(url, pid, path, phase, calls)
    try:
        intake.recover(store, NOW)
        with pytest.raises(RefusedError, match="Another import into this project is running"):
            intake.import_file(store, pid, path, lambda: NOW, lambda _: None, None)
        with store.read() as session:
            state = session.execute(select(col(Lot.state))).scalar_one()
        assert state is (LotState.RUNNING if phase == "loading" else LotState.OPENING)
    finally:
        dying.kill()
    intake.recover(store, NOW)
    with store.read() as session:
        [lot] = session.execute(select(Lot)).scalars().all()
        left = session.execute(select(func.count()).select_from(Item)).scalar_one()
    if phase == "loading":
        assert (lot.state, lot.rows, left) == (LotState.UNDONE, 0, 0)
    else:
        assert (lot.state, left) == (LotState.COMPLETE, 3500)
    report = intake.import_file(store, pid, path, lambda: NOW, lambda _: None, None)
    assert (report.rows, report.refused) == (3501, 1)
    found = items(store)
    opened = [item for item in found if item.state is ItemState.OPEN]
    assert len(opened) == 3430
    assert sorted(item.seq or 0 for item in opened) == list(range(1, 3431))
    assert {item.state for item in found} == {ItemState.OPEN, ItemState.DUPLICATE}


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_the_next_import_takes_up_what_a_dead_one_left(address: tuple[Store, str], tmp_path: Path) -> None:
    store, url = address
    pid, path = make_project(store), big_file(tmp_path)
    Dying(url, pid, path, "loading", 2).kill()
    report = once_free(lambda: intake.import_file(store, pid, path, lambda: NOW, lambda _: None, None))
    assert (report.items, report.duplicates, report.refused) == (3430, 70, 1)


def once_free(work: Callable[[], T]) -> T:
    """Do it as soon as PostgreSQL has noticed that who held the lock is dead, which takes it a moment."""
    until = time.monotonic() + 30
    while True:
        try:
            return work()
        except BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_an_import_that_is_interrupted_is_undone_at_once(store: Store, tmp_path: Path) -> None:
    pid, path = make_project(store), big_file(tmp_path)

    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        intake.import_file(store, pid, path, lambda: NOW, interrupt, None)
    assert items(store) == []
    with store.read() as session:
        assert session.execute(select(col(Lot.state))).scalar_one() is LotState.UNDONE


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_items_open_with_the_overlap_of_the_moment(address: tuple[Store, str], tmp_path: Path) -> None:
    store, url = address
    pid, path = make_project(store, overlap=2), big_file(tmp_path)
    dying = Dying(url, pid, path, "opening", 3)
    dying.kill()
    project_edit.make(store, pid, Asked({"overlap": 4}), NOW, None)
    intake.recover(store, NOW)
    assert {(item.overlap, item.open_places) for item in items(store) if item.state is ItemState.OPEN} == {(4, 4)}
