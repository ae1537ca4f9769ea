"""The whole house, looked at in Chromium: the fixtures of both."""

from pathlib import Path

import pytest

from tests.house.conftest import _serving, open_house

__all__ = ["_serving", "open_house"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
