"""Dropped files on both databases: whose word counts, what the clock makes of them, and what no accident can do."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlmodel import col

from jobs import drops as job
from jobs.dropped_file import About, NotNowError, UnreadableError
from jobs.drops import Clerk, DropSettings
from storage.engine import Store
from storage.tables import (
    Card,
    Channel,
    DropState,
    FileDrop,
    History,
    Item,
    Lot,
    LotState,
    Member,
    Outbox,
    OutboxKind,
    Project,
    Purpose,
    RefusedRow,
    Role,
)
from tests.builders import NOW, World, add_person, build
from workflow import drop_form, drop_work, drops, intake
from workflow.errors import NotAllowedError, RefusedError
from workflow.project_form import FormError
from workflow.views.drop import drop_view, mapping_view

CHANNEL = "CTEAM"
COMPLETE = (col(Lot.state) == LotState.COMPLETE, col(Lot.file_name).startswith("F"))
GOOD = b"id,text\na,The first\nb,The second\nc,\n"
LEA, MIA, ANA = "ULEA", "UMIA", "UANA"


@dataclass
class FakeFiles:
    """Slack's files in memory. ``raises`` are what the next calls meet."""

    content: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, About] = field(default_factory=dict)
    raises: list[Exception] = field(default_factory=list)
    fetched: int = 0
    own_id: str = "UBOT"
    during: Callable[[], None] | None = None

    def put(self, file_id: str, content: bytes = GOOD, **more: Any) -> None:
        self.content[file_id] = content
        told = About(
            file_id, f"{file_id}.csv", len(content), "text/csv", ANA, "https://files", shown=True, thread="1.5"
        )
        self.told[file_id] = replace(told, **more)

    def about(self, file_id: str, channel: str) -> About:
        if self.raises:
            raise self.raises.pop(0)
        return self.told[file_id]

    def fetch(self, about: About, path: Path, most: int, progress: Callable[[int], None]) -> str:
        if self.raises:
            raise self.raises.pop(0)
        self.fetched += 1
        path.write_bytes(self.content[about.file_id])
        progress(about.size)
        if self.during is not None:
            self.during()
        return hashlib.sha256(self.content[about.file_id]).hexdigest()


@dataclass
class Scene:
    """A project with two leads, a clerk with a clock that the test turns, and the files."""

    world: World
    folder: Path
    now: datetime = NOW
    files: FakeFiles = field(default_factory=FakeFiles)
    settings: DropSettings = field(default_factory=DropSettings)

    @property
    def store(self) -> Store:
        return self.world.store

    def clerk(self, **more: Any) -> Clerk:
        settings = replace(self.settings, folder=self.folder)
        return Clerk(self.store, self.files, lambda: self.now, settings=settings, **more)

    def drop(self, file_id: str = "F1", content: bytes = GOOD, **more: Any) -> int:
        self.files.put(file_id, content, **more)
        made = self.store.transact(lambda session: drops.dropped(session, file_id, CHANNEL, ANA, self.now))
        assert made is not None
        return made

    def work(self, **more: Any) -> int:
        return job.work_off(self.clerk(**more))

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def settle(self) -> None:
        """Work until nothing waits, however often it has to be put off."""
        for _ in range(40):
            self.work()
            self.later(200)

    def act(self, what: Callable[..., Any], *arguments: Any) -> Any:
        return self.store.transact(lambda session: what(session, *arguments, self.now))

    def ready(self, file_id: str = "F1", content: bytes = GOOD, **more: Any) -> int:
        made = self.drop(file_id, content, **more)
        self.work()
        assert self.row(made).state is DropState.READY, self.row(made).problem
        return made

    def row(self, drop_id: int) -> FileDrop:
        with self.store.read() as session:
            found = session.get(FileDrop, drop_id)
            assert found is not None
            return found

    def view(self, drop_id: int) -> dict[str, Any]:
        with self.store.read() as session:
            found = drop_view(session, drop_id)
            assert found is not None
            return found

    def items(self) -> list[str]:
        return sorted(row.key for row in self.world.rows(select(col(Item.key))))

    def lots(self) -> list[Any]:
        return self.world.rows(select(col(Lot.id), col(Lot.items)).where(*COMPLETE))

    def outbox(self, *kinds: OutboxKind) -> list[Outbox]:
        with self.store.read() as session:
            found = select(Outbox).where(col(Outbox.kind).in_(kinds)).order_by(col(Outbox.id))
            return list(session.execute(found).scalars())


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    world = build(store, items=0)
    with store.write() as session:
        for name in ("lea", "mia"):
            add_person(session, world, name, Role.LEAD)
        team = (col(Channel.project_id) == world.project_id, col(Channel.purpose) == Purpose.TEAM)
        session.execute(update(Channel).where(*team).values(slack_id=CHANNEL))
    return Scene(world, tmp_path / "drops")


