"""A sample context for every template, so that each can be rendered with anything in every one of its values.

`SAMPLES` names a template as `render` does; a template under `templates/` without a sample fails a test. Texts that
Slack reads as an id, an address or a button's value are wrapped in `Id`: putting something else there has to fail.
"""

from typing import Any


class Id(str):
    """A text that is no text: an id, an address, a fixed word."""

    __slots__ = ()


class Word(str):
    """A word of ours that a template compares, such as a state; nobody outside writes it."""

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

FIELDS = [{"name": "text", "text": "The cat sat on the mat."}, {"name": "hypothesis", "text": "A cat was sitting."}]
LABELS = [
    {"id": 1, "title": "Implies", "description": "Whoever believes the text believes the hypothesis"},
    {"id": 2, "title": "Does not", "description": ""},
]
MANY = [{"id": number, "title": f"Label {number}", "description": "About it"} for number in range(1, 13)]
FLAGS = [{"person": "Ana", "reason": Word("several_fit"), "note": "Both readings are fine"}]
RULING = {
    "person": "Rita",
    "title": "Implies",
    "rationale": "See section 2",
    "changed_from": "Does not",
    "reason": "A borderline case",
    "section": "Negation and doubt",
    "otherwise_than": "item 3",
    "departure": "Here it is the speaker who doubts",
}
ITEM = {
    "assignment_id": 1017,
    "key": "item 17",
    "position": 3,
    "fields": FIELDS,
    "chosen": 2,
    "place": Word("labelled"),
    "outcome": Word("labelled"),
    "ruled": False,
    "free": False,
    "answerable": True,
    "replaced": False,
    "may_skip": True,
    "may_flag": True,
    "note": "Read the second sentence again",
}
BATCH: dict[str, Any] = {
    "id": 7,
    "version": 4,
    "project_id": 1,
    "project": "rte",
    "question": "Does the text imply the hypothesis?",
    "guideline": "1.0",
    "newer": "2.0",
    "paused": False,
    "total": 25,
    "answered": 2,
    "summary": {"labelled": 20, "skipped": 2, "flagged": 1, "closed": 1, "returned": 1},
    "back": 2,
    "forward": 4,
    "back_value": Id("7:2"),
    "forward_value": Id("7:4"),
    "item": ITEM,
    "labels": LABELS,
    "long": True,
}
CASE: dict[str, Any] = {
    "id": 5,
    "version": 1,
    "project_id": 1,
    "project": "rte",
    "question": "Does the text imply the hypothesis?",
    "guideline": "1.0",
    "key": "item 17",
    "fields": FIELDS,
    "reason": Word("unclear"),
    "open": True,
    "withdrawn": False,
    "may_send_back": True,
    "flags": FLAGS,
    "more_flags": 2,
    "labels": LABELS,
    "ruling": RULING,
    "long": True,
    "told": Word(""),
    "overtaken": False,
    "passed": {"person": "Rob", "text": "I cannot tell whether the speaker means it"},
    "disputes": [
        {
            "person": "Ana",
            "argument": "Page 3 says otherwise",
            "against": "Does not",
            "ruler": "Rob",
            "reason": "Page 2",
        }
    ],
    "asked": {
        "who": "Rita",
        "until": Id("1774879200"),
        "words": Word("30 Mar 2026, 14:00 UTC"),
        "step": 1,
        "stuck": False,
        "nobody": False,
        "top": False,
    },
    "pass_up": Id("5:1"),
    "precedents": [
        {
            "key": "item 3",
            "text": "Oil prices fell back.",
            "percent": 87,
            "same": True,
            "title": "Implies",
            "person": "Rob",
            "rationale": "Section 2 has the same example",
        }
    ],
    "blind": False,
}
NOBODY_ASKED = {**CASE["asked"], "who": "", "until": 0, "words": Word(""), "stuck": True, "top": True}
RULE_FORM: dict[str, Any] = {
    **CASE,
    "reasons": [
        {"code": Id("misread"), "title": "The text was misread"},
        {"code": Id("other"), "title": "Something else"},
    ],
    "sections": [{"value": Id("4:1"), "title": "Negation and doubt"}],
    "replies": [{"person": "Ben", "text": "Is it about the bridge?"}],
    "more_replies": 3,
    "chosen": 1,
    "metadata": Id("rule:5:1"),
}
TO_READ: dict[str, Any] = {"id": 12, "guideline_id": 9, "number": "2.0", "hold": Word("held"), "from": "", "may": True}
COVERAGE: dict[str, Any] = {
    "version": "2.0",
    "asked": 12,
    "acknowledged": 3,
    "missing": ["Ana", "Ben"],
    "more": 7,
}
DIGEST: dict[str, Any] = {
    "project": "rte",
    "project_id": 1,
    "labels": 1204,
    "items_done": 96,
    "since": "1 Mar 2026, 09:00",
    "till": "2 Mar 2026, 09:00",
    "zone": "Europe/Berlin",
    "done": 400,
    "items": 800,
    "to_go": 400,
    "ends": "6 Mar 2026",
    "no_end": "no labels in the last 7 days",
    "skips": 3,
    "escalations": {"open": 4},
    "oldest": "1 Mar 2026, 10:00",
    "agreement": {
        "level": "nominal",
        "words": "alpha .241 (95 % interval .213 to .269): do not build on it",
        "raw": 0.66,
        "shares": [{"title": "Implies", "share": 0.6}, {"title": "Does not", "share": 0.4}],
        "items": 790,
        "confused": {"first": "Implies", "second": "Does not", "share": 0.62, "items": 700},
    },
    "more_shares": 1,
    "people": [{"name": "Ana", "labels": 300}, {"name": "Ben", "labels": 200}],
    "more_people": 2,
    "guideline": COVERAGE,
    "quality": "12 in review (3 overdue), 1 open dispute",
    "undelivered": 1,
    "file_id": Id("F0123ABCD"),
    "alt_text": "A chart",
    "may_post": True,
}
ALL_CONFUSED = {"first": "Implies", "second": "Does not", "share": 1.0, "items": 700}
HOME_PROJECT: dict[str, Any] = {
    "id": 1,
    "name": "rte",
    "question": "Does the text imply the hypothesis?",
    "roles": ["annotator", "lead"],
    "annotates": True,
    "reviews": True,
    "audits": True,
    "leads": True,
    "labelled": 120,
    "open": 3,
    "waiting": 2,
    "audit": {"audits": 2, "left": 160, "first": 3, "judges": True},
    "review": {"waiting": 12, "overdue": 3, "back": 2},
    "cases": [{"id": 5, "key": "item 17", "reason": Word("disagreement"), "text": "The cat sat"}],
    "rulings": [{"id": 4, "key": "item 12", "title": "Implies"}],
    "to_read": TO_READ,
    "coverage": COVERAGE,
    "progress": {"done": 400, "items": 800, "to_go": 400, "labels_needed": 4010, "no_end": "done"},
    "since": "1 Mar 2026, 09:00",
    "ends": "6 Mar 2026",
    "undelivered": 1,
}
NOTHING_ELSE = {"annotates": False, "reviews": False, "leads": False, "rulings": [], "to_read": None, "coverage": None}
AUDITOR = {**HOME_PROJECT, **NOTHING_ELSE, "id": 2, "roles": ["auditor"]}
GUIDELINE_CHANGES: dict[str, Any] = {
    "project": "rte",
    "project_id": 1,
    "guideline_id": 9,
    "number": "2.0",
    "kind": Word("rule_change"),
    "by": "Rita",
    "summary": "Hedged statements do not imply",
    "why": "Six of ten cases of last week were hedged",
    "labels": ["maybe is retired: its labels become no"],
    "changed": "1 section changed",
    "diff": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "Read twice."}]}],
        }
    ],
    "cut": True,
    "examples": [{"text": "She may come.", "title": "Does not", "explanation": "May is a hedge"}],
    "more_examples": 2,
}
ANNOUNCEMENT: dict[str, Any] = {**GUIDELINE_CHANGES, "since": "1 Mar 2026, 09:00 (Europe/Berlin)", "asks": True}
ACKNOWLEDGEMENT: dict[str, Any] = {
    **GUIDELINE_CHANGES,
    "id": 12,
    "version": 3,
    "state": Word("waiting"),
    "hold": Word("later"),
    "hold_from": "8 Mar 2026, 09:00 (Europe/Berlin)",
    "paused": True,
    "check": 3,
    "wrong": 1,
    "annotates": True,
    "at": "2 Mar 2026, 10:00 (Europe/Berlin)",
    "waits_since": "1 Mar 2026",
    "later": "2.1",
    "skipped": [{"number": "1.2", "kind": Word("rule_change"), "summary": "Hedges do not imply"}],
    "more_skipped": 2,
    "since": {"id": 3, "number": "1.1"},
}
CHECK: dict[str, Any] = {
    "project": "rte",
    "number": "2.0",
    "guideline_id": 9,
    "metadata": Id("12"),
    "question": "Does the text imply the hypothesis?",
    "labels": LABELS,
    "questions": [{"block": Id("example:7"), "fields": FIELDS}, {"block": Id("example:8"), "fields": FIELDS}],
    "wrong": [],
}
WRONG = [{"text": "She may come.", "given": "Implies", "title": "Does not", "explanation": "May is a hedge"}]
READER: dict[str, Any] = {
    "title": "Guideline",
    "subtitle": "rte, version 1.0",
    "blocks": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "Read twice."}]}],
        }
    ],
    "page": 2,
    "pages": 3,
    "versions_of": 1,
    "before": Id("guideline:1:1"),
    "next": Id("guideline:1:3"),
}

