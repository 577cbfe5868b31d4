"""A sandbox in the background: on two ports, in its own thread, for tests that do not use event
loops.

Actions of a merchant or a shopper go through the control addresses. So they are refused with the
same messages as over HTTP, and a recording contains them.
"""

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from brygga_sandbox.clock import Clock, ManualClock, MovableClock, RealClock
from brygga_sandbox.http import AsgiApp, Request, Response
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import OTHER_TOOL, Connector, Plan, Sandbox
from brygga_sandbox.server import SandboxServer, Servers, address, listen

JSON = dict[str, Any]
WAIT_S = 60.0


class Refused(AssertionError):
    """A control address refused a test's request."""


class Background:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def call(self, work: Callable[..., Any], *values: Any, wait_s: float = WAIT_S) -> Any:
        """The result of a function that runs in the loop. It is awaited if necessary."""

        async def run() -> Any:
            result = work(*values)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(wait_s)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class RunningSandbox:
    """Both platforms, running. `zettle` and `bigcommerce` belong to the first merchant.

    `sandbox` is the sandbox itself. It lives in another thread: use it only through `call`.
    """

    def __init__(self, plan: Plan, clock: Literal["standing", "running"] = "standing") -> None:
        self.background = Background()
        self.call = self.background.call
        standing = clock == "standing"
        self.clock: Clock = ManualClock(RealClock().now()) if standing else MovableClock()
        self.server = SandboxServer(plan, self.clock)
        self.sandbox: Sandbox = self.call(self.server.start)
        self.merchants = [
            (ZettleAccount(self, one), BigCommerceStore(self, one))
            for one in self.sandbox.merchants
        ]
        self.zettle, self.bigcommerce = self.merchants[0]

    def close(self) -> None:
        self.call(self.server.stop)
        self.background.close()

    def now(self) -> float:
        """Unix seconds on the sandbox's clock."""
        return self.clock.now()

    def advance(self, seconds: float) -> None:
        """Advance the clock. Everything that is due on the way happens at its own time."""
        self.control("zettle", "POST", "clock", {"seconds": seconds})

    def catch_up(self) -> None:
        """Advance a clock that stands still to the machine's time."""
        self.advance(max(0.0, RealClock().now() - self.now()))

    def idle(self) -> None:
        """Return when no webhook is due."""
        self.call(self.sandbox.idle)

    def snapshot(self) -> bytes:
        """The whole state, once no webhook is due."""

        async def take() -> bytes:
            await self.sandbox.idle()
            return self.sandbox.snapshot()

        data: bytes = self.call(take)
        return data

    def restore(self, snapshot: bytes) -> None:
        """Restore a snapshot of this sandbox, or of one with the same options."""
        self.call(self.sandbox.restore, snapshot)

    def control(
        self, side: str, method: str, path: str, body: Any = None, query: Mapping[str, str] = {}
    ) -> Any:
        """The answer of a control address. Raises Refused."""
        app: AsgiApp = self.sandbox.zettle.app if side == "zettle" else self.sandbox.bigcommerce.app
        data = b"" if body is None else msgspec.json.encode(body)
        request = Request(method, f"/sandbox/{path}", list(query.items()), {}, data)
        answer: Response = self.call(app.dispatch, request)
        if answer.status >= 400:
            raise Refused(f"{method} /sandbox/{path}: {answer.status} {answer.body.decode()}")
        return msgspec.json.decode(answer.body) if answer.body else None


@dataclass(slots=True)
class Side:
    """What both platforms have in common."""

    sandbox: RunningSandbox
    merchant: Merchant
    side: str = ""

    @property
    def whose(self) -> JSON:
        """How control addresses name the merchant."""
        raise NotImplementedError

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer of a control address for this merchant. Raises Refused."""
        if method in {"GET", "DELETE"} and body is None:
            return self.sandbox.control(self.side, method, path, query=self.whose)
        return self.sandbox.control(self.side, method, path, {**self.whose, **(body or {})})

    def fault(self, kind: str, **rule: Any) -> None:
        """Add a fault, as the guide's "Faults" describes."""
        self.sandbox.control(self.side, "POST", "faults", {"kind": kind, **rule})

    def heal(self) -> None:
        """Remove all faults, and deliver webhooks normally."""
        self.sandbox.control(self.side, "DELETE", "faults")
        self.sandbox.control(self.side, "POST", "weather", {})

    def webhooks(self, **how: Any) -> None:
        """Set the delivery faults of webhooks: `loss`, `duplicate`, `shuffle`, `delay`."""
        self.sandbox.control(self.side, "POST", "weather", how)

    def switch(self, **changes: Any) -> None:
        """Choose another reading of a document, as the guide's "Switches" describes."""
        self.sandbox.control(self.side, "POST", "switches", changes)

    def requests(self) -> dict[tuple[str, str], int]:
        """How often each method and path was called."""
        rows = self.sandbox.control(self.side, "GET", "requests")["by"]
        return {(row["method"], row["path"]): row["count"] for row in rows}


