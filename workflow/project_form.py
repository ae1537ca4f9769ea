"""What the forms for a project hold: filled in from its description, read back into one, each fault at its field.

A form is a mapping of field to what stands in it: text, a number, a Slack id, or a list of Slack ids.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from storage.tables import Purpose, Role
from workflow import project_file, yaml_text
from workflow.errors import RefusedError
from workflow.guidelines.rules import GuidelineRules
from workflow.project_differences import INTAKE, RULES
from workflow.project_spec import ProjectSpec
from workflow.project_yaml import written
from workflow.quality_rules import QualityRules

Form = dict[str, Any]
Faults = dict[str, str]

LONGEST_TEXT = 3000
MOST_FAULTS = 5
ROLES = {"annotators": Role.ANNOTATOR, "reviewers": Role.REVIEWER, "leads": Role.LEAD}
CHANNELS = {f"channel_{purpose}": purpose.value for purpose in Purpose}
# Fields whose content is the value of the key of the same name.
PLAIN = ("name", "question", "level", "overlap", "batch_size", "accept", "skip", "hold", "time_zone", "digest", "near")
# What the fields with rules know, and an example.
RULES_SAY = {
    "guidelines": (tuple(GuidelineRules.model_fields), "grace: 24h"),
    "quality": (tuple(QualityRules.model_fields), "review: {share: 0.1}"),
}
_PIPE = re.compile(r"(?<!\\)\|")


class FormError(RefusedError):
    """A form that cannot be used: what is wrong, by field."""

    def __init__(self, by_field: Faults) -> None:
        self.by_field = by_field
        super().__init__("\n".join(by_field.values()))


def blank(channel: str | None, slack_id: str, zone: str | None) -> Form:
    """A new project's form, with what is sensible for who asks: their zone, this channel, themselves as lead."""
    here = channel if channel and channel[0] in "CG" else ""
    near = {"near": "report"} if "near" in ProjectSpec.model_fields else {}
    return {
        "name": "", "question": "", "labels": "", "level": "nominal", "fields": "text", "overlap": 3, "batch_size": 25,
        "accept": "majority", "skip": "others", "hold": "24h", "guideline": "", "time_zone": zone or "UTC",
        "digest": "09:00", "annotators": [], "reviewers": [], "leads": [slack_id], **dict.fromkeys(CHANNELS, here), **near,
    }  # fmt: skip


def filled(description: Mapping[str, Any], channel_ids: Mapping[str, str | None]) -> Form:
    """The form of a project that is there; ``channel_ids`` by purpose. What a field cannot hold whole is left out."""
    form: Form = {key: description[key] for key in PLAIN if key in description and key not in ("name", "near")}
    form["labels"] = labels_text(description["labels"])
    form["fields"] = "\n".join(description["fields"])
    form |= {field: channel_ids.get(purpose) or "" for field, purpose in CHANNELS.items()}
    if INTAKE:
        intake = {key: description[key] for key in INTAKE if description.get(key)}
        form["imports"] = written(intake) if intake else ""
    form |= {key: written(description[key]) if description.get(key) else "" for key in RULES}
    return {field: value for field, value in form.items() if not isinstance(value, str) or fits(value)}


def fits(text: str) -> bool:
    """Whether a field can show the text as it is: Slack counts ``&``, ``<`` and ``>`` as the entities they become."""
    counted = len(text.encode("utf-16-le", "surrogatepass")) // 2
    counted += 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    return counted <= LONGEST_TEXT and not set("\ufffe\uffff") & set(text)


def fingerprint(value: Any) -> str:
    """What tells whether somebody changed a field, where the whole of it cannot be kept."""
    kept = json.dumps("" if value is None else str(value) if isinstance(value, int) else value, ensure_ascii=True)
    return hashlib.sha256(kept.encode()).hexdigest()[:12]


def new_project(form: Mapping[str, Any], maker: str) -> tuple[ProjectSpec | None, Faults]:
    """The project that a filled-in form describes, or all faults by field. Its maker is lead and manager in any case."""
    data, faults = described_by(form)
    data = {key: value for key, value in data.items() if value is not None}
    data["people"] = _people(form, maker)
    try:
        spec = ProjectSpec.model_validate(data)
    except ValidationError as error:
        return None, faults_of(error) | faults
    return (None, faults) if faults else (spec, {})


def described_by(form: Mapping[str, Any]) -> tuple[dict[str, Any], Faults]:
    """The fields of a form by the keys of a project file, people apart; and what no project file could have wrong."""
    data: dict[str, Any] = {key: form[key] for key in PLAIN if key in form}
    faults: Faults = {}
    if "labels" in form:
        data["labels"], misplaced = labels_typed(form["labels"] or "")
        if misplaced:
            faults["labels"] = misplaced
    if "fields" in form:
        data["fields"] = [line.strip() for line in str(form["fields"] or "").split("\n") if line.strip()]
    channels = {purpose: form[field] for field, purpose in CHANNELS.items() if form.get(field)}
    if channels:
        data["channels"] = channels
    if (form.get("guideline") or "").strip():
        data["guideline"] = form["guideline"] + "\n"
    if "imports" in form:
        intake, wrong = _as_yaml(form["imports"] or "", INTAKE, "near: link")
        data |= {key: intake.get(key) for key in INTAKE}
        faults |= {"imports": wrong} if wrong else {}
    for key in RULES:
        if key in form:
            rules, wrong = _as_yaml(form[key] or "", *RULES_SAY[key])
            data[key] = rules or None
            faults |= {key: wrong} if wrong else {}
    return data, faults


