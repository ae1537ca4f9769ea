"""An audit from the wish to the result: drawn again alike, judged blind by who may, correcting only what still stands."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    AuditDesign,
    AuditState,
    AuditVerdict,
    Finding,
    FindingState,
    History,
    Item,
    ItemState,
    Outbox,
    Person,
    Place,
    Project,
    Review,
    ReviewReason,
    ReviewState,
    Role,
    Ruling,
    Severity,
)
from tests.builders import NOW, add_person
from tests.workflow.audit_world import (
    LATER,
    answer,
    audit,
    findings,
    finished,
    judge,
    judge_all,
    other,
    start,
    take,
)
from tests.workflow.test_at_one_moment import together
from workflow import membership, places, waiting
from workflow.audit import acceptance, asking, ending, held, plan, reminding, replaying, scope, starting, telling
from workflow.audit.scope import By, Scope
from workflow.errors import NotAllowedError, RefusedError
from workflow.review import barring

RIGHT, WRONG, UNCLEAR = AuditVerdict.RIGHT, AuditVerdict.WRONG, AuditVerdict.UNCLEAR


def test_a_lot_with_more_wrong_than_the_plan_accepts_fails_and_its_items_are_put_right(store: Store) -> None:
    world = finished(store, 30)
    audit_id = start(world, plan.accepting(0.05, 0.4))
    drawn = audit(world, audit_id)
    expected = acceptance.plan(30, 0.05, 0.4)
    assert (drawn.size, drawn.accept_number, drawn.population) == (expected.size, expected.accept, 30)
    bad = {one.item_id for one in findings(world, audit_id)[: expected.accept + 1]}
    judge_all(world, audit_id, lambda one: one.item_id in bad)
    found = audit(world, audit_id)
    assert found.state is AuditState.FAILED
    assert (found.result["wrong"], found.result["judged"]) == (len(bad), expected.size)
    assert found.result["severities"] == {"minor": 0, "major": len(bad), "critical": 0}
    for one in findings(world, audit_id):
        item = world.item(one.item_id)
        if one.item_id in bad:
            assert (item.state, item.decided_by) == (ItemState.RULED, "audit")
            assert item.final_value_id == one.correct_id == other(world, one)
            assert one.ruling_id is not None
        else:
            assert (item.state, item.final_value_id, one.ruling_id) == (ItemState.ACCEPTED, one.value_id, None)


def test_people_labels_and_versions_have_their_own_error_rates(store: Store) -> None:
    world = finished(store, 20)
    audit_id = start(world, plan.looking_at(20))
    yes = world.values["yes"]
    judge_all(world, audit_id, lambda one: one.item_id == world.items[0] or one.item_id == world.items[2])
    found = audit(world, audit_id).result
    assert audit(world, audit_id).state is AuditState.ESTIMATED
    assert found["rate"] == {"rate": 0.1, "low": 0.1, "high": 0.1}, "all were looked at"
    assert [(one["id"], one["wrong"], one["judged"]) for one in found["labels"] if one["id"] == yes] == [(yes, 2, 10)]
    assert [(one["name"], one["wrong"], one["judged"]) for one in found["versions"]] == [("1.0", 2, 20)]
    people = {one["name"]: (one["wrong"], one["judged"]) for one in found["people"]}
    # Cem differed on 0 and 10, and was right of the first.
    assert people == {"Ana": (2, 20), "Ben": (2, 20), "Cem": (1, 2)}
    assert next(one for one in found["people"] if one["name"] == "Cem")["rate"] is None, "too few to say"


@pytest.mark.parametrize(
    ("design", "which", "names"),
    [
        (AuditDesign.STRATIFIED, Scope(by=By.LABEL), {"Yes": 60, "No": 60}),
        (AuditDesign.STRATIFIED, Scope(by=By.SEGMENT), {"a": 40, "b": 40, "c": 40}),
        (AuditDesign.STRATIFIED, Scope(by=By.VERSION), {"version 1.0": 120}),
        (AuditDesign.TARGETED, Scope(low_agreement=True), {"suspected": 12, "not suspected": 108}),
        (
            AuditDesign.TARGETED,
            Scope(low_agreement=True, segment="a"),
            {"suspected on two grounds": 4, "suspected on one ground": 44, "not suspected": 72},
        ),
        (AuditDesign.RANDOM, Scope(segment="b", low_agreement=True), {"all": 4}),
    ],
)
def test_every_item_has_a_chance_and_the_same_sample_is_drawn_again(
    store: Store, design: AuditDesign, which: Scope, names: dict[str, int]
) -> None:
    world = finished(store, 120)
    audit_id = start(world, plan.looking_at(70), design=design, scope=which)
    drawn = audit(world, audit_id)
    assert {tier["name"]: tier["population"] for tier in drawn.tiers} == names
    assert all(0 < tier["size"] <= tier["population"] for tier in drawn.tiers)
    rows = findings(world, audit_id)
    for at, tier in enumerate(drawn.tiers):
        mine = [one for one in rows if one.tier == at]
        assert len(mine) == tier["size"]
        assert {one.probability for one in mine} == {tier["size"] / tier["population"]}
    if design is AuditDesign.TARGETED:
        assert drawn.tiers[-1]["name"] == scope.UNSUSPECTED
        assert drawn.tiers[-1]["size"] >= 30
    with store.read() as session:
        assert replaying.replay(session, audit_id).same
    with store.write() as session:
        session.execute(update(Item).values(state=ItemState.RULED, segment="z", final_value_id=world.values["no"]))
        session.execute(
            update(Finding).where(col(Finding.id) == rows[0].id).values(tier=rows[0].tier + 1, probability=0.5)
        )
    with store.read() as session:
        again = replaying.replay(session, audit_id)
    assert (again.missing, again.added, again.moved) == ((), (), (rows[0].item_id,))


def test_suspects_come_from_a_list_or_from_a_column(store: Store) -> None:
    world = finished(store, 12)
    told = [True, 0.9, "yes", "", False, None, 0, "false", "None", "x", {}, 1]
    with store.write() as session:
        for item_id, said in zip(world.items, told, strict=True):
            session.execute(update(Item).where(col(Item.id) == item_id).values(extra={"Zweifel für 日?": said}))
    with store.read() as session:
        listed = scope.suspects(session, world.project_id, ["i3", " i3", "i0 ", ""], "doubted.csv")
        assert listed.item_ids == (world.items[0], world.items[3])
        which = Scope(suspects=listed, column="Zweifel für 日?")
        assert scope.read(scope.kept(which)) == which
        seen = starting.preview(
            session, world.project_id, starting.Wanted(AuditDesign.TARGETED, which, plan.looking_at(5))
        )
        tiers = {tier.name: tier.population for tier in seen.tiers}
        assert tiers == {"suspected on two grounds": 1, "suspected on one ground": 6, scope.UNSUSPECTED: 5}
        with pytest.raises(RefusedError, match="i99"):
            scope.suspects(session, world.project_id, ["i1", "i99"], "doubted.csv")


def test_nothing_to_draw_from_is_said_before_the_start_and_after_it(store: Store) -> None:
    world = finished(store, 4)
    with store.read() as session:
        for design, which, words in [
            (AuditDesign.RANDOM, Scope(segment="nowhere"), "nothing to draw from"),
            (AuditDesign.TARGETED, Scope(segment="nowhere"), "None of the finished items"),
            (AuditDesign.TARGETED, Scope(person_id=world.people["ana"]), "All of the finished items"),
            (AuditDesign.TARGETED, Scope(), "needs something to look for"),
        ]:
            with pytest.raises(RefusedError, match=words):
                starting.preview(session, world.project_id, starting.Wanted(design, which))
    audit_id = start(world, scope=Scope(segment="nowhere"))
    assert audit(world, audit_id).state is AuditState.CANCELLED
    [said] = world.rows(select(col(Outbox.context)).where(col(Outbox.key) == f"audit:{audit_id}:nothing"))
    assert "nothing to draw from" in said.context["message"]


def test_a_segment_or_column_that_no_item_has_is_refused_naming_what_there_is(store: Store) -> None:
    world = finished(store, 12)

    def asked(**what: Any) -> starting.Wanted:
        with store.read() as session:
            return asking.read(session, world.project_id, asking.Asked(**what))

    with pytest.raises(RefusedError, match="no column 'x' besides the texts of the items"):
        asked(column="x")
    with store.write() as session:
        about = {f"c{number:02}": "1" for number in range(12)}
        session.execute(update(Item).where(col(Item.id) == world.items[0]).values(extra=about))
        session.execute(update(Item).where(col(Item.id) == world.items[1]).values(extra={"late’": 0}))
    assert asked(segment="b", column="late’").scope == Scope(segment="b", column="late’")
    with pytest.raises(RefusedError, match=r"no segment 'd'\. There is 'a', 'b', 'c'\."):
        asked(segment="d")
    with pytest.raises(RefusedError, match="'c08', 'c09' and 3 more"):
        asked(column="C01")


def test_one_request_that_comes_twice_is_one_audit(store: Store) -> None:
    world = finished(store, 4)
    lea, wanted = world.slack_id("lea"), starting.Wanted()

    def once() -> int:
        return store.transact(lambda s: starting.start(s, world.project_id, lea, wanted, LATER, asked="V1"))

    assert len({found for found in together(*[once] * 4) if isinstance(found, int)}) == 1
    with pytest.raises(NotAllowedError):
        store.transact(lambda s: starting.start(s, world.project_id, world.slack_id("ana"), wanted, LATER))


def test_auditors_who_ask_at_once_are_given_two_items_and_their_own_again(store: Store) -> None:
    world = finished(store, 10)
    audit_id = start(world, plan.looking_at(6))
    given = together(*(partial(take, world, name, audit_id) for name in ("ada", "ali")))
    assert len(set(given)) == 2
    assert [take(world, name, audit_id) for name in ("ada", "ali")] == given
    lapsed = take(world, "ali", audit_id, LATER + timedelta(hours=2))
    assert lapsed == given[1], "one's own is renewed"
    answer(world, "ada", given[0])
    third = [take(world, "ali", audit_id, LATER + timedelta(hours=4)) for _ in range(2)]
    assert third == [given[1]] * 2


def test_an_item_whose_auditor_left_it_goes_to_the_next_who_answers_anew(store: Store) -> None:
    world = finished(store, 4)
    audit_id = start(world, plan.looking_at(1))
    [only] = findings(world, audit_id)
    assert take(world, "ada", audit_id) == only.id
    answer(world, "ada", only.id)
    assert take(world, "ali", audit_id) is None
    late = LATER + timedelta(hours=2)
    assert take(world, "ali", audit_id, late) == only.id
    with pytest.raises(RefusedError, match="own answer"):
        judge(world, "ali", only.id, RIGHT, late)
    # Ada was shown the label: what she would say now is not blind, though ali gives the item back.
    with pytest.raises(NotAllowedError, match="seen its labels"):
        judge(world, "ada", only.id, RIGHT, late)
    world.store.transact(lambda s: held.release(s, world.slack_id("ali"), only.id, late))
    assert take(world, "ada", audit_id, late) is None
    assert take(world, "ali", audit_id, late) == only.id
    answer(world, "ali", only.id, at=late)
    assert judge(world, "ali", only.id, RIGHT, late) is None
    assert "judged" in judge(world, "ali", only.id, RIGHT, late)
    assert "Ali has" in answer(world, "ada", only.id, at=late)  # type: ignore[operator]
    assert world.rows(select(col(History.action)).where(col(History.action) == "item.audited")) == [("item.audited",)]


def test_a_verdict_that_comes_twice_at_once_corrects_once(store: Store) -> None:
    world = finished(store, 2)
    audit_id = start(world, plan.looking_at(1))
    [only] = findings(world, audit_id)
    take(world, "ada", audit_id)
    assert answer(world, "ada", only.id) is None
    assert "first answer" in str(answer(world, "ada", only.id, "no"))
    said: dict[str, Any] = {"severity": Severity.MINOR, "correct_id": other(world, only), "note": "why"}
    told = together(*[partial(judge, world, "ada", only.id, WRONG, **said)] * 3, partial(take, world, "ada", audit_id))
    assert [one is None for one in told[:3]].count(True) == 1
    assert len(world.rows(select(col(Ruling.id)))) == 1
    assert findings(world, audit_id)[0].answer_id == world.values["yes"]


def test_nobody_audits_their_own_work_and_a_lead_has_what_no_auditor_may_judge(store: Store) -> None:
    world = finished(store, 4, auditors=("ada",))
    with store.write() as session:
        add_person(session, world, "ana", Role.AUDITOR)
        # Ada reviewed the first item, and ruled on the second.
        for item_id, by in ((world.items[0], "ada"), (world.items[1], "lea")):
            session.execute(
                insert(Review).values(
                    project_id=world.project_id,
                    item_id=item_id,
                    reason=ReviewReason.SHARE,
                    state=ReviewState.ACCEPTED,
                    value_id=world.values["yes"],
                    by_id=world.people[by],
                    due_at=NOW,
                    opened_at=NOW,
                )
            )
    audit_id = start(world, plan.looking_at(4))
    ids = {one.item_id: one.id for one in findings(world, audit_id)}
    assert take(world, "ana", audit_id) is None, "she labelled all of them"
    assert take(world, "lea", audit_id) == ids[world.items[0]]
    with pytest.raises(NotAllowedError):
        answer(world, "ada", ids[world.items[0]])
    with pytest.raises(NotAllowedError):
        take(world, "rita", audit_id)

    def said(what: str) -> list[str]:
        """What the leads were told, the clock having looked twice."""
        for _ in range(2):
            ending.tell_stuck(store, LATER)
        key = f"audit:{audit_id}:{what}"
        return [row.context["message"] for row in world.rows(select(col(Outbox.context)).where(col(Outbox.key) == key))]

    for_leads = said("leads_only")
    assert len(for_leads) == 1
    assert "no auditor may judge 1 item (i0), so a lead has to" in for_leads[0]
    assert said("nobody") == []
    with store.write() as session:
        session.execute(update(Review).values(by_id=world.people["ada"]))
        session.execute(
            insert(Review).values(
                project_id=world.project_id, item_id=world.items[0], reason=ReviewReason.SHARE,
                state=ReviewState.SENT_BACK, value_id=world.values["yes"], by_id=world.people["lea"],
                due_at=NOW, opened_at=NOW,
            )
        )  # fmt: skip
    nobody = said("nobody")
    assert len(nobody) == 1
    assert "1 item (i0)" in nobody[0]


def test_who_saw_the_label_is_never_given_the_item_and_who_has_it_in_hand_never_audits_it(store: Store) -> None:
    world = finished(store, 2)
    with store.write() as session:
        add_person(session, world, "ali", Role.ANNOTATOR)
        session.execute(
            insert(Assignment).values(
                project_id=world.project_id, item_id=world.items[0], person_id=world.people["ali"],
                state=Place.OPEN, given_at=NOW,
            )
        )  # fmt: skip
    audit_id = start(world, plan.looking_at(2))
    ids = {one.item_id: one.id for one in findings(world, audit_id)}
    assert take(world, "ali", audit_id) == ids[world.items[1]]
    with pytest.raises(RefusedError, match="place on this item"):
        answer(world, "ali", ids[world.items[0]])
    answer(world, "ali", ids[world.items[1]])
    assert world.place("ali", world.items[1]).state is Place.BARRED


def test_who_looked_at_the_labels_before_does_not_audit_the_item(store: Store) -> None:
    world = finished(store, 2, auditors=("ada",))
    with store.write() as session:
        looked = places.lock_items(session, world.items[:1])[0].id
        barring.bar(session, world.project_id, [looked], world.people["ada"], NOW)
    audit_id = start(world, plan.looking_at(2))
    ids = {one.item_id: one.id for one in findings(world, audit_id)}
    assert take(world, "ada", audit_id) == ids[world.items[1]]
    assert take(world, "lea", audit_id) == ids[looked]
    with pytest.raises(NotAllowedError, match="seen its labels"):
        answer(world, "ada", ids[looked])


def test_a_wrong_label_needs_its_severity_the_right_one_and_why(store: Store) -> None:
    world = finished(store, 2)
    audit_id = start(world, plan.looking_at(1))
    [only] = findings(world, audit_id)
    take(world, "ada", audit_id)
    answer(world, "ada", only.id)
    whole: dict[str, Any] = {
        "severity": Severity.MINOR,
        "correct_id": other(world, only),
        "note": "why",
        "reason_code": "slip",
    }
    for field, value, words in [
        ("severity", None, "how bad"),
        ("correct_id", None, "label that is right"),
        ("correct_id", only.value_id, "label that is right"),
        ("note", " \u200b", "needs a note"),
        ("reason_code", "gone", "none of the list"),
    ]:
        with pytest.raises(RefusedError, match=words):
            judge(world, "ada", only.id, WRONG, **whole | {field: value})
    with pytest.raises(RefusedError, match="what is unclear"):
        judge(world, "ada", only.id, UNCLEAR)
    assert judge(world, "ada", only.id, WRONG, **whole) is None
    [ruling] = world.rows(select(col(Ruling.reason_code), col(Ruling.rationale), col(Ruling.person_id)))
    assert tuple(ruling) == ("slip", "why", world.people["ada"])


@pytest.mark.parametrize("change", ["ruled otherwise", "given out again"])
def test_what_changed_since_it_was_drawn_is_judged_but_not_touched(store: Store, change: str) -> None:
    world = finished(store, 2)
    audit_id = start(world, plan.looking_at(1))
    [only] = findings(world, audit_id)
    values = (
        {"state": ItemState.RULED, "final_value_id": other(world, only)}
        if change == "ruled otherwise"
        else {"state": ItemState.OPEN, "final_value_id": None, "decided_by": None, "decided_at": None}
    )
    with store.write() as session:
        session.execute(update(Item).where(col(Item.id) == only.item_id).values(**values))
    judge_all(world, audit_id, lambda one: True)
    [found] = findings(world, audit_id)
    assert (found.state, found.verdict, found.ruling_id) == (FindingState.JUDGED, WRONG, None)
    item = world.item(only.item_id)
    assert (item.state, item.final_value_id) == (values["state"], values["final_value_id"])


def test_an_item_that_was_replaced_is_left_out_and_the_promise_about_bad_lots_kept(store: Store) -> None:
    world = finished(store, 60)
    audit_id = start(world, plan.accepting(0.05, 0.3))
    drawn, rows = audit(world, audit_id), findings(world, audit_id)
    with store.write() as session:
        gone = [one.item_id for one in rows[:3]]
        session.execute(update(Item).where(col(Item.id).in_(gone)).values(state=ItemState.REPLACED))
    assert ending.void_gone(store, LATER) == 3
    judge_all(world, audit_id, lambda one: False)
    found = audit(world, audit_id).result
    assert (found["void"], found["judged"]) == (3, drawn.size - 3)
    assert found["accept"] < drawn.accept_number
    assert acceptance.accepts(60, drawn.size - 3, found["accept"], 0.3) <= 0.1


def test_an_audit_is_called_off_once_and_ends_once(store: Store) -> None:
    world = finished(store, 4)
    audit_id = start(world, plan.looking_at(2))
    finding_id = take(world, "ada", audit_id)
    assert finding_id is not None

    def cancel(name: str) -> str | None:
        return store.transact(lambda s: ending.cancel(s, world.slack_id(name), audit_id, LATER, why="by mistake"))

    with pytest.raises(NotAllowedError):
        cancel("ada")
    assert cancel("lea") is None
    assert "already" in str(cancel("lea"))
    with pytest.raises(RefusedError, match="called off"):
        answer(world, "ada", finding_id)
    assert ending.end_due(store, LATER) == 0
    told = world.rows(select(col(History.action)).where(col(History.subject) == "audit").order_by(col(History.id)))
    assert [one.action for one in told] == ["audit.started", "audit.drawn", "audit.cancelled"]


def test_who_becomes_an_auditor_while_an_audit_runs_is_asked_once(store: Store) -> None:
    world = finished(store, 4, auditors=("ada",))
    start(world, plan.looking_at(2))
    with store.write() as session:
        membership.add(session, world.project_id, world.slack_id("new"), [Role.AUDITOR], LATER, None)
        assert waiting.waits(session)
        add_person(session, world, "gone", Role.AUDITOR)
        session.execute(update(Person).where(col(Person.id) == world.people["gone"]).values(active=False))
        add_person(session, world, "rita", Role.AUDITOR)
    assert telling.ask_who_joined(store, LATER) == 2
    assert telling.ask_who_joined(store, LATER) == 0
    asked = world.rows(
        select(col(Person.slack_id))
        .join(Outbox, col(Outbox.person_id) == col(Person.id))
        .where(col(Outbox.template) == telling.ASKED)
    )
    assert sorted(row.slack_id for row in asked) == ["UADA", "UNEW", "URITA"]


def test_who_can_judge_some_of_a_late_audit_is_reminded_once_a_working_day_and_the_leads_once(store: Store) -> None:
    world = finished(store, 4, auditors=("ada",))
    with store.write() as session:
        # Ana labelled all of them; Ali's day begins when Ada's has ended.
        add_person(session, world, "ana", Role.AUDITOR)
        add_person(session, world, "ali", Role.AUDITOR)
        session.execute(update(Person).where(col(Person.slack_id) == "UALI").values(time_zone="America/Los_Angeles"))
    audit_id = start(world, plan.looking_at(2))
    due = audit(world, audit_id).due_at

    def said(hours: int) -> list[str]:
        """Who hears something in so many hours after it was due, the clock looking each hour: when, to whom."""
        told: list[str] = []
        for hour in range(hours):
            now = due + timedelta(hours=hour)
            reminding.remind(store, now)
            rows = world.rows(
                select(col(Person.name), col(Outbox.context))
                .select_from(Outbox)
                .outerjoin(Person, col(Person.id) == col(Outbox.person_id))
                .where(col(Outbox.created_at) == now)
                .order_by(col(Outbox.id))
            )
            told += [f"{now:%a %H} {row.name or 'leads'}" for row in rows]
            assert all("was due on 9 Mar 2026, 11:00 (Europe/Berlin); 0 of 2" in r.context["message"] for r in rows)
        return told

    assert due == LATER + timedelta(days=7), "a Monday, 11:00 in Berlin"
    assert said(0) == []
    assert said(48) == ["Mon 10 Ada", "Mon 10 leads", "Mon 16 Ali", "Tue 08 Ada", "Tue 16 Ali", "Wed 08 Ada"]
    with store.write() as session:
        session.execute(update(Project).values(quality={"cases": {"remind": "0"}}))
    due += timedelta(days=2)
    assert said(24) == []
