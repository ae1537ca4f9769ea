"""Rows become items: mapped, put right, screened, compared, stored; what was refused is kept, with the reason."""

from workflow.intake.changes import OnChange
from workflow.intake.importing import UnansweredError, import_file, recover, undo

__all__ = ["OnChange", "UnansweredError", "import_file", "recover", "undo"]
