"""Until when a review is to be done."""

from datetime import datetime, timedelta

from workflow.cases import working_time
from workflow.quality_rules import QualityRules

HOUR = timedelta(hours=1)


def due_at(rules: QualityRules, zone: str, now: datetime) -> datetime:
    """When a review that begins now is due, by the working hours of the project in its own zone.

    Counted from the next full hour on, so that of what came within one hour, what matters more is looked at first.
    """
    begun = now.replace(minute=0, second=0, microsecond=0)
    counted_from = begun if begun == now else begun + HOUR
    return working_time.add(counted_from, rules.review.due, working_time.of_rules(rules.cases, zone))
