"""How soon a label click is acknowledged, at an offered rate, and what it costs.

    python -m benchmarks.clicks [--rates 100 200 300] [--people 200] [--database sqlite|postgresql]
                                [--tls] [--slow-api] [--moment] [--bolt]

People click at moments of their own, whether or not earlier clicks were acknowledged; each is at work in a batch of 25,
and ``response_url`` takes 150 ms. Concord runs in a process of its own; Slack and the people are this one, on one event
loop: ``lag`` is how late the clicks left it (99th percentile), and ``others`` how much of the machine went to anybody
else (the server of PostgreSQL among them), so that a busy machine is seen. ``CPU`` is the bot's for each click offered,
its card included, and ``cards`` how many were put up for each: one that a newer answer overtakes is left out. ``no ack``
counts clicks without one within 3 s. After every run all that was acknowledged is looked for in the store.

Without a choice, everything is run: the rates without and with TLS, the highest rate with a Web API that takes 3 s
(labels, and guidelines opened meanwhile), one click of everybody at one moment, and Bolt's defaults as the baseline.
"""

import argparse
import asyncio
import os
import random
import shutil
import ssl
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.clicks_process import Spent, running, spent
from benchmarks.clicks_slack import Slack, certificate, trusting
from benchmarks.clicks_world import Crowd, envelopes, gather, guideline_clicks
from tests.databases import Databases

CONCORD, BOLT = "benchmarks.clicks_bot", "benchmarks.clicks_bolt"
SLACK_WAITS = 3.0
WARM_SECONDS = 2.0
SLOW_API = 3.0
GUIDELINE_EVERY = 50
HEAD = (
    f"{'':26}{'offered':>8}{'acked/s':>9}{'p50 ms':>8}{'p99 ms':>8}{'longest':>9}{'no ack':>8}"
    f"{'CPU ms':>8}{'cards':>7}{'lag ms':>8}{'others':>8}{'load':>7}"
)


@dataclass(frozen=True)
class Run:
    """One run: which bot, at which rate (None: everybody at one moment), how Slack is."""

    name: str
    bot: str
    rate: int | None
    tls: bool = False
    api_seconds: float = 0.0


@dataclass
class Clicks:
    """The moments of every click: when it was due, sent and acknowledged."""

    due: dict[str, float] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    acked: dict[str, float] = field(default_factory=dict)

    def ack(self, envelope_id: str) -> None:
        self.acked.setdefault(envelope_id, perf_counter())


@dataclass(frozen=True)
class Figures:
    """Of one run; times in ms. ``ack`` is from the moment at which a click was sent."""

    acked_rate: float
    ack: list[float]
    unacked: int
    lag: list[float]
    spent: Spent
    seconds: float
    clicks: int
    cards: int

    def line(self, run: Run) -> str:
        ack = [f"{took:8.1f}" for took in (statistics.median(self.ack), p99(self.ack))] if self.ack else ["-", "-"]
        longest = f"{max(self.ack):.1f}" if self.ack else "-"
        others = (self.spent.all - self.spent.bot - self.spent.here) / (self.seconds * (os.cpu_count() or 1))
        return (
            f"{run.name:26}{run.rate or 'at once':>8}{self.acked_rate:9.0f}{ack[0]:>8}{ack[1]:>8}"
            f"{longest:>9}{self.unacked:8}{self.spent.bot / self.clicks * 1000:8.2f}{self.cards / self.clicks:7.2f}"
            f"{p99(self.lag):8.1f}{others:8.0%}{os.getloadavg()[0]:7.1f}"
        )