# -- the event ----------------------------------------------------------------------------------------------------


def test_a_file_counts_once_and_only_in_a_team_channel(scene: Scene) -> None:
    made = scene.drop()
    assert scene.act(drops.dropped, "F1", CHANNEL, ANA) is None
    assert scene.act(drops.dropped, "F1", "CELSEWHERE", ANA) is None
    row = scene.row(made)
    assert (row.state, row.project_id, row.slack_user) == (DropState.NEW, scene.world.project_id, ANA)
    assert scene.world.rows(select(func.count()).select_from(FileDrop)) == [(1,)]


def test_the_clock_is_woken_by_what_waits_for_it_alone(scene: Scene) -> None:
    with scene.store.write() as session:
        drops.dropped(session, "F1", "CELSEWHERE", ANA, NOW)
        assert not drops.waits(session)
        drops.dropped(session, "F1", CHANNEL, ANA, NOW)
        assert drops.waits(session)


# -- the look -----------------------------------------------------------------------------------------------------


def test_a_look_shows_what_an_import_would_do_and_writes_no_item(scene: Scene) -> None:
    made = scene.ready()
    looked = scene.row(made).preview["looked"]
    assert {name: looked[name] for name in ("rows", "items", "duplicates", "refused")} == {
        "rows": 3, "items": 2, "duplicates": 0, "refused": 1,
    }  # fmt: skip
    assert looked["columns"] == {"id": "id", "text": "text"}
    assert scene.items() == []
    (card,) = scene.outbox(OutboxKind.POST)
    assert (card.channel, card.thread_key, card.card_kind, card.subject_id) == (
        CHANNEL, f"message:{CHANNEL}:1.5", "drop", made,
    )  # fmt: skip


def test_answers_are_not_on_the_card(scene: Scene) -> None:
    content = b"id,text,gold,label,annotator,guess\na,The first,yes,no,@ana,maybe\n"
    made = scene.ready(content=content)
    shown = scene.view(made)["looked"]["first_rows"]
    assert shown == [{"id": "a", "text": "The first"}]
    assert scene.view(made)["answers_hidden"]
    scene.act(drops.ask, made, LEA)
    scene.work()
    assert scene.row(made).state is DropState.IMPORTED


@pytest.mark.parametrize(("gold", "to_leads"), [(False, False), (True, True)])
def test_refused_rows_with_answers_go_to_the_leads_alone(scene: Scene, gold: bool, to_leads: bool) -> None:
    made = scene.ready(content=b"id,text,gold\na,x,yes\nb,,no\n" if gold else b"id,text\na,x\nb,\n")
    scene.act(drops.ask, made, LEA)
    scene.work()
    (row,) = scene.outbox(OutboxKind.FILE)
    assert (row.purpose == Purpose.LEADS, row.channel is None, row.thread_key is None) == (to_leads,) * 3
    assert to_leads or row.thread_key == f"message:{CHANNEL}:1.5"


def test_no_file_of_refused_rows_where_none_was(scene: Scene) -> None:
    made = scene.ready(content=b"id,text\na,x\n")
    scene.act(drops.ask, made, LEA)
    scene.work()
    assert scene.row(made).state is DropState.IMPORTED
    assert scene.outbox(OutboxKind.FILE) == []


