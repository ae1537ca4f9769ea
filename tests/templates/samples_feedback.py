"""Samples of what people are told of their own work, and of disputes."""

from typing import Any

from tests.templates.samples import Id, Word

FIELDS = [{"name": "premise", "text": "Oil prices fall back."}, {"name": "hypothesis", "text": "Oil prices rise."}]
OUTCOME: dict[str, Any] = {
    "granted": True,
    "mine": True,
    "judged": False,
    "by": "Ben",
    "others": 2,
    "former": "Does not",
}
NOTICE: dict[str, Any] = {
    "ruling_id": 7,
    "project": "rte",
    "key": "item 17",
    "fields": FIELDS,
    "origin": Word("case"),
    "reviewer": "Rita",
    "title": "Implies",
    "rationale": "See section 2",
    "reason": "A rule of the guideline was missed",
    "section": "Negation",
    "own": "Does not",
    "flagged": True,
    "changed": True,
    "guideline": "1.0",
    "dispute": OUTCOME,
    "until": "1 Mar 2026, 09:00 (Europe/Berlin)",
}
REVIEW_NOTICE: dict[str, Any] = {
    "project": "rte",
    "reviewer": "Rita",
    "mode": Word("same"),
    "keys": "item 17, item 18",
    "many": 2,
    "fields": FIELDS,
    "own": "Does not",
    "reason": "The text was misread",
    "section": "Negation",
    "note": "Look at the second sentence.",
}
DISPUTE: dict[str, Any] = {
    "id": 3,
    "version": 1,
    "project": "rte",
    "key": "item 17",
    "fields": FIELDS,
    "title": "Implies",
    "reviewer": "Rita",
    "own": "Does not",
    "open": False,
    "withdrawn": False,
    "granted": True,
    "argument": "Page 4 says no.",
    "decided": "Does not",
    "judge": "Sol",
    "because": "Page 4 it is.",
}
CONTEST: dict[str, Any] = {
    "project": "rte",
    "key": "item 17",
    "fields": FIELDS,
    "title": "Implies",
    "reviewer": "Rita",
    "rationale": "See section 2",
    "own": "Does not",
    "metadata": Id("7"),
}
CONFUSION: dict[str, Any] = {
    "mine": "Implies",
    "final": "Does not",
    "items": 4,
    "sections": [{"title": "Negation", "items": 3}, {"title": "Doubt", "items": 1}],
}
WEEK: dict[str, Any] = {
    "project": "rte",
    "project_id": 1,
    "since": "16 Nov 2026",
    "until": "23 Nov 2026",
    "items": 120,
    "same": 113,
    "confusions": [CONFUSION, {**CONFUSION, "items": 1, "sections": []}],
    "more": 2,
    "judged": {
        "decisions": 31,
        "contested": 3,
        "upheld": 1,
        "overturned": 1,
        "right": 6,
        "wrong": 1,
        "looks": 9,
    },
}

SAMPLES: dict[str, dict[str, Any]] = {
    "ruling_notice.yaml.j2": NOTICE,
    "review_notice.yaml.j2": REVIEW_NOTICE,
    "dispute.yaml.j2": DISPUTE,
    "contest.yaml.j2": CONTEST,
    "weekly_feedback.yaml.j2": WEEK,
}
NOT_SETTLED = {"dispute": None, "until": ""}
OPEN = {"open": True, "version": 0, "granted": False, "judge": "", "decided": "", "because": ""}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("ruling_notice.yaml.j2", {**NOTICE, **NOT_SETTLED, "title": None, "own": None, "guideline": None}),
    ("ruling_notice.yaml.j2", {**NOTICE, **NOT_SETTLED, "own": None, "changed": False}),
    ("ruling_notice.yaml.j2", {**NOTICE, "own": None, "flagged": False, "reason": "", "origin": Word("review")}),
    ("ruling_notice.yaml.j2", {**NOTICE, "section": "", "origin": Word("audit")}),
    (
        "ruling_notice.yaml.j2",
        {
            **NOTICE,
            "own": None,
            "origin": Word("dispute"),
            "dispute": {**OUTCOME, "mine": False, "judged": True, "granted": False},
        },
    ),
    (
        "ruling_notice.yaml.j2",
        {**NOTICE, "origin": Word("dispute"), "dispute": {**OUTCOME, "mine": False, "others": 0}, "until": ""},
    ),
    ("review_notice.yaml.j2", {**REVIEW_NOTICE, "mode": Word("noted"), "many": 1, "section": "", "own": ""}),
    ("review_notice.yaml.j2", {**REVIEW_NOTICE, "mode": Word("other"), "many": 1, "reason": "", "note": ""}),
    ("dispute.yaml.j2", {**DISPUTE, **OPEN}),
    ("dispute.yaml.j2", {**DISPUTE, **OPEN, "open": False, "withdrawn": True, "own": ""}),
    ("dispute.yaml.j2", {**DISPUTE, "granted": False}),
    ("contest.yaml.j2", {**CONTEST, "own": ""}),
    ("weekly_feedback.yaml.j2", {**WEEK, "confusions": [CONFUSION], "more": 0, "judged": None}),
    ("weekly_feedback.yaml.j2", {**WEEK, "confusions": [], "more": 0, "judged": {**WEEK["judged"], "looks": 0}}),
]