def p99(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


@dataclass(frozen=True)
class Bench:
    """What all runs share."""

    databases: Databases
    kind: str
    people: int
    seconds: float
    certificate: Path | None

    def measure(self, run: Run) -> Figures:
        clicks = int(run.rate * (self.seconds + WARM_SECONDS)) if run.rate else 2 * self.people
        store = self.databases.store(self.kind)
        crowd = gather(store, self.people, clicks)
        try:
            return asyncio.run(self._measure(run, crowd, clicks))
        finally:
            store.close()

    async def _measure(self, run: Run, crowd: Crowd, count: int) -> Figures:
        clicks = Clicks()
        slack = Slack(crowd.people, clicks.ack, self._server(run), run.bot == CONCORD, api_seconds=run.api_seconds)
        await slack.start()
        database = crowd.store.engine.url.render_as_string(hide_password=False)
        trust = trusting(self.certificate) if run.tls and self.certificate else {}
        log = self.databases.folder / "bot.log"
        bot = running(run.bot, database, slack.url, trust, log)
        pid = await asyncio.to_thread(bot.__enter__)
        try:
            await asyncio.wait_for(slack.connected.wait(), 30)
            figures = await (self._rate if run.rate else self._moment)(run, crowd, slack, clicks, count, pid)
        finally:
            await asyncio.to_thread(bot.__exit__, None, None, None)
            await slack.stop()
        check(run, crowd, clicks, log)
        return figures

    def _server(self, run: Run) -> ssl.SSLContext | None:
        if not run.tls or self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    async def _rate(self, run: Run, crowd: Crowd, slack: Slack, clicks: Clicks, count: int, pid: int) -> Figures:
        """The clicks of the first seconds warm up and do not count."""
        assert run.rate is not None
        plan = list(arrivals(envelopes(crowd, count, slack.url), run.rate))
        warm = sum(at < WARM_SECONDS for at, *_ in plan)
        await send(slack, plan[:warm], clicks)
        before, started, cards = spent(pid), perf_counter(), slack.calls["response_url"]
        measured = [(at - WARM_SECONDS, key, text) for at, key, text in plan[warm:]]
        aside = asyncio.create_task(self._guidelines(run, crowd, slack, len(measured)))
        await send(slack, measured, clicks)
        ended = perf_counter()
        keys = [key for _, key, _ in measured]
        await settled(clicks, keys, SLACK_WAITS + 0.5)
        # The last cards are still on their way.
        await asyncio.sleep(1.0)
        figures = figure(clicks, keys, (started, ended), spent(pid).since(before), slack.calls["response_url"] - cards)
        aside.cancel()
        return figures

    async def _guidelines(self, run: Run, crowd: Crowd, slack: Slack, count: int) -> None:
        if run.api_seconds and run.rate:
            for text in guideline_clicks(crowd, count // GUIDELINE_EVERY, slack.url):
                assert slack.socket is not None
                await slack.socket.send(text)
                await asyncio.sleep(GUIDELINE_EVERY / run.rate)

    async def _moment(self, run: Run, crowd: Crowd, slack: Slack, clicks: Clicks, count: int, pid: int) -> Figures:
        """Everybody clicks at one moment, twice; the second time counts."""
        plan = [(0.0, str(place), text) for place, text in envelopes(crowd, count, slack.url)]
        for half in (plan[: self.people], plan[self.people :]):
            before, started, cards = spent(pid), perf_counter(), slack.calls["response_url"]
            await send(slack, half, clicks)
            keys = [key for _, key, _ in half]
            await settled(clicks, keys, SLACK_WAITS)
            ended = max((clicks.acked[key] for key in keys if key in clicks.acked), default=perf_counter())
            await asyncio.sleep(1.5)
        return figure(clicks, keys, (started, ended), spent(pid).since(before), slack.calls["response_url"] - cards)


def arrivals(clicks: Iterator[tuple[int, str]], rate: int, seed: int = 1) -> Iterator[tuple[float, str, str]]:
    """People who know nothing of each other: the times between clicks are exponential."""
    chance, at = random.Random(seed), 0.0
    for place, text in clicks:
        at += chance.expovariate(rate)
        yield at, str(place), text


async def send(slack: Slack, plan: list[tuple[float, str, str]], clicks: Clicks) -> None:
    """Send every click when it is due, and never wait for anything else."""
    start = perf_counter()
    assert slack.socket is not None
    for at, key, text in plan:
        due = start + at
        await asyncio.sleep(max(0.0, due - perf_counter()))
        clicks.due[key], clicks.sent[key] = due, perf_counter()
        await slack.socket.send(text)


async def settled(clicks: Clicks, keys: list[str], seconds: float) -> None:
    """Until all are acknowledged, for so long at most."""
    end = perf_counter() + seconds
    while perf_counter() < end and not all(key in clicks.acked for key in keys):
        await asyncio.sleep(0.02)


def figure(clicks: Clicks, keys: list[str], window: tuple[float, float], cost: Spent, cards: int) -> Figures:
    started, ended = window
    ack = [(clicks.acked[key] - clicks.sent[key]) * 1000 for key in keys if key in clicks.acked]
    within = sum(started <= at <= ended for at in clicks.acked.values())
    return Figures(
        acked_rate=within / (ended - started),
        ack=ack,
        unacked=len(keys) - sum(took <= SLACK_WAITS * 1000 for took in ack),
        lag=[(clicks.sent[key] - clicks.due[key]) * 1000 for key in keys],
        spent=cost,
        seconds=perf_counter() - started,
        clicks=len(keys),
        cards=cards,
    )


def check(run: Run, crowd: Crowd, clicks: Clicks, log: Path) -> None:
    """What was acknowledged is in the store. Bolt's defaults acknowledge first, and promise nothing."""
    if run.bot == CONCORD:
        lost = {int(key) for key in clicks.acked if key.isdecimal()} - crowd.stored()
        if lost:
            raise SystemExit(f"{len(lost)} acknowledged labels are not in the store")
        said = [line for line in log.read_text().splitlines() if '"level": "info"' not in line]
        if said:
            print(f"  the bot logged {len(said)} lines, the first: {said[0][:600]}")


def runs(asked: argparse.Namespace) -> list[Run]:
    chosen = {name for name in ("tls", "slow_api", "moment", "bolt") if getattr(asked, name)}
    highest = max(asked.rates)
    found = [Run("Concord", CONCORD, rate) for rate in asked.rates if not chosen]
    if not chosen or "tls" in chosen:
        found += [Run("Concord, TLS", CONCORD, rate, tls=True) for rate in asked.rates]
    if not chosen or "slow_api" in chosen:
        found.append(Run("Concord, Web API takes 3 s", CONCORD, highest, api_seconds=SLOW_API))
    if not chosen or "moment" in chosen:
        found.append(Run("Concord", CONCORD, None))
    if not chosen or "bolt" in chosen:
        found += [Run("Bolt's defaults", BOLT, highest), Run("Bolt's defaults, TLS", BOLT, highest, tls=True)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 200, 300])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0, help="measured seconds of each rate")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    for name in ("tls", "slow-api", "moment", "bolt"):
        parser.add_argument(f"--{name}", action="store_true", help="only this, and what else is chosen so")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="concord-benchmark-"))
    bench = Bench(Databases(folder), asked.database, asked.people, asked.seconds, certificate(folder))
    found: dict[Run, Any] = {}
    try:
        print(f"{asked.people} people, {asked.database}, response_url takes 150 ms\n\n{HEAD}", flush=True)
        for run in runs(asked):
            if run.tls and bench.certificate is None:
                print(f"{run.name:26} left out: there is no openssl to make a certificate")
                continue
            found[run] = bench.measure(run)
            print(found[run].line(run), flush=True)
        for run, ours, theirs in compared(found):
            print(f"\n{run.name} against Concord at {run.rate} offered: {ours / theirs:.1f} times as many acknowledged")
    finally:
        bench.databases.close()
        shutil.rmtree(folder)


def compared(found: dict[Run, Figures]) -> Iterator[tuple[Run, float, float]]:
    """Runs of the baseline, with Concord's acknowledged clicks a second and theirs."""
    for run, figures in found.items():
        ours = Run("Concord, TLS" if run.tls else "Concord", CONCORD, run.rate, tls=run.tls)
        if run.bot == BOLT and ours in found:
            yield run, found[ours].acked_rate, figures.acked_rate


if __name__ == "__main__":
    main()