@pytest.mark.parametrize(
    "told",
    [{"kind": "image/png"}, {"kind": "video/mp4"}, {"kind": "audio/ogg"}, {"is_document": True}, {"user_id": "UBOT"}],
)
def test_pictures_and_own_files_are_passed_over_without_a_word(scene: Scene, told: dict[str, Any]) -> None:
    made = scene.drop(**told)
    scene.work()
    assert scene.row(made).state is DropState.REFUSED
    assert scene.outbox(*OutboxKind) == []
    assert scene.files.fetched == 0


@pytest.mark.parametrize(
    ("content", "told", "part"),
    [
        (b"", {}, "empty"),
        (GOOD, {"size": 500_000_001}, "500 MB"),
        (GOOD, {"problem": "It belongs to another workspace."}, "another workspace"),
        (b"%PDF-1.4 \x00\xff\xfe", {"name": "report.pdf"}, ""),
    ],
)
def test_what_cannot_be_taken_is_said_on_the_card(
    scene: Scene, content: bytes, told: dict[str, Any], part: str
) -> None:
    made = scene.drop(content=content, **told)
    scene.work()
    row = scene.row(made)
    assert row.state is DropState.REFUSED
    assert part in (row.problem or "")
    assert len(scene.outbox(OutboxKind.POST)) == 1
    assert not any(scene.folder.glob("*"))


def test_what_slack_does_not_give_can_be_looked_at_again_later(scene: Scene) -> None:
    scene.files.raises = [UnreadableError("The app lacks the scope.")]
    made = scene.drop()
    scene.work()
    assert (scene.row(made).state, scene.row(made).problem) == (DropState.REFUSED, "The app lacks the scope.")
    with pytest.raises(NotAllowedError, match="@Lea or @Mia"):
        scene.act(drops.again, made, ANA)
    assert scene.act(drops.again, made, LEA) is None
    scene.work()
    row = scene.row(made)
    assert (row.state, row.problem, row.settled_at) == (DropState.READY, None, None)
    assert len(scene.outbox(OutboxKind.POST)) == 1


def test_a_file_that_is_not_shown_yet_is_waited_for_and_not_for_ever(scene: Scene) -> None:
    made = scene.drop(shown=False, thread=None)
    scene.work()
    assert scene.outbox(OutboxKind.POST) == []
    scene.later(2)
    scene.files.put("F1")
    scene.work()
    assert scene.row(made).state is DropState.READY
    other = scene.drop("F2", shown=False, thread=None)
    scene.later(30)
    scene.work()
    assert scene.row(other).state is DropState.READY
    assert [row.thread_key for row in scene.outbox(OutboxKind.POST)] == [f"message:{CHANNEL}:1.5", None]


def test_a_file_that_is_not_there_yet_is_waited_for(scene: Scene) -> None:
    scene.files.raises = [UnreadableError("There is no such file.", early=True)] * 2
    made = scene.drop()
    scene.work()
    scene.later(2)
    scene.work()
    assert scene.row(made).state is DropState.NEW
    scene.later(2)
    scene.work()
    assert scene.row(made).state is DropState.READY


def test_slack_out_of_reach_is_tried_again_and_then_said(scene: Scene) -> None:
    scene.files.raises = [
        NotNowError("Slack cannot be reached."),
        NotNowError("asks for fewer calls", 30, failed=False),
    ]
    made = scene.drop()
    scene.settle()
    assert scene.row(made).state is DropState.READY
    scene.files.raises = [NotNowError("Slack cannot be reached.")] * 20
    other = scene.drop("F2")
    scene.settle()
    row = scene.row(other)
    assert row.state is DropState.REFUSED
    assert "Slack cannot be reached. Concord tried 6 times." in (row.problem or "")


def test_a_fault_of_our_own_is_tried_again_and_then_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> None:
        raise KeyError("somebody's text")

    monkeypatch.setattr("workflow.drop_intake.look", broken)
    made = scene.drop()
    scene.settle()
    row = scene.row(made)
    assert row.state is DropState.REFUSED
    assert "KeyError" in (row.problem or "")
    assert "somebody" not in (row.problem or "")


