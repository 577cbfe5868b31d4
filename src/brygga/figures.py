"""How long the work of this process takes, for an operator's monitoring: seconds, never names.

Each process has figures of its own. What all processes share is read from the database (`web.
metrics`).
"""

from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

# A second series for each figure that says when it began: nobody reads it, and it doubles the page.
disable_created_metrics()  # type: ignore[no-untyped-call]

REQUEST_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WRITE_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0)
TURN_S: Final = (0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
LATE_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ROUND_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
PAGE_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NO_ANSWER: Final = "none"
"""The status of a request that got no answer."""


class Figures:
    """Histograms, counters and gauges of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "brygga_platform_request_seconds",
            "Requests to the platforms, by platform, method and status.",
            ["platform", "method", "status"],
            registry=self.registry,
            buckets=REQUEST_S,
        )
        self.writes = Histogram(
            "brygga_change_to_write_seconds",
            "From the first report of a change of stock to its write on the other side, "
            "by the side of the change: a sale comes from zettle, an order from bigcommerce.",
            ["source"],
            registry=self.registry,
            buckets=WRITE_S,
        )
        self.turns = Histogram(
            "brygga_turn_seconds",
            "Turns of a worker, each for one connection.",
            registry=self.registry,
            buckets=TURN_S,
        )
        self.late = Histogram(
            "brygga_timer_late_seconds",
            "How late a worker's timer woke, which does so every second.",
            registry=self.registry,
            buckets=LATE_S,
        )
        self.ticks = Histogram(
            "brygga_tick_seconds",
            "Rounds of a worker's timer, in which jobs are added for what is due.",
            registry=self.registry,
            buckets=ROUND_S,
        )
        self.tidies = Histogram(
            "brygga_tidy_seconds",
            "Rounds of a worker's housekeeping, one a minute.",
            registry=self.registry,
            buckets=ROUND_S,
        )
        self.lost = Counter(
            "brygga_leases_lost",
            "Turns that ended because another worker had taken over.",
            registry=self.registry,
        )
        self.pages = Histogram(
            "brygga_page_seconds",
            "Answers to browsers and platforms, by route and status.",
            ["route", "status"],
            registry=self.registry,
            buckets=PAGE_S,
        )
        self.webhook_faults = Counter(
            "brygga_webhook_faults",
            "Webhooks that got an error of ours: the platform sends them again.",
            registry=self.registry,
        )
        self._gauges: dict[str, Gauge] = {}
        self._is_complete = False

    def working(self, running: Callable[[], int], most: Callable[[], int]) -> None:
        """This process works: how many turns run, and how many may at a time. Both are read at each
        scrape.
        """
        self._read("brygga_turns_running", "Turns that run now in this process.", running)
        self._read("brygga_turns_max", "Turns that may run at a time in this process.", most)

    def connecting(
        self, in_use: Callable[[], int], waiting: Callable[[], int], most: Callable[[], int]
    ) -> None:
        """This process's pool of connections to the database, read at each scrape."""
        name = "brygga_database_connections"
        self._read(f"{name}_in_use", "Connections of the pool that have a transaction.", in_use)
        self._read(f"{name}_waiting", "Transactions that wait for a connection.", waiting)
        self._read(f"{name}_max", "Connections that the pool may open.", most)

    def _read(self, name: str, meaning: str, value: Callable[[], int]) -> None:
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, meaning, registry=self.registry)
        self._gauges[name].set_function(lambda: float(value()))

    def request(self, platform: str, method: str, status: int | None, seconds: float) -> None:
        """`status` is None where no answer came."""
        name = NO_ANSWER if status is None else str(status)
        self.requests.labels(platform, method, name).observe(seconds)

    def write(self, source: str, seconds: float) -> None:
        self.writes.labels(source).observe(max(0.0, seconds))

    def page(self, route: str, status: int, seconds: float) -> None:
        """`route` as it stands in the table of routes."""
        self.pages.labels(route, str(status)).observe(max(0.0, seconds))
        if status >= 500 and route.startswith("/hooks/"):
            self.webhook_faults.inc()

    def exposed(self) -> bytes:
        """In Prometheus's text format, with the memory, files and threads of the process."""
        if not self._is_complete:
            self._is_complete = True
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self.registry)
        return generate_latest(self.registry)
