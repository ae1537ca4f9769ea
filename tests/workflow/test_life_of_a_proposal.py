"""Whatever people propose and decide, in whatever order: one version is in force, and nobody approved their own.

A state machine drives one project at a time: people propose, decide, change and take back, click twice and late, join and
leave and label, while the clock ticks and Concord is started anew. After every step the whole project is looked at.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from jobs import guidelines
from storage.engine import Store, open_store
from storage.tables import (
    Acknowledgement,
    Assignment,
    ChangeKind,
    Decision,
    Guideline,
    History,
    Label,
    LabelValue,
    Outbox,
    Place,
    Project,
    Proposal,
    ProposalState,
    Role,
    Verdict,
)
from tests.builders import NOW, World, add_person, build
from workflow import assignment, labelling, membership
from workflow.errors import RefusedError
from workflow.guidelines import effect
from workflow.guidelines.acknowledgement.acknowledging import acknowledge
from workflow.guidelines.decisions import deciders, deciding
from workflow.guidelines.proposals import proposing
from workflow.guidelines.proposals.proposing import Change
from workflow.guidelines.states import MOVES
from workflow.guidelines.text import sections

NUMBERS = itertools.count()
ROLES = {"ana": Role.ANNOTATOR, "rita": Role.REVIEWER, "mia": Role.MANAGER, "max": Role.MANAGER, "leo": Role.LEAD}
WHO = st.sampled_from(list(ROLES))
DECIDED = st.sampled_from(["approve", "changes", "changes", "reject"])
ANSWERED = st.sampled_from(["again", "again", "again", "withdraw"])
PICK = st.integers(0, 5)
WHERE = st.integers(0, 2)
START = "# Rules\n\nthe first rule\n\n## Names\n\nthe second rule\n\n## Numbers\n\nthe third rule\n"
READY = (ProposalState.APPROVED, ProposalState.SCHEDULED)
MADE = (ProposalState.EFFECTIVE, ProposalState.SUPERSEDED)


class LifeOfProposals(RuleBasedStateMachine):
    """One project, its people, its clock, and what the clicks so far were."""

    store: Store
    url: str

    @initialize(approvals=st.sampled_from([1, 1, 2]), first=WHERE)
    def found(self, approvals: int, first: int) -> None:
        self.number, self.now, self.approvals = next(NUMBERS), NOW, approvals
        self.words = itertools.count()
        self.clicks: list[Callable[[], Any]] = []
        self.changed: dict[int, int] = {}
        self.world: World = build(self.store, name=f"p{self.number}", annotators=(), reviewers=(), items=6, overlap=1)
        with self.store.write() as session:
            for name, role in ROLES.items():
                add_person(session, self.world, self.called(name), role)
            mine = col(Project.id) == self.world.project_id
            session.execute(update(Project).where(mine).values(guidelines={"approvals": approvals}))
            session.execute(
                update(Guideline)
                .where(col(Guideline.project_id) == self.world.project_id)
                .values(markdown=START)
                .execution_options(synchronize_session=False)
            )

        for who in ("ana", "mia"):
            self.propose_one(
                who, first, ChangeKind.RULE_CHANGE, hours=0, label="", base=self.versions()[0], drafted=False
            )

    def called(self, name: str) -> str:
        return f"{name}{self.number}"

    def slack(self, name: str) -> str:
        return self.world.slack_id(self.called(name))

    def do(self, work: Callable[[Session], Any]) -> Any:
        """Do something that may be refused, but never fails otherwise; what is refused changes nothing."""
        before = self.trace()
        try:
            return self.store.transact(work)
        except RefusedError:
            assert self.trace() == before
            return None

    def trace(self) -> Any:
        """What changes with everything that counts."""
        mine = col(History.project_id) == self.world.project_id
        return self.world.rows(select(func.count(), func.max(col(History.id))).where(mine)) + self.world.rows(
            select(func.count(), func.sum(col(Proposal.version))).where(
                col(Proposal.project_id) == self.world.project_id
            )
        )

    def proposals(self, *states: ProposalState) -> list[Any]:
        rows = self.world.rows(
            select(*Proposal.__table__.c)  # type: ignore[attr-defined]
            .where(col(Proposal.project_id) == self.world.project_id)
            .order_by(col(Proposal.id).desc())
        )
        return [row for row in rows if not states or row.state in states]

    def versions(self) -> list[Any]:
        return self.world.rows(
            select(*Guideline.__table__.c)  # type: ignore[attr-defined]
            .where(col(Guideline.project_id) == self.world.project_id)
            .order_by(col(Guideline.id))
        )

    def click(self, work: Callable[[Session], Any]) -> None:
        self.clicks.append(lambda: self.do(work))
        self.clicks[-1]()

    def change(self, text: str, where: int, kind: ChangeKind, hours: int, label: str) -> Change:
        """Another body for one section of a text, and perhaps a label more."""
        body = f"rule {next(self.words)}"
        lines = (f"add {label}",) if kind is ChangeKind.NEW_LABEL else ()
        at = self.now + timedelta(hours=hours) if hours else None
        return Change(kind, body, "It was unclear.", sections.replaced(text, where, body), lines, wanted_at=at)

    # What people do

    @rule(
        who=WHO,
        where=WHERE,
        kind=st.sampled_from(ChangeKind),
        hours=st.sampled_from([0, 0, 5]),
        label=st.sampled_from(["maybe", "other"]),
        old=PICK,
        drafted=st.booleans(),
    )
    def propose(self, who: str, where: int, kind: ChangeKind, hours: int, label: str, old: int, drafted: bool) -> None:
        known = self.versions()
        base = known[max(0, len(known) - 1 - max(0, old - 3))]
        self.propose_one(who, where, kind, hours=hours, label=label, base=base, drafted=drafted)

    def propose_one(
        self, who: str, where: int, kind: ChangeKind, *, hours: int, label: str, base: Any, drafted: bool
    ) -> None:
        change = self.change(base.markdown, where, kind, hours, label)
        by, project_id, now = self.world.people[self.called(who)], self.world.project_id, self.now
        asked = f"form {self.number} {change.summary}"

        def made(session: Session) -> Any:
            draft = proposing.draft(session, project_id, by, change.markdown, now, base_id=base.id) if drafted else None
            return proposing.propose(session, project_id, by, change, now, draft_id=draft, base_id=base.id, asked=asked)

        first = self.do(made)
        if first is not None:
            self.changed[first.id] = where
            again = self.do(lambda s: proposing.propose(s, project_id, by, change, now, base_id=base.id, asked=asked))
            assert again.id == first.id

    @rule(pick=PICK, who=WHO, may=st.integers(0, 3), what=DECIDED)
    def somebody_decides(self, pick: int, who: str, may: int, what: str) -> None:
        if among := self.proposals(ProposalState.PROPOSED) or self.proposals():
            one, now = among[pick % len(among)], self.now
            allowed = self.deciders_of(one.id)
            slack_id = self.slack_of(allowed[may % len(allowed)]) if allowed and may else self.slack(who)
            if what == "approve":
                self.click(lambda s: deciding.approve(s, one.id, one.revision, slack_id, now))
            else:
                decide = deciding.reject if what == "reject" else deciding.request_changes
                self.click(lambda s: decide(s, one.id, one.revision, slack_id, "Not so.", now))

    @rule(pick=PICK, own=st.booleans())
    def an_approval_that_does_not_count(self, pick: int, own: bool) -> None:
        """By the proposer, or of an earlier text."""
        if among := self.proposals(ProposalState.PROPOSED):
            one, before = among[pick % len(among)], self.trace()
            people = [one.by_id] if own else self.deciders_of(one.id)
            for slack_id in map(self.slack_of, people):
                self.do(partial(self.approved, one=one, revision=one.revision - (not own), slack_id=slack_id))
            assert self.trace() == before

    def approved(self, session: Session, one: Any, revision: int, slack_id: str) -> Any:
        return deciding.approve(session, one.id, revision, slack_id, self.now)

    def deciders_of(self, proposal_id: int) -> tuple[int, ...]:
        with self.store.read() as session:
            return deciders.who(session, proposal_id).person_ids

    @rule(pick=PICK, ticks=st.sampled_from([None, 0, 0, 8]))
    def all_who_may_approve(self, pick: int, ticks: int | None) -> None:
        if among := self.proposals(ProposalState.PROPOSED):
            one, now = among[pick % len(among)], self.now
            for slack_id in map(self.slack_of, self.deciders_of(one.id)):
                self.click(
                    partial(deciding.approve, proposal_id=one.id, revision=one.revision, slack_id=slack_id, now=now)
                )
            if ticks is not None:
                self.the_clock_ticks(ticks)

    @rule(pick=PICK, where=WHERE, other=st.sampled_from([None, None, None, "mia"]), what=ANSWERED)
    def the_proposer_answers(self, pick: int, where: int, other: str | None, what: str) -> None:
        if among := self.proposals(ProposalState.CHANGES_REQUESTED) or self.proposals():
            one, now = among[pick % len(among)], self.now
            slack_id = self.slack(other) if other else self.slack_of(one.by_id)
            if what == "withdraw":
                self.click(lambda s: deciding.withdraw(s, one.id, slack_id, now))
                return
            # A text that was given back is changed where it was changed already: elsewhere it is another proposal.
            where = self.changed.get(one.id, where)
            change = self.change(one.markdown, where, ChangeKind.RULE_CHANGE, 0, "")
            self.click(lambda s: proposing.resubmit(s, one.id, slack_id, one.revision, change, now))

    def slack_of(self, person_id: int) -> str:
        return self.world.slack_id(next(name for name, known in self.world.people.items() if known == person_id))

    @precondition(lambda self: self.clicks)
    @rule(back=st.integers(1, 8))
    def the_same_click_again(self, back: int) -> None:
        before = self.trace()
        self.clicks[-min(back, len(self.clicks))]()
        if back == 1:
            assert self.trace() == before

    @rule(value=PICK, reads=st.booleans())
    def somebody_labels(self, value: int, reads: bool) -> None:
        project_id, ana, slack_id = self.world.project_id, self.world.people[self.called("ana")], self.slack("ana")
        asked = select(col(Acknowledgement.id)).where(col(Acknowledgement.person_id) == ana)
        for row in self.world.rows(asked) if reads else []:
            self.do(partial(acknowledge, acknowledgement_id=row.id, slack_id=slack_id, now=self.now))
        self.do(lambda s: assignment.next_batch(s, project_id, ana, self.now, resume=True))
        mine = select(col(Assignment.id)).where(col(Assignment.person_id) == ana, col(Assignment.state) == Place.OPEN)
        used = col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None)
        values = self.world.rows(select(col(LabelValue.id)).where(*used))
        if places := self.world.rows(mine.order_by(col(Assignment.position)).limit(1)):
            value_id, us = values[value % len(values)].id, 1000 + next(self.words)
            self.do(lambda s: labelling.record(s, slack_id, places[0].id, value_id, us, self.now))

    @rule(who=WHO, how=st.sampled_from(["leaves", "comes", "comes", "becomes a manager"]))
    def people_change(self, who: str, how: str) -> None:
        project_id, slack_id, now = self.world.project_id, self.slack(who), self.now
        if how == "leaves":
            self.do(lambda s: membership.deactivated(s, slack_id, now))
            return
        self.do(lambda s: membership.reactivated(s, slack_id, now))
        if how == "becomes a manager":
            self.do(lambda s: membership.add(s, project_id, slack_id, [Role.MANAGER], now, None))

    # What Concord does

    @rule(hours=st.sampled_from([0, 0, 1, 8, 24]))
    def the_clock_ticks(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        guidelines.keep_up(self.store, self.now)
        assert not [one for one in self.proposals(*READY) if one.wanted_at is None or one.wanted_at <= self.now]
        for one in self.proposals(ProposalState.PROPOSED):
            assert one.impact is not None
            keys = {row[0] for row in self.world.rows(select(col(Outbox.key)))}
            wanted = self.deciders_of(one.id)
            assert {f"proposal:{one.id}:{one.revision}:to:{person_id}" for person_id in wanted} <= keys

    @rule(pick=PICK)
    def a_late_replica_brings_one_into_effect(self, pick: int) -> None:
        if among := self.proposals():
            one, before = among[pick % len(among)], len(self.versions())
            made = self.store.transact(lambda s: effect.take(s, one.id, self.now))
            assert (len(self.versions()) > before) == (made is not None)
            assert made is None or one.state in READY

    @rule()
    def concord_is_started_anew(self) -> None:
        self.close()
        self.store = self.world.store = open_store(self.url, pool_size=5)

    # What must hold

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "number"):
            versions, proposals = self.versions(), self.proposals()
            self.one_version_is_in_force(versions, proposals)
            self.nothing_is_lost(versions, proposals)
            self.nobody_approves_their_own(proposals)
            self.every_version_is_announced_once(versions)
            self.no_label_is_without_a_version(versions)
            self.every_step_is_a_move_of_the_table(proposals)

    def one_version_is_in_force(self, versions: list[Any], proposals: list[Any]) -> None:
        in_force = self.world.one(select(col(Project.guideline_id)).where(col(Project.id) == self.world.project_id))[0]
        assert in_force == versions[-1].id
        effective = [one.guideline_id for one in proposals if one.state is ProposalState.EFFECTIVE]
        assert effective == [version.id for version in versions[1:]][-1:]
        assert sorted(one.guideline_id for one in proposals if one.state in MADE) == [one.id for one in versions[1:]]
        numbers = [(version.major, version.minor) for version in versions]
        assert numbers == sorted(set(numbers))

    def nothing_is_lost(self, versions: list[Any], proposals: list[Any]) -> None:
        """A version differs from the one before in what was proposed, and nowhere else."""
        where = {one.guideline_id: (self.changed[one.id], one.summary) for one in proposals if one.state in MADE}
        for before, after in itertools.pairwise(versions):
            number, body = where[after.id]
            old, new = ([one.body for one in sections.read(text)] for text in (before.markdown, after.markdown))
            assert new == [body if at == number else one for at, one in enumerate(old)]

    def nobody_approves_their_own(self, proposals: list[Any]) -> None:
        rows = self.world.rows(
            select(col(Decision.proposal_id), col(Decision.revision), col(Decision.person_id)).where(
                col(Decision.verdict) == Verdict.APPROVED
            )
        )
        for one in proposals:
            by = [row.person_id for row in rows if (row.proposal_id, row.revision) == (one.id, one.revision)]
            assert one.by_id not in by
            assert len(by) >= self.approvals or one.state not in (*READY, *MADE)

    def every_version_is_announced_once(self, versions: list[Any]) -> None:
        said = select(col(Outbox.context)).where(
            col(Outbox.template) == "announcement", col(Outbox.project_id) == self.world.project_id
        )
        told = Counter(row.context["id"] for row in self.world.rows(said))
        assert told == Counter(version.id for version in versions[1:])

    def no_label_is_without_a_version(self, versions: list[Any]) -> None:
        under = select(col(Label.guideline_id)).where(col(Label.project_id) == self.world.project_id)
        assert {row[0] for row in self.world.rows(under)} <= {version.id for version in versions}

    def every_step_is_a_move_of_the_table(self, proposals: list[Any]) -> None:
        rows = self.world.rows(
            select(col(History.subject_id), col(History.before), col(History.after))
            .where(col(History.subject) == "proposal", col(History.project_id) == self.world.project_id)
            .order_by(col(History.id))
        )
        reached = {one.id: ProposalState.DRAFT for one in proposals}
        for proposal_id, before, after in rows:
            if "state" in (before or {}):
                move = ProposalState(before["state"]), ProposalState(after["state"])
                assert move[0] is reached[proposal_id]
                assert move in MOVES
                reached[proposal_id] = move[1]
        assert reached == {one.id: one.state for one in proposals}

    def teardown(self) -> None:
        if hasattr(self, "number"):
            self.now += timedelta(days=1)
            guidelines.keep_up(self.store, self.now)
            assert not self.proposals(*READY)
            with self.store.write() as session:
                # The clock of the next project has nothing to do with this one.
                mine = col(Proposal.project_id) == self.world.project_id
                session.execute(update(Proposal).where(mine).values(state=ProposalState.WITHDRAWN))
            self.close()

    def close(self) -> None:
        if self.store is not type(self).store:
            self.store.close()


@pytest.mark.slow
def test_whatever_is_proposed_and_decided_one_version_is_in_force(store: Store) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    machine = type("Life", (LifeOfProposals,), {"store": store, "url": url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5 if store.is_sqlite else 3,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
