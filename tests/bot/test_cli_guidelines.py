"""Guidelines on the command line: versions listed, shown, compared, exported, and a new one proposed from a file."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from jobs import guidelines
from storage.engine import Store
from storage.tables import Proposal, ProposalState, Role
from tests.bot.command_line import Concord, runner
from tests.builders import NOW, World, add_person, build
from workflow.guidelines.decisions import deciding
from workflow.guidelines.text import sections

FIRST = "# Rules\n\nBe careful.\n"
SECOND = "# Rules\n\nBe very careful 🙂.\n\n# Hedges\n\nقد ليس نعم\n"


@pytest.fixture
def concord(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Concord:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONCORD_HOME", "CONCORD_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return runner(monkeypatch, capfd)


@pytest.fixture
def world(store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project with a manager."""
    monkeypatch.setenv("CONCORD_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    world = build(store, annotators=("ana", "ben"), items=2)
    with store.write() as session:
        add_person(session, world, "max", Role.MANAGER)
    return world


def put_in_force(world: World, proposal_id: int) -> None:
    """The manager approves it, and the clock does the rest."""
    later = NOW + timedelta(days=400)
    guidelines.keep_up(world.store, later, lambda: None)

    def approve(session: Session) -> None:
        revision = session.execute(select(col(Proposal.revision)).where(col(Proposal.id) == proposal_id)).scalar_one()
        deciding.approve(session, proposal_id, revision, world.slack_id("max"), later)

    world.store.transact(approve)
    guidelines.keep_up(world.store, later, lambda: None)


def test_a_version_from_its_proposal_to_the_exported_files(world: World, concord: Concord, tmp_path: Path) -> None:
    (tmp_path / "new.md").write_text(SECOND, encoding="utf-8")
    why = ("--summary", "Hedges do not imply", "--why", "Six cases\n# not a heading", "--by", world.slack_id("ana"))
    made = concord("guideline", "propose", "rte", "new.md", *why, "--label", "rename no = never | Never", "--json")
    assert (made.code, made.json["project"]) == (0, "rte"), made.err
    put_in_force(world, made.json["proposal"])

    assert "Guideline   2.0 is read by 0 of 3; not yet: Ana, Ben" in concord("digest", "rte").out
    listed = concord("guideline", "list", "rte", "--json").json
    assert [(one["version"], one["in_force"], one["kind"]) for one in listed] == [
        ("2.0", True, "rule_change"),
        ("1.0", False, None),
    ]
    assert (
        concord("guideline", "list", "rte")
        .out.splitlines()[0]
        .endswith("rule change, Ana, Hedges do not imply, in force")
    )
    assert concord("guideline", "show", "rte").out == SECOND
    assert concord("guideline", "show", "rte", "-o", "shown.md").code == 0
    assert (tmp_path / "shown.md").read_text(encoding="utf-8") == SECOND
    assert concord("guideline", "show", "rte", "1.0", "--json").json["markdown"].strip() == FIRST.strip()
    assert concord("guideline", "show", "rte", "--json", "-o", "shown.json").out == ""
    assert json.loads((tmp_path / "shown.json").read_text(encoding="utf-8"))["markdown"] == SECOND

    told = concord("guideline", "diff", "rte", "1.0", "2.0").out
    assert told.startswith("rte, 1.0 -> 2.0: 1 section changed, 1 added\nLabel: “no” is called “never”")
    assert "CHANGED: Rules\n\nBe {+very +}careful{+ 🙂+}.\n" in told
    assert "ADDED: Hedges\n\n{+قد ليس نعم+}\n" in told
    assert concord("guideline", "diff", "rte").out == told, "without numbers: the last two"
    changes = concord("guideline", "diff", "rte", "1.0", "--json").json["changes"]
    assert [change["kind"] for change in changes] == ["changed", "added"]
    unified = concord("guideline", "diff", "rte", "1.0", "2.0", "-u").out
    assert unified.startswith("--- 1.0.md\n+++ 2.0.md\n@@ ")
    assert "-Be careful.\n" in unified

    ran = concord("guideline", "export", "rte", "out/guideline")
    assert ran.code == 0
    folder = tmp_path / "out" / "guideline"
    assert sorted(path.name for path in folder.iterdir()) == ["1.0.md", "2.0.md", "CHANGELOG.md"]
    assert (folder / "2.0.md").read_text(encoding="utf-8") == SECOND
    log = (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [section.title.split(",")[0] for section in sections.read(log)] == ["Guideline of rte", "2.0", "1.0"]
    said = (
        "> # not a heading",
        "- Proposed by",
        "- Approved by",
        "- Label: “no”",
        "- Changed: “Rules”",
        "- Added: “Hedges”",
    )
    assert [part for part in said if part not in log] == []
    before = (folder / "CHANGELOG.md").read_bytes()
    assert concord("guideline", "export", "rte", "out/guideline").code == 0
    assert (folder / "CHANGELOG.md").read_bytes() == before


def test_what_a_proposal_says_is_kept_and_times_are_the_projects(world: World, concord: Concord) -> None:
    soon = datetime.now(ZoneInfo("Europe/Berlin")).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(30)
    made = concord(
        "guideline", "propose", "rte", "--kind", "rule-change", "--summary", "A clearer name", "--why", "It is clearer",
        "--label", "rename no = never | Never", "--touches", "yes", "--touches", "never", "--at", f"{soon:%Y-%m-%d %H:%M}",
    )  # fmt: skip
    assert made.code == 0, made.err
    (row,) = world.rows(select(Proposal))
    kept = row.Proposal
    assert kept.state is ProposalState.PROPOSED
    assert kept.wanted_at == soon
    assert kept.by_id is None
    assert "yes" in kept.labels_touched
    assert kept.markdown.strip() == FIRST.strip(), "only labels change"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_cannot_be_done_says_what_to_do(world: World, concord: Concord, tmp_path: Path) -> None:
    (tmp_path / "same.md").write_text(FIRST)
    (tmp_path / "empty.md").write_text(" \n")
    (tmp_path / "file.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "large.md").write_bytes(b"# A\n\nword\n" * 500_000)
    propose = ("guideline", "propose", "rte")
    named = ("--summary", "A change", "--why", "Because")
    for arguments, code, said in (
        (("guideline", "show", "rte", "7.1"), 2, "There is 1.0"),
        (("guideline", "diff", "rte"), 2, "1.0 is the first version"),
        (("guideline", "diff", "rte", "1.0"), 2, "These are one version"),
        (("guideline", "list", "nope"), 2, "nope"),
        ((*propose, "gone.md"), 2, "no such file"),
        ((*propose, "empty.md", *named), 1, "empty.md is empty: write what people are to do"),
        ((*propose, "file.pdf", *named), 1, "is a PDF: save or export it as Markdown"),
        ((*propose, "large.md", *named), 1, "large.md is too long: a guideline has at most 400,000 characters"),
        ((*propose, "same.md", *named, "--kind", "other"), 2, "choose one of clarification, rule-change, new-label"),
        ((*propose, "same.md", *named, "--at", "noon"), 2, "write a time as"),
        ((*propose, "same.md", *named, "--base", "9.9"), 2, "There is 1.0"),
        ((*propose, "same.md", *named, "--by", "@nobody"), 2, "nobody"),
        ((*propose, "same.md", *named), 2, "the text: "),
        ((*propose, "same.md"), 2, "--summary: "),
        ((*propose, *named, "--label", "rename gone = x"), 2, "--label: "),
    ):
        ran = concord(*arguments)
        assert (ran.code, ran.out) == (code, ""), arguments
        assert said in ran.err, arguments
    assert world.rows(select(col(Proposal.id))) == [], "nothing was kept"
