"""A project with steps switched off and filters, from its file to its items, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Item
from workflow import intake, project_file, projects
from workflow.intake import lots

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROJECT = """
name: rte
question: Does it follow?
labels: [yes, no]
channels: {team: "#a", review: "#b", leads: "#c"}
near: off
steps: {html_entities: off}
filters:
  - {name: short, length: {min: 5}, reason: says too little}
  - {name: sources, field: source, values: [web, mail]}
  - {name: writers, field: author, personal_data: email, do: mask}
  - {name: contact, personal_data: [email, card]}
  - {name: endless, pattern: "^(a|aa)+$", must: not_match}
"""
ROWS = (
    "id,text,source,author\r\n"
    "1,a  b &amp; c,web,ana@example.org\r\n"
    "2,abc,web,\r\n"
    "3,a b c d,print,\r\n"
    "4,write to ben@example.org,mail,Ben <ben@example.org>\r\n"
    f"5,{'a' * 60}!,mail,\r\n"
)


def test_what_the_project_file_asks_is_done_and_told(store: Store, tmp_path: Path) -> None:
    spec = project_file.parse(PROJECT.encode())
    project_id = store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id
    path = tmp_path / "items.csv"
    path.write_text(ROWS, encoding="utf-8", newline="")
    report = intake.import_file(store, project_id, path, lambda: NOW, lambda _: None, None)
    assert (report.rows, report.items, report.refused) == (5, 2, 3)
    assert report.steps == {"white_space": 1}
    assert report.filters == {"short": 1, "sources": 1, "writers": 2, "contact": 1, "endless": 1}
    with store.read() as session:
        refused = [(row["line"], row["field"], row["reason"]) for row in lots.refused_rows(session, report.lot_id)]
        items = session.execute(select(Item).order_by(col(Item.key))).scalars().all()
    assert refused == [
        (3, "text", "short: says too little (too short: 3 characters, at least 5)"),
        (4, "source", "sources: 'print' is none of web, mail"),
        (6, "text", "endless: the pattern takes too long on this text"),
    ]
    assert [(item.fields, item.extra, item.flagged_by) for item in items] == [
        ({"text": "a b &amp; c"}, {"source": "web", "author": "[email]"}, None),
        ({"text": "write to ben@example.org"}, {"source": "mail", "author": "Ben <[email]>"}, ["contact"]),
    ]
