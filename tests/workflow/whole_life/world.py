"""One small project as a state machine drives it: its people, its clock, and every click that may come again."""

import itertools
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Audit,
    Dispute,
    EscalationState,
    Finding,
    ItemState,
    Person,
    Place,
    Project,
    Review,
    Role,
    Ruling,
    SkipRule,
)
from tests.builders import add_items, add_person, build
from tests.workflow import life
from tests.workflow.whole_life import events, judges
from workflow.errors import RefusedError
from workflow.quality_rules import QualityRules, ReviewRules, kept

NUMBERS = itertools.count()
HOLD = 3600
ANNOTATORS = 4
MOST_ITEMS = 20
WHO = st.integers(0, ANNOTATORS - 1)
VALUE = st.integers(0, 1)
PICK = st.integers(0, 11)
LATE = st.sampled_from([0, 0, 0, 0, 0, 2, 50])
ITEMS, REVIEWS, DISPUTES, AUDITS, ALL = "items", "reviews", "disputes", "audits", "all"
RULES = st.sampled_from([ReviewRules(share=1.0), ReviewRules(newcomer=2, flagged=True, disagreement=True)])
T = TypeVar("T")


def about(*themes: str) -> Callable[[Any], Any]:
    """A rule of worlds that are about one of these: a world that is about everything at once goes far in nothing."""
    return precondition(lambda self: self.theme in themes)


