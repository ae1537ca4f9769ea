"""Personal data in texts: where an e-mail address, a phone number or a card number stands."""

from collections.abc import Callable, Iterator, Mapping

import regex

Span = tuple[int, int]

_EMAIL = regex.compile(
    r"(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}_%+-]+(?:\.[\p{L}\p{N}_%+-]+)*"
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}(?![\p{L}\p{N}@])"
)
_CARD = regex.compile(r"(?<![0-9])(?<![0-9][ -])[0-9](?:[ -]?[0-9]){12,18}(?![ -]?[0-9])")
# First digits and lengths of the large networks: Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay, Maestro.
_NETWORKS = regex.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}"
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12}"
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}"
    r"|62[0-9]{14,17}"
    r"|(?:50|5[6-9]|6[0-9])[0-9]{11,17}"
)


def emails(text: str, _region: str | None = None) -> Iterator[Span]:
    """E-mail addresses, with domains of any script."""
    if "@" in text:
        yield from (found.span() for found in _EMAIL.finditer(text))


def phones(text: str, region: str | None = None) -> Iterator[Span]:
    """Phone numbers that can exist, by Google's libphonenumber; without a region those that begin with ``+``."""
    if sum(one.isdigit() for one in text) < 6:
        return
    import phonenumbers

    for found in phonenumbers.PhoneNumberMatcher(text, region):
        yield found.start, found.end


def cards(text: str, _region: str | None = None) -> Iterator[Span]:
    """Numbers of payment cards: 13 to 19 digits of a known network whose check digit (Luhn) is right."""
    for found in _CARD.finditer(text):
        digits = found.group().replace(" ", "").replace("-", "")
        if _NETWORKS.fullmatch(digits) and _luhn(digits):
            yield found.span()


def _luhn(digits: str) -> bool:
    """Whether a number ends in its check digit (ISO/IEC 7812-1)."""
    doubled = [int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


FINDERS: Mapping[str, Callable[[str, str | None], Iterator[Span]]] = {
    "email": emails,
    "card": cards,
    "phone": phones,
}
