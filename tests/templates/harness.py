"""Every template with every hostile value in every value of its sample: what must hold for all of them."""

import copy
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import nodes

import templates
from templates.blocks import IdentifierError, Payload, render, render_view
from templates.engine import environment
from tests.templates import samples, samples_audits, samples_feedback, samples_reviews
from tests.templates.mrkdwn import markup
from tests.templates.oracle import faults, mappings
from tests.templates.samples import CARDS, Id, Word

SAMPLES = {**samples.SAMPLES, **samples_reviews.SAMPLES, **samples_audits.SAMPLES, **samples_feedback.SAMPLES}
VARIANTS = [*samples.VARIANTS, *samples_reviews.VARIANTS, *samples_audits.VARIANTS, *samples_feedback.VARIANTS]

HOUSE = Path(templates.__file__).parent
OURS = Path(__file__).parent / "cards"

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

HOSTILE: dict[str, str] = {
    "empty": "",
    "blank": " \t\n ",
    "short": "a",
    "channel": "<!channel> <!here> <!everyone>",
    "user": "<@U1>",
    "link": "<https://evil.example|here> https://evil.example",
    "subteam": "<!subteam^S1|@team> <!date^0^{date}|x> <#C1>",
    "half_open": "<@",
    "closes": "U1> <!channel",
    "bold": "*bold* _italic_ ~strike~ `code` ```block```",
    "lone_marks": "* _ ~ ` *",
    "edge_marks": "*",
    "quote": "> quoted\n>>> more",
    "emoji_code": ":tada: a:100:b ::",
    "crowd": "@here @channel @everyone",
    "html": "</b><script>alert(1)</script>&amp;",
    "jinja": "{{x}} {% for %} {# #}",
    "quotes": "\"'\\\"'",
    "nul": "a\x00b",
    "controls": "\x01\x07\x1b[31m\x7f\x80\x85\x9b",
    "separators": "a\u2028b\u2029c\r\nd\re",
    "surrogates": "\ud800 \udfff\ud83d",
    "family": FAMILY * 40,
    "flags": "\U0001f1e9\U0001f1ea" * 60,
    "zalgo": "Z" + "\u0301" * 5000,
    "rtl": "\u202eمرحبا بالعالم \u2067שלום",
    "wide": "日本語のテキスト。" * 30,
    "long": "word " * 8000,
    "long_markup": "*<&>_" * 8000,
    "long_emoji": FAMILY * 5700,
    "one_word": "x" * 40_000,
    "marks": "\ue0000\ue001 \ue000 \ue001 \ue00099999\ue001",
    "yaml": ": - # [ { } ] , & ! | > ' \" % @ ` ---",
    "yaml_list": "- a\n- b: c\n",
    "yaml_words": "no",
    "number": "010",
    "key": "text: {type: mrkdwn}\nblocks: []",
    "markdown": "# h\n**b** [x](https://evil.example) ![i](https://evil.example/i.png)",
}


@cache
def templates_and_variables() -> list[tuple[str, dict[str, Any] | None]]:
    """Every template of the house with its sample, None where there is none.

    Files that hold only macros, and files whose name begins with an underscore (they are included), are no templates.
    """
    names = sorted(path.relative_to(HOUSE).as_posix() for path in HOUSE.rglob("*.yaml.j2"))
    return [(name, SAMPLES.get(name)) for name in names if not _is_piece(name)]


def _is_piece(name: str) -> bool:
    if Path(name).name.startswith("_"):
        return True
    tree = environment().parse((HOUSE / name).read_text(encoding="utf-8"))
    return all(isinstance(top, nodes.Macro) or _blank(top) for top in tree.body)


def _blank(node: nodes.Node) -> bool:
    if isinstance(node, (nodes.Import, nodes.FromImport)):
        return True
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def all_samples() -> list[tuple[str, dict[str, Any]]]:
    """The tests' own cards, and every template of the house that has a sample."""
    return [*CARDS.items(), *((name, sample) for name, sample in templates_and_variables() if sample is not None)]


def all_faces() -> list[tuple[str, dict[str, Any]]]:
    """The same, with the other faces of the templates."""
    return [*all_samples(), *VARIANTS]


