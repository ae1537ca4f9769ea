"""What rendering costs: ms per card, with the parsed YAML remembered and without.

Run with `python -m benchmarks.templates`. The ratio is what to look at: milliseconds depend on the machine.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from templates import engine
from templates.blocks import render, render_view
from templates.tree import parse

CARDS = Path(__file__).parent.parent / "tests" / "templates" / "cards"

LABELLING: dict[str, Any] = {
    "project": "rte",
    "place": 3,
    "total": 25,
    "version": 2,
    "question": "Does the text imply the hypothesis?",
    "assignment": 1017,
    "chosen": 2,
    "fields": [
        {"name": "text", "text": "The cat sat on the mat, and nobody knew for how long it had been there. " * 5},
        {"name": "hypothesis", "text": "A cat was sitting."},
    ],
    "labels": [{"id": 1, "title": "Implies"}, {"id": 2, "title": "Does not"}],
}
UNCLEAR: dict[str, Any] = {
    "metadata": "{}",
    "person": "U024BE7LH",
    "item": "item 17",
    "project": "rte",
    "note": "I cannot tell.",
    "reasons": [{"id": f"r{n}", "title": f"Reason {n}", "help": "What it means"} for n in range(5)],
}


def milliseconds(work: Callable[[], object], rounds: int = 7, each: int = 200) -> float:
    """The median of some rounds, for one call."""
    figures = []
    for _ in range(rounds):
        begin = time.perf_counter()
        for _ in range(each):
            work()
        figures.append((time.perf_counter() - begin) / each * 1000)
    return statistics.median(figures)


def main() -> None:
    remembered = engine._parsed
    long = {**LABELLING, "fields": [{"name": "text", "text": "A long text & its end. " * 2000}]}
    cases: list[tuple[str, Callable[[], object]]] = [
        ("labelling card", lambda: render("labelling.yaml.j2", (CARDS,), **LABELLING)),
        ("labelling card, 46,000 characters", lambda: render("labelling.yaml.j2", (CARDS,), **long)),
        ("modal with an input", lambda: render_view("unclear.yaml.j2", (CARDS,), **UNCLEAR)),
    ]
    print(f"{'':36}{'warm ms':>10}{'no cache ms':>13}{'ratio':>8}")
    for name, work in cases:
        work()
        warm = milliseconds(work)
        engine._parsed = parse
        cold = milliseconds(work)
        engine._parsed = remembered
        print(f"{name:36}{warm:10.3f}{cold:13.3f}{cold / warm:8.1f}")


if __name__ == "__main__":
    main()
