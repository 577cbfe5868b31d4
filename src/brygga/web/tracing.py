"""One id from the page to the log to the support case, and the audit line of an action."""

import re
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from brygga.database import audit
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Tx
from brygga.seams import Dice
from brygga.web.limits import source_of
from brygga.web.session import AnyRequest
from brygga.web.visit import Merchant

STATE: Final = "request_id"


class Traced(ASGIMiddleware):
    """The outermost middleware: each log line of a request has the request's id, and so does its
    answer. An id that a client sends is not used.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, dice: Dice) -> None:
        self.dice = dice

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        mine = re.sub(r"[^0-9A-Za-z]", "", self.dice.token())[-16:]
        scope["state"][STATE] = mine
        # This is not undone: code outside of this logs the refusal of the request, and each request
        # is a task of its own.
        structlog.contextvars.bind_contextvars(request_id=mine)
        await next_app(scope, receive, send)


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
