"""Project files: every scalar is the text that was typed, and every fault is named with its line, all at once."""

import json
import re
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import ValidationError

from storage.tables import ChangeKind, Level, Role, SkipRule
from workflow import label_schema, yaml_text
from workflow.guidelines.rules import GuidelineRules
from workflow.guidelines.rules import kept as rules_kept
from workflow.intake.spec import FilterSpec, IntakeSpec, NearSpec
from workflow.intake.steps import STEPS
from workflow.project_file import ProjectFileError, load, parse
from workflow.project_spec import TAKEN_FIELDS, ProjectSpec
from workflow.quality_rules import PARTS, QualityRules
from workflow.quality_rules import kept as quality_kept

HEAD = 'name: rte\nquestion: Does it follow?\nchannels: {team: "#a", review: "#b", leads: "#c"}\n'
DEMO = Path(__file__).parents[2] / "demo" / "project.yaml"
DOCS = Path(__file__).parents[2] / "docs" / "project-file.md"

TYPED = ["yes", "no", "on", "off", "010", "9:30", "null", "~", "1.0", "1e3", "0x1F", "2026-01-01", "=", "<<", "true"]

# What YAML can hold, and what a label may be: one line that can be seen.
VISIBLE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"], exclude_characters="\ufeff\ufffe\uffff"),
    min_size=1,
    max_size=30,
).filter(lambda text: any(unicodedata.category(c)[0] in "LNPS" for c in text))


def faults(text: str) -> list[str]:
    with pytest.raises(ProjectFileError) as caught:
        parse(text.encode())
    return str(caught.value).splitlines()


def test_the_documented_shape_is_read() -> None:
    spec = load(DEMO)
    assert (spec.name, spec.overlap, spec.batch_size, spec.accept) == ("rte", 10, 25, "majority")
    assert (spec.level, spec.skip, spec.hold) == (Level.NOMINAL, SkipRule.OTHERS, 86_400)
    assert [(label.value, label.title) for label in spec.labels] == [("yes", "Implies"), ("no", "Does not")]
    assert spec.channels.review == "#rte-review"
    assert {person.user for person in spec.people} == {"@ana", "@ben", "@cem", "@rita", "@odo", "@lea", "@max"}
    assert spec.guideline_markdown.startswith("# Does the text imply")


