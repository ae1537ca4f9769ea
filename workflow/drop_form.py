"""The form that says how a dropped file is to be read: what was chosen in it, and what cannot be so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.intake import OnChange
from workflow.project_form import FormError

NOT_USED = "none"
FIND_OUT = "auto"
ENCODINGS = ("utf-8", "utf-16", "cp1252", "gb18030", "shift_jis")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
HEADERS: Mapping[str, bool | None] = {FIND_OUT: None, "names": True, "data": False}


@dataclass(frozen=True)
class Form:
    """What the form was opened with: ``roles`` in its order (the project's ``fields`` first), the file's columns."""

    roles: tuple[str, ...]
    fields: tuple[str, ...]
    all_columns: tuple[str, ...]
    choices: Mapping[str, Any]


def block_of(number: int) -> str:
    """The block of the role with this number."""
    return f"role:{number}"


def read(form: Form, state: Mapping[str, Any]) -> dict[str, Any]:
    """A lead's choices. Raises FormError with all faults by block.

    Another encoding or delimiter, or a first row of data, makes other columns: those are found anew before they can be
    mapped.
    """
    chosen: dict[str, Any] = {
        "encoding": _one_of(state.get("encoding"), *ENCODINGS, form.choices.get("encoding")),
        "delimiter": DELIMITERS.get(str(state.get("delimiter"))),
        "header": HEADERS.get(str(state.get("header"))),
        "on_change": OnChange(_one_of(state.get("on_change"), *OnChange) or OnChange.KEEP),
    }
    # A first row that nobody spoke of is read as one of names: to say so of it changes no column.
    same = all(chosen[name] == form.choices.get(name) for name in ("encoding", "delimiter"))
    same = same and (chosen["header"] is False) == (form.choices.get("header") is False)
    columns = _columns(form, state) if form.all_columns and same else {}
    return {**chosen, "on_change": chosen["on_change"].value, "columns": columns}


def _columns(form: Form, state: Mapping[str, Any]) -> dict[str, str]:
    columns: dict[str, str] = {}
    faults: dict[str, str] = {}
    for number, role in enumerate(form.roles):
        column = _column(form, state.get(block_of(number)))
        taken = next((other for other, name in columns.items() if column and name == column), None)
        if taken is not None:
            faults[block_of(number)] = (
                f"{column!r} is {taken} already: every part of an item needs a column of its own."
            )
        elif not column and role in form.fields:
            faults[block_of(number)] = f"The project reads {role!r}: choose a column for it."
        columns[role] = column
    if faults:
        raise FormError(faults)
    return columns


def _column(form: Form, value: Any) -> str:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 6 else -1
    return form.all_columns[number] if 0 <= number < len(form.all_columns) else ""


def _one_of(value: Any, *known: str | None) -> str | None:
    return value if isinstance(value, str) and value in known else None
