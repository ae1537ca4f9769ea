"""Files made to fill memories: reading them ends, in memory that does not grow with them."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEGABYTE = 2**20
MOST = 200
LARGE: dict[str, Callable[[], bytes]] = {
    "brackets": lambda: b"[" * 5 * MEGABYTE,
    "braces": lambda: b"{" * 5 * MEGABYTE,
    "quotes": lambda: b'"' * 5 * MEGABYTE,
    "commas": lambda: b"," * 5 * MEGABYTE,
    "nuls": lambda: bytes(5 * MEGABYTE),
    "backslashes": lambda: b"\\" * 5 * MEGABYTE,
    "one line": lambda: b"text\n" + b"x" * 10 * MEGABYTE + b"\nfine\n",
    "bomb": lambda: gzip.compress(b"a" * 300 * MEGABYTE),
    "blank lines in a quote": lambda: b'id,text\n1,"open\n' + b"\n" * 2 * MEGABYTE,
}
READ = """
import resource, sys
from pathlib import Path
from tests.reading.hostile import read_all
from workflow.reading.asked import Asked
small, large = sys.argv[1:]
read_all(Path(small), Asked())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_all(Path(large), Asked())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("name", list(LARGE))
def test_a_large_hostile_file_takes_little_memory(name: str, tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes("id,text\n1,é\n".encode("windows-1252"))
    large.write_bytes(LARGE[name]())
    ran = subprocess.run(
        [sys.executable, "-c", READ, str(small), str(large)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < MOST
