"""The whole house: real Bolt, real Socket Mode, real tables, a workspace of its own for each worker of pytest."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.listening import Address
from tests import sandbox_fixtures
from tests.databases import Databases
from tests.house.house import House
from tests.sandbox_fixtures import Workspace

OpenHouse = Callable[..., House]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slack)


@pytest.fixture(scope="session")
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    running = sandbox_fixtures.start(tmp_path_factory.mktemp("workspace"))
    yield running
    running.stop()


def texts(count: int) -> list[dict[str, str]]:
    """Items that are told apart by their text."""
    return [{"id": f"i{number}", "text": f"Text number {number}"} for number in range(1, count + 1)]


@pytest.fixture
def open_house(workspace: Workspace, databases: Databases, tmp_path: Path) -> Iterator[OpenHouse]:
    """Makes a running house: ``open_house(items=4, overlap=2, ...)``, everything else as a project file has it."""
    opened: list[House] = []

    def make(
        items: int | list[Mapping[str, str]] = 4,
        *,
        database: str = "sqlite",
        running: bool = True,
        http: Address | None = None,
        **spec: Any,
    ) -> House:
        house = House(workspace, databases.url(database), tmp_path, http=http)
        opened.append(house)
        house.make_project(texts(items) if isinstance(items, int) else items, **spec)
        if running:
            house.start()
        return house

    yield make
    for house in opened:
        house.close()
    for name in workspace.get("/client/bootstrap")["users"]:
        if name["deleted"]:
            workspace.set_user(name["name"], deleted=False)
