"""Personal data is found where it is, nothing else is, and masking leaves the rest of a text alone."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.intake import card_numbers, personal_data

WORDS = st.text(st.sampled_from("abc xyz \u00e9\u05d0\u4e2d,;:!?()\n"), max_size=12)


def emails(text: str) -> list[str]:
    return [text[start:end] for start, end in personal_data.emails(text)]


def cards(text: str) -> list[str]:
    return [text[start:end] for start, end in card_numbers.spans(text)]


def phones(text: str, region: str | None = None) -> list[str]:
    return [text[start:end] for start, end in personal_data.phones(text, region)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to ana.b+c@mail.example.co.uk.", ["ana.b+c@mail.example.co.uk"]),
        ("<ana@b\u00fccher.example>, 'ben@b.de'", ["ana@b\u00fccher.example", "ben@b.de"]),
        ("\u0930\u093e\u092e@\u0921\u093e\u091f\u093e\u092e\u0947\u0932.\u092d\u093e\u0930\u0924",
         ["\u0930\u093e\u092e@\u0921\u093e\u091f\u093e\u092e\u0947\u0932.\u092d\u093e\u0930\u0924"]),
        ("mailto:a@xn--bcher-kva.xn--p1ai?subject=x", ["a@xn--bcher-kva.xn--p1ai"]),
        ("wait...a@b.de", ["a@b.de"]),
        ("a@b.de,c@d.org", ["a@b.de", "c@d.org"]),
        ("ask @ana or @ana.smith, cc @team", []),
        ("pip@24.1, node@20.1.0-rc.2, pkg@1.2.3", []),
        ("logo@2x.png, logo@1.5x.png", []),
        ("a@b, a@localhost, a@@b.de, @b.de, a@.de, a@b..de", []),
        ("a@b.c", []),
        (f"{'x' * 65}@b.de", []),
    ],
)  # fmt: skip
def test_emails(text: str, found: list[str]) -> None:
    assert emails(text) == found


@pytest.mark.parametrize(
    "text", ["a" * 40_000 + "@", "a." * 20_000 + "@", "a@" * 20_000, "a@" + "b." * 20_000, "a@" + "b-" * 20_000]
)
def test_long_texts_that_only_begin_like_an_email_have_none(text: str) -> None:
    assert emails(text) == []


@pytest.mark.parametrize(
    ("text", "region", "found"),
    [
        ("call +49 30 1234567 or +1 (650) 253-0000 now", None, ["+49 30 1234567", "+1 (650) 253-0000"]),
        ("call 030 1234567", "DE", ["030 1234567"]),
        ("call 030 1234567", None, []),
        ("call +44 20 7946 0958", "DE", ["+44 20 7946 0958"]),
        ("order 12345678901234, version 1.2.3, 2026-03-02 10:30", "DE", []),
        ("+1234, +49", None, []),
    ],
)
def test_phones(text: str, region: str | None, found: list[str]) -> None:
    assert phones(text, region) == found


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), WORDS, WORDS)
def test_an_international_number_of_every_region_is_found(region: str, before: str, after: str) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert phones(f"{before}\n{written}\n{after}") == [written]


@st.composite
def card_digits(draw: st.DrawFn) -> str:
    """The digits of a number that an issuer could have given."""
    _, first, last, lengths = draw(st.sampled_from(card_numbers.ISSUERS))
    prefix = str(draw(st.integers(int(first), int(last))))
    length = draw(st.sampled_from(sorted(lengths)))
    rest = draw(
        st.text(st.sampled_from("0123456789"), min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1)
    )
    body = prefix + rest
    return body + str(-luhn_sum(body + "0") % 10)


def luhn_sum(digits: str) -> int:
    """The sum as the standard words it, digit by digit from the right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return total


@given(card_digits(), st.sampled_from(["", " ", "-"]), WORDS, WORDS, st.data())
def test_cards_are_found_and_with_one_digit_changed_they_are_not(
    digits: str, separator: str, before: str, after: str, data: st.DataObject
) -> None:
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)] if separator else [digits]
    written = separator.join(groups)
    assert cards(f"{before} {written} {after}") == [written]
    at = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[at]]))
    changed = digits[:at] + other + digits[at + 1 :]
    assert cards(f"{before} {changed} {after}") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111 1111 1111 1111", ["4111 1111 1111 1111"]),
        ("card 3782 822463 10005 12/26", ["3782 822463 10005"]),
        ("12 4111-1111-1111-1111 26", ["4111-1111-1111-1111"]),
        ("5555555555554444 5105105105105100", ["5555555555554444", "5105105105105100"]),
        ("(4111111111111111).", ["4111111111111111"]),
        ("14111111111111111, 41111111111111110", []),
        ("x4111111111111111, 4111111111111111x, _4111111111111111", []),
        ("3.4111111111111111, 4111111111111111.5, 4111111111111111,5", []),
        ("4111  1111  1111  1111", []),
        ("9111 1111 1111 1111", []),
        ("0000 0000 0000 0000", []),
        ("2026-03-02 10:30:00 +0100", []),
    ],
)
def test_cards_in_texts(text: str, found: list[str]) -> None:
    assert cards(text) == found


def test_a_card_whose_number_is_of_no_issuer_is_none_though_its_check_digit_is_right() -> None:
    assert card_numbers.checks("0000000000000000")
    assert not card_numbers.is_card_number("0000000000000000")


SECRETS = st.sampled_from(
    [
        ("ana@example.org", "[email]"),
        ("+49 30 1234567", "[phone]"),
        ("4111 1111 1111 1111", "[card]"),
        ("378282246310005", "[card]"),
    ]
)


@given(st.lists(st.tuples(WORDS, SECRETS), max_size=5), WORDS)
def test_masking_leaves_the_rest_of_a_text_as_it_was(parts: list[tuple[str, tuple[str, str]]], end: str) -> None:
    raw = "".join(f"{words}\n{secret}\n" for words, (secret, _) in parts) + end
    wanted = "".join(f"{words}\n{mask}\n" for words, (_, mask) in parts) + end
    assert personal_data.masked(raw, personal_data.found(raw, ["email", "phone", "card"])) == wanted


PIECES = st.sampled_from(
    ["4111 1111 1111 1111", "+49 30 1234567", "030 1234567", "a@b.de", "4111", "@", ".", "-", " ", "+"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_found_is_in_order_and_apart_however_it_is_run_together(text: str) -> None:
    found = personal_data.found(text, ["email", "phone", "card"], "DE")
    edges = [edge for start, end, _ in found for edge in (start, end)]
    assert edges == sorted(edges)
    assert all(start < end for start, end, _ in found)
    hidden = sum(end - start - len(f"[{kind}]") for start, end, kind in found)
    assert len(personal_data.masked(text, found)) == len(text) - hidden
