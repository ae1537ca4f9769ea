"""A file that everybody in a channel gets, in a thread: uploaded and shown in one call, which carries no key.

So the file's id is committed before its bytes leave, and Slack is asked by that id whether the file was shown.
"""

from typing import Any

from bot.sender import rows, uploading
from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.job import Job, PointlessError
from bot.slack.errors import Remedy, Trouble

NOT_SHOWN = Trouble(Remedy.LOOK, "not_shown_yet", "Slack has this file, and has not shown it in the channel yet.")


def upload(delivery: Delivery, job: Job) -> None:
    """Upload the file, and have it shown in its place. What fails before the last step is begun anew, with a new id."""
    channel = delivery.place(job)
    thread = delivery.thread(job, channel)
    attachment = delivery.drawing(job, lambda session: delivery.draw.attachment(session, job.template, job.context))
    if attachment is None:
        raise PointlessError("There is nothing in the file any more.")
    with attachment.data:
        file_id, url = uploading.place(delivery, job, attachment.file_name, attachment.size)
        delivery.begin(job, place=channel, file_id=file_id)
        uploading.send(delivery, job, url, attachment.data, attachment.size)
    content: dict[str, Any] = {"files": [{"id": file_id, "title": attachment.title[:250]}], "channel_id": channel}
    if thread is not None:
        content["thread_ts"] = thread
    delivery.pace.spend_place(channel, delivery.clock().timestamp())
    uploading.complete(delivery, job, **content)
    delivery.store.transact(lambda session: rows.sent(session, job, delivery.clock(), channel, None))


def is_shown(delivery: Delivery, job: Job) -> bool:
    """Whether the file is in the channel, and then its row is done; False where Slack never had the file whole.

    Raises CallFailedError while Slack has the file and does not show it: that comes later than the answer to the call.
    """
    try:
        answer = delivery.call(job, "files.info", delivery.client.files_info, file=job.file_id)
    except CallFailedError as failed:
        if failed.trouble.remedy is not Remedy.GONE:
            raise
        job.file_id = None
        return False
    channel = job.sent_channel or delivery.place(job)
    shown = [row for scope in (answer["file"].get("shares") or {}).values() for row in scope.get(channel, ())]
    if not shown:
        raise CallFailedError("files.info", NOT_SHOWN)
    ts = str(shown[0]["ts"])
    delivery.store.transact(lambda session: rows.sent(session, job, delivery.clock(), channel, ts))
    return True
