"""A small reader of mrkdwn, written for the tests alone: which markup a text would have in Slack.

It errs on the side of seeing markup: emphasis needs no matching style of quotation, an emoji code needs no known name.
"""

import re
from collections import Counter

_TOKENS = {
    "angle": re.compile(r"<[^<>\n]*>"),
    "code": re.compile(r"`[^`]+`"),
    "bold": re.compile(r"(?<![A-Za-z0-9])\*(?=\S)[^\n]*?(?<=\S)\*(?![A-Za-z0-9])"),
    "italic": re.compile(r"(?<![A-Za-z0-9])_(?=\S)[^\n]*?(?<=\S)_(?![A-Za-z0-9])"),
    "strike": re.compile(r"(?<![A-Za-z0-9])~(?=\S)[^\n]*?(?<=\S)~(?![A-Za-z0-9])"),
    "emoji": re.compile(r":(?!\d\d:)[\w+'-]+:"),
    "quote": re.compile(r"^[ \t]*(?:&gt;|>)", re.MULTILINE),
    "crowd": re.compile(r"@(?:here|channel|everyone)", re.IGNORECASE),
}
_INERT = re.compile(r"&(?:amp|lt|gt);")


def markup(text: str) -> Counter[str]:
    """How often each kind of markup would act."""
    return Counter({kind: len(found.findall(text)) for kind, found in _TOKENS.items()}) + Counter()


def unescaped(text: str) -> list[str]:
    """Ampersands that begin no entity: Slack wants each written out."""
    return re.findall(r"&", _INERT.sub("", text))
