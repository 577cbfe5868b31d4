"""The first check of a request: has its source reached a limit already?"""

from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from brygga.web.deps import (
    SHOP_CALLBACK,
    SHOP_LOAD,
    SHOP_REMOVE_USER,
    SHOP_UNINSTALL,
    ZETTLE_CALLBACK,
)
from brygga.web.limits import CALLBACK, CALLBACK_LINES, SIGN_IN, SIGN_IN_ALL, Limits, source_of
from brygga.web.session import AnyRequest

BEGIN: Final = "/sign-in/zettle"
"""Each of these makes a session and a state."""
CALLBACKS: Final = frozenset(
    {ZETTLE_CALLBACK, SHOP_CALLBACK, SHOP_LOAD, SHOP_UNINSTALL, SHOP_REMOVE_USER}
)
"""A failure here is a guess, or an outdated request. A success is never counted."""

log = structlog.get_logger("brygga.web")


class Gate(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    def __init__(self, *, has_proxies: bool) -> None:
        self.is_warned = has_proxies

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises `TooMany`."""
        path = scope["path"].rstrip("/")
        if not self.is_warned:
            self._warn(AnyRequest(scope))
        if path == BEGIN or path in CALLBACKS:
            source = source_of(AnyRequest(scope))
            limits: Limits = scope["litestar_app"].state.limits
            if path == BEGIN:
                limits.take(SIGN_IN, source)
                limits.take(SIGN_IN_ALL)
            else:
                limits.check(CALLBACK, source)
                send = _counting(send, limits, path, source)
        await next_app(scope, receive, send)

    def _warn(self, request: AnyRequest) -> None:
        """Warns once: behind a proxy that is not configured, all clients share one source."""
        if any(name == b"x-forwarded-for" for name, _ in request.scope["headers"]):
            self.is_warned = True
            log.warning(
                "a proxy that BRYGGA_TRUSTED_PROXIES does not name speaks for others",
                proxy=source_of(request),
            )


def _counting(send: Send, limits: Limits, path: str, source: str) -> Send:
    """Counts a refused callback against its source, and writes it down: it was a sign-in, a store,
    or a token of BigCommerce's. `path` is one of `CALLBACKS`.
    """

    async def counting(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            limits.failed(CALLBACK, source)
            if limits.has_room(CALLBACK_LINES):
                log.warning("callback refused", route=path, status=message["status"], source=source)
        await send(message)

    return counting