GUIDELINE_VERSIONS: dict[str, Any] = {
    "project": "rte",
    "versions": [
        {
            "id": 9,
            "number": "2.0",
            "in_force": True,
            "kind": Word("rule_change"),
            "at": "Mon 2 Mar",
            "by": "Rita",
            "summary": "Hedges do not imply",
            "difference": Id("7:9"),
        },
        {
            "id": 7,
            "number": "1.0",
            "in_force": False,
            "kind": "",
            "at": "Sun 1 Mar",
            "by": "",
            "summary": "",
            "difference": Id(""),
        },
    ],
    "page": 1,
    "pages": 2,
    "versions_of": 0,
    "before": Id("versions:1:0"),
    "next": Id("versions:1:2"),
}

FORM: dict[str, Any] = {
    "name": "rte",
    "question": "Does the text imply the hypothesis?",
    "labels": "yes | Implies | Whoever believes the text believes the hypothesis\nno",
    "level": Word("nominal"),
    "fields": "text\nhypothesis",
    "overlap": 3,
    "batch_size": 25,
    "accept": Word("majority"),
    "skip": Word("others"),
    "hold": "24h",
    "guideline": "# Read twice",
    "channel_team": Id("C024BE7LH"),
    "channel_review": Id("G024BE7LH"),
    "channel_leads": Id("C024BE7LK"),
    "time_zone": "Europe/Berlin",
    "digest": Id("09:00"),
    "annotators": [Id("U024BE7LH"), Id("U024BE7LK")],
    "reviewers": [Id("U024BE7LH")],
    "leads": [Id("W024BE7LH")],
    "near": Word("report"),
    "imports": "near: report\nfilters:\n  - {name: short, at_least: 3}\n",
    "guidelines": "grace: 24h\ncheck: 3\n",
    "quality": "review:\n  share: 0.1\n",
}
PROJECT_FORM: dict[str, Any] = {
    "form": FORM,
    "block": {field: Id(f"{field}:7") for field in FORM},
    "has": dict.fromkeys(("question", "labels", "level", "fields", "near", "imports", "guidelines", "quality"), True),
    "accepts": [Word("majority"), Word("unanimous"), Word("0.8")],
    "channels_optional": False,
}
SETTINGS_FORM: dict[str, Any] = {
    **PROJECT_FORM,
    "project": "rte",
    "metadata": Id("[1,7,{}]"),
    "too_long": ["labels"],
    "told": ["Ben changed overlap from 2 to 3."],
    "more_told": 2,
    "channels_optional": True,
}
PROJECT_MADE: dict[str, Any] = {
    "project": "rte",
    "question": "Does the text imply the hypothesis?",
    "facts": "3 people on each item, 25 items in a batch, digest at 09:00 (Europe/Berlin)",
    "open": ["Concord is not in #rte: invite it there.", "rte has no reviewer"],
    "open_words": "Concord is not in #rte: invite it there. rte has no reviewer",
    "more_open": 1,
    "team": Id("C024BE7LH"),
    "yaml": ["name: rte\n", "question: Does the text imply the hypothesis?\n"],
    "cut": True,
}

