"""Tasks as Label Studio exports them: what is to be labelled, and the labels that people gave there."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from workflow.reading.json_rows import as_text
from workflow.reading.rows import Refused, Row

FIRST = 20
_ANNOTATIONS = ("annotations", "completions")
_ABOUT = ("id", "meta", *_ANNOTATIONS, "predictions", "data", "project", "created_at", "updated_at", "inner_id")


def is_task(row: Row) -> bool:
    """Whether a row is a task: its texts under ``data``, labels or predictions beside them."""
    has = row.values.keys() & {*_ANNOTATIONS, "predictions"}
    return isinstance(row.values.get("data"), Mapping) and bool(has or set(row.values) <= set(_ABOUT))


def tasks(rows: Iterable[Row | Refused]) -> Iterator[Row | Refused]:
    """Rows whose columns are those of ``data``, with the labels of every annotation that was not cancelled."""
    for row in rows:
        if isinstance(row, Refused):
            yield row
        elif is_task(row):
            yield _task(row)
        else:
            yield Refused(row.line, "data", "not a task of Label Studio: it has no data", row.raw)


def are_tasks(rows: Iterator[Row | Refused]) -> bool:
    """Whether most of the first rows are tasks: one without data is a row to be refused."""
    first = [row for row in islice(rows, FIRST) if isinstance(row, Row)]
    return sum(is_task(row) for row in first) > len(first) / 2


def _task(row: Row) -> Row:
    data: Mapping[str, Any] = row.values["data"]
    about = {key: row.values[key] for key in ("id", "meta") if key in row.values and key not in data}
    annotations = chain.from_iterable(_listed(row.values.get(key)) for key in _ANNOTATIONS)
    labels = tuple(chain.from_iterable(_labels(one) for one in annotations if isinstance(one, Mapping)))
    return Row(row.line, {**about, **data}, row.raw, labels)


def _labels(annotation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if annotation.get("was_cancelled"):
        return
    by = annotation.get("completed_by")
    name = (by.get("email") or by.get("id")) if isinstance(by, Mapping) else by
    for result in _listed(annotation.get("result")):
        value = result.get("value") if isinstance(result, Mapping) else None
        if isinstance(value, Mapping):
            for chosen in chain(_listed(value.get("choices")), [value.get("rating"), value.get("number")]):
                text = as_text(chosen) if chosen is not None else None
                if text:
                    yield as_text(name) or "", text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
