"""The findings of audits as a table that is safe to open in a spreadsheet."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel import Session

from workflow import export
from workflow.audit import listing


def as_csv(session: Session, audit_ids: Sequence[int]) -> Iterator[str]:
    """Lines of CSV: the audit, then as `listing.FINDING_COLUMNS`. A cell that would run as a formula is made harmless."""
    yield export.csv_line(["audit", *listing.FINDING_COLUMNS])[0]
    for audit_id in audit_ids:
        for row in listing.findings(session, audit_id):
            yield export.csv_line([str(audit_id), *(_cell(row[name]) for name in listing.FINDING_COLUMNS)])[0]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
