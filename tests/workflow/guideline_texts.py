"""Guidelines for tests: made of sections, with what makes a heading hard to tell."""

from hypothesis import strategies as st

TITLES = ["A", "B", "Borderline cases", "قواعد", "Labels 🙂", "Examples", "", "`code`", "a *b*"]
LINES = [
    "Say yes only if the text says so.", "Say no if it does not.", "- a\n  - b\n    1. c", "```\n# no heading\n```",
    "    # indented", "> # quoted", "| a | b |\n|---|---|\n| 1 | 2 |", "[link](https://a.b/c) <!here> <@U1>", "👩‍💻 ok 👍🏽",
    "لا تقل نعم", "前提が仮説を含意する。", "---", "\n", "#nospace", "Words of a paragraph\nover two lines",
]  # fmt: skip
ODD = [
    "```\nnever closed",
    "# H",
    "Setext\n===",
    "Setext\n---",
    " # one in",
    "\t# four in",
    "## H ##",
    "\r\n# cr",
    "- # in a list",
]

bodies = st.lists(st.sampled_from(LINES), max_size=4).map("\n\n".join)
parts = st.tuples(st.integers(1, 3), st.sampled_from(TITLES), bodies)
documents = st.lists(parts, min_size=1, max_size=7).map(lambda found: "\n".join(written(*part) for part in found))
odd_texts = st.lists(st.sampled_from(LINES + ODD) | st.text(max_size=12), max_size=12).map("\n".join)


def written(level: int, title: str, body: str) -> str:
    """One section."""
    return f"{'#' * level} {title}\n\n{body}\n"