FIGURES: dict[str, Any] = {
    "rows": 29000,
    "items": 28412,
    "duplicates": 500,
    "refused": 88,
    "more": ["34 pairs of items say nearly the same, 20 items linked for it", "12 labels that the file brings"],
    "reasons": [{"reason": "text: empty", "rows": 80}, {"reason": "changed", "rows": 8}],
    "more_reasons": 3,
    "steps": "html entities in 12 rows, unicode nfc in 3 rows",
    "filters": "too short in 7 rows",
}
DROP: dict[str, Any] = {
    "id": 7,
    "version": 3,
    "state": Word("ready"),
    "name": "items of march.csv",
    "facts": "412 KB  ·  CSV  ·  utf-8  ·  comma between columns",
    "uploader": Id("U024BE7LH"),
    "project": "rte",
    "projects": [{"id": Id("7:1"), "name": "rte"}, {"id": Id("7:2"), "name": "sentiment"}],
    "more_projects": 2,
    "by": "Lea",
    "problem": "",
    "readable": False,
    "note": "The file was changed in Slack.",
    "look": {
        "columns": [{"column": "body", "role": "text"}, {"column": "answer", "role": "gold"}],
        "others": "source, page",
        "more_others": 2,
        "rows": [[{"name": "id", "text": "i1"}, {"name": "text", "text": "The cat sat."}]],
        "questions": [],
        "more_questions": 0,
    },
    "figures": FIGURES,
    "progress": None,
    "lot": 0,
    "undone": False,
    "refused": 0,
    "hidden": False,
    "pairs": 34,
}
DROP_MAPPING: dict[str, Any] = {
    "metadata": Id("7:3"),
    "name": "items of march.csv",
    "roles": [
        {"block": Id("role:0"), "name": "text", "needed": True, "chosen": Id("0")},
        {"block": Id("role:1"), "name": "id", "needed": False, "chosen": Id("none")},
        {"block": Id("role:2"), "name": "gold", "needed": False, "chosen": Id("1")},
    ],
    "columns": [{"title": "body", "value": Id("0")}, {"title": "answer", "value": Id("1")}],
    "more_columns": 300,
    "encodings": [Word("auto"), Word("utf-8"), Word("utf-16"), Word("cp1252"), Word("gb18030"), Word("shift_jis")],
    "encoding": Word("auto"),
    "found_encoding": "utf-8",
    "delimiters": [Word("auto"), Word("comma"), Word("semicolon"), Word("tab"), Word("pipe")],
    "delimiter": Word("auto"),
    "header": Word("names"),
    "on_change": Word("replace"),
}

