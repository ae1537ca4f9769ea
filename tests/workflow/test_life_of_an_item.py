"""Whatever people do to items, in whatever order: none is stuck, none is lost, nobody judges their own work, and all end.

A state machine drives one small project at a time through everything that can happen to its items: they are labelled,
flagged, ruled, contested, reviewed, audited, given out again, replaced by other texts, taken back with their lot, while
versions change the labels and a lead the rules; by people of whom some have several roles, who leave, join and lose a role
with something in hand, and whose clicks come twice and late. It looks at the whole project after every step:
``tests/workflow/life.py`` says what must hold of items, ``tests/workflow/whole_life`` of what is told of them and of who
judged them. At the end everybody does what they can, and then somebody new the rest.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Audit,
    AuditState,
    Dispute,
    DisputeState,
    EscalationState,
    Finding,
    ItemState,
    Outbox,
    Review,
    ReviewState,
    Role,
    Ruling,
)
from tests.builders import add_person
from tests.workflow import life_again
from tests.workflow.whole_life import judges
from tests.workflow.whole_life.settings import LifeOfSettings
from tests.workflow.whole_life.world import HOLD
from workflow import projects, upkeep
from workflow.audit import replaying
from workflow.review import deciding
from workflow.states import MOVES

ROUNDS = 60
ENDED = (ItemState.ACCEPTED, ItemState.RULED, ItemState.REPLACED, ItemState.DUPLICATE)
GOING_ON = (AuditState.DRAWING, AuditState.RUNNING, AuditState.REOPENING, AuditState.REOPENED)


class WholeLife(LifeOfSettings):
    """The same project, and how it ends."""

    def teardown(self) -> None:
        if not self.theme:
            return
        self.judges_only_judge()
        self.as_many_people_as_the_overlap()
        self.until_nothing_moves()
        self.what_is_left_is_said()
        if self.left():
            self.somebody_new_comes()
            self.until_nothing_moves()
        assert self.left() == []
        self.samples_are_drawn_again()

    def as_many_people_as_the_overlap(self) -> None:
        if not self.look().annotators:
            self.people_change(0, "is reactivated")
            self.people_change(0, "joins")
        people = len(self.look().annotators)
        self.write(lambda s: projects.set_overlap(s, self.world.project_id, people, self.now, None))
        self.finish_upkeep()
        self.everything_holds()

    def until_nothing_moves(self) -> None:
        """The clock goes on, and everybody who is there does what they may."""
        for _ in range(ROUNDS):
            before = self.standing()
            self.a_round()
            self.everything_holds()
            if not self.left() or (self.standing() == before and not self.open_items()):
                return
        raise AssertionError(f"it never comes to rest: {self.left()}")

    def a_round(self) -> None:
        self.everybody_labels(alike=True)
        self.wait((HOLD + 1) / 3600)
        self.write(lambda s: upkeep.expire(s, self.now))
        self.finish_upkeep()
        if life_again.due(self.world):
            self.lead_decides("none")
            self.clock_gives_out()
        self.quality_ticks()
        for which in range(len(self.judges)):
            self.everybody_judges(which)

    def everybody_judges(self, which: int) -> None:
        while self.is_anything_in_review() and (review_id := self.next_review(which)):
            version = next(one.version for one in self.rows(Review) if one.id == review_id)
            self.do(
                partial(deciding.accept, slack_id=self.judge(which), review_id=review_id, version=version, now=self.now)
            )
        for case in self.cases():
            if case.state is EscalationState.OPEN:
                self.decide(case, which, 0)
        for audit in self.audits(AuditState.RUNNING):
            while finding_id := self.next_finding(which, audit.id):
                self.judge_finding(which, finding_id, "right", 0)

    def is_anything_in_review(self) -> bool:
        return any(item.state is ItemState.IN_REVIEW for item in self.look().items.values())

    def waiting(self) -> Any:
        running = {one.id for one in self.audits(AuditState.RUNNING)}
        findings = [one for one in self.rows(Finding) if one.audit_id in running]
        return judges.Rows(self.rows(Ruling), self.rows(Review), findings, self.rows(Dispute))

    def what_is_left_is_said(self) -> None:
        """Nothing waits for anybody who might do it; and the leads heard of what waits for nobody."""
        rows = self.waiting()
        left = judges.waiting(self.world, self.known, self.look(), rows)
        assert not left, f"somebody could go on: {left}"
        keys = {row.key for row in self.world.rows(select(col(Outbox.key)))}
        in_review = [one.id for one in rows.reviews if one.state is ReviewState.WAITING]
        assert not in_review or f"review-nobody:{min(in_review)}" in keys
        for audit in self.audits(AuditState.RUNNING):
            assert f"audit:{audit.id}:nobody" in keys
        for case in self.cases():
            if case.state is EscalationState.OPEN:
                assert any(key.startswith(f"cases_left:{self.world.project_id}:") for key in keys)

    def somebody_new_comes(self) -> None:
        """People who have seen nothing yet: each for one kind of judgement, so that they do not bar one another."""
        number = self.judges[0][1:]
        fresh = {"reviewer": Role.REVIEWER, "auditor": Role.AUDITOR, "lead": Role.LEAD}
        self._seen = None
        with self.store.write() as session:
            for name, role in fresh.items():
                add_person(session, self.world, f"{name}{number}", role)
        self.judges += [f"{name}{number}" for name in fresh]

    def left(self) -> list[Any]:
        """All that is not done."""
        items = [(one.id, one.state) for one in self.look().items.values()]
        found: list[Any] = [one for one in items if one[1] not in ENDED]
        found += [one for one in self.rows(Review) if one.state in judges.OPEN_REVIEW]
        found += [one for one in self.rows(Dispute) if one.state is DisputeState.OPEN]
        return found + self.audits(*GOING_ON)

    def samples_are_drawn_again(self) -> None:
        with self.store.read() as session:
            for audit in self.rows(Audit):
                if audit.members is not None:
                    assert replaying.replay(session, audit.id).same


@pytest.mark.slow
def test_whatever_people_do_every_rule_holds_and_every_item_ends(store: Store) -> None:
    machine = type("Life", (WholeLife,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=4 if store.is_sqlite else 2,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_page_about_items_names_every_move_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "items.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    assert told == [(before.value, after.value, why) for (before, after), why in MOVES.items()]
    drawn = set(re.findall(r"^    (\w+) --> (\w+):", page, re.MULTILINE))
    assert drawn <= {(before, after) for before, after, _ in told}
