"""What tells who somebody is, wherever it stands in the store: found in every text of every table, and replaced.

Tables and columns are read from the schema, so that one which is added later is looked through as well. How far a text may
be changed depends on whose it is:

- what people write to each other here, and what Concord writes down, may hold a name in the middle of a sentence;
- what came in a file is the project's material: there a Slack id, an e-mail address, a handle and a name of several words
  are somebody's beyond doubt, but a first name alone may be anybody's, and stays;
- the labelled texts themselves, the ids of items and the label schema are never touched: they are counted.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    false,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import Enum as EnumType
from sqlmodel import Session, SQLModel, col

from storage.engine import Store
from storage.tables import Person, PriorLabel, plain

PAGE = 500

NEVER = {
    # ``scope`` is what was asked for, in numbers and in the project's own words; suspects are packed in it.
    "audit": {"plan", "scope"},
    "card": {"kind"},
    "case_reply": {"ts"},
    "channel": {"name", "slack_id"},
    "claim": {"job"},
    "finding": {"reason_code"},
    "flag": {"reason"},
    "guideline_example": {"fields"},
    # Labels by value: they are those of the label schema.
    "guideline_proposal": {"label_changes", "labels_touched"},
    "history": {"action", "subject"},
    "item": {"fields", "key", "digest", "gold", "decided_by"},
    "label_value": {"value", "title"},
    "lot": {"sha256", "file_format", "encoding", "delimiter"},
    "outbox": {"purpose", "template", "card_kind"},
    "pattern": {"pattern"},
    # Other people's own data; the person's own row is rewritten as a whole.
    "person": {"handle", "slack_id", "name", "time_zone", "dm"},
    # By whole names only, in ``rename_prior_labels``.
    "prior_label": {"annotator"},
    "project": {"name", "fields", "task", "accept", "time_zone", "digest_at", "quality"},
    "review": {"reason_code"},
    "ruling": {"reason_code"},
    "workspace": {"team_id", "name"},
}
IMPORTED = {
    "audit": {"tiers"},
    "item": {"metadata", "segment", "flagged_by"},
    "lot": {"file_name", "header", "columns"},
    "file_drop": {"name", "choices", "preview"},
    "guideline_proposal": {"segments_touched"},
    "pattern": {"segment"},
    "queue": {"skill", "difficulty"},
    "refused_row": {"field", "reason", "row"},
}
KEYS = {"outbox": {"key", "subject", "thread_key"}}


@dataclass(frozen=True)
class Identity:
    """What somebody is known by. ``handles`` are ``@name`` and e-mail addresses, ``ids`` Slack's of person and DM.

    ``others`` are other people's names: one that contains this person's is not theirs.
    """

    person_id: int
    ids: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def pseudonym(self) -> str:
        """The name that stays: the same at every place and for ever, and nobody else's."""
        return f"former member {self.person_id}"

    @property
    def everything(self) -> tuple[str, ...]:
        """All of it, as it may stand in a text."""
        return (*self.ids, *self.handles, *self.names)

    @property
    def several_words(self) -> tuple[str, ...]:
        """The names that are nobody else's word."""
        return tuple(name for name in self.names if len(name.split()) > 1)


@dataclass
class Replacer:
    """Replaces what identifies somebody in a text, or in every text of a JSON document."""

    identity: Identity
    _spoken: re.Pattern[str] = field(init=False)
    _certain: re.Pattern[str] = field(init=False)
    _keys: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        certain = [*self._ids(), *map(_insensitive, (*self.identity.handles, *self.identity.several_words))]
        protected = [_word(name) for name in self.identity.others]
        names = [_word(name) for name in self.identity.names]
        self._spoken = _any_of([*(f"(?P<other{n}>{one})" for n, one in enumerate(protected)), *certain, *names])
        self._certain = _any_of([*(f"(?P<other{n}>{one})" for n, one in enumerate(protected)), *certain])
        self._keys = _any_of([*self._ids(), *map(_insensitive, self.identity.handles)])

    def spoken(self, value: Any) -> Any:
        """In what people and Concord write here."""
        return self._in(value, self._spoken, self.identity.pseudonym)

    def imported(self, value: Any) -> Any:
        """In what came in a file."""
        return self._in(value, self._certain, self.identity.pseudonym)

    def key(self, value: Any) -> Any:
        """In what tells one message from another."""
        return self._in(value, self._keys, f"former-{self.identity.person_id}")

    def _ids(self) -> list[str]:
        # Slack writes a mention as the id in angle brackets, at times with the name after it.
        return [
            rf"<@{re.escape(one)}(?:\|[^>]*)?>|(?<![A-Za-z0-9]){re.escape(one)}(?![A-Za-z0-9])"
            for one in self.identity.ids
        ]

    def _in(self, value: Any, pattern: re.Pattern[str], pseudonym: str) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda found: found.group() if found.lastgroup else pseudonym, value)
        if isinstance(value, list):
            return [self._in(one, pattern, pseudonym) for one in value]
        if isinstance(value, dict):
            return {self._in(key, pattern, pseudonym): self._in(one, pattern, pseudonym) for key, one in value.items()}
        return value


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    # Longest first: `@ana.b` is not `@ana` and something.
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)")


