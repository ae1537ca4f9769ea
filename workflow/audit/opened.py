"""What an auditor has open in their modal, as the modal itself carries it: ids to look up, never facts."""

from dataclasses import dataclass
from typing import Self

from workflow.errors import RefusedError

OLD = "This form is from an older version of Concord. Close it and press “Audit next item” again."
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Opened:
    """``finding_id`` is the item of the audit that is looked at, ``done_id`` the one that was judged before; 0 for none.

    Whether it is to be answered or judged stands in the store alone.
    """

    audit_id: int
    finding_id: int = 0
    done_id: int = 0

    def __str__(self) -> str:
        return f"{self.audit_id}:{self.finding_id}:{self.done_id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """What ``str`` of it gave. Raises RefusedError for anything else."""
        ids = [_number(one) for one in text.split(":")]
        if len(ids) != 3 or not ids[0]:
            raise RefusedError(OLD)
        return cls(*ids)


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not 0 <= number <= LARGEST:
        raise RefusedError(OLD)
    return number
