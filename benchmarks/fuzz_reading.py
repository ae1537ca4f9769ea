"""Read spoilt files for as long as wanted: ``python -m benchmarks.fuzz_reading --minutes 10 --seed 1``."""

import argparse
import random
import tempfile
import time
from pathlib import Path

from tests.reading.hostile import BUILT, SIGNS, WHOLE, read_all, spoilt
from workflow.reading.asked import Asked

SLOW = 5.0


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    chance = random.Random(given.seed)
    seeds = WHOLE + [make() for make in BUILT]
    until, files, rows = time.monotonic() + given.minutes * 60, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items"
        while time.monotonic() < until:
            raw = one(chance, seeds)
            path.write_bytes(raw)
            began = time.monotonic()
            try:
                rows += read_all(path, how(chance))
            except BaseException:
                print(f"file {files}: {raw[:2000]!r}")
                raise
            if time.monotonic() - began > SLOW:
                print(f"file {files} took {time.monotonic() - began:.1f} s: {raw[:200]!r}")
            files += 1
    print(f"seed {given.seed}: {files:,} files, {rows:,} rows; nothing but rows and refusals")


def one(chance: random.Random, seeds: list[bytes]) -> bytes:
    raw = chance.choice(seeds)
    if chance.random() < 0.2:
        raw = raw[: chance.randrange(len(raw) + 1)] + chance.choice(seeds)
    spoils = [
        (chance.randrange(5000), chance.choice((0, 0, 1, 2, 8, 64)), chance.choice((*SIGNS, chance.randbytes(3))))
        for _ in range(chance.randrange(12))
    ]
    return spoilt(raw, spoils)


def how(chance: random.Random) -> Asked:
    return Asked(
        chance.choice((None, None, "csv", "jsonl", "json", "label-studio")),
        chance.choice((None, None, None, "utf-8", "utf-16", "gb18030", "shift_jis", "utf-7")),
        chance.choice((None, None, ",", "x")),
        chance.choice((None, True, False)),
    )


if __name__ == "__main__":
    main()
