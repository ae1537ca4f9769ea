"""Rows of Parquet and Arrow files, whose values become text without losing a digit. Needs the extra ``parquet``."""

import json
import math
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from workflow import normalise
from workflow.errors import RefusedError
from workflow.reading import json_rows
from workflow.reading.rows import Refused, Row

AT_ONCE = 1000


def columns(path: Path) -> list[str]:
    """The names of a file's columns. Raises RefusedError where it is broken, or pyarrow is not installed."""
    with _readable(path) as (schema, _batches):
        return list(schema.names)


def class_names(path: Path, schema: Any) -> dict[str, list[str]]:
    """The names behind the numbers of class labels, by column, as Hugging Face keeps them: in the file, or beside it."""
    kept = (schema.metadata or {}).get(b"huggingface")
    try:
        features = json.loads(kept)["info"]["features"] if kept else None
        beside = path.parent / "dataset_info.json"
        if features is None and beside.is_file():
            features = json.loads(beside.read_text(encoding="utf-8"))["features"]
        return {
            name: [str(one) for one in feature["names"]]
            for name, feature in (features or {}).items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def rows(path: Path, names: list[str]) -> Iterator[tuple[int, Row | Refused]]:
    """The rows by their number, from 1; each with how many rows of all were read so far, in thousandths."""
    number = 0
    with _readable(path) as (schema, batches):
        named = class_names(path, schema)
        classes = {name: named[column] for name, column in zip(names, schema.names, strict=True) if column in named}
        for share, records in _read(path, batches):
            for record in records:
                number += 1
                values = dict(zip(names, record, strict=True))
                yield share, _row(number, values | {name: _named(values[name], classes[name]) for name in classes})


def _named(value: Any, names: list[str]) -> Any:
    """The name behind a class label's number; a number below zero is none."""
    if not isinstance(value, int) or value >= len(names):
        return value
    return names[value] if value >= 0 else None


def _read(path: Path, batches: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """A thousand records at once. Raises RefusedError where a file breaks off, or lies about what is in it."""
    import pyarrow as pa

    try:
        for share, batch in batches:
            for start in range(0, batch.num_rows, AT_ONCE):
                yield share, _records(batch.slice(start, AT_ONCE))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RefusedError(f"{path.name} is broken: {str(error).splitlines()[0]}") from None


class _readable:  # noqa: N801 - it reads as what it is
    """A Parquet or Arrow file, open: its schema, and its batches with how far they are, in thousandths."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    def __enter__(self) -> tuple[Any, Iterator[tuple[int, Any]]]:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise RefusedError(
                f"{self._path.name} is a Parquet or Arrow file: install pyarrow (concord[parquet]), or save it as CSV."
            ) from None
        with self._path.open("rb") as file:
            start = file.read(6)
        try:
            if start.startswith(b"PAR1"):
                self._file = pq.ParquetFile(self._path)
                return _named_in_text(self._file.schema_arrow), _parquet_batches(self._file)
            self._file = pa.memory_map(str(self._path))
            if start == b"ARROW1":
                reader = pa.ipc.open_file(self._file)
                return _named_in_text(reader.schema), _checked(
                    reader.get_batch(n) for n in range(reader.num_record_batches)
                )
            stream = pa.ipc.open_stream(self._file)
            return _named_in_text(stream.schema), _checked(stream)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise RefusedError(f"{self._path.name} cannot be read: {str(error).splitlines()[0]}") from None

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()


def _named_in_text(schema: Any) -> Any:
    """The schema. Raises ValueError where the name of a column is not UTF-8, which would show only later."""
    list(schema.names)
    return schema


def _parquet_batches(file: Any) -> Iterator[tuple[int, Any]]:
    done, whole = 0, max(1, file.metadata.num_rows)
    for batch in file.iter_batches(batch_size=AT_ONCE):
        done += batch.num_rows
        # The number of rows that it says is only what it says.
        yield min(1000, 1000 * done // whole), batch


def _checked(batches: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Batches whose every offset points into them: one that lies about that ends the process when it is read."""
    for batch in batches:
        batch.validate(full=True)
        yield 0, batch


def _records(batch: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(_values(column) for column in batch.columns), strict=True))


def _values(column: Any) -> list[Any]:
    import pyarrow as pa

    kind = column.type
    if (pa.types.is_timestamp(kind) or pa.types.is_time64(kind)) and kind.unit == "ns":
        # Python's own has microseconds: the digits beyond are asked of Arrow.
        return [None if one is None else str(one) for one in column.cast(pa.string()).to_pylist()]
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        # One date of the year 12000 is refused alone, and does not stop the rest.
        return [_value(one) for one in column]


@dataclass(frozen=True)
class _Beyond:
    reason: str


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _Beyond("text that is not UTF-8")
    except (OverflowError, ValueError):
        return _Beyond(f"a date, time or span ({scalar.type}) that is out of range: write it as text")


def _row(number: int, values: Mapping[str, Any]) -> Row | Refused:
    made = {}
    for name, value in values.items():
        try:
            made[name] = _plain(value)
        except ValueError as error:
            return Refused(number, name, str(error), str(dict(values))[:2000])
    return Row(number, made, json_rows.written(made))


def _plain(value: Any) -> Any:  # noqa: C901, PLR0911 - one line a type
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return normalise.storable(value)
    if isinstance(value, int):
        return json_rows.whole(str(value))
    if isinstance(value, float):
        return repr(value) if not math.isfinite(value) else json_rows.decimal(repr(value))
    if isinstance(value, Decimal):
        return json_rows.decimal(format(value, "f"))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return json_rows.Binary(f"<binary data: {len(value):,} bytes>")
    if isinstance(value, list | tuple):
        # The entries of a map are pairs.
        return [_plain(one) for one in value]
    if isinstance(value, _Beyond):
        raise ValueError(value.reason)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    raise ValueError(f"a value of a kind that Concord does not know ({type(value).__name__})")


def with_progress(path: Path, names: list[str], size: int, progress: Any) -> Generator[Row | Refused, None, None]:
    """The rows, telling ``progress`` how many of ``size`` bytes are done, as far as the file shows it."""
    told = -1
    for share, row in rows(path, names):
        if share != told:
            told = share
            progress(size * share // 1000)
        yield row
