"""One store, two databases: opening it, reading from it, writing to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session

from storage.turns import Turns

T = TypeVar("T")

BUSY_SECONDS = 15
ATTEMPTS = 5
# PostgreSQL: deadlock, serialization failure, and a unique row that another transaction made first.
RETRIED_STATES = {"40P01", "40001", "23505"}


@dataclass(frozen=True)
class Store:
    """The store: an engine, and the lock that SQLite's writers take before they begin.

    SQLite lets one writer in at a time and lets the others poll; in one process a lock hands over at once.
    """

    engine: Engine
    writers: Turns = field(default_factory=Turns)
    _writing: Engine = field(init=False)

    def __post_init__(self) -> None:
        immediate = self.engine.execution_options(immediate=True) if self.is_sqlite else self.engine
        object.__setattr__(self, "_writing", immediate)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: one snapshot on SQLite, never waiting for writers."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed on leaving, rolled back on any exception."""
        turn = self.writers if self.is_sqlite else nullcontext()
        with turn, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction, again from the start where the database asks for that.

        ``work`` has no effect outside its session, so that running it again is harmless.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in RETRIED_STATES:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_store(url: str, *, pool_size: int = 10) -> Store:
    """Open the store at an SQLAlchemy URL (``sqlite:///path`` or ``postgresql://...``).

    ``pool_size`` times the number of processes must stay under PostgreSQL's ``max_connections``. Raises ArgumentError
    for what is no such URL.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ArgumentError(f"{parsed.get_backend_name()} is neither sqlite nor postgresql")
    if parsed.get_backend_name() == "sqlite":
        return Store(_sqlite(parsed.render_as_string(hide_password=False), pool_size))
    return Store(create_engine(parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True))


def _sqlite(url: str, pool_size: int) -> Engine:
    database = make_url(url).database
    if database:
        # Items and labels are nobody else's on this machine.
        Path(database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=64, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, and too late; _begin_sqlite does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")
