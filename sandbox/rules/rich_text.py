"""The ``rich_text`` block: sections, lists, quotes, preformatted text and what may stand in them."""

from typing import Any

from sandbox.rules.checks import Check, Seen, array, boolean, by_type, integer, one_of, pattern, record, string, url

_STYLE = record({}, {"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean, "underline": boolean})
_MENTION_STYLE = record(
    {},
    dict.fromkeys(
        ("bold", "italic", "strike", "highlight", "client_highlight", "unlink", "code", "underline"), boolean
    ),
)


def _text(value: Any, path: str, seen: Seen) -> None:
    """Text of an element: any characters, but at least one."""
    string(0, 1_000_000)(value, path, seen)
    if value == "":
        seen.fault("must be more than 0 characters", path)


def _inline(name: str, required: dict[str, Check], optional: dict[str, Check]) -> dict[str, Check]:
    return {name: record({"type": one_of(name), **required}, optional)}


_PLAIN = {
    **_inline("text", {"text": _text}, {"style": _STYLE}),
    **_inline("link", {"url": url(3000)}, {"text": string(0, 1_000_000), "unsafe": boolean, "style": _STYLE}),
}
_INLINE = {
    **_PLAIN,
    **_inline("emoji", {"name": string(1, 100)}, {"unicode": string(1, 100), "skin_tone": integer(1, 6)}),
    **_inline("user", {"user_id": pattern(r"[UW][A-Z0-9]{2,}", "must be a valid user id")}, {"style": _MENTION_STYLE}),
    **_inline(
        "channel",
        {"channel_id": pattern(r"[CDG][A-Z0-9]{2,}", "must be a valid channel id")},
        {"style": _MENTION_STYLE},
    ),
    **_inline(
        "usergroup", {"usergroup_id": pattern(r"S[A-Z0-9]{2,}", "must be a valid id")}, {"style": _MENTION_STYLE}
    ),
    **_inline("broadcast", {"range": one_of("here", "channel", "everyone")}, {"style": _MENTION_STYLE}),
    **_inline(
        "date",
        {"timestamp": integer(0, 9_999_999_999), "format": string(1, 255)},
        {"url": url(), "fallback": string(1, 255)},
    ),
    **_inline("color", {"value": pattern(r"#[0-9a-fA-F]{6}", "must be a colour")}, {}),
}

_inlines = array(by_type(_INLINE), 0, 10_000)
_section = record({"type": one_of("rich_text_section"), "elements": _inlines})
_quote = record({"type": one_of("rich_text_quote"), "elements": _inlines}, {"border": integer(0, 1)})
_preformatted = record(
    {"type": one_of("rich_text_preformatted"), "elements": array(by_type(_PLAIN), 0, 10_000)},
    {"border": integer(0, 1), "language": string(1, 100)},
)
_list = record(
    {
        "type": one_of("rich_text_list"),
        "style": one_of("bullet", "ordered"),
        "elements": array(by_type({"rich_text_section": _section}), 1, 10_000),
    },
    {"indent": integer(0, 8), "border": integer(0, 1), "offset": integer(0, 1_000_000)},
)
_parts = array(
    by_type(
        {
            "rich_text_section": _section,
            "rich_text_list": _list,
            "rich_text_quote": _quote,
            "rich_text_preformatted": _preformatted,
        }
    ),
    1,
    10_000,
)
rich_text = record({"type": one_of("rich_text"), "elements": _parts}, {"block_id": string(1, 255)})
