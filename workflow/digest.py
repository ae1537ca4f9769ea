"""The numbers a lead reads in the morning: counted by the database, from the end of the last digest to now.

A digest is claimed once per project and local date, and kept: the chart is drawn from the kept ones. One that is asked for
claims nothing.
"""

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from storage.tables import Claim, Digest, LabelValue, Lane, Outbox, OutboxKind, Project, Purpose
from workflow import calendar, counts, outbox
from workflow.agreement import Agreement, in_words, measure
from workflow.agreement_words import figure
from workflow.patterns import parse_pattern

JOB = "digest"
# A click is dated before its transaction commits: what is younger than this belongs to the next digest, so that no label
# falls between two.
SETTLED = timedelta(seconds=30)
CHART_DAYS = 60


def claim_due(session: Session, project_id: int, now: datetime) -> int | None:
    """Make the digest that is due, once per local date across restarts and replicas; its id, or None.

    Three days without a tick are one digest; a changed zone counts nothing twice, as the period is in UTC.
    """
    project = session.execute(
        select(col(Project.time_zone), col(Project.digest_at), col(Project.created_at))
        .where(col(Project.id) == project_id)
        .with_for_update(key_share=True)
    ).one()
    at = time.fromisoformat(project.digest_at)
    due = calendar.due_local_date(now, project.time_zone, at)
    last = session.execute(
        select(func.max(col(Claim.local_date))).where(col(Claim.project_id) == project_id, col(Claim.job) == JOB)
    ).scalar()
    if calendar.moment(due, at, project.time_zone) < project.created_at or (last is not None and due <= last):
        return None
    session.execute(insert(Claim).values(job=JOB, project_id=project_id, local_date=due, at=now))
    return post(session, project_id, now, due, now - SETTLED, scheduled=True)


def post_asked(session: Session, project_id: int, slack_id: str, us: int, now: datetime) -> None:
    """Post a digest that somebody asked for; the same press twice (``us``, in microseconds) posts once."""
    key = f"digest:asked:{slack_id}:{us}"
    # The project's lock first: of two that come at once, the second sees what the first has done.
    locked = select(col(Project.time_zone)).where(col(Project.id) == project_id).with_for_update()
    zone = session.execute(locked).scalar_one()
    if session.execute(select(col(Outbox.id)).where(col(Outbox.key) == key)).first():
        return
    post(session, project_id, now, now.astimezone(ZoneInfo(zone)).date(), now, scheduled=False, key=key)


def post(
    session: Session,
    project_id: int,
    now: datetime,
    day: date,
    to_at: datetime,
    *,
    scheduled: bool,
    key: str | None = None,
) -> int:
    """Keep the numbers of a period and put the digest into the leads channel's outbox, with its chart; its id."""
    from_at = min(last_end(session, project_id), to_at)
    digest_id: int = session.execute(
        insert(Digest)
        .values(
            project_id=project_id,
            local_date=day,
            scheduled=scheduled,
            from_at=from_at,
            to_at=to_at,
            numbers=compute(session, project_id, from_at, to_at),
        )
        .returning(col(Digest.id))
    ).scalar_one()
    outbox.put(
        session,
        now,
        key or f"digest:{digest_id}",
        "digest",
        outbox.To(project_id=project_id, purpose=Purpose.LEADS),
        {"id": digest_id},
        lane=Lane.URGENT,
        kind=OutboxKind.CHART,
    )
    return digest_id


def last_end(session: Session, project_id: int) -> datetime:
    """Where the last scheduled digest ended; before the first, the beginning of the project."""
    ended: datetime | None = session.execute(
        select(func.max(col(Digest.to_at))).where(col(Digest.project_id) == project_id, col(Digest.scheduled))
    ).scalar()
    if ended is not None:
        return ended
    begun: datetime = session.execute(select(col(Project.created_at)).where(col(Project.id) == project_id)).scalar_one()
    return begun


def asked(session: Session, project_id: int, now: datetime) -> dict[str, Any]:
    """The numbers since the last digest, for somebody who asks; nothing is claimed or kept."""
    from_at = min(last_end(session, project_id), now)
    return compute(session, project_id, from_at, now)


def compute(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> dict[str, Any]:
    """All numbers of a digest as a JSON document: times in ISO format (UTC), shares from 0 to 1, alpha or why not."""
    project = session.execute(
        select(col(Project.name), col(Project.level), col(Project.time_zone)).where(col(Project.id) == project_id)
    ).one()
    return {
        "project": project.name,
        "from": from_at.isoformat(),
        "to": to_at.isoformat(),
        "labels": counts.labels_between(session, project_id, from_at, to_at),
        "items_done": counts.items_done_between(session, project_id, from_at, to_at),
        "skips": counts.skips_between(session, project_id, from_at, to_at),
        "people": counts.people_between(session, project_id, from_at, to_at),
        **counts.progress(session, project_id, to_at),
        "agreement": agreement_numbers(session, project_id, project.level),
        "escalations": counts.open_escalations(session, project_id),
        "undelivered": counts.undelivered(session, project_id),
    }


def agreement_numbers(session: Session, project_id: int, level: str) -> dict[str, Any]:
    """Agreement over all labels so far, in words too; value ids become titles."""
    schema = session.execute(
        select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title), col(LabelValue.number))
        .where(col(LabelValue.project_id) == project_id)
        .order_by(col(LabelValue.position))
    ).all()
    titles = {row.id: row.title for row in schema}
    numbers = {row.id: row.number for row in schema if row.number is not None} or None
    patterns = Counter({parse_pattern(text): count for text, count in counts.patterns(session, project_id)})
    found = measure(patterns, level, list(titles), numbers, counts.people_who_labelled(session, project_id))
    return {
        "level": level,
        "alpha": found.alpha.value,
        "low": found.interval.low,
        "high": found.interval.high,
        "items": found.alpha.units,
        "items_with_one_label": found.alpha.single,
        "reading": found.reading.value,
        "words": in_words(found.alpha, found.interval, titles),
        "raw": found.raw,
        "shares": [{"title": titles[value], "share": share} for value, share in found.shares.items()],
        "confused": _confused(found, titles),
    }


def _confused(found: Agreement, titles: dict[int, str]) -> dict[str, Any] | None:
    if found.confused is None:
        return None
    return {
        "first": titles[found.confused.first],
        "second": titles[found.confused.second],
        "share": found.confused.share,
        "items": found.confused.items,
    }


def chart_days(session: Session, project_id: int, up_to: int) -> list[dict[str, Any]]:
    """The kept digests up to one of them, one a local date, oldest first: what the chart shows."""
    rows = session.execute(
        select(col(Digest.local_date), col(Digest.numbers))
        .where(col(Digest.project_id) == project_id, col(Digest.id) <= up_to)
        .order_by(col(Digest.id).desc())
        .limit(CHART_DAYS)
    ).all()
    days: dict[date, dict[str, Any]] = {}
    for row in reversed(rows):
        agreement = row.numbers["agreement"]
        days[row.local_date] = {
            "day": row.local_date,
            "labels": row.numbers["labels"],
            "alpha": agreement["alpha"],
            "low": agreement["low"],
            "high": agreement["high"],
        }
    return list(days.values())


def alpha_figure(numbers: dict[str, Any]) -> str:
    """Alpha as the field writes it, or a dash."""
    return figure(numbers["agreement"]["alpha"])
