"""A dataset's folder as Hugging Face keeps it: saved to disk (Arrow), or as on the hub (data files by split)."""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.errors import RefusedError
from workflow.reading import names
from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import Refused, Row
from workflow.reading.source import Source

SPLIT = "split"
_DATA = (".parquet", ".arrow", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".gz")
_ABOUT = {"dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json"}
_SHARD = re.compile(r"[-_.]?[0-9]{3,6}-of-[0-9]{3,6}.*|\..*")
_NAMES = ("train", "validation", "valid", "dev", "test", "eval")


@dataclass(frozen=True)
class _Part:
    split: str
    file: str
    source: Source


def open_folder(path: Path, wanted: Sequence[str], asked: Asked) -> Source:
    """Open a folder of data files as one; which split a row is of stands in a column ``split``.

    Raises RefusedError where there are none in it.
    """
    parts = [
        _Part(
            split,
            str(file.relative_to(path)),
            open_source(file, wanted, Asked(None, asked.encoding, asked.delimiter, asked.header)),
        )
        for split, file in _files(path)
    ]
    if not parts:
        raise RefusedError(f"{path.name} is a folder without data files ({', '.join(_DATA)}): import a file of it.")
    columns = list(dict.fromkeys(column for part in parts for column in part.source.columns))
    named = names.told_apart([*columns, SPLIT])[-1] if any(part.split for part in parts) else ""

    def rows(progress: Callable[[int], None]) -> Generator[Row | Refused, None, None]:
        before = 0
        for part in parts:
            for row in part.source.rows(lambda done, before=before: progress(before + done)):  # type: ignore[misc]
                yield _of_part(row, part, columns, split=named)
            before += part.source.size

    first = parts[0].source
    return Source(
        name=path.name,
        size=sum(part.source.size for part in parts),
        sha256=hashlib.sha256("".join(part.source.sha256 for part in parts).encode()).hexdigest(),
        file_format="dataset",
        encoding=first.encoding,
        delimiter=first.delimiter,
        columns=(*columns, *((named,) if named else ())),
        header=first.header,
        doubts=tuple(dict.fromkeys(doubt for part in parts for doubt in part.source.doubts)),
        rows=rows,
    )


def _of_part(row: Row | Refused, part: _Part, columns: Sequence[str], *, split: str) -> Row | Refused:
    if isinstance(row, Refused):
        return Refused(row.line, row.field, f"{row.reason} (in {part.file})", row.raw)
    whole = {column: row.values.get(column) for column in columns} | dict(row.values)
    return Row(row.line, whole | ({split: part.split} if split else {}), row.raw, row.labels)


def _files(path: Path) -> list[tuple[str, Path]]:
    """(split, file) of the data files, in the order of their splits and names."""
    splits = _listed(path, "dataset_dict.json", lambda about: about["splits"])
    if splits:
        return [(split.name, file) for split in splits if split.is_dir() for file in _saved(split)]
    if (path / "state.json").is_file():
        return [("", file) for file in _saved(path)]
    found = [file for file in sorted(path.rglob("*")) if _is_data(path, file)]
    return sorted(((_split_of(path, file), file) for file in found), key=lambda one: _order(one[0]))


def _saved(folder: Path) -> list[Path]:
    """The files of one saved dataset. Raises RefusedError where one is gone."""
    files = _listed(folder, "state.json", lambda about: [one["filename"] for one in about["_data_files"]])
    gone = next((file for file in files if not file.is_file()), None)
    if gone:
        raise RefusedError(f"{folder.name} lacks {gone.name}, which its state.json names: copy the whole folder.")
    return files


def _listed(folder: Path, name: str, names_in: Callable[[Any], Iterable[str]]) -> list[Path]:
    """What a file of JSON lists, none of it outside of the folder; nothing where there is no such file."""
    if not (folder / name).is_file():
        return []
    try:
        listed = [str(one) for one in names_in(json.loads((folder / name).read_text(encoding="utf-8")))]
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = [""]
    if any(one in ("", "..") or Path(one).name != one for one in listed):
        raise RefusedError(f"{folder.name}/{name} cannot be read: save the dataset again.")
    return [folder / one for one in listed]


def _is_data(root: Path, file: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return file.is_file() and not hidden and file.suffix.lower() in _DATA and file.name not in _ABOUT


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