PROPOSE: dict[str, Any] = {
    "metadata": Id("[1, 7, 0, 0, 0]"),
    "again": True,
    "source": Word("case"),
    "project": "rte",
    "number": "1.2",
    "case": "item 17",
    "findings": 3,
    "zone": Id("Europe/Berlin"),
    "comment": "Say what counts as a negation.",
    "section_groups": [
        {
            "label": "From Rules",
            "options": [
                {"title": "Rules", "value": Id("0"), "chosen": False},
                {"title": "› Negation", "value": Id("1"), "chosen": True},
            ],
        }
    ],
    "more_sections": 200,
    "part": {
        "value": Id("1"),
        "block": Id("text:1"),
        "new": False,
        "title": "Negation",
        "long": False,
        "label": "Text of “Negation”",
        "hint": "Markdown.",
        "text": "Two negations are none.",
    },
    "form": {
        "summary": "Double negation is no negation",
        "why": "Three rulings said so.",
        "kind": Word("rule_change"),
        "label_changes": "add maybe | Maybe",
        "examples": "i17 = no | not unlike",
        "date": Id("2026-12-01"),
        "time": Id("09:00"),
    },
    "next": {"clarification": "1.3", "rule_change": "2.0", "new_label": "2.0"},
    "labels": [
        {"title": "Implies", "value": Id("1"), "chosen": False},
        {"title": "Does not", "value": Id("2"), "chosen": True},
    ],
    "any_label": True,
    "more_labels": 3,
    "segments": [
        {"title": "news", "value": Id("a1"), "chosen": True},
        {"title": "mail", "value": Id("b2"), "chosen": False},
    ],
    "any_segment": True,
    "more_segments": 3,
}
PROPOSAL: dict[str, Any] = {
    "face": Word("decide"),
    "id": 7,
    "version": 3,
    "value": Id("7:2"),
    "state": Word("proposed"),
    "project": "rte",
    "base": "1.2",
    "current": "1.3",
    "number": "2.0",
    "overtaken": True,
    "kind": Word("rule_change"),
    "summary": "Double negation is no negation",
    "why": "Three rulings said so.",
    "by": "Rita",
    "file": "guideline.md",
    "dropped": False,
    "item": "item 17",
    "when": "1 Dec 2026, 09:00 (Europe/Berlin)",
    "touched": "Does not, segment news and 3 more",
    "label_changes": ["“Maybe” is a new label"],
    "changed": "1 section changed, 1 added",
    "diff": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "Read twice."}]}],
        }
    ],
    "cut": True,
    "examples": [{"text": "It is not unlike it.", "title": "Does not", "explanation": "Two negations are none."}],
    "more_examples": 2,
    "impact": {
        "any": True,
        "finished": 120,
        "open": 30,
        "escalated": 4,
        "people": "Ana, Ben and 3 more",
        "labels": [{"title": "Does not", "words": "alpha .41 (95 % interval .30 to .52): do not build on it"}],
        "more_labels": 2,
    },
    "decisions": [
        {"name": "Max", "verdict": Word("approved"), "comment": "Good.", "at": "1 Mar 2026, 10:00"},
        {"name": "Lea", "verdict": Word("changes_requested"), "comment": "Not yet.", "at": "1 Mar 2026, 11:00"},
        {"name": "Lea", "verdict": Word("rejected"), "comment": "No.", "at": "1 Mar 2026, 12:00"},
        {"name": "Rita", "verdict": Word("withdrawn"), "comment": "", "at": "1 Mar 2026, 13:00"},
    ],
    "comment": "It does not fit 1.3: both change Negation.",
    "needed": 2,
    "waits": "@max or @lea decides about it.",
    "asked_again": True,
}

