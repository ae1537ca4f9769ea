"""Which version somebody has to read, and under which one they work: as parts of SQL statements.

A version has to be read where it has ``held_from``. The newest such version is the one to read; who has acknowledged it,
or a later one, has read all before it too.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select, true

from storage.tables import Acknowledgement, Guideline, Member, Role, plain

READERS = (Role.ANNOTATOR, Role.REVIEWER)
"""Who has to read a version."""


def is_reader(project_id: Any, person: Any) -> ColumnElement[bool]:
    """SQL: whether somebody has to read the guideline of a project; ``person`` are columns of Person's table."""
    member = plain(Member).alias("reader")
    mine = (member.c.project_id == project_id, member.c.person_id == person.id, member.c.role.in_(READERS))
    return and_(person.active, exists().where(*mine).correlate_except(member))


def to_read(project_id: Any) -> Any:
    """SQL: the id of the version of a project that has to be read; NULL where none has."""
    guideline = plain(Guideline).alias("required")
    return (
        select(guideline.c.id)
        .where(guideline.c.project_id == project_id, guideline.c.held_from.is_not(None))
        # By the index of numbers, and not by the largest id: a row is as long as its text.
        .order_by(guideline.c.major.desc(), guideline.c.minor.desc())
        .limit(1)
        .correlate_except(guideline)
        .scalar_subquery()
    )


def last_read(project_id: Any, person_id: Any) -> Any:
    """SQL: the id of the newest version that somebody has acknowledged; NULL for none."""
    read = plain(Acknowledgement).alias("read")
    return (
        select(func.max(read.c.guideline_id))
        .where(read.c.person_id == person_id, read.c.project_id == project_id, read.c.acknowledged_at.is_not(None))
        .correlate_except(read)
        .scalar_subquery()
    )


def held_since(project_id: Any, person_id: Any, *, since_major: Any = None) -> Any:
    """SQL: from when on somebody is held back by a version that they have not read; NULL for never.

    With ``since_major`` only by those that changed rules since that major version.
    """
    guideline = plain(Guideline).alias("holding")
    return (
        select(func.min(guideline.c.held_from))
        .where(
            guideline.c.project_id == project_id,
            guideline.c.id > func.coalesce(last_read(project_id, person_id), 0),
            true() if since_major is None else guideline.c.major > since_major,
        )
        .correlate_except(guideline)
        .scalar_subquery()
    )


def worked_under(batch: Any, project: Any) -> Any:
    """SQL: the id of the version under which labels of a batch are given.

    The one that the batch began with, or the one that its owner has read since. ``batch`` and ``project`` are columns of
    the tables. Only a batch that another version has come after costs a look.
    """
    read = plain(Acknowledgement).alias("read")
    since = (
        select(func.max(read.c.guideline_id))
        .where(
            read.c.person_id == batch.person_id,
            read.c.project_id == batch.project_id,
            read.c.guideline_id > batch.guideline_id,
            read.c.acknowledged_at.is_not(None),
        )
        .correlate_except(read)
        .scalar_subquery()
    )
    outdated = batch.guideline_id != project.guideline_id
    return case((outdated, func.coalesce(since, batch.guideline_id)), else_=project.guideline_id)
