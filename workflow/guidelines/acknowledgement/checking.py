"""The check: worked examples of a version, to be answered right before it can be acknowledged.

A clarification that comes right after a change of rules carries the examples of that change: who had not read it answers
them all the same. Which ones are asked is drawn with the acknowledgement's own id as the seed, so that the draw can be
repeated. An example answered right stays so; after a wrong answer comes the explanation, and the example is asked again.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import Acknowledgement, Example, Guideline, LabelValue, Project, Proposal
from workflow.errors import RefusedError
from workflow.guidelines import rules
from workflow.guidelines.acknowledgement import asked, required

RIGHT, SAID = "right", "said"


@dataclass(frozen=True)
class Option:
    """A label to choose from."""

    id: int
    title: str
    description: str


@dataclass(frozen=True)
class Question:
    """An example that is still to be answered: the item as it read (texts in the project's order), and the labels."""

    id: int
    fields: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Explanation:
    """What is said after a wrong answer: what was chosen, what is right, and why."""

    example_id: int
    fields: tuple[tuple[str, str], ...]
    chosen: str
    right: str
    why: str


@dataclass(frozen=True)
class Checked:
    """``right``: nothing is left to answer. The explanations are those of the answers that were wrong just now."""

    right: bool
    explanations: tuple[Explanation, ...]


@dataclass(frozen=True)
class _Drawn:
    id: int
    fields: tuple[tuple[str, str], ...]
    value_id: int
    title: str
    why: str


def questions(session: Session, acknowledgement_id: int) -> list[Question]:
    """What is still to be answered, in the order in which it was drawn; nothing where there is no check, or it is passed."""
    row = session.execute(
        select(col(Acknowledgement.project_id), col(Acknowledgement.checked)).where(
            col(Acknowledgement.id) == acknowledgement_id
        )
    ).first()
    if row is None:
        return []
    left = _left(_draw(session, acknowledgement_id, row.project_id), row.checked or {})
    options = _options(session, row.project_id) if left else ()
    return [Question(one.id, one.fields, options) for one in left]


def answer(
    session: Session, acknowledgement_id: int, slack_id: str, answers: Mapping[int, int], now: datetime
) -> Checked:
    """Somebody answers examples: ``answers`` are label ids by example id. What is not answered stays to be answered.

    A wrong answer is counted once, however often the same one comes.
    """
    held = asked.hold(session, acknowledgement_id, slack_id)
    left = _left(_draw(session, held.id, held.project_id), held.checked)
    titles = {option.id: option.title for option in _options(session, held.project_id)}
    given = {one.id: answers[one.id] for one in left if one.id in answers}
    if not set(given.values()) <= set(titles):
        raise RefusedError("That label is not one of this project's any more. Open the check again.")
    if not given or held.acknowledged_at is not None:
        return Checked(not left, ())
    right = [one for one in left if given.get(one.id) == one.value_id]
    wrong = [one for one in left if one.id in given and one not in right]
    said: dict[str, Any] = held.checked.get(SAID, {})
    anew = [one for one in wrong if said.get(str(one.id)) != given[one.id]]
    if right or anew:
        now_right = [*held.checked.get(RIGHT, []), *(one.id for one in right)]
        now_said = {**said, **{str(example): value for example, value in given.items()}}
        values = {"checked": {RIGHT: now_right, SAID: now_said}, "wrong": held.wrong + len(anew)}
        asked.write(session, held.id, now, **values)
    told = [Explanation(one.id, one.fields, titles[given[one.id]], one.title, one.why) for one in wrong]
    return Checked(len(right) == len(left), tuple(told))


def is_open(session: Session, acknowledgement_id: int) -> bool:
    """Whether something is still to be answered."""
    return bool(questions(session, acknowledgement_id))


def _left(drawn: Sequence[_Drawn], checked: Mapping[str, Any]) -> list[_Drawn]:
    return [one for one in drawn if one.id not in checked.get(RIGHT, [])]


def _draw(session: Session, acknowledgement_id: int, project_id: int) -> list[_Drawn]:
    """The examples that somebody is asked: those of all versions under these rules that they have not read.

    One whose label was retired meanwhile has no right answer any more.
    """
    wanted = rules.of_project(session, project_id).check
    if not wanted:
        return []
    asked_for = aliased(Guideline)
    last_read = required.last_read(col(Acknowledgement.project_id), col(Acknowledgement.person_id))
    unread = and_(
        col(Guideline.project_id) == col(asked_for.project_id),
        col(Guideline.major) == col(asked_for.major),
        col(Guideline.id) <= col(asked_for.id),
        col(Guideline.id) > func.coalesce(last_read, 0),
    )
    rows = session.execute(
        select(
            col(Example.id),
            col(Example.fields),
            col(Example.value_id),
            col(LabelValue.title),
            col(Example.explanation),
            col(Project.fields).label("names"),
        )
        .select_from(Acknowledgement)
        .join(asked_for, col(asked_for.id) == col(Acknowledgement.guideline_id))
        .join(Guideline, unread)
        .join(Proposal, col(Proposal.guideline_id) == col(Guideline.id))
        .join(Example, col(Example.proposal_id) == col(Proposal.id))
        .join(Project, col(Project.id) == col(Proposal.project_id))
        .join(LabelValue, col(LabelValue.id) == col(Example.value_id))
        .where(col(Acknowledgement.id) == acknowledgement_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(Guideline.id), col(Example.position), col(Example.id))
    ).all()
    chosen = random.Random(acknowledgement_id).sample(rows, min(wanted, len(rows)))  # noqa: S311 - can be drawn again
    return [
        _Drawn(
            row.id,
            tuple((name, row.fields.get(name, "")) for name in row.names),
            row.value_id,
            row.title,
            row.explanation,
        )
        for row in chosen
    ]


def _options(session: Session, project_id: int) -> tuple[Option, ...]:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.title), col(LabelValue.description))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position))
    )
    return tuple(Option(*row) for row in rows)