# -- several projects ---------------------------------------------------------------------------------------------


def second_project(scene: Scene, channel: str = CHANNEL) -> int:
    with scene.store.write() as session:
        columns = {**session.execute(select(Project)).scalar_one().model_dump(exclude={"id"}), "name": "other"}
        made: int = session.execute(insert(Project).values(**columns).returning(col(Project.id))).scalar_one()
        session.execute(insert(Channel).values(project_id=made, purpose=Purpose.TEAM, name="#team", slack_id=channel))
        session.execute(
            insert(Member).values(project_id=made, person_id=scene.world.people["mia"], role=Role.LEAD, since=NOW)
        )
        return made


def test_with_several_projects_a_lead_of_one_says_which(scene: Scene) -> None:
    other = second_project(scene)
    made = scene.drop()
    assert scene.row(made).project_id is None
    scene.work()
    assert (scene.row(made).state, scene.files.fetched) == (DropState.READY, 0)
    assert [name for _, name in scene.view(made)["candidates"]] == ["other", "rte"]
    assert scene.act(drops.ask, made, LEA) == "Choose the project first that this file is for."
    with pytest.raises(NotAllowedError, match="@Mia"):
        scene.act(drops.choose, made, other, LEA)
    with pytest.raises(RefusedError, match="another team channel"):
        scene.act(drops.choose, made, other + 100, MIA)
    assert scene.act(drops.choose, made, other, MIA) is None
    assert scene.act(drops.choose, made, other, MIA) is None
    assert "Mia has chosen other" in (scene.act(drops.choose, made, scene.world.project_id, LEA) or "")
    scene.work()
    assert (scene.row(made).state, scene.row(made).project_id) == (DropState.READY, other)
    assert scene.view(made)["project"] == "other"


def test_a_channel_that_is_nobodys_any_more(scene: Scene) -> None:
    second_project(scene)
    made = scene.drop()
    scene.work()
    with scene.store.write() as session:
        session.execute(update(Channel).values(slack_id=None))
    assert scene.view(made)["candidates"] == []
    for act in (drops.cancel, drops.ask):
        with pytest.raises(NotAllowedError, match="No project has this channel"):
            scene.act(act, made, LEA)


# -- the import ---------------------------------------------------------------------------------------------------


def test_only_a_lead_imports_and_the_second_is_told_who_did(scene: Scene) -> None:
    made = scene.ready()
    for stranger in (ANA, "URITA", "UNOBODY"):
        for act in (drops.ask, drops.cancel, drops.again):
            with pytest.raises(NotAllowedError, match="@Lea or @Mia"):
                scene.act(act, made, stranger)
        with pytest.raises(NotAllowedError):
            scene.store.transact(partial(drops.may_map, drop_id=made, slack_id=stranger))
    assert scene.act(drops.ask, made, LEA) is None
    assert scene.act(drops.ask, made, LEA) is None
    assert "Lea asked for the import already" in (scene.act(drops.ask, made, MIA) or "")
    assert "cannot be cancelled" in (scene.act(drops.cancel, made, LEA) or "")
    scene.work()
    assert scene.items() == ["a", "b"]
    row = scene.row(made)
    assert (row.state, row.by_id) == (DropState.IMPORTED, scene.world.people["lea"])
    lot = scene.world.one(select(col(Lot.by_id), col(Lot.file_name)).where(col(Lot.id) == row.lot_id))
    assert lot == (scene.world.people["lea"], "F1.csv")
    assert f"lot {row.lot_id}" in (scene.act(drops.cancel, made, MIA) or "")
    said = scene.world.rows(select(col(History.action)).where(col(History.subject) == "file_drop"))
    assert said == [("drop.asked",)]


