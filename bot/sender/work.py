"""One row, from the claim to where it stands afterwards."""

from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from bot.sender import rows
from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.job import Job, LeaseLostError, NotNowError, PointlessError, UndeliverableError
from bot.sender.kinds import RULES
from bot.slack.errors import Remedy, Trouble
from storage.tables import OutboxState

MEND_CAP = 600.0
log = structlog.get_logger()


def work(delivery: Delivery, job: Job) -> None:
    """Deliver a claimed row, or settle its unknown outcome; the row says afterwards what became of it.

    An exception leaves the row as it is, and its lease brings it back.
    """
    rule = RULES[job.kind]
    try:
        (rule.settle if job.state is OutboxState.UNKNOWN else rule.deliver)(delivery, job)
    except LeaseLostError:
        log.warning("lease lost", row=job.id)
    except NotNowError as later:
        _put_back(delivery, job, later)
    except UndeliverableError as end:
        _end(delivery, job, OutboxState.FAILED, str(end))
    except PointlessError as end:
        _end(delivery, job, OutboxState.DROPPED, str(end))
    except CallFailedError as failed:
        _after(delivery, job, failed.trouble)
    finally:
        if job.reserved is not None:
            delivery.pace.give_back(job.reserved)


def _after(delivery: Delivery, job: Job, trouble: Trouble) -> None:
    """What a failed call means for its row."""
    settings = delivery.settings
    match trouble.remedy:
        case Remedy.WAIT:
            _hold(delivery, job, delivery.rest(trouble), None, failed=False)
        case Remedy.MEND:
            _hold(delivery, job, delivery.backoff(settings.mend_every, job.attempts, MEND_CAP), trouble.words)
        case Remedy.GONE | Remedy.NEVER:
            _end(delivery, job, OutboxState.FAILED, _ending(job, trouble), refused=_had_no_effect(job, trouble))
        case Remedy.AGAIN | Remedy.LOOK if job.attempts >= settings.most_attempts:
            words = f"{trouble.words} Concord tried {job.attempts} times."
            _end(delivery, job, OutboxState.FAILED, words, refused=_had_no_effect(job, trouble))
        case Remedy.LOOK if job.state is not OutboxState.UNKNOWN and job.sending_since is not None:
            _unknown(delivery, job, trouble, job.sending_since)
        case _:
            _hold(delivery, job, _backoff(delivery, job), trouble.words)


def _unknown(delivery: Delivery, job: Job, trouble: Trouble, since: datetime) -> None:
    """Not before the call can have no effect any more: counted from its beginning, and from the end of our patience."""
    settings = delivery.settings
    earliest = max(
        since + timedelta(seconds=settings.look_up_wait), delivery.clock() + timedelta(seconds=settings.late_effect)
    )
    delivery.store.transact(lambda session: rows.unknown(session, job, earliest, trouble.words))


def _hold(delivery: Delivery, job: Job, seconds: float, words: str | None, *, failed: bool = True) -> None:
    """Try the same again later: an unknown outcome stays unknown until somebody could look."""
    due_at = delivery.clock() + timedelta(seconds=seconds)

    def hold(session: Session) -> None:
        if job.state is OutboxState.UNKNOWN:
            rows.unknown(session, job, due_at, words or "Slack has not let Concord look whether this arrived.")
        else:
            rows.put_back(session, job, due_at, words, failed=failed)

    delivery.store.transact(hold)


def _put_back(delivery: Delivery, job: Job, later: NotNowError) -> None:
    seconds = _backoff(delivery, job) if later.seconds is None else later.seconds
    if job.attempts >= delivery.settings.most_attempts:
        _end(delivery, job, OutboxState.FAILED, f"Concord tried {job.attempts} times. {later.words or ''}".strip())
        return
    due_at = delivery.clock() + timedelta(seconds=seconds)
    delivery.store.transact(
        lambda session: rows.put_back(session, job, due_at, later.words, failed=later.seconds is None)
    )


def _had_no_effect(job: Job, trouble: Trouble) -> bool:
    """Whether a failed call tells that nothing was sent; what was unknown before it stays so."""
    return trouble.remedy is not Remedy.LOOK and job.state is not OutboxState.UNKNOWN


def _end(delivery: Delivery, job: Job, state: OutboxState, reason: str, *, refused: bool = False) -> None:
    now = delivery.clock()
    delivery.store.transact(lambda session: rows.settle(session, job, now, state, reason, refused=refused))
    log.info("outbox row ended unsent", row=job.id, state=state, lane=job.lane)


def _ending(job: Job, trouble: Trouble) -> str:
    if job.state is OutboxState.UNKNOWN:
        return f"Concord cannot look whether this arrived. {trouble.words}"
    return trouble.words


def _backoff(delivery: Delivery, job: Job) -> float:
    return delivery.backoff(delivery.settings.retry_base, job.attempts, delivery.settings.retry_cap)