class LifeOfAProject(RuleBasedStateMachine):
    """The project. What follows in other files are the things that people do in it."""

    store: Store
    theme = ""

    def __init__(self) -> None:
        super().__init__()
        self.us = 1000
        self.now = life.start()
        self.ledger = life.Ledger()
        self.told = events.Told()
        self.known = judges.Known()
        self.clicks: list[Callable[[], Any]] = []
        self._seen: life.Snapshot | None = None

    @initialize(
        theme=st.sampled_from([ITEMS, REVIEWS, DISPUTES, AUDITS, ALL]),
        overlap=st.integers(1, 3),
        accept=st.sampled_from(["unanimous", "majority", "0.6"]),
        skip=st.sampled_from(list(SkipRule)),
        size=st.integers(1, 4),
        count=st.integers(1, 4),
        people=st.integers(2, ANNOTATORS),
        rules=RULES,
    )
    def found(
        self,
        theme: str,
        overlap: int,
        accept: str,
        skip: SkipRule,
        size: int,
        count: int,
        people: int,
        rules: ReviewRules,
    ) -> None:
        number = next(NUMBERS)
        self.names = [f"p{number}x{who}" for who in range(ANNOTATORS)]
        self.world = build(
            self.store,
            name=f"project{number}",
            annotators=tuple(self.names[:people]),
            reviewers=(f"r{number}", f"s{number}", *self.names[3:]),
            items=count,
            overlap=overlap,
            accept=accept,
            skip=skip,
            batch_size=size,
            hold_seconds=HOLD,
        )
        with self.store.write() as session:
            self._add_others(session, number)
            if theme in (REVIEWS, ALL):
                mine = col(Project.id) == self.world.project_id
                session.execute(update(Project).where(mine).values(quality=kept(QualityRules(review=rules))))
        self.values = list(self.world.values.values())
        # A reviewer, one who also audits, an auditor, a lead, and an annotator who is all of these but a lead.
        self.judges = [f"r{number}", f"s{number}", f"a{number}", f"l{number}", self.names[3]]
        self.theme = theme
        for who in range(people):
            self.ask(who, resume=True)
        self.begin()

    def begin(self) -> None:
        """What a world has before anything happens in it, so that there is something to judge from the first step on."""
        raise NotImplementedError

    def _add_others(self, session: Session, number: int) -> None:
        for name, role in ((f"a{number}", Role.AUDITOR), (f"l{number}", Role.LEAD), (f"s{number}", Role.AUDITOR)):
            add_person(session, self.world, name, role)
        add_person(session, self.world, self.names[3], Role.AUDITOR)
        for name in set(self.names) - set(self.world.people):
            self.world.people[name] = session.execute(
                insert(Person)
                .values(handle=f"@{name}", slack_id=self.world.slack_id(name), name=name, active=True)
                .returning(col(Person.id))
            ).scalar_one()

    # What there is

    def look(self) -> life.Snapshot:
        """The project as it is; read again only after something was done."""
        if self._seen is None:
            self._seen = life.look(self.world)
        return self._seen

    def rows(self, table: Any) -> list[Any]:
        """The project's rows of a table in their order."""
        columns = table.__table__.c
        mine = columns.item_id.in_(self.world.items) if table is Ruling else columns.project_id == self.world.project_id
        return self.world.rows(select(*columns).where(mine).order_by(columns.id))

    def places(self, *states: Place) -> list[Any]:
        """Everybody's places in these states, or in any."""
        found = [place for here in self.look().places.values() for place in here if place.batch_id]
        return [place for place in found if not states or place.state in states]

    def cases(self) -> list[Any]:
        """The newest case of every item that ever had one; those that wait come first."""
        newest = [cases[-1] for cases in self.look().cases.values() if cases]
        return sorted(newest, key=lambda case: (case.state is not EscalationState.OPEN, case.id))

    def slack(self, who: int) -> str:
        return self.world.slack_id(self.names[who])

    def judge(self, which: int) -> str:
        return self.world.slack_id(self.judges[which % len(self.judges)])

    def slack_of(self, person_id: int) -> str:
        return self.world.slack_id(next(name for name, known in self.world.people.items() if known == person_id))

    # What is done

    def write(self, work: Callable[[Session], T]) -> T:
        self._seen = None
        return self.store.transact(work)

    def do(self, work: Callable[[Session], Any]) -> Any:
        """Do something that may be refused, but never fails in another way."""
        try:
            return self.write(work)
        except RefusedError:
            return None

    def moment(self, late: int) -> int:
        """When a click was made: now, or some clicks ago and only now arriving."""
        self.us += 1
        return self.us - late

    def press(self, click: Callable[[], Any]) -> None:
        """A click; every third comes twice at once, and any may come again much later."""
        self.clicks.append(click)
        click()
        if len(self.clicks) % 3 == 0:
            before = self.standing()
            click()
            assert self.standing() == before, "a click that came twice did something the second time"

    def standing(self) -> list[Any]:
        """Where everything stands: what a doubled click must leave as it is."""
        seen = self.look()
        stand: list[Any] = [(one.id, one.state, one.final_value_id, one.open_places) for one in seen.items.values()]
        stand += [(one.id, one.state, one.value_id) for here in seen.places.values() for one in here]
        stand += [(one.id, one.state) for cases in seen.cases.values() for one in cases]
        for table, names in ((Review, ("state", "by_id")), (Dispute, ("state",)), (Audit, ("state",))):
            stand += [(one.id, *(getattr(one, name) for name in names)) for one in self.rows(table)]
        stand += [(one.id, one.state, one.answer_id, one.verdict) for one in self.rows(Finding)]
        return stand + [one.id for one in self.rows(Ruling)]

    @precondition(lambda self: self.clicks)
    @rule(back=st.integers(1, 9))
    def an_old_click_comes_again(self, back: int) -> None:
        self.clicks[-min(back, len(self.clicks))]()

    def work_comes_in(self, *, alike: bool = True) -> None:
        """Items come that need one label, or two; everybody labels what they can."""
        self.more_items((1, 1, 2))
        for _ in range(2):
            self.everybody_labels(alike=alike)
        self.everything_holds()

    def everybody_labels(self, *, alike: bool) -> None:
        for who in range(ANNOTATORS):
            if self.open_items():
                self.ask(who, resume=True)
            self.answer_most(who, alike=alike)

    def open_items(self) -> list[int]:
        return [item_id for item_id, item in self.look().items.items() if item.state is ItemState.OPEN]

    def more_items(self, overlaps: Collection[int]) -> None:
        if len(self.world.items) + len(overlaps) > MOST_ITEMS:
            return
        self._seen = None
        with self.store.write() as session:
            for overlap in overlaps:
                add_items(session, self.world, 1, overlap)

    def ask(self, who: int, resume: bool) -> None:
        raise NotImplementedError

    def answer_most(self, who: int, *, alike: bool) -> None:
        raise NotImplementedError

    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def everything_holds(self) -> None:
        if not self.theme:
            return
        seen = life.check(self.world, self.ledger, self.look())
        rulings, reviews, findings = self.rows(Ruling), self.rows(Review), self.rows(Finding)
        disputes = self.rows(Dispute)
        events.check(self.world, seen, self.told)
        judges.check(self.world, self.known, seen, judges.Rows(rulings, reviews, findings, disputes))
        self.check_reviews(reviews)
        self.check_disputes(disputes, rulings)
        self.check_audits(findings)

    def check_reviews(self, reviews: list[Any]) -> None:
        raise NotImplementedError

    def check_disputes(self, disputes: list[Any], rulings: list[Any]) -> None:
        raise NotImplementedError

    def check_audits(self, findings: list[Any]) -> None:
        raise NotImplementedError
