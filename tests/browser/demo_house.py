"""The demo as ``concord run`` makes it, with a clock that can be moved: its workspace, its store, its crowd at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from bot.demo import crowd, project
from bot.demo.person import Desk
from jobs import quality
from jobs.digests import post_due
from storage import schema
from storage.tables import Escalation, EscalationState, Item, LabelValue, Review
from tests import sandbox_fixtures
from tests.house.house import House
from workflow import calendar, projects
from workflow.plan import Planned, plan
from workflow.review import claiming, deciding, queue

ZONE, AT = "Europe/Berlin", time(9)
PEOPLE_AT_ONCE = 12
REASONS = {
    "yes": "Point 5: very likely is good enough, and nobody would look this up first.",
    "no": "Point 2: one part of the claim is missing in the text, and one is enough.",
}


@contextmanager
def demo_house(folder: Path) -> Iterator[House]:
    """The demo project in a workspace of its own, not yet running; everything ends with the block."""
    workspace = sandbox_fixtures.start(folder / "workspace", project.seed())
    house = House(workspace, f"sqlite:///{folder / 'concord.db'}", folder)
    try:
        schema.upgrade(house.store)
        yield house
    finally:
        house.close()
        workspace.stop()


def begin(house: House) -> None:
    """Load the demo and start Concord, at whatever time the house's clock shows."""
    project.ensure(house.store, house.clock)
    with house.store.read() as session:
        house.project_id = projects.by_name(session, "rte")
    house.resolve()
    house.start()


def last_mornings(now: datetime, count: int) -> list[datetime]:
    """The last moments at which a digest was due, oldest first."""
    day = calendar.due_local_date(now, ZONE, AT)
    return [calendar.moment(day - timedelta(days=back), AT, ZONE) for back in reversed(range(count))]


def set_clock(house: House, moment: datetime) -> None:
    """Let the house's clock show a moment, and go on from there."""
    house.clock.ahead = moment - datetime.now(UTC)


def let_crowd_label(house: House, items: list[str], leave: int = 0) -> int:
    """The data set's people label these items as they once did, by clicking; how many labels that were.

    The last ``leave`` labels of each item are left to others.
    """
    desk = Desk(house.workspace.url)
    wanted = set(items)
    kept, found = crowd.data()
    by_item = [[row for row in found if row["item_id"] == item] for item in items]
    labels = [row for rows in by_item for row in rows[: len(rows) - leave]]
    planned = crowd.enlist(house.store, desk, labels, house.clock())
    house.resolve()
    titles = {row.value: row.title for row in house.rows(select(col(LabelValue.value), col(LabelValue.title)))}
    progress = crowd.Progress()
    acts = crowd.script([item for item in kept if item["id"] in wanted], planned, titles)
    crowd.run(desk, acts, speed=0, people_at_once=PEOPLE_AT_ONCE, progress=progress, each=lambda _clicked: None)
    if progress.lost:
        raise RuntimeError(f"stuck: {progress.lost}")
    return progress.clicked


def rule_on_all_but(house: House, leave: int) -> None:
    """Rita rules on the cases that have waited longest, as the data set's own gold value has it, and says why."""
    gold = {item["id"]: item["gold"] for item in crowd.data()[0]}
    titles = {row.value: row.title for row in house.rows(select(col(LabelValue.value), col(LabelValue.title)))}
    # Whom to ask is settled first: it would change the cards under her hand.
    quality.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    cases = house.rows(
        select(col(Escalation.id), col(Item.key))
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .where(col(Escalation.state) == EscalationState.OPEN)
        .order_by(col(Escalation.id))
    )
    house.quiet()
    place = house.workspace.channel("rte-review")
    cards = {card["blocks"][0]["block_id"].split(":")[1]: card | {"channel": place} for card in house.case_cards()}
    for case in cases[: max(0, len(cases) - leave)]:
        house.rita.rule(titles[gold[case.key]], REASONS[gold[case.key]], cards[str(case.id)])


def review_what_waits(house: House, but: int) -> int:
    """Rita looks at what is in review and finds it right, all but the last ``but``; how many that were."""
    quality.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    rita = house.ids["rita"]
    with house.store.read() as session:
        waiting = queue.counts(session, house.project_id, None, house.clock()).waiting
    for _ in range(max(0, waiting - but)):
        house.store.transact(lambda session: _accept_next(session, house, rita))
    quality.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    return max(0, waiting - but)


def _accept_next(session: Session, house: House, slack_id: str) -> None:
    review_id = claiming.next_review(session, slack_id, house.project_id, house.clock())
    if review_id is None:
        raise RuntimeError("nothing is left to review")
    seen = session.execute(select(col(Review.version)).where(col(Review.id) == review_id)).scalar_one()
    deciding.accept(session, slack_id, review_id, seen, house.clock())


def give(house: House, name: str, items: list[str]) -> None:
    """Plan these items for somebody, as ``concord assign --plan`` does."""
    rows = [Planned(line, item, f"@{name}") for line, item in enumerate(items, start=2)]
    refused = house.store.transact(lambda session: plan(session, house.project_id, rows, house.clock()))
    if refused:
        raise RuntimeError(str(refused))


def morning(house: House, moment: datetime) -> None:
    """It is past nine: the digest that is due is made and posted with its chart."""
    set_clock(house, moment + timedelta(seconds=40))
    post_due(house.store, house.clock(), house.concord.sender.nudge)
    house.quiet()
