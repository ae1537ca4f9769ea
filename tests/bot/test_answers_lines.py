"""Lines: one job of a line at a time, the newest of those that wait, nothing after closing."""

import threading
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.lines import Job, Later, Lines
from tests.sandbox_fixtures import wait_for

THREADS = {"cards": 4, "web": 2}


def test_of_the_jobs_that_wait_only_the_newest_is_done() -> None:
    lines = Lines(THREADS)
    done: list[int] = []
    first_is_done, begun = threading.Event(), threading.Event()

    def job(number: int) -> Job:
        def run() -> None:
            if number == 0:
                begun.set()
                first_is_done.wait(5)
            done.append(number)

        return Job("cards", run)

    lines.put("card", job(0))
    begun.wait(5)
    for number in (1, 2, 3):
        lines.put("card", job(number))
    assert lines.newer_waits("card")
    first_is_done.set()
    assert lines.close(5)
    assert done == [0, 3]


def test_a_job_that_goes_on_later_gives_way_to_a_newer_one() -> None:
    lines = Lines(THREADS)
    done: list[str] = []

    def old() -> Later:
        done.append("old")
        lines.put("card", Job("web", lambda: done.append("new")))
        return Later(0.01, Job("cards", lambda: done.append("old again")))

    lines.put("card", Job("cards", old))
    wait_for(lambda: len(done) == 2)
    assert lines.close(5)
    assert done == ["old", "new"]


def test_lines_do_not_wait_for_each_other_and_a_failing_job_ends_only_itself() -> None:
    lines = Lines(THREADS)

    def fail() -> None:
        raise RuntimeError("on purpose")

    def wait() -> None:
        never.wait(5)

    never, done = threading.Event(), threading.Event()
    lines.put("slow", Job("cards", wait))
    lines.put("failing", Job("cards", fail))
    lines.put("failing", Job("cards", done.set))
    assert done.wait(5)
    never.set()
    assert lines.close(5)


def test_closing_gives_up_on_what_takes_too_long_and_takes_nothing_new() -> None:
    lines = Lines(THREADS)
    lines.put("later", Job("cards", lambda: Later(60, Job("cards", lambda: None))))
    assert not lines.close(0.05)
    done: list[int] = []
    lines.put("new", Job("cards", lambda: done.append(1)))
    assert done == []


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_no_line_ever_overlaps_itself_and_its_last_job_is_always_done(puts: list[tuple[int, bool]]) -> None:
    lines = Lines(THREADS)
    at_work: set[int] = set()
    overlaps: list[int] = []
    done: dict[int, list[int]] = defaultdict(list)
    guard = threading.Lock()

    def job(key: int, number: int, twice: bool) -> Job:
        def run() -> Later | None:
            with guard:
                if key in at_work:
                    overlaps.append(key)
                at_work.add(key)
                done[key].append(number)
            with guard:
                at_work.discard(key)
            return Later(0, job(key, number, twice=False)) if twice else None

        return Job("web" if twice else "cards", run)

    last: dict[int, int] = {}
    for number, (key, twice) in enumerate(puts):
        lines.put(key, job(key, number, twice))
        last[key] = number
    assert lines.close(5)
    assert overlaps == []
    assert {key: numbers[-1] for key, numbers in done.items()} == last
    assert all(numbers == sorted(numbers) for numbers in done.values())
