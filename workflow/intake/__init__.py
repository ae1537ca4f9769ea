"""Rows become items: mapped, put right, screened, compared, stored; what was refused is kept, with the reason."""

from workflow.intake.importing import import_file, recover

__all__ = ["import_file", "recover"]
