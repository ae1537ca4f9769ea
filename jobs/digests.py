"""The daily digest of every project, at its local time."""

from collections.abc import Callable
from datetime import datetime

import structlog

from jobs.projects import project_ids
from storage.engine import Store
from workflow import digest

log = structlog.get_logger()


def post_due(store: Store, now: datetime, nudge: Callable[[], None] = lambda: None) -> int:
    """Make the digests that are due; how many. One that fails leaves the others alone.

    The counting is done before the transaction that claims and keeps it, so that clicks need not wait for it.
    """
    made = 0
    for project_id in project_ids(store):
        try:
            digest_id = _post_due(store, project_id, now)
        except Exception:
            log.exception("digest failed", project=project_id)
            continue
        if digest_id is not None:
            log.info("digest made", project=project_id, digest=digest_id)
            made += 1
    if made:
        nudge()
    return made


def _post_due(store: Store, project_id: int, now: datetime) -> int | None:
    with store.read() as session:
        made = digest.due(session, project_id, now)
    return None if made is None else store.transact(lambda session: digest.claim(session, made, now))
