"""Why a value is ruled, corrected or found wrong: one list, so that what is unclear can be counted."""

from enum import StrEnum


class ReasonCode(StrEnum):
    """The reason for a decision about an item, for rulings, corrections in review, and findings of audits alike."""

    MISREAD = "misread"
    RULE_MISSED = "rule_missed"
    GUIDELINE_SILENT = "guideline_silent"
    GUIDELINE_AMBIGUOUS = "guideline_ambiguous"
    BORDERLINE = "borderline"
    CONTEXT_MISSING = "context_missing"
    SLIP = "slip"
    BROKEN_ITEM = "broken_item"
    OTHER = "other"


TITLES = {
    ReasonCode.MISREAD: "The text was misread",
    ReasonCode.RULE_MISSED: "A rule of the guideline was missed",
    ReasonCode.GUIDELINE_SILENT: "The guideline says nothing about it",
    ReasonCode.GUIDELINE_AMBIGUOUS: "The guideline can be read both ways",
    ReasonCode.BORDERLINE: "A borderline case",
    ReasonCode.CONTEXT_MISSING: "Not enough context to decide",
    ReasonCode.SLIP: "A slip: the wrong button",
    ReasonCode.BROKEN_ITEM: "The item itself is broken",
    ReasonCode.OTHER: "Something else",
}
ABOUT_GUIDELINE = (ReasonCode.GUIDELINE_SILENT, ReasonCode.GUIDELINE_AMBIGUOUS)


def known(code: str) -> ReasonCode | None:
    """The reason that a form's value names; None for none of them."""
    return ReasonCode(code) if code in set(ReasonCode) else None


def in_words(code: str) -> str:
    """A reason as people read it; empty for none."""
    found = known(code)
    return TITLES[found] if found is not None else ""
