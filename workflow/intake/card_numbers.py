"""Card numbers in texts: 13 to 19 digits, a prefix that an issuer has, and a check digit that is right.

Prefixes and lengths as the networks publish them (ISO/IEC 7812 issuer numbers); the check digit is Luhn's (ISO/IEC 7812-1,
annex B). One number in ten that begins like a card's has a right check digit by chance.
"""

import re
from collections.abc import Iterator, Sequence

# First and last prefix, how many digits such a number has.
ISSUERS: Sequence[tuple[str, str, str, frozenset[int]]] = (
    ("Visa", "4", "4", frozenset({13, 16, 19})),
    ("Mastercard", "51", "55", frozenset({16})),
    ("Mastercard", "2221", "2720", frozenset({16})),
    ("American Express", "34", "34", frozenset({15})),
    ("American Express", "37", "37", frozenset({15})),
    ("Discover", "6011", "6011", frozenset({16, 19})),
    ("Discover", "644", "659", frozenset({16, 19})),
    ("Diners Club", "300", "305", frozenset({14, 16, 19})),
    ("Diners Club", "36", "36", frozenset({14, 16, 19})),
    ("Diners Club", "38", "39", frozenset({14, 16, 19})),
    ("JCB", "3528", "3589", frozenset({16, 17, 18, 19})),
    ("UnionPay", "62", "62", frozenset({16, 17, 18, 19})),
    ("Maestro", "50", "50", frozenset(range(13, 20))),
    ("Maestro", "56", "58", frozenset(range(13, 20))),
    ("Maestro", "63", "63", frozenset(range(13, 20))),
    ("Maestro", "67", "67", frozenset(range(13, 20))),
    ("Mir", "2200", "2204", frozenset({16, 17, 18, 19})),
)
# How numbers are printed on cards: found so beside other digits, such as a date, too.
_PRINTED = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3))
_SEPARATED = re.compile(r"[0-9]+(?:[ \xa0\u2010\u2011-][0-9]+)*")
_DIGITS = re.compile("[0-9]+")
_FEWEST, _MOST = 13, 19


def spans(text: str) -> list[tuple[int, int]]:
    """Where card numbers stand, from and to, in the order of the text. Digits of a longer number are none."""
    return [
        span for run in _SEPARATED.finditer(text) if run.end() - run.start() >= _FEWEST for span in _of_run(text, run)
    ]


def is_card_number(digits: str) -> bool:
    """Whether the digits are a number that some issuer could have given."""
    return _issued(digits) and checks(digits)


def checks(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (Luhn)."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(number - 9 if number > 9 else number for number in doubled)) % 10 == 0


def _issued(digits: str) -> bool:
    return any(first <= digits[: len(first)] <= last and len(digits) in lengths for _, first, last, lengths in ISSUERS)


def _of_run(text: str, run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The numbers in digits that only single separators stand between: all of them one number, or some as printed."""
    groups = [found.span() for found in _DIGITS.finditer(text, *run.span())]
    # Part of a word or of a decimal fraction.
    if _goes_on(text[max(0, run.start() - 2) : run.start()][::-1]):
        groups = groups[1:]
    if groups and _goes_on(text[run.end() : run.end() + 2]):
        groups = groups[:-1]
    at = 0
    while at < len(groups):
        count = next((count for count in _counts(groups, at) if _is_number(text, groups[at : at + count])), 0)
        if count:
            yield groups[at][0], groups[at + count - 1][1]
        at += count or 1


def _goes_on(beside: str) -> bool:
    return beside[:1].isalnum() or beside[:1] == "_" or (beside[:1] in (".", ",") and beside[1:].isdigit())


def _counts(groups: Sequence[tuple[int, int]], at: int) -> Iterator[int]:
    """How many groups, from this one on, may be one number."""
    if at == 0 and len(groups) <= _MOST:
        yield len(groups)
    sizes = tuple(end - start for start, end in groups[at : at + 5])
    if sizes[0] >= _FEWEST:
        yield 1
    for printed in _PRINTED:
        if sizes[: len(printed)] == printed:
            yield len(printed)


def _is_number(text: str, groups: Sequence[tuple[int, int]]) -> bool:
    digits = "".join(text[start:end] for start, end in groups)
    return _FEWEST <= len(digits) <= _MOST and is_card_number(digits)
