"""Which column becomes what: by name, as chosen, or asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.errors import RefusedError
from workflow.intake.mapping import KNOWN_ROLES, METADATA, mapped


def test_columns_go_by_their_names() -> None:
    found = mapped(["id", "text", "topic", "gold"], ["text"], {})
    assert found.roles == {"id": "id", "text": "text", "topic": METADATA, "gold": "gold"}
    assert not found.questions


def test_a_column_in_other_capitals_is_taken_where_it_is_the_only_one() -> None:
    assert mapped(["Text", "ID"], ["text"], {}).roles == {"Text": "text", "ID": "id"}


def test_the_very_name_wins_over_other_capitals() -> None:
    found = mapped(["Text", "text"], ["text"], {})
    assert found.roles == {"Text": METADATA, "text": "text"}
    assert not found.questions


@pytest.mark.parametrize("columns", [["Text", "TEXT"], ["text", "text (2)"]])
def test_two_that_are_alike_are_asked_about(columns: list[str]) -> None:
    [question] = mapped(columns, ["text"], {}).questions
    assert (question.role, question.choices) == ("text", tuple(columns))
    assert all(repr(column) in question.words for column in columns)
    assert not mapped(columns, ["text"], {"text": columns[1]}).questions


def test_a_missing_field_is_asked_about_with_the_nearest_name() -> None:
    [question] = mapped(["id", "txt", "topic"], ["text"], {}).questions
    assert question.choices == ("txt", "topic")
    assert "Did you mean 'txt'?" in question.words


def test_a_choice_moves_a_column_and_frees_the_one_of_that_name() -> None:
    found = mapped(["text", "body"], ["text"], {"text": "body"})
    assert found.roles == {"text": METADATA, "body": "text"}


def test_a_part_can_be_said_to_be_absent() -> None:
    assert mapped(["text", "gold"], ["text"], {"gold": ""}).roles == {"text": "text", "gold": METADATA}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"txt": "text"}, "nothing called 'txt'"),
        ({"text": "body"}, "no column 'body'"),
        ({"text": "text", "id": "text"}, "more than once"),
        ({"text": ""}, "choose a column"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(chosen: dict[str, str], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        mapped(["text", "id"], ["text"], chosen)


def test_a_column_that_only_later_rows_have_is_taken_by_its_name() -> None:
    found = mapped(["text"], ["text"], {"segment": ""})
    assert found.role_of("gold") == "gold"
    assert found.role_of("segment") == METADATA
    assert found.role_of("topic") == METADATA


names = st.sampled_from(["text", "Text", "hypothesis", "id", "ID", "gold", "label", "topic", "x", "segment"])


@given(st.lists(names, unique=True), st.lists(st.sampled_from(["text", "hypothesis"]), unique=True, min_size=1))
def test_every_column_becomes_one_thing_and_no_part_comes_from_two(columns: list[str], fields: list[str]) -> None:
    found = mapped(columns, fields, {})
    assert list(found.roles) == columns
    used = [role for role in found.roles.values() if role != METADATA]
    assert len(used) == len(set(used))
    assert set(used) <= {*fields, *KNOWN_ROLES}
    asked = {question.role for question in found.questions}
    assert not columns or all(field in asked or found.column_of(field) for field in fields)
