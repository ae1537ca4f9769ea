"""The folder where dropped files lie while they are needed: fetched as a whole, and gone when a file is settled."""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from jobs.dropped_file import About, Files
from storage.engine import Store
from workflow import drop_work
from workflow.drop_work import Work
from workflow.normalise import storable

NAME = re.compile(r"(\d+)-")
LONGEST_NAME = 200


def place(folder: Path, work: Work) -> Path:
    """Where a drop's file lies once it is whole, under the name that people know it by."""
    return folder / f"{work.id}-{work.file_id}" / _safe(work.name)


def _safe(name: str) -> str:
    """A name that every file system takes: its end stays."""
    plain = storable(name).replace("/", "_").strip(". ") or "file"
    stem, dot, end = plain.rpartition(".")
    end = f"{dot}{end}" if stem and len(end) <= 10 else ""
    kept = plain.removesuffix(end).encode()[: LONGEST_NAME - len(end.encode())].decode(errors="ignore")
    return f"{kept}{end}"


def fetch(files: Files, about: About, path: Path, most: int, progress: Callable[[int], None]) -> str:
    """Fetch a file to its place, where it appears whole or not at all; its SHA-256."""
    # People's data is nobody else's on this machine.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".coming-", delete=False) as part:
        coming = Path(part.name)
    try:
        sha256 = files.fetch(about, coming, most, progress)
        coming.replace(path)
    finally:
        coming.unlink(missing_ok=True)
    return sha256


def sweep(store: Store, folder: Path) -> None:
    """Delete what is needed no more."""
    if not folder.is_dir():
        return
    there = {path: int(found[1]) for path in folder.iterdir() if (found := NAME.match(path.name))}
    if there:
        with store.read() as session:
            gone = drop_work.settled(session, sorted(set(there.values())))
        for path, drop_id in there.items():
            if drop_id in gone:
                shutil.rmtree(path, ignore_errors=True)


def size_words(size: int) -> str:
    """``412 KB``, ``1.2 MB``: a size as people say it."""
    if size < 1000:
        return f"{size} byte" + ("" if size == 1 else "s")
    for unit, one in (("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000)):
        if size >= one:
            return f"{size / one:.3g} {unit}" if size < 1000 * one else f"{size / one:,.0f} {unit}"
    raise AssertionError("unreachable")