def test_two_leads_at_one_moment(scene: Scene) -> None:
    for round_ in range(4):
        made = scene.ready(f"F{round_}", f"id,text\nr{round_},Text of round {round_}\n".encode())
        gate = threading.Barrier(3)

        def press(act: Callable[..., Any], who: str, made: int = made, gate: threading.Barrier = gate) -> Any:
            gate.wait()
            return scene.act(act, made, who)

        with ThreadPoolExecutor(3) as pool:
            pressed = ((drops.ask, LEA), (drops.ask, MIA), (drops.cancel, LEA))
            told = list(pool.map(lambda one: press(*one), pressed))
        row = scene.row(made)
        assert row.state in (DropState.ASKED, DropState.CANCELLED)
        assert told.count(None) == 1
        scene.work()
        imported = f"r{round_}" in scene.items()
        assert imported == (row.state is DropState.ASKED)
        asked = scene.world.rows(select(col(History.id)).where(col(History.action) == "drop.asked"))
        assert len(asked) == len(scene.lots())


def test_a_lead_who_left_meanwhile_has_asked_all_the_same(scene: Scene) -> None:
    made = scene.ready()
    scene.act(drops.ask, made, LEA)
    with scene.store.write() as session:
        session.execute(delete(Member).where(col(Member.person_id) == scene.world.people["lea"]))
    scene.work()
    assert scene.row(made).state is DropState.IMPORTED
    assert scene.items() == ["a", "b"]


def test_the_same_file_twice_makes_nothing_twice(scene: Scene) -> None:
    for file_id in ("F1", "F2"):
        made = scene.ready(file_id)
        scene.act(drops.ask, made, LEA)
        scene.work()
    assert scene.view(made)["lot"]["duplicates"] == 2
    assert scene.items() == ["a", "b"]


def test_killed_after_the_import_and_before_it_was_written_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(BaseException):
        pass

    def die(*_arguments: Any, **_named: Any) -> None:
        raise KilledError

    made = scene.ready()
    scene.later(1)
    scene.act(drops.ask, made, LEA)
    with monkeypatch.context() as patch:
        patch.setattr(drop_work, "imported", die)
        with pytest.raises(KilledError):
            scene.work()
    assert scene.row(made).state is DropState.ASKED
    scene.later(200)
    scene.work()
    ((lot_id, items),) = scene.lots()
    assert (scene.row(made).lot_id, items) == (lot_id, 2)
    assert scene.row(made).state is DropState.IMPORTED


def test_an_import_that_somebody_else_made_is_not_taken_for_this_one(scene: Scene, tmp_path: Path) -> None:
    made = scene.ready()
    path = tmp_path / "F1.csv"
    path.write_bytes(GOOD)
    before = intake.import_file(scene.store, scene.world.project_id, path, lambda: NOW, lambda _: None, None)
    scene.later(1)
    scene.act(drops.ask, made, LEA)
    scene.work()
    assert scene.row(made).lot_id != before.lot_id
    assert scene.view(made)["lot"]["duplicates"] == 2


def test_stopped_in_the_middle_it_is_undone_and_taken_up_again(scene: Scene) -> None:
    rows = "".join(f"k{n},Text number {n}\n" for n in range(2500))
    made = scene.ready(content=f"id,text\n{rows}".encode())
    scene.act(drops.ask, made, LEA)
    stopping = threading.Event()

    class Clock:
        """Stops Concord once an import is under way."""

        def __call__(self) -> datetime:
            if scene.world.rows(select(col(Lot.id)).where(col(Lot.rows) > 0)):
                stopping.set()
            scene.later(4)
            return scene.now

    clerk = scene.clerk(stopping=stopping)
    job.work_off(replace(clerk, clock=Clock()))
    row = scene.row(made)
    assert (row.state, row.attempts) == (DropState.ASKED, 0)
    assert row.lease_until is not None
    assert scene.items() == []
    scene.later(10)
    scene.work()
    assert len(scene.items()) == 2500
    assert [lot.items for lot in scene.lots()] == [2500]


