"""Every message, modal and Home: where its values come from, and the template that shows them.

A loader takes a context (ids, from the outbox or a handler) and reads the present truth from the store, so that a message
drawn late, twice or after a restart never shows an older state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot import (
    readings,
    readings_audit_form,
    readings_audits,
    readings_consequences,
    readings_drops,
    readings_feedback,
    readings_guidelines,
    readings_helped,
    readings_near,
    readings_projects,
    readings_proposal_form,
    readings_proposals,
    readings_requeue,
    readings_reviews,
    readings_summary,
    readings_versions,
)
from bot.sender.drawing import Attachment, Drawn, Picture
from templates.blocks import render, render_view
from workflow.views.audit import audit_version, hold_audit
from workflow.views.batch import batch_version, hold_batch
from workflow.views.case import case_version, hold_case
from workflow.views.dispute import dispute_version, hold_dispute
from workflow.views.drop import drop_version, hold_drop
from workflow.views.guideline import acknowledgement_version, hold_acknowledgement
from workflow.views.project import hold_project, project_version
from workflow.views.proposal import hold_proposal, proposal_version
from workflow.views.requeue import hold_requeue, requeue_version

Loader = Callable[[Session, Mapping[str, Any], datetime], Mapping[str, Any] | None]


def _given(_session: Session, context: Mapping[str, Any], _now: datetime) -> Mapping[str, Any]:
    return context


MESSAGES: dict[str, Loader] = {
    "batch": readings.batch,
    "escalation": readings.case,
    "ruling_notice": readings_feedback.notice,
    "review_notice": readings_feedback.review_notice,
    "dispute": readings_feedback.dispute,
    "weekly_feedback": readings_feedback.week,
    "digest": readings.kept_digest,
    "asked_digest": readings.asked_digest,
    "refused": _given,
    "said": _given,
    "nothing": readings.nothing,
    "project_made": readings_projects.made,
    "drop": readings_drops.card,
    "drop_refused": readings_drops.refused_words,
    "requeue": readings_requeue.card,
    "review_queue": readings_reviews.queue_card,
    "audit": readings_audits.card,
    "asked_audit": readings_audits.asked_card,
    "same_findings": readings_consequences.same,
    "audit_summary": readings_summary.summary,
    "audit_findings": readings_summary.findings_words,
    "announcement": readings_guidelines.announcement,
    "acknowledgement": readings_guidelines.acknowledgement,
    "unread": readings_guidelines.unread,
    "helped": readings_helped.helped,
    "proposal": readings_proposals.card,
    "own_proposal": readings_proposals.own_card,
    "proposal_diff": readings_proposals.diff_words,
}
VIEWS: dict[str, Loader] = {
    "home": readings.home,
    "flag": readings.flag_form,
    "rule": readings.rule_form,
    "contest": readings_feedback.contest_form,
    "labels": readings.labels,
    "item_text": readings.item_text,
    "guideline": readings_versions.in_force,
    "guideline_versions": readings_versions.listed,
    "guideline_difference": readings_versions.difference,
    "people": readings.people_form,
    "assign": readings.assign_form,
    "project_new": readings_projects.new_form,
    "project_settings": readings_projects.settings_form,
    "drop_mapping": readings_drops.mapping_form,
    "near": readings_near.pairs,
    "review": readings_reviews.modal,
    "sent_back": readings_reviews.sent_back,
    "audit_new": readings_audit_form.new,
    "audit_start": readings_audit_form.meaning,
    "audit_item": readings_audits.modal,
    "version": readings_versions.version,
    "check": readings_guidelines.check,
    "propose": readings_proposal_form.form,
    "proposal_text": readings_proposals.text,
    "proposal_comment": readings_proposals.comment_form,
}
TEMPLATES = {
    "asked_digest": "digest",
    "asked_audit": "audit",
    "audit_findings": "said",
    "item_text": "reader",
    "guideline": "reader",
    "guideline_difference": "reader",
    "version": "reader",
    "proposal_text": "reader",
    "own_proposal": "proposal",
}
ATTACHMENTS: dict[str, Callable[[Session, Mapping[str, Any]], Attachment | None]] = {
    "drop_refused": readings_drops.refused_file,
    "proposal_diff": readings_proposals.diff_file,
    "audit_findings": readings_summary.findings_file,
}
PICTURES: dict[str, Callable[[Session, Mapping[str, Any]], Picture]] = {
    "digest": readings.digest_picture,
    "helped": readings_helped.picture,
    "audit_summary": readings_summary.picture,
}
VERSIONS: dict[str, Callable[[Session, int], int | None]] = {
    "batch": batch_version,
    "escalation": case_version,
    "dispute": dispute_version,
    "project": project_version,
    "drop": drop_version,
    "requeue": requeue_version,
    "audit": audit_version,
    "asked_audit": audit_version,
    "acknowledgement": acknowledgement_version,
    "proposal": proposal_version,
    "own_proposal": proposal_version,
}

HOLDS: dict[str, Callable[[Session, int], None]] = {
    "batch": hold_batch,
    "escalation": hold_case,
    "dispute": hold_dispute,
    "project": hold_project,
    "drop": hold_drop,
    "requeue": hold_requeue,
    "audit": hold_audit,
    "asked_audit": hold_audit,
    "acknowledgement": hold_acknowledgement,
    "proposal": hold_proposal,
    "own_proposal": hold_proposal,
}


@dataclass(frozen=True)
class Messages:
    """Draws everything that Concord says; for the answers and for the sender."""

    clock: Callable[[], datetime]

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn | None:
        """A message as it is now; None where its subject is not there."""
        values = MESSAGES[template](session, context, self.clock())
        if values is None:
            return None
        payload = render(_file(template), **values)
        if payload.cut and values.get("long") is False:
            # Cut for want of room in the whole card: then too there is a way to read the rest.
            payload = render(_file(template), **{**values, "long": True})
        return Drawn(payload.text or "", payload.blocks, values.get("version"))

    def draw_view(self, session: Session, template: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """A modal or Home as it is now; a message becomes a small modal."""
        if template in MESSAGES:
            drawn = self.draw(session, template, context)
            # Its blocks are drawn already: as values of a template their markup would be taken for somebody's text.
            return {**_gone(), "blocks": drawn.blocks} if drawn else _gone()
        values = VIEWS[template](session, context, self.clock())
        return (render_view(_file(template), **values).view or {}) if values is not None else _gone()

    def version(self, session: Session, kind: str, subject_id: int) -> int | None:
        """The version of what a card shows; None for cards that never change."""
        read = VERSIONS.get(kind)
        return read(session, subject_id) if read else None

    def version_once_settled(self, session: Session, kind: str, subject_id: int) -> int | None:
        """The same, after whoever is changing the thing has ended: for a card that was posted while it changed."""
        if kind in HOLDS:
            HOLDS[kind](session, subject_id)
        return self.version(session, kind, subject_id)

    def picture(self, session: Session, template: str, context: Mapping[str, Any]) -> Picture:
        """The chart of a message, from the numbers that were kept."""
        return PICTURES[template](session, context)

    def attachment(self, session: Session, template: str, context: Mapping[str, Any]) -> Attachment | None:
        """A file, written out as it is read from the store; None where there is nothing in it."""
        return ATTACHMENTS[template](session, context)


def _gone() -> Mapping[str, Any]:
    """The small modal, saying that what should be in it is not there any more."""
    return render_view(_file("message")).view or {}


def _file(template: str) -> str:
    return f"{TEMPLATES.get(template, template)}.yaml.j2"
