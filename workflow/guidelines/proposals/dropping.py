"""A guideline that somebody dropped into the team channel: it becomes their draft, with a card in its thread."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Member, Person
from workflow import drop_work, normalise, outbox
from workflow.drop_work import Work
from workflow.errors import RefusedError
from workflow.guidelines import moving, versions
from workflow.guidelines.proposals import proposing


def as_draft(session: Session, work: Work, markdown: str, now: datetime) -> int:
    """The draft's id. Raises RefusedError where nothing differs or who brought it is not in the project, LostError."""
    project_id = work.project_id or 0
    moving.hold_project(session, project_id)
    by = _member(session, project_id, work)
    current = versions.current(session, project_id)
    if normalise.markdown(markdown) == normalise.markdown(current.markdown):
        raise RefusedError(
            f"This is the guideline as it is: nothing differs from version {current.major}.{current.minor}."
        )
    drop_work.became_guideline(session, work, now)
    draft_id = proposing.draft(session, project_id, by, markdown, now, file_drop_id=work.id)
    outbox.put(
        session, now, f"proposal:{draft_id}:draft", moving.OWN_CARD, outbox.To(channel=work.channel), {"id": draft_id},
        card=(moving.OWN_CARD, draft_id), thread_key=drop_work.message_thread(work),
    )  # fmt: skip
    return draft_id


def _member(session: Session, project_id: int, work: Work) -> int:
    found: int | None = session.execute(
        select(col(Person.id))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Member.project_id) == project_id, col(Person.slack_id) == work.slack_user, col(Person.active))
        .limit(1)
    ).scalar()
    if found is None:
        raise RefusedError(
            "Whoever brought this guideline is not in the project, and only its people propose changes. A lead adds people "
            "with “/concord people”, and then presses Look again."
        )
    return found
