"""Sample contexts of audits: their cards, the modal in which items are judged, and the form that starts one."""

from typing import Any

from tests.templates.samples import FIELDS, LABELS, MANY, Id, Word

TIERS = [
    {"name": "suspected", "population": 120, "size": 48},
    {"name": "not suspected", "population": 880, "size": 48},
]
CARD: dict[str, Any] = {
    "id": 3,
    "version": 8,
    "project_id": 1,
    "project": "rte",
    "state": Word("running"),
    "design": Word("targeted"),
    "which": "finished items decided since 2 Mar 2026, suspected if labelled by Ana",
    "why": "The new rule on hedges",
    "by": "Lea",
    "ended_by": Word(""),
    "population": 1000,
    "size": 96,
    "words": "96 of 1,000 items, accept with up to 4 wrong: passes a lot with 2 % errors 95 times in 100",
    "tiers": TIERS,
    "again_of": 2,
    "due": "24 Nov 2026, 09:00",
    "zone": "Europe/Berlin",
    "result": None,
    "auditors": True,
    "judged": 31,
    "left": 65,
    "leads": True,
    "found": Word(""),
    "severities": None,
    "repair": None,
}
FAILED: dict[str, Any] = {
    **CARD,
    "state": Word("failed"),
    "design": Word("random"),
    "judged": 96,
    "left": 0,
    "tiers": [],
    "found": "7 of 96 wrong, 1 unclear: error rate 7.3 % (3.4 to 14 %). Failed: up to 4 may be wrong.",
    "severities": {"minor": 3, "major": 3, "critical": 1},
}
REPAIR: dict[str, Any] = {
    "items": 904,
    "kept": 96,
    "wrong": 7,
    "judged": 96,
    "which": "finished items labelled by Ana",
    "whose": "Ana (12 % wrong), Ben (4 % wrong) and 3 others",
    "by": "Lea",
    "again": 7,
}
ITEM: dict[str, Any] = {
    "id": 41,
    "audit_id": 3,
    "project_id": 1,
    "project": "rte",
    "question": "Does the text imply the hypothesis?",
    "key": "item 17",
    "fields": FIELDS,
    "labels": LABELS,
    "long": True,
    "verdict": None,
}
SEEN: dict[str, Any] = {
    "drawn": {"id": 1, "title": "Implies"},
    "own": {"id": 2, "title": "Does not"},
    "agrees": False,
    "changed": True,
    "labels": LABELS[1:],
}
MODAL: dict[str, Any] = {
    "metadata": Id("3:41:40"),
    "audit_id": 3,
    "said": Word(""),
    "done": {"key": "item 16", "verdict": Word("wrong"), "corrected": True, "title": "Does not"},
    "stopped": False,
    "item": ITEM,
    "verdict": Word(""),
    "reasons": [],
    "sections": [],
    "judged": 31,
    "size": 96,
    "left": 65,
    "with_others": 2,
}
ASKING: dict[str, Any] = {
    "reasons": [{"code": Id("misread"), "title": "The text was misread"}, {"code": Id("other"), "title": "Another"}],
    "sections": [{"value": Id("9.1"), "title": "Hedges"}],
}
NOTHING: dict[str, Any] = {**MODAL, "item": None, "said": "Ana has judged this item already."}
OPTIONS = [{"value": Id("4"), "title": "Ana"}, {"value": Id("5"), "title": "Ben"}]
OFFER: dict[str, Any] = {"options": OPTIONS, "chosen": None}
CHOSEN: dict[str, Any] = {"options": OPTIONS, "chosen": OPTIONS[0]}
NO_OFFER: dict[str, Any] = {"options": [], "chosen": None}
FORM: dict[str, Any] = {
    "metadata": Id("[1,{}]"),
    "project": "rte",
    "design": Word("targeted"),
    "may_pass": False,
    "plan": Word("half_width"),
    "narrowed": True,
    "by": Word("label"),
    "ways": [Word("label"), Word("segment"), Word("version"), Word("lot")],
    "offers": dict.fromkeys(("person", "label", "segment", "version", "lot", "column"), OFFER),
    "low": True,
    "items": "item 17\nitem 18",
    "since": Id("2026-03-02"),
    "numbers": {name: Id("4") for name in ("aql", "ltpd", "half_width", "expected", "size")},
}
MEANING: dict[str, Any] = {
    "metadata": Id('[1,{"plan":"acceptance"}]'),
    "project": "rte",
    "counting": False,
    "problem": Word(""),
    "seen": {
        "which": "finished items labelled by Ana",
        "all": True,
        "accept": 4,
        "fails": 5,
        "passes": True,
        "words": "96 of 1,000 items, accept with up to 4 wrong: passes a lot with 2 % errors 95 times in 100",
        "tiers": TIERS,
    },
}
SAME: dict[str, Any] = {
    "id": 41,
    "project_id": 1,
    "project": "rte",
    "guideline": "1.2",
    "verdict": Word("wrong"),
    "value": "Implies",
    "correct": "Does not",
    "section": Word(""),
    "items": [{"key": "item 17", "note": "“May” is a hedge"}, {"key": "item 18", "note": Word("")}],
    "count": 3,
    "more": 1,
}
SUMMARY: dict[str, Any] = {
    "project_id": 1,
    "project": "rte",
    "weekly": False,
    "since": "28 Oct 2026",
    "until": "25 Nov 2026",
    "audits": [
        {
            "id": 7,
            "state": Word("failed"),
            "design": Word("random"),
            "size": 96,
            "population": 1000,
            "which": "all finished items",
            "why": "Before release 3",
            "again_of": 5,
            "found": FAILED["found"],
        }
    ],
    "more_audits": 0,
    "groups": [
        {"title": "By label", "rows": [{"name": "Implies", "words": "8 % (3 to 18 %), 4 of 50 wrong"}], "more": 0},
        {"title": "By person", "rows": [{"name": "Ana", "words": "0 of 4 wrong, too few to say more"}], "more": 12},
    ],
    "newest": 7,
    "trend": "7.3 % (audit 5), 2.1 % (audit 7). No detectable change since audit 5 (95 % interval −9 to 1.2 points).",
    "passed": 1,
    "failed": 2,
    "disputes": 3,
    "contested": 4,
    "overturned": 1,
    "ruling": {"cases": 41, "median": "3 h 20 min", "ninetieth": "2 days 4 h", "open": 1, "oldest": "5 days"},
    "reviewers": [{"name": "Rita", "decisions": 40, "contested": 3, "looks": 14, "same": 12}],
    "more_reviewers": 2,
    "file_id": Id("F0123456"),
    "alt_text": "rte: error rates. Audits: audit 7: 4 of 50 wrong.",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "audit.yaml.j2": CARD,
    "audit_item.yaml.j2": {**MODAL, **ASKING, "item": {**ITEM, "verdict": SEEN}, "verdict": Word("wrong")},
    "audit_new.yaml.j2": FORM,
    "audit_start.yaml.j2": MEANING,
    "same_findings.yaml.j2": SAME,
    "audit_summary.yaml.j2": SUMMARY,
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    (
        "audit_summary.yaml.j2",
        {
            **SUMMARY,
            "weekly": True,
            "audits": [
                {**SUMMARY["audits"][0], "state": Word("passed"), "design": Word("stratified"), "again_of": 0},
                {**SUMMARY["audits"][0], "state": Word("estimated"), "design": Word("targeted"), "why": Word("")},
            ],
            "more_audits": 3,
            "file_id": Word(""),
        },
    ),
    (
        "audit_summary.yaml.j2",
        {
            **SUMMARY,
            "weekly": True,
            "audits": [],
            "groups": [],
            "trend": Word(""),
            "reviewers": [],
            "newest": 0,
            **dict.fromkeys(("passed", "failed", "disputes", "contested", "overturned"), 0),
            "file_id": Word(""),
            "ruling": {"cases": 0, "median": Word(""), "ninetieth": Word(""), "open": 0, "oldest": Word("")},
        },
    ),
    ("same_findings.yaml.j2", {**SAME, "verdict": Word("unclear"), "section": "Hedges", "more": 0}),
    ("audit.yaml.j2", {**CARD, "leads": False, "tiers": [], "by": Word(""), "again_of": 0}),
    ("audit.yaml.j2", {**CARD, "leads": False, "left": 0, "why": Word(""), "due": Word("")}),
    ("audit.yaml.j2", {**CARD, "auditors": False}),
    ("audit.yaml.j2", FAILED),
    ("audit.yaml.j2", {**CARD, "state": Word("cancelled"), "ended_by": "Lea"}),
    *(("audit.yaml.j2", {**FAILED, "state": Word(name)}) for name in ("passed", "estimated")),
    *(
        ("audit.yaml.j2", {**FAILED, "state": Word(name), "repair": REPAIR})
        for name in ("failed", "reopening", "reopened", "repaired")
    ),
    ("audit.yaml.j2", {**FAILED, "repair": {**REPAIR, "items": 0}}),
    ("audit.yaml.j2", {**FAILED, "repair": {**REPAIR, "whose": Word("")}}),
    ("audit.yaml.j2", {**FAILED, "state": Word("reopened"), "repair": {**REPAIR, "again": 0, "by": Word("")}}),
    ("audit_item.yaml.j2", MODAL),
    ("audit_item.yaml.j2", {**MODAL, "item": {**ITEM, "labels": MANY}, "said": "Take the next one."}),
    (
        "audit_item.yaml.j2",
        {**MODAL, **ASKING, "item": {**ITEM, "verdict": {**SEEN, "agrees": True}}, "verdict": Word("unclear")},
    ),
    ("audit_item.yaml.j2", {**MODAL, "item": {**ITEM, "verdict": SEEN}}),
    ("audit_item.yaml.j2", {**NOTHING, "stopped": True}),
    ("audit_item.yaml.j2", {**NOTHING, "left": 0}),
    ("audit_item.yaml.j2", {**NOTHING, "said": Word(""), "with_others": 0}),
    (
        "audit_new.yaml.j2",
        {
            **FORM,
            "design": Word("stratified"),
            "offers": dict.fromkeys(FORM["offers"], NO_OFFER),
            "plan": Word("items"),
        },
    ),
    (
        "audit_new.yaml.j2",
        {**FORM, "design": Word("random"), "may_pass": True, "narrowed": False, "plan": Word("acceptance")},
    ),
    ("audit_new.yaml.j2", {**FORM, "offers": dict.fromkeys(FORM["offers"], CHOSEN)}),
    ("audit_start.yaml.j2", {**MEANING, "seen": {**MEANING["seen"], "accept": 0, "fails": 1, "tiers": []}}),
    ("audit_start.yaml.j2", {**MEANING, "seen": {**MEANING["seen"], "passes": False, "all": False, "tiers": []}}),
    ("audit_start.yaml.j2", {**MEANING, "seen": None, "problem": "There is nothing to draw from."}),
    ("audit_start.yaml.j2", {**MEANING, "seen": None, "counting": True}),
]
