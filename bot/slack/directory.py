"""Who and what there is in the workspace, read page by page at Slack's pace. For start-up and commands, never in a click."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.errors import Remedy, Trouble, judge
from workflow import directory as known

PAGE = 200
# T2 is 20 calls a minute; the first may go at once.
PACE = 3.0
# A workspace that asks for more patience than this is asked again by the next command.
MOST_WAITS = 10


class DirectoryError(Exception):
    """Slack did not let us read; the text says what to do."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.words)
        self.trouble = trouble


@dataclass(frozen=True)
class Directory:
    """One account. Fields that Slack leaves out are empty."""

    slack_id: str
    name: str
    display_name: str
    real_name: str
    email: str
    time_zone: str
    deleted: bool
    is_bot: bool


@dataclass(frozen=True)
class ChannelEntry:
    """One channel that Slack shows the bot. ``is_member``: whether the bot is in it."""

    slack_id: str
    name: str
    is_private: bool
    is_archived: bool
    is_member: bool


def read_directory(client: WebClient, sleep: Callable[[float], None] = time.sleep) -> known.Directory:
    """Everybody, and every channel that Slack shows the bot, as the workflow knows them. Raises DirectoryError."""
    members = [
        known.DirectoryEntry(
            slack_id=one.slack_id,
            name=one.name,
            display_name=one.display_name or one.real_name,
            email=one.email,
            time_zone=one.time_zone or None,
            deleted=one.deleted,
            is_bot=one.is_bot,
        )
        for one in people(client, sleep)
    ]
    places = [
        known.ChannelEntry(slack_id=one.slack_id, name=one.name, archived=one.is_archived, is_member=one.is_member)
        for one in channels(client, sleep)
    ]
    return known.Directory(members, places)


def people(client: WebClient, sleep: Callable[[float], None] = time.sleep) -> list[Directory]:
    """Everybody, deactivated people and bots included. Raises DirectoryError."""
    return [_person(row) for row in _pages(client.users_list, "members", sleep)]


def channels(client: WebClient, sleep: Callable[[float], None] = time.sleep) -> list[ChannelEntry]:
    """All channels that Slack shows the bot, archived ones included. Raises DirectoryError."""
    listed = _pages(client.conversations_list, "channels", sleep, types="public_channel,private_channel")
    return [_channel(row) for row in listed]


def _pages(
    call: Callable[..., Any], key: str, sleep: Callable[[float], None], **arguments: Any
) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = _patiently(call, sleep, limit=PAGE, cursor=cursor, **arguments)
        yield from page[key]
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
        sleep(PACE)


def _patiently(call: Callable[..., Any], sleep: Callable[[float], None], **arguments: Any) -> Any:
    """Reading twice does no harm: whatever may pass is waited for."""
    for waited in range(MOST_WAITS + 1):
        try:
            return call(**arguments)
        except (SlackApiError, OSError) as error:
            trouble = judge(error)
            passing = trouble.remedy in (Remedy.WAIT, Remedy.AGAIN, Remedy.LOOK)
            if not passing or waited == MOST_WAITS:
                raise DirectoryError(trouble) from error
            sleep(PACE if trouble.retry_after is None else trouble.retry_after)
    raise AssertionError("unreachable")


def _person(row: dict[str, Any]) -> Directory:
    profile = row.get("profile") or {}
    return Directory(
        slack_id=row["id"],
        name=row.get("name") or "",
        display_name=profile.get("display_name") or "",
        real_name=profile.get("real_name") or row.get("real_name") or "",
        email=profile.get("email") or "",
        time_zone=_time_zone(row.get("tz") or ""),
        deleted=bool(row.get("deleted")),
        is_bot=bool(row.get("is_bot")) or row["id"] == "USLACKBOT",
    )


def _time_zone(name: str) -> str:
    """The zone, where this machine knows it: one person's that nothing can be reckoned in would keep reminders from all."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return ""
    return name


def _channel(row: dict[str, Any]) -> ChannelEntry:
    return ChannelEntry(
        slack_id=row["id"],
        name=row.get("name") or "",
        is_private=bool(row.get("is_private")),
        is_archived=bool(row.get("is_archived")),
        is_member=bool(row.get("is_member")),
    )
