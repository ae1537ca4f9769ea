"""What Slack says of a file, read; and why it does not give one, in words for who can mend it."""

from typing import Any

import pytest
import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.files import SlackFiles
from jobs.dropped_file import NotNowError, UnreadableError

CSV = {
    "id": "F1",
    "name": "items.csv",
    "size": 12,
    "mimetype": "text/csv",
    "user": "U1",
    "mode": "snippet",
    "url_private_download": "https://files.slack.com/F1/download/items.csv",
    "shares": {"public": {"C1": [{"ts": "5.0"}, {"ts": "10.0"}], "C2": [{"ts": "20.0"}]}},
}


class Slack(WebClient):
    """Answers files.info with what it was given."""

    def __init__(self, answer: dict[str, Any] | str) -> None:
        super().__init__("xoxb-1")
        self.answer = answer

    def files_info(self, **_asked: Any) -> SlackResponse:
        code = self.answer if isinstance(self.answer, str) else ""
        status = int(code) if code.isdecimal() else 200
        data = {"ok": not code, "error": code} if code else {"ok": True, "file": self.answer}
        answer = SlackResponse(
            client=self, http_verb="POST", api_url="", req_args={}, data=data, headers={}, status_code=status
        )
        if code:
            raise SlackApiError("refused", answer)  # type: ignore[no-untyped-call]
        return answer


def files(answer: dict[str, Any] | str) -> SlackFiles:
    return SlackFiles(Slack(answer), urllib3.PoolManager(), "UBOT")


def test_it_is_where_it_was_brought_last_in_this_channel() -> None:
    about = files(CSV).about("F1", "C1")
    assert (about.name, about.size, about.kind, about.user_id) == ("items.csv", 12, "text/csv", "U1")
    assert (about.shown, about.thread, about.problem, about.is_document) == (True, "10.0", None, False)
    assert about.url.endswith("/download/items.csv")


def test_in_a_thread_its_card_goes_into_the_same_thread() -> None:
    shares = {"private": {"C1": [{"ts": "10.0", "thread_ts": "3.0"}]}}
    assert files({**CSV, "shares": shares}).about("F1", "C1").thread == "3.0"


@pytest.mark.parametrize("shares", [{}, None, {"public": {"C9": [{"ts": "1.0"}]}}])
def test_not_shown_here_yet(shares: Any) -> None:
    about = files({**CSV, "shares": shares}).about("F1", "C1")
    assert (about.shown, about.thread) == (False, None)


@pytest.mark.parametrize(
    ("told", "part"),
    [
        ({"mode": "tombstone"}, "deleted"),
        ({"mode": "hidden_by_limit"}, "limit"),
        ({"file_access": "check_file_info"}, "Slack Connect"),
        ({"file_access": "access_denied"}, "Slack Connect"),
        ({"mode": "external", "is_external": True, "external_type": "gdrive"}, "gdrive"),
        ({"is_external": True, "external_type": ""}, "another service"),
        ({"url_private_download": None}, "Slack Connect"),
    ],
)
def test_why_a_file_is_not_given(told: dict[str, Any], part: str) -> None:
    assert part in (files({**CSV, **told}).about("F1", "C1").problem or "")


@pytest.mark.parametrize("mode", ["space", "canvas", "list"])
def test_slacks_own_documents_are_no_files(mode: str) -> None:
    about = files({**CSV, "mode": mode, "url_private_download": None}).about("F1", "C1")
    assert about.is_document
    assert about.problem is None


@pytest.mark.parametrize(
    ("code", "part", "early"),
    [
        ("missing_scope", "files:read", False),
        ("file_not_found", "not in the channel", True),
        ("file_deleted", "deleted", False),
        ("invalid_auth", "bot token", False),
        ("something_new", "something_new", False),
    ],
)
def test_what_slack_refuses_says_what_to_do(code: str, part: str, early: bool) -> None:
    with pytest.raises(UnreadableError, match=part) as refused:
        files(code).about("F1", "C1")
    assert refused.value.early is early


@pytest.mark.parametrize(
    ("code", "failed"), [("ratelimited", False), ("429", False), ("500", True), ("fatal_error", True)]
)
def test_what_passes_is_tried_again(code: str, failed: bool) -> None:
    with pytest.raises(NotNowError) as later:
        files(code).about("F1", "C1")
    assert later.value.failed is failed