def test_the_examples_of_the_documentation_are_read() -> None:
    shape, imports, rules, quality = re.findall(
        r"^```yaml\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert parse(shape.encode()).intake == IntakeSpec()
    assert parse(shape.encode()).guidelines == GuidelineRules()
    assert parse(shape.encode()).quality == QualityRules()
    spec = parse((shape + imports + rules + quality).encode())
    assert quality_kept(spec.quality) == {
        # ``due: 2d`` of a review, ``summary`` and ``feedback`` are as they are by themselves.
        "review": {"newcomer": 50, "share": 0.05, "disagreement": True, "flagged": True, "lease": "45m"},
        "cases": {
            "due": "8h", "remind": "2h", "begins": "08:30", "ends": "17:30",
            "days": ["monday", "tuesday", "wednesday", "thursday"],
        },
        "disputes": {"window": "14d"},
        "audits": {"every": "week", "aql": 0.01, "ltpd": 0.05, "day": "friday", "at": "15:00"},
    }  # fmt: skip
    assert spec.guidelines.hold_after(ChangeKind.RULE_CHANGE) == timedelta(days=1)
    assert rules_kept(spec.guidelines) == {
        "approvals": 2, "grace": "24h", "open_batches": "pause", "check": 3, "tell_lead_after": 5, "wanted_width": 0.1,
    }, "what is as it is by itself is not kept"  # fmt: skip
    assert (spec.near.do, spec.near.threshold, spec.near.long_threshold) == ("link", 0.85, 0.9)
    assert spec.intake.off == {"html_entities"}
    does = {one.name: one.do for one in spec.filters}
    assert does == {
        "too-short": "refuse", "languages": "refuse", "placeholder": "refuse", "sources": "refuse", "contact": "mask",
        "cards": "refuse",
    }  # fmt: skip


def test_the_documentation_names_every_key_step_and_taken_column() -> None:
    named = set(re.findall(r"`([a-z_]+)[`:]", DOCS.read_text(encoding="utf-8")))
    assert {
        *ProjectSpec.model_fields,
        *FilterSpec.model_fields,
        *NearSpec.model_fields,
        *GuidelineRules.model_fields,
        *QualityRules.model_fields,
        *(key for part in PARTS.values() for key in part.model_fields),
    } - named <= {"do"}
    assert set(STEPS) <= named
    assert named >= TAKEN_FIELDS


@pytest.mark.parametrize("typed", ["on", "off", "yes", "no", "true", "False"])
def test_a_step_is_switched_with_any_of_the_words_for_it(typed: str) -> None:
    spec = parse(f"{HEAD}labels: [a, b]\nsteps: {{white_space: {typed}}}".encode())
    assert spec.intake.off == (set() if typed in ("on", "yes", "true") else {"white_space"})


@pytest.mark.parametrize("typed", TYPED)
def test_allowed_values_are_the_text_that_was_typed(typed: str) -> None:
    spec = parse(f"{HEAD}labels: [a, b]\nfilters: [{{name: x, field: source, values: [{typed}, other]}}]".encode())
    assert spec.filters[0].values == (typed, "other")


def test_faults_of_what_comes_in_are_named_with_their_lines() -> None:
    found = faults(
        HEAD
        + """labels: [a, b]
near: {do: lnk, thresold: 0.8, threshold: 2}
steps:
  html_entites: off
  unicode_nfc: maybe
filters:
  - {name: short, length: {mn: 3}}
  - {length: {min: 0}, reasn: x}
  - {name: en, language: [english], min_confidence: 1}
  - {name: nothing}
  - text
  - name: bad
    pattern: "(x"
    must: mtch
  - {name: mail, personal_data: [mail], region: Germany}
"""
    )
    assert [line.removeprefix("project.yaml:") for line in found] == [
        "5: near.do: 'lnk' is not known: did you mean link?",
        "5: near.threshold: 2 is out of bounds: at most 1",
        "5: near.thresold: is not a key here: did you mean threshold?",
        "7: steps.html_entites: 'html_entites' is no step: did you mean html_entities?",
        "8: steps.unicode_nfc: 'maybe' is neither on nor off",
        "10: filters[0].length.mn: is not a key here: did you mean min?",
        "11: filters[1].length.min: 0 is out of bounds: at least 1",
        '11: filters[1].name: is missing: write name: and a short name such as "rte"',
        "11: filters[1].reasn: is not a key here: did you mean reason?",
        "12: filters[2].language[0]: 'english' is no language code: write one such as en, de or zh",
        "12: filters[2].min_confidence: 1 is out of bounds: below 1",
        "13: filters[3]: looks for nothing: write one of length, language, pattern, values, personal_data",
        "14: filters[4]: must be a mapping, such as {key: value}",
        "16: filters[5].pattern: is no regular expression: missing ) at position 2",
        "17: filters[5].must: 'mtch' is not known: did you mean match?",
        "18: filters[6].personal_data[0]: 'mail' is not known: did you mean email?",
        "18: filters[6].region: 'Germany' is no region: write the two letters of a country such as DE or US",
    ]


def test_faults_of_quality_say_what_to_write() -> None:
    quality = (
        "quality: {review: {share: [1], due: [], newcomer: -1, flagged: }, cases: {begins: 18:00}, audits: {aql: .5}}"
    )
    assert [line.removeprefix("project.yaml:5: quality.") for line in faults(f"{HEAD}labels: [a, b]\n{quality}\n")] == [
        "audits: aql is 0.5 and ltpd 0.08: aql must be smaller",
        "cases: begins at 18:00 and ends at 17:00: begins must be earlier",
        "review.due: [] is no time span: write minutes, hours or days such as 90m, 24h or 2d",
        "review.flagged: is empty: give it a value (text that begins with # needs quotes), or leave the line out",
        "review.newcomer: '-1' is not a whole number: write digits such as 3",
        "review.share: must be a number, such as 0.8",
    ]


@pytest.mark.parametrize("typed", ["near: []", "steps: [a]", "steps: off", "filters: {a: b}", "filters: x", "near:"])
def test_what_has_another_shape_is_a_fault_on_its_line(typed: str) -> None:
    [found] = faults(f"{HEAD}labels: [a, b]\n{typed}\n")
    assert found.startswith(f"project.yaml:5: {typed.partition(':')[0]}")


@pytest.mark.parametrize("typed", TYPED)
def test_words_that_yaml_would_guess_at_are_the_text_that_was_typed(typed: str) -> None:
    spec = parse(f"{HEAD}labels: [{typed}, other]".encode())
    assert spec.labels[0].value == typed
    assert spec.labels[0].title == typed


def test_times_and_numbers_are_read_from_their_text() -> None:
    spec = parse(f"{HEAD}labels: [a, b]\ndigest: 9:30\nhold: 90m\noverlap: 010\naccept: .80".encode())
    assert (spec.digest, spec.hold, spec.overlap, spec.accept) == ("09:30", 5400, 10, "0.8")


@given(st.lists(VISIBLE, min_size=2, max_size=5, unique_by=lambda text: unicodedata.normalize("NFKC", text).strip()))
def test_any_text_is_a_label_however_it_is_quoted(texts: list[str]) -> None:
    wanted = [unicodedata.normalize("NFC", text).strip() for text in texts]
    fold = [" ".join(text.split()) for text in wanted]
    if len(set(fold)) < len(fold):
        return
    dumped = yaml.safe_dump({"labels": texts}, allow_unicode=True)
    escaped = "labels: " + json.dumps(texts)
    for written in (dumped, escaped):
        spec = parse((HEAD + written).encode())
        assert [label.value for label in spec.labels] == wanted


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(raw: bytes) -> None:
    tree = yaml_text.read(raw)
    assert all(1 <= fault.line <= raw.count(b"\n") + raw.count(b"\r") + 1 for fault in tree.faults)


@given(st.text(st.sampled_from("ab:-[]{}&*!|>?\"'#%@` \n\t,"), max_size=60))
def test_no_yaml_breaks_the_reader(text: str) -> None:
    try:
        parse((HEAD + text).encode())
    except ProjectFileError as error:
        assert error.faults  # noqa: PT017 - the point is that nothing else is raised


def test_all_faults_are_named_at_once_with_their_lines() -> None:
    text = """name: RTE!
levl: nominal
question: q
labels:
  - {value: yes, title: Same}
  - {value: no, title: Same}
  - {value: yes}
  - {title: nothing}
overlap: three
batch_size: 101
accept: 0
skip: other
hold: 2w
channels: {team: rte, review: "#r"}
time_zone: Europe/Berln
digest: 24:00
people:
  - {user: "@ana", roles: [anotator]}
  - {user: ana, roles: []}
"""
    found = faults(text)
    places = [line.split(": ")[0].split(":")[1] + " " + line.split(": ")[1] for line in found]
    assert places == [
        "1 name",
        "2 levl",
        "6 labels[1].title",
        "7 labels[2].value",
        "8 labels[3].value",
        "9 overlap",
        "10 batch_size",
        "11 accept",
        "12 skip",
        "13 hold",
        "14 channels.leads",
        "14 channels.team",
        "15 time_zone",
        "16 digest",
        "18 people[0].roles[0]",
        "19 people[1].roles",
        "19 people[1].user",
    ]
    assert "did you mean level?" in found[1]
    assert "did you mean Europe/Berlin?" in found[12]
    assert "did you mean annotator?" in found[14]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("labels: [a, b]\nlabels: [c, d]\n", 5, "twice, first on line 4"),
        ("labels: &all [a, b]\nfields: *all\n", 4, "anchors"),
        ("labels: &all [a, b]\nfields: *all\n", 5, "aliases"),
        ("labels: [!!str a, b]\n", 4, "tags"),
        ("labels: !custom [a, b]\n", 4, "tags"),
        ("labels: [a, b]\n---\nname: other\n", 5, "second document"),
        ("labels: [a, b\n", 5, "not YAML"),
        ("labels: [a, b]\npeople:\n  - {user: @ana, roles: [lead]}\n", 6, 'needs quotes: "@ana"'),
        ("labels: [a, b]\npeople:\n", 5, "is empty"),
        ("labels: [a, b]\n? [x]\n: y\n", 5, "plain text"),
        ("labels: [a, b]\nguideline: [x]\n", 5, "must be text"),
        ("labels: [a]\n", 4, "has 1: write 2 to 100"),
        ("labels: {a: b}\n", 4, "must be a list"),
        ("labels: [a, {value: b, title: '" + "x" * 76 + "'}]\n", 4, "at most 75"),
        ("labels: [a, " + "x" * 151 + "]\n", 4, "at most 150"),
        ("labels: [a, b]\nfields: [text, gold]\n", 5, "Concord fills itself"),
        ("labels: [a, b]\nfields: [text, text]\n", 5, "twice"),
        ("labels: [a, b]\noverlap: 0\n", 5, "at least 1"),
        ("labels: [a, b]\ntask: spans\n", 5, "so far there is choice"),
        ("labels: [a, b]\naccept: 1.01\n", 5, "up to 1"),
        ("labels: [a, b]\nhold: 31d\n", 5, "from 1m to 30d"),
        ('labels: [a, "b\\u0007"]\n', 4, "cannot be seen"),
        ("labels: [a, b]\nlevel: interval\n", 4, "not a number"),
        ("level: ratio\nlabels: [1, -2]\n", 5, "true zero"),
        ("level: interval\nlabels: [1, 1.0]\n", 5, "same number"),
        ("labels: [\u00e9, e\u0301]\n", 4, "could not tell them apart"),
    ],
)
def test_faults_say_where_and_what(text: str, line: int, said: str) -> None:
    found = faults(HEAD + text)
    assert any(fault.startswith(f"project.yaml:{line}: ") and said in fault for fault in found), found


