"""Editing a project from the command line: what a file or options ask for, shown first, then made, all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from storage.engine import Store
from storage.tables import Role
from workflow import membership, naming, new_project, people, project_file, project_settings, projects
from workflow.errors import RefusedError
from workflow.people import Membership, ordered
from workflow.project_differences import Difference
from workflow.project_file import ProjectFileError
from workflow.project_settings import SettingsError
from workflow.projects import Created
from workflow.yaml_text import Fault, Tree, dotted


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: values by the keys of a project file, and exact roles by person (none: out of the project).

    A file that names ``people`` names all of them. ``tree`` knows the lines of ``file_name``.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Sequence[Role]] = field(default_factory=dict)
    tree: Tree = field(default_factory=Tree)
    file_name: str = ""


@dataclass(frozen=True)
class Preview:
    """What would become different, and a mark of what it was compared with."""

    differences: list[Difference]
    mark: int


@dataclass(frozen=True)
class _Move:
    """Somebody who gets exactly these roles; ``member`` is who that is in the project, None for somebody new."""

    user: str
    member: Membership | None
    roles: tuple[Role, ...]

    @property
    def difference(self) -> Difference:
        called = self.member.called if self.member else self.user
        before = [role.value for role in self.member.roles] if self.member else []
        return Difference("people", f"roles of {called}", before, [role.value for role in self.roles])


def of_file(path: Path) -> Asked:
    """What a project file asks for; it may leave out whatever shall stay as it is.

    Raises ProjectFileError with the faults that it has by itself, OSError where it cannot be read.
    """
    tree, guideline, faults = project_file.read(path)
    data = tree.data if isinstance(tree.data, dict) else {}
    if not data and not faults:
        faults.append(Fault(1, (), "a project is written as `key: value` lines"))
    for key, value in data.items():
        if value is None:
            faults.append(Fault(tree.line((key,)), (key,), "is empty: give it a value, or leave the line out"))
    if faults:
        raise ProjectFileError(path.name, faults)
    changes = data if guideline is None else {**data, "guideline": guideline}
    return Asked(changes, {}, tree, path.name)


def preview(session: Session, project_id: int, asked: Asked) -> Preview:
    """What would become different; nothing is written. Raises RefusedError with every fault, by line for a file."""
    try:
        found = project_settings.preview(session, project_id, asked.changes)
        moves = _moves(session, project_id, asked)
    except (ValidationError, SettingsError) as error:
        raise _refused(asked, error) from None
    return Preview([*found, *(move.difference for move in moves)], project_settings.mark(session, project_id))


def make(
    store: Store, project_id: int, asked: Asked, now: datetime, by: int | None, *, mark: int | None = None
) -> tuple[list[Difference], Created]:
    """Make all of it or nothing; what became different, and how the project stands. Items are brought to a new overlap.

    Raises RefusedError as ``preview`` does, and where somebody changed the project after ``mark``.
    """

    def work(session: Session) -> list[Difference]:
        project_settings.hold(session, project_id)
        told = project_settings.changed_since(session, project_id, mark) if mark is not None else []
        if told:
            raise RefusedError("\n".join([*told, "That was after the difference was shown, so nothing was changed."]))
        try:
            found = project_settings.change(session, project_id, asked.changes, now, by)
            moves = _moves(session, project_id, asked)
        except (ValidationError, SettingsError) as error:
            raise _refused(asked, error) from None
        for move in moves:
            _move(session, project_id, move, now, by)
        if found:
            new_project.rewrite(session, project_id, now)
        return [*found, *(move.difference for move in moves)]

    made = store.transact(work)
    projects.finish_overlap(store, project_id, now)
    with store.read() as session:
        return made, projects.standing(session, project_id)


def _moves(session: Session, project_id: int, asked: Asked) -> list[_Move]:
    """Whose roles would be others than they are."""
    members = people.members(session, project_id)
    _, after = project_settings.compared(session, project_id, asked.changes)
    wanted = {person.user: ordered(person.roles) for person in after.people}
    moves = [_Move(user, _found(members, user), roles) for user, roles in wanted.items()]
    if "people" in asked.changes:
        named = {move.member.person_id for move in moves if move.member}
        moves += [_Move(one.called, one, ()) for one in members if one.person_id not in named]
    for user, roles in asked.members.items():
        member = _found(members, user)
        if member is None and not roles:
            people.find(session, project_id, user)
        moves = [move for move in moves if move.user != user and (member is None or move.member != member)]
        moves.append(_Move(user, member, ordered(roles)))
    return [move for move in moves if move.roles != (move.member.roles if move.member else ())]


def _found(members: Sequence[Membership], user: str) -> Membership | None:
    try:
        wanted = naming.person(user)
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    exactly = [one for one in members if wanted.key in (one.slack_id, one.handle)]
    by_name = [one for one in members if f"@{one.name.casefold()}" == wanted.key]
    return exactly[0] if exactly else by_name[0] if len(by_name) == 1 else None


def _move(session: Session, project_id: int, move: _Move, now: datetime, by: int | None) -> None:
    if move.member is None:
        membership.put(session, project_id, move.user, move.roles, now, by)
    elif move.roles:
        membership.set_roles(session, project_id, move.member.person_id, move.roles, now, by)
    else:
        membership.remove(session, project_id, move.member.person_id, now, by)


def _refused(asked: Asked, error: ValidationError | SettingsError) -> RefusedError:
    """The faults with their lines, or by key where they come from options."""
    if isinstance(error, SettingsError):
        found = [Fault(asked.tree.line((key,)), (key,), f"{why}.") for key, why in error.by_key.items()]
    else:
        found = project_file.faults(asked.tree, error)
    if asked.file_name:
        return ProjectFileError(asked.file_name, found)
    return RefusedError("\n".join(f"{dotted(fault.path)}: {fault.message}" for fault in found))
