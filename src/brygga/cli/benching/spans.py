"""How long the service takes from a webhook to the write that it causes, and how much of that it
waits for the platforms.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec
import sqlalchemy as sa

from brygga.database import connections, tokens
from brygga.database.engine import Database
from brygga.database.product_tables import binding_children, bindings
from brygga.database.tokens import Platform
from brygga.system import SystemClock

CLOCK = SystemClock()
MOST_BODY = 64_000
_PRODUCT = re.compile(rb'productUuid\\*"\s*:\s*\\*"([0-9a-f-]{36})')
"""In a body of Zettle's, where it may stand in JSON inside of JSON."""
_BY_ORDER = b"inventory/order/updated"
"""What BigCommerce calls stock that an order moved, in any way of writing `/`. It also reports what
we wrote: that asks for no write.
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook. `of` is the last part of its address."""

    at: float
    platform: str
    of: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A call. `of` is the store's hash, or the token of Zettle's that it bears."""

    began: float
    ended: float
    platform: str
    of: str
    is_write: bool
    body: bytes


@dataclass(slots=True)
class Spans:
    received: list[Received] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def transport(self) -> httpx2.AsyncBaseTransport:
        return _Recording(httpx2.AsyncHTTPTransport(limits=_LIMITS), self.sent)

    def watched(self, app: Any) -> Any:
        return _Watched(app, self.received)

    def taken(self) -> str:
        """What came and went since the last time, for `pairs` in another process."""
        shown = msgspec.json.encode(self).decode()
        self.received.clear()
        self.sent.clear()
        return shown


async def pairs(database: Database, taken: Iterable[str], store: str = "") -> dict[str, Any]:
    """By "sale" and "order": pairs of milliseconds, in all and without the platforms' own time.
    `taken`: of all processes, which share a clock. Those of one store, or of all ("").
    """
    names = await _names(database)
    only = names.connections.get(store, 0)
    of_all = [msgspec.json.decode(one, type=Spans) for one in taken]
    received = [one for spans in of_all for one in spans.received]
    sent = [one for spans in of_all for one in spans.sent]
    received = [one for one in received if only in (0, names.connections.get(one.of))]
    sent = [one for one in sent if only in (0, names.connections.get(one.of))]
    return {
        "sale": _paired(received, sent, names, "zettle", "bigcommerce"),
        "order": _paired(received, sent, names, "bigcommerce", "zettle"),
    }


_LIMITS = httpx2.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=20.0)


class _Recording(httpx2.AsyncBaseTransport):
    def __init__(self, inner: httpx2.AsyncBaseTransport, sent: list[Sent]) -> None:
        self.inner, self.sent = inner, sent

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        began, path = CLOCK.monotonic(), request.url.path
        response = await self.inner.handle_async_request(request)
        at_shop = path.startswith("/api/stores/")
        of = path.split("/")[3] if at_shop else request.headers.get("authorization", "")
        is_write = path.endswith("/inventory/adjustments/relative") or (
            request.method == "POST" and path.endswith("/movements")
        )
        body = request.content if is_write else b""
        platform = "bigcommerce" if at_shop else "zettle"
        self.sent.append(Sent(began, CLOCK.monotonic(), platform, of, is_write, body))
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


class _Watched:
    """The pages, with each webhook noted when its body has arrived."""

    def __init__(self, app: Any, received: list[Received]) -> None:
        self.app, self.received = app, received

    def __getattr__(self, name: str) -> Any:
        return getattr(self.app, name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/hooks/"):
            await self.app(scope, receive, send)
            return
        _, _, platform, key = path.split("/")
        parts: list[bytes] = []

        async def receiving() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    body = b"".join(parts)[:MOST_BODY]
                    self.received.append(Received(CLOCK.monotonic(), platform, key, body))
            return message

        await self.app(scope, receiving, send)


# ---- Which webhook caused which write ------------------------------------------------------------


@dataclass(slots=True)
class Names:
    """Whose is what: by hook key, store hash and token the connection; by BigCommerce's ids the
    Zettle product.
    """

    connections: dict[str, int] = field(default_factory=dict)
    products: dict[tuple[int, str, int], str] = field(default_factory=dict)


async def _names(database: Database) -> Names:
    names = Names()
    async with database.read() as tx:
        for one in await connections.active(tx):
            token = await tokens.get(tx, one.id, Platform.ZETTLE)
            names.connections[one.hook_key] = one.id
            if one.shop is not None:
                names.connections[one.shop.store_hash] = one.id
            if token is not None:
                names.connections[f"Bearer {token.access}"] = one.id
        for row in await tx.rows(sa.select(bindings)):
            names.products[row.connection_id, "product_id", row.product_id] = row.product_uuid
        for row in await tx.rows(
            sa.select(binding_children).where(binding_children.c.kind == "variant")
        ):
            names.products[row.connection_id, "variant_id", row.child_id] = row.product_uuid
    return names


Key = tuple[int, str]
"""A connection, and the uuid of a Zettle product."""


def _keys(platform: str, of: str, body: bytes, names: Names) -> set[Key]:
    connection_id = names.connections.get(of, 0)
    if platform == "zettle":
        return {(connection_id, uuid.decode()) for uuid in _PRODUCT.findall(body)}
    found = set()
    try:
        for kind, number in _ids(json.loads(body)):
            if uuid := names.products.get((connection_id, kind, number)):
                found.add((connection_id, uuid))
    except ValueError:
        pass
    return found


def _ids(value: Any) -> Iterable[tuple[str, int]]:
    if isinstance(value, dict):
        for name in ("product_id", "variant_id"):
            if isinstance(value.get(name), int):
                yield name, value[name]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _ids(one)


def _paired(
    received: Sequence[Received], sent: Sequence[Sent], names: Names, source: str, target: str
) -> list[tuple[float, float]]:
    """For each write to `target`, the oldest webhook of `source` about its product that no write
    had answered. Of BigCommerce's webhooks, those that an order caused.
    """
    waiting: dict[Key, list[float]] = defaultdict(list)
    calls: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for call in sent:
        calls[names.connections.get(call.of, 0)].append((call.began, call.ended))
    happened: list[tuple[float, bool, Received | Sent]] = [
        *((one.at, False, one) for one in received if one.platform == source and _asks(one)),
        *((one.began, True, one) for one in sent if one.platform == target and one.is_write),
    ]
    found = []
    for at, is_write, one in sorted(happened, key=lambda each: each[:2]):
        for key in _keys(one.platform, one.of, one.body, names):
            if not is_write:
                waiting[key].append(at)
            elif waiting[key]:
                began = min(waiting[key])
                waiting[key].clear()
                waited = _covered(calls[key[0]], began, at)
                found.append((1000 * (at - began), 1000 * (at - began - waited)))
    return found


def _asks(one: Received) -> bool:
    return one.platform == "zettle" or _BY_ORDER in one.body.replace(b"\\/", b"/")


def _covered(spans: Iterable[tuple[float, float]], low: float, high: float) -> float:
    """How much of the time from `low` to `high` these spans cover together."""
    total, until = 0.0, low
    for began, ended in sorted(spans):
        if min(ended, high) > max(began, until):
            total += min(ended, high) - max(began, until)
            until = min(ended, high)
    return total
