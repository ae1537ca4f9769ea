"""The form for an audit, whatever is in it; and an item that its auditor gives back."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from storage.engine import Store
from storage.tables import AuditDesign, FindingState
from tests.databases import Databases
from tests.workflow import audit_world as audits
from workflow.audit import form, held, offered, plan
from workflow.audit.form import Opened
from workflow.audit.scope import By, Scope
from workflow.errors import RefusedError
from workflow.project_form import FormError
from workflow.views.finding import finding_view

HALF = {"plan": "half_width", "half_width": "4", "expected": "5"}


@pytest.fixture
def sqlite_store(databases: Databases) -> Iterator[Store]:
    opened = databases.store("sqlite")
    yield opened
    opened.close()


junk = st.one_of(st.none(), st.text(max_size=30), st.lists(st.text(max_size=5), max_size=2), st.just("any"))
words = st.sampled_from(["random", "targeted", "some", "items", "acceptance", "low", "1", "2%", "i1\ni2", "2026-02-30"])
typed = st.dictionaries(st.sampled_from([*form.FIELDS, "other"]), st.one_of(junk, words))


@given(typed)
def test_a_form_is_carried_along_as_it_was_filled_in(fields: dict[str, Any]) -> None:
    opened = Opened(7, fields)
    again = Opened.read(str(opened))
    assert (again.project_id, again.design, again.kind, again.narrowed) == (
        7, opened.design, opened.kind, opened.narrowed
    )  # fmt: skip
    assert str(again) == str(opened)


@pytest.mark.parametrize(
    "text", ["", "7", "[]", '["7",{}]', "[0,{}]", "[true,{}]", "[7,[]]", "[7,{},1]", "{", "[" * 500]
)
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="older version"):
        Opened.read(text)


def test_what_was_chosen_becomes_the_audit(sqlite_store: Store) -> None:
    world = audits.finished(sqlite_store)
    with world.store.read() as session:
        ana, yes = world.people["ana"], world.values["yes"]
        segment = offered.mark("a")
        fields = {
            "design": "targeted",
            "person": str(ana),
            "label": str(yes),
            "segment": segment,
            "low": ["low"],
            **HALF,
        }
        wanted = form.read(session, Opened(world.project_id, fields))
        assert wanted.scope == Scope(person_id=ana, value_id=yes, segment="a", low_agreement=True)
        assert (wanted.design, wanted.plan) == (AuditDesign.TARGETED, plan.within(0.04, 0.05))
        # What was typed for another choice, before that was made, counts for nothing.
        fields = {"design": "stratified", "by": "lot", "which": "all", "person": "9", "plan": "acceptance", **HALF}
        wanted = form.read(session, Opened(world.project_id, {**fields, "plan": "acceptance"}))
        assert wanted.scope == Scope(by=By.LOT)
        assert wanted.plan == plan.within(0.04, 0.05)


def test_faults_stand_at_their_fields(sqlite_store: Store) -> None:
    world = audits.finished(sqlite_store)

    def faults(**fields: Any) -> set[str]:
        with world.store.read() as session, pytest.raises(FormError) as refused:
            form.read(session, Opened(world.project_id, fields))
        return set(refused.value.by_field)

    assert faults() == {"aql", "ltpd"}
    assert faults(aql="8", ltpd="2") == {"ltpd"}
    assert faults(plan="items", size="1.5") == {"size"}
    assert faults(design="targeted", **HALF) == {"design"}
    assert faults(which="some", person="999999", items="nothing", since="soon", **HALF) == {"person", "items", "since"}
    keys = "\n".join(["no"] * 900)
    assert faults(which="some", items=keys, **HALF) == {"items"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=typed)
def test_whatever_is_in_a_form_it_is_read_or_refused(sqlite_store: Store, fields: dict[str, Any]) -> None:
    with sqlite_store.read() as session:
        faults: set[str] = set()
        try:
            form.read(session, Opened(1, fields))
        except FormError as refused:
            faults = set(refused.by_field)
    assert faults <= {*form.FIELDS}


def test_an_item_that_is_given_back_is_free_at_once(store: Store) -> None:
    world = audits.finished(store, items=6)
    audit_id = audits.start(world, plan.looking_at(1))

    def do(act: Any, name: str, finding_id: int) -> None:
        world.store.transact(lambda s: act(s, world.slack_id(name), finding_id, audits.LATER))

    def sees(name: str, finding_id: int) -> Any:
        with world.store.read() as session:
            return finding_view(session, finding_id, world.people[name])

    one = audits.take(world, "ada", audit_id)
    assert one is not None
    assert audits.take(world, "ali", audit_id) is None
    assert sees("ada", one)["verdict"] is None
    do(held.release, "ali", one)
    do(held.hold_on, "ada", one)
    do(held.release, "ada", one)
    assert sees("ada", one) is None

    # Answered and given back: the answer stays for who comes back first, and goes where somebody else takes the item.
    assert audits.take(world, "ali", audit_id) == one
    audits.answer(world, "ali", one)
    do(held.release, "ali", one)
    assert audits.take(world, "ali", audit_id) == one
    assert sees("ali", one)["verdict"]["own"]["title"] == "Yes"
    do(held.release, "ali", one)
    later = audits.LATER.replace(second=1)
    assert audits.take(world, "ada", audit_id, later) == one
    assert audits.findings(world, audit_id)[0].state is FindingState.WAITING
    assert sees("ada", one)["verdict"] is None
    with pytest.raises(held.NotYoursError):
        do(held.hold_on, "ali", one)


def test_counting_among_many_items_is_left_for_later(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers import audit_start
    from handlers.answer import UpdateView
    from handlers.click import Click

    world = audits.finished(sqlite_store)
    fields = {"aql": "2", "ltpd": "8"}
    sent = Click(
        world.slack_id("lea"), audits.LATER, 0, "audit_new", state=fields, data=str(Opened(world.project_id, {}))
    )

    def answers(session: Session) -> Any:
        return audit_start.ask(session, sent)

    shown = UpdateView("audit_start", {"opened": str(Opened(world.project_id, fields))})
    assert world.store.transact(answers) == shown
    monkeypatch.setattr(form, "MANY", -1)
    counting = UpdateView("audit_start", {**shown.context, "counting": True})
    assert world.store.transact(answers) == [counting, shown]
