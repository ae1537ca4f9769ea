"""A small app to answer the workspace, one for each module."""

from collections.abc import Iterator

import pytest

from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace


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
