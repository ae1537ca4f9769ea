"""The three steps by which bytes come to Slack: a place for them, the bytes, and that this was all."""

from typing import IO, Any

from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.job import Job, NotNowError
from bot.slack.errors import expect_ok


def place(delivery: Delivery, job: Job, name: str, size: int, **more: Any) -> tuple[str, str]:
    """A new file's id, and the address that takes its bytes once."""
    method, send = "files.getUploadURLExternal", delivery.client.files_getUploadURLExternal
    given = delivery.call(job, method, send, filename=name, length=size, **more)
    return str(given["file_id"]), str(given["upload_url"])


def send(delivery: Delivery, job: Job, url: str, data: bytes | IO[bytes], size: int) -> None:
    """The bytes, as they are; of a file piece by piece."""
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    delivery.call(job, "upload", lambda: expect_ok(delivery.pool.request("POST", url, body=data, headers=headers)))


def complete(delivery: Delivery, job: Job, **content: Any) -> None:
    """The file is whole, and shown where ``content`` says. Raises NotNowError where its bytes did not arrive after all."""
    method, finish = "files.completeUploadExternal", delivery.client.files_completeUploadExternal
    try:
        delivery.call(job, method, finish, **content)
    except CallFailedError as failed:
        if failed.trouble.code != "file_not_found":
            raise
        # Begin anew, with another file.
        job.file_id = None
        raise NotNowError(None) from failed
