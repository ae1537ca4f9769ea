"""What went wrong in a call to Slack, read as what to do about it."""

import http.client
import json
import socket
import ssl
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import urllib3
import urllib3.exceptions
from slack_sdk.errors import SlackApiError


class Remedy(StrEnum):
    """What to do after a call that did not answer ``ok``."""

    WAIT = "wait"
    """Rate limited: nothing happened; call again after ``retry_after``."""
    AGAIN = "again"
    """Slack was not reached: nothing happened; call again later."""
    LOOK = "look"
    """Unknown outcome: it may have happened, or happen yet. Look before calling again."""
    MEND = "mend"
    """Nothing happened, and somebody can put it right; the words say how. Call again from time to time."""
    GONE = "gone"
    """What the call was about is not there any more. Calling again is of no use."""
    NEVER = "never"
    """Slack will never take this call."""


@dataclass(frozen=True)
class Trouble:
    """A failed call. ``code`` is Slack's error or the exception's name, ``words`` a sentence for a person.

    ``retry_after`` is in seconds, None where Slack named none.
    """

    remedy: Remedy
    code: str
    words: str
    retry_after: float | None = None


LIMITED = {"ratelimited", "rate_limited", "message_limit_exceeded"}
UNKNOWN = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
NO_TOKEN = "Slack does not accept the bot token. Install the app again and set SLACK_BOT_TOKEN."  # noqa: S105
FORBIDDEN = "The workspace does not let the app do this. Ask an administrator of the workspace."
WORDS_MEND = {
    "not_in_channel": "Concord is not in the channel. Invite it there: /invite @concord",
    "channel_not_found": "Slack shows Concord no such channel. If it is private, invite Concord there: /invite @concord",
    "messages_tab_disabled": "The app may not write to people. Turn on its Messages tab (App Home) and install it again.",
    "not_enabled": "The app has no Home tab. Turn it on (App Home) and install the app again.",
    "restricted_action": FORBIDDEN,
    "restricted_action_read_only_channel": "The channel is read-only. Let Concord post there, or name another channel.",
    "restricted_action_thread_only_channel": "The channel takes replies only. Name another channel.",
    "restricted_action_non_threadable_channel": "The channel takes no threads. Name another channel.",
    "posting_to_general_channel_denied": "Concord may not post in this channel. Allow it, or name another channel.",
    "invalid_auth": NO_TOKEN,
    "not_authed": NO_TOKEN,
    "token_revoked": NO_TOKEN,
    "token_expired": NO_TOKEN,
    "account_inactive": NO_TOKEN,
    "not_allowed_token_type": NO_TOKEN,
    "no_permission": FORBIDDEN,
    "access_denied": FORBIDDEN,
    "ekm_access_denied": FORBIDDEN,
    "team_access_not_granted": FORBIDDEN,
    "org_login_required": "The workspace is being moved to another organisation. Concord goes on once that is over.",
    "team_added_to_org": "The workspace is being moved to another organisation. Concord goes on once that is over.",
}
WORDS_GONE = {
    "is_archived": "The channel is archived.",
    "channel_is_archived": "The channel is archived.",
    "user_disabled": "The account is deactivated.",
    "user_not_found": "Slack knows no such person.",
    "users_not_found": "Slack knows no such person.",
    "user_not_visible": "The app may not see this person.",
    "user_not_in_channel": "The person is not in the channel.",
    "cannot_dm_bot": "This is a bot, and Slack lets no app write to it.",
    "message_not_found": "The message was deleted.",
    "thread_not_found": "The thread was deleted.",
    "cant_update_message": "Slack does not let Concord change this message.",
    "edit_window_closed": "Slack does not let this message be changed any more.",
    "is_inactive": "Slack does not let this message be changed any more.",
    "file_not_found": "The file was deleted.",
    "file_deleted": "The file was deleted.",
    "not_found": "The view was closed.",
    "view_not_found": "The view was closed.",
    "expired_url": "The click's answer address is too old.",
    "used_url": "The click's answer address was used up.",
    "expired_trigger_id": "The click is too old to open anything.",
    "exchanged_trigger_id": "The click has already opened something.",
}
# Raised before the request left: nothing can have happened.
NOT_CONNECTED = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
URLLIB3_NOT_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
BROKEN = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError)


class NotOkError(Exception):
    """An HTTP answer other than 200 to what is no Web API method."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.code)
        self.trouble = trouble


def expect_ok(response: urllib3.BaseHTTPResponse) -> None:
    """Raise NotOkError unless the answer is a 200."""
    if response.status != 200:
        raise NotOkError(judge_answer(response.status, response.headers, response.data))


def judge(error: Exception) -> Trouble:
    """Read what a client raised. An exception that did not come from talking to Slack is raised again."""
    if isinstance(error, NotOkError):
        return error.trouble
    if isinstance(error, SlackApiError):
        response = error.response
        data = response.data if isinstance(response.data, dict) else {}
        return judge_answer(response.status_code, response.headers, data)
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, urllib3.exceptions.MaxRetryError) and cause.reason is not None:
        cause = cause.reason
    if isinstance(cause, NOT_CONNECTED + URLLIB3_NOT_CONNECTED):
        return Trouble(Remedy.AGAIN, type(cause).__name__, f"Slack cannot be reached ({type(cause).__name__}).")
    if isinstance(error, BROKEN):
        code = type(cause).__name__ if isinstance(cause, Exception) else str(cause)
        return Trouble(Remedy.LOOK, code, f"The connection to Slack broke before the answer came ({code}).")
    raise error


def judge_answer(status: int, headers: Mapping[str, str], body: Mapping[str, Any] | str | bytes) -> Trouble:
    """Read an HTTP answer that was not ``ok``; ``body`` parsed, or as it came (``response_url`` answers plain text)."""
    data = body if isinstance(body, Mapping) else _parsed(body)
    code = str(data.get("error") or "")
    code = code if _is_code(code) else f"http_{status}"
    retry_after = _retry_after(headers)
    if status == 429 or code in LIMITED:
        return Trouble(Remedy.WAIT, code, "Slack asks for fewer calls.", retry_after)
    if status >= 500 or code in UNKNOWN or code == "http_200":
        return Trouble(Remedy.LOOK, code, f"Slack had a fault of its own ({code}).", retry_after)
    return _refusal(code, data)


def _refusal(code: str, data: Mapping[str, Any]) -> Trouble:
    if code == "missing_scope":
        needed = data.get("needed") or "one that Slack did not name"
        words = f"The app lacks the scope {needed}. Add it (OAuth & Permissions) and install the app again."
        return Trouble(Remedy.MEND, code, words)
    if code in WORDS_MEND:
        return Trouble(Remedy.MEND, code, WORDS_MEND[code])
    if code in WORDS_GONE:
        return Trouble(Remedy.GONE, code, WORDS_GONE[code])
    return Trouble(Remedy.NEVER, code, " ".join([f"Slack refused it: {code}.", *_details(data)]))


def _parsed(body: str | bytes) -> Mapping[str, Any]:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        data = json.loads(text)
    except ValueError:
        return {"error": text.strip()[:200]}
    return data if isinstance(data, dict) else {"error": text.strip()[:200]}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(float(value), 0.0)
            except ValueError:
                return None
    return None


def _is_code(text: str) -> bool:
    return text.replace("_", "").replace("-", "").isalnum() and len(text) <= 80


def _details(data: Mapping[str, Any]) -> list[str]:
    metadata = data.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return [str(message) for message in messages or data.get("errors") or ()][:5]
