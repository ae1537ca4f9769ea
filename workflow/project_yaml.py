"""A project back as the file that describes it: what is in the store, by the keys of a project file, as YAML."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml
from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Channel, Guideline, LabelValue, Project
from workflow import label_schema, normalise, people
from workflow.project_spec import ProjectSpec
from workflow.spec_values import span

# Line ends that a block of YAML would not bring back as they are.
ODD_LINE_ENDS = "\r\x85\u2028\u2029"


def as_yaml(session: Session, project_id: int) -> str:
    """The project as a project file: loaded again it is the same project.

    Whoever was named by ``@name`` or e-mail address stays so; who was chosen in Slack stands by the id, with the name
    beside it. The guideline stands in the file, unless it is the one that the label descriptions make.
    """
    names = {member.slack_id: member.name for member in people.members(session, project_id)}
    return written(described(session, project_id), names)


def described(session: Session, project_id: int) -> dict[str, Any]:
    """The project by the keys of a project file, with the values that one has: texts, numbers, lists, mappings."""
    project = session.execute(select(Project).where(col(Project.id) == project_id)).scalar_one()
    found: dict[str, Any] = {
        "name": project.name,
        "question": project.question,
        "task": project.task,
        "level": project.level.value,
        "labels": [_label(label) for label in _labels(session, project_id)],
        "fields": list(project.fields),
        "overlap": project.overlap,
        "batch_size": project.batch_size,
        "accept": project.accept,
        "skip": project.skip.value,
        "hold": span(project.hold_seconds),
        "channels": _channels(session, project_id),
        "time_zone": project.time_zone,
        "digest": project.digest_at,
        # What the file says of imports, of new versions and of quality is kept as it was checked.
        **{key: value for key, value in (project.intake or {}).items() if key in ProjectSpec.model_fields},
        **({"guidelines": dict(project.guidelines)} if project.guidelines else {}),
        **({"quality": dict(project.quality)} if project.quality else {}),
        "people": _people(session, project_id),
    }
    guideline = _guideline(session, project)
    if guideline is not None:
        found["guideline"] = guideline
    return found


def written(description: Mapping[str, Any], names: Mapping[str | None, str] | None = None) -> str:
    """A description as YAML that any reader takes for the texts they are; ``names`` are those behind Slack ids."""
    head = {key: _shaped(key, value) for key, value in description.items() if key not in ("people", "guideline")}
    text = _dumped(head)
    if description.get("people"):
        text += "people:\n" + "".join(_person(person, names or {}) for person in description["people"])
    if "guideline" in description:
        text += _dumped({"guideline": description["guideline"]})
    return text


def _labels(session: Session, project_id: int) -> list[dict[str, str]]:
    rows = session.execute(
        select(col(LabelValue.value), col(LabelValue.title), col(LabelValue.description))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position))
    )
    return [{"value": value, "title": title, "description": text} for value, title, text in rows]


def _channels(session: Session, project_id: int) -> dict[str, str]:
    rows = session.execute(
        select(col(Channel.purpose), col(Channel.name)).where(col(Channel.project_id) == project_id)
    ).all()
    names = {purpose.value: name for purpose, name in rows}
    return {purpose: names[purpose] for purpose in ("team", "review", "leads")}


def _people(session: Session, project_id: int) -> list[dict[str, Any]]:
    return [
        {"user": member.handle or member.slack_id, "roles": [role.value for role in member.roles]}
        for member in people.members(session, project_id)
    ]


def _guideline(session: Session, project: Project) -> str | None:
    """The guideline in force; None where it says no more than the labels do."""
    markdown: str | None = session.execute(
        select(col(Guideline.markdown)).where(col(Guideline.id) == project.guideline_id)
    ).scalar()
    labels = _labels(session, int(project.id or 0))
    made = label_schema.as_markdown(project.question, [(label["title"], label["description"]) for label in labels])
    # One line would be read as a path; the text of a document ends with a line end.
    return None if markdown in (None, made) else normalise.markdown(markdown)


class _Flow(list[Any]):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = '"' if any(end in text for end in ODD_LINE_ENDS) else "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _number(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    # In digits, as a project file has it: never 1.0e-05.
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{Decimal(repr(number)):f}")


def _on_one_line(dumper: yaml.SafeDumper, listed: Sequence[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", listed, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
_Dumper.add_representer(_Flow, _on_one_line)


def _dumped(value: Any) -> str:
    made: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=False, width=2**20
    )
    return made


def _shaped(key: str, value: Any) -> Any:
    """What can be said shorter, or on one line, is."""
    if key == "labels":
        return [_label(label) for label in value]
    return _Flow(value) if key == "fields" else value


def _label(label: Any) -> Any:
    """A label without what its value says already."""
    if isinstance(label, str):
        return label
    said = {part: text for part, text in label.items() if text and (part == "value" or text != label["value"])}
    if label.get("description"):
        said["description"] = label["description"]
    return said if len(said) > 1 else label["value"]


def _person(person: Mapping[str, Any], names: Mapping[str | None, str]) -> str:
    line = yaml.dump(
        {"user": person["user"], "roles": list(person["roles"])},
        Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=True, width=2**20,
    ).strip()  # fmt: skip
    name = names.get(person["user"], person["user"])
    # A comment: whatever somebody calls themselves, it ends with the line.
    seen = "".join(character if character.isprintable() else " " for character in name).strip()
    return f"  - {line}" + (f"  # {seen}\n" if seen and seen != person["user"] else "\n")
