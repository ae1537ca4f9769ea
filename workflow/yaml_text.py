"""YAML in which every scalar is the text that was typed, and every value knows its line.

YAML by itself makes a truth value of ``no``, the number 8 of ``010`` and 570 of ``9:30``. Nothing here is guessed: the
reader of the tree says where it wants a number.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent, DocumentStartEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

from workflow.normalise import joined_surrogates

LARGEST = 2 * 1024 * 1024
DEEPEST = 20

Path = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong, on which line (from 1), at which value."""

    line: int
    path: Path
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {dotted(self.path)}: {self.message}" if self.path else f"{self.line}: {self.message}"


@dataclass
class Tree:
    """A document: mappings, lists and texts; None where nothing was typed. ``lines`` has the line of every path."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def dotted(path: Path) -> str:
    """A path as people write it: ``labels[3].value``, counted from 0."""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f".{step}" if written else step
    return written


def read(raw: bytes) -> Tree:
    """Read one document. What is wrong with it as YAML stands in ``faults``; the rest was read all the same."""
    tree = Tree()
    if len(raw) > LARGEST:
        tree.faults.append(Fault(1, (), f"the file is larger than {LARGEST // 1024**2} MB"))
        return tree
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        tree.faults.append(Fault(line, (), "not UTF-8 text: save the file as UTF-8"))
        return tree
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _Composer(text, tree).compose()
    return tree


class _Composer:
    """Builds the tree from parser events; the line of a mark is counted in line feeds, as editors do."""

    def __init__(self, text: str, tree: Tree) -> None:
        self.tree = tree
        self.text = text
        self.ends = [at for at, character in enumerate(text) if character == "\n"]

    def compose(self) -> None:
        try:
            events = yaml.parse(self.text, Loader=yaml.SafeLoader)
            self._documents(events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fault(self._line(mark), (), _syntax(error))
        except yaml.reader.ReaderError as error:
            found = f"the character U+{ord(self.text[error.position]):04X}"
            self._fault(self._line_at(error.position), (), f"{found} may not stand here: take it out")

    def _documents(self, events: Iterator[Any]) -> None:
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self._fault(self._line(event.start_mark), (), "a second document begins: one file, one project")
                    return
                self.tree.data = self._value(events, next(events), ())

    def _value(self, events: Iterator[Any], event: Any, path: Path) -> Any:
        line = self._line(event.start_mark)
        self.tree.lines.setdefault(path, line)
        if isinstance(event, AliasEvent):
            self._fault(line, path, f"aliases (*{event.anchor}) are not read here: write the value out")
            return None
        if event.anchor is not None:
            self._fault(line, path, f"anchors (&{event.anchor}) are not read here: take it out; for text, use quotes")
        if event.tag is not None:
            self._fault(line, path, f"tags ({event.tag}) are not read here: take it out; for text, use quotes")
        if isinstance(event, ScalarEvent):
            return joined_surrogates(event.value) if event.value or not event.implicit[0] else None
        if len(path) >= DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
        if isinstance(event, SequenceStartEvent):
            return self._list(events, path)
        assert isinstance(event, MappingStartEvent)  # noqa: S101 - the parser has no other event here
        return self._mapping(events, path)

    def _list(self, events: Iterator[Any], path: Path) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            values.append(self._value(events, event, (*path, len(values))))
        return values

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = self._line(event.start_mark)
            key = self._key(events, event, path)
            if key in values:
                first = self.tree.lines[(*path, key)]
                self._fault(line, (*path, key), f"stands here twice, first on line {first}: keep one of them")
                self._value(events, next(events), (*path, key))
                continue
            self.tree.lines[(*path, key)] = line
            values[key] = self._value(events, next(events), (*path, key))
        return values

    def _key(self, events: Iterator[Any], event: Any, path: Path) -> str:
        if isinstance(event, ScalarEvent) and event.anchor is None and event.tag is None:
            return joined_surrogates(event.value)
        self._value(events, event, (*path, "?"))
        self._fault(self._line(event.start_mark), path, "a key must be plain text")
        return f"? line {self._line(event.start_mark)}"

    def _fault(self, line: int, path: Path, message: str) -> None:
        self.tree.faults.append(Fault(line, path, message))

    def _line(self, mark: Any) -> int:
        return self._line_at(mark.index) if mark is not None else 1

    def _line_at(self, index: int) -> int:
        return bisect_right(self.ends, index - 1) + 1


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "this is not YAML"
    if "'@'" in problem or "'`'" in problem:
        return 'text that begins with @ or ` needs quotes: "@ana"'
    if "'\\t'" in problem:
        return "a tab stands where spaces should: indent with spaces"
    context = f" ({error.context})" if error.context else ""
    return f"this is not YAML: {problem}{context}"