HELPED_ROW: dict[str, Any] = {
    "title": "Implies",
    "verdict": Word("rose"),
    "before": ".412 (.350 to .470)",
    "after": ".711 (.640 to .770)",
    "change": "+.30 (+.22 to +.41)",
}
HELPED: dict[str, Any] = {
    "project": "rte",
    "number": "2.0",
    "before": "1.x",
    "after": "2.x",
    "headline": "People agree more on Implies than under 1.x.",
    "rows": [
        HELPED_ROW,
        {**HELPED_ROW, "verdict": Word("fell")},
        {**HELPED_ROW, "verdict": Word("no detectable change")},
        {**HELPED_ROW, "verdict": Word("too few"), "change": ""},
    ],
    "more_rows": 2,
    "escalations": "12.0 (9.0 to 16.0) under 1.x, 5.0 (3.0 to 8.0) under 2.x",
    "compared": "Compared: the same 142 items, labelled under 1.x and again under 2.x, in pairs.",
    "notes": "Intervals are 95 %, for these people on items like these.",
    "file_id": Id("F0123ABCD"),
    "alt_text": "A chart",
}

REQUEUE: dict[str, Any] = {
    "id": 3,
    "version": 2,
    "project": "rte",
    "state": Word("offered"),
    "touched": 142,
    "done": 0,
    "left": 142,
    "number": "2.0",
    "earlier": Word("1.x"),
    "summary": "A rumour is no fact",
    "labels": "Implies, Does not and 3 more",
    "segments": "news, letters",
    "by": "Lea",
    "sample": 30,
    "outcome": None,
}
REQUEUE_SAMPLED = {"open": 3, "same": 20, "other": 5, "new": 1, "disputed": 1}

