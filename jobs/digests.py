"""The daily digest of every project, at its local time."""

from collections.abc import Callable
from datetime import datetime

import structlog

from jobs.projects import project_ids
from storage.engine import Store
from workflow import digest

log = structlog.get_logger()


def post_due(store: Store, now: datetime, nudge: Callable[[], None] = lambda: None) -> int:
    """Make the digests that are due, each in a transaction of its own; how many. One that fails leaves the others alone."""
    made = 0
    for project_id in project_ids(store):
        try:
            digest_id = store.transact(lambda session, it=project_id: digest.claim_due(session, it, now))  # type: ignore[misc]
        except Exception:
            log.exception("digest failed", project=project_id)
            continue
        if digest_id is not None:
            log.info("digest made", project=project_id, digest=digest_id)
            made += 1
    if made:
        nudge()
    return made
