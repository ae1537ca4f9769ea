"""What people are told of cases that wait for them, and leads of cases that wait for nobody in particular.

Up to three come as cards, so that they can be ruled on where they are read; more as one message that counts them.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Escalation, Item, Lane, Project, Purpose
from workflow import outbox
from workflow.cases.ladder import Team, Turn

AS_CARDS = 3
NAMED = 5


def tell(session: Session, team: Team, turns: Sequence[Turn], now: datetime) -> None:
    """Tell each person of the cases that are theirs now, and the leads of those that nobody is left for."""
    for person_id in sorted({turn.person_id for turn in turns if turn.person_id is not None}):
        mine = [turn.case_id for turn in turns if turn.person_id == person_id]
        _send(session, team.project_id, person_id, mine, now, again=False)
    for anybody in (True, False):
        left = [turn.case_id for turn in turns if turn.person_id is None and turn.anybody is anybody]
        if left:
            _tell_leads(session, team.project_id, left, now, anybody=anybody)


def remind(session: Session, project_id: int, person_id: int, case_ids: Sequence[int], now: datetime) -> None:
    """Remind somebody of cases that wait for them, the most urgent first."""
    _send(session, project_id, person_id, case_ids, now, again=True)


def _send(
    session: Session, project_id: int, person_id: int, case_ids: Sequence[int], now: datetime, *, again: bool
) -> None:
    to = outbox.To(project_id=project_id, person_id=person_id)
    kind = "reminded" if again else "asked"
    if len(case_ids) > AS_CARDS:
        key = f"cases_{kind}:{person_id}:{min(case_ids)}:{now.timestamp()}"
        message = {"message": _many(session, project_id, case_ids, again=again)}
        outbox.put(session, now, key, "said", to, message, lane=Lane.URGENT)
        return
    for case_id in case_ids:
        key = f"case_{kind}:{case_id}:{person_id}" + (f":{now.timestamp()}" if again else "")
        context = {"id": case_id, "asked": kind}
        # A subject of its own: it would wait behind the card in the review channel for as long as Concord may not be there.
        outbox.put(
            session, now, key, "escalation", to, context,
            lane=Lane.URGENT, card=("escalation", case_id), subject=f"case_asked:{case_id}:{person_id}",
        )  # fmt: skip


def _many(session: Session, project_id: int, case_ids: Sequence[int], *, again: bool) -> str:
    project = _project(session, project_id)
    wait = "still wait for your ruling" if again else "wait for your ruling"
    return (
        f"{len(case_ids)} cases of {project} {wait}: {_items(session, case_ids)}. "
        "You find them in Concord's Home tab and in the review channel; each card says until when."
    )


def _tell_leads(session: Session, project_id: int, case_ids: Sequence[int], now: datetime, *, anybody: bool) -> None:
    one = len(case_ids) == 1
    which = f"{'A case' if one else f'{len(case_ids)} cases'} of {_project(session, project_id)}"
    items = _items(session, case_ids)
    if anybody:
        words = (
            f"{which} {'waits' if one else 'wait'} although everybody on the ladder was asked: {items}. Any reviewer or "
            "lead who may judge can rule, from the review channel or from Concord's Home tab."
        )
    else:
        words = (
            f"{which} can be ruled on by nobody: {items}. All reviewers and leads have labelled or judged "
            f"{'this item' if one else 'these items'} themselves. Add a reviewer or a lead with /concord people."
        )
    key = f"cases_left:{project_id}:{min(case_ids)}:{now.timestamp()}"
    to = outbox.To(project_id=project_id, purpose=Purpose.LEADS)
    outbox.put(session, now, key, "said", to, {"message": words}, lane=Lane.URGENT)


def _project(session: Session, project_id: int) -> str:
    name: str = session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar_one()
    return name


def _items(session: Session, case_ids: Sequence[int]) -> str:
    """The first few by the ids of their items, and how many more."""
    shown = case_ids[:NAMED]
    rows = session.execute(
        select(col(Escalation.id), col(Item.key))
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .where(col(Escalation.id).in_(shown))
    )
    keys = {row.id: row.key for row in rows}
    more = len(case_ids) - len(shown)
    named = ", ".join(keys[case_id] for case_id in shown)
    return f"item{'' if len(case_ids) == 1 else 's'} {named}" + (f" and {more} more" if more else "")
