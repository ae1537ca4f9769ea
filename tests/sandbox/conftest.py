"""One workspace for all tests here, emptied for each, and a small app to answer it, one for each module."""

from collections.abc import Iterator

import pytest

from tests import sandbox_fixtures
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace


@pytest.fixture(scope="session")
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    running = sandbox_fixtures.start(tmp_path_factory.mktemp("workspace"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def _connected(_serving: Workspace) -> Iterator[SmallApp]:
    _serving.reset()  # what a test before took away would keep it from connecting
    running = SmallApp(_serving)
    yield running
    running.stop()


@pytest.fixture
def app(_connected: SmallApp, workspace: Workspace) -> SmallApp:
    """The app of the workspace: it hears everything and answers as a test tells it."""
    _connected.begin()
    return _connected
