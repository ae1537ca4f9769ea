"""The values of what a project file says of intake, read from the text that was typed. Faults say what to write instead."""

from difflib import get_close_matches
from typing import Any

from workflow.intake.language import LANGUAGES
from workflow.intake.patterns import Pattern
from workflow.intake.steps import STEPS
from workflow.spec_values import fault


def texts(typed: Any) -> Any:
    """A list of texts, or the only one of them."""
    if typed in ([], ()):
        raise fault("is empty: write at least one, or leave the line out")
    return [typed] if isinstance(typed, str) else typed


def step(typed: str) -> str:
    """The name of a standardising step."""
    return _one_of(typed, list(STEPS), "step")


def language(typed: str) -> str:
    """The code of a language that can be told from others."""
    return _one_of(typed.strip().casefold(), list(LANGUAGES), "language code", "write one such as en, de or zh")


def region(typed: str) -> str:
    """The code of a country or region that has telephone numbers."""
    import phonenumbers

    code = typed.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise fault(f"{typed!r} is no region: write the two letters of a country such as DE or US")
    return code


def pattern(typed: str) -> str:
    """A regular expression that can be used."""
    try:
        Pattern(typed)
    except ValueError as error:
        raise fault(str(error)) from None
    return typed


def _one_of(typed: str, known: list[str], what: str, otherwise: str = "") -> str:
    if typed not in known:
        near = get_close_matches(typed, known, n=1)
        hint = f"did you mean {near[0]}?" if near else otherwise or f"known are {', '.join(known)}"
        raise fault(f"{typed!r} is no {what}: {hint}")
    return typed
