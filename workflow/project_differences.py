"""What two descriptions of a project differ in, said so that a person can decide."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.tables import Level, Purpose
from workflow import naming
from workflow.project_spec import LabelSpec, ProjectSpec
from workflow.spec_values import span

COLUMNS = {"question": "question", "batch_size": "batch_size", "accept": "accept", "skip": "skip",
           "hold": "hold_seconds", "time_zone": "time_zone", "digest": "digest_at"}  # fmt: skip
STRUCTURE = ("level", "labels", "fields")
RULES = ("guidelines", "quality")
OF_THE_STORE = {"name", "task", "overlap", "channels", "guideline", *RULES, "people", *COLUMNS, *STRUCTURE}
# Keys of the project file that say how files are taken in; they are kept together.
INTAKE = tuple(key for key in ProjectSpec.model_fields if key not in OF_THE_STORE)
REMARKS = {
    "accept": "What is decided stays decided; the rule holds for items that get their last label from now on.",
    "overlap": "The items are brought to the new overlap in the background.",
    "question": "Cards that are open show the new question when they are next drawn.",
    "hold": "Places that are held already keep their time.",
    "time_zone": "The next digest covers everything since the last one.",
    "digest": "The next digest covers everything since the last one.",
    "near": "It holds for files that are imported from now on.",
    "steps": "It holds for files that are imported from now on.",
    "filters": "It holds for files that are imported from now on.",
    "guidelines": "Grace and open batches are those of versions from now on; all else holds for what waits, too.",
    "quality": "What is picked for review, asked about and drawn already keeps its time; all else holds from now on. Where "
    "nothing is reviewed any more, what waits for review counts as accepted.",
}


@dataclass(frozen=True)
class Difference:
    """One thing that differs: under which key of a project file, what of it, from which value to which."""

    key: str
    what: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.what}: {shown(self.before)} -> {shown(self.after)}"


def differences(before: ProjectSpec, after: ProjectSpec) -> list[Difference]:
    """What two descriptions of a project differ in, people apart."""
    found = [Difference("question", "question", before.question, after.question)]
    found += _label_differences(before.labels, after.labels)
    found += [Difference(key, key, *_values(key, before, after)) for key in ("level", "fields", "overlap")]
    found += [Difference(key, key, *_values(key, before, after)) for key in COLUMNS if key != "question"]
    found += [_channel(purpose, before, after) for purpose in Purpose]
    found += [Difference(key, key, *_values(key, before, after)) for key in INTAKE]
    for key in RULES:
        found += _rule_differences(key, key, *_values(key, before, after))
    if after.guideline is not None:
        found.append(Difference("guideline", "guideline", before.guideline_markdown, after.guideline_markdown))
    return [one for one in found if one.before != one.after]


def shown(value: Any) -> str:
    """A value in a sentence."""
    if value is None or value in ("", [], {}, ()):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(shown(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(one)}" for key, one in value.items())
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def remarks(found: Sequence[Difference]) -> list[str]:
    """What whoever made these changes should know."""
    return list(dict.fromkeys(REMARKS[one.key] for one in found if one.key in REMARKS))


def other_values(before: ProjectSpec, after: ProjectSpec) -> bool:
    """Whether the values are others; at level nominal the order says nothing, and may be another one."""
    old, new = ([label.value for label in spec.labels] for spec in (before, after))
    return sorted(old) != sorted(new) if after.level is Level.NOMINAL else old != new


def _values(key: str, before: ProjectSpec, after: ProjectSpec) -> tuple[Any, Any]:
    pair = [spec.model_dump(mode="json", include={key})[key] for spec in (before, after)]
    return (span(pair[0]), span(pair[1])) if key == "hold" else (pair[0], pair[1])


def _channel(purpose: Purpose, before: ProjectSpec, after: ProjectSpec) -> Difference:
    old, new = getattr(before.channels, purpose), getattr(after.channels, purpose)
    same = naming.channel(old).key == naming.channel(new).key
    return Difference("channels", f"channels.{purpose}", old, old if same else new)


def _rule_differences(key: str, what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for rule, value in old.items():
        if isinstance(value, Mapping):
            yield from _rule_differences(key, f"{what}.{rule}", value, new[rule])
        else:
            yield Difference(key, f"{what}.{rule}", value, new[rule])


def _label_differences(before: Sequence[LabelSpec], after: Sequence[LabelSpec]) -> Iterator[Difference]:
    if [label.value for label in before] != [label.value for label in after]:
        yield Difference("labels", "labels", [label.value for label in before], [label.value for label in after])
    new = {label.value: label for label in after}
    for label in before:
        if label.value in new:
            yield Difference("labels", f"title of {label.value}", label.title, new[label.value].title)
            yield Difference("labels", f"description of {label.value}", label.description, new[label.value].description)
