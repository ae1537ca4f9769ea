"""What guidelines leave to the clock: counting impacts, bringing versions into effect, asking people, relabelling."""

from collections.abc import Callable
from datetime import datetime

from jobs import steps
from storage.engine import Store
from workflow.guidelines import effect
from workflow.guidelines.acknowledgement import announcing, pausing, unread
from workflow.guidelines.comparison import helped
from workflow.guidelines.decisions import preparing, reminding
from workflow.guidelines.labels import carrying
from workflow.guidelines.requeue import requeueing

STEPS: tuple[steps.Step, ...] = (
    preparing.count_impacts,
    preparing.give_cards,
    effect.take_due,
    announcing.ask_people,
    pausing.pause_open,
    carrying.carry_over,
    requeueing.work,
    reminding.remind,
    unread.remind,
    unread.tell_leads,
    helped.look,
)


def keep_up(store: Store, now: datetime, nudge: Callable[[], None] = lambda: None) -> int:
    """Do what is due, step by step; how much was done."""
    return steps.take(STEPS, store, now, nudge)
