"""What stands behind reviews in chat: the card's clock, a claim that goes on, what a modal carries, sections to cite."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Card, Channel, Guideline, Outbox, OutboxKind, OutboxState, Project, Purpose, ReviewState
from tests.builders import NOW
from tests.workflow.reviewers import LATER, Reviewers
from workflow.cases import citing
from workflow.errors import NotAllowedError, RefusedError
from workflow.quality_rules import ReviewRules
from workflow.review import card, claiming
from workflow.review.opened import Face, Opened
from workflow.views.review import review_view
from workflow.views.review_queue import queue_view

ALL = ReviewRules(share=1.0)
SECOND = timedelta(seconds=1)
PLACE = "CREVIEW"


def reviewed(store: Store, items: int = 2, **how: Any) -> Reviewers:
    shop = Reviewers(store, ALL, items=items, **how)
    review_channel(store, PLACE)
    for item in range(items):
        shop.labelled("yes", "yes", "yes", item=item)
    shop.pick()
    return shop


def review_channel(store: Store, slack_id: str | None) -> None:
    with store.write() as session:
        session.execute(update(Channel).where(col(Channel.purpose) == Purpose.REVIEW).values(slack_id=slack_id))


def said(shop: Reviewers) -> list[OutboxKind]:
    mine = select(col(Outbox.kind)).where(col(Outbox.subject) == f"{card.KIND}:{shop.world.project_id}")
    return [row.kind for row in shop.world.rows(mine.order_by(col(Outbox.id)))]


def deliver(shop: Reviewers, now: datetime) -> None:
    """What the sender does: the card shows the present numbers."""
    project_id = shop.world.project_id
    mine = (col(Card.kind) == card.KIND, col(Card.subject_id) == project_id)
    with shop.world.store.write() as session:
        session.execute(update(Outbox).values(state=OutboxState.SENT))
        view = queue_view(session, project_id, now)
        assert view is not None
        if not session.execute(update(Card).where(*mine).values(version=view["version"]).returning(col(Card.id))).all():
            shown = {"kind": card.KIND, "subject_id": project_id, "channel": PLACE, "ts": "1.1", "created_at": now}
            session.execute(insert(Card).values(version=view["version"], **shown))


def test_one_card_is_posted_and_written_once_a_minute_when_its_numbers_change(store: Store) -> None:
    shop = Reviewers(store, ALL, items=2)
    review_channel(store, PLACE)

    def keep(now: datetime) -> int:
        return card.keep(store, now)

    assert keep(LATER) == 0
    for item in range(2):
        shop.labelled("yes", "yes", "yes", item=item)
    shop.pick()
    assert (keep(LATER), keep(LATER), said(shop)) == (1, 0, [OutboxKind.POST])
    deliver(shop, LATER)
    assert keep(LATER + 90 * SECOND) == 0
    shop.next()
    shop.accept()
    assert keep(LATER + 30 * SECOND) == 0
    assert (keep(LATER + 90 * SECOND), keep(LATER + 91 * SECOND)) == (1, 0)
    deliver(shop, LATER + 92 * SECOND)
    shop.next()
    shop.accept(item=1)
    assert keep(LATER + 120 * SECOND) == 0
    assert keep(LATER + 160 * SECOND) == 1
    deliver(shop, LATER + 160 * SECOND)
    assert keep(LATER + timedelta(days=3)) == 0
    assert said(shop) == [OutboxKind.POST, OutboxKind.UPDATE, OutboxKind.UPDATE]


def test_a_card_that_was_deleted_comes_back_the_next_day_and_one_that_failed_is_left(store: Store) -> None:
    shop = reviewed(store)
    card.keep(store, LATER)
    deliver(shop, LATER)
    with store.write() as session:
        session.execute(delete(Card))
    card.keep(store, LATER + timedelta(hours=1))
    assert said(shop) == [OutboxKind.POST]
    tomorrow = LATER + timedelta(days=1)
    assert card.keep(store, tomorrow) == 1
    with store.write() as session:
        session.execute(update(Outbox).values(state=OutboxState.FAILED))
    assert card.keep(store, tomorrow + timedelta(days=1)) == 0
    assert said(shop) == [OutboxKind.POST, OutboxKind.POST]


@pytest.mark.parametrize("stuck", [OutboxState.WAITING, OutboxState.FAILED])
def test_the_card_comes_to_the_channel_that_is_named_instead_of_one_that_is_closed(
    store: Store, stuck: OutboxState
) -> None:
    shop = reviewed(store)
    card.keep(store, LATER)
    deliver(shop, LATER)
    shop.next()
    shop.accept()
    card.keep(store, LATER + 90 * SECOND)
    with store.write() as session:
        # Concord was taken out of the channel, or the channel was archived.
        session.execute(update(Outbox).where(col(Outbox.kind) == OutboxKind.UPDATE).values(state=stuck))
        if stuck is OutboxState.FAILED:
            session.execute(update(Outbox).where(col(Outbox.kind) == OutboxKind.POST).values(state=stuck))
    review_channel(store, None)
    assert card.keep(store, LATER + 200 * SECOND) == 0, "Slack has not shown the new one yet"
    review_channel(store, "CELSEWHERE")
    assert card.keep(store, LATER + 300 * SECOND) == 1
    assert said(shop) == [OutboxKind.POST, OutboxKind.UPDATE, OutboxKind.POST]
    assert shop.world.rows(select(col(Card.id))) == [], "nothing is written any more where Concord may not be"


def test_a_claim_goes_on_until_somebody_else_has_it(store: Store) -> None:
    shop = reviewed(store, items=1, reviewers=("rita", "rob"))
    review_id = shop.next("rita")
    assert review_id is not None
    over = LATER + timedelta(minutes=31)

    def hold_on(name: str, now: datetime) -> None:
        store.transact(lambda s: claiming.hold_on(s, shop.world.slack_id(name), review_id, now))

    def sees(name: str) -> bool:
        with store.read() as session:
            return review_view(session, review_id, shop.world.people[name], over) is not None

    with pytest.raises(RefusedError, match="Rita looks at it now"):
        hold_on("rob", LATER)
    assert (sees("rita"), sees("rob")) == (True, False)
    hold_on("rita", over)
    assert shop.next("rob", over) is None
    assert shop.next("rob", over + timedelta(minutes=31)) == review_id
    with pytest.raises(RefusedError, match="Rob looks at it now"):
        hold_on("rita", over + timedelta(minutes=32))
    assert (sees("rita"), sees("rob")) == (False, True)
    with pytest.raises(NotAllowedError):
        hold_on("ana", over + timedelta(hours=9))
    assert shop.accept("rob", now=over + timedelta(minutes=33)) == "Accepted."
    with pytest.raises(RefusedError, match="Rob accepted it"):
        hold_on("rita", over + timedelta(minutes=34))
    assert shop.review().state is ReviewState.ACCEPTED


ids = st.integers(0, 2**63 - 1)


@given(
    opened=st.builds(
        Opened, ids, ids, ids, ids, ids, st.sampled_from(Face), st.lists(ids, max_size=100).map(tuple)
    ),
    noise=st.text(max_size=40),
)  # fmt: skip
def test_a_modal_carries_what_it_has_open_and_nothing_else_is_read(opened: Opened, noise: str) -> None:
    assert Opened.read(str(opened)) == opened
    assert len(str(opened)) <= 3000
    with pytest.raises(RefusedError):
        Opened.read(f"{opened}:{noise}")
    with pytest.raises(RefusedError):
        Opened.read(noise)


def test_a_section_is_cited_by_its_title_as_it_was_when_the_form_was_drawn(store: Store) -> None:
    world = reviewed(store, items=1).world
    text = "Before all.\n\n# Rules\n\n## Hedges 🙂 | `may`\n\nMay is one.\n"
    with store.write() as session:
        session.execute(update(Guideline).values(markdown=text))
        offered = citing.offered(session, world.project_id)
        assert [one.title for one in offered] == ["Rules", "Hedges 🙂 | `may`"]
        values = {"project_id": world.project_id, "major": 9, "minor": 0, "markdown": "# New", "at": NOW}
        newer = session.execute(insert(Guideline).values(**values).returning(col(Guideline.id))).scalar_one()
        session.execute(update(Project).values(guideline_id=newer))
    with store.read() as session:
        assert [one.title for one in citing.offered(session, world.project_id)] == ["New"]
        assert citing.title(session, world.project_id, offered[1].value) == "Hedges 🙂 | `may`"
        for wrong in ("", "x", "1", f"{newer}.7", "1.x", "٣.1", f"{'9' * 30}.1"):
            assert citing.title(session, world.project_id, wrong) == ""
        assert citing.title(session, world.project_id + 1, offered[1].value) == ""
