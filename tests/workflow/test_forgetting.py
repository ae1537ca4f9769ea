"""Somebody asks to be forgotten: nothing in the store says who they were, and what they labelled counts as before."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, inspect, select, text, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Audit,
    AuditDesign,
    Card,
    CaseReply,
    Digest,
    Dispute,
    DropState,
    Escalation,
    EscalationReason,
    FileDrop,
    Finding,
    Flag,
    History,
    Item,
    ItemState,
    Lane,
    Member,
    Outbox,
    OutboxKind,
    OutboxState,
    Person,
    Place,
    PriorLabel,
    RefusedRow,
    Review,
    ReviewReason,
    ReviewState,
    Role,
    Ruling,
)
from tests.builders import NOW, World, add_person, build
from tests.workflow.clicks import Clicks
from workflow import digest, escalation, export, forgetting, history, membership, outbox, people, traces
from workflow.directory import Directory, DirectoryEntry, resolve, unknown
from workflow.errors import RefusedError
from workflow.traces import Identity, Replacer

NAME, HANDLE, SLACK, DM = "Zoë Quuxmann-Öz", "zoe.quux@example.org", "UZOE12345", "DZOE98765"
OLD_NAME, OLD_HANDLE = "Zoë Jahnström", "@zoë.jahnström"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def world(store: Store) -> World:
    """Three people label; Zoë, a fourth, labels, flags, rules and is spoken of wherever somebody can be."""
    world = build(store, annotators=("ana", "ben", "zoe"), items=8, batch_size=6)
    with store.write() as session:
        add_person(session, world, "zoe", Role.LEAD)
        zoe = {"handle": HANDLE, "name": NAME, "dm": DM, "time_zone": "Europe/Berlin"}
        session.execute(update(Person).where(col(Person.id) == world.people["zoe"]).values(**zoe))
    clicks = Clicks(world)
    for name in ("ana", "ben", "zoe"):
        clicks.batch(name)
    with store.write() as session:
        session.execute(update(Person).where(col(Person.id) == world.people["zoe"]).values(slack_id=SLACK))
    world.slack_id = lambda name: SLACK if name == "zoe" else f"U{name.upper()}"  # type: ignore[method-assign]
    for item in range(3):
        for name, value in (("ana", "yes"), ("ben", "yes" if item else "no"), ("zoe", "yes")):
            clicks.label(name, item, value)
    clicks.flag("zoe", 3, f"I, {NAME}, find this unclear; write to {HANDLE.upper()}")
    clicks.label("zoe", 4, "yes")
    clicks.flag("ana", 4, f"Ask <@{SLACK}|zoe> or @{NAME}.")
    with store.write() as session:
        escalation.escalate_item(
            session, world.project_id, world.items[6], ItemState.OPEN, EscalationReason.SKIPS, NOW, None
        )
    clicks.rule("zoe", 6, "no", f"As {OLD_NAME.upper()} said.")
    spoken_of(world)
    return world


def spoken_of(world: World) -> None:
    """Everything else that may hold a name."""
    zoe = world.people["zoe"]
    with world.store.write() as session:
        merged = {"id": 99, "name": OLD_NAME, "handle": OLD_HANDLE}
        history.note(session, NOW, "person.merged", "person", zoe, before=merged)
        history.note(session, NOW, "person.found", "person", zoe, after={"slack_id": SLACK})
        history.note(session, NOW, "project.channel", "project", 1, after={"who": [{NAME: f"({NAME})"}]})
        extra = {"annotator": NAME, "mail": HANDLE.title(), "first_name": "Zoë"}
        session.execute(update(Item).where(col(Item.id) == world.items[7]).values(extra=extra))
        row = f"7;{HANDLE};{NAME};bad"
        session.execute(insert(RefusedRow).values(lot_id=world.lot_id, line=7, field="text", reason="empty", row=row))
        for annotator in (NAME, NAME.upper(), HANDLE, "somebody else"):
            session.execute(
                insert(PriorLabel).values(
                    project_id=world.project_id, item_id=world.items[0], lot_id=world.lot_id,
                    annotator=annotator, value_id=world.values["yes"],
                )
            )  # fmt: skip
        session.execute(
            insert(FileDrop).values(
                project_id=world.project_id, channel="C1", file_id="F1", slack_user=SLACK, name=f"{NAME}.csv",
                state=DropState.CANCELLED, preview={"rows": [{"who": HANDLE}]}, choices={}, created_at=NOW,
            )
        )  # fmt: skip
        outbox.put(
            session, NOW, f"say:said:{SLACK}:12", "said", outbox.To(channel=SLACK), {"message": f"{NAME} is lead."}
        )
        session.execute(update(Outbox).where(col(Outbox.key).startswith("say:")).values(state=OutboxState.SENT))
    judged(world)
    posted(world)
    world.store.transact(lambda s: digest.post_asked(s, world.project_id, SLACK, 5, LATER))
    world.store.transact(lambda s: digest.post_asked(s, world.project_id, "UANA", 6, LATER))
    with world.store.write() as session:
        failed = {"state": OutboxState.FAILED, "error": f"{NAME} is deactivated in Slack."}
        session.execute(update(Outbox).where(col(Outbox.key) == "digest:asked:UANA:6").values(**failed))


def judged(world: World) -> None:
    """Reviews, a dispute, replies in a thread and an audit in which the name is said."""
    zoe, ana, yes, item_id = world.people["zoe"], world.people["ana"], world.values["yes"], world.items[6]
    about = {"project_id": world.project_id, "item_id": item_id}
    with world.store.write() as session:
        ruling = session.execute(select(col(Ruling.id), col(Ruling.escalation_id))).one()
        case_id = session.execute(
            insert(Escalation)
            .values(**about, reason=EscalationReason.CONTESTED, opened_at=NOW)
            .returning(col(Escalation.id))
        ).scalar_one()
        dispute = {**about, "ruling_id": ruling.id, "escalation_id": case_id, "opened_at": NOW}
        session.execute(insert(Dispute).values(**dispute, person_id=zoe, argument="I read it otherwise."))
        session.execute(insert(Dispute).values(**dispute, person_id=ana, argument=f"{NAME} is right."))
        for ts, person_id, said in (("1.0", zoe, f"Write to {HANDLE}."), ("2.0", ana, f"I agree with <@{SLACK}>.")):
            session.execute(
                insert(CaseReply).values(escalation_id=case_id, person_id=person_id, ts=ts, text=said, at=NOW)
            )
        session.execute(
            insert(Review).values(
                **about, reason=ReviewReason.SHARE, state=ReviewState.ACCEPTED, value_id=yes, due_at=NOW, opened_at=NOW,
                reason_code="misread", section=f"Examples of {NAME}", note=f"{NAME} overlooked it.",
            )
        )  # fmt: skip
        audit_id = session.execute(
            insert(Audit)
            .values(
                project_id=world.project_id, design=AuditDesign.TARGETED, scope={"person_id": zoe}, plan={}, seed=1,
                why=f"{NAME} is new.", tiers=[{"name": NAME}], result={"people": [{"id": zoe, "name": NAME}]},
                created_at=NOW,
            )
            .returning(col(Audit.id))
        ).scalar_one()  # fmt: skip
        session.execute(
            insert(Finding).values(
                **about, audit_id=audit_id, position=1, probability=1.0, value_id=yes, note=f"Tell {HANDLE}."
            )
        )


def posted(world: World) -> None:
    """The sender has delivered what there was: everybody's batch is a card in their DM."""
    with world.store.write() as session:
        for row in session.execute(select(Outbox).where(col(Outbox.kind) == OutboxKind.POST)).scalars().all():
            place = DM if row.person_id == world.people["zoe"] else f"D{row.id}"
            session.execute(
                update(Outbox)
                .where(col(Outbox.id) == row.id)
                .values(state=OutboxState.SENT, sent_channel=place, sent_ts=f"{row.id}.0", settled_at=NOW)
            )
            if row.card_kind is not None:
                session.execute(
                    insert(Card).values(
                        kind=row.card_kind, subject_id=row.subject_id, person_id=row.person_id, channel=place,
                        ts=f"{row.id}.0", version=1, created_at=NOW,
                    )
                )  # fmt: skip