@dataclass(slots=True)
class ZettleAccount(Side):
    """A merchant's account at Zettle, and an app that may act for it."""

    side: str = "zettle"
    app: Connector = OTHER_TOOL
    access_token: str = field(init=False)
    refresh_token: str = field(init=False)

    def __post_init__(self) -> None:
        self.sign_in()

    def sign_in(self) -> None:
        """New tokens."""
        tokens = self.sandbox.call(self.sandbox.sandbox.zettle_tokens, self.merchant, self.app)
        self.access_token, self.refresh_token = tokens.access, tokens.refresh

    @property
    def whose(self) -> JSON:
        return {"organization_uuid": self.organization_uuid}

    @property
    def url(self) -> str:
        """Below it are /oauth, /products, /inventory, /pusher, /purchase, /image, /secure."""
        return self.sandbox.sandbox.plan.zettle_url

    @property
    def organization_uuid(self) -> str:
        return self.merchant.organization.uuid

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    def products(self) -> list[JSON]:
        """All products, in the form of the API."""
        stored = self.merchant.organization.products
        found: list[JSON] = self.sandbox.call(lambda: [one.value() for one in stored.values()])
        return found

    def add_product(self, **fields: Any) -> JSON:
        """Add a product at the till."""
        made: JSON = self.control("POST", "products", fields)
        return made

    def edit_product(self, uuid: str, **fields: Any) -> None:
        self.control("PATCH", f"products/{uuid}", fields)

    def delete_product(self, uuid: str) -> None:
        self.control("DELETE", f"products/{uuid}")

    def sell(self, sku: str, quantity: int = 1) -> JSON:
        """Sell at the till."""
        sold: JSON = self.control("POST", "sell", {"sku": sku, "quantity": quantity})
        return sold

    def refund(self, sku: str, quantity: int = 1, *, restock: bool = True) -> JSON:
        body = {"sku": sku, "quantity": quantity, "restock": restock}
        refunded: JSON = self.control("POST", "refund", body)
        return refunded

    def set_stock(self, sku: str, balance: int) -> None:
        """Set a stock level, as the merchant does after a count."""
        self.control("POST", "stock", {"sku": sku, "balance": balance})

    def stock(self, sku: str) -> int:
        """The quantity that can be sold."""

        def look() -> int:
            till = self.sandbox.sandbox.till(self.merchant)
            return till.balance(till.variant(sku=sku))

        level: int = self.sandbox.call(look)
        return level


@dataclass(slots=True)
class BigCommerceStore(Side):
    """A merchant's store at BigCommerce, and an app that may act for it."""

    side: str = "bigcommerce"
    app: Connector = OTHER_TOOL
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.sign_in()

    def sign_in(self) -> None:
        """The token of the app."""
        self.token = self.sandbox.call(self.sandbox.sandbox.store_token, self.merchant, self.app)

    @property
    def whose(self) -> JSON:
        return {"store_hash": self.store_hash}

    @property
    def url(self) -> str:
        """Below it are /api and /login."""
        return self.sandbox.sandbox.plan.bigcommerce_url

    @property
    def api(self) -> str:
        """The store's API, without the version: below it are /v3 and /v2."""
        return self.sandbox.sandbox.api(self.merchant)

    @property
    def store_hash(self) -> str:
        return self.merchant.store_hash

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Auth-Token": self.token}

    def add_product(self, **fields: Any) -> JSON:
        """Add a product in the control panel."""
        made: JSON = self.control("POST", "products", fields)
        return made

    def edit_product(self, product_id: int, **fields: Any) -> None:
        self.control("POST", f"products/{product_id}", fields)

    def delete_product(self, product_id: int) -> None:
        self.control("DELETE", f"products/{product_id}")

    def order(self, sku: str, quantity: int = 1) -> JSON:
        """Place a shopper's order, already paid."""
        made: JSON = self.control("POST", "orders", {"lines": [{"sku": sku, "quantity": quantity}]})
        return made

    def ship(self, order_id: int) -> None:
        self.control("POST", f"orders/{order_id}/ship", {})

    def cancel(self, order_id: int) -> None:
        self.control("POST", f"orders/{order_id}/cancel", {})

    def refund(self, order_id: int) -> None:
        self.control("POST", f"orders/{order_id}/refund", {})

    def set_stock(self, sku: str, level: int) -> None:
        """Set a stock level, as the merchant does after a count."""
        self.control("POST", "stock", {"sku": sku, "level": level})

    def stock(self, sku: str) -> int:
        """The true level, without the read lag of the API."""
        level: int = self.sandbox.call(
            lambda: self.sandbox.sandbox.shop(self.merchant).level(sku=sku)
        )
        return level

    def settings(self, **changes: Any) -> None:
        """`currency`, `plan`, `quota`, ... as of POST /sandbox/store."""
        self.control("POST", "store", changes)


@dataclass(frozen=True, slots=True)
class Received:
    """One request that a receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver:
    """An address for webhooks and callbacks. It answers `status` to every request."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.status = 200
        self.received: list[Received] = []
        self.servers = Servers()
        self.url: str = sandbox.call(self.open)

    async def open(self) -> str:
        listening = listen(0)
        await self.servers.start([(listening, AsgiApp(self.take))])
        return address(listening)

    async def take(self, request: Request) -> Response:
        got = Received(request.method, request.path, request.headers, request.body)
        self.received.append(got)
        return Response(self.status)

    def wait(self) -> list[Received]:
        """All received requests, once no webhook is due."""
        self.sandbox.idle()
        return self.received

    def close(self) -> None:
        self.sandbox.call(self.servers.stop)
