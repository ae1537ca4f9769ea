"""A sample context for every template, so that each can be rendered with anything in every one of its values.

`SAMPLES` names a template as `render` does; a template under `templates/` without a sample fails a test. Texts that
Slack reads as an id, an address or a button's value are wrapped in `Id`: putting something else there has to fail.
"""

from typing import Any


class Id(str):
    """A text that is no text: an id, an address, a fixed word."""

    __slots__ = ()


CARDS: dict[str, dict[str, Any]] = {
    "labelling.yaml.j2": {
        "project": "rte",
        "place": 3,
        "total": 25,
        "version": 2,
        "question": "Does the text imply the hypothesis?",
        "assignment": 1017,
        "chosen": 2,
        "fields": [
            {"name": "text", "text": "The cat sat on the mat."},
            {"name": "hypothesis", "text": "A cat was sitting."},
        ],
        "labels": [{"id": 1, "title": "Implies"}, {"id": 2, "title": "Does not"}],
    },
    "unclear.yaml.j2": {
        "metadata": Id('{"assignment": 1017}'),
        "person": Id("U024BE7LH"),
        "item": "item 17",
        "project": "rte",
        "note": "I cannot tell who sat.",
        "reasons": [
            {"id": Id("ambiguous"), "title": "Ambiguous", "help": "Two readings are equally good"},
            {"id": Id("missing"), "title": "Something is missing", "help": "The text cannot be understood"},
        ],
    },
}
"""The cards of the tests themselves, in tests/templates/cards."""

SAMPLES: dict[str, dict[str, Any]] = {}
"""The templates of the house."""