def everything(store: Store) -> list[tuple[str, str, str]]:
    """(table, column, text) of every value of the database, JSON read, whatever the code knows of tables."""
    found = []
    with store.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                found += [(table, name, _plain(value)) for name, value in row.items() if value is not None]
    return found


def _plain(value: Any) -> str:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def naming(store: Store, *wanted: str) -> list[tuple[str, str, str]]:
    """Where any of these stand."""
    lower = [one.casefold() for one in wanted]
    return [where for where in everything(store) if any(one in where[2].casefold() for one in lower)]


IDENTIFYING = (NAME, HANDLE, SLACK, DM, OLD_NAME, OLD_HANDLE)


def forget(world: World, **how: Any) -> forgetting.Forgotten:
    return forgetting.forget(world.store, world.people["zoe"], LATER, **how)


def test_nothing_in_the_store_says_who_it_was(world: World) -> None:
    before = {(table, column) for table, column, _ in naming(world.store, *IDENTIFYING)}
    # The scene says it wherever it can be said; else there would be nothing to find.
    assert before >= {
        ("card", "channel"), ("digest", "numbers"), ("file_drop", "name"), ("file_drop", "preview"),
        ("file_drop", "slack_user"), ("flag", "note"), ("history", "before"), ("history", "after"), ("item", "metadata"),
        ("outbox", "channel"), ("outbox", "context"), ("outbox", "error"), ("outbox", "key"), ("outbox", "subject"),
        ("outbox", "sent_channel"), ("person", "dm"), ("person", "handle"), ("person", "name"), ("person", "slack_id"),
        ("prior_label", "annotator"), ("refused_row", "row"), ("ruling", "rationale"), ("dispute", "argument"),
        ("case_reply", "text"), ("review", "note"), ("review", "section"), ("audit", "why"), ("audit", "tiers"),
        ("audit", "result"), ("finding", "note"),
    }  # fmt: skip
    done = forget(world)
    assert naming(world.store, *IDENTIFYING) == []
    zoe = world.people["zoe"]
    assert done.pseudonym == f"former member {zoe}"
    person = world.one(select(*Person.__table__.c).where(col(Person.id) == zoe))  # type: ignore[attr-defined]
    assert (person.name, person.active, person.time_zone, person.problem) == (done.pseudonym, False, None, None)
    assert person.forgotten_at == LATER


