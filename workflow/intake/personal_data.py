"""Personal data in texts: e-mail addresses, phone numbers, card numbers, each found as a span (from, to)."""

from collections.abc import Callable, Iterator, Sequence

import regex  # type: ignore[import-untyped]

from workflow.intake import card_numbers

Span = tuple[int, int]

# Before @ atoms as in RFC 5322, in any script, 64 characters at most; then a host whose last part is letters. So a version
# as in pip@24.1 is no address, and neither is a picture for sharp screens (logo@2x.png).
_ATOM = r"[\w!#$%&'*+=?^`{|}~-]"
_LETTER = r"[\p{L}\p{M}]"
_PLAIN = r"[\p{L}\p{M}\p{N}]"
_LABEL = rf"[\p{{L}}\p{{N}}](?:[\p{{L}}\p{{M}}\p{{N}}-]{{0,61}}{_PLAIN})?"
_EMAIL = regex.compile(
    rf"(?<![\w!#$%&*+=?^`{{|}}~-])(?=[^@\s]{{1,64}}@)\w{_ATOM}*(?:\.{_ATOM}+)*"
    rf"@(?![0-9.]+x\.)(?:{_LABEL}\.){{1,8}}(?:xn--[a-zA-Z0-9-]{{2,59}}|\p{{L}}{_LETTER}{{1,62}})(?!{_PLAIN})"
)
_DIGIT = regex.compile(r"\p{Nd}")


def emails(text: str) -> list[Span]:
    """E-mail addresses, with domains in any script."""
    if "@" not in text:
        return []
    return [found.span() for found in _EMAIL.finditer(text)]


def phones(text: str, region: str | None = None) -> list[Span]:
    """Phone numbers that exist, by the numbering plans that libphonenumber knows.

    International ones begin with +; those of a region (``DE``) are found as people of that region write them.
    """
    if ("+" not in text and "\uff0b" not in text) if region is None else _DIGIT.search(text) is None:
        return []
    import phonenumbers

    matches = phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID)
    return [(match.start, match.end) for match in matches]


def found(text: str, kinds: Sequence[str], region: str | None = None) -> list[tuple[int, int, str]]:
    """What of the kinds (email, card, phone) is in the text, in its order: from, to, kind; none overlaps another."""
    searches: dict[str, Callable[[], list[Span]]] = {
        "email": lambda: emails(text),
        "card": lambda: card_numbers.spans(text),
        "phone": lambda: phones(text, region),
    }
    taken: list[tuple[int, int, str]] = []
    for kind, search in searches.items():
        if kind in kinds:
            taken += [(*span, kind) for span in search() if not any(_overlap(span, other) for other in taken)]
    return sorted(taken)


def masked(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """The text with ``[word]`` in the place of every span (from, to, word), which are in order and do not overlap."""
    return "".join(_pieces(text, spans))


def _pieces(text: str, spans: Sequence[tuple[int, int, str]]) -> Iterator[str]:
    done = 0
    for start, end, word in spans:
        yield text[done:start]
        yield f"[{word}]"
        done = end
    yield text[done:]


def _overlap(one: Span, other: tuple[int, int, str]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
