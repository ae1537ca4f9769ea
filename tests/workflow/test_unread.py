"""Who has not read is reminded on working days of theirs, and after some days the leads hear of it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Outbox, Person, Purpose
from tests.workflow.readers import Readers
from workflow.guidelines.acknowledgement import unread

THURSDAY = datetime(2026, 3, 5, 13, tzinfo=UTC)


def asked(store: Store, **zones: str) -> tuple[Readers, int]:
    team = Readers.of(store, {"tell_lead_after": 3})
    team.now = THURSDAY
    with store.write() as session:
        for name, zone in zones.items():
            mine = col(Person.id) == team.world.people[name]
            session.execute(update(Person).where(mine).values(time_zone=zone))
    version = team.publish()
    team.ask()
    return team, version


def by_the_hour(team: Readers, days: int) -> dict[str, list[datetime]]:
    """When each was reminded, with a clock that ticks every hour."""
    names = {person_id: name for name, person_id in team.world.people.items()}
    until = team.now + timedelta(days=days)
    while team.now < until:
        unread.remind(team.store, team.now)
        team.now += timedelta(hours=1)
    rows = team.world.rows(
        select(col(Outbox.person_id), col(Outbox.created_at))
        .where(col(Outbox.key).contains(":reminder:"))
        .order_by(col(Outbox.id))
    )
    told: dict[str, list[datetime]] = {name: [] for name in names.values()}
    for row in rows:
        told[names[row.person_id]].append(row.created_at)
    return told


def test_once_a_working_day_of_their_own_from_nine_on_until_they_have_read(store: Store) -> None:
    zones = {"ana": "Asia/Tokyo", "ben": "America/Los_Angeles"}
    team, version = asked(store, **zones)
    team.acknowledge("rita", version)
    told = by_the_hour(team, 6)
    assert told["rita"] == []
    for name, zone in {**zones, "cem": "Europe/Berlin"}.items():
        local = [moment.astimezone(ZoneInfo(zone)) for moment in told[name]]
        assert [moment.hour for moment in local] == [9] * len(local)
        assert [moment.strftime("%a") for moment in local][:3] == ["Fri", "Mon", "Tue"]
    team.acknowledge("ana", version)
    assert len(by_the_hour(team, 2)["ana"]) == len(told["ana"])


def test_who_left_is_not_reminded_and_who_came_back_not_on_the_same_day(store: Store) -> None:
    team, _ = asked(store)
    team.leave("ana")
    assert by_the_hour(team, 2)["ana"] == []


def test_two_clocks_at_once_remind_once(store: Store) -> None:
    team, version = asked(store)
    team.now = datetime(2026, 3, 6, 9, tzinfo=UTC)
    ids = [team.asked(name, version) for name in ("ana", "ben")]
    pid = team.world.project_id
    first, second = (store.transact(lambda s: unread._remind_some(s, pid, ids, team.now)) for _ in range(2))
    assert (first, second) == (2, 0)


def test_leads_hear_once_when_somebody_was_asked_long_ago_at_their_own_hours(store: Store) -> None:
    team, version = asked(store)
    posts = select(col(Outbox.created_at), col(Outbox.context), col(Outbox.purpose)).where(
        col(Outbox.key) == f"unread:{version}"
    )
    while team.now < THURSDAY + timedelta(days=7):
        unread.tell_leads(store, team.now)
        team.now += timedelta(hours=1)
    (post,) = team.world.rows(posts)
    # Three days after Thursday afternoon is Sunday: they hear of it on Monday at nine, in Berlin.
    assert post.created_at == datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert post.purpose == Purpose.LEADS
    assert post.context == {"id": version, "project_id": team.world.project_id, "days": 3}


def test_leads_hear_nothing_where_everybody_has_read_or_left(store: Store) -> None:
    team, version = asked(store)
    for name in ("ana", "ben", "rita"):
        team.acknowledge(name, version)
    team.leave("cem")
    team.now = datetime(2026, 3, 12, 10, tzinfo=UTC)
    assert unread.tell_leads(store, team.now) == 0
    assert team.world.one(select(func.count()).where(col(Outbox.template) == "unread"))[0] == 0