def test_what_they_labelled_counts_as_before_under_the_pseudonym(world: World) -> None:
    def labels() -> list[dict[str, Any]]:
        with world.store.read() as session:
            return list(export.labels(session, world.project_id))

    def agreement() -> dict[str, Any]:
        with world.store.read() as session:
            return digest.agreement_numbers(session, world.project_id, "nominal")

    before, figures = labels(), agreement()
    done = forget(world)
    after = labels()
    given = [row for row in before if row["person"] == NAME]
    assert len(given) == 4
    for row in given:
        row |= {"person": done.pseudonym, "slack_id": None}
    assert after == before
    assert agreement() == figures


def test_their_open_work_goes_back_and_their_cards_are_closed_first(world: World) -> None:
    zoe = world.people["zoe"]
    world.store.transact(lambda s: forgetting.leave(s, zoe, LATER, None))
    assert not world.rows(select(Member).where(col(Member.person_id) == zoe))
    states = world.rows(select(col(Assignment.state)).where(col(Assignment.person_id) == zoe))
    assert Place.OPEN not in {row.state for row in states}
    assert Place.RETURNED in {row.state for row in states}
    waiting = world.rows(
        select(col(Outbox.channel), col(Outbox.kind)).where(
            col(Outbox.state) == OutboxState.WAITING, col(Outbox.channel) == DM
        )
    )
    assert {row.kind for row in waiting} == {OutboxKind.UPDATE}
    with world.store.read() as session:
        # The digest that they asked for is in the leads' channel, and carries their id in its key.
        assert forgetting.underway(session, zoe) == len(waiting) + 1
    done = forget(world)
    assert done.dropped == len(waiting) + 1
    assert naming(world.store, *IDENTIFYING) == []


