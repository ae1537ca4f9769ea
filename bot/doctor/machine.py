"""What the machine has to offer: room, and what reads rarer files."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.check import Check, fault, note, ok, warning

GB = 1_000_000_000
LITTLE = GB
NONE_LEFT = GB // 10


def room(home: Path) -> Iterator[Check]:
    """Room on the disk, and a folder that can be written."""
    folder = home.expanduser().absolute()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        words = f"Concord may not write to {there}, where it keeps its files."
        yield fault("folder", words, "Set CONCORD_HOME to a folder of the account that runs Concord.")
    free = shutil.disk_usage(there).free
    words = f"{free / GB:.1f} GB free at {there}."
    if free < NONE_LEFT:
        yield fault("disk", words, "Make room: without it no click can be stored.")
    elif free < LITTLE:
        yield warning("disk", words, "Make room: an import needs a few times the size of its file.")
    else:
        yield ok("disk", words)


def readers() -> Iterator[Check]:
    """Whether Parquet files can be read."""
    if importlib.util.find_spec("pyarrow") is None:
        words = "Parquet and Arrow files cannot be read: pyarrow is not installed."
        yield note("parquet", words, "Where they are needed: pip install 'concord[parquet]'")
