"""The store, looked at without writing: there, at the newest revision, whole, writable, of this workspace."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, event, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlmodel import Session, col

from bot.app import Installation
from bot.doctor.check import Check, fault, listed, note, ok, warning
from storage import schema
from storage.engine import Store
from storage.schema import ForeignDatabaseError, NewerDatabaseError
from storage.tables import Workspace

NAME = "database"
CONNECT_SECONDS = 5
# One Concord holds so many connections at most: two pools of twenty.
CONNECTIONS = 40


@contextmanager
def opened(url: str) -> Iterator[Store | None]:
    """The store for reading only; None where it is an SQLite file that is not there yet. Raises what the driver raises."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not path.is_file():
            yield None
            return
        engine = create_engine(f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true")
        event.listen(engine, "connect", _look_only)
    else:
        if parsed.get_backend_name() not in ("postgresql", "postgres"):
            raise ArgumentError("neither SQLite nor PostgreSQL")
        reading = {"options": "-c default_transaction_read_only=on", "connect_timeout": CONNECT_SECONDS}
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_size=1, connect_args=reading)
    store = Store(engine)
    try:
        yield store
    finally:
        store.close()


def _look_only(connection: object, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON")  # type: ignore[attr-defined]


def reachable(store: Store | None, url: str) -> Iterator[Check]:
    """Whether it answers, and whether its tables are this version's."""
    where = make_url(url).render_as_string(hide_password=True)
    if store is None:
        yield note(NAME, f"There is none yet at {where}.", "`concord run` makes it.")
        return
    try:
        revision = schema.revision(store)
    except (NewerDatabaseError, ForeignDatabaseError) as error:
        yield fault(NAME, str(error))
    except SQLAlchemyError as error:
        yield fault(NAME, f"{where} does not answer: {_reason(error)}", "Start it, or set CONCORD_DATABASE_URL right.")
    else:
        yield from _revision(store, revision, where)


def _revision(store: Store, revision: str | None, where: str) -> Iterator[Check]:
    if revision != schema.newest():
        words = f"{where} is at revision {revision}, and this Concord works with {schema.newest()}."
        yield fault(NAME, words, "Make a backup (concord backup FILE), then start Concord or run: concord db upgrade")
    elif differs := schema.differences(store):
        words = f"The tables at {where} are not what the migrations made: {listed(differs)}."
        yield fault(NAME, words, "Somebody changed them by hand. Restore a backup, or report this.")
    else:
        yield ok(NAME, f"{where} answers, at the newest revision ({revision}).")


def safe(store: Store) -> Iterator[Check]:
    """Whether it keeps what it is given: SQLite's journal and folder, PostgreSQL's encoding and connections."""
    with store.read() as session:
        yield from _sqlite(session, store) if store.is_sqlite else _postgresql(session)


def _sqlite(session: Session, store: Store) -> Iterator[Check]:
    path = Path(str(store.engine.url.database).removeprefix("file:").partition("?")[0])
    mode = session.execute(text("PRAGMA journal_mode")).scalar_one()
    if mode != "wal":
        words = f"SQLite's journal is {mode}: readers keep writers waiting."
        yield warning("journal", words, "Start Concord once: it switches to WAL. On a network drive use PostgreSQL.")
    closed = [str(one) for one in (path.parent, *_files(path)) if one.exists() and not os.access(one, os.W_OK)]
    if closed:
        words = f"This account may not write to {listed(closed)}."
        yield fault("files", words, "Give the account that runs Concord the right to, or set CONCORD_HOME.")
    elif mode == "wal":
        yield ok("files", "The journal is WAL, and the store's files and folder can be written.")


def _files(path: Path) -> Iterator[Path]:
    yield from (path, Path(f"{path}-wal"), Path(f"{path}-shm"))


def _postgresql(session: Session) -> Iterator[Check]:
    encoding = session.execute(text("SHOW server_encoding")).scalar_one()
    most = int(session.execute(text("SHOW max_connections")).scalar_one())
    if encoding != "UTF8":
        yield fault(
            "encoding", f"The database's encoding is {encoding}: texts are lost in it.", "Make it anew with UTF8."
        )
    if most < CONNECTIONS:
        words = f"PostgreSQL takes {most} connections, and one Concord may hold {CONNECTIONS}."
        yield warning("connections", words, "Raise max_connections.")
    if encoding == "UTF8" and most >= CONNECTIONS:
        yield ok("server", f"UTF-8, {most} connections at most; every Concord may hold {CONNECTIONS}.")


def workspace(session: Session, installation: Installation | None) -> Iterator[Check]:
    """Whether the store belongs to the workspace that the token is of."""
    row = session.execute(select(col(Workspace.team_id), col(Workspace.name))).first()
    if row is None:
        yield note("workspace", "The store belongs to no workspace yet: the first start binds it.")
    elif installation is not None and row.team_id != installation.team_id:
        words = f"The store belongs to {row.name} ({row.team_id}), and the bot token to {installation.team}."
        fix = f"Set CONCORD_HOME or CONCORD_DATABASE_URL to another store, or use the token of {row.name}."
        yield fault("workspace", words, fix)
    else:
        yield ok("workspace", f"The store belongs to {row.name}.")


def _reason(error: SQLAlchemyError) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return said[0] if said else type(error).__name__