def test_how_far_it_is_stands_on_the_card_at_slacks_pace(scene: Scene) -> None:
    rows = "".join(f"k{n},Text number {n}\n" for n in range(3500))
    made = scene.ready(content=f"id,text\n{rows}".encode())
    with scene.store.write() as session:
        session.execute(update(Outbox).values(state="sent"))
        session.execute(
            insert(Card).values(kind="drop", subject_id=made, channel=CHANNEL, ts="2.0", version=1, created_at=NOW)
        )
    scene.act(drops.ask, made, LEA)
    shown: list[tuple[int, int]] = []

    def note() -> None:
        row = scene.row(made)
        if row.done_bytes and (not shown or shown[-1][0] != row.done_bytes):
            shown.append((row.done_bytes, len(scene.outbox(OutboxKind.UPDATE))))

    class Clock:
        def __call__(self) -> datetime:
            note()
            scene.later(2)
            return scene.now

    job.work_off(replace(scene.clerk(), clock=Clock()))
    done = [bytes_ for bytes_, _ in shown]
    assert done == sorted(done)
    assert len(done) > 1
    # What waits to be written on the card already will show the newest: nothing is queued behind it.
    assert {updates for _, updates in shown} == {1}
    assert scene.row(made).done_bytes == scene.row(made).size
    assert [row.key for row in scene.outbox(OutboxKind.UPDATE)][-1].startswith(
        f"drop:{made}:v{scene.row(made).version}:"
    )


def test_another_import_into_the_project_is_waited_for(scene: Scene) -> None:
    from storage import locks

    made = scene.ready()
    scene.act(drops.ask, made, LEA)
    with locks.held(scene.store, f"import-{scene.world.project_id}") as free:
        assert free
        for _ in range(10):
            scene.work()
            scene.later(10)
        assert scene.row(made).state is DropState.ASKED
    scene.work()
    assert scene.row(made).state is DropState.IMPORTED


def test_a_file_that_is_not_here_any_more_is_fetched_again(scene: Scene) -> None:
    made = scene.ready()
    (path,) = (path for path in scene.folder.rglob("*.csv"))
    path.unlink()
    scene.act(drops.ask, made, LEA)
    scene.work()
    assert (scene.row(made).state, scene.files.fetched) == (DropState.IMPORTED, 2)
    assert not any(scene.folder.iterdir())


def test_a_file_that_was_changed_in_slack_is_looked_at_anew(scene: Scene) -> None:
    made = scene.ready()
    next(scene.folder.rglob("*.csv")).unlink()
    scene.files.put("F1", b"id,text\nz,Another text\n")
    scene.act(drops.ask, made, LEA)
    scene.work()
    row = scene.row(made)
    assert (row.state, row.preview["looked"]["rows"]) == (DropState.READY, 1)
    assert "changed in Slack" in row.preview["note"]
    assert scene.items() == []
    scene.act(drops.ask, made, LEA)
    scene.work()
    assert scene.items() == ["z"]


def test_a_file_that_was_deleted_in_slack_after_the_look(scene: Scene) -> None:
    made = scene.ready()
    next(scene.folder.rglob("*.csv")).unlink()
    scene.files.raises = [UnreadableError("The file was deleted in Slack.")]
    scene.act(drops.ask, made, LEA)
    scene.work()
    assert (scene.row(made).state, scene.row(made).problem) == (DropState.REFUSED, "The file was deleted in Slack.")
    assert scene.items() == []


# -- cancelling, replicas -----------------------------------------------------------------------------------------


def test_cancelled_while_it_is_looked_at(scene: Scene) -> None:
    made = scene.drop()
    scene.files.during = lambda: scene.act(drops.cancel, made, LEA)
    scene.work()
    row = scene.row(made)
    assert (row.state, row.by_id) == (DropState.CANCELLED, scene.world.people["lea"])
    assert "Lea cancelled" in (scene.act(drops.ask, made, MIA) or "")
    assert scene.act(drops.cancel, made, LEA) is None
    assert not any(scene.folder.iterdir())


