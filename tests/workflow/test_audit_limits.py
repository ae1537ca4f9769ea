"""An audit is no larger than people can judge, and what would be is refused at once."""

import pytest

from storage.tables import AuditDesign
from workflow.audit import acceptance, plan
from workflow.audit.plan import Plan
from workflow.errors import RefusedError

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("wanted", "design", "why"),
    [
        # Sizing these takes minutes, in the clock and in the answer to a click.
        (plan.accepting(0.02, 0.021), AuditDesign.RANDOM, "rates are too close"),
        (plan.accepting(0.49, 0.5), AuditDesign.RANDOM, "rates are too close"),
        (plan.within(0.001, 0.5), AuditDesign.RANDOM, "half-width is too small"),
        (plan.within(0.001), AuditDesign.STRATIFIED, "half-width is too small"),
        (plan.looking_at(MILLION), AuditDesign.TARGETED, "smaller number"),
    ],
)
def test_more_than_people_judge_is_refused(wanted: Plan, design: AuditDesign, why: str) -> None:
    tiers = [MILLION] if design is AuditDesign.RANDOM else [MILLION // 4, MILLION // 2]
    with pytest.raises(RefusedError, match=why):
        plan.sized(wanted, design, tiers)


def test_as_many_as_people_judge_are_not_refused() -> None:
    found = acceptance.plan(MILLION, 0.02, 0.025)
    assert acceptance.within(MILLION, 0.02, 0.025, plan.MOST)
    assert not acceptance.within(MILLION, 0.02, 0.025, found.size * 9 // 10)
    assert plan.sized(plan.accepting(0.02, 0.025), AuditDesign.RANDOM, [MILLION]).sizes == (found.size,)
    assert plan.sized(plan.looking_at(MILLION), AuditDesign.RANDOM, [plan.MOST]).sizes == (plan.MOST,)
