"""Worked examples that are to be answered before a version can be acknowledged."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from storage.engine import Store
from storage.tables import ChangeKind, LabelValue
from tests.databases import Databases
from tests.workflow.readers import Readers
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines.acknowledgement import checking
from workflow.guidelines.acknowledgement.checking import Checked, Question
from workflow.views import guideline


def checked(store: Store, wanted: int = 2, examples: int = 4) -> tuple[Readers, int]:
    team = Readers.of(store, {"check": wanted})
    version = team.publish(examples=examples)
    team.ask()
    return team, version


def left(team: Readers, version: int, name: str = "ana") -> list[Question]:
    with team.store.read() as session:
        return checking.questions(session, team.asked(name, version))


def answer(team: Readers, version: int, answers: dict[int, int], by: str = "ana") -> Checked:
    asked, slack_id = team.asked("ana", version), team.world.slack_id(by)
    return team.store.transact(lambda s: checking.answer(s, asked, slack_id, answers, team.now))


def right(team: Readers, question: Question) -> int:
    """As the worlds of these tests have it: the examples go through the labels in turn."""
    return list(team.world.values.values())[int(question.fields[0][1].split()[-1]) % len(team.world.values)]


def wrong(team: Readers, question: Question) -> int:
    return next(value for value in team.world.values.values() if value != right(team, question))


def test_a_version_is_acknowledged_only_once_its_examples_are_answered_right(store: Store) -> None:
    team, version = checked(store)
    first, second = left(team, version)
    with pytest.raises(RefusedError, match="examples"):
        team.acknowledge("ana", version)
    told = answer(team, version, {first.id: right(team, first), second.id: wrong(team, second)})
    assert not told.right
    assert [(one.example_id, one.why) for one in told.explanations] == [(second.id, told.explanations[0].why)]
    assert told.explanations[0].why.startswith("Because")
    assert told.explanations[0].chosen != told.explanations[0].right
    assert [one.id for one in left(team, version)] == [second.id]
    with pytest.raises(RefusedError):
        team.acknowledge("ana", version)
    assert answer(team, version, {second.id: right(team, second)}) == Checked(right=True, explanations=())
    assert team.acknowledge("ana", version) is None


def test_the_draw_is_the_same_each_time_and_another_for_others(store: Store) -> None:
    team, version = checked(store, wanted=3, examples=12)
    drawn = {name: [one.id for one in left(team, version, name)] for name in ("ana", "ben", "cem", "rita")}
    assert drawn == {name: [one.id for one in left(team, version, name)] for name in drawn}
    assert {len(set(ids)) for ids in drawn.values()} == {3}
    assert len({tuple(ids) for ids in drawn.values()}) > 1


def test_with_fewer_examples_than_wanted_all_are_asked_and_with_none_nothing_is(store: Store) -> None:
    team, version = checked(store, wanted=5, examples=2)
    assert len(left(team, version)) == 2
    later = team.publish()
    team.ask()
    assert left(team, later) == []
    assert team.acknowledge("ana", later) is None


def test_the_same_wrong_answer_again_is_counted_once_and_explained_again(store: Store) -> None:
    team, version = checked(store, wanted=1)
    (only,) = left(team, version)
    first, again = (answer(team, version, {only.id: wrong(team, only)}) for _ in range(2))
    assert first == again
    assert team.row("ana", version).wrong == 1


def test_answers_of_somebody_else_or_with_a_label_that_is_none_are_refused(store: Store) -> None:
    team, version = checked(store, wanted=1)
    (only,) = left(team, version)
    with pytest.raises(NotAllowedError):
        answer(team, version, {only.id: right(team, only)}, by="ben")
    with pytest.raises(RefusedError):
        answer(team, version, {only.id: 10_000})
    assert answer(team, version, {only.id + 10_000: right(team, only)}) == Checked(right=False, explanations=())


def test_a_clarification_does_not_spare_the_check_of_the_rule_before_it(store: Store) -> None:
    team, rule = checked(store)
    clarification = team.publish(ChangeKind.CLARIFICATION)
    team.ask()
    asked = left(team, clarification)
    assert len(asked) == 2
    with pytest.raises(RefusedError, match="examples"):
        team.acknowledge("ana", clarification)
    with team.store.read() as session:
        view = guideline.acknowledgement_view(session, team.asked("ana", clarification), team.now)
    assert view is not None
    assert [(one["id"], one["number"]) for one in view["skipped"]] == [(rule, "2.0")]
    assert view["since"]["number"] == "1.0"
    answer(team, clarification, {one.id: right(team, one) for one in asked})
    assert team.acknowledge("ana", clarification) is None
    anew = team.publish(ChangeKind.CLARIFICATION)
    team.ask()
    assert left(team, anew) == [], "what was read is not asked again"
    changed = team.publish()
    team.ask()
    assert left(team, changed, "ben") == [], "a later rule may have made other answers right"


def test_an_example_whose_label_was_retired_is_asked_no_more(store: Store) -> None:
    team, version = checked(store, wanted=4)
    with store.write() as session:
        session.execute(update(LabelValue).where(col(LabelValue.value) == "no").values(retired_at=team.now))
    assert [right(team, one) for one in left(team, version)] == [team.world.values["yes"]] * 2
    assert [option.title for option in left(team, version)[0].options] == ["Yes"]


@given(tries=st.lists(st.lists(st.sampled_from(["right", "wrong", "nothing"]), min_size=3, max_size=3), max_size=4))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_it_is_passed_when_and_only_when_each_example_was_once_answered_right(
    databases: Databases, tries: list[list[str]]
) -> None:
    with databases.lent("sqlite") as store:
        team, version = checked(store, wanted=3)
        drawn = left(team, version)
        done: set[int] = set()
        for one in tries:
            given = {
                question.id: right(team, question) if kind == "right" else wrong(team, question)
                for question, kind in zip(drawn, one, strict=True)
                if kind != "nothing"
            }
            told = answer(team, version, given)
            assert {it.example_id for it in told.explanations} == {
                question.id for question, kind in zip(drawn, one, strict=True) if kind == "wrong"
            } - done
            done |= {question.id for question, kind in zip(drawn, one, strict=True) if kind == "right"}
            assert told.right == (len(done) == 3)
        assert {question.id for question in left(team, version)} == {question.id for question in drawn} - done
