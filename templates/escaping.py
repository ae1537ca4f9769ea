"""Foreign text inside Slack's two markups, so that it is shown and never acts.

**mrkdwn** (text objects and the top-level `text`). Slack documents three escapes, `&amp;`, `&lt;` and `&gt;`; they stop
`<!channel>`, `<@U1>` and links. It has none for `*`, `_`, `~` and the backtick. A zero-width space or a word joiner
beside them is what people try, but what it does depends on the client: Slack's own help advises it to *make* emphasis
work next to a letter, because it counts as a word boundary there. So these four become look-alikes that no parser
takes for markup and that Unicode's compatibility forms do not map back: U+2217, U+02CD, U+223C, U+02CB. An underscore
between two ASCII letters or digits never opens or closes anything and stays (`snake_case`). A word joiner is used
where it stands *inside* a token, which breaks it for certain: after the colon of `:tada:`, after the `@` of `@here`,
and before a `>` that would begin a quotation. Long foreign text belongs into `rich_text`, where it stays verbatim.

**markdown** (the `markdown` block). Backslash escapes are part of Markdown; `<` becomes an entity, and gets a word
joiner before `!`, `@` and `#`, since Slack looks for mentions after it has decoded entities (`<!here>` fires there).
Spaces that begin a line become no-break spaces: four of them would make a code block.
"""

import re

WORD_JOINER = "\u2060"

_ACTIVE = re.compile(r"[&<>*_~`:@]")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_LOOK_ALIKES = (("*", "\u2217"), ("~", "\u223c"), ("`", "\u02cb"))
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_COLON = re.compile(r":(?!\s|//)(?!(?<=\d:)\d\d(?!\d|:))")
_CROWD = re.compile(r"@(?=here|channel|everyone|group)", re.IGNORECASE)
_QUOTE = re.compile(r"^([ \t]*)(?=&gt;)", re.MULTILINE)

_MARKDOWN_PUNCTUATION = re.compile(r"(?=[\\`*_{}\[\]()#+\-.!|~=])")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_MENTION = re.compile(r"<(?=\s*[!@#])")


def escape_mrkdwn(text: str) -> str:
    """Foreign text for a mrkdwn position: shown as typed, but for the look-alikes; no markup, mention or emoji code."""
    if _ACTIVE.search(text) is None:
        return text
    for character, shown in _ENTITIES + _LOOK_ALIKES:
        text = text.replace(character, shown)
    if "_" in text:
        text = _UNDERSCORE.sub("\u02cd", text)
    if ":" in text:
        text = _COLON.sub(":" + WORD_JOINER, text)
    if "@" in text:
        text = _CROWD.sub("@" + WORD_JOINER, text)
    if "&gt;" in text:
        text = _QUOTE.sub(r"\1" + WORD_JOINER, text)
    return text


def escape_markdown_block(text: str) -> str:
    """Foreign text for Slack's `markdown` block: no markup, no `<!here>`, no emoji code; a line break stays one."""
    text = _MENTION.sub("<" + WORD_JOINER, text)
    text = _CROWD.sub("@" + WORD_JOINER, text)
    text = _COLON.sub(":" + WORD_JOINER, text)
    text = _MARKDOWN_PUNCTUATION.sub(lambda _: "\\", text)
    text = _INDENT.sub(lambda found: "\u00a0" * len(found.group()), text)
    for character, entity in _ENTITIES:
        text = text.replace(character, entity)
    return _QUOTE.sub(r"\1" + WORD_JOINER, text)
