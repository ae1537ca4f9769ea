"""Who and which channels there are in the workspace: read page by page, at Slack's pace, never in a click."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.errors import Remedy, judge
from workflow.directory import ChannelEntry, Directory, DirectoryEntry

PAGE = 200
MOST_PAGES = 500
PATIENCE = 5


def read_directory(client: WebClient, sleep: Callable[[float], None] = time.sleep) -> Directory:
    """Everybody, and every channel that the bot can see. Raises SlackApiError where Slack refuses."""
    people = [_person(member) for member in _pages(client, "users.list", "members", {}, sleep)]
    wanted = {"types": "public_channel,private_channel", "exclude_archived": "false"}
    channels = [_channel(one) for one in _pages(client, "conversations.list", "channels", wanted, sleep)]
    return Directory(people, channels)


def _pages(
    client: WebClient, method: str, key: str, fields: dict[str, str], sleep: Callable[[float], None]
) -> Iterator[dict[str, Any]]:
    cursor = ""
    for _ in range(MOST_PAGES):
        answer = _patiently(client, method, {**fields, "limit": str(PAGE), "cursor": cursor}, sleep)
        yield from answer[key]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


def _patiently(client: WebClient, method: str, fields: dict[str, str], sleep: Callable[[float], None]) -> Any:
    for attempt in range(PATIENCE):
        try:
            return client.api_call(method, data=fields).data
        except SlackApiError as error:
            trouble = judge(error)
            if trouble.remedy is not Remedy.WAIT or attempt == PATIENCE - 1:
                raise
            sleep(trouble.retry_after or 1.0)
    raise AssertionError("unreachable")


def _person(member: dict[str, Any]) -> DirectoryEntry:
    profile = member.get("profile") or {}
    return DirectoryEntry(
        slack_id=member["id"],
        name=member.get("name", ""),
        display_name=profile.get("display_name") or profile.get("real_name") or member.get("real_name") or "",
        email=profile.get("email") or "",
        time_zone=member.get("tz"),
        deleted=bool(member.get("deleted")),
        is_bot=bool(member.get("is_bot")) or member["id"] == "USLACKBOT",
    )


def _channel(one: dict[str, Any]) -> ChannelEntry:
    return ChannelEntry(
        slack_id=one["id"],
        name=one.get("name", ""),
        archived=bool(one.get("is_archived")),
        is_member=bool(one.get("is_member")),
    )
