"""What a reviewer has open in their modal, as the modal itself carries it: ids to look up, never facts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from workflow.errors import RefusedError

OLD = "This form is from an older version of Concord. Close it and press “Next item” again."
LARGEST = 2**63 - 1


class Face(StrEnum):
    """What the modal shows: the item with its decisions, one of three forms, or that the reviewer stopped."""

    ITEM = "item"
    CORRECT = "correct"
    BACK = "back"
    UP = "up"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Opened:
    """``review_id`` is what the reviewer looks at, at ``version``; 0 for nothing. ``about_id`` is whose work they want in a
    row, 0 for the usual order. ``done_id`` is what they decided just before, and ``run`` the reviews that can be decided
    like it together; ``taken`` those that they accepted together just before.
    """

    project_id: int
    review_id: int = 0
    version: int = 0
    about_id: int = 0
    done_id: int = 0
    face: Face = Face.ITEM
    run: tuple[int, ...] = ()
    taken: tuple[int, ...] = ()

    def __str__(self) -> str:
        numbers = (self.project_id, self.review_id, self.version, self.about_id, self.done_id)
        lists = (",".join(map(str, ids)) for ids in (self.run, self.taken))
        return ":".join([self.face, *map(str, numbers), *lists])

    @classmethod
    def read(cls, text: str) -> Self:
        """What ``str`` of it gave. Raises RefusedError for anything else."""
        face, *parts = text.split(":")
        if len(parts) != 7 or face not in set(Face):
            raise RefusedError(OLD)
        *ids, run, taken = parts
        project_id, review_id, version, about_id, done_id = map(_number, ids)
        return cls(project_id, review_id, version, about_id, done_id, Face(face), _numbers(run), _numbers(taken))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(_number(one) for one in text.split(",") if one)


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not 0 <= number <= LARGEST:
        raise RefusedError(OLD)
    return number
