"""Reading ``project.yaml``: text in, a checked project out, or every fault with its line and what to do."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workflow import yaml_text
from workflow.errors import RefusedError
from workflow.guidelines.rules import GuidelineRules
from workflow.guidelines.text import reading_text
from workflow.intake.spec import FilterSpec, LengthSpec, NearSpec
from workflow.project_spec import ChannelsSpec, LabelSpec, PersonSpec, ProjectSpec
from workflow.quality_rules import PARTS, QualityRules
from workflow.yaml_text import Fault, Tree

_WANTED = {
    "name": 'write name: and a short name such as "rte"',
    "question": "write question: and what people are asked about every item",
    "labels": "write labels: and at least two, such as [yes, no]",
    "channels": 'write channels: {team: "#rte", review: "#rte-review", leads: "#rte-leads"}',
    "team": 'write team: and a channel such as "#rte"; two purposes may share one',
    "review": 'write review: and a channel such as "#rte-review"; two purposes may share one',
    "leads": 'write leads: and a channel such as "#rte-leads"; two purposes may share one',
    "value": "write value: and what is stored",
    "user": 'write user: and "@name", an e-mail address or a Slack id',
    "roles": "write roles: and at least one, such as [annotator]",
}


_KEYS = {
    "": ProjectSpec.model_fields,
    "labels": LabelSpec.model_fields,
    "channels": ChannelsSpec.model_fields,
    "near": NearSpec.model_fields,
    "filters": [*FilterSpec.model_fields, "field"],
    "filters.length": LengthSpec.model_fields,
    "guidelines": GuidelineRules.model_fields,
    "quality": QualityRules.model_fields,
    **{f"quality.{part}": rules.model_fields for part, rules in PARTS.items()},
    "people": PersonSpec.model_fields,
}

_SAID = {
    "list_type": "must be a list, such as [a, b]",
    "tuple_type": "must be a list, such as [a, b]",
    "dict_type": "must be a mapping, such as {{key: value}}",
    "model_type": "must be a mapping, such as {{key: value}}",
    "string_type": "must be text, not a list or a mapping",
    "int_type": "must be a whole number",
    "float_type": "must be a number, such as 0.8",
    "greater_than": "{input} is out of bounds: above {gt}",
    "less_than": "{input} is out of bounds: below {lt}",
    "greater_than_equal": "{input} is out of bounds: at least {ge}",
    "less_than_equal": "{input} is out of bounds: at most {le}",
}


class ProjectFileError(RefusedError):
    """A project file that cannot be used; one line of text for every fault, in the order of the file."""

    def __init__(self, file_name: str, faults: Iterable[Fault]) -> None:
        self.file_name = file_name
        self.faults = sorted(set(faults), key=lambda fault: (fault.line, str(fault)))
        super().__init__("\n".join(f"{file_name}:{fault}" for fault in self.faults))


def load(path: Path) -> ProjectSpec:
    """Read a project file and the guideline it names, whose path is relative to the file.

    Raises ProjectFileError with all faults at once, OSError where the file itself cannot be read.
    """
    tree, text, more = read(path)
    spec, found = _checked(tree)
    if spec is None or found or more:
        raise ProjectFileError(path.name, [*found, *more])
    return spec if text is None else spec.with_guideline(text)


def read(path: Path) -> tuple[Tree, str | None, list[Fault]]:
    """A project file as it is written, the text of the guideline that it names, and what is wrong with these alone."""
    with path.open("rb") as file:
        raw = file.read(yaml_text.LARGEST + 1)
    tree = yaml_text.read(raw)
    text, found = _guideline(tree, path.parent)
    return tree, text, [*tree.faults, *found]


def parse(raw: bytes, file_name: str = "project.yaml") -> ProjectSpec:
    """The same from bytes, without reading the guideline that the file names."""
    spec, found = _checked(yaml_text.read(raw))
    if spec is None or found:
        raise ProjectFileError(file_name, found)
    return spec


def _checked(tree: Tree) -> tuple[ProjectSpec | None, list[Fault]]:
    if not isinstance(tree.data, dict):
        if tree.faults:
            return None, tree.faults
        return None, [Fault(1, (), "a project is written as `key: value` lines, beginning with name:")]
    try:
        return ProjectSpec.model_validate(tree.data), tree.faults
    except ValidationError as error:
        # What is already wrong as YAML need not be said again about the value that is missing for it.
        said = [fault.path for fault in tree.faults]
        found = faults(tree, error)
        fresh = [fault for fault in found if not any(path and fault.path[: len(path)] == path for path in said)]
        return None, [*tree.faults, *fresh]


def faults(tree: Tree, error: ValidationError) -> list[Fault]:
    """What is wrong with the values of a tree, each with its line."""
    found = []
    for detail in error.errors(include_url=False):
        path = tuple(step for step in detail["loc"] if step != "[key]")
        found.append(Fault(tree.line(path), path, message(path, detail)))
    return found


def message(path: yaml_text.Path, detail: Mapping[str, Any]) -> str:
    """What is wrong with the value at a path, from a detail of pydantic's ValidationError: what to write instead."""
    kind = detail["type"]
    if kind == "missing":
        return f"is missing: {_WANTED.get(str(path[-1]), 'add it')}"
    if kind == "extra_forbidden":
        return _unknown(path)
    if detail["input"] is None and kind != "project":
        return "is empty: give it a value (text that begins with # needs quotes), or leave the line out"
    context = detail.get("ctx", {})
    if "expected" in context:
        return _choice(str(detail["input"]), context["expected"])
    return _SAID.get(kind, "{msg}").format(**{"msg": detail["msg"], "input": detail["input"], **context})


def _unknown(path: yaml_text.Path) -> str:
    known = list(_KEYS[".".join(step for step in path[:-1] if isinstance(step, str))])
    near = get_close_matches(str(path[-1]).casefold(), known, n=1)
    return f"is not a key here: did you mean {near[0]}?" if near else f"is not a key here: known are {', '.join(known)}"


def _choice(typed: str, expected: str) -> str:
    known = expected.replace("'", "").replace(" or ", ", ").split(", ")
    near = get_close_matches(typed.casefold(), known, n=1)
    if len(known) == 1:
        return f"{typed!r} is not known: so far there is {known[0]}"
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(known)}"
    return f"{typed!r} is not known: {hint}"


def _guideline(tree: Tree, folder: Path) -> tuple[str | None, list[Fault]]:
    named = tree.data.get("guideline") if isinstance(tree.data, dict) else None
    if not isinstance(named, str) or not named.strip() or "\n" in named:
        return None, []
    line, path = tree.line(("guideline",)), ("guideline",)
    try:
        return reading_text.read_file(folder / named.strip(), named.strip()), []
    except RefusedError as error:
        return None, [Fault(line, path, str(error))]
    except (OSError, ValueError) as error:
        return None, [
            Fault(line, path, f"{named} cannot be read: {_reason(error)} (the path is relative to this file)")
        ]


def _reason(error: Exception) -> str:
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else "the path is not valid"
