"""What an operator's monitoring may read: counts, never names."""

import hmac
from ipaddress import ip_address
from typing import Final

from litestar import Response, get
from litestar.datastructures import State
from litestar.enums import MediaType
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from brygga.store import marks
from brygga.store.database import DatabaseGone
from brygga.web.deps import WebDeps
from brygga.web.session import AnyRequest
from brygga.web.visit import NotThere

PROXIED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Any of these says that somebody else asked through a proxy on this machine."""


class Metrics:
    """The web process's own figures."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.webhooks = Counter(
            "brygga_webhooks", "Webhooks received, by platform and answer.", ["platform", "status"], registry=registry
        )
        self.faults = Counter("brygga_page_faults", "Pages that ended in a fault of ours.", registry=registry)
        self.pending = Gauge("brygga_marks_pending", "Work that waits, over all merchants.", registry=registry)


@get("/health", skip_session=True, exclude_from_csrf=True)
async def health(state: State) -> Response[dict[str, str]]:
    """200 while the database answers, 503 while it does not."""
    deps: WebDeps = state.deps
    try:
        async with deps.database.read() as tx:
            await marks.pending(tx)
    except DatabaseGone:
        return Response({"status": "database unreachable"}, status_code=503)
    return Response({"status": "ok"})


@get("/metrics", skip_session=True, exclude_from_csrf=True)
async def show(request: AnyRequest, state: State) -> Response[bytes]:
    """With a token set: for who brings it, 401 for others. Without: for this machine only, and not through a proxy, else 404."""
    deps: WebDeps = state.deps
    metrics: Metrics = state.metrics
    if not _may_read(request, deps.settings.metrics_token):
        if deps.settings.metrics_token:
            challenge = {"www-authenticate": 'Bearer realm="metrics"'}
            return Response(b"", status_code=401, headers=challenge, media_type=MediaType.TEXT)
        raise NotThere
    async with deps.database.read() as tx:
        metrics.pending.set(await marks.pending(tx))
    return Response(
        generate_latest(metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST}, media_type=MediaType.TEXT
    )


def _may_read(request: AnyRequest, token: str) -> bool:
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    host = request.client.host if request.client else ""
    try:
        return ip_address(host).is_loopback and not any(header in request.headers for header in PROXIED)
    except ValueError:
        return False
