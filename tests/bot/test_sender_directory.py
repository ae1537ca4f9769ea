"""Reading who and what there is: page by page, at Slack's pace, patiently."""

from typing import Any

import pytest
from slack_sdk import WebClient

from bot.slack.directory import DirectoryError, channels, people
from tests.bot.fake_slack import START, FakeSlack, Fault


class Listing(FakeSlack):
    """A Slack with a hundred and fifty accounts, a hundred a page."""

    def users_list(self, args: dict[str, Any]) -> dict[str, Any]:
        start = int(args.get("cursor") or 0)
        shown: list[dict[str, Any]] = [
            {"id": f"U{number}", "name": f"n{number}"} for number in range(start, min(start + 100, 150))
        ]
        if start == 0:
            profile = {"display_name": "Ana", "real_name": "Ana A.", "email": "ana@example.com"}
            shown[0] |= {"profile": profile, "tz": "Europe/Berlin"}
            shown[1] |= {"deleted": True, "is_bot": True, "tz": "Mars/Olympus_Mons"}
        return {"members": shown, "response_metadata": {"next_cursor": "100" if start == 0 else ""}}

    def conversations_list(self, args: dict[str, Any]) -> dict[str, Any]:
        assert args["types"] == "public_channel,private_channel"
        return {"channels": [{"id": "C1", "name": "rte", "is_private": True, "is_member": True}]}


@pytest.fixture
def slack() -> Listing:
    return Listing(lambda: START, lambda _seconds: None)


@pytest.fixture
def client(slack: Listing) -> WebClient:
    return slack.client()


def test_everybody_is_read_page_by_page(client: WebClient) -> None:
    slept: list[float] = []
    found = people(client, slept.append)
    assert [one.slack_id for one in found] == [f"U{number}" for number in range(150)]
    ana, ben = found[:2]
    assert (ana.name, ana.display_name, ana.real_name) == ("n0", "Ana", "Ana A.")
    assert (ana.email, ana.time_zone, ana.deleted, ana.is_bot) == ("ana@example.com", "Europe/Berlin", False, False)
    assert ben.time_zone == "", "a zone that this machine does not know"
    assert (ben.deleted, ben.is_bot, ben.email, ben.display_name) == (True, True, "", "")
    assert slept == [3.0]


def test_slack_is_given_the_time_it_asks_for(slack: Listing, client: WebClient) -> None:
    slack.faults += [Fault("users.list", "429", seconds=17), Fault("users.list", "500"), Fault("users.list", "reset")]
    slept: list[float] = []
    assert len(people(client, slept.append)) == 150
    assert slept == [17.0, 3.0, 3.0, 3.0]


def test_channels_with_what_the_bot_may_do_there(client: WebClient) -> None:
    (channel,) = channels(client, lambda _seconds: None)
    assert (channel.slack_id, channel.name, channel.is_private) == ("C1", "rte", True)
    assert (channel.is_archived, channel.is_member) == (False, True)


def test_what_somebody_has_to_allow_is_said(slack: Listing, client: WebClient) -> None:
    slack.refused["users.list None"] = "missing_scope"
    with pytest.raises(DirectoryError, match="scope"):
        people(client)


def test_patience_ends(slack: Listing, client: WebClient) -> None:
    slack.faults.append(Fault("users.list", "429", times=1000, seconds=60))
    slept: list[float] = []
    with pytest.raises(DirectoryError):
        people(client, slept.append)
    assert sum(slept) == 600
