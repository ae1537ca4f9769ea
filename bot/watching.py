"""What is looked at in a running Concord, so that an operator and what watches it know how it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.routing import Route

from bot import status
from bot.answers.carrier import Carrier
from bot.in_hand import InHand
from bot.listening import Address, WebServer
from bot.metrics import Gauge, Metrics
from bot.sender.sender import Sender
from bot.status import Look
from storage.engine import Store


@dataclass(frozen=True)
class Watch:
    """The numbers, and what has to be well for Concord to be ready."""

    metrics: Metrics
    looks: dict[str, Look]

    def routes(self) -> list[Route]:
        """The pages, to be served beside others or alone."""
        return status.routes(self.looks, self.metrics)

    def serve(self, address: Address) -> tuple[WebServer, int]:
        """Serve the pages alone; the port too. Raises OSError where it cannot listen."""
        server = WebServer(Starlette(routes=list(self.routes())), address, "status")
        return server, server.start()


def watch(store: Store, clock: Callable[[], datetime], sender: Sender, carrier: Carrier, in_hand: InHand) -> Watch:
    """Look at the database and at what sends; whoever opens the door adds a look at it."""
    gauges = [
        Gauge("concord_requests_in_hand", "Requests that are not acknowledged yet.", lambda: in_hand.count),
        Gauge("concord_answers_in_flight", "Messages and views being drawn or sent.", lambda: carrier.in_flight),
    ]
    looks = {
        "database": status.database(store),
        "sender": lambda: None if sender.running else "it is not running",
    }
    return Watch(Metrics(store, clock, gauges), looks)
