"""Fixtures that every test may ask for."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from storage.engine import Store
from tests.databases import Databases

pytest_plugins = ["tests.sandbox_fixtures", "tests.chromium"]

# A deadline would be a timing assertion.
settings.register_profile("concord", deadline=None)
settings.load_profile("concord")

KINDS = ["sqlite", "postgresql"]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and thousands of tests stay to the end: the collector need not walk over them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where fresh databases come from."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Store]:
    """An empty store with the newest schema, once on each database."""
    with databases.lent(request.param) as opened:
        yield opened
