"""The life of an audit, as one table."""

from storage.tables import AuditState

DRAWING, RUNNING, PASSED, FAILED, ESTIMATED, CANCELLED, REOPENING, REOPENED, REPAIRED = (
    AuditState.DRAWING,
    AuditState.RUNNING,
    AuditState.PASSED,
    AuditState.FAILED,
    AuditState.ESTIMATED,
    AuditState.CANCELLED,
    AuditState.REOPENING,
    AuditState.REOPENED,
    AuditState.REPAIRED,
)

MOVES: dict[tuple[AuditState, AuditState], str] = {
    (DRAWING, RUNNING): "the clock drew the sample",
    (DRAWING, CANCELLED): "a lead called it off, or there is nothing to draw from",
    (RUNNING, CANCELLED): "a lead called it off",
    (RUNNING, PASSED): "all are judged, and no more are wrong than the plan accepts",
    (RUNNING, FAILED): "all are judged, and more are wrong than the plan accepts",
    (RUNNING, ESTIMATED): "all are judged; it had no plan to pass, only an error rate to find",
    (FAILED, REOPENING): "a lead has its lot labelled again",
    (REOPENING, REOPENED): "all of its items are given out again",
    (REOPENED, REPAIRED): "all of them are decided again, and a new audit of them is drawn",
}


def check_move(before: AuditState, after: AuditState) -> None:
    """Raise ValueError where the table has no such move."""
    if (before, after) not in MOVES:
        raise ValueError(f"an audit cannot go from {before.value} to {after.value}")