def test_cards_that_somebody_may_yet_press_are_drawn_anew(world: World) -> None:
    """A running audit's says whose work it is about, an open case's who is asked to rule."""
    audit_id, case = world.one(select(col(Audit.id))).id, Clicks(world).case(4)
    with world.store.write() as session:
        asked = {"assigned_id": world.people["zoe"], "due_at": LATER}
        session.execute(update(Escalation).where(col(Escalation.id) == case.id).values(**asked))
        for kind, subject_id in (("audit", audit_id), ("escalation", case.id)):
            card = {"kind": kind, "subject_id": subject_id, "channel": "CRTE2", "ts": f"9.{subject_id}", "version": 0}
            session.execute(insert(Card).values(**card, created_at=NOW))
    forget(world)
    drawn = world.rows(select(col(Outbox.subject)).where(col(Outbox.kind) == OutboxKind.UPDATE))
    assert {row.subject for row in drawn} >= {f"audit:{audit_id}", f"escalation:{case.id}"}


def test_messages_keep_what_tells_them_apart(world: World) -> None:
    keys = [row.key for row in world.rows(select(col(Outbox.key)).order_by(col(Outbox.id)))]
    forget(world)
    after = [row.key for row in world.rows(select(col(Outbox.key)).order_by(col(Outbox.id)))]
    zoe = world.people["zoe"]
    assert after[: len(keys)] == [key.replace(SLACK, f"former-{zoe}") for key in keys]
    assert len(set(after)) == len(after)


def test_a_message_that_is_just_being_sent_is_waited_for(world: World) -> None:
    zoe = world.people["zoe"]
    with world.store.write() as session:
        outbox.put(session, NOW, "late", "said", outbox.To(person_id=zoe), {"message": "hello"}, lane=Lane.BULK)
        held = {"state": OutboxState.SENDING, "sending_since": LATER, "lease_until": LATER + timedelta(seconds=45)}
        session.execute(update(Outbox).where(col(Outbox.key) == "late").values(**held))
    with pytest.raises(RefusedError, match="just being sent"):
        forget(world)
    assert world.one(select(col(Person.name)).where(col(Person.id) == zoe)).name == NAME
    # The sender has died meanwhile.
    forgetting.forget(world.store, zoe, LATER + timedelta(minutes=2))
    assert naming(world.store, *IDENTIFYING) == []


def test_notes_stay_unless_they_are_to_go_and_rulings_stay(world: World) -> None:
    done = forget(world, notes=True)
    assert done.notes == 3
    notes = {row.person_id: row.note for row in world.rows(select(col(Flag.person_id), col(Flag.note)))}
    assert notes[world.people["zoe"]] == ""
    assert notes[world.people["ana"]] == f"Ask {done.pseudonym} or {done.pseudonym}."
    assert world.one(select(col(Ruling.rationale))).rationale == f"As {done.pseudonym} said."
    replies = world.rows(select(col(CaseReply.text)).order_by(col(CaseReply.ts)))
    assert [row.text for row in replies] == ["", f"I agree with {done.pseudonym}."]
    arguments = world.rows(select(col(Dispute.argument)).order_by(col(Dispute.id)))
    assert [row.argument for row in arguments] == ["", f"{done.pseudonym} is right."]
    assert world.one(select(col(Review.reason_code))).reason_code == "misread"