def test_aliases_that_would_explode_cost_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = faults(HEAD + "\n".join(lines))
    assert sum("aliases" in fault for fault in found) == 29 * 9


@pytest.mark.parametrize("raw", [b"", b"# nothing\n", b"just text", b"- a\n- b"])
def test_what_is_no_mapping_is_refused(raw: bytes) -> None:
    with pytest.raises(ProjectFileError, match=r"^project\.yaml:1: a project is written as"):
        parse(raw)


def test_a_byte_order_mark_and_other_line_ends_are_tolerated() -> None:
    raw = b"\xef\xbb\xbf" + f"{HEAD}labels: [a, b]\nbad: x".replace("\n", "\r\n").encode()
    with pytest.raises(ProjectFileError, match=r"^project\.yaml:5: bad: "):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (HEAD.encode() + b"labels: [\xff, b]", "project.yaml:4: not UTF-8"),
        (b"name: x\n" * 300_000, "larger than 2 MB"),
        (HEAD.encode() + b"labels: [a, b]\nx: \x07", "project.yaml:5: the character U\\+0007"),
        (b"[" * 5_000, "nested too deeply"),
    ],
)
def test_files_that_are_no_text_are_refused(raw: bytes, said: str) -> None:
    with pytest.raises(ProjectFileError, match=said):
        parse(raw)


