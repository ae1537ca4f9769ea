"""Near duplicates: time and memory as items grow tenfold, what is found of what there is, and comparing all with all.

    python -m benchmarks.near [--items 100000 1000000] [--characters 300] [--database sqlite|postgresql] [--pairs 2000]

Each number of items runs in a process of its own, so that peak memory is its own: made-up texts, every twentieth with a
word changed, are signed, compared with each other, kept; then a tenth as many new ones are compared with what was kept.
Making the texts is not timed. Recall is measured on pairs of one similarity, all in one comparison; the baseline
compares a sample all with all by the same exact similarity, and says how long the whole would take that way.
"""

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert
from sqlmodel import col

from storage.tables import Item, ItemState, Lot, LotState
from tests.builders import NOW, World, build
from tests.databases import Databases
from workflow.near.comparison import Comparison
from workflow.near.similarity import Shingled, Thresholds, near, similarity

EVERY = 20
SAMPLE = 1000


class Writer:
    """Made-up texts of about so many characters, from twenty thousand words as common as those of a language."""

    def __init__(self, characters: int, seed: int = 1) -> None:
        self.draw = random.Random(seed)
        self.characters = characters
        letters = "eeeeetttaaaooiinnsshhrrddlucmwfgypbvk"
        self.words = ["".join(self.draw.choices(letters, k=self.draw.randint(2, 9))) for _ in range(20_000)]
        # Zipf's law: the n-th word comes 1/n as often as the first.
        total, self.weights = 0.0, []
        for rank in range(1, len(self.words) + 1):
            total += 1 / rank
            self.weights.append(total)

    def text(self) -> str:
        words = self.draw.choices(self.words, cum_weights=self.weights, k=self.characters // 5)
        return " ".join(words)[: self.characters]

    def changed(self, text: str, times: int) -> str:
        words = text.split()
        for _ in range(times):
            words[self.draw.randrange(len(words))] = self.draw.choice(self.words)
        return " ".join(words)

    def many(self, count: int) -> Iterator[str]:
        last = ""
        for number in range(count):
            last = self.changed(last, 1) if number % EVERY == EVERY - 1 else self.text()
            yield last


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--items", type=int, nargs="+", default=[100_000, 1_000_000])
    asked.add_argument("--characters", type=int, default=300)
    asked.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked.add_argument("--pairs", type=int, default=2000, help="of each similarity, for recall")
    asked.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.one is not None:
        print(json.dumps(measure(options.one, options.characters, options.database)))
        return
    show_growth(options)
    with fresh(options.database) as world:
        show_recall(world, options.characters, options.pairs)
    show_baseline(options.characters, max(options.items))


class fresh:  # noqa: N801 - reads as what it gives
    """A world in an empty store, for as long as it is asked for."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __enter__(self) -> World:
        self.folder = tempfile.TemporaryDirectory()
        self.databases = Databases(Path(self.folder.name))
        self.store = self.databases.store(self.kind)
        return build(self.store, items=0)

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self.databases.close()
        self.folder.cleanup()


def show_growth(options: argparse.Namespace) -> None:
    print(f"{options.database}, texts of {options.characters} characters; seconds, and peak memory in MB")
    names = ["items", "sign", "compare", "pairs", "keep", "a tenth more", "pairs", "before", "peak"]
    print("".join(f"{name:>14}" for name in names))
    for count in options.items:
        command = [
            sys.executable,
            "-m",
            "benchmarks.near",
            "--one",
            str(count),
            "--characters",
            str(options.characters),
        ]
        told = subprocess.run([*command, "--database", options.database], capture_output=True, text=True, check=True)
        values = json.loads(told.stdout)
        print(
            "".join(f"{value:>14,.1f}" if isinstance(value, float) else f"{value:>14,}" for value in values), flush=True
        )


def measure(count: int, characters: int, kind: str) -> list[float | int]:
    writer = Writer(characters)
    with fresh(kind) as world:
        before = peak()
        sign, compare, pairs, keep = bring(world, list_items(world, writer, count), keeping=True)
        again = Writer(characters, seed=2)
        more = ((number, again.changed(text, 1)) for number, text in enumerate(writer_again(characters, count // 10)))
        sign_more, compare_more, pairs_more, _ = bring(world, more, keeping=False)
        return [count, sign, compare, pairs, keep, sign_more + compare_more, pairs_more, before, peak()]


def writer_again(characters: int, count: int) -> Iterator[str]:
    return Writer(characters).many(count)


def list_items(world: World, writer: Writer, count: int) -> Iterator[tuple[int, str]]:
    """Items as an import stores them, a thousand at a time."""
    with world.store.write() as session:
        row = {"project_id": world.project_id, "file_name": "n.csv", "sha256": "0" * 64, "state": LotState.COMPLETE}
        made = insert(Lot).values(**row, started_at=NOW, seen_at=NOW, items=count).returning(col(Lot.id))
        lot_id = session.execute(made).scalar_one()
    texts = writer.many(count)
    for start in range(0, count, 1000):
        rows = [
            {
                "project_id": world.project_id,
                "lot_id": lot_id,
                "key": f"n{number}",
                "digest": str(number),
                "fields": {"text": next(texts)},
                "extra": {},
                "state": ItemState.OPEN,
            }
            for number in range(start, min(start + 1000, count))
        ]
        with world.store.write() as session:
            ids = (
                session.execute(insert(Item).returning(col(Item.id), sort_by_parameter_order=True), rows)
                .scalars()
                .all()
            )
        yield from zip(ids, (str(row["fields"]["text"]) for row in rows), strict=True)


def bring(world: World, items: Iterator[tuple[int, str]], *, keeping: bool) -> tuple[float, float, int, float]:
    """Seconds to sign, seconds to compare, how many pairs, seconds to keep."""
    with Comparison() as comparison:
        sign = 0.0
        for ref, text in items:
            begun = perf_counter()
            comparison.add(ref, [text])
            sign += perf_counter() - begun
        begun = perf_counter()
        pairs = sum(1 for _ in comparison.pairs(world.store, world.project_id))
        compared = perf_counter()
        if keeping:
            comparison.keep(world.store, world.project_id)
        return sign, compared - begun, pairs, perf_counter() - compared


def show_recall(world: World, characters: int, count: int) -> None:
    print(f"\nOf {count:,} pairs of each similarity, found (and what ten bands of five promise)")
    writer = Writer(characters, seed=3)
    for wanted in (0.8, 0.85, 0.9):
        alike: list[float] = []
        with Comparison(Thresholds(short=wanted - 0.011, long=wanted - 0.011)) as comparison:
            while len(alike) < count:
                one = writer.text()
                other = writer.changed(one, writer.draw.randint(1, 8))
                told, _ = similarity(Shingled([one]), Shingled([other]))
                if abs(told - wanted) < 0.01:
                    comparison.add(2 * len(alike), [one])
                    comparison.add(2 * len(alike) + 1, [other])
                    alike.append(told)
            found = {pair.ref for pair in comparison.pairs(world.store, world.project_id)}
        got = sum(2 * number + 1 in found for number in range(count))
        promised = math.fsum(1 - (1 - s**5) ** 10 for s in alike) / count
        print(f"  {wanted:.2f}: {got / count:.2%} ({promised:.2%})", flush=True)


def show_baseline(characters: int, items: int) -> None:
    texts = [Shingled([text]) for text in Writer(characters).many(SAMPLE)]
    begun = perf_counter()
    found = sum(near(other, one, Thresholds()) is not None for one, other in combinations(texts, 2))
    took = perf_counter() - begun
    days = took * (items / SAMPLE) ** 2 / 86400
    print(f"\nAll with all, {SAMPLE:,} texts: {took:.1f} s, {found} pairs; {items:,} texts would take {days:,.1f} days")


def peak() -> int:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
