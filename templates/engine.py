"""From a template and values to a tree of plain data in which every value is still known as one.

Values never pass through YAML. While Jinja renders, `slot` keeps each value and leaves a numbered mark in the text (two
private-use characters around a number). The text with its marks is parsed as YAML once and remembered, since it does
not depend on the values; then the marks are filled in the parsed tree. A value that holds quotes, `{{ x }}`, YAML or
the marks themselves is therefore only ever a value.

The tree has `dict`, `list`, `str`, `int`, `float` and `bool` from the template, and `Foreign` wherever a value took
part in a text; `templates.blocks` turns these into what Slack takes.
"""

import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup

from templates.check import check
from templates.fault import Fault, TemplateError
from templates.filters import FILTERS
from templates.foreign import Foreign, adopt
from templates.tree import CLOSE, OPEN, Slotted, parse

HOUSE = Path(__file__).parent
PARSED = 512

_SCALARS = frozenset({str, int, float, bool})
_marks = [Markup(f"{OPEN}{number}{CLOSE}") for number in range(1024)]  # noqa: S704 - digits and two characters
_values: ContextVar[list[Any]] = ContextVar("values of the template being rendered")


class ValueRefused(Exception):  # noqa: N818 - it never leaves this module
    """A value that cannot be shown; the line is found from the traceback."""


@pass_context
def slot(_context: Context, value: Any) -> Markup:
    """Jinja's `finalize`: keep the value, and leave its mark.

    It asks for the context so that Jinja does not call it at compile time with the literals of a template.
    """
    kind = type(value)
    if kind is Markup:  # what a macro, a caller or a set block made: its values are marks already
        return cast("Markup", value)
    values = _values.get()
    if kind is not str:
        value = _allowed(value)
    values.append(value)
    if len(values) > len(_marks):
        return Markup(f"{OPEN}{len(values) - 1}{CLOSE}")  # noqa: S704
    return _marks[len(values) - 1]


def _allowed(value: Any) -> Any:
    """The value as plain data."""
    if isinstance(value, Undefined):
        str(value)  # raises, and names the variable
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Markup) or not isinstance(value, (str, int, float, list, tuple, dict)):
        what = "None" if value is None else f"a {type(value).__name__}"
        raise ValueRefused(f"{what} is no value for a card (text, a number, true or false, a list or a dict)")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueRefused(f"{value} is no number that can be shown: say in words why there is none")
    return value


class _House(Environment):
    """Jinja as this house uses it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's, but a key of a dict goes before its methods: `batch.items` is the batch's items."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class _CheckedLoader(FileSystemLoader):
    """Reads templates, and refuses those that say more than they may."""

    def load(self, environment: Environment, name: str, globals: Any = None) -> Any:  # noqa: A002 - Jinja's word
        """Check the syntax tree, then compile."""
        check(self._tree(environment, name), name, frozenset(FILTERS), partial(self._tree, environment))
        return super().load(environment, name, globals)

    def _tree(self, environment: Environment, name: str) -> nodes.Template:
        source, filename, _ = self.get_source(environment, name)
        if OPEN in source or CLOSE in source:
            raise TemplateError(name, "the characters U+E000 and U+E001 are kept for values")
        return environment.parse(source, name, filename)


@lru_cache(maxsize=16)
def environment(folders: tuple[Path, ...] = ()) -> Environment:
    """The environment that finds templates in these folders, in this order; then in the house's own."""
    made = _House(
        loader=_CheckedLoader([*folders, HOUSE]),
        undefined=StrictUndefined,
        finalize=slot,
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters = dict(FILTERS)
    made.globals = {}
    return made


def tree(name: str, values: Mapping[str, Any], folders: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The template filled with the values.

    Raises `TemplateError` for a template that is missing, malformed or says what it may not, for an undefined
    variable (named) and for a value that is None or of a kind that has no form in a card.
    """
    text, kept = _rendered(name, values, folders)
    try:
        parsed = _parsed(text)
        return cast("dict[str, Any]", _fill(parsed, kept))
    except Fault as fault:
        raise TemplateError(name, fault.reason, path=fault.path) from None


_parsed: Callable[[str], Any] = lru_cache(maxsize=PARSED)(parse)


def _rendered(name: str, values: Mapping[str, Any], folders: tuple[Path, ...]) -> tuple[str, list[Any]]:
    kept: list[Any] = []
    token = _values.set(kept)
    try:
        for key, value in values.items():
            _refuse_markup(key, value)
        return environment(folders).get_template(name).render(values), kept
    except TemplateNotFound as missing:
        raise TemplateError(name, f"there is no template {missing}") from None
    except TemplateSyntaxError as fault:
        raise TemplateError(fault.name or name, fault.message or "cannot be read", line=fault.lineno) from None
    except (UndefinedError, ValueRefused, TypeError, ValueError) as fault:
        where, line = _place(fault, name)
        raise TemplateError(where, str(fault), line=line) from fault
    finally:
        _values.reset(token)


def _refuse_markup(key: str, value: Any) -> None:
    """Only Jinja itself makes `Markup`: one that came in with the values would go into the YAML as it is."""
    kind = type(value)
    if kind is str or kind is int:
        return
    if isinstance(value, Markup):
        raise ValueRefused(f"{key} is Markup; values are plain text")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_markup(key, inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _refuse_markup(key, inner)


def _place(fault: BaseException, name: str) -> tuple[str, int | None]:
    """Template and line where it happened: Jinja puts a frame for each template into the traceback."""
    place: tuple[str, int | None] = (name, None)
    trace = fault.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith(".j2"):
            place = (Path(file).name if not file.endswith(name) else name, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _fill(node: Any, kept: list[Any]) -> Any:
    """A copy of the parsed tree with values in place of marks."""
    kind = type(node)
    if kind is Slotted:
        if node.lone:
            return adopt(kept[node.numbers[0]], node.kind, node.places)
        return Foreign(node.literals, [kept[number] for number in node.numbers], node.kind, node.places)
    if kind is not dict and kind is not list:
        return node
    built = node.copy()
    for step, inner in node.items() if kind is dict else enumerate(node):
        if type(inner) not in _SCALARS:
            try:
                built[step] = _fill(inner, kept)
            except Fault as fault:
                raise fault.at(step) from None
    return built
