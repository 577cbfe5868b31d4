"""One id from the page to the log to the support case, and the audit line of an action."""

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from brygga import traces
from brygga.database import audit
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Tx
from brygga.seams import Dice
from brygga.web.deps import WebDeps
from brygga.web.limits import source_of
from brygga.web.session import AnyRequest
from brygga.web.visit import Merchant

STATE: Final = "request_id"
UNREADABLE: Final = re.compile(r"[^0-9A-Za-z]")
UNTIMED: Final = frozenset({"/apps/bigcommerce/live", "/metrics"})
"""A stream stays open for as long as its page, and reading the figures is none of them."""


def route_of(scope: Scope) -> str:
    """The route as it is written in the table of routes, never the address that was asked for. ""
    where none fits.
    """
    handler: Any = scope.get("route_handler")
    return _written(handler) if handler else ""


@lru_cache(1_024)
def _written(handler: Any) -> str:
    return min(handler.paths, default="")


class Traced(ASGIMiddleware):
    """The outermost middleware: each log line of a request has the request's id, and so does its
    answer. An id that a client sends is not used.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, dice: Dice) -> None:
        self.dice = dice

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        mine = UNREADABLE.sub("", self.dice.token())[-16:]
        scope["state"][STATE] = mine
        # This is not undone: code outside of this logs the refusal of the request, and each request
        # is a task of its own.
        structlog.contextvars.bind_contextvars(request_id=mine)
        deps: WebDeps = scope["litestar_app"].state.deps
        began, status = deps.clock.monotonic(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = str(scope.get("method", ""))
        try:
            with traces.span(f"page {method}", http_request_method=method) as span:
                await next_app(scope, receive, noted)
                span.set_attribute("http.route", route_of(scope))
                span.set_attribute("http.response.status_code", status)
        finally:
            route = route_of(scope)
            if route not in UNTIMED:
                deps.figures.page(route, status, deps.clock.monotonic() - began)


def request_id(request: AnyRequest) -> str:
    state: MutableMapping[str, Any] = request.scope.get("state", {})
    return str(state.get(STATE, ""))


async def note(
    tx: Tx,
    request: AnyRequest,
    act: Act,
    connection_id: int,
    actor: Actor = Actor.MERCHANT,
    **facts: str,
) -> None:
    """Records the action in the transaction that does it."""
    entry = Entry(act, actor, connection_id, source_of(request), request_id(request), facts)
    await audit.add(tx, entry, request.app.state.deps.clock.now())


async def exported(merchant: Merchant, what: str) -> None:
    """Records that a file with data of the merchant is downloaded."""
    async with merchant.deps.database.transaction() as tx:
        await note(tx, merchant.request, Act.EXPORTED, merchant.own.id, what=what)
