"""What quality assurance leaves to the clock: picking reviews, the ladder of cases, audits, summaries."""

from collections.abc import Callable
from datetime import datetime

from jobs import steps
from storage.engine import Store
from workflow.audit import (
    again,
    drawing,
    ending,
    moving,
    reopening,
    same_findings,
    scheduling,
    telling,
    telling_summary,
)
from workflow.audit import reminding as late_audits
from workflow.cases import asking, dispute_upkeep, reminding, weekly
from workflow.review import card, following, nobody, picking, upkeep

STEPS: tuple[steps.Step, ...] = (
    picking.pick,
    upkeep.give_back_claims,
    upkeep.withdraw_gone,
    upkeep.let_go,
    following.notice_done,
    nobody.tell,
    card.keep,
    asking.ask,
    reminding.remind,
    dispute_upkeep.let_go,
    weekly.post_due,
    scheduling.start_due,
    drawing.draw_due,
    ending.void_gone,
    ending.end_due,
    ending.tell_stuck,
    reopening.work,
    again.start_due,
    same_findings.tell,
    telling_summary.post_due,
    telling.ask_who_joined,
    late_audits.remind,
    telling.keep,
    moving.follow,
)


def keep_up(store: Store, now: datetime, nudge: Callable[[], None] = lambda: None) -> int:
    """Do what is due, step by step; how much was done."""
    return steps.take(STEPS, store, now, nudge)