def test_the_history_says_that_somebody_was_forgotten_and_not_who(world: World) -> None:
    forget(world, by=world.people["ana"])
    row = world.one(select(*History.__table__.c).where(col(History.action) == "person.forgotten"))  # type: ignore[attr-defined]
    assert (row.subject_id, row.actor_id, row.before, row.after) == (0, world.people["ana"], None, None)


def test_what_came_in_a_file_keeps_what_may_be_anybodys(world: World) -> None:
    done = forget(world)
    item = world.item(world.items[7])
    assert item.extra == {"annotator": done.pseudonym, "mail": done.pseudonym, "first_name": "Zoë"}
    prior = sorted(row.annotator for row in world.rows(select(col(PriorLabel.annotator))))
    assert prior == [done.pseudonym, "somebody else"]


def test_what_people_label_is_never_changed_but_counted(world: World) -> None:
    said = {"text": f"{NAME} wrote to {HANDLE}"}
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == world.items[6]).values(fields=said))
    assert forgetting.plan(world.store, world.people["zoe"]).untouched == 1
    forget(world)
    assert world.item(world.items[6]).fields == said
    assert {(table, column) for table, column, _ in naming(world.store, *IDENTIFYING)} == {("item", "fields")}


def test_the_plan_says_what_will_happen_and_changes_nothing(world: World) -> None:
    before = everything(world.store)
    plan = forgetting.plan(world.store, world.people["zoe"])
    assert everything(world.store) == before
    assert (plan.name, plan.projects, plan.labels, plan.rulings, plan.notes) == (NAME, ("rte",), 4, 1, 3)
    assert plan.open_work == 1
    assert set(plan.known_as) == {NAME, HANDLE, SLACK, DM, OLD_NAME, OLD_HANDLE}
    assert plan.mentions["prior_label"] == 3
    assert plan.untouched == plan.namesakes == 0
    done = forget(world)
    assert set(plan.mentions) - {"card"} <= set(done.replaced)


def test_other_things_they_are_known_by_are_replaced_too(world: World) -> None:
    with world.store.write() as session:
        history.note(session, NOW, "project.channel", "project", 1, after={"who": "Q. Nickname, q@home.example"})
    forget(world, also=["Q. Nickname", "Q@home.example"])
    assert naming(world.store, "Q. Nickname", "q@home.example") == []


def test_other_people_keep_their_names(world: World) -> None:
    """Ana is forgotten; Ana Maria is somebody else, and so is what is called Anaconda."""
    with world.store.write() as session:
        ben = update(Person).where(col(Person.id) == world.people["ben"])
        session.execute(ben.values(name="Ana Maria"))
        note = "Ana and Ana Maria of Anaconda, @ana, ana@lab.example, @Ana."
        session.execute(update(Flag).where(col(Flag.person_id) == world.people["zoe"]).values(note=note))
    world.store.transact(lambda s: digest.post_asked(s, world.project_id, "UBEN", 9, LATER))
    done = forgetting.forget(world.store, world.people["ana"], LATER)
    gone = done.pseudonym
    note = world.one(select(col(Flag.note)).where(col(Flag.person_id) == world.people["zoe"])).note
    assert note == f"{gone} and Ana Maria of Anaconda, {gone}, ana@lab.example, {gone}."
    newest = world.rows(select(col(Digest.numbers)).order_by(col(Digest.id).desc()))[0].numbers
    assert {one["name"] for one in newest["people"]} == {gone, "Ana Maria", NAME}


