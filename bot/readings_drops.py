"""Values for the card of a dropped file, the form for its mapping, and the file with its refused rows."""

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.sender.drawing import Attachment
from jobs.drop_folder import size_words
from storage.tables import DropState, Lot
from templates.text import shorten
from workflow.drop_form import DELIMITERS, ENCODINGS, FIND_OUT, HEADERS, NOT_USED, block_of
from workflow.intake import OnChange, refused
from workflow.intake.mapping import METADATA
from workflow.views.drop import drop_view, mapping_view

FIRST_PROJECTS = 100
FIRST_COLUMNS = 20
FIRST_REASONS = 5
FIRST_QUESTIONS = 5
FIRST_ROWS = 3
FIRST_FIELDS = 8
ROWS_ROOM = 2000
SHORT = 60
LONG = 300
BAR = 10
# A view may have 250 KB, and every role has all options.
FORM_ROOM = 120_000
FEWEST_OPTIONS = 10
MOST_OPTIONS = 99
NAMES_OF_DELIMITERS = {sign: name for name, sign in DELIMITERS.items()}
NAMES_OF_FORMATS = {"csv": "CSV", "tsv": "TSV", "jsonl": "JSON Lines", "json": "JSON"}


def card(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """A dropped file's card."""
    view = drop_view(session, context["id"])
    if view is None:
        return None
    looked, state = view["looked"], view["state"]
    chosen = [{"id": f"{view['id']}:{number}", "name": name} for number, name in view["candidates"]]
    return {
        "id": view["id"],
        "version": view["version"],
        "state": "choose" if state is DropState.READY and not view["project"] else state.value,
        "name": shorten(view["name"] or "A file", 2 * SHORT),
        "facts": _facts(view),
        "uploader": view["slack_user"],
        "project": view["project"] or "",
        "projects": chosen[:FIRST_PROJECTS],
        "more_projects": max(0, len(chosen) - FIRST_PROJECTS),
        "by": view["by"] or "Somebody",
        "problem": shorten(view["problem"] or "", 4 * LONG) if view["problem"] else "",
        "readable": view["readable"],
        "note": shorten(view["note"], LONG) if view["note"] and state in (DropState.NEW, DropState.READY) else "",
        "look": _looked(looked) if looked and state is DropState.READY else None,
        "figures": _figures(view["lot"] or looked, view["on_change"], imported=bool(view["lot"])),
        "progress": _progress(view) if state is DropState.ASKED else None,
        "lot": view["lot"]["id"] if view["lot"] else 0,
        "undone": bool(view["lot"] and view["lot"]["undone"]),
        "refused": view["lot"]["refused"] if view["lot"] else 0,
        "hidden": view["answers_hidden"],
        "pairs": view["lot"]["pairs"] if view["lot"] else 0,
    }


def _facts(view: Mapping[str, Any]) -> str:
    looked = view["looked"] or {}
    parts = [size_words(view["size"])] if view["size"] else []
    if name := looked.get("file_format"):
        parts.append(NAMES_OF_FORMATS.get(name, name))
    if name := looked.get("encoding"):
        parts.append(name)
    if sign := looked.get("delimiter"):
        parts.append(f"{NAMES_OF_DELIMITERS.get(sign, sign)} between columns")
    return "  ·  ".join(parts)


def _looked(looked: Mapping[str, Any]) -> dict[str, Any]:
    mapped = [(column, role) for column, role in looked["columns"].items() if role != METADATA]
    others = [column for column, role in looked["columns"].items() if role == METADATA]
    questions = looked["questions"]
    return {
        "columns": [{"column": shorten(column, SHORT), "role": role} for column, role in mapped[:FIRST_COLUMNS]],
        "others": ", ".join(shorten(column, SHORT // 2) for column in others[:FIRST_COLUMNS]),
        "more_others": max(0, len(others) - FIRST_COLUMNS) + looked["more_columns"],
        "rows": _rows(looked["first_rows"]),
        "questions": [shorten(question, LONG) for question in questions[:FIRST_QUESTIONS]],
        "more_questions": max(0, len(questions) - FIRST_QUESTIONS),
    }


def _rows(rows: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    shown = [list(row.items())[:FIRST_FIELDS] for row in rows[:FIRST_ROWS]]
    share = min(LONG, max(40, ROWS_ROOM // max(1, sum(map(len, shown)))))
    return [
        [{"name": shorten(name, SHORT), "text": shorten(text, share) or " "} for name, text in row]
        for row in shown
        if row
    ]


def _figures(found: Mapping[str, Any] | None, on_change: str, *, imported: bool) -> dict[str, Any] | None:
    """``rows = items + duplicates + refused``, and what else is to be known; None where nothing was counted."""
    if found is None or not (imported or found["rows"]):
        return None
    reasons = sorted(found["refused_by_reason"].items(), key=lambda one: (-one[1], one[0]))
    return {
        "rows": found["rows"],
        "items": found["items"],
        "duplicates": found["duplicates"],
        "refused": found["refused"],
        "more": _more(found, on_change),
        "reasons": [{"reason": shorten(reason, LONG), "rows": rows} for reason, rows in reasons[:FIRST_REASONS]],
        "more_reasons": max(0, len(reasons) - FIRST_REASONS),
        "steps": _touched(found["steps"]),
        "filters": _touched(found["filters"]),
    }


def _more(found: Mapping[str, Any], on_change: str) -> list[str]:
    words = []
    if pairs := found["pairs"]:
        linked = f", {_counted(found['near'], 'item')} linked for it" if found["near"] else ""
        words.append(f"{_counted(pairs, 'pair')} of items {'says' if pairs == 1 else 'say'} nearly the same{linked}")
    if changed := found["changed"]:
        what = {
            OnChange.KEEP: "the text that is there stays, and the row is refused",
            OnChange.REPLACE: "the new text takes the place of the old one",
            OnChange.NEW: "the new text comes beside the old one",
        }[OnChange(on_change)]
        words.append(f"{_counted(changed, 'row')} with another text for an id that is there: {what}")
    if labels := found["labels"]:
        words.append(f"{_counted(labels, 'label')} that the file brings")
    return words


def _touched(counts: Mapping[str, int]) -> str:
    named = sorted(((rows, name) for name, rows in counts.items() if rows), reverse=True)[:FIRST_COLUMNS]
    return ", ".join(f"{name.replace('_', ' ')} in {_counted(rows, 'row')}" for rows, name in named)


def _progress(view: Mapping[str, Any]) -> dict[str, Any]:
    rows = view["looked"]["rows"] if view["looked"] else 0
    share = min(1.0, view["done_bytes"] / view["size"]) if view["size"] else 0.0
    full = int(share * BAR)
    if share >= 1:
        words = f"All {rows:,} rows are read; they are compared, and opened to people."
    else:
        words = f"{int(share * 100)} %  ·  about {int(share * rows):,} of {rows:,} rows"
    return {"begun": view["done_bytes"] > 0, "bar": "▰" * full + "▱" * (BAR - full), "words": words}


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def mapping_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The form that says how a dropped file is to be read."""
    view = mapping_view(session, context["id"])
    if view is None:
        return None
    columns, choices = view["all_columns"], view["choices"]
    shown = _offered(columns, set(view["column_of"].values()), len(view["roles"]))
    encodings = [FIND_OUT, *ENCODINGS]
    encoding = choices.get("encoding") or FIND_OUT
    return {
        "metadata": f"{view['id']}:{view['version']}",
        "name": shorten(view["name"], 2 * SHORT),
        "roles": [_role(view, number, role, shown) for number, role in enumerate(view["roles"])] if columns else [],
        "columns": [{"title": shorten(columns[at], SHORT) or "(no name)", "value": str(at)} for at in shown],
        "more_columns": len(columns) - len(shown),
        "encodings": encodings if encoding in encodings else [*encodings, encoding],
        "encoding": encoding,
        "found_encoding": view["found"]["encoding"],
        "delimiters": [FIND_OUT, *DELIMITERS],
        "delimiter": NAMES_OF_DELIMITERS.get(choices.get("delimiter") or "", FIND_OUT),
        "header": next(name for name, header in HEADERS.items() if header is choices.get("header")),
        "on_change": choices.get("on_change", OnChange.KEEP.value),
    }


def _offered(columns: list[str], mapped: set[str], roles: int) -> list[int]:
    """The columns that a select offers, in their order: as many as the form has room for, those in use before others."""
    cost = sum(len(json.dumps(shorten(column, SHORT) or " ")) + 90 for column in columns) / max(1, len(columns))
    most = int(min(MOST_OPTIONS, max(FEWEST_OPTIONS, FORM_ROOM / (cost * roles)))) if columns else 0
    first = sorted(range(len(columns)), key=lambda at: (columns[at] not in mapped, at))[:most]
    return sorted(first)


def _role(view: Mapping[str, Any], number: int, role: str, shown: list[int]) -> dict[str, Any]:
    column = view["column_of"].get(role)
    at = next((at for at in shown if view["all_columns"][at] == column), None)
    return {
        "block": block_of(number),
        "name": role,
        "needed": role in view["fields"],
        "chosen": NOT_USED if at is None else str(at),
    }


def refused_words(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """What is said where the refused rows cannot be uploaded."""
    lot: Lot | None = session.get(Lot, context["lot_id"])
    if lot is None or not lot.refused:
        return None
    return {"name": shorten(lot.file_name, 2 * SHORT), "refused": lot.refused, "lot": lot.id}


def refused_file(session: Session, context: Mapping[str, Any]) -> Attachment | None:
    """The refused rows of a lot as CSV, written to disk as they are read."""
    lot: Lot | None = session.get(Lot, context["lot_id"])
    if lot is None or not lot.refused:
        return None
    # Closed by whoever uploads it.
    data = tempfile.TemporaryFile()  # noqa: SIM115
    for line in refused.as_csv(session, context["lot_id"]):
        data.write(line.encode())
    size = data.tell()
    data.seek(0)
    return Attachment(data, size, f"refused-rows-lot-{lot.id}.csv", f"Refused rows of {shorten(lot.file_name, 200)}")
