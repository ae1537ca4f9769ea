"""A dropped file that is a guideline: told by its name, and made the draft of a proposal."""

from datetime import datetime
from pathlib import Path

from jobs.dropped_file import About, UnreadableError
from storage.engine import Store
from workflow.drop_work import Work
from workflow.errors import RefusedError
from workflow.guidelines.proposals import dropping
from workflow.guidelines.text import reading_text

ENDS = (".md", ".markdown")
TYPE = "markdown"


def is_named(about: About) -> bool:
    """Whether a file is a guideline, and no table: by the end of its name, or by what Slack takes it for."""
    return about.type == TYPE or about.name.lower().endswith(ENDS)


def is_one(work: Work) -> bool:
    """The same, once it was written down."""
    return bool(work.preview.get("guideline"))


def check(about: About) -> None:
    """Refuse a guideline that is too long before it is fetched. Raises UnreadableError."""
    if is_named(about) and about.size > reading_text.LARGEST:
        raise UnreadableError(
            f"This guideline is too long: at most {reading_text.LONGEST_GUIDELINE:,} characters can be shown. Keep the "
            "rules in it, and link to what is long, such as lists and tables."
        )


def take(store: Store, work: Work, path: Path, now: datetime) -> None:
    """Make a draft of the file. Raises UnreadableError that says why it is none, LostError."""
    try:
        with path.open("rb") as file:
            markdown = reading_text.read(file.read(reading_text.LARGEST + 1), work.name)
        store.transact(lambda session: dropping.as_draft(session, work, markdown, now))
    except RefusedError as refused:
        # Another mapping of its columns, which others are offered, would not help.
        raise UnreadableError(str(refused)) from None
