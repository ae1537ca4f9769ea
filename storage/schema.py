"""The shape of the store over time: bringing a database to the newest revision, and refusing a newer one."""

import time
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)
from storage.engine import Store
from storage.locks import held

MIGRATIONS = Path(__file__).parent / "migrations"
LOOK_AGAIN_SECONDS = 0.05


class NewerDatabaseError(Exception):
    """The database was written by a newer Concord than this one."""


class OlderDatabaseError(Exception):
    """The database has to be upgraded first, which is for whoever starts the new version."""


class ForeignDatabaseError(Exception):
    """The database holds tables that are not Concord's."""


def upgrade(store: Store) -> tuple[str | None, str]:
    """Apply what is missing; the revision before and after. Of several processes one does it and the others wait.

    Raises NewerDatabaseError where the database's revision is not known here, ForeignDatabaseError where there are
    tables but no revision: both leave the database as it was.
    """
    while True:
        with store.engine.connect() as connection:
            before = _checked_revision(connection)
        if before == newest():
            return before, before
        with held(store, "upgrade") as mine:
            if mine:
                return _upgrade(store)
        time.sleep(LOOK_AGAIN_SECONDS)


def make_or_check(store: Store) -> bool:
    """Make the tables where there are none, and say whether that was so.

    Raises OlderDatabaseError where the database is of an older revision: an older Concord may be running on it, and only a
    start and ``concord db upgrade`` change that. Raises as ``upgrade`` does; each leaves the database as it was.
    """
    before = revision(store)
    if before is None:
        upgrade(store)
    elif before != newest():
        raise OlderDatabaseError(
            f"The database is at revision {before}, and this version of Concord works with {newest()}. Nothing was changed. "
            "Make a backup (concord backup FILE), stop a Concord that still runs, and start the new one, or run: "
            "concord db upgrade"
        )
    return before is None


def _upgrade(store: Store) -> tuple[str | None, str]:
    """In one transaction: what fails half-way, or is killed, leaves the database as it was."""
    with store.engine.execution_options(immediate=True).connect() as connection:
        before = _checked_revision(connection)
        if before != newest():
            command.upgrade(_config(connection), "head")
            connection.commit()
    return before, newest()


def newest() -> str:
    """The revision that this version of Concord works with."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if head is None:
        raise RuntimeError("there is no migration in storage/migrations/versions")
    return head


def check(store: Store) -> None:
    """Compare the tables in the code with the database; raises where a migration is missing."""
    with store.engine.connect() as connection:
        command.check(_config(connection))


def revision(store: Store) -> str | None:
    """The revision that the database is at, None for one without tables. Raises as ``upgrade`` does; changes nothing."""
    with store.engine.connect() as connection:
        return _checked_revision(connection)


def differences(store: Store) -> list[str]:
    """How the database's tables differ from the code's, one a line, as in ``add_column person.name``. Changes nothing."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, SQLModel.metadata)
        connection.rollback()
    return [_difference(one) for one in found]


def _difference(found: Any) -> str:
    # Changes of one column come together in a list.
    kind, *about = found[0] if isinstance(found, list) else found
    names = [str(getattr(one, "name", one)) for one in about if isinstance(one, str) or hasattr(one, "name")]
    return f"{kind} {'.'.join(names)}"


def write_revision(store: Store, message: str) -> None:
    """For developers: write the migration from the database as it is to the tables in the code."""
    with store.engine.connect() as connection:
        command.revision(_config(connection), message, autogenerate=True)


def upgrade_to(store: Store, revision: str) -> None:
    """Bring a database to one given revision; tests of upgrades start from there."""
    with store.engine.connect() as connection:
        command.upgrade(_config(connection), revision)
        connection.commit()


def revisions() -> list[str]:
    """All revisions, oldest first."""
    return [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


def _checked_revision(connection: Connection) -> str | None:
    # Tables first: another process may commit the first revision between the two looks.
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in revisions():
        raise NewerDatabaseError(
            f"The database is at revision {revision}, which this version of Concord does not know: a newer Concord wrote "
            f"it. Nothing was changed. Install that version, or point CONCORD_DATABASE_URL at another database."
        )
    if revision is None and tables:
        raise ForeignDatabaseError(
            f"The database has tables that Concord did not make ({', '.join(sorted(tables)[:5])}). Nothing was changed. "
            f"Point CONCORD_DATABASE_URL at an empty database."
        )
    connection.rollback()
    return revision


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config
