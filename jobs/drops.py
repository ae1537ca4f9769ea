"""Dropped files, one after the other: fetched, looked at, and imported where a lead asked for it."""

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import structlog
from sqlmodel import Session

from jobs import drop_folder, dropped_guideline
from jobs.drop_folder import size_words
from jobs.dropped_file import About, Files, NotNowError, UnreadableError
from storage.engine import Store
from storage.tables import DropState
from workflow import drop_intake, drop_work
from workflow.drop_work import LostError, Work
from workflow.errors import BusyError, RefusedError
from workflow.intake import UnansweredError

log = structlog.get_logger()
LEAST_REST = 0.05
NO_DATA = ("image/", "video/", "audio/")
"""A team's channel is full of pictures: nobody wants to be told that they are no rows."""


@dataclass(frozen=True)
class DropSettings:
    """``largest`` in bytes, the rest in seconds. ``beat`` is how often an import tells how far it is."""

    folder: Path = field(default_factory=lambda: Path(gettempdir()) / f"concord-drops-{uuid4().hex}")
    largest: int = 500_000_000
    tick: float = 5.0
    beat: float = 3.0
    lease: float = 120.0
    poll: float = 1.0
    patience: float = 10.0
    retry_base: float = 2.0
    retry_cap: float = 60.0
    most_attempts: int = 6


class StoppedError(Exception):
    """Concord is being stopped."""


@dataclass(frozen=True)
class Clerk:
    """What working on dropped files takes. ``stopping`` interrupts what is long."""

    store: Store
    files: Files
    clock: Callable[[], datetime]
    nudge: Callable[[], None] = lambda: None
    settings: DropSettings = field(default_factory=DropSettings)
    stopping: threading.Event = field(default_factory=threading.Event)


def work_off(clerk: Clerk) -> int:
    """Work on every file that waits, one at a time; how many times one was taken up."""
    worked = 0
    while not clerk.stopping.is_set() and (work := _claim(clerk)) is not None:
        worked += 1
        _work(clerk, work)
        clerk.nudge()
    drop_folder.sweep(clerk.store, clerk.settings.folder)
    return worked


def rest(clerk: Clerk) -> float:
    """How long until there may be something to do without anybody's word, in seconds."""
    with clerk.store.read() as session:
        due_at = drop_work.next_due(session)
    if due_at is None:
        return clerk.settings.tick
    return min(clerk.settings.tick, max(LEAST_REST, (due_at - clerk.clock()).total_seconds()))


def _claim(clerk: Clerk) -> Work | None:
    now = clerk.clock()
    with clerk.store.read() as session:
        if not drop_work.any_waiting(session, now):
            return None
    until = now + timedelta(seconds=clerk.settings.lease)
    return clerk.store.transact(lambda session: drop_work.claim(session, now, until))


def _work(clerk: Clerk, work: Work) -> None:
    """One file, from the claim to where it stands afterwards."""
    try:
        if work.attempts > clerk.settings.most_attempts:
            raise UnreadableError(f"Concord began with this file {work.attempts - 1} times, and was stopped each time.")
        (_import if work.state is DropState.ASKED else _look)(clerk, work)
    except LostError:
        log.info("dropped file taken away", drop=work.id)
    except StoppedError:
        _later(clerk, work, 0.0, failed=False)
    except BusyError:
        _later(clerk, work, clerk.settings.tick, failed=False)
    except NotNowError as later:
        _not_now(clerk, work, later)
    except RefusedError as refused:
        _refuse(clerk, work, str(refused), readable=not isinstance(refused, UnreadableError))
    except Exception as error:
        # Its text may hold a row's: the log gets the place, not the words.
        at = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        log.error("dropped file failed", drop=work.id, error=kind, at=f"{at.filename}:{at.lineno}")
        words = f"Concord failed at this file ({kind}): the log says where."
        _not_now(clerk, work, NotNowError(words))


def _look(clerk: Clerk, work: Work) -> None:
    beat = Beat(clerk, work)
    if not _is_here(clerk, work):
        about = _about(clerk, work)
        if work.project_id is None:
            return
        _check(clerk, about)
        sha256 = drop_folder.fetch(clerk.files, about, _place(clerk, work), clerk.settings.largest, beat.alive)
        work.preview = {**work.preview, "sha256": sha256}
    if dropped_guideline.is_one(work):
        dropped_guideline.take(clerk.store, work, _place(clerk, work), clerk.clock())
        return
    found = drop_intake.look(clerk.store, work, _place(clerk, work), beat.alive)
    clerk.store.transact(lambda session: drop_work.looked(session, work, found, clerk.clock()))


def _place(clerk: Clerk, work: Work) -> Path:
    return drop_folder.place(clerk.settings.folder, work)


def _is_here(clerk: Clerk, work: Work) -> bool:
    """Whether the file was fetched before, and lies where it was put."""
    return {"thread", "sha256"} <= set(work.preview) and _place(clerk, work).exists()


