"""Worked examples as people write them in a form, a line each: ``item id = label | why``."""

import re
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Example, Item, LabelValue
from workflow.guidelines.proposals.proposing import NewExample
from workflow.project_form import FormError

FIELD = "examples"
MOST = 20
HOW = "item id = label | why"
MOST_BARS = 8
"""How many of these signs in a line may be the one before the why: an id and a label may have some of their own."""


def read(session: Session, project_id: int, text: str) -> tuple[NewExample, ...]:
    """The examples of a form. Raises FormError naming the line."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST:
        raise FormError({FIELD: f"These are {len(lines)} examples; {MOST} are the most."})
    labels = _labels(session, project_id)
    items = _items(session, project_id, [key for _, line in lines for key, _, _ in _readings(line)])
    return tuple(_example(number, line, items, labels) for number, line in lines)


def written(session: Session, proposal_id: int) -> list[str]:
    """The examples of a proposal, as lines of a form."""
    rows = session.execute(
        select(col(Item.key), col(LabelValue.value), col(Example.explanation))
        .join(Item, col(Item.id) == col(Example.item_id))
        .join(LabelValue, col(LabelValue.id) == col(Example.value_id))
        .where(col(Example.proposal_id) == proposal_id)
        .order_by(col(Example.position))
    )
    return [line(row.key, row.value, row.explanation) for row in rows]


def line(key: str, value: str, why: str) -> str:
    """One example as a line."""
    return f"{key} = {value} | {' '.join(why.split())}".rstrip(" |")


def _readings(line: str) -> Iterator[tuple[str, str, str]]:
    """What a line may say: (item id, label, why). An id or a label may have a sign in it that parts them."""
    bars = [found.start() for found in re.finditer(r"\|", line)][:MOST_BARS]
    for end in [*bars, len(line)]:
        pieces = line[:end].split("=")
        for at in range(1, len(pieces)):
            yield "=".join(pieces[:at]).strip(), "=".join(pieces[at:]).strip(), line[end + 1 :].strip()


def _labels(session: Session, project_id: int) -> dict[str, int]:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title)).where(
            col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None)
        )
    ).all()
    exact = {row.title: row.id for row in rows} | {row.value: row.id for row in rows}
    # Labels may differ by their capitals alone: what is written like one of them is that one.
    return {name.casefold(): label for name, label in exact.items()} | exact


def _label(labels: Mapping[str, int], written: str) -> int | None:
    return labels.get(written, labels.get(written.casefold()))


def _items(session: Session, project_id: int, keys: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(col(Item.key), col(Item.id)).where(col(Item.project_id) == project_id, col(Item.key).in_(set(keys)))
    )
    return {row.key: row.id for row in rows}


def _example(number: int, line: str, items: Mapping[str, int], labels: Mapping[str, int]) -> NewExample:
    readings = list(_readings(line))
    known = [one for one in readings if one[0] in items]
    if not known and "=" not in line.partition("|")[0]:
        raise FormError({FIELD: f"Line {number}: write {HOW}."})
    fitting = known or readings[:1]
    key, label, why = next((one for one in fitting if _label(labels, one[1]) is not None), fitting[0])
    if key not in items:
        raise FormError({FIELD: f"Line {number}: no item has the id {key[:60]!r}. Write {HOW}."})
    found = _label(labels, label)
    if found is None:
        raise FormError({FIELD: f"Line {number}: there is no label {label[:60]!r}. Write {HOW}."})
    return NewExample(items[key], found, why)
