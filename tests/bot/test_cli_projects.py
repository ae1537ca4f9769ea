"""``concord project edit`` and ``export``: a file is compared, shown and made; options too; all or nothing."""

from pathlib import Path

import pytest
import typer

from tests.bot import test_cli
from tests.bot.command_line import Concord
from tests.bot.test_cli import PROJECT

concord, project = test_cli.concord, test_cli.project


def written(folder: Path, text: str) -> Path:
    path = folder / "wanted.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def answer(monkeypatch: pytest.MonkeyPatch, said: bool) -> list[str]:
    asked: list[str] = []

    def confirm(question: str, **_how: object) -> bool:
        asked.append(question)
        return said

    monkeypatch.setattr(typer, "confirm", confirm)
    return asked


def test_what_is_exported_is_the_file_that_makes_it(project: Concord, tmp_path: Path) -> None:
    text = project("project", "export", "rte").out
    assert "user: '@ana'" in text
    assert project("project", "export", "rte", "-o", "kept.yaml").out == ""
    assert (tmp_path / "kept.yaml").read_text(encoding="utf-8") == text
    same = project("project", "edit", "rte", "-f", "kept.yaml")
    assert same.out.startswith("Nothing differs: project rte stays as it is.\n")
    other = text.replace("name: rte", "name: other")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    assert project("project", "create", "-f", "other.yaml").code == 0
    assert project("project", "export", "other").out == other
    assert project("project", "export", "nope").code == 2


def test_a_file_is_shown_and_asked_about_before_it_is_made(
    project: Concord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = written(tmp_path, PROJECT.replace("Does it follow?", "Does it really?") + "overlap: 2\nnear: link\n")
    asked = answer(monkeypatch, said=False)
    ran = project("project", "edit", "rte", "-f", str(wanted))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "  question: Does it follow? -> Does it really?",
        "  overlap: 3 -> 2",
        "  near: report -> link",
        "Nothing was changed.",
    ]
    assert asked == ["Change rte so?"]
    assert "overlap 3" in project("project", "show", "rte").out
    answer(monkeypatch, said=True)
    assert "Project rte is changed." in project("project", "edit", "rte", "-f", str(wanted)).out
    assert "overlap 2" in project("project", "show", "rte").out


def test_a_file_may_leave_out_what_stays_and_people_are_exactly_those_it_names(
    project: Concord, tmp_path: Path
) -> None:
    wanted = written(tmp_path, 'channels: {review: "#r2"}\npeople:\n  - {user: "@ben", roles: [annotator]}\n')
    ran = project("project", "edit", "rte", "-f", str(wanted), "--yes", "--json")
    changed = {one["what"]: (one["before"], one["after"]) for one in ran.json["changed"]}
    assert changed == {
        "channels.review": ("#rte-review", "#r2"),
        "roles of @ben": ([], ["annotator"]),
        "roles of @ana": (["annotator", "lead"], []),
    }
    shown = project("project", "show", "rte").out
    assert "team #rte" in shown
    assert "ana [@ana]" not in shown


def test_all_faults_of_a_file_are_named_by_line_and_nothing_is_made(project: Concord, tmp_path: Path) -> None:
    project("import", "rte", test_cli.items_file(tmp_path, "text\nhello\n"))
    before = project("project", "export", "rte").out
    wanted = written(tmp_path, "name: rte\noverlap: 5\nlabels: [yes, no, maybe]\nfields: [body]\nskipp: never\n")
    ran = project("project", "edit", "rte", "-f", str(wanted), "--yes")
    assert (ran.code, ran.err) == (1, "wanted.yaml:5: skipp: is not a key here: did you mean skip?\n")
    wanted = written(
        tmp_path, "name: other\noverlap: 5\nlabels: [yes, no, maybe]\nfields: [body]\nguideline: |\n  New\n"
    )
    ran = project("project", "edit", "rte", "-f", str(wanted), "--yes")
    assert ran.code == 1
    assert [line.split(": ")[0] + ":" + line.split(": ")[1] for line in ran.err.splitlines()] == [
        "wanted.yaml:1:name",
        "wanted.yaml:3:labels",
        "wanted.yaml:4:fields",
        "wanted.yaml:5:guideline",
    ]
    assert project("project", "export", "rte").out == before
    for text, said in (
        ("", "wanted.yaml:1: "),
        ("overlap:\n", "wanted.yaml:1: overlap: is empty"),
        ("a: [", "not YAML"),
    ):
        ran = project("project", "edit", "rte", "-f", str(written(tmp_path, text)), "--yes")
        assert ran.code == 1
        assert said in ran.err
    assert project("project", "edit", "rte", "-f", "missing.yaml").code == 2


def test_a_guideline_beside_the_file_is_compared_too(project: Concord, tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text("# Rules\n\nRead twice.\n")
    wanted = written(tmp_path, "guideline: rules.md\n")
    assert "guideline: " in project("project", "edit", "rte", "-f", str(wanted), "--yes").out
    assert "Read twice." in project("project", "export", "rte").out
    assert project("project", "edit", "rte", "-f", str(wanted), "--yes").out.startswith("Nothing differs")


def test_options_change_one_thing_each(project: Concord) -> None:
    ran = project(
        "project", "edit", "rte", "--question", "Is it so?", "--batch-size", "10", "--accept", "0.80", "--skip", "never",
        "--hold", "2d", "--time-zone", "Asia/Kathmandu", "--digest", "7:30", "--near", "off",
    )  # fmt: skip
    assert "  accept: majority -> 0.8\n" in ran.out
    assert "What is decided stays decided" in ran.out
    text = project("project", "export", "rte").out
    for line in ("question: Is it so?", "batch_size: 10", "accept: '0.8'", "skip: never", "hold: 2d", "near: 'off'"):
        assert line + "\n" in text
    assert "time_zone: Asia/Kathmandu\ndigest: 07:30\n" in text
    same = project("project", "edit", "rte", "--hold", "48h")
    assert same.out.startswith("Nothing differs: project rte stays as it is.")


def test_faults_of_options_are_named_by_their_key_and_nothing_is_done(project: Concord) -> None:
    ran = project("project", "edit", "rte", "--overlap", "0", "--hold", "soon", "--person", "@ben=annotator")
    assert ran.code == 1
    assert {line.split(":")[0] for line in ran.err.splitlines()} == {"overlap", "hold"}
    assert "ben" not in project("project", "show", "rte").out
    ran = project("project", "edit", "rte", "--overlap", "2", "--remove", "@nobody")
    assert "@nobody is not in this project" in ran.err
    assert "overlap 3" in project("project", "show", "rte").out
