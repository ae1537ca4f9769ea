"""What the operation says when it will not do something."""


class RefusedError(Exception):
    """A request that changes nothing. The text goes to the person who asked: what is wrong, and what to do."""


class NotAllowedError(RefusedError):
    """The person lacks the role. The text says who can."""


class BusyError(RefusedError):
    """Somebody else is at it just now: the same request may go through later."""
