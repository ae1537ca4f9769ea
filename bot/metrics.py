"""What is counted for an operator's dashboards, in Prometheus' text format.

Acknowledgements are counted as they leave; everything else is read when somebody asks, from the store and from what runs.
No label names a person, an item or a project's text.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Lane, Lot, LotState, Outbox, OutboxState

# A click should be acknowledged within hundredths; Slack shows a warning after three seconds.
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
UNSETTLED = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.FAILED)
UNFINISHED = (LotState.RUNNING, LotState.OPENING)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Gauge:
    """A number of this process that is read when somebody asks."""

    name: str
    words: str
    read: Callable[[], float]


class Metrics:
    """All that is counted in this process, and the way to its text."""

    def __init__(self, store: Store, clock: Callable[[], datetime], gauges: Iterable[Gauge] = ()) -> None:
        self._registry = CollectorRegistry()
        self._acks = Histogram(
            "concord_ack_seconds", "From the coming of a request to its acknowledgement.", ["kind"],
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._missed = Counter(
            "concord_unacknowledged", "Requests that were not acknowledged.", ["kind"], registry=self._registry
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_FromStore(store, clock))
        self._registry.register(_FromProcess(list(gauges)))

    def on_ack(self, kind: str, seconds: float, acked: bool) -> None:
        """Count a request of Slack's."""
        if acked:
            self._acks.labels(kind).observe(seconds)
        else:
            self._missed.labels(kind).inc()

    def text(self) -> bytes:
        """Everything, as Prometheus reads it. Raises what the database raises."""
        return generate_latest(self._registry)


class _FromStore(Collector):
    """What the outbox and the imports look like, whichever process works on them."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    def collect(self) -> Iterable[GaugeMetricFamily]:
        with self._store.read() as session:
            yield from _outbox(session, self._clock())
            yield _imports(session)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []


class _FromProcess(Collector):
    def __init__(self, gauges: list[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for gauge in self._gauges:
            yield GaugeMetricFamily(gauge.name, gauge.words, value=gauge.read())


def _outbox(session: Session, now: datetime) -> Iterable[GaugeMetricFamily]:
    rows = GaugeMetricFamily("concord_outbox_rows", "Messages that are not settled.", labels=["state", "lane"])
    ages = GaugeMetricFamily("concord_outbox_oldest_seconds", "Age of the oldest of them.", labels=["state", "lane"])
    statement = (
        select(col(Outbox.state), col(Outbox.lane), func.count(), func.min(col(Outbox.created_at)))
        .where(col(Outbox.state).in_(UNSETTLED))
        .group_by(col(Outbox.state), col(Outbox.lane))
    )
    found = {(state, lane): (count, oldest) for state, lane, count, oldest in session.execute(statement)}
    for state in UNSETTLED:
        for lane in Lane:
            count, oldest = found.get((state, lane), (0, None))
            labels = [state.value, lane.name.lower()]
            rows.add_metric(labels, count)
            ages.add_metric(labels, 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0))
    return rows, ages


def _imports(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily("concord_imports", "Imports under way.", labels=["state"])
    statement = select(col(Lot.state), func.count()).where(col(Lot.state).in_(UNFINISHED)).group_by(col(Lot.state))
    found = {row[0]: row[1] for row in session.execute(statement)}
    for state in UNFINISHED:
        family.add_metric([state.value], found.get(state, 0))
    return family
