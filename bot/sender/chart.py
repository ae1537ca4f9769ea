"""The picture of a chart: up without a channel, where nobody sees it, and waited for until Slack knows its type."""

from bot.sender import uploading
from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.job import Job, NotNowError
from bot.slack.errors import Remedy


def upload(delivery: Delivery, job: Job) -> None:
    """Upload the picture; its file id is committed before its bytes leave, so that an unknown outcome can be asked for.

    Whatever fails before the last step leaves nothing behind, and begins anew with a new file id.
    """
    picture = delivery.drawing(job, lambda session: delivery.draw.picture(session, job.template, job.context))
    name, alt = picture.file_name, picture.alt_text
    file_id, url = uploading.place(delivery, job, name, len(picture.data), alt_txt=alt[:1000])
    delivery.begin(job, file_id=file_id)
    uploading.send(delivery, job, url, picture.data, len(picture.data))
    uploading.complete(delivery, job, files=[{"id": file_id, "title": alt[:250] or name}])
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
