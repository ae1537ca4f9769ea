"""A look into a file says what an import would, and writes nothing."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import SQLModel

from storage.engine import Store
from tests.intake.world import NOW, bring_in, make_project
from workflow import intake
from workflow.intake import OnChange, UnansweredError, lots
from workflow.intake.preview import Preview, preview

FILES = {
    "plain": "id,text\n1,one\n2,two\n3,one\n1,one\n1,other\n,\nbad\n",
    "labels": "id,text,label,annotator\n1,one,yes,A\n1,one,no,B\n2,two,perhaps,A\n",
    "labels again": "id,text,label,annotator\n1,first,yes,A\n1,first,yes,A\n1,first,no,A\n8,one,yes,A\n1,other,yes,B\n",
    "no ids": "text,note\nsame,a\nsame,a\nsame,b\nother,c\n",
    "gold": "id,text,gold,priority\n1,one,yes,3\n2,two,maybe,3\n3,three,no,11\n",
}
BEFORE = "id,text,label,annotator\n1,first,,\n7,seven,,\n8,one,yes,A\n"


def rows_in_store(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in SQLModel.metadata.sorted_tables
        }


def figures(report: Any) -> tuple[Any, ...]:
    return (
        report.rows, report.items, report.duplicates, report.refused, report.changed, report.near, report.labels,
        dict(report.steps), dict(report.filters), report.written,
    )  # fmt: skip


def look(store: Store, project_id: int, folder: Path, content: str, **how: Any) -> Preview:
    path = folder / "items.csv"
    path.write_text(content, newline="")
    return preview(store, project_id, path, **how)


@pytest.mark.parametrize("on_change", list(OnChange))
@pytest.mark.parametrize("name", list(FILES))
def test_a_look_says_what_the_import_then_does(store: Store, tmp_path: Path, name: str, on_change: OnChange) -> None:
    pid = make_project(store)
    bring_in(store, pid, tmp_path, BEFORE)
    before = rows_in_store(store)
    seen = look(store, pid, tmp_path, FILES[name], on_change=on_change)
    assert rows_in_store(store) == before
    done = bring_in(store, pid, tmp_path, FILES[name], on_change=on_change)
    assert figures(seen) == figures(done)
    with store.read() as session:
        assert list(seen.refused_rows) == list(lots.refused_rows(session, done.lot_id))
        assert dict(seen.refused_by_reason) == lots.refused_by_reason(session, done.lot_id)


cells = st.sampled_from(["1", "2", "3", "", "one", "two", " one ", "&amp;"])
tables = st.lists(st.tuples(st.sampled_from(["1", "2", "3", ""]), cells), max_size=12)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@given(tables, tables, st.sampled_from(list(OnChange)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_look_and_an_import_agree_on_any_table(
    store: Store, tmp_path: Path, first: list[tuple[str, str]], then: list[tuple[str, str]], on_change: OnChange
) -> None:
    with store.read() as session:
        count = session.execute(select(func.count()).select_from(SQLModel.metadata.tables["project"])).scalar_one()
    pid = make_project(store, name=f"p{count}")
    written = ["id,text\n" + "".join(f"{key},{text}\n" for key, text in table) for table in (first, then)]
    bring_in(store, pid, tmp_path, written[0])
    seen = look(store, pid, tmp_path, written[1], on_change=on_change)
    done = bring_in(store, pid, tmp_path, written[1], on_change=on_change)
    assert figures(seen) == figures(done)
    again = bring_in(store, pid, tmp_path, written[1], on_change=on_change)
    assert again.items == 0
    assert again.rows == done.rows


def test_the_first_rows_stand_under_what_their_columns_become(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    rows = "uid,body,topic\n" + "".join(f"{n},text {n},t\n" for n in range(9))
    seen = look(store, pid, tmp_path, rows, columns={"text": "body", "id": "uid"})
    assert seen.all_columns == ("uid", "body", "topic")
    assert [dict(row) for row in seen.first_rows] == [
        {"id": str(n), "text": f"text {n}", "topic": "t"} for n in range(5)
    ]


def test_a_question_comes_before_everything(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    rows = "uid,body\n1,one\n"
    seen = look(store, pid, tmp_path, rows)
    assert seen.rows == 0
    assert len(seen.questions) == 1
    assert [dict(row) for row in seen.first_rows] == [{"uid": "1", "body": "one"}]
    path = tmp_path / "items.csv"
    before = rows_in_store(store)
    with pytest.raises(UnansweredError) as raised:
        intake.import_file(store, pid, path, lambda: NOW, lambda _: None, None)
    assert str(raised.value) == "\n".join(seen.questions)
    assert rows_in_store(store) == before


def test_a_file_whose_name_is_no_text_comes_in(store: Store, tmp_path: Path) -> None:
    pid = make_project(store)
    name = os.fsdecode(b"caf\xe9.csv")
    report = bring_in(store, pid, tmp_path, "id,text\n1,one\n", name=name)
    with store.read() as session:
        assert lots.one(session, report.lot_id)["file"] == "caf\ufffd.csv"
