"""The command line: what it prints, where, and with which exit code; never a stack trace."""

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.main import get_command

from bot import cli
from bot.cli.errors import explain
from storage import schema
from storage.engine import open_store
from tests.bot.command_line import Concord, runner
from tests.conftest import KINDS
from tests.databases import Databases
from workflow.errors import RefusedError

ROOT = Path(__file__).parents[2]

PROJECT = """
name: rte
question: Does it follow?
labels: [yes, no]
channels: {team: "#rte", review: "#rte-review", leads: "#rte-leads"}
people:
  - {user: "@ana", roles: [annotator, lead]}
"""


@pytest.fixture
def concord(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Concord:
    """Runs a command in an empty folder, with its store under ``.concord``."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONCORD_HOME", "CONCORD_DATABASE_URL", "CONCORD_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    return runner(monkeypatch, capfd)


@pytest.fixture
def project(concord: Concord, tmp_path: Path) -> Concord:
    (tmp_path / "project.yaml").write_text(PROJECT)
    assert concord("project", "create", "-f", "project.yaml").code == 0
    return concord


def items_file(folder: Path, content: str, name: str = "items.csv") -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return name


def test_a_project_is_made_listed_shown_and_changed(concord: Concord, tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    assert concord("project", "list", "--json").json == []
    made = concord("project", "create", "-f", "project.yaml")
    assert made.out.startswith("Project rte is made: 2 labels, overlap 3, 1 people.\n")
    assert "until 2 more join" in made.out
    assert "@ana is looked for" in made.out
    assert concord("project", "list").out == "rte: 0 of 0 items done, 1 people\n"
    assert concord("project", "show", "rte", "--json").json["labels"][0]["value"] == "yes"
    changed = concord(
        "project",
        "edit",
        "rte",
        "--overlap",
        "2",
        "--channel",
        "review=#rulings",
        "--person",
        "@ben=annotator",
        "--json",
    )
    assert changed.json["project"] == "rte"
    shown = concord("project", "show", "rte").out
    assert "overlap 2" in shown
    assert "review #rulings" in shown
    assert "ben [@ben]: annotator" in shown
    assert (tmp_path / ".concord" / "concord.db").exists()


def test_what_a_project_says_of_its_imports_is_shown(concord: Concord, tmp_path: Path) -> None:
    intake = "near: {do: link, threshold: 0.9}\nsteps: {html_entities: off}\nfilters:\n"
    intake += "  - {name: short, length: {min: 20}}\n  - {name: contact, personal_data: [email, phone]}\n"
    (tmp_path / "project.yaml").write_text(f"{PROJECT}\n{intake}")
    assert concord("project", "create", "-f", "project.yaml").code == 0
    shown = concord("project", "show", "rte").out.splitlines()
    assert "Near duplicates: do link, threshold 0.9" in shown
    assert "Steps: html_entities off" in shown
    assert "Filter short: refuse, length min 20" in shown
    assert "Filter contact: flag, personal_data email, phone" in shown
    assert concord("project", "show", "rte", "--json").json["steps"] == {"html_entities": "off"}


def test_faults_of_a_project_file_are_lines_on_standard_error(concord: Concord, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PROJECT.replace("labels: [yes, no]", "labels: [yes]\nskipp: never"))
    ran = concord("project", "create", "-f", "p.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "p.yaml:4: labels: has 1: write 2 to 100",
        "p.yaml:5: skipp: is not a key here: did you mean skip?",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("project", "show", "nope"), 2, "There is no project nope. There is rte."),
        (("project", "create", "-f", "nope.yaml"), 2, "nope.yaml: no such file or directory"),
        (("project", "create", "-f", "project.yaml"), 1, "There is a project rte already"),
        (("project", "edit", "rte", "--channel", "other=#x"), 2, "--channel other=#x"),
        (("project", "edit", "rte", "--person", "@ana=boss"), 2, "There is no role 'boss'"),
        (("project", "edit", "rte", "--overlap", "0"), 1, "overlap: 0 is out of bounds: at least 1"),
        (("people", "rte", "remove", "@zoe"), 1, "@zoe is not in this project. In it: @ana."),
        (("people", "rte", "add", "zoe"), 1, "names nobody"),
        (("import", "rte", "nope.csv"), 2, "nope.csv: no such file or directory"),
        (("import", "rte", "project.yaml"), 1, "No column is called 'text'"),
        (("import", "rte", "project.yaml", "--format", "xml"), 2, "There is no format 'xml'"),
        (("import", "rte", "project.yaml", "--format", "csv"), 1, "No column is called 'text'"),
        (("labels", "rte", "--format", "xml"), 2, "There is no format 'xml'"),
        (("labels", "nope"), 2, "There is no project nope"),
        (("items", "rte", "-o", "no/such/folder.csv"), 2, "no such file or directory"),
        (("frobnicate",), 2, "No such command"),
        (("import", "rte"), 2, "Missing argument"),
    ],
)
def test_what_goes_wrong_is_said_clearly(project: Concord, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = project(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_people_come_and_go(project: Concord) -> None:
    assert project("people", "rte").out == "  ana [@ana]: annotator, lead\n"
    added = project("people", "rte", "add", "U024BE7LH", "--role", "reviewer", "--json")
    assert {person["user"]: person["roles"] for person in added.json} == {
        "@ana": ["annotator", "lead"],
        "U024BE7LH": ["reviewer"],
    }
    assert "ben [@ben]: annotator" in project("people", "rte", "add", "@ben").out
    assert "ben [@ben]: auditor, manager" in project("people", "rte", "role", "@Ben", "manager", "auditor").out
    assert "ben" not in project("people", "rte", "remove", "@ben").out
    assert len(project("people", "rte", "list", "--json").json) == 2


def test_an_import_reports_as_one_object(project: Concord, tmp_path: Path) -> None:
    name = items_file(tmp_path, 'id,text\n1,a\n2,a\n3,"b\n4,\n5,c,d\n6,fine\n')
    ran = project("import", "rte", name, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {
        "rows": 6,
        "items": 2,
        "duplicates": 1,
        "near": 0,
        "near_pairs": 0,
        "changed": 0,
        "labels": 0,
        "lot": 1,
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ",",
        "columns": {"id": "id", "text": "text"},
        "steps": [],
        "filters": [],
        "refused": [
            {"line": 4, "field": "text", "reason": "broken quotes: a quoted field is not closed"},
            {"line": 5, "field": "text", "reason": "empty"},
            {"line": 6, "field": "", "reason": "too many columns: 3 instead of 2"},
        ],
    }
    again = project("import", "rte", name)
    assert again.code == 0
    assert again.out.startswith("items.csv: 6 rows = 0 items + 3 duplicates + 3 refused\n  line 4, text: broken quotes")


def test_an_import_of_nothing_is_a_failure(project: Concord, tmp_path: Path) -> None:
    assert project("import", "rte", items_file(tmp_path, "id,text\n1,\n")).code == 1
    ran = project("import", "rte", items_file(tmp_path, "id,text\n"), "--json")
    assert (ran.code, ran.json["rows"], ran.json["refused"]) == (1, 0, [])


def test_a_dry_run_says_all_of_it_and_writes_nothing(project: Concord, tmp_path: Path) -> None:
    name = items_file(tmp_path, "id,text\n1,a &amp; b\n2,c\n3,\n")
    looked = project("import", "rte", name, "--dry-run", "--json").json
    assert project("items", "rte").out.count("\n") == 1
    done = project("import", "rte", name, "--json").json
    assert looked == {**done, "lot": None}
    assert "Nothing was written." in project("import", "rte", name, "--dry-run").out


def test_a_dry_run_tells_every_refused_row(project: Concord, tmp_path: Path) -> None:
    name = items_file(tmp_path, "id,text\n" + "".join(f"{n},\n" for n in range(150)))
    looked: Any = project("import", "rte", name, "--dry-run", "--json").json
    assert [row["line"] for row in looked["refused"]] == list(range(2, 152))
    assert "... and 130 more" in project("import", "rte", name, "--dry-run").out


def test_columns_are_mapped_and_shown(project: Concord, tmp_path: Path) -> None:
    name = items_file(tmp_path, "uid,body,topic\n1,one,t\n")
    asked = project("import", "rte", name)
    assert asked.code == 1
    assert "No column is called 'text'" in asked.err
    assert "--map" in asked.err
    ran = project("import", "rte", name, "--map", "text=body", "--map", "id=uid")
    assert ran.code == 0
    assert "text <- body" in ran.err
    assert "kept as metadata: topic" in ran.err
    for wrong in ("text", "text=nope", "nope=body"):
        assert project("import", "rte", name, "--map", wrong).code in (1, 2)


def test_a_lot_is_listed_shown_and_taken_back(
    project: Concord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project("import", "rte", items_file(tmp_path, "id,text\n1,one\n2,\n3,=1+1\n4,a,b\n"), "--refused", "refused.csv")
    lots: Any = project("lots", "list", "rte", "--json").json
    [lot] = lots
    assert (lot["lot"], lot["items"], lot["refused"], lot["state"]) == (1, 2, 2, "complete")
    assert "items.csv" in project("lots", "list", "rte").out
    assert "2 items" in project("lots", "show", "1").out
    printed = project("lots", "refused", "1").out
    assert printed == (tmp_path / "refused.csv").read_text()
    assert printed.splitlines()[0] == "line,field,reason,row"
    assert project("lots", "refused", "1", "--as-came").out == "id,text\n2,\n4,a,b\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    unasked = project("lots", "undo", "1")
    assert (unasked.code, "say --yes" in unasked.err) == (2, True)
    assert project("lots", "undo", "1", "--yes").code == 0
    assert project("items", "rte").out.count("\n") == 1
    assert project("lots", "undo", "1", "--yes").code == 1
    assert project("lots", "show", "7").code == 1


def test_many_refused_rows_are_counted_and_printed_on_demand(project: Concord, tmp_path: Path) -> None:
    name = items_file(tmp_path, "id,text\n1,fine\n" + "a,b,c\n" * 50)
    assert "... and 30 more" in project("import", "rte", name).out
    assert len(project("import", "rte", name, "--json").json["refused"]) == 50


def test_items_go_out_as_they_came_in(project: Concord, tmp_path: Path) -> None:
    content = json.dumps({"id": "=1+1", "text": "-x \U0001f600\u2028", "n": 2**60}, ensure_ascii=False) + "\n"
    project("import", "rte", items_file(tmp_path, content, "a.jsonl"))
    exact = project("items", "rte", "--format", "jsonl")
    assert (exact.code, exact.err) == (0, "")
    assert json.loads(exact.out)["id"] == "=1+1"
    assert json.loads(exact.out)["metadata"] == {"n": 2**60}
    safe = project("items", "rte")
    [row] = csv.DictReader(io.StringIO(safe.out))
    assert (row["id"], row["text"]) == ("'=1+1", "'-x \U0001f600")
    assert "take one leading apostrophe" in safe.err
    raw = project("items", "rte", "--raw", "-o", "out.csv")
    assert (raw.out, raw.err) == ("", "")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].startswith("=1+1,-x")
    assert project("labels", "rte").out.startswith("item_id,person,value,guideline,at,state,final")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".concord", "a.jsonl", "out.csv", "project.yaml"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_database_is_upgraded_and_a_newer_one_refused(
    concord: Concord, databases: Databases, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.url(kind, empty=True)
    monkeypatch.setenv("CONCORD_DATABASE_URL", url)
    assert concord("db", "upgrade").out.startswith("Brought from nothing to ")
    assert concord("db", "upgrade").out.startswith("Already at ")
    store = open_store(url)
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'f00dfeedbeef'"))
    store.close()
    for command in (("db", "upgrade"), ("project", "list")):
        ran = concord(*command)
        assert (ran.code, ran.out) == (1, "")
        assert "f00dfeedbeef" in ran.err


def test_an_older_database_is_upgraded_by_who_says_so_alone(
    concord: Concord, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.url("sqlite", empty=True)
    monkeypatch.setenv("CONCORD_DATABASE_URL", url)
    before = schema.revisions()[0]
    with closing(open_store(url)) as store:
        schema.upgrade_to(store, before)
        for command in (("status",), ("project", "list"), ("audit", "start", "rte")):
            ran = concord(*command)
            assert (ran.code, ran.out) == (1, "")
            assert before in ran.err
            assert ran.err.endswith("or run: concord db upgrade\n")
            assert schema.revision(store) == before
    assert concord("db", "upgrade").out == f"Brought from {before} to {schema.newest()}.\n"
    assert "There is no project yet" in concord("status").out


def test_a_database_that_is_not_there_is_said_without_its_password(
    concord: Concord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_DATABASE_URL", "postgresql://ana:hunter2@127.0.0.1:1/x")
    ran = concord("project", "list")
    assert ran.code == 1
    assert ran.err.startswith("The database cannot be used: ")
    assert concord("db", "path").out == "postgresql://ana:***@127.0.0.1:1/x\n"
    monkeypatch.setenv("CONCORD_DATABASE_URL", "nonsense")
    wrong = concord("project", "list")
    assert wrong.err.startswith("The database cannot be used: ")
    assert "hunter2" not in ran.err + wrong.err


def test_unexpected_errors_are_one_line() -> None:
    assert explain(KeyError("x")) == (
        "Something went wrong that should not have (KeyError: 'x'). CONCORD_DEBUG=1 shows where.",
        1,
    )
    assert explain(RefusedError("No.")) == ("No.", 1)


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    pending = [((), get_command(cli.app))]
    while pending:
        path, command = pending.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append(path)
        else:
            pending += [((*path, name), sub) for name, sub in inner.items()]  # type: ignore[misc]
    return sorted(found)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(concord: Concord, command: tuple[str, ...]) -> None:
    placed = ("people", "rte", *command[1:]) if command[0] == "people" else command
    ran = concord(*placed, "--help")
    assert ran.code == 0
    assert "Example" in ran.out
    assert "concord " + command[0] in ran.out.split("Example", 1)[1]


def test_help_imports_nothing_heavy() -> None:
    heavy = ["pandas", "numpy", "matplotlib", "krippendorff", "sqlalchemy", "slack_bolt", "alembic", "rich"]
    script = (
        "import sys; sys.argv = ['concord', '--help']\nfrom bot.cli import main\n"
        f"try: main()\nexcept SystemExit: pass\nprint(sorted(set({heavy}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_closes_early_sees_no_error(project: Concord, tmp_path: Path) -> None:
    project("import", "rte", items_file(tmp_path, "text\n" + "".join(f"text {n}\n" for n in range(3000))))
    script = "from bot.cli import main; import sys; sys.argv = ['concord', 'items', 'rte']; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=_path()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert errors == b""


def _path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_the_version_is_printed(concord: Concord) -> None:
    ran = concord("--version")
    assert ran.code == 0
    assert ran.out.strip()[0].isdigit()


def test_the_help_of_people_shows_how_to_call_it(concord: Concord) -> None:
    assert "concord people rte add @ana" in concord("people", "--help").out


def test_a_command_says_that_it_made_a_new_store_and_says_it_once(concord: Concord, tmp_path: Path) -> None:
    assert str(tmp_path / ".concord" / "concord.db") in concord("project", "list", "--json").err
    assert concord("project", "list", "--json").err == ""


def test_an_edit_of_nothing_is_a_wrong_call(project: Concord) -> None:
    assert project("project", "edit", "rte").code == 2


def test_an_export_goes_into_a_pipe_and_through_a_link_and_replaces_neither(project: Concord, tmp_path: Path) -> None:
    project("import", "rte", items_file(tmp_path, "text\nhello\n"))
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert project("items", "rte", "-o", "pipe").code == 0
    assert b"hello" in os.read(reader, 4096)
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert project("items", "rte", "-o", "link.csv").code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert "hello" in (tmp_path / "real.csv").read_text()


@pytest.mark.parametrize("call", [("items", "rte", "-o", ".")], ids=" ".join)
def test_a_folder_where_a_file_is_wanted_is_called_one(project: Concord, call: tuple[str, ...]) -> None:
    ran = project(*call)
    assert (ran.code, ran.err.strip()) == (2, ".: is a directory")


@pytest.mark.parametrize(
    ("name", "start"),
    [("items.xlsx", b"PK\x03\x04"), ("items.csv", b"PK\x03\x04"), ("items.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")],
)
def test_a_spreadsheet_is_to_be_saved_as_csv(project: Concord, tmp_path: Path, name: str, start: bytes) -> None:
    (tmp_path / name).write_bytes(start + bytes(range(256)))
    ran = project("import", "rte", name)
    assert ran.code == 1
    assert "save it as CSV UTF-8" in ran.err


@pytest.mark.parametrize(
    ("url", "said"),
    [("mysql://u:secret@db/x", "neither sqlite nor postgresql"), ("sqlite:///text.db", "not a database")],
)
def test_what_is_no_database_of_ours_is_said(
    concord: Concord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    (tmp_path / "text.db").write_text("This is a text and no database at all. " * 10)
    monkeypatch.setenv("CONCORD_DATABASE_URL", url)
    ran = concord("project", "list")
    assert ran.code == 1
    assert said in ran.err
    assert "secret" not in ran.err
    assert "should not have" not in ran.err


def test_settings_in_another_encoding_are_said(concord: Concord, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CONCORD_HOME=x\n", encoding="utf-16")
    ran = concord("project", "list")
    assert ran.code == 2
    assert "UTF-8" in ran.err


def test_a_short_list_read_by_nobody_ends_in_silence(project: Concord, tmp_path: Path) -> None:
    script = "from bot.cli import main; import sys; sys.argv = ['concord', 'people', 'rte', 'list']; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=_path()
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.wait()
