"""Which column of a file is which part of an item: by name, or as a person chose; what is unsure is asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from workflow import normalise
from workflow.errors import RefusedError

KNOWN_ROLES = ("id", "segment", "skill", "difficulty", "priority", "gold", "label", "annotator")
METADATA = "metadata"


@dataclass(frozen=True)
class Question:
    """Something to be answered before an import: for which role, in words, and which columns could be the answer."""

    role: str
    words: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mapped:
    """What each column becomes: a text field, one of ``KNOWN_ROLES``, or ``metadata``; and what has to be asked first.

    ``unseen`` are the roles that no column has so far, and that nobody said are not there.
    """

    roles: Mapping[str, str]
    questions: tuple[Question, ...]
    unseen: frozenset[str] = frozenset()

    def role_of(self, column: str) -> str:
        """What a column becomes; one that only later rows of a file have is taken by its name."""
        return self.roles.get(column) or (column if column in self.unseen else METADATA)

    def column_of(self, role: str) -> str | None:
        """The column that a role is read from, if any."""
        return next((column for column, mapped in self.roles.items() if mapped == role), None)


def mapped(columns: Sequence[str], fields: Sequence[str], chosen: Mapping[str, str]) -> Mapped:
    """Map a file's columns to a project's fields and the known roles.

    ``chosen`` has role -> column; an empty column means that the role is not in the file. A role that nobody chose goes to
    the column of its name, also in other capitals where only one is so called.

    Raises RefusedError where something is chosen that does not exist.
    """
    _check(columns, fields, chosen)
    roles = {column: role for role, column in chosen.items() if column}
    questions, missing = [], []
    for role in (*fields, *KNOWN_ROLES):
        if role in chosen:
            continue
        alike = [column for column in columns if column not in roles and _is_called(column, role)]
        exact = [column for column in alike if column == role and f"{role} (2)" not in alike]
        if len(alike) == 1 or exact:
            roles[(exact or alike)[0]] = role
        elif alike:
            questions.append(Question(role, _which(role, alike), tuple(alike)))
        elif role in fields and columns:
            missing.append(role)
    free = tuple(column for column in columns if column not in roles)
    questions += [Question(role, _missing(role, free), free) for role in missing]
    everything = {column: roles.get(column, METADATA) for column in columns}
    unseen = {role for role in (*fields, *KNOWN_ROLES) if role not in roles.values() and role not in chosen}
    return Mapped(everything, tuple(questions), frozenset(unseen))


def _check(columns: Sequence[str], fields: Sequence[str], chosen: Mapping[str, str]) -> None:
    for role, column in chosen.items():
        if role not in (*fields, *KNOWN_ROLES):
            known = ", ".join((*fields, *KNOWN_ROLES))
            raise RefusedError(f"There is nothing called {role!r} to map a column to: there is {known}.")
        if column and column not in columns:
            raise RefusedError(
                f"The file has no column {column!r} for {role!r}.{_near(column, columns)} {_has(columns)}"
            )
    taken = [column for column in chosen.values() if column]
    twice = next((column for column in taken if taken.count(column) > 1), None)
    if twice:
        raise RefusedError(f"The column {twice!r} is chosen more than once: every part of an item needs its own.")
    for field in fields:
        if chosen.get(field) == "":
            raise RefusedError(f"The project reads {field!r}: choose a column for it.")


def _is_called(column: str, role: str) -> bool:
    name = normalise.name(column).casefold()
    return name == role.casefold() or name in {f"{role.casefold()} ({n})" for n in range(2, 10)}


def _which(role: str, alike: Sequence[str]) -> str:
    return (
        f"{_listed(alike)} could all be {role!r}: choose one of them."
        if len(alike) > 2
        else f"{_listed(alike)} could both be {role!r}: choose one of them."
    )


def _missing(role: str, columns: Sequence[str]) -> str:
    return f"No column is called {role!r}: choose the one to read it from.{_near(role, columns)} {_has(columns)}"


def _near(name: str, columns: Sequence[str]) -> str:
    folded = {column.casefold(): column for column in columns}
    near = get_close_matches(name.casefold(), list(folded), n=1)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


def _has(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:20])
    more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
    return f"There {'is' if len(columns) == 1 else 'are'} {shown}{more}." if columns else "There is no other column."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:-1]) + f" and {names[-1]!r}"