def _about(clerk: Clerk, work: Work) -> About:
    """What Slack says of the file; and its card, where it is one to speak of."""
    now = clerk.clock()
    fresh = now - work.created_at < timedelta(seconds=clerk.settings.patience)
    try:
        about = clerk.files.about(work.file_id, work.channel)
    except UnreadableError as unreadable:
        if unreadable.early and fresh:
            raise NotNowError(str(unreadable), clerk.settings.poll, failed=False) from None
        raise
    if why := _not_ours(clerk, about):
        clerk.store.transact(lambda session: drop_work.overlooked(session, work, why, now))
        raise LostError(why)
    if not about.shown and fresh:
        raise NotNowError("Slack has not shown the file yet.", clerk.settings.poll, failed=False)
    clerk.store.transact(lambda session: _known(session, work, about, now))
    clerk.nudge()
    return about


def _known(session: Session, work: Work, about: About, now: datetime) -> None:
    is_guideline = dropped_guideline.is_named(about)
    drop_work.known(session, work, about.name, about.size, about.thread, now, is_guideline=is_guideline)


def _not_ours(clerk: Clerk, about: About) -> str | None:
    if about.user_id == clerk.files.own_id:
        return "Concord brought it itself."
    if about.is_document or about.kind.startswith(NO_DATA):
        return "It is no file of rows."
    return None


def _check(clerk: Clerk, about: About) -> None:
    """Raises UnreadableError for what Slack does not give, and what is empty or too large."""
    if about.problem is not None:
        raise UnreadableError(about.problem)
    if about.size == 0:
        raise UnreadableError("The file is empty.")
    dropped_guideline.check(about)
    largest = clerk.settings.largest
    if about.size > largest:
        raise UnreadableError(
            f"The file has {size_words(about.size)}, and Concord takes files of up to {size_words(largest)} in chat "
            "(CONCORD_LARGEST_FILE). Split it, or import it by the command line: concord import."
        )


def _import(clerk: Clerk, work: Work) -> None:
    beat = Beat(clerk, work)
    with clerk.store.read() as session:
        done = drop_intake.already_in(session, work)
    if done is None:
        path = _place(clerk, work)
        if not path.exists() and not _is_the_same(clerk, work, path, beat):
            return
        try:
            done = drop_intake.bring_in(clerk.store, work, path, clerk.clock, beat.imported)
        except UnansweredError as unanswered:
            # The project has changed since the look.
            words = f"This has to be answered first: {unanswered}"
            clerk.store.transact(lambda session: drop_work.changed(session, work, words, clerk.clock()))
            return
    lot_id, refused = done
    clerk.store.transact(lambda session: drop_work.imported(session, work, lot_id, refused, clerk.clock()))


def _is_the_same(clerk: Clerk, work: Work, path: Path, beat: "Beat") -> bool:
    """Fetch the file again; where it is another one by now, it is looked at anew."""
    about = clerk.files.about(work.file_id, work.channel)
    _check(clerk, about)
    if drop_folder.fetch(clerk.files, about, path, clerk.settings.largest, beat.alive) == work.preview["sha256"]:
        return True
    path.unlink()
    words = "The file was changed in Slack after the import was asked for: see what is in it now."
    clerk.store.transact(lambda session: drop_work.changed(session, work, words, clerk.clock()))
    return False


@dataclass
class Beat:
    """Told how many bytes are done, as often as one likes: keeps the lease, and tells of an import on its card."""

    clerk: Clerk
    work: Work
    last: datetime | None = None

    def alive(self, _done: int) -> None:
        """Fetching or looking goes on. Raises StoppedError, LostError."""
        if (now := self._due()) is not None:
            self._write(now, lambda _session: None)

    def imported(self, done: int) -> None:
        """An import goes on. Raises StoppedError, LostError."""
        if (now := self._due()) is not None:
            self._write(now, lambda session: drop_work.progress(session, self.work, done, now))
            self.clerk.nudge()

    def _due(self) -> datetime | None:
        if self.clerk.stopping.is_set():
            raise StoppedError
        now = self.clerk.clock()
        if self.last is not None and now - self.last < timedelta(seconds=self.clerk.settings.beat):
            return None
        self.last = now
        return now

    def _write(self, now: datetime, more: Callable[[Session], None]) -> None:
        until = now + timedelta(seconds=self.clerk.settings.lease)

        def write(session: Session) -> None:
            more(session)
            drop_work.keep(session, self.work, until)

        self.clerk.store.transact(write)
        self.work.lease_until = until


def _not_now(clerk: Clerk, work: Work, later: NotNowError) -> None:
    settings = clerk.settings
    if later.failed and work.attempts >= settings.most_attempts:
        _refuse(clerk, work, f"{later} Concord tried {work.attempts} times.", readable=False)
        return
    growing = min(settings.retry_cap, settings.retry_base * 2 ** (work.attempts - 1))
    _later(clerk, work, growing if later.seconds is None else later.seconds, failed=later.failed)


def _later(clerk: Clerk, work: Work, seconds: float, *, failed: bool) -> None:
    due_at = clerk.clock() + timedelta(seconds=seconds)
    _quietly(clerk, work, lambda session: drop_work.later(session, work, due_at, failed=failed))


def _refuse(clerk: Clerk, work: Work, words: str, *, readable: bool) -> None:
    now = clerk.clock()
    _quietly(clerk, work, lambda session: drop_work.refused(session, work, words, now, readable=readable))


def _quietly(clerk: Clerk, work: Work, write: Callable[[Session], None]) -> None:
    try:
        clerk.store.transact(write)
    except LostError:
        log.info("dropped file taken away", drop=work.id)
