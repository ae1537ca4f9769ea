"""``table`` and ``data_visualization``: message-only blocks that show figures."""

from typing import Any

from sandbox.rules.checks import Check, Seen, array, boolean, by_type, one_of, record, string, unique
from sandbox.rules.rich_text import rich_text

ROWS, COLUMNS, CHARACTERS = 100, 20, 10_000


def _number(value: Any, path: str, seen: Seen) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        seen.fault("must be a number", path)


_cell = by_type(
    {
        "raw_text": record({"type": one_of("raw_text"), "text": string(1, CHARACTERS)}),
        "raw_number": record({"type": one_of("raw_number"), "value": _number}, {"text": string(1, CHARACTERS)}),
        "rich_text": rich_text,
    }
)
_column = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _characters(value: Any, path: str, seen: Seen) -> None:
    if _length(value.get("rows")) > CHARACTERS:
        seen.fault(f"table cells together must be less than {CHARACTERS + 1} characters", f"{path}/rows")


def _length(value: Any) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        rest = sum(_length(item) for name, item in value.items() if name != "text")
        return rest + (len(own) if isinstance(own, str) else 0)
    return sum(_length(item) for item in value) if isinstance(value, list) else 0


table: Check = record(
    {"type": one_of("table"), "rows": array(array(_cell, 1, COLUMNS), 1, ROWS)},
    {"block_id": string(1, 255), "column_settings": array(_column, 1, COLUMNS)},
    _characters,
)

_LABEL = string(1, 20)
_point = record({"label": _LABEL, "value": _number})
_series = record({"name": _LABEL, "data": array(_point, 1, 20)})
_axes = record({"categories": array(_LABEL, 1, 20)}, {"x_label": string(1, 50), "y_label": string(1, 50)})


def _one_point_a_category(value: Any, path: str, seen: Seen) -> None:
    axis, series = value.get("axis_config"), value.get("series")
    if not isinstance(axis, dict) or not isinstance(series, list):
        return
    unique(series, "name", f"{path}/series", seen)
    for place, one in enumerate(series):
        data = one.get("data") if isinstance(one, dict) else None
        labels = [point.get("label") for point in data if isinstance(point, dict)] if isinstance(data, list) else []
        if labels != axis.get("categories"):
            seen.fault("data labels must match axis_config.categories", f"{path}/series/{place}/data")


_chart = by_type(
    {
        "pie": record({"type": one_of("pie"), "segments": array(_point, 1, 12)}),
        **{
            kind: record(
                {"type": one_of(kind), "series": array(_series, 1, 6), "axis_config": _axes},
                None,
                _one_point_a_category,
            )
            for kind in ("bar", "line", "area")
        },
    }
)
data_visualization: Check = record(
    {"type": one_of("data_visualization"), "title": string(1, 50), "chart": _chart}, {"block_id": string(1, 255)}
)
