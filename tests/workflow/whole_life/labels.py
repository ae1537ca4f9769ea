"""Versions of the guideline change the labels while people label, rule, review, audit and contest."""

from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.tables import (
    AuditState,
    Finding,
    Guideline,
    ItemState,
    LabelMove,
    LabelValue,
    Place,
    Project,
    Proposal,
    Review,
    Ruling,
)
from tests.workflow import rule_change
from tests.workflow.whole_life import judges
from tests.workflow.whole_life.imports import LifeOfImports
from workflow.guidelines.labels import applying, carrying, label_changes

HOW = st.sampled_from(
    ["rename", "add", "bring back", "merge", "merge", "merge into a new one", "retire", "retire", "stays"]
)
MOST_LABELS = 4
SETTLED = 6 / 3600


class LifeOfLabels(LifeOfImports):
    """The same project, whose label schema changes."""

    def __init__(self) -> None:
        super().__init__()
        self.schemas = 0
        self.last_ruling = 0
        self.stay: set[int] = set()

    @rule(how=HOW, asks=st.booleans(), at_once=st.booleans())
    def a_version_changes_labels(self, how: str, asks: bool, at_once: bool) -> None:
        """With ``asks`` the leads decide what is labelled again; ``at_once`` the clock brings over what was labelled."""
        if how == "bring back":
            # Within the seconds before the clock has brought over what a retired label became, those who gave it then and
            # those who give it now mean two things: what their item was accepted with is left as it is.
            self.labels_are_brought_over()
        if lines := self.lines(how):
            self.write(lambda s: self.into_effect(s, lines, asks))
            self.choices_are_read()
        if at_once:
            self.labels_are_brought_over()

    def lines(self, how: str) -> list[str]:
        """What the version says of the labels; two of them are left at least."""
        self.schemas += 1
        new = f"v{self.schemas}"
        there = [row.value for row in self.schema() if row.retired_at is None]
        former = [row.value for row in self.schema() if row.retired_at is not None]
        first, second = there[self.schemas % len(there)], there[(self.schemas + 1) % len(there)]
        more = [f"add {new}x"] if len(there) < 3 else []
        match how:
            case "rename":
                return [f"rename {first} = {new}"]
            case "add":
                return [f"add {new}"] if len(there) < MOST_LABELS else []
            case "bring back":
                return [f"add {former[-1]}"] if former and len(there) < MOST_LABELS else []
            case "merge":
                return [*more, f"merge {first}, {second} = {second}"]
            case "merge into a new one":
                return [*more, f"merge {first}, {second} = {new}"]
            case "retire":
                return [*more, f"retire {first} = {second}"]
        return [*more, f"retire {first} = stays"]

    def schema(self) -> list[Any]:
        columns = LabelValue.__table__.c  # type: ignore[attr-defined]
        mine = columns.project_id == self.world.project_id
        return self.world.rows(select(*columns).where(mine).order_by(columns.position))

    def into_effect(self, session: Session, lines: list[str], asks: bool) -> None:
        project_id, changes = self.world.project_id, label_changes.parse(lines)
        if asks:
            proposal_id = rule_change.propose(session, project_id, tuple(sorted(label_changes.touched(changes))))
            mine = col(Proposal.id) == proposal_id
            session.execute(update(Proposal).where(mine).values(label_changes=lines))
            guideline_id = rule_change.into_effect(session, project_id, proposal_id)
        else:
            guideline_id = _version(session, project_id, self.now)
        before = {row.value: row.id for row in self.schema()}
        applying.apply(session, project_id, changes, guideline_id, self.now)
        self.stay |= {before[old] for change in changes if change.goes_to is None for old in _retired(change)}

    def choices_are_read(self) -> None:
        """People choose from the labels in force, the newest first: ``self.values``."""
        in_force = [row.id for row in self.schema() if row.retired_at is None]
        self.values = in_force[::-1]
        self.stay -= set(in_force)

    @rule()
    def labels_are_brought_over(self) -> None:
        self.wait(SETTLED)
        expected = self.foresee_labels()
        self._seen = None
        carrying.carry_over(self.store, self.now)
        if expected is not None:
            self.check_brought_over(*expected)

    def foresee_labels(self) -> tuple[dict[int, int], dict[int, int]] | None:
        """What the label of every place, and every final value, is called afterwards; None where nothing changes."""
        moves = [row for row in self.rows(LabelMove) if row.done_at is None]
        if not moves:
            return None
        retired = {row.id for row in self.schema() if row.retired_at is not None}
        seen = self.look()
        places = [p for here in seen.places.values() for p in here if p.value_id is not None]
        finals = [one for one in seen.items.values() if one.final_value_id is not None]
        return (
            {p.id: _becomes(moves, retired, p.value_id, p.labelled_at) for p in places},
            {one.id: _becomes(moves, retired, one.final_value_id, one.decided_at) for one in finals},
        )

    def check_brought_over(self, places: dict[int, int], finals: dict[int, int]) -> None:
        seen = self.look()
        assert all(row.done_at is not None for row in self.rows(LabelMove))
        assert places == {p.id: p.value_id for here in seen.places.values() for p in here if p.value_id is not None}
        assert all(seen.items[item_id].final_value_id == value_id for item_id, value_id in finals.items())
        self.nothing_is_called_as_before()

    def nothing_is_called_as_before(self) -> None:
        """Whatever goes on is about labels that can be chosen, or that a version left where they were."""
        seen, running = self.look(), {one.id for one in self.audits(AuditState.RUNNING)}
        finals = [one.final_value_id for one in seen.items.values()]
        places = [p.value_id for here in seen.places.values() for p in here if p.state is Place.LABELLED]
        # The review of an item that went on is closed at the clock's next look.
        in_review = [one for one in self.rows(Review) if one.state in judges.OPEN_REVIEW]
        reviews = [one.value_id for one in in_review if seen.items[one.item_id].state is ItemState.IN_REVIEW]
        open_ones = [one for one in self.rows(Finding) if one.audit_id in running and one.state in judges.OPEN_FINDING]
        drawn, answers = [one.value_id for one in open_ones], [one.answer_id for one in open_ones]
        for what, called in (
            ("final", finals),
            ("label", places),
            ("review", reviews),
            ("drawn", drawn),
            ("answer", answers),
        ):
            assert {*called} <= {None, *self.values, *self.stay}, f"a {what} is called as before"

    def quality_ticks(self) -> None:
        if any(row.done_at is None for row in self.rows(LabelMove)):
            self.labels_are_brought_over()
        super().quality_ticks()

    @invariant()
    def everything_holds(self) -> None:
        super().everything_holds()
        if self.theme:
            for one in self.rows(Ruling):
                assert one.id <= self.last_ruling or one.value_id in (None, *self.values), "ruled a former label"
                self.last_ruling = max(self.last_ruling, one.id)


def _version(session: Session, project_id: int, now: datetime) -> int:
    """The next major version, that no proposal led to."""
    latest = select(col(Guideline.major)).where(col(Guideline.project_id) == project_id)
    row = {"project_id": project_id, "minor": 0, "markdown": "# Labels", "at": now}
    major = session.execute(latest.order_by(col(Guideline.id).desc()).limit(1)).scalar_one() + 1
    made: int = session.execute(insert(Guideline).values(**row, major=major).returning(col(Guideline.id))).scalar_one()
    session.execute(update(Project).where(col(Project.id) == project_id).values(guideline_id=made))
    return made


def _retired(change: label_changes.LabelChange) -> tuple[str, ...]:
    return tuple(change.old) if change.kind is label_changes.ChangeOf.RETIRE else ()


def _becomes(moves: list[Any], retired: set[int], value_id: int, since: datetime) -> int:
    """Version after version: what nobody can choose any more goes, and what was given before the version."""
    for guideline_id in sorted({row.guideline_id for row in moves}):
        for row in moves:
            if (row.guideline_id, row.from_id) == (guideline_id, value_id) and row.to_id != value_id:
                if value_id in retired or since < row.at:
                    value_id = row.to_id
                break
    return value_id
