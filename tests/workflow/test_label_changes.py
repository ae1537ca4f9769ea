"""Lines that change a label schema: what is typed is what is read, and no value is lost, whatever is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.tables import Level
from workflow import normalise
from workflow.guidelines.labels import label_changes
from workflow.guidelines.labels.label_changes import ChangeOf, LabelChangeError, SchemaLabel, parse
from workflow.guidelines.labels.label_lines import escaped

KEYWORDS = ("stays",)
VALUES = (
    st.text(max_size=20)
    .map(normalise.name)
    .filter(lambda text: text and text.isprintable() and text.casefold() not in KEYWORDS)
)
SMALL = st.sampled_from(["a", "b", "c", "d", "e"])
SCHEMA = [SchemaLabel(value, value.upper()) for value in ("a", "b", "c", "d")]


def after(*lines: str, level: Level = Level.NOMINAL, retired: tuple[str, ...] = ()) -> list[str]:
    return [label.value for label in label_changes.applied(SCHEMA, parse(lines), level, retired)]


def faults(*lines: str, level: Level = Level.NOMINAL, retired: tuple[str, ...] = ()) -> dict[int, str]:
    with pytest.raises(LabelChangeError) as refused:
        after(*lines, level=level, retired=retired)
    return refused.value.by_line


@given(values=st.lists(VALUES, min_size=3, max_size=5, unique=True), stays=st.booleans())
def test_what_is_typed_is_what_is_read(values: list[str], stays: bool) -> None:
    old, first, *rest = values
    a, b, more = escaped(old), escaped(first), ", ".join(escaped(value) for value in [first, *rest])
    goes = "stays" if stays else f"goes to {b}"
    lines = [f"add {a}|", f"Rename {a}={b} | {a} | {b}", f"merge {a}, {more} = {b}", f"split {a} = {more} ;{goes}",
             f"retire {a} = {'STAYS' if stays else b}", f"order {more},{a}"]  # fmt: skip
    add, rename, merge, split, retire, order = parse(lines)
    assert (add.kind, add.new[0].value) == (ChangeOf.ADD, old)
    assert (rename.old, rename.new) == ((old,), (label_changes.NewLabel(first, old, first),))
    assert (merge.old, merge.goes_to) == (tuple(values), first)
    assert (split.old, [label.value for label in split.new]) == ((old,), values[1:])
    assert (retire.old, retire.new) == ((old,), ())
    assert split.goes_to == retire.goes_to == (None if stays else first)
    assert [label.value for label in order.new] == [*values[1:], old]


@given(
    lines=st.lists(st.text() | st.builds("{} {}".format, st.sampled_from(ChangeOf), st.text("ab|,=;\\ 𝟙", max_size=30)))
)
def test_every_line_is_read_or_refused_by_its_number(lines: list[str]) -> None:
    told: dict[int, str] = {}
    read: list[int] = []
    try:
        read = [change.number for change in parse(lines)]
    except LabelChangeError as error:
        told = error.by_line
    said = [number for number, line in enumerate(lines, 1) if normalise.storable(line).split()]
    assert all(told.values())
    assert set(told) <= set(said) if told else read == said


CHANGES = st.one_of(
    st.builds("add {}".format, SMALL),
    st.builds("rename {} = {}".format, SMALL, SMALL),
    st.builds("merge {}, {} = {}".format, SMALL, SMALL, SMALL),
    st.builds("split {} = {}, {}; {}".format, SMALL, SMALL, SMALL, st.just("stays") | SMALL.map("goes to {}".format)),
    st.builds("retire {} = {}".format, SMALL, st.just("stays") | SMALL),
    st.permutations(["a", "b", "c", "d"]).map(lambda values: f"order {', '.join(values)}"),
)


@given(lines=st.lists(CHANGES, min_size=1, max_size=4), retired=st.sets(SMALL, max_size=1))
def test_no_value_is_lost(lines: list[str], retired: set[str]) -> None:
    former = [value for value in retired if value not in "abcd"]
    try:
        changes = parse(lines)
        made = label_changes.applied(SCHEMA, changes, Level.NOMINAL, former)
    except LabelChangeError:
        return
    values = [label.value for label in made]
    kept = {label.was: label.value for label in made if label.was is not None}
    goes = label_changes.moves(changes)
    assert len(values) == len(set(values)) >= 2
    assert len({label.title for label in made}) == len(made)
    for label in SCHEMA:
        # In the schema, renamed, or retired with a place where its labels go: in the schema, or where they are.
        assert label.value in kept or label.value in goes
        assert goes.get(label.value) in (None, *values)
    assert {old: new for old, new in kept.items() if old != new} == {
        old: new for old, new in label_changes.renames(changes).items() if old in kept
    }
    assert len(label_changes.in_words(changes)) == len(changes)
    assert label_changes.touched(changes) >= set(goes)


def test_new_labels_stand_where_the_old_ones_stood() -> None:
    assert after("add e") == ["a", "b", "c", "d", "e"]
    assert after("rename b = z") == ["a", "z", "c", "d"]
    assert after("rename a = b", "rename b = a") == ["b", "a", "c", "d"]
    assert after("merge b, d = z | Both") == ["a", "z", "c"]
    assert after("merge b, d = d") == ["a", "c", "d"]
    assert after("split b = x, b; goes to b") == ["a", "x", "b", "c", "d"]
    assert after("split b = x, y; stays", "add y | Ypsilon | what is left") == ["a", "x", "y", "c", "d"]
    assert after("retire a = d", "order d, c, b") == ["d", "c", "b"]
    assert after("add gone", retired=("gone",)) == ["a", "b", "c", "d", "gone"]


def test_a_title_follows_its_value_unless_it_has_words_of_its_own() -> None:
    schema = [SchemaLabel("no", "no"), SchemaLabel("yes", "It does", "always")]
    changes = parse(["rename no = does-not", "rename yes = does"])
    found = label_changes.applied(schema, changes, Level.NOMINAL)
    assert [(label.value, label.title, label.description) for label in found] == [
        ("does-not", "does-not", ""),
        ("does", "It does", "always"),
    ]


def test_what_cannot_be_is_refused_with_its_line_and_what_to_write() -> None:
    assert "goes to b" in faults("add e", "split a = b, c")[2]
    assert "retire a = stays" in faults("retire a")[1]
    assert "no label of this project" in faults("retire x = a")[1]
    assert "line 1 already" in faults("rename a = x", "retire a = stays")[2]
    assert "added in line 1" in faults("add e", "add e")[2]
    assert "twice" in faults("rename a = b")[1]
    assert "name it on both sides" in faults("merge a, b = c")[1]
    assert "will be no label" in faults("retire a = b", "retire b = stays")[1]
    assert "goes out of use by line 1" in faults("retire a = b", "add a")[2]
    assert "was a label earlier" in faults("rename a = gone", retired=("gone",))[1]
    assert "title of two labels" in faults("add e | A")[1]
    assert "2 to 100" in faults("retire a = b", "merge b, c, d = b")[2]
    assert "2 to 100" in faults(*[f"add n{number}" for number in range(97)])[97]
    assert "every label there will be" in faults("order a, b")[1]
    assert "not a number" in faults("add e", level=Level.INTERVAL)[1]
    assert "its own title" in faults(f"add {'x' * 80}")[1]
    assert faults("add ok", "", "frob a")[3].startswith("begins with “frob”")
    assert "at most 200" in faults(*["add a"] * 201)[201]
