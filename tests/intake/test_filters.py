"""Filters: what each lets through, refuses, masks and flags, in the order of the file, and what reports say of it."""

import re
from typing import Any

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from workflow.intake import language, patterns
from workflow.intake.filters import Checked, Filters, compiled
from workflow.intake.patterns import Pattern
from workflow.intake.spec import IntakeSpec

# Takes longer than anybody waits: every way of cutting a run of a's into ones and twos is tried.
SLOW = "^(a|aa)+$"
ENDLESS = "a" * 60 + "!"


def filters(*given: dict[str, Any]) -> Filters:
    named = [{"name": f"filter-{at}", **one} for at, one in enumerate(given)]
    return compiled(IntakeSpec.model_validate({"filters": named}))


def check(text: str, *given: dict[str, Any], **others: str) -> Checked:
    return filters(*given).check({"text": text}, others)


def reason(text: str, *given: dict[str, Any], **others: str) -> str | None:
    refused = check(text, *given, **others).refused
    return refused and refused[1]


def test_without_filters_a_row_is_as_it_was() -> None:
    assert check("anything", segment="a") == Checked({"text": "anything"})


@pytest.mark.parametrize(
    ("text", "length", "said"),
    [
        ("abc", {"min": 4}, "filter-0: too short: 3 characters, at least 4"),
        ("a", {"min": 2}, "filter-0: too short: 1 character, at least 2"),
        ("abcd", {"min": 4, "max": 4}, None),
        ("abcde", {"max": 4}, "filter-0: too long: 5 characters, at most 4"),
        ("\U0001f469\u200d\U0001f467", {"max": 2}, "filter-0: too long: 3 characters, at most 2"),
        ("x" * 2000, {"max": 1000}, "filter-0: too long: 2,000 characters, at most 1,000"),
    ],
)
def test_length_is_counted_in_code_points(text: str, length: dict[str, int], said: str | None) -> None:
    assert reason(text, {"length": length}) == said


def test_a_reason_of_the_projects_own_stands_before_what_was_found() -> None:
    said = reason("abc", {"name": "short", "reason": "says too little", "length": {"min": 20}})
    assert said == "short: says too little (too short: 3 characters, at least 20)"


@pytest.mark.parametrize(
    ("text", "spec", "said"),
    [
        ("order 66", {"pattern": "[0-9]+"}, None),
        ("order", {"pattern": "[0-9]+"}, "filter-0: does not match the pattern"),
        ("lorem ipsum", {"pattern": "(?i)LOREM", "must": "not_match"}, "filter-0: matches the pattern"),
        ("dolor", {"pattern": "(?i)LOREM", "must": "not_match"}, None),
        ("dolor", {"pattern": "x*", "must": "not_match"}, None),
        ("\u05e9\u05dc\u05d5\u05dd", {"pattern": r"\p{Hebrew}"}, None),
    ],
)
def test_a_pattern_is_looked_for_anywhere(text: str, spec: dict[str, Any], said: str | None) -> None:
    assert reason(text, spec) == said


@pytest.mark.parametrize("spec", [{}, {"do": "flag"}, {"must": "not_match", "do": "mask"}])
def test_a_text_on_which_a_pattern_takes_too_long_is_refused_whatever_the_filter_does(spec: dict[str, Any]) -> None:
    row = check(ENDLESS, {"pattern": SLOW, **spec})
    assert row.refused == ("text", "filter-0: the pattern takes too long on this text")
    assert row.caught == ("filter-0",)


def test_a_pattern_that_has_wasted_much_time_gets_less_and_still_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MOST_WASTED", 0.3)
    pattern, given = Pattern(SLOW), []

    class Recorded:
        def __init__(self, real: Any) -> None:
            self.real = real

        def search(self, text: str, timeout: float) -> Any:
            given.append(timeout)
            return self.real.search(text, timeout=timeout)

    pattern._compiled = Recorded(pattern._compiled)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            pattern.found(ENDLESS)
    assert pattern.found("aaa")
    assert given == [patterns.PATIENCE, patterns.PATIENCE, patterns.LITTLE_PATIENCE, patterns.LITTLE_PATIENCE]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("(", "no regular expression"),
        ("[a", "no regular expression"),
        ("a{1000000000}", "repeats too much"),
        ("((a{100}){100}){100}", "repeats too much"),
        ("(?:[)(]{200}){200}", "repeats too much"),
        (r"(?R)", "calls one of its own groups"),
        (r"(?P<x>a(?&x)?)", "calls one of its own groups"),
        ("x" * 1001, "at most 1000"),
        ("(" * 500 + ")" * 500, "too complicated"),
        ("(" * 20 + ")" * 20, None),
        ("(?a)(?u)x", "no regular expression"),
        ("a\x00", "cannot be kept"),
        ("a\ud800", "cannot be kept"),
        (r"a\x00", None),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", None),
        (r"\(\{1000000\}", None),
        (r"a{2,1000000}", None),
    ],
)
def test_patterns_that_cannot_be_used_are_refused_when_the_file_is_read(typed: str, said: str | None) -> None:
    if said is None:
        Pattern(typed)
    else:
        with pytest.raises(ValueError, match=said):
            Pattern(typed)


@given(st.text(st.sampled_from("ab(){}[]|*+?\\123,^$.-"), max_size=20))
def test_every_pattern_is_compiled_or_refused(typed: str) -> None:
    try:
        pattern = Pattern(typed)
    except ValueError:
        return
    assert pattern.found("ab") == (regex.search(typed, "ab") is not None)


