"""Work that a click leaves for the clock: it looks at once where it is told, and at its next tick in any case."""

from sqlmodel import Session

_WAITS = "something waits for the clock"


def wake(session: Session) -> None:
    """There is something for the clock, once this is committed."""
    session.info[_WAITS] = True


def waits(session: Session) -> bool:
    """Whether this session left something for the clock."""
    return _WAITS in session.info
