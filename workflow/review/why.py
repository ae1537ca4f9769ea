"""Why a reviewer decided so: a reason of the list, and a note where that does not say enough."""

from workflow.cases import reasons
from workflow.cases.decision import Details, is_blank
from workflow.errors import RefusedError

NOTE_LIMIT = 3000
NEEDS_REASON = "Choose why: the people who labelled the item will read it."
NEEDS_NOTE = "“Something else” needs a note: say what it is, the people who labelled the item will read it."


def why(details: Details, note: str) -> str:
    """What people read: the note, else the reason in words. Raises RefusedError where neither says anything."""
    code = reasons.known(details.reason_code)
    if code is None:
        raise RefusedError(NEEDS_REASON)
    said = kept(note)
    if code is reasons.ReasonCode.OTHER and not said:
        raise RefusedError(NEEDS_NOTE)
    return said or reasons.TITLES[code]


def kept(note: str) -> str:
    """A note as it is kept: nothing where there is nothing to read in it."""
    return "" if is_blank(note) else note.strip()[:NOTE_LIMIT]
