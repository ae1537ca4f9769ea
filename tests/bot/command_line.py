"""The command line as somebody calls it, in this process."""

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from bot import cli


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Concord = Callable[..., Ran]


def runner(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Concord:
    """Runs a command; whatever it says, there is no stack trace in it."""

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["concord", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        sys.stdout.flush()
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Ran(code, out, err)

    return run
