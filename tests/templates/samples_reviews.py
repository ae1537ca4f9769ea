"""Sample contexts of what reviewers see: the modal in its faces, the standing card, what was sent back."""

from typing import Any

from tests.templates.samples import CASE, FIELDS, FLAGS, LABELS, MANY, Id, Word

ITEM: dict[str, Any] = {
    "id": 31,
    "project_id": 1,
    "project": "rte",
    "question": "Does the text imply the hypothesis?",
    "key": "item 17",
    "fields": FIELDS,
    "long": True,
    "reason": Word("newcomer"),
    "about": {"id": 4, "name": "Cem"},
    "overdue": True,
    "flags": FLAGS,
    "more_flags": 2,
    "said": [
        {"title": "Implies", "names": "Ana, Ben", "final": True},
        {"title": "Does not", "names": "Cem", "final": False},
    ],
    "people": [{"id": 2, "name": "Ana"}, {"id": 3, "name": "Ben"}, {"id": 4, "name": "Cem"}],
    "labels": LABELS,
}
REVIEW: dict[str, Any] = {
    "metadata": Id("item:1:31:0:0:30:32,33:"),
    "face": Word("item"),
    "said": "Accepted.",
    "done_id": 30,
    "done_key": "item 16",
    "run": 7,
    "run_kind": Word("accept"),
    "run_about": "Cem",
    "may_undo": True,
    "taken": 0,
    "item": ITEM,
    "in_row": False,
    "reasons": [],
    "sections": [],
    "precedents": [],
    "project_id": 1,
    "waiting": 12,
    "back": 2,
}
FORM: dict[str, Any] = {
    **REVIEW,
    "said": "",
    "run": 0,
    "may_undo": False,
    "reasons": [{"code": Id("misread"), "title": "The text was misread"}, {"code": Id("other"), "title": "Another"}],
    "sections": [{"value": Id("9.1"), "title": "Hedges"}],
    "precedents": CASE["precedents"],
}
QUEUE: dict[str, Any] = {
    "id": 1,
    "version": 1_834_201,
    "project": "rte",
    "waiting": 12,
    "overdue": 3,
    "back": 2,
    "due": "24 Nov 2026, 09:00",
    "zone": "Europe/Berlin",
}
BACK: dict[str, Any] = {
    "project": "rte",
    "zone": "Europe/Berlin",
    "more": 3,
    "items": [
        {
            "key": "item 17",
            "names": "Cem",
            "case": False,
            "since": "24 Nov 2026, 09:00",
            "days": 3,
            "by": "Rita",
            "why": "The text was misread",
        }
    ],
}
HALF: dict[str, Any] = {**BACK["items"][0], "names": "", "days": 0, "why": ""}

SAMPLES: dict[str, dict[str, Any]] = {
    "review.yaml.j2": REVIEW,
    "review_queue.yaml.j2": QUEUE,
    "sent_back.yaml.j2": BACK,
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("review.yaml.j2", {**FORM, "face": Word("correct")}),
    ("review.yaml.j2", {**FORM, "face": Word("correct"), "item": {**ITEM, "labels": LABELS[:1]}, "sections": []}),
    ("review.yaml.j2", {**FORM, "face": Word("correct"), "item": {**ITEM, "labels": MANY}}),
    ("review.yaml.j2", {**FORM, "face": Word("back")}),
    ("review.yaml.j2", {**FORM, "face": Word("back"), "item": {**ITEM, "people": ITEM["people"][:1]}}),
    ("review.yaml.j2", {**FORM, "face": Word("up")}),
    ("review.yaml.j2", {**REVIEW, "run": 1, "run_kind": Word("back"), "may_undo": False, "in_row": True}),
    (
        "review.yaml.j2",
        {**REVIEW, "item": {**ITEM, "reason": Word("share"), "people": [], "flags": [], "overdue": False}},
    ),
    ("review.yaml.j2", {**REVIEW, "item": None, "done_key": "", "run": 0, "may_undo": False, "taken": 7}),
    ("review.yaml.j2", {**FORM, "item": None, "waiting": 0, "back": 0}),
    ("review.yaml.j2", {**FORM, "item": None, "face": Word("stopped")}),
    ("review_queue.yaml.j2", {**QUEUE, "overdue": 0, "back": 0}),
    ("review_queue.yaml.j2", {**QUEUE, "waiting": 0, "overdue": 0}),
    ("review_queue.yaml.j2", {**QUEUE, "waiting": 0, "overdue": 0, "back": 0, "due": ""}),
    ("sent_back.yaml.j2", {**BACK, "items": [HALF, {**HALF, "case": True}], "more": 0}),
    ("sent_back.yaml.j2", {**BACK, "items": [], "more": 0}),
]
