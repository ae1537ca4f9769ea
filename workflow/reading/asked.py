"""What a person said about a file before it is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """How a file is to be read; None where Concord is to find out.

    ``file_format`` is one of ``workflow.reading.FORMATS``, ``encoding`` a name that Python knows, ``delimiter`` one
    character, ``header`` whether the first row of a table names its columns.
    """

    file_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