def faults_of(error: ValidationError) -> Faults:
    """What is wrong, by the field that can put it right."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for detail in error.errors(include_url=False):
        path = tuple(step for step in detail["loc"] if step != "[key]")
        for field in _fields_of(path):
            found[field].append(_said(path, detail))
    return {field: _together(said) for field, said in found.items()}


def labels_text(labels: Sequence[Any]) -> str:
    """Labels as they are typed: ``value | Title | description``, one a line; a long description goes on, indented."""
    lines = []
    for label in labels:
        one = {"value": label} if isinstance(label, str) else label
        parts = [_piped(one["value"])]
        title, text = one.get("title", one["value"]), one.get("description", "")
        if title != one["value"] or text:
            parts.append(_piped(title))
        if text:
            parts.append(re.sub(r"\n(?!\n)", "\n  ", text))
        lines.append(" | ".join(parts))
    return "\n".join(lines)


def labels_typed(text: str) -> tuple[list[dict[str, str]], str]:
    """Labels from what was typed, and what is wrong with the lines themselves, if anything."""
    labels: list[dict[str, str]] = []
    blank_lines = 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.strip():
            blank_lines += 1
        elif line[0] in " \t" and labels and "description" in labels[-1]:
            labels[-1]["description"] += "\n" * (1 + blank_lines) + line.strip()
            blank_lines = 0
        elif line[0] in " \t" and labels:
            return (
                labels,
                f"Line {number} is indented: it would go on with a description, and label {len(labels)} has none.",
            )
        else:
            labels.append(_label(line))
            blank_lines = 0
    return labels, ""


def _label(line: str) -> dict[str, str]:
    parts = [part.strip() for part in _PIPE.split(line.strip(), maxsplit=2)]
    label = {"value": _unpiped(parts[0])}
    if len(parts) > 1 and parts[1]:
        label["title"] = _unpiped(parts[1])
    if len(parts) > 2 and parts[2]:
        label["description"] = parts[2]
    return label


def _piped(text: str) -> str:
    return text.replace("|", "\\|")


def _unpiped(text: str) -> str:
    return text.replace("\\|", "|")


def _people(form: Mapping[str, Any], maker: str) -> list[dict[str, Any]]:
    roles: defaultdict[str, list[Role]] = defaultdict(list)
    for field, role in ROLES.items():
        for user in form.get(field) or ():
            roles[user].append(role)
    # Whoever makes a project can change it afterwards.
    roles[maker] += [role for role in (Role.LEAD, Role.MANAGER) if role not in roles[maker]]
    return [{"user": user, "roles": given} for user, given in roles.items()]


def _as_yaml(text: str, known: Sequence[str], example: str) -> tuple[dict[str, Any], str]:
    """What a field says that is written as in a project file, and what is wrong with it, if anything."""
    tree = yaml_text.read(text.encode("utf-8", "replace"))
    if tree.faults:
        return {}, _together([f"Line {fault.line}: {fault.message}." for fault in tree.faults])
    data = tree.data if tree.data is not None else {}
    if not isinstance(data, dict):
        return {}, f"Write keys and values, such as “{example}”. Known are {', '.join(known)}."
    unknown = [key for key in data if key not in known]
    if unknown:
        return {}, f"“{unknown[0]}” is not known here. Known are {', '.join(known)}."
    return data, ""


def _fields_of(path: tuple[Any, ...]) -> list[str]:
    key = str(path[0]) if path else "name"
    if key == "channels":
        wanted = [str(path[1])] if len(path) > 1 else list(CHANNELS.values())
        return [field for field, purpose in CHANNELS.items() if purpose in wanted]
    if key == "people":
        return ["annotators"]
    return ["imports"] if key in INTAKE and key != "near" else [key]


def _said(path: tuple[Any, ...], detail: Any) -> str:
    if detail["type"] == "missing":
        return "This is needed."
    text = project_file.message(path, detail)
    text = re.sub(r"labels\[(\d+)\]", lambda found: f"label {int(found[1]) + 1}", text)
    if path and path[0] in INTAKE:
        text = f"{yaml_text.dotted(path)}: {text}"
    elif path and path[0] in RULES:
        text = f"{yaml_text.dotted(path[1:])}: {text}"
    elif len(path) > 1 and isinstance(path[1], int):
        text = f"{'Label' if path[0] == 'labels' else 'Line'} {path[1] + 1}: {text}"
    elif text.startswith(("is ", "has ", "must ")):
        text = f"This {text}"
    return text if text.endswith((".", "?")) else f"{text}."


def _together(said: Sequence[str]) -> str:
    shown = list(dict.fromkeys(said))
    more = len(shown) - MOST_FAULTS
    return " ".join(shown[:MOST_FAULTS]) + (f" And {more} more." if more > 0 else "")