def test_allowed_values_are_compared_as_names_are() -> None:
    one_of = {"values": ["news", "caf\u00e9"], "field": "segment"}
    assert reason("x", one_of, segment=" cafe\u0301\n") is None
    assert reason("x", one_of, segment="News") == "filter-0: 'News' is none of news, caf\u00e9"
    assert reason("x", one_of) == "filter-0: empty: wanted is one of news, caf\u00e9"
    assert reason("x", {"values": ["", "a"], "field": "source"}) is None


def test_many_values_and_a_long_one_are_told_shortly() -> None:
    said = reason("y" * 100, {"values": [str(at) for at in range(30)]})
    assert said == f"filter-0: '{'y' * 40}...' is none of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."


def test_a_filter_looks_at_all_text_fields_or_at_those_it_names() -> None:
    short = {"length": {"min": 3}}
    row = {"text": "long enough", "hypothesis": "no"}
    assert filters(short).check(row, {}).refused == ("hypothesis", "filter-0: too short: 2 characters, at least 3")
    assert filters({**short, "fields": ["text"]}).check(row, {}).refused is None
    named = filters({**short, "fields": ["text", "source"]}).check(row, {"source": "x"})
    assert named.refused == ("source", "filter-0: too short: 1 character, at least 3")


def test_the_first_filter_that_refuses_ends_it_and_every_one_that_hit_is_counted() -> None:
    row = check(
        "call +49 30 1234567",
        {"personal_data": "phone"},
        {"pattern": "fax"},
        {"length": {"min": 100}},
        {"personal_data": "phone", "do": "mask"},
    )
    assert row.caught == ("filter-0", "filter-1")
    assert row.flagged == ("filter-0",)
    assert row.refused == ("text", "filter-1: does not match the pattern")


def test_what_is_masked_is_not_seen_by_later_filters() -> None:
    row = check(
        "write to ana@example.org, or 4111 1111 1111 1111",
        {"personal_data": ["email", "card"], "do": "mask"},
        {"personal_data": ["email"], "do": "refuse"},
        {"pattern": "write", "must": "not_match", "do": "mask"},
        {"pattern": r"\[email\]", "do": "flag"},
    )
    assert row.fields == {"text": "[masked] to [email], or [card]"}
    assert row.caught == ("filter-0", "filter-2")
    assert (row.refused, row.flagged) == (None, ())


def test_other_columns_are_masked_too_and_given_back() -> None:
    row = check(
        "x", {"personal_data": "email", "do": "mask", "fields": ["author", "text"]}, author="a@b.de", note="a@b.de"
    )
    assert row.others == {"author": "[email]"}
    assert row.fields == {"text": "x"}


def test_personal_data_is_flagged_unless_the_file_says_otherwise_and_never_repeated_in_a_reason() -> None:
    text = "ana@example.org or ben@example.org or +49 30 1234567"
    assert check(text, {"personal_data": ["email", "phone"]}).flagged == ("filter-0",)
    said = reason(text, {"personal_data": ["email", "phone"], "do": "refuse"})
    assert said == "filter-0: has an e-mail address and a phone number in it"


ENGLISH = "The weather has been very pleasant all week, and we went for a walk."
GERMAN = "Das Wetter war die ganze Woche sehr angenehm, und wir gingen spazieren."
FRENCH = "Il a fait tr\u00e8s beau toute la semaine, et nous sommes all\u00e9s nous promener."
CHINESE = "\u8fd9\u4e2a\u661f\u671f\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u6563\u6b65\u4e86"


@pytest.mark.parametrize(
    ("text", "spec", "passes"),
    [
        (ENGLISH, {"language": ["en", "de"]}, True),
        (GERMAN, {"language": ["en", "de"]}, True),
        (FRENCH, {"language": ["en", "de"]}, False),
        (CHINESE, {"language": ["en", "de"]}, False),
        (CHINESE, {"language": "zh"}, True),
        ("Non, merci.", {"language": "en"}, True),
        ("ok", {"language": "en", "strict": True}, False),
        ("12:30 +++ 77%", {"language": "en"}, True),
        (ENGLISH, {"language": "en", "strict": True}, True),
        (ENGLISH, {"language": "en", "min_confidence": 0.9}, True),
    ],
)
def test_languages_are_told_apart_and_short_texts_pass(text: str, spec: dict[str, Any], passes: bool) -> None:
    assert (reason(text, spec) is None) == passes


def test_a_text_in_another_language_is_refused_with_the_likely_one() -> None:
    said = reason(FRENCH, {"language": ["en", "de"]})
    assert said is not None
    assert re.fullmatch(r"filter-0: not in en or de \(\d+% sure\): rather fr \(\d+%\)", said)
    assert reason("ok", {"language": "en", "strict": True}) == "filter-0: too short to tell whether it is en"


def test_the_codes_that_a_file_may_name_are_those_of_the_model() -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    known = set(LanguageIdentifier.from_model_file(MODEL_FILE).labels)
    # zxx: what is no language at all.
    assert set(language.LANGUAGES) == known - {"zxx"}


@given(st.text(max_size=80))
def test_probabilities_are_shares_of_one(text: str) -> None:
    every, _, most = language.probability(text, {*language.LANGUAGES, "zxx"})
    assert every == pytest.approx(1, abs=1e-3)
    some, likeliest, _ = language.probability(text, {"en", "de"})
    assert 0 <= some <= 1.001
    assert language.probability(text, {likeliest})[0] == pytest.approx(most)