SAMPLES: dict[str, dict[str, Any]] = {
    "requeue.yaml.j2": REQUEUE,
    "batch.yaml.j2": BATCH,
    "escalation.yaml.j2": CASE,
    "digest.yaml.j2": DIGEST,
    "announcement.yaml.j2": ANNOUNCEMENT,
    "acknowledgement.yaml.j2": ACKNOWLEDGEMENT,
    "check.yaml.j2": CHECK,
    "unread.yaml.j2": {"project": "rte", "days": 3, "hold_from": "", "coverage": COVERAGE},
    "refused.yaml.j2": {"message": "Only a lead of rte can do this: ask @lea"},
    "said.yaml.j2": {"message": "Ana: 25 items"},
    "nothing.yaml.j2": {
        "project": "rte",
        "why": Word("held"),
        "until": "1 Mar 2026, 14:10 (Europe/Berlin)",
        "to_read": None,
    },
    "home.yaml.j2": {"projects": [HOME_PROJECT], "more_projects": 2},
    "flag.yaml.j2": {"project": "rte", "metadata": Id("1017:1700000000000000")},
    "rule.yaml.j2": RULE_FORM,
    "labels.yaml.j2": {"labels": [{"person": "Ana", "title": "Implies", "late": True}], "more_labels": 3},
    "reader.yaml.j2": READER,
    "guideline_versions.yaml.j2": GUIDELINE_VERSIONS,
    "message.yaml.j2": {},
    "people.yaml.j2": {
        "project": "rte",
        "metadata": Id("1"),
        "members": [{"name": "Ana", "roles": "annotator, lead", "problem": "Slack knows nobody called @ana"}],
        "more_members": 4,
    },
    "assign.yaml.j2": {"project": "rte", "metadata": Id("1"), "size": 25},
    "project_new.yaml.j2": PROJECT_FORM,
    "project_settings.yaml.j2": SETTINGS_FORM,
    "project_made.yaml.j2": PROJECT_MADE,
    "near.yaml.j2": {
        "project": "rte",
        "pairs": [
            {
                "id": 7,
                "item": "item 17",
                "like": "item 3",
                "percent": 87,
                "state": Word("linked"),
                "text": "Oil prices fall back.",
                "like_text": "Oil prices fell back.",
            }
        ],
        "more": True,
    },
    "drop.yaml.j2": DROP,
    "drop_mapping.yaml.j2": DROP_MAPPING,
    "helped.yaml.j2": HELPED,
    "drop_refused.yaml.j2": {"name": "items of march.csv", "refused": 88, "lot": 12},
    "propose.yaml.j2": PROPOSE,
    "proposal.yaml.j2": PROPOSAL,
    "proposal_comment.yaml.j2": {
        "verdict": Word("changes"),
        "metadata": Id("changes:7:2"),
        "project": "rte",
        "by": "Rita",
        "summary": "Double negation is no negation",
    },
    "proposal_diff.yaml.j2": {"before": "rte-1.2.md", "after": "rte-proposed-7.md"},
}
"""The templates of the house, each as full as it gets."""

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("requeue.yaml.j2", {**REQUEUE, "touched": 1, "sample": 0, "labels": "", "segments": "", "summary": ""}),
    ("requeue.yaml.j2", {**REQUEUE, "state": Word("sampling")}),
    ("requeue.yaml.j2", {**REQUEUE, "state": Word("sampled"), "done": 30, "left": 112, "outcome": REQUEUE_SAMPLED}),
    ("requeue.yaml.j2", {**REQUEUE, "state": Word("running"), "done": 100_000}),
    ("requeue.yaml.j2", {**REQUEUE, "state": Word("done"), "done": 142, "by": ""}),
    ("requeue.yaml.j2", {**REQUEUE, "state": Word("declined"), "done": 30}),
    ("requeue.yaml.j2", {**REQUEUE, "state": Word("declined")}),
    ("helped.yaml.j2", {**HELPED, "rows": [HELPED_ROW], "more_rows": 0, "escalations": "", "file_id": Id("")}),
    ("batch.yaml.j2", {**BATCH, "labels": MANY}),
    ("batch.yaml.j2", {**BATCH, "item": None}),
    *(
        (
            "batch.yaml.j2",
            {
                **BATCH,
                "item": {
                    **ITEM,
                    "place": Word(place),
                    "outcome": Word(outcome),
                    "free": free,
                    "answerable": free,
                    "replaced": False,
                    "note": None,
                },
            },
        )
        for place, outcome in (
            *((state, state) for state in ("open", "flagged", "skipped", "returned", "closed", "barred")),
            ("returned", "skipped"),
            ("closed", "flagged"),
        )
        for free in (False, True)
    ),
    (
        "batch.yaml.j2",
        {**BATCH, "labels": MANY[:7], "item": {**ITEM, "place": Word("open"), "outcome": Word("open"), "chosen": None}},
    ),
    ("batch.yaml.j2", {**BATCH, "newer": ""}),
    ("batch.yaml.j2", {**BATCH, "newer": "2.0", "paused": True, "item": {**ITEM, "answerable": False}}),
    (
        "escalation.yaml.j2",
        {**CASE, "open": False, "asked": None, "precedents": [], "overtaken": True, "disputes": [], "passed": None},
    ),
    ("escalation.yaml.j2", {**CASE, "told": Word("asked"), "ruling": None, "blind": True, "asked": NOBODY_ASKED}),
    ("escalation.yaml.j2", {**CASE, "told": Word("reminded"), "asked": {**NOBODY_ASKED, "nobody": True}}),
    ("rule.yaml.j2", {**RULE_FORM, "sections": [], "replies": [], "more_replies": 0, "precedents": [], "ruling": None}),
    ("escalation.yaml.j2", {**CASE, "open": False, "withdrawn": True, "ruling": None, "flags": []}),
    ("escalation.yaml.j2", {**CASE, "open": False, "ruling": {**RULING, "title": None, "changed_from": None}}),
    ("escalation.yaml.j2", {**CASE, "open": False, "reason": Word("contested"), "asked": None, "flags": []}),
    ("escalation.yaml.j2", {**CASE, "labels": MANY, "ruling": None}),
    ("digest.yaml.j2", {**DIGEST, "people": [], "file_id": Id(""), "may_post": False, "ends": "", "oldest": ""}),
    ("digest.yaml.j2", {**DIGEST, "agreement": {**DIGEST["agreement"], "confused": ALL_CONFUSED}}),
    (
        "home.yaml.j2",
        {
            "projects": [{**HOME_PROJECT, "ends": "", "waiting": 0, "cases": [], "rulings": []}, AUDITOR],
            "more_projects": 0,
        },
    ),
    ("home.yaml.j2", {"projects": [], "more_projects": 0}),
    (
        "home.yaml.j2",
        {
            "projects": [{**HOME_PROJECT, "to_read": {**TO_READ, "hold": Word("later")}, "coverage": None}],
            "more_projects": 0,
        },
    ),
    ("digest.yaml.j2", {**DIGEST, "guideline": None}),
    (
        "announcement.yaml.j2",
        {
            **ANNOUNCEMENT,
            "kind": Word(""),
            "by": "",
            "why": "",
            "labels": [],
            "diff": [],
            "cut": False,
            "examples": [],
            "more_examples": 0,
            "since": "",
            "asks": False,
        },
    ),
    ("announcement.yaml.j2", {**ANNOUNCEMENT, "kind": Word("clarification"), "cut": False}),
    (
        "acknowledgement.yaml.j2",
        {**ACKNOWLEDGEMENT, "hold": Word("held"), "paused": False, "check": 0, "waits_since": "", "skipped": []},
    ),
    (
        "acknowledgement.yaml.j2",
        {**ACKNOWLEDGEMENT, "hold": Word(""), "paused": False, "kind": Word("new_label"), "since": None},
    ),
    ("acknowledgement.yaml.j2", {**ACKNOWLEDGEMENT, "state": Word("read")}),
    ("acknowledgement.yaml.j2", {**ACKNOWLEDGEMENT, "state": Word("read"), "annotates": False}),
    ("acknowledgement.yaml.j2", {**ACKNOWLEDGEMENT, "state": Word("later")}),
    ("check.yaml.j2", {**CHECK, "labels": MANY}),
    (
        "check.yaml.j2",
        {**CHECK, "questions": [{"block": Id(f"example:{number}"), "fields": FIELDS * 10} for number in range(10)]},
    ),
    ("check.yaml.j2", {**CHECK, "questions": [], "wrong": WRONG}),
    ("check.yaml.j2", {**CHECK, "questions": []}),
    (
        "unread.yaml.j2",
        {
            "project": "rte",
            "days": 1,
            "hold_from": "8 Mar 2026, 09:00",
            "coverage": {**COVERAGE, "acknowledged": 12, "missing": [], "more": 0},
        },
    ),
    ("rule.yaml.j2", {**RULE_FORM, "chosen": 0, "labels": [], "metadata": Id("back:5:1")}),
    ("rule.yaml.j2", {**RULE_FORM, "chosen": 3, "labels": MANY, "metadata": Id("rule:5:1")}),
    ("rule.yaml.j2", {**RULE_FORM, "chosen": 1, "open": False, "metadata": Id("rule:5:1")}),
    ("labels.yaml.j2", {"labels": [], "more_labels": 0}),
    (
        "project_new.yaml.j2",
        {
            **PROJECT_FORM,
            "form": {
                **FORM,
                "level": Word("ratio"),
                "accept": Word("0.8"),
                "skip": Word("never"),
                "near": Word("off"),
                "channel_team": Id(""),
                "annotators": [],
                "guideline": "",
                "labels": "",
            },
            "has": {**PROJECT_FORM["has"], "near": False},
        },
    ),
    (
        "project_settings.yaml.j2",
        {**SETTINGS_FORM, "told": [], "more_told": 0, "too_long": [], "has": dict.fromkeys(PROJECT_FORM["has"], False)},
    ),
    (
        "project_made.yaml.j2",
        {**PROJECT_MADE, "open": [], "open_words": "", "more_open": 0, "team": Id(""), "cut": False},
    ),
    (
        "propose.yaml.j2",
        {
            **PROPOSE,
            "again": False,
            "source": Word("version"),
            "comment": "",
            "part": None,
            "more_sections": 0,
            "any_label": False,
            "segments": [],
            "any_segment": False,
            "section_groups": [
                *PROPOSE["section_groups"],
                {"label": "Z", "options": [{"title": "Z", "value": Id("2"), "chosen": False}]},
            ],
            "form": {**PROPOSE["form"], "kind": Word("new_label"), "date": Id(""), "time": Id("")},
        },
    ),
    (
        "propose.yaml.j2",
        {
            **PROPOSE,
            "source": Word("draft"),
            "part": {**PROPOSE["part"], "new": True, "long": True, "block": Id("more:1")},
            "form": {**PROPOSE["form"], "kind": Word("clarification")},
        },
    ),
    *(
        (
            "proposal.yaml.j2",
            {
                **PROPOSAL,
                "face": Word(face),
                "state": Word(state),
                "kind": Word("clarification" if face == "own" else "new_label"),
                "when": "" if state in ("draft", "proposed") else PROPOSAL["when"],
                "dropped": face == "own",
                "examples": [],
                "decisions": [],
                "comment": "",
                "waits": "",
                "diff": [],
                "cut": False,
                "impact": None
                if face == "own"
                else {**PROPOSAL["impact"], "any": False, "labels": [], "more_labels": 0},
            },
        )
        for face, state in (
            *(("own", state) for state in ("draft", "changes_requested", "scheduled", "withdrawn", "proposed")),
            *(("decide", state) for state in ("approved", "scheduled", "effective", "superseded", "rejected")),
        )
    ),
    ("proposal_comment.yaml.j2", {**SAMPLES["proposal_comment.yaml.j2"], "verdict": Word("reject"), "by": ""}),
    ("drop.yaml.j2", {**DROP, "state": Word("guideline"), "look": None, "figures": None}),
    ("drop.yaml.j2", {**DROP, "state": Word("new"), "look": None, "figures": None, "project": "", "note": ""}),
    ("drop.yaml.j2", {**DROP, "state": Word("choose"), "look": None, "figures": None, "project": ""}),
    ("drop.yaml.j2", {**DROP, "state": Word("choose"), "look": None, "figures": None, "project": "", "projects": []}),
    (
        "drop.yaml.j2",
        {
            **DROP,
            "figures": None,
            "look": {**DROP["look"], "columns": [], "rows": [], "questions": ["Which is text?"], "more_questions": 4},
        },
    ),
    (
        "drop.yaml.j2",
        {
            **DROP,
            "state": Word("asked"),
            "look": None,
            "progress": {"begun": True, "bar": "▰▰▱▱", "words": "42 %, about 12,300 of 29,000 rows"},
        },
    ),
    (
        "drop.yaml.j2",
        {
            **DROP,
            "state": Word("asked"),
            "look": None,
            "progress": {"begun": False, "bar": "▱▱▱▱", "words": "0 %"},
        },
    ),
    ("drop.yaml.j2", {**DROP, "state": Word("imported"), "look": None, "lot": 12, "refused": 88}),
    ("drop.yaml.j2", {**DROP, "state": Word("imported"), "look": None, "lot": 12, "refused": 88, "hidden": True}),
    ("drop.yaml.j2", {**DROP, "state": Word("imported"), "look": None, "lot": 12, "undone": True}),
    ("drop.yaml.j2", {**DROP, "state": Word("cancelled"), "look": None, "figures": None}),
    (
        "drop.yaml.j2",
        {
            **DROP,
            "state": Word("refused"),
            "look": None,
            "figures": None,
            "problem": "An Excel file.",
            "readable": True,
        },
    ),
    (
        "drop_mapping.yaml.j2",
        {
            **DROP_MAPPING,
            "roles": [],
            "columns": [],
            "more_columns": 0,
            "encodings": [Word("auto"), Word("koi8_r")],
            "encoding": Word("koi8_r"),
            "found_encoding": "",
            "delimiter": Word("tab"),
            "header": Word("data"),
            "on_change": Word("new"),
        },
    ),
    (
        "drop_mapping.yaml.j2",
        {**DROP_MAPPING, "roles": [{"block": Id("role:0"), "name": "text", "needed": True, "chosen": Id("none")}]},
    ),
    *(
        ("nothing.yaml.j2", {"project": "rte", "why": Word(why), "until": "", "to_read": None})
        for why in ("no_items", "loading", "planned", "yours_done", "escalated", "all_done")
    ),
    *(
        (
            "nothing.yaml.j2",
            {"project": "rte", "why": Word("guideline"), "until": "", "to_read": {**TO_READ, "may": may}},
        )
        for may in (True, False)
    ),
]
"""The other faces of a template: what it shows where something is empty, over, long or not allowed."""