def test_lines_are_counted_as_editors_do() -> None:
    found = faults(HEAD + 'labels: ["a\u2028", b]\nbad: x\n')
    assert any(fault.startswith("project.yaml:5: bad") for fault in found)


def test_a_user_named_twice_has_both_roles() -> None:
    people = 'people:\n  - {user: "@Ana", roles: [annotator]}\n  - {user: "@ana", roles: [lead, annotator]}\n'
    spec = parse(f"{HEAD}labels: [a, b]\n{people}".encode())
    assert [(person.user, person.roles) for person in spec.people] == [("@Ana", (Role.ANNOTATOR, Role.LEAD))]


def test_the_guideline_is_read_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_bytes(b"\xef\xbb\xbf# Rules\r\n\r\nBe careful\x00.\r\n")
    (tmp_path / "project.yaml").write_text(HEAD + "labels: [a, b]\nguideline: rules.md\n")
    assert load(tmp_path / "project.yaml").guideline_markdown == "# Rules\n\nBe careful\ufffd.\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"\xff", "not UTF-8"),
        (b" \n", "empty"),
        (b"x" * 400_001, "at most"),
        (b"%PDF-1", "a PDF"),
    ],
)
def test_a_guideline_that_cannot_be_used_is_named_with_the_other_faults(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "rules.md").write_bytes(content)
    (tmp_path / "project.yaml").write_text(HEAD + "labels: [a, b]\nguideline: rules.md\noverlap: x\n")
    with pytest.raises(ProjectFileError) as caught:
        load(tmp_path / "project.yaml")
    first, second = str(caught.value).splitlines()
    assert first.startswith("project.yaml:5: guideline: ")
    assert said in first
    assert second.startswith("project.yaml:6: overlap: ")


def test_without_a_guideline_the_labels_are_the_guideline() -> None:
    spec = parse(f"{HEAD}labels: [{{value: a, title: '*Aye*', description: 1. Not a list}}, b]".encode())
    html = MarkdownIt().render(spec.guideline_markdown)
    assert "<h1>Does it follow?</h1>" in html
    assert "<strong>*Aye*</strong>" in html
    assert "<p>1. Not a list</p>" in html


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40))
def test_text_in_a_made_guideline_is_never_markup(text: str) -> None:
    [paragraph, inline, _] = MarkdownIt().parse("x" + label_schema.escaped(text))
    assert paragraph.type == "paragraph_open"
    assert {child.type for child in inline.children or []} <= {"text", "text_special"}
    assert "".join(child.content for child in inline.children or []) == ("x" + text).rstrip()


def test_a_description_made_in_code_is_checked_too() -> None:
    with pytest.raises(ValidationError, match="could not tell them apart"):
        ProjectSpec.model_validate(
            {
                "name": "x",
                "question": "q",
                "labels": ["a", "a"],
                "channels": dict.fromkeys(("team", "review", "leads"), "#a"),
            }
        )


@pytest.mark.parametrize(
    ("level", "numbers"),
    [("nominal", [None, None]), ("ordinal", [1.0, 2.0]), ("interval", [-1.5, 3.0]), ("ratio", [0.0, 3.0])],
)
def test_values_stand_for_numbers_by_level(level: str, numbers: list[float | None]) -> None:
    values = ["-1.5" if level == "interval" else "0", "3"]
    assert label_schema.numbers(values, Level(level)) == numbers