def test_a_replica_takes_over_what_a_dead_one_held_and_not_before(scene: Scene) -> None:
    made = scene.drop()
    until = scene.now + timedelta(seconds=60)
    dead = scene.store.transact(lambda session: drop_work.claim(session, scene.now, until))
    assert dead is not None
    scene.later(59)
    assert scene.work() == 0
    scene.later(2)
    assert scene.work() == 1
    assert scene.row(made).state is DropState.READY
    for write in (
        lambda session: drop_work.keep(session, dead, scene.now),
        lambda session: drop_work.looked(session, dead, {}, scene.now),
        lambda session: drop_work.refused(session, dead, "late", scene.now),
        lambda session: drop_work.imported(session, dead, 1, 0, scene.now),
    ):
        with pytest.raises(drop_work.LostError):
            scene.store.transact(write)
    assert scene.row(made).state is DropState.READY


def test_replicas_at_work_at_once_look_at_each_file_once(scene: Scene) -> None:
    made = [scene.drop(f"F{n}", f"id,text\nk{n},Text number {n}\n".encode()) for n in range(10)]
    with ThreadPoolExecutor(3) as pool:
        worked = list(pool.map(lambda _: scene.work(), range(3)))
    assert sum(worked) == 10
    assert {scene.row(one).state for one in made} == {DropState.READY}
    assert {scene.row(one).attempts for one in made} == {0}
    for one in made:
        scene.act(drops.ask, one, LEA)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: scene.work(), range(3)))
    scene.settle()
    assert len(scene.items()) == len(scene.lots()) == 10


def test_a_file_that_kills_whoever_opens_it_is_given_up(scene: Scene) -> None:
    made = scene.drop()
    for _ in range(10):
        until = scene.now + timedelta(seconds=60)
        if scene.store.transact(partial(drop_work.claim, now=scene.now, until=until)) is None:
            break
        scene.later(61)
        if scene.row(made).attempts == scene.settings.most_attempts:
            break
    scene.work()
    row = scene.row(made)
    assert row.state is DropState.REFUSED
    assert "was stopped each time" in (row.problem or "")


# -- the mapping --------------------------------------------------------------------------------------------------


def form_of(scene: Scene, made: int) -> drop_form.Form:
    with scene.store.read() as session:
        view = mapping_view(session, made)
    assert view is not None
    return drop_form.Form(tuple(view["roles"]), tuple(view["fields"]), tuple(view["all_columns"]), view["choices"])


def state_of(form: drop_form.Form, columns: dict[str, str], **more: str) -> dict[str, Any]:
    chosen = {
        drop_form.block_of(number): str(form.all_columns.index(columns[role])) if role in columns else "none"
        for number, role in enumerate(form.roles)
    }
    return {**chosen, "encoding": "auto", "delimiter": "auto", "header": "auto", "on_change": "keep", **more}


def test_a_column_without_a_name_for_it_is_asked_about_and_mapped(scene: Scene) -> None:
    made = scene.ready(content=b"key,body,answer\na,The first,yes\nb,The second,no\n")
    row = scene.row(made)
    (question,) = row.preview["looked"]["questions"]
    assert "'text'" in question
    assert question in (scene.act(drops.ask, made, LEA) or "")
    assert scene.row(made).state is DropState.READY
    form = form_of(scene, made)
    choices = drop_form.read(form, state_of(form, {"text": "body", "id": "key", "gold": "answer"}))
    scene.act(drops.read_so, made, row.version, choices, LEA)
    # The same form again, as Slack may send it.
    scene.act(drops.read_so, made, row.version, choices, LEA)
    with pytest.raises(RefusedError, match="looking at this file"):
        scene.act(drops.read_so, made, row.version, {**choices, "on_change": "new"}, MIA)
    scene.work()
    looked = scene.row(made).preview["looked"]
    assert looked["columns"] == {"key": "id", "body": "text", "answer": "gold"}
    assert looked["questions"] == []
    scene.act(drops.ask, made, MIA)
    scene.work()
    assert scene.world.rows(select(col(Item.key), col(Item.gold)).order_by(col(Item.key))) == [
        ("a", "yes"),
        ("b", "no"),
    ]


