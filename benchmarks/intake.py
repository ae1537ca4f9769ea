"""How long an import takes and what memory it needs, beside pandas on the same file in the same run.

    python -m benchmarks.intake [--rows 1000000] [--smaller 100000] [--database sqlite|postgresql|both]

The file is CSV, a row an id and 300 characters of made-up words, a hundredth of the rows nearly the same as an earlier one.
Every figure comes from a process of its own: seconds from the first byte to the last commit, the peak of resident memory,
and how far it lies above what the process held before it began. ``pandas`` is ``read_csv`` and ``to_sql``: it keeps the rows
as they are, without standardising, ids, duplicates, refusals, history or the order in which people get them. To be fair it
is compared with an import without near duplicates; the import with them stands below.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from storage.engine import open_store
from tests.databases import Databases
from workflow import intake, projects
from workflow.project_spec import ProjectSpec

CHARACTERS = 300
WAYS = ("pandas", "import", "near")


def main() -> None:
    """Run every way on both sizes and print the table."""
    options = _options()
    if options.way:
        _measure(options.way, Path(options.file), options.url)
        return
    folder = Path(tempfile.mkdtemp(prefix="concord-intake-"))
    databases = Databases(folder)
    try:
        files = {rows: _file(folder, rows) for rows in (options.smaller, options.rows)}
        kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
        for kind in kinds:
            _table(kind, files, databases)
    finally:
        databases.close()
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--smaller", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="sqlite")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    return parser.parse_args()


def _file(folder: Path, rows: int) -> Path:
    """A CSV file of made-up words; every hundredth row is an earlier one with its last word changed."""
    chance = random.Random(rows)
    words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(2, 9))) for _ in range(20_000)]
    path = folder / f"rows-{rows}.csv"
    text = ""
    with path.open("w", encoding="utf-8") as out:
        out.write("id,text\n")
        for number in range(rows):
            if number % 100 == 99:
                text = text.rsplit(" ", 1)[0] + " " + chance.choice(words)
            else:
                text = " ".join(chance.choices(words, k=60))[:CHARACTERS].strip()
            out.write(f"row {number},{text}\n")
    return path


def _table(kind: str, files: dict[int, Path], databases: Databases) -> None:
    print(
        f"\n{kind}{'':22}  {'rows':>10}  {'seconds':>8}  {'rows/s':>8}  {'peak MB':>8}  {'MB more':>8}  {'x pandas':>8}"
    )
    for rows, path in files.items():
        baseline = 0.0
        for way in WAYS:
            found = _in_a_process(way, path, databases.url(kind))
            baseline = baseline or found["seconds"]
            name = {"pandas": "pandas read_csv + to_sql", "import": "import", "near": "import, near duplicates"}[way]
            print(
                f"{name:{22 + len(kind)}}  {rows:10,}  {found['seconds']:8.1f}  {rows / found['seconds']:8,.0f}  "
                f"{found['peak']:8.0f}  {found['peak'] - found['before']:8.0f}  {found['seconds'] / baseline:8.2f}"
                + (f"  ({found['pairs']:,} pairs)" if way == "near" else ""),
                flush=True,
            )


def _in_a_process(way: str, path: Path, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.intake", "--way", way, "--file", str(path), "--url", url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(way: str, path: Path, url: str) -> None:
    """Bring a file in, and print what it took."""
    if way == "pandas":
        import pandas
        from sqlalchemy import create_engine

        engine = create_engine(url)
        before, began = _resident(), perf_counter()
        pandas.read_csv(path).to_sql("rows_of_pandas", engine, index=False, chunksize=10_000)
        report: Any = None
    else:
        store = open_store(url, pool_size=5)
        made = store.transact(lambda session: projects.create(session, _spec(way), _now(), None))
        before, began = _resident(), perf_counter()
        report = intake.import_file(store, made.project_id, path, _now, lambda _done: None, None)
    seconds = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "before": before, "peak": peak, "pairs": report.pairs if report else 0}))


def _spec(way: str) -> ProjectSpec:
    return ProjectSpec.model_validate(
        {
            "name": "measured",
            "question": "q",
            "labels": ["yes", "no"],
            "near": "report" if way == "near" else "off",
            "channels": {"team": "#a", "review": "#b", "leads": "#c"},
        }
    )


def _resident() -> float:
    """Megabytes of resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