def _insensitive(text: str) -> str:
    return f"(?i:{_word(text)})"


def _word(text: str) -> str:
    """The text, not as part of a longer word; where a script writes without spaces, anywhere."""
    if "@" in text:
        return rf"(?<![\w@.+-]){re.escape(text)}(?!\w)(?![.-]\w)"
    before = r"(?<![\w@])@?" if _ends_words(text[0]) else ""
    return before + re.escape(text) + (r"(?!\w)" if _ends_words(text[-1]) else "")


def _ends_words(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()


def sweep(store: Store, identity: Identity, *, write: bool = True) -> Counter[str]:
    """Replace every trace, at most 500 rows a transaction; how many rows of each table changed, or would.

    Looking takes as long as reading the tables, and is done outside of the transactions that write. The history comes last:
    it knows what somebody was called before, for whoever has to begin again.
    """
    replacer = Replacer(identity)
    found: Counter[str] = Counter()
    for table in sorted(SQLModel.metadata.sorted_tables, key=lambda one: one.name == "history"):
        columns = _texts(table)
        for keys in _pages(store, table, columns, identity) if columns else ():
            work = partial(_page, table, columns, keys, replacer)
            if write:
                found[table.name] += store.transact(partial(work, write=True))
            else:
                with store.read() as session:
                    found[table.name] += work(session, write=False)
    return +found


def untouched(session: Session, identity: Identity) -> int:
    """How many items name the person in what is labelled, or in their id; these stay as they are."""
    item = SQLModel.metadata.tables["item"]
    replacer = Replacer(identity)
    rows = session.execute(
        select(item.c.key, item.c.fields)
        .where(_mentions([item.c.key, item.c.fields], identity))
        .execution_options(yield_per=PAGE)
    )
    return sum(replacer.spoken([row.key, row.fields]) != [row.key, row.fields] for row in rows)


def _texts(table: Table) -> list[Column[Any]]:
    return [one for one in table.c if _holds_text(one) and one.name not in NEVER.get(table.name, set())]


def _holds_text(column: Column[Any]) -> bool:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(kind, JSON | String) and not isinstance(kind, EnumType)


def _pages(
    store: Store, table: Table, columns: Sequence[Column[Any]], identity: Identity
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The keys of rows that may hold a trace, in their order."""
    mentions, keys = _mentions(columns, identity), list(table.primary_key.columns)
    # Where the key is made of several columns there are never many rows.
    most = PAGE if len(keys) == 1 else None
    wanted = select(*keys).where(mentions).order_by(*keys).limit(most)
    with store.read() as session:
        page = session.execute(wanted).all()
    while page:
        yield [tuple(row) for row in page]
        if len(page) != most:
            return
        with store.read() as session:
            page = session.execute(wanted.where(keys[0] > page[-1][0])).all()


def _page(
    table: Table,
    columns: Sequence[Column[Any]],
    keys: Sequence[tuple[Any, ...]],
    replacer: Replacer,
    session: Session,
    *,
    write: bool,
) -> int:
    """Replace the traces in some rows; how many changed, or would."""
    key = list(table.primary_key.columns)
    wanted = select(*key, *columns).where(tuple_(*key).in_(keys)).order_by(*key)
    rows = session.execute(wanted.with_for_update(key_share=True) if write else wanted).all()
    changed = [one for row in rows if (one := _changed(table, columns, row, replacer))]
    if write:
        _write(session, table, changed)
    return len(changed)


def _changed(table: Table, columns: Sequence[Column[Any]], row: Any, replacer: Replacer) -> dict[str, Any]:
    """The row's key and its new values; nothing where it stays as it is."""
    values = {one.name: _replaced(table, one, row._mapping[one], replacer) for one in columns}
    if all(values[one.name] == row._mapping[one] for one in columns):
        return {}
    return {f"key_{one.name}": row._mapping[one] for one in table.primary_key.columns} | values


def _replaced(table: Table, column: Column[Any], value: Any, replacer: Replacer) -> Any:
    if value is None:
        return None
    if column.name in KEYS.get(table.name, set()):
        new = replacer.key(value)
    elif column.name in IMPORTED.get(table.name, set()):
        new = replacer.imported(value)
    else:
        new = replacer.spoken(value)
    longest = getattr(column.type, "length", None)
    return new[:longest] if isinstance(new, str) and longest else new


def _write(session: Session, table: Table, changed: Sequence[dict[str, Any]]) -> None:
    if not changed:
        return
    here = and_(*(one == bindparam(f"key_{one.name}") for one in table.primary_key.columns))
    values: dict[str, Any] = {name: bindparam(name) for name in changed[0] if not name.startswith("key_")}
    session.connection().execute(update(table).where(here).values(**values), list(changed))


def _mentions(columns: Iterable[Column[Any]], identity: Identity) -> ColumnElement[bool]:
    """SQL: whether one of these columns may hold a trace. Where the databases cannot tell, they say yes."""
    forms = sorted({form for one in identity.everything for form in _forms(one)})
    if not forms:
        return false()
    return or_(*(cast(one, Text).icontains(form, autoescape=True) for one in columns for form in forms))


def _forms(text: str) -> set[str]:
    """A text as it may stand in a column: neither database folds the case of what is not ASCII, and JSON escapes that."""
    cases = {text, text.lower(), text.upper(), text.casefold(), text.title()}
    return cases | {json.dumps(one)[1:-1] for one in cases}


def rename_prior_labels(store: Store, identity: Identity, *, write: bool = True) -> int:
    """Labels that items came with, given by the person elsewhere; how many. Of two that become the same, one goes."""
    renamed = 0
    for spelling in _spellings(store, identity):
        for ids in _given_by(store, spelling):
            if write:
                store.transact(partial(_rename, ids, identity.pseudonym))
            renamed += len(ids)
    return renamed


def _given_by(store: Store, annotator: str) -> Iterator[list[int]]:
    """The ids of prior labels, page by page."""
    label = plain(PriorLabel).c
    after = 0
    while True:
        wanted = select(label.id).where(label.annotator == annotator, label.id > after).order_by(label.id).limit(PAGE)
        with store.read() as session:
            ids = list(session.execute(wanted).scalars())
        if not ids:
            return
        yield ids
        after = ids[-1]


def _spellings(store: Store, identity: Identity) -> list[str]:
    """The annotators' names of prior labels that are this person."""
    annotator = plain(PriorLabel).c.annotator
    bare = tuple(one.removeprefix("@") for one in identity.handles)
    known = {one.casefold() for one in (*identity.everything, *bare)}
    named = Identity(identity.person_id, identity.ids, bare, identity.names)
    with store.read() as session:
        found = session.execute(select(annotator).where(_mentions([annotator], named)).distinct()).scalars()
        return [one for one in found if one.casefold() in known]


def _rename(ids: Sequence[int], pseudonym: str, session: Session) -> None:
    label, twin = plain(PriorLabel), plain(PriorLabel).alias()
    same = and_(twin.c.item_id == label.c.item_id, twin.c.value_id == label.c.value_id, twin.c.annotator == pseudonym)
    session.execute(delete(label).where(label.c.id.in_(ids), exists().where(same)))
    session.execute(update(label).where(label.c.id.in_(ids)).values(annotator=pseudonym))


def names_of_others(session: Session, person_id: int, names: Iterable[str]) -> list[str]:
    """Names of other people that contain one of these and are longer."""
    found = session.execute(select(col(Person.name)).where(col(Person.id) != person_id)).scalars()
    return sorted({one for one in found for name in names if name and name in one and name != one})
