"""The bot killed at random moments while people click; ``python -m benchmarks.kill`` does it at length."""

from pathlib import Path

import pytest

from benchmarks import kill
from tests.databases import Databases


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_and_started_again_nothing_acknowledged_is_lost(
    tmp_path: Path, databases: Databases, database: str
) -> None:
    url = databases.url(database)
    outcome = kill.run(tmp_path, kills=2, quick=True, url=url, labellers=4, up=(0.5, 1.5), items=400)
    assert outcome.good, kill.report(outcome)
    assert outcome.memory.acknowledged > 0
    assert outcome.messages > 0
