"""Small worlds for tests: a project with people and open items, written straight into the store."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Channel,
    Guideline,
    Item,
    ItemState,
    LabelValue,
    Level,
    Lot,
    LotState,
    Member,
    Person,
    Project,
    Purpose,
    Queue,
    Role,
    SkipRule,
)
from workflow import places

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class World:
    """A project as tests see it."""

    store: Store
    project_id: int = 0
    queue_id: int = 0
    lot_id: int = 0
    people: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    items: list[int] = field(default_factory=list)

    def slack_id(self, name: str) -> str:
        return f"U{name.upper()}"

    def rows(self, statement: Any) -> list[Any]:
        with self.store.read() as session:
            return list(session.execute(statement).all())

    def one(self, statement: Any) -> Any:
        with self.store.read() as session:
            return session.execute(statement).one()

    def place(self, name: str, item_id: int) -> Any:
        """A person's place on an item."""
        with self.store.read() as session:
            return session.execute(
                select(Assignment).where(
                    col(Assignment.person_id) == self.people[name], col(Assignment.item_id) == item_id
                )
            ).scalar_one_or_none()

    def item(self, item_id: int) -> Item:
        with self.store.read() as session:
            item: Item = session.execute(select(Item).where(col(Item.id) == item_id)).scalar_one()
            return item


def build(
    store: Store,
    *,
    name: str = "rte",
    annotators: tuple[str, ...] = ("ana", "ben", "cem"),
    reviewers: tuple[str, ...] = ("rita",),
    values: tuple[str, ...] = ("yes", "no"),
    items: int = 5,
    overlap: int = 3,
    accept: str = "majority",
    skip: SkipRule = SkipRule.OTHERS,
    batch_size: int = 25,
    hold_seconds: int = 24 * 3600,
) -> World:
    """A project with a team in it."""
    world = World(store)
    with store.write() as session:
        world.project_id = session.execute(
            insert(Project)
            .values(
                name=name,
                question="Does the text imply the hypothesis?",
                level=Level.NOMINAL,
                fields=["text"],
                overlap=overlap,
                batch_size=batch_size,
                accept=accept,
                skip=skip,
                hold_seconds=hold_seconds,
                time_zone="Europe/Berlin",
                digest_at="09:00",
                created_at=NOW,
            )
            .returning(col(Project.id))
        ).scalar_one()
        _label_schema(session, world, values)
        for person in annotators:
            add_person(session, world, person, Role.ANNOTATOR)
        for person in reviewers:
            add_person(session, world, person, Role.REVIEWER)
        for number, purpose in enumerate(Purpose):
            session.execute(
                insert(Channel).values(
                    project_id=world.project_id,
                    purpose=purpose,
                    name=f"#{purpose}",
                    slack_id=f"C{name.upper()}{number}",
                )
            )
        add_items(session, world, items, overlap)
    return world


def _label_schema(session: Session, world: World, values: tuple[str, ...]) -> None:
    for position, value in enumerate(values):
        world.values[value] = session.execute(
            insert(LabelValue)
            .values(project_id=world.project_id, position=position, value=value, title=value.title())
            .returning(col(LabelValue.id))
        ).scalar_one()
    guideline_id = session.execute(
        insert(Guideline)
        .values(project_id=world.project_id, major=1, minor=0, markdown="# Rules\n\nBe careful.", at=NOW)
        .returning(col(Guideline.id))
    ).scalar_one()
    session.execute(update(Project).where(col(Project.id) == world.project_id).values(guideline_id=guideline_id))


def add_person(session: Session, world: World, name: str, role: Role) -> int:
    """Add a person to the world, known to Slack as ``U<NAME>``."""
    if name not in world.people:
        world.people[name] = session.execute(
            insert(Person)
            .values(handle=f"@{name}", slack_id=world.slack_id(name), name=name.title(), active=True)
            .returning(col(Person.id))
        ).scalar_one()
    session.execute(
        insert(Member).values(project_id=world.project_id, person_id=world.people[name], role=role, since=NOW)
    )
    return world.people[name]


def add_items(session: Session, world: World, count: int, overlap: int) -> None:
    """Add open items, in the order in which they will be given."""
    if not world.lot_id:
        world.lot_id = session.execute(
            insert(Lot)
            .values(project_id=world.project_id, file_name="items.csv", sha256="0" * 64, state=LotState.COMPLETE)
            .values(started_at=NOW, seen_at=NOW)
            .returning(col(Lot.id))
        ).scalar_one()
        world.queue_id = session.execute(
            insert(Queue).values(project_id=world.project_id).returning(col(Queue.id))
        ).scalar_one()
    first = len(world.items)
    seq = places.advance(session, world.queue_id, count)
    for number in range(first, first + count):
        world.items.append(
            session.execute(
                insert(Item)
                .values(
                    project_id=world.project_id,
                    lot_id=world.lot_id,
                    queue_id=world.queue_id,
                    seq=seq + number - first,
                    open_places=overlap,
                    overlap=overlap,
                    key=f"i{number}",
                    fields={"text": f"Text number {number}"},
                    digest=f"{number:064x}",
                    extra={},
                    state=ItemState.OPEN,
                )
                .returning(col(Item.id))
            ).scalar_one()
        )