def payload(name: str, values: dict[str, Any]) -> Payload:
    """A template rendered as what it is: a view if it says its type, else a message."""
    return (render_view if _is_view(name) else render)(name, (OURS,) if name in CARDS else (), **values)


@cache
def _is_view(name: str) -> bool:
    source = ((OURS if name in CARDS else HOUSE) / name).read_text(encoding="utf-8")
    return any(line.startswith("type:") for line in source.splitlines())


def leaves(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path and text of every text in a sample; the types of ready-made blocks are the converter's, not somebody's text."""
    if isinstance(node, Word):
        return
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, inner in node.items():
            if key != "type":
                yield from leaves(inner, (*path, key))
    elif isinstance(node, (list, tuple)):
        for index, inner in enumerate(node):
            yield from leaves(inner, (*path, index))


def replaced(sample: dict[str, Any], path: tuple[str | int, ...], value: str) -> dict[str, Any]:
    """The sample with another text at the path."""
    changed = copy.deepcopy(sample)
    _put(changed, path, value)
    return changed


def harmless(value: str) -> str:
    """A word in the place of a hostile value, so that the same branches of the template are taken."""
    return "word" if value else ""


def everywhere(sample: dict[str, Any], value: str) -> dict[str, Any]:
    """The sample with the text in every place that is no id."""
    return _filled(sample, [value])


def rotated(sample: dict[str, Any], turn: int) -> dict[str, Any]:
    """The sample with another hostile text in each place that is no id; after all turns each place has had each text."""
    values = list(HOSTILE.values())
    return _filled(sample, [*values[turn:], *values[:turn]])


def _filled(sample: dict[str, Any], values: list[str]) -> dict[str, Any]:
    changed = copy.deepcopy(sample)
    for number, (path, text) in enumerate(list(leaves(sample))):
        if not isinstance(text, Id):
            _put(changed, path, values[number % len(values)])
    return changed


def _put(node: Any, path: tuple[str | int, ...], value: str) -> None:
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value


def wrong(name: str, twin: dict[str, Any], values: dict[str, Any], *, identifier: bool = False) -> list[str]:
    """What is wrong with the template when it is rendered with these values; `twin` has harmless ones in their place.

    Only where the value stands for an id may it be refused, and then as `IdentifierError`.
    """
    try:
        made = payload(name, values)
    except IdentifierError:
        if identifier:
            return []
        raise
    return faults(made) + acted(_harmless(name, twin), made)


def wrong_at(name: str, sample: dict[str, Any], path: tuple[str | int, ...], value: str) -> list[str]:
    """What is wrong when one text of the sample is replaced."""
    text = next(text for where, text in leaves(sample) if where == path)
    identifier = isinstance(text, Id)
    twin = sample if identifier else replaced(sample, path, harmless(value))
    return wrong(name, twin, replaced(sample, path, value), identifier=identifier)


_known: dict[tuple[str, str], Counter[str]] = {}


def _harmless(name: str, twin: dict[str, Any]) -> Counter[str]:
    """What a template does by itself; hundreds of hostile renderings have one twin."""
    key = (name, repr(twin))
    if key not in _known:
        _known[key] = _active(payload(name, twin))
    return _known[key]


def acted(expected: Counter[str], made: Payload) -> list[str]:
    """Markup, mentions, links and pictures that the values added."""
    found = _active(made) - expected
    return [f"foreign text became {kind} ({count} more)" for kind, count in found.items()]


def _active(made: Payload) -> Counter[str]:
    """Everything in a payload that does more than being read."""
    active = markup(made.text or "")
    for kind, node in mappings(made.view or {"blocks": made.blocks}, "message"):
        text = node.get("text")
        if kind == "mrkdwn":
            active += markup(str(text))
            active["linking"] += not node.get("verbatim", False) and _links(str(text))
        elif kind == "plain_text":
            active["emoji"] += node.get("emoji", True) and markup(str(text))["emoji"]
        elif kind in ("user", "channel", "usergroup", "broadcast", "emoji", "link", "image"):
            active[kind] += 1
    return active


def _links(text: str) -> bool:
    return "://" in text or "@" in text or "#" in text
