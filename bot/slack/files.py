"""Files that people brought to Slack: what Slack says of one, and its bytes, piece by piece."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from slack_sdk import WebClient

from bot.slack.errors import Remedy, Trouble, judge, judge_answer
from jobs.dropped_file import About, NotNowError, UnreadableError

PIECE = 1 << 18
LOOK_AGAIN = "Then press Look again, or drop the file once more."
DELETED = "The file was deleted in Slack."
NO_SCOPE = (
    "Slack does not let Concord read files: the app lacks the scope files:read. Whoever administers the app adds it (OAuth "
    f"& Permissions) and installs it again. {LOOK_AGAIN}"
)
CONNECT = (
    "The file belongs to another workspace (Slack Connect), and Slack does not let Concord read it. Download it, and drop "
    "it here as a file of your own."
)
HIDDEN = "Slack hides this file: the workspace is over its plan's limit. Drop it once more."
DOCUMENTS = {"space", "canvas", "quip", "list", "post"}


@dataclass(frozen=True)
class SlackFiles:
    """Slack's files, by the bot's token. ``pool`` never tries again by itself."""

    client: WebClient
    pool: urllib3.PoolManager
    own_id: str

    def about(self, file_id: str, channel: str) -> About:
        """What Slack says of a file. Raises UnreadableError for one that the app is not told of, NotNowError."""
        try:
            answer = self.client.files_info(file=file_id)
        except Exception as error:
            raise _raised(judge(error)) from error
        told: Mapping[str, Any] = answer["file"]
        share = _share(told, channel)
        mode = told.get("mode") or ""
        return About(
            file_id=file_id,
            name=str(told.get("name") or told.get("title") or file_id),
            size=int(told.get("size") or 0),
            kind=str(told.get("mimetype") or ""),
            type=str(told.get("filetype") or ""),
            user_id=str(told.get("user") or ""),
            url=str(told.get("url_private_download") or told.get("url_private") or ""),
            shown=share is not None,
            thread=str(share.get("thread_ts") or share["ts"]) if share else None,
            is_document=mode in DOCUMENTS,
            problem=_not_given(told),
        )

    def fetch(self, about: About, path: Path, most: int, progress: Callable[[int], None]) -> str:
        """Write the file to ``path``, never holding it whole; its SHA-256. Raises UnreadableError, NotNowError, OSError."""
        headers = {"Authorization": f"Bearer {self.client.token}", "Accept-Encoding": "identity"}
        try:
            # What Slack redirects to another host goes there without the token.
            onward = urllib3.Retry(connect=0, read=0, status=0, other=0, redirect=3)
            answer = self.pool.request("GET", about.url, headers=headers, preload_content=False, retries=onward)
        except urllib3.exceptions.HTTPError as error:
            raise _raised(judge(error)) from error
        try:
            _check(answer, about)
            return _write(answer, path, most, progress)
        finally:
            # What is left of it is not worth reading: the connection goes with it.
            answer.close()


def _write(answer: urllib3.BaseHTTPResponse, path: Path, most: int, progress: Callable[[int], None]) -> str:
    sha256, total = hashlib.sha256(), 0
    with path.open("wb") as file:
        pieces = answer.stream(PIECE, decode_content=False)
        while True:
            try:
                piece = next(pieces, b"")
            except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
                raise _raised(judge(error)) from error
            if not piece:
                return sha256.hexdigest()
            total += len(piece)
            if total > most:
                raise UnreadableError("The file is larger than Slack said, and than Concord takes in chat.")
            sha256.update(piece)
            file.write(piece)
            progress(total)


def _check(answer: urllib3.BaseHTTPResponse, about: About) -> None:
    """Raise for whatever is not the file: Slack answers with a sign-in page, and status 200, to a token that may not."""
    if answer.status in (404, 410):
        raise UnreadableError(DELETED)
    if answer.status in (401, 403):
        raise UnreadableError(NO_SCOPE)
    if answer.status != 200:
        raise _raised(judge_answer(answer.status, answer.headers, b""))
    is_page = answer.headers.get("Content-Type", "").lower().startswith("text/html")
    if is_page and about.kind != "text/html":
        raise UnreadableError(NO_SCOPE)


def _raised(trouble: Trouble) -> Exception:
    """What a failed call means for the file."""
    if trouble.remedy is Remedy.WAIT:
        return NotNowError(trouble.words, trouble.retry_after or 30.0, failed=False)
    if trouble.remedy in (Remedy.AGAIN, Remedy.LOOK):
        return NotNowError(trouble.words)
    if trouble.code == "missing_scope":
        return UnreadableError(NO_SCOPE)
    if trouble.code == "file_not_found":
        return UnreadableError(
            "Slack shows Concord no such file: it was deleted, or Concord is not in the channel.", early=True
        )
    if trouble.remedy is Remedy.GONE:
        return UnreadableError(DELETED)
    return UnreadableError(f"{trouble.words} {LOOK_AGAIN}")


def _not_given(told: Mapping[str, Any]) -> str | None:
    """Why Slack will not give the bytes of a file that it speaks of."""
    if told.get("mode") == "tombstone" or told.get("is_tombstoned"):
        return DELETED
    if told.get("mode") == "hidden_by_limit":
        return HIDDEN
    if told.get("file_access") in ("check_file_info", "access_denied", "file_not_found"):
        return CONNECT
    if told.get("is_external") or told.get("mode") == "external":
        kept = str(told.get("external_type") or "another service")
        return (
            f"This is a link to a file that {kept} keeps, not a file. Download it there as CSV or JSON, and drop that."
        )
    if not (told.get("url_private_download") or told.get("url_private")) and told.get("mode") not in DOCUMENTS:
        return CONNECT
    return None


def _share(told: Mapping[str, Any], channel: str) -> Mapping[str, Any] | None:
    """Where the file stands in a channel: the last time that it was brought there."""
    rows = [row for scope in (told.get("shares") or {}).values() for row in scope.get(channel, ())]
    return max(rows, key=lambda row: float(row["ts"])) if rows else None
