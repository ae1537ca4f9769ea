"""A lead changes what is reviewed and how long things take, and people's roles, while somebody has something in hand."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from storage.tables import AuditState, AuditVerdict, Review, ReviewState, Role
from tests.workflow.whole_life import judges
from tests.workflow.whole_life.items import WHICH
from tests.workflow.whole_life.labels import LifeOfLabels
from tests.workflow.whole_life.world import ALL, AUDITS, DISPUTES, REVIEWS, VALUE, about
from workflow import assignment, membership, project_settings
from workflow.quality_rules import CaseRules, DisputeRules, QualityRules, ReviewRules, kept
from workflow.review import deciding

EVERYTHING = ReviewRules(share=1.0)
QUALITY = [
    QualityRules(),
    QualityRules(review=EVERYTHING),
    QualityRules(review=ReviewRules(disagreement=True, flagged=True, lease=60), cases=CaseRules(due=600, remind=60)),
    QualityRules(review=EVERYTHING, cases=CaseRules(due=0, remind=0), disputes=DisputeRules(window=0)),
]
A, R, U, L = Role.ANNOTATOR, Role.REVIEWER, Role.AUDITOR, Role.LEAD
WERE = [[R], [R, U], [U], [L], [A, R, U]]
OTHERS = st.sampled_from([[A], [R], [U], [L], [A, R], [A, U], []])


class LifeOfSettings(LifeOfLabels):
    """The same project, whose lead changes the rules and the roles."""

    @about(REVIEWS, DISPUTES, ALL)
    @rule(rules=st.sampled_from(QUALITY))
    def quality_rules_change(self, rules: QualityRules) -> None:
        changes, by = {"quality": kept(rules)}, self.world.people[self.judges[3]]
        self.write(lambda s: project_settings.change(s, self.world.project_id, changes, self.now, by))
        assert self.quality() == rules

    def quality(self) -> QualityRules:
        return QualityRules.model_validate(self.look().project.quality)

    def quality_ticks(self) -> None:
        super().quality_ticks()
        if not self.quality().review.picks_any:
            assert all(one.state is ReviewState.CLAIMED for one in self.rows(Review) if one.state in judges.OPEN_REVIEW)

    @about(REVIEWS, AUDITS, ALL)
    @rule(which=WHICH, roles=OTHERS, value=VALUE, comes_back=st.booleans())
    def somebody_loses_a_role_with_something_in_hand(
        self, which: int, roles: list[Role], value: int, comes_back: bool
    ) -> None:
        """They claimed a review and answered an item of every audit; then they click on."""
        review_id = self.next_review(which)
        findings = [found for one in self.audits(AuditState.RUNNING) if (found := self.next_finding(which, one.id))]
        for finding_id in findings:
            self.click_finding(which, finding_id, "answer", value)
        self.gets_roles(which, roles)
        reviews, audits = {R, L} & {*roles}, {U, L} & {*roles}
        for review in [one for one in self.rows(Review) if one.id == review_id]:
            self.clicks_on(
                partial(
                    deciding.accept,
                    slack_id=self.judge(which),
                    review_id=review.id,
                    version=review.version,
                    now=self.now,
                ),
                may=bool(reviews),
            )
        for finding_id in findings:
            self.clicks_on(
                lambda s, one=finding_id: self.judged(s, self.judge(which), one, AuditVerdict.RIGHT),
                may=bool(audits),
            )
        if comes_back:
            self.gets_roles(which, WERE[which])

    def clicks_on(self, work: Any, *, may: bool) -> None:
        before = self.standing()
        self.press(lambda: self.do(work))
        assert may or self.standing() == before, "somebody without the role did something"

    def gets_roles(self, which: int, roles: list[Role]) -> None:
        name = self.judges[which]
        if roles:
            self.do(lambda s: membership.put(s, self.world.project_id, f"@{name}", roles, self.now, None))
        else:
            self.somebody_changes(name, "leaves", [])

    @about(REVIEWS, AUDITS, ALL)
    @rule(which=WHICH)
    def a_judge_asks_for_work(self, which: int) -> None:
        """Whoever judges may have become an annotator as well; what they hold others label by ``label``."""
        person_id = self.world.people[self.judges[which]]
        if person_id in self.look().annotators:
            self.do(lambda s: assignment.next_batch(s, self.world.project_id, person_id, self.now, resume=True))

    def judges_only_judge(self) -> None:
        """At the end those who label are those who labelled at first: only they are driven to."""
        for which, name in enumerate(self.judges[:4]):
            if self.world.people[name] in self.look().annotators:
                self.gets_roles(which, WERE[which])
