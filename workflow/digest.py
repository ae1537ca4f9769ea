"""The numbers a lead reads in the morning: counted by the database, from the end of the last digest to now.

A digest is claimed once per project and local date, and kept: the chart is drawn from the kept ones. One that is asked for
claims nothing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, or_, select
from sqlmodel import Session, col

from storage.tables import Claim, Digest, LabelValue, Lane, Outbox, OutboxKind, Project, Purpose
from workflow import calendar, counts, outbox, quality_counts
from workflow.agreement import Agreement, in_words, measure
from workflow.agreement_words import figure
from workflow.guidelines.acknowledgement import coverage
from workflow.patterns import parse_pattern

JOB = "digest"
# A click is dated before its transaction commits: what is younger than this belongs to the next digest, so that the figures
# of one digest agree with each other.
SETTLED = timedelta(seconds=30)
# A label that took even longer to commit was in no digest: the next one looks back this far for labels not yet told.
LOOK_BACK = timedelta(hours=1)
TOLD = "told_by_person"
CHART_DAYS = 60


@dataclass(frozen=True)
class Due:
    """A digest that is due: for which local date, its period (UTC, from inclusive, to exclusive), its numbers."""

    project_id: int
    day: date
    from_at: datetime
    to_at: datetime
    numbers: dict[str, Any]


def due(session: Session, project_id: int, now: datetime) -> Due | None:
    """What is due, counted without keeping any click waiting; None where nothing is.

    Three days without a tick are one digest; a changed zone counts nothing twice, as the period is in UTC.
    """
    project = session.execute(
        select(col(Project.time_zone), col(Project.digest_at), col(Project.created_at)).where(
            col(Project.id) == project_id
        )
    ).one()
    at = time.fromisoformat(project.digest_at)
    day = calendar.due_local_date(now, project.time_zone, at)
    last = _last_date(session, project_id)
    if calendar.moment(day, at, project.time_zone) < project.created_at or (last is not None and day <= last):
        return None
    to_at = now - SETTLED
    from_at = min(last_end(session, project_id), to_at)
    return Due(project_id, day, from_at, to_at, _kept_numbers(session, project_id, from_at, to_at))


def claim(session: Session, made: Due, now: datetime) -> int | None:
    """Take a due digest and post it, once per local date across restarts and replicas; its id, or None if it was taken."""
    mine = select(col(Project.id)).where(col(Project.id) == made.project_id)
    session.execute(mine.with_for_update(key_share=True)).one()
    last = _last_date(session, made.project_id)
    if last is not None and made.day <= last:
        return None
    if made.from_at != min(last_end(session, made.project_id), made.to_at):
        # Another replica has made an earlier one meanwhile: the next tick counts from there.
        return None
    session.execute(insert(Claim).values(job=JOB, project_id=made.project_id, local_date=made.day, at=now))
    return _post(session, made, now, scheduled=True)


def _last_date(session: Session, project_id: int) -> date | None:
    claimed = select(func.max(col(Claim.local_date))).where(col(Claim.project_id) == project_id, col(Claim.job) == JOB)
    last: date | None = session.execute(claimed).scalar()
    return last


def post_asked(session: Session, project_id: int, slack_id: str, asked: str | int, now: datetime) -> None:
    """Post a digest that somebody asked for; ``asked`` tells one asking from another, and the same twice posts once."""
    key = f"digest:asked:{slack_id}:{asked}"
    zone = session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one()
    from_at = min(last_end(session, project_id), now)
    numbers = compute(session, project_id, from_at, now)
    # Under the project's lock, the second of two that come at once sees what the first has done.
    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(key_share=True)).one()
    if session.execute(select(col(Outbox.id)).where(col(Outbox.key) == key)).first():
        return
    made = Due(project_id, now.astimezone(ZoneInfo(zone)).date(), from_at, now, numbers)
    _post(session, made, now, scheduled=False, key=key)


def _post(session: Session, made: Due, now: datetime, *, scheduled: bool, key: str | None = None) -> int:
    """Keep a digest and put it into the leads channel's outbox, with its chart; its id."""
    row = {"local_date": made.day, "from_at": made.from_at, "to_at": made.to_at, "numbers": made.numbers}
    digest_id: int = session.execute(
        insert(Digest).values(project_id=made.project_id, scheduled=scheduled, **row).returning(col(Digest.id))
    ).scalar_one()
    outbox.put(
        session,
        now,
        key or f"digest:{digest_id}",
        "digest",
        outbox.To(project_id=made.project_id, purpose=Purpose.LEADS),
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
    people = _new_labels(session, project_id, from_at, to_at)
    return {
        "project": project.name,
        "from": from_at.isoformat(),
        "to": to_at.isoformat(),
        "labels": sum(people.values()),
        "items_done": counts.items_done_between(session, project_id, from_at, to_at),
        "skips": counts.skips_between(session, project_id, from_at, to_at),
        "people": counts.named(session, people),
        **counts.progress(session, project_id, to_at),
        "agreement": agreement_numbers(session, project_id, project.level),
        "escalations": counts.open_escalations(session, project_id),
        "guideline": _guideline(session, project_id),
        "quality": quality_counts.waiting(session, project_id, to_at),
        "undelivered": counts.undelivered(session, project_id),
    }


def _guideline(session: Session, project_id: int) -> dict[str, Any] | None:
    """How many have read the version that has to be read, and who has not; None where nobody has to."""
    found = coverage.of(session, project_id)
    if not found.is_wanted:
        return None
    return {
        "version": found.version,
        "asked": found.asked,
        "acknowledged": found.acknowledged,
        "missing": list(found.missing),
    }


def _kept_numbers(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> dict[str, Any]:
    """The numbers, and what the next digest needs in order to find labels that commit only after this one was counted."""
    told = counts.labels_by_person(session, project_id, to_at - LOOK_BACK, to_at)
    return compute(session, project_id, from_at, to_at) | {TOLD: {str(person): count for person, count in told.items()}}


def _new_labels(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> Counter[int]:
    """Labels by person: those of the period, and those dated shortly before it that the last digest could not see yet."""
    before: dict[str, Any] | None = session.execute(
        select(col(Digest.numbers))
        .where(col(Digest.project_id) == project_id, col(Digest.scheduled), col(Digest.to_at) == from_at)
        .order_by(col(Digest.id).desc())
        .limit(1)
    ).scalar()
    told = None if before is None else before.get(TOLD)
    found = counts.labels_by_person(session, project_id, from_at if told is None else from_at - LOOK_BACK, to_at)
    found.subtract({int(person): count for person, count in (told or {}).items()})
    return found


def agreement_numbers(session: Session, project_id: int, level: str) -> dict[str, Any]:
    """Agreement over all labels so far, in words too; value ids become titles."""
    schema = session.execute(
        select(col(LabelValue.id), col(LabelValue.title), col(LabelValue.number), col(LabelValue.retired_at))
        .where(col(LabelValue.project_id) == project_id)
        .order_by(col(LabelValue.position))
    ).all()
    retired = {row.id for row in schema if row.retired_at is not None}
    titles = {row.id: f"{row.title} (retired)" if row.id in retired else row.title for row in schema}
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
        "shares": [
            {"title": titles[value], "share": share}
            for value, share in found.shares.items()
            if share or value not in retired
        ],
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
    """What the chart of a digest shows: the scheduled ones up to it and itself, one a local date, oldest first.

    One that was asked for after the scheduled one of its date adds its labels to that date; those of other days that were
    asked for are left out, since the next scheduled one tells the same labels.
    """
    rows = session.execute(
        select(col(Digest.local_date), col(Digest.numbers))
        .where(
            col(Digest.project_id) == project_id,
            col(Digest.id) <= up_to,
            or_(col(Digest.scheduled), col(Digest.id) == up_to),
        )
        .order_by(col(Digest.id).desc())
        .limit(CHART_DAYS)
    ).all()
    days: dict[date, dict[str, Any]] = {}
    for row in reversed(rows):
        agreement = row.numbers["agreement"]
        days[row.local_date] = {
            "day": row.local_date,
            "labels": row.numbers["labels"] + days.get(row.local_date, {"labels": 0})["labels"],
            "alpha": agreement["alpha"],
            "low": agreement["low"],
            "high": agreement["high"],
        }
    return list(days.values())


def alpha_figure(numbers: dict[str, Any]) -> str:
    """Alpha as the field writes it, or a dash."""
    return figure(numbers["agreement"]["alpha"])
