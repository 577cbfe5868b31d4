"""What an operator's monitoring may read: counts, never names."""

import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from litestar import Response, get
from litestar.datastructures import State
from litestar.enums import MediaType
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from brygga.database import rights, service_health, waiting_work
from brygga.database.queue_table import NORMAL, URGENT
from brygga.database.service_health import ServiceHealth
from brygga.figures import Figures
from brygga.web.deps import WebDeps, WebSettings
from brygga.web.session import AnyRequest
from brygga.web.visit import NotThere

PROXIED: Final = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)
"""Each of these headers shows that somebody else asked through a proxy on this machine."""

GAUGES: Final = {
    "marks_pending": "Work that waits, also what is due later, over all merchants.",
    "marks_due": "Work that is due now at connections that may work.",
    "marks_late_seconds": "How long the oldest of it has been due.",
    "stock_late_seconds": "How long the oldest of it that is about stock has been due.",
    "marks_parked": "Work that failed by a bug and is not done since; each has a support id.",
    "marks_parked_seconds": "For how long the oldest of it has failed.",
    "connections_paused": "Connections that wait for their merchant.",
    "connections_unreachable": "Connections with a platform out of reach.",
    "stock_writes_in_the_air": "Stock writes, by variant, without an answer yet.",
    "stock_numbers_to_check": "Stock numbers that a merchant is asked to check.",
    "stock_writes_contradicted_day": (
        "Stock writes whose marker and record said opposite things "
        "and led to a question, in 24 hours."
    ),
    "connections_webhooks_failing": (
        "Connections whose webhooks are refused or go astray again and again."
    ),
    "webhooks_failed_day": (
        "Webhooks of active connections that were refused or went astray, in 24 hours."
    ),
    "webhooks_ended_day": "Subscriptions that a platform had switched off or deleted, in 24 hours.",
    "workers": "Workers that wait for jobs on this database.",
}
"""Read from the database at each request, so that any web process reports all workers."""
PRIORITIES: Final = {URGENT: "urgent", NORMAL: "normal"}
"""Of a job: whether somebody waits."""


class Metrics:
    """The web process's own figures, and those that the database has of all processes."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.registry = registry = CollectorRegistry()
        self.webhooks = Counter(
            "brygga_webhooks",
            "Webhooks received, by platform and answer.",
            ["platform", "status"],
            registry=registry,
        )
        self.unverified = Counter(
            "brygga_webhooks_unverified",
            "Webhooks accepted for our secret, with a signature that does not verify, by platform.",
            ["platform"],
            registry=registry,
        )
        self.refused = Counter(
            "brygga_requests_refused",
            "Requests turned away unread, by reason.",
            ["why"],
            registry=registry,
        )
        self.faults = Counter(
            "brygga_page_faults", "Pages that ended in a fault of ours.", registry=registry
        )
        self.stages = Gauge(
            "brygga_connections", "Active connections, by stage.", ["stage"], registry=registry
        )
        self.queued = Gauge(
            "brygga_jobs_queued",
            "Jobs that wait for a worker, each for one connection, by priority.",
            ["priority"],
            registry=registry,
        )
        self.gauges = {
            name: Gauge(f"brygga_{name}", meaning, registry=registry)
            for name, meaning in GAUGES.items()
        }

    def show_queue(self, jobs: Mapping[int, int]) -> None:
        self.queued.clear()
        for priority in {**PRIORITIES, **jobs}:
            name = PRIORITIES.get(priority, str(priority))
            self.queued.labels(name).set(jobs.get(priority, 0))

    def show(self, health: ServiceHealth, pending: int, workers: int) -> None:
        self.stages.clear()
        for stage, count in health.stages.items():
            self.stages.labels(stage).set(count)
        figures = {
            "marks_pending": pending,
            "marks_due": health.waiting,
            "marks_late_seconds": health.late_s,
            "stock_late_seconds": health.stock_late_s,
            "marks_parked": health.parked,
            "marks_parked_seconds": health.parked_s,
            "connections_paused": health.paused,
            "connections_unreachable": health.unreachable,
            "stock_writes_in_the_air": health.with_pending_writes,
            "stock_numbers_to_check": health.to_check,
            "stock_writes_contradicted_day": health.contradicted,
            "connections_webhooks_failing": health.webhooks_failing,
            "webhooks_failed_day": health.webhooks_failed,
            "webhooks_ended_day": health.webhooks_ended,
            "workers": workers,
        }
        for name, figure in figures.items():
            self.gauges[name].set(figure)


@get("/metrics", skip_session=True, exclude_from_csrf=True)
async def show(request: AnyRequest, state: State) -> Response[bytes]:
    """With a token set: answers requests that have it, and 401 for others. Without: 404, except for
    this machine, not through a proxy, where an operator allowed it.
    """
    deps: WebDeps = state.deps
    metrics: Metrics = state.metrics
    if refused := refusal(request, deps.settings):
        return refused
    await state.tally.write(deps)
    async with deps.database.read() as tx:
        metrics.show(
            await service_health.read(tx, deps.clock.now()),
            await waiting_work.pending(tx),
            await rights.workers(tx),
        )
        metrics.show_queue(await service_health.queued(tx))
    return exposed(generate_latest(metrics.registry) + metrics.figures.exposed())


def exposed(text: bytes) -> Response[bytes]:
    """An answer in Prometheus's text format."""
    return Response(text, headers={"content-type": CONTENT_TYPE_LATEST}, media_type=MediaType.TEXT)


def refusal(request: AnyRequest, settings: WebSettings) -> Response[bytes] | None:
    """The answer to somebody who may not read the figures. Raises `NotThere` where nobody may."""
    if _may_read(request, settings):
        return None
    if not settings.metrics_token:
        raise NotThere
    challenge = {"www-authenticate": 'Bearer realm="metrics"'}
    return Response(b"", status_code=401, headers=challenge, media_type=MediaType.TEXT)


def _may_read(request: AnyRequest, settings: WebSettings) -> bool:
    if token := settings.metrics_token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if not settings.metrics_local:
        return False
    host = request.client.host if request.client else ""
    try:
        return ip_address(host).is_loopback and not any(
            header in request.headers for header in PROXIED
        )
    except ValueError:
        return False
