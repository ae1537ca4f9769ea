"""Which language a text is in, by py3langid; its model is loaded when the first filter asks for it."""

import functools
import unicodedata
from collections.abc import Collection
from typing import Any

# Under so many letters a text may be anything: "ok" is no language.
FEWEST_LETTERS = 20
# An ideograph, a syllable of kana or of Hangul says about as much as three letters.
_WORTH_THREE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")

_CODES = (
    "ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr fuv fy "
    "ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko ku ky la lb "
    "lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru rw sa sdh se si "
    "sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo yue zh zu"
)
LANGUAGES = tuple(_CODES.split())


def probability(text: str, wanted: Collection[str]) -> tuple[float, str, float]:
    """How probable it is, among all languages known, that the text is in a wanted one; the likeliest, and its probability.

    The model is never narrowed to the wanted languages: asked only for English or German, it is sure that French is one.
    """
    ranked = _identifier().rank(text)
    likeliest, most = ranked[0]
    return sum(share for language, share in ranked if language in wanted), likeliest, most


def is_short(text: str) -> bool:
    """Whether a text has too few letters for its language to be told."""
    letters = 0
    for character in text:
        if character.isalpha():
            letters += 1 if character.isascii() else _worth(character)
            if letters >= FEWEST_LETTERS:
                return False
    return True


@functools.lru_cache(maxsize=4096)
def _worth(character: str) -> int:
    return 3 if unicodedata.name(character, "").startswith(_WORTH_THREE) else 1


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