def test_every_fault_of_the_form_stands_at_its_field(scene: Scene) -> None:
    made = scene.ready(content=b"key,text,answer\na,The first,yes\n")
    form = form_of(scene, made)
    with pytest.raises(FormError) as twice:
        drop_form.read(form, state_of(form, {"text": "text", "id": "answer", "gold": "answer"}))
    gold = form.roles.index("gold")
    assert list(twice.value.by_field) == [f"role:{gold}"]
    assert "'answer' is id already" in twice.value.by_field[f"role:{gold}"]
    with pytest.raises(FormError) as missing:
        drop_form.read(form, state_of(form, {"id": "key"}))
    assert list(missing.value.by_field) == ["role:0"]


@pytest.mark.parametrize("value", ["99", "-1", "²", "x", "", None, [], "0" * 20, 3])
def test_a_form_with_anything_in_it_names_no_column_that_is_not_there(scene: Scene, value: Any) -> None:
    form = drop_form.Form(("text", "id"), (), ("text", "id"), {})
    chosen = drop_form.read(form, {"role:0": value, "encoding": value, "header": value, "delimiter": value})
    assert chosen["columns"] == {"text": "", "id": ""}
    assert chosen["header"] is None
    assert chosen["delimiter"] is None


def test_another_delimiter_makes_other_columns(scene: Scene) -> None:
    form = drop_form.Form(("text",), ("text",), ("text|id",), {})
    assert drop_form.read(form, state_of(form, {}, delimiter="pipe")) == {
        "encoding": None, "delimiter": "|", "header": None, "on_change": "keep", "columns": {},
    }  # fmt: skip


def test_a_first_row_of_names_and_its_columns_are_said_at_once(scene: Scene) -> None:
    made = scene.ready(content=b"1,The 2nd\n2,The third\n")
    form = form_of(scene, made)
    chosen = drop_form.read(form, state_of(form, {"text": "The 2nd", "id": "1"}, header="names"))
    scene.act(drops.read_so, made, scene.row(made).version, chosen, LEA)
    scene.work()
    looked = scene.row(made).preview["looked"]
    assert (looked["columns"], looked["questions"]) == ({"1": "id", "The 2nd": "text"}, [])
    assert drop_form.read(form, state_of(form, {}, header="data"))["columns"] == {}


def test_a_known_id_with_another_text_is_what_the_lead_chose(scene: Scene) -> None:
    first = scene.ready()
    scene.act(drops.ask, first, LEA)
    scene.work()
    made = scene.ready("F2", b"id,text\na,The first, put right\n".replace(b", put", b" put"))
    assert scene.row(made).preview["looked"]["changed"] == 1
    form = form_of(scene, made)
    choices = drop_form.read(form, state_of(form, {"text": "text", "id": "id"}, on_change="replace"))
    scene.act(drops.read_so, made, scene.row(made).version, choices, LEA)
    scene.work()
    scene.act(drops.ask, made, LEA)
    scene.work()
    (text,) = scene.world.rows(select(col(Item.fields)).where(col(Item.key) == "a"))
    assert text == ({"text": "The first put right"},)


def test_the_project_changed_between_the_look_and_the_import(scene: Scene) -> None:
    made = scene.ready()
    with scene.store.write() as session:
        session.execute(update(Project).values(fields=["text", "hypothesis"]))
    scene.act(drops.ask, made, LEA)
    scene.work()
    row = scene.row(made)
    assert row.state is DropState.READY
    assert "'hypothesis'" in row.preview["looked"]["questions"][0]
    assert scene.items() == []
    assert scene.world.rows(select(col(RefusedRow.id))) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a" * 300 + ".csv", "", "...", "مرحبا 🎉\u202e.csv", "a\0b\n.csv"]
)
def test_a_name_of_any_sort_is_a_file_in_its_folder(scene: Scene, name: str) -> None:
    made = scene.drop(name=name or "x")
    scene.work()
    row = scene.row(made)
    assert row.state is DropState.READY or "neither" in (row.problem or "")
    there = [path for path in scene.folder.rglob("*") if path.is_file()]
    assert all(scene.folder in path.parents for path in there)
