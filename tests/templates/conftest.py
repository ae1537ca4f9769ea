"""Templates written by a test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from templates.engine import tree

Write = Callable[..., tuple[Path, ...]]
Filled = Callable[..., Any]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Files by name (dots for the suffix are added); returns the folders to search."""

    def written(**files: str) -> tuple[Path, ...]:
        for name, source in files.items():
            (tmp_path / f"{name}.yaml.j2").write_text(source, encoding="utf-8")
        return (tmp_path,)

    return written


@pytest.fixture
def filled(write: Write) -> Filled:
    """The tree of a template, its texts joined without escapes."""

    def plain(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: plain(inner) for key, inner in node.items()}
        if isinstance(node, list):
            return [plain(inner) for inner in node]
        return node.whole() if hasattr(node, "whole") else node

    def made(source: str, files: dict[str, str] | None = None, **values: Any) -> Any:
        return plain(tree("card.yaml.j2", values, write(card=source, **(files or {}))))

    return made
