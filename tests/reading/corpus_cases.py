"""All cases of the corpus, and where their files are."""

from pathlib import Path

from tests.reading import binary_cases, binary_files, json_cases, table_cases
from tests.reading.case import Case

CASES: tuple[Case, ...] = (*table_cases.CASES, *json_cases.CASES, *binary_cases.CASES)
TEXTS = Path(__file__).parent / "corpus"


def path_of(case: Case, folder: Path) -> Path:
    """The file of a case; one that is no plain text is written into ``folder``."""
    found = TEXTS / case.file
    return found if found.exists() and case.file not in binary_files.FILES else binary_files.put(case.file, folder)
