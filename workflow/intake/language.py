"""Which language a text is in, by py3langid: a small model in the package, loaded (half a second) once it is asked."""

from functools import cache
from typing import Any

# Under this many letters every guess is one: such a text is "not sure".
FEWEST_LETTERS = 20
SUREST = 0.8


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; None where the text is too short, or the model is not sure."""
    if sum(one.isalpha() for one in text) < FEWEST_LETTERS:
        return None
    code, probability = _identifier().classify(text)
    return str(code) if probability >= SUREST else None


def known() -> frozenset[str]:
    """The languages that the model knows, by their codes."""
    return frozenset(str(label) for label in _identifier().labels)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
