"""A file as intake sees it: what it is, how it is written, which columns it has, and its rows."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from workflow.reading.rows import Refused, Row


@dataclass(frozen=True)
class Source:
    """A file that can be read.

    ``columns`` are as they stand in the file, in its order, and no two the same: a second ``text`` is ``text (2)``.
    ``doubts`` says in words what a person should look at before anything is written (a header that looks like data, two
    columns of one name). ``compression`` is ``gzip`` where that is around it. ``header`` is the header as it stood there,
    for files that have one. ``rows`` reads the file from the beginning, each time it is called, in constant memory; it tells
    ``progress`` how many of ``size`` bytes are done, never more.
    """

    name: str
    size: int
    sha256: str
    file_format: str
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    header: str
    doubts: tuple[str, ...]
    rows: Callable[[Callable[[int], None]], Generator[Row | Refused, None, None]]
    compression: str = ""
