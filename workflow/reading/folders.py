"""A dataset's folder as Hugging Face keeps it: saved to disk (Arrow), or as on the hub (data files by split)."""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workflow.errors import RefusedError
from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import Refused, Row
from workflow.reading.source import Source

SPLIT = "split"
_DATA = (".parquet", ".arrow", ".csv", ".tsv", ".jsonl", ".json", ".gz")
_ABOUT = {"dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json"}
_SHARD = re.compile(r"[-_.]?[0-9]{3,6}-of-[0-9]{3,6}.*|\..*")
_NAMES = ("train", "validation", "valid", "dev", "test", "eval")


@dataclass(frozen=True)
class _Part:
    split: str
    source: Source


def open_folder(path: Path, wanted: Sequence[str], asked: Asked) -> Source:
    """Open a folder of data files as one; which split a row is of stands in a column ``split``.

    Raises RefusedError where there are none in it.
    """
    parts = [
        _Part(split, open_source(file, wanted, Asked(None, asked.encoding, asked.delimiter, asked.header)))
        for split, file in _files(path)
    ]
    if not parts:
        raise RefusedError(f"{path.name} is a folder without data files ({', '.join(_DATA)}): import a file of it.")
    columns = list(dict.fromkeys(column for part in parts for column in part.source.columns))
    named = any(part.split for part in parts) and SPLIT not in columns

    def rows(progress: Callable[[int], None]) -> Generator[Row | Refused, None, None]:
        before = 0
        for part in parts:
            for row in part.source.rows(lambda done, before=before: progress(before + done)):  # type: ignore[misc]
                yield _of_part(row, part, columns, named=named)
            before += part.source.size

    first = parts[0].source
    return Source(
        name=path.name,
        size=sum(part.source.size for part in parts),
        sha256=hashlib.sha256("".join(part.source.sha256 for part in parts).encode()).hexdigest(),
        file_format="dataset",
        encoding=first.encoding,
        delimiter=first.delimiter,
        columns=(*columns, *((SPLIT,) if named else ())),
        header=first.header,
        doubts=tuple(dict.fromkeys(doubt for part in parts for doubt in part.source.doubts)),
        rows=rows,
    )


def _of_part(row: Row | Refused, part: _Part, columns: Sequence[str], *, named: bool) -> Row | Refused:
    if isinstance(row, Refused):
        return Refused(row.line, row.field, f"{row.reason} (in {part.source.name})", row.raw)
    whole = {column: row.values.get(column) for column in columns} | dict(row.values)
    return Row(row.line, whole | ({SPLIT: part.split} if named else {}), row.raw, row.labels)


def _files(path: Path) -> list[tuple[str, Path]]:
    """(split, file) of the data files, in the order of their splits and names."""
    listed = _dictionary(path)
    if listed:
        return [(split, file) for split in listed for _, file in _files(path / split)]
    if (path / "state.json").is_file():
        return [("", path / name) for name in _shards(path)]
    found = [file for file in sorted(path.rglob("*")) if _is_data(path, file)]
    return sorted(((_split_of(path, file), file) for file in found), key=lambda one: _order(one[0]))


def _dictionary(path: Path) -> list[str]:
    about = path / "dataset_dict.json"
    if not about.is_file():
        return []
    try:
        splits = json.loads(about.read_text(encoding="utf-8"))["splits"]
        return [str(split) for split in splits if (path / str(split)).is_dir()]
    except (ValueError, KeyError, TypeError):
        raise RefusedError(f"{path.name}/dataset_dict.json cannot be read: save the dataset again.") from None


def _shards(path: Path) -> list[str]:
    try:
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        return [str(one["filename"]) for one in state["_data_files"]]
    except (ValueError, KeyError, TypeError):
        raise RefusedError(f"{path.name}/state.json cannot be read: save the dataset again.") from None


def _is_data(root: Path, file: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return file.is_file() and not hidden and file.suffix in _DATA and file.name not in _ABOUT


def _split_of(root: Path, file: Path) -> str:
    stem = _SHARD.sub("", file.name)
    for name in (stem, *reversed(file.relative_to(root).parts[:-1])):
        known = next(
            (one for one in _NAMES if name.lower() == one or name.lower().startswith((f"{one}-", f"{one}_"))), ""
        )
        if known:
            return known
    return ""


def _order(split: str) -> int:
    return _NAMES.index(split) if split in _NAMES else len(_NAMES)
