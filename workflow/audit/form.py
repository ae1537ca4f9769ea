"""The form that asks for an audit: what is chosen and typed in it becomes the audit that is wanted.

Its blocks are named as in ``FIELDS``. What is not shown, because something else was chosen, is not in it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import AuditDesign, Lot
from workflow.audit import asking, offered, plan, scope
from workflow.audit.offered import Option
from workflow.audit.plan import Kind, Plan
from workflow.audit.scope import By, Scope
from workflow.audit.starting import Wanted
from workflow.errors import RefusedError
from workflow.project_form import FormError

OLD = "This form is from an older version of Concord. Close it and say “/concord audit” again."
GONE = "This is not there any more. Choose something else."
SOME, ANY = "some", "any"
OFFERS: Mapping[str, Callable[[Session, int], list[Option]]] = {
    "person": offered.people,
    "label": offered.labels,
    "segment": offered.parts,
    "version": offered.guidelines,
    "lot": offered.lots,
    "column": offered.columns,
}
MEANS = {
    "person": "person_id",
    "label": "value_id",
    "segment": "segment",
    "version": "guideline_id",
    "lot": "lot_id",
    "column": "column",
}
"""What of a scope each choice is."""
FIELDS = (
    "design", "which", "by", *OFFERS, "low", "items", "since", "plan", "aql", "ltpd", "half_width", "expected", "size",
)  # fmt: skip
ROOM = 2_900
"""Characters of a form that is carried along while it is shown what it means."""
MANY = 100_000
"""Items of which counting those of an audit may take longer than an answer to a click."""
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """A form of a project, and what is chosen and typed in it, by block."""

    project_id: int
    typed: Mapping[str, Any]

    def __str__(self) -> str:
        kept = {name: one for name, one in self.typed.items() if name in FIELDS and one and one != ANY}
        return json.dumps([self.project_id, kept], separators=(",", ":"))

    @classmethod
    def read(cls, text: str, typed: Mapping[str, Any] | None = None) -> Self:
        """What ``str`` of it gave; ``typed`` is what the form has by now. Raises RefusedError for anything else."""
        try:
            project_id, kept = json.loads(text)
        except (ValueError, TypeError):
            raise RefusedError(OLD) from None
        if not (type(project_id) is int and 0 < project_id < 2**63 and isinstance(kept, dict)):
            raise RefusedError(OLD)
        return cls(project_id, kept if typed is None else typed)

    def text(self, block: str) -> str:
        """What is chosen or typed in a field; empty for nothing, and for what is no text."""
        found = self.typed.get(block)
        return found.strip() if isinstance(found, str) and found != ANY else ""

    @property
    def design(self) -> AuditDesign:
        """How the sample is drawn; at random where nothing was chosen yet."""
        chosen = self.text("design")
        return AuditDesign(chosen) if chosen in set(AuditDesign) else AuditDesign.RANDOM

    @property
    def kind(self) -> Kind:
        """What the size comes from. Only by a random sample does a lot pass or fail."""
        chosen = self.text("plan")
        known = Kind(chosen) if chosen in set(Kind) else Kind.ACCEPTANCE
        passes = self.design is AuditDesign.RANDOM
        return known if passes or known is not Kind.ACCEPTANCE else Kind.HALF_WIDTH

    @property
    def narrowed(self) -> bool:
        """Whether it is asked which items; a targeted audit needs something to look for."""
        return self.design is AuditDesign.TARGETED or self.text("which") == SOME


def read(session: Session, opened: Opened, why: str = "") -> Wanted:
    """The audit that a form wants. Raises FormError with all faults by block."""
    faults: dict[str, str] = {}
    which = _scope(session, opened, faults)
    by = _plan(opened, faults)
    if not faults and opened.design is AuditDesign.TARGETED and not which.grounds:
        faults["design"] = "Say below what you suspect: a person, a label, low agreement, or anything else there."
    if not faults and len(str(opened)) > ROOM:
        faults["items"] = (
            "These are more than fit into a form. Choose a column of the file, or use the command line: "
            "concord audit start --suspects FILE."
        )
    if faults:
        raise FormError(faults)
    return Wanted(opened.design, which, by, why)


def takes_long(session: Session, project_id: int) -> bool:
    """Whether a project has so many items that counting some of them takes longer than a click may."""
    items = select(func.coalesce(func.sum(col(Lot.items)), 0)).where(col(Lot.project_id) == project_id)
    return int(session.execute(items).scalar_one()) > MANY


def _scope(session: Session, opened: Opened, faults: dict[str, str]) -> Scope:
    by = By(opened.text("by")) if opened.text("by") in set(By) else By.LABEL
    if not opened.narrowed:
        return Scope(by=by)
    found: dict[str, Any] = {"low_agreement": bool(opened.typed.get("low"))}
    for block, offer in OFFERS.items():
        if chosen := opened.text(block):
            known = {one.value: one.means for one in offer(session, opened.project_id)}
            if chosen not in known:
                faults[block] = GONE
            found[MEANS[block]] = known.get(chosen)
    lines, since = opened.text("items"), opened.text("since")
    if lines:
        found["suspects"] = _tried(
            faults, "items", lambda: scope.suspects(session, opened.project_id, lines.splitlines(), "The list")
        )
    if since:
        found["since"] = _tried(faults, "since", lambda: asking.day(session, opened.project_id, since))
    return Scope(by=by, **found)


def _plan(opened: Opened, faults: dict[str, str]) -> Plan:
    before = len(faults)
    if opened.kind is Kind.ITEMS:
        block, found = "size", plan.looking_at(_whole(opened, faults))
    elif opened.kind is Kind.HALF_WIDTH:
        width, expected = _share(opened, "half_width", "4", faults), _share(opened, "expected", "5", faults)
        block, found = "half_width", plan.within(width, expected)
    else:
        block, found = "ltpd", plan.accepting(_share(opened, "aql", "2", faults), _share(opened, "ltpd", "8", faults))
    if len(faults) == before:
        _tried(faults, block, lambda: plan.check(found, opened.design))
    return found


def _share(opened: Opened, block: str, such: str, faults: dict[str, str]) -> float:
    try:
        return asking.share(f"{opened.text(block).replace('%', '').strip()}%")
    except RefusedError:
        faults[block] = f"Write a percentage between 0 and 100, such as {such}."
        return 0.0


def _whole(opened: Opened, faults: dict[str, str]) -> int:
    text = opened.text("size")
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    faults["size"] = "Write how many items, such as 100."
    return 0


def _tried(faults: dict[str, str], block: str, make: Callable[[], T]) -> T | None:
    try:
        return make()
    except RefusedError as refused:
        faults[block] = str(refused)
        return None