def test_slack_does_not_bring_them_back(world: World) -> None:
    zoe = world.people["zoe"]
    forget(world)
    listed = [
        DirectoryEntry(SLACK, "zoe", NAME, HANDLE, "Europe/Berlin"),
        DirectoryEntry("UANA", "ana", "Ana"),
        DirectoryEntry("UBEN", "ben", "Ben"),
        DirectoryEntry("URITA", "rita", "Rita"),
    ]
    for entries in (listed, listed[1:]):
        world.store.transact(lambda s, it=entries: resolve(s, Directory(it), LATER))  # type: ignore[misc]
    for change in (membership.deactivated, membership.reactivated):
        world.store.transact(lambda s, it=change: it(s, SLACK, LATER))  # type: ignore[misc]
    with world.store.read() as session:
        assert not unknown(session)
    assert naming(world.store, *IDENTIFYING) == []
    person = world.one(select(col(Person.active), col(Person.problem)).where(col(Person.id) == zoe))
    assert tuple(person) == (False, None)


def test_a_directory_that_was_read_before_does_not_bring_them_back(world: World, store: Store) -> None:
    """The directory's transaction has read who there is; before it writes, somebody is forgotten."""
    if store.is_sqlite:
        pytest.skip("SQLite lets one writer in at a time: there is no such moment")
    from workflow import directory

    zoe = world.people["zoe"]
    with store.write() as session:
        forget(world)
        directory._refresh(session, zoe, SLACK, NAME, DirectoryEntry(SLACK, "zoe", NAME), LATER)
        directory._report(session, zoe, f"{NAME} is a bot")
    assert naming(store, *IDENTIFYING) == []


def test_if_they_join_again_they_are_somebody_new(world: World) -> None:
    forget(world)
    again = world.store.transact(lambda s: membership.add(s, world.project_id, HANDLE, [Role.ANNOTATOR], LATER, None))
    assert again != world.people["zoe"]
    with world.store.read() as session:
        assert people.known(session, HANDLE) == again
        assert [one.person_id for one in people.members(session, world.project_id)].count(world.people["zoe"]) == 0


def test_forgetting_again_is_refused_and_what_was_cut_short_is_finished(world: World, store: Store) -> None:
    with store.read() as session:
        known = forgetting.identity(session, world.people["zoe"])
    # Killed after the first look through everything.
    world.store.transact(lambda s: forgetting.leave(s, world.people["zoe"], LATER, None))
    traces.sweep(store, known)
    forget(world)
    assert naming(store, *IDENTIFYING) == []
    with pytest.raises(RefusedError, match="was forgotten on 2026-03-02"):
        forget(world)


def test_more_rows_than_a_transaction_takes(world: World, store: Store) -> None:
    many = 2 * traces.PAGE + 7
    with store.write() as session:
        for number in range(many):
            history.note(session, NOW, "project.channel", "project", 1, after={"n": number, "who": NAME})
    done = forget(world)
    assert done.replaced["history"] >= many
    assert naming(store, *IDENTIFYING) == []
    kept = world.rows(select(col(History.after)).where(col(History.action) == "project.channel"))
    assert {row.after["n"] for row in kept if "n" in row.after} == set(range(many))


BETWEEN = st.text(st.characters(whitelist_categories=("Zs", "Po", "Sm", "So"), blacklist_characters="@.+-"), min_size=1)
ME = Identity(17, (SLACK, DM), (HANDLE, "@zoë.j"), (NAME, "Zoë", "李雷"), ("Zoë Other", "Kid Zoë"))


@given(st.lists(st.sampled_from([*ME.everything, *ME.others, "Zoëlla", "abc", "17"])), BETWEEN)
def test_every_name_goes_and_nobody_elses(parts: list[str], between: str) -> None:
    said = between.join(parts)
    replaced = Replacer(ME).spoken(said)
    wanted = [ME.pseudonym if part in ME.everything else part for part in parts]
    if not set("<>|") & set(between):
        assert replaced == between.join(wanted)
    assert Replacer(ME).spoken(replaced) == replaced


@given(st.text())
def test_a_text_that_names_nobody_stays_as_it_is(said: str) -> None:
    if not any(one.casefold() in said.casefold() for one in ME.everything):
        assert Replacer(ME).spoken({"a": [said]}) == {"a": [said]}
