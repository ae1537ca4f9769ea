"""What audits lead to, in chat: a card where the same is found again and again, and the summary with its file."""

import csv
import io
from collections import Counter

from sqlalchemy import select
from sqlmodel import col

from storage.tables import AuditDesign, AuditVerdict, Finding, Project, Proposal, Severity
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.test_audits import finished, tick
from tests.house.waiting import all_at_once, once, until
from workflow.audit import answering, plan, starting
from workflow.guidelines.proposals import example_lines

NOTE = "It says “all” 🙂, <!channel> *not* some."


def audited(house: House, wrong: int, size: int) -> int:
    """An audit that ends: Odo finds so many wrong."""
    wanted = starting.Wanted(AuditDesign.RANDOM, plan=plan.looking_at(size), why="Before release 3")
    project_id, lea = house.one(select(col(Project.id))).id, house.lea.id
    audit_id: int = house.store.transact(lambda s: starting.start(s, project_id, lea, wanted, house.clock()))
    tick(house)
    while finding := house.store.transact(lambda s: answering.next_finding(s, house.odo.id, audit_id, house.clock())):
        judge(house, finding, bad=wrong > 0)
        wrong -= 1
    tick(house)
    return audit_id


def judge(house: House, finding_id: int, *, bad: bool) -> None:
    drawn = house.one(select(col(Finding.value_id)).where(col(Finding.id) == finding_id)).value_id
    other = next(value_id for value_id in house.values() if value_id != drawn)
    odo, now = house.odo.id, house.clock()
    verdict = AuditVerdict.WRONG if bad else AuditVerdict.RIGHT
    how = {"severity": Severity.MAJOR, "correct_id": other, "reason_code": "rule_missed", "note": NOTE} if bad else {}
    house.store.transact(lambda s: answering.answer(s, odo, finding_id, other if bad else drawn, now))
    house.store.transact(lambda s: answering.judge(s, odo, finding_id, verdict, now, **how))  # type: ignore[arg-type]


def told(house: House, part: str) -> Json:
    found = until(lambda: [one for one in house.posts("lea", "rte-leads") if part in words(one)])[0]
    return {**found, "channel": house.workspace.channel("rte-leads")}


def test_what_is_found_three_times_is_proposed_with_its_cases(open_house: OpenHouse) -> None:
    house = finished(open_house, 8)
    audited(house, 3, 6)
    tick(house)
    card = told(house, "Audits found the same of 3 items")
    assert card["text"].count("It says “all” 🙂, &lt;!channel&gt;") == 3
    assert titles(card) == ["Propose a change", "Guideline"]
    house.lea.press_ok(card, "Propose a change")
    form = once(house.lea.modal, lambda view: "from 3 findings of audits that say the same" in words(view))
    form = house.lea.choose(form, "section", "1")
    for done in all_at_once([lambda: house.lea.submit(form, {})] * 2):
        assert done["ok"], done
    [proposal] = until(lambda: house.rows(select(col(Proposal.id), col(Proposal.why), col(Proposal.summary))))
    assert "“No” was wrong, “Yes” is right" in proposal.why
    assert proposal.why.count(NOTE) == 3
    with house.store.read() as session:
        assert len(example_lines.written(session, proposal.id)) == 3


def test_the_summary_comes_with_its_chart_and_the_findings_in_the_thread(open_house: OpenHouse) -> None:
    house = finished(open_house, 8)
    audited(house, 1, 6)
    head = told(house, "What audit 1 found")
    assert "1 of 6 wrong" in words(head)
    assert "Before release 3" in words(head)
    assert "of 6 wrong, too few to say more" in words(head)
    assert [block["slack_file"]["id"] for block in head["blocks"] if block["type"] == "image"]
    place = house.workspace.channel("rte-leads")

    def files() -> list[Json]:
        thread = house.workspace.messages("lea", place, thread_ts=head["ts"])
        return [file for one in thread for file in one.get("files", [])]

    [file] = until(files)
    assert file["name"] == "findings-audit-1.csv"
    content = house.workspace.http.request("GET", house.workspace.url + file["url"]).data.decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert Counter(row["verdict"] for row in rows) == {"wrong": 1, "right": 5}
    assert {row["note"] for row in rows} == {NOTE, ""}
