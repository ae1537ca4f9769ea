"""The picture of a chart: up without a channel, where nobody sees it, and waited for until Slack knows its type."""

from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.drawing import Picture
from bot.sender.job import Job, NotNowError
from bot.slack.errors import Remedy, expect_ok


def upload(delivery: Delivery, job: Job) -> None:
    """Upload the picture; its file id is committed before its bytes leave, so that an unknown outcome can be asked for.

    Whatever fails before the last step leaves nothing behind, and begins anew with a new file id.
    """
    picture = delivery.drawing(job, lambda session: delivery.draw.picture(session, job.template, job.context))
    client = delivery.client
    place = delivery.call(
        job,
        "files.getUploadURLExternal",
        client.files_getUploadURLExternal,
        filename=picture.file_name,
        length=len(picture.data),
        alt_txt=picture.alt_text[:1000],
    )
    file_id, url = str(place["file_id"]), str(place["upload_url"])
    delivery.begin(job, file_id=file_id)
    delivery.call(job, "upload", lambda: _send_bytes(delivery, url, picture))
    files = [{"id": file_id, "title": picture.alt_text[:250] or picture.file_name}]
    try:
        delivery.call(job, "files.completeUploadExternal", client.files_completeUploadExternal, files=files)
    except CallFailedError as failed:
        if failed.trouble.code != "file_not_found":
            raise
        # The bytes did not arrive after all: begin anew, with another file.
        job.file_id = None
        raise NotNowError(None) from failed
    job.file_id = file_id


def is_ready(delivery: Delivery, job: Job) -> bool:
    """Whether Slack knows the picture's type, and lets a message show it. A file that is not there is forgotten."""
    try:
        answer = delivery.call(job, "files.info", delivery.client.files_info, file=job.file_id)
    except CallFailedError as failed:
        if failed.trouble.remedy is not Remedy.GONE:
            raise
        job.file_id = None
        raise NotNowError(None) from failed
    return bool(answer["file"].get("mimetype"))


def is_refused_picture(failed: CallFailedError) -> bool:
    """Whether a message was refused for its picture alone, as happens just after an upload (``invalid slack file``)."""
    return "slack file" in failed.trouble.words.replace("_", " ").lower()


def _send_bytes(delivery: Delivery, url: str, picture: Picture) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    expect_ok(delivery.pool.request("POST", url, body=picture.data, headers=headers))
