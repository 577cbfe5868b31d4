"""A Zettle to test against, over HTTP: one merchant, one app, a receiver of webhooks, and a clock
moved by hand.

What the tests ask goes through `client`, what a merchant does through `act`, so that the same
questions can be put to another address.
"""

import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2

from brygga_sandbox.clock import ManualClock
from brygga_sandbox.zettle import Config, Switches, ZettleSandbox

JSON = dict[str, Any]
SCOPES = ("READ:PRODUCT", "WRITE:PRODUCT", "READ:PURCHASE", "READ:USERINFO")
PRODUCTS = "/products/organizations/self/products"
LIBRARY = "/products/organizations/self/library"
SUBSCRIPTIONS = "/pusher/organizations/self/subscriptions"
V3 = "/inventory/v3"
EVERYTHING = {
    "eventNames": [],
    "destination": "https://brygga.example/hook",
    "contactEmail": "ops@brygga.example",
}


@dataclass(slots=True)
class Received:
    """One webhook as it came."""

    at: float
    url: str
    headers: dict[str, str]
    body: JSON

    @property
    def event(self) -> str:
        return str(self.body["eventName"])

    @property
    def payload(self) -> JSON:
        decoded: JSON = json.loads(self.body["payload"])
        return decoded


@dataclass(slots=True)
class Receiver:
    """Where webhooks land; answers 200 unless reported otherwise (None: no answer)."""

    clock: ManualClock
    got: list[Received] = field(default_factory=list)
    answers: list[int | None] = field(default_factory=list)
    always: int | None = 200

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        self.got.append(Received(self.clock.now(), url, headers, json.loads(body)))
        return self.answers.pop(0) if self.answers else self.always

    def events(self, *names: str) -> list[Received]:
        """What came, without the test message, or only what has one of these names."""
        return [
            one for one in self.got if (one.event in names if names else one.event != "TestMessage")
        ]


class Bench:
    """The sandbox. `switches` are other readings than the default ones."""

    def __init__(
        self, config: Config | None = None, scopes: tuple[str, ...] = SCOPES, **switches: Any
    ) -> None:
        self.clock = ManualClock()
        self.receiver = Receiver(self.clock)
        self.sandbox = ZettleSandbox(
            self.clock,
            random.Random(1),
            self.receiver.post,
            config or Config(inventory_burst=1000),
            Switches(**switches),
        )
        self.organization = self.sandbox.add_organization()
        self.app = self.sandbox.register_app("Brygga", ["https://brygga.example/back"])
        self.tokens = self.sandbox.issue_token(self.organization, self.app.client_id, scopes)
        self.client = self.bearing(self.tokens.access)

    def bearing(self, token: str | None) -> httpx2.AsyncClient:
        """A client with that token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx2.ASGITransport(self.sandbox.app)
        return httpx2.AsyncClient(
            transport=transport, base_url="https://zettle.test", headers=headers
        )

    async def act(self, what: str, **body: Any) -> JSON:
        """Do what a merchant does."""
        answer = await self.client.post(f"/sandbox/{what}", json=body)
        assert answer.status_code == 200, answer.text
        acted: JSON = answer.json()
        return acted

    async def work_off(self) -> None:
        """Let webhooks arrive that are due."""
        await self.sandbox.idle()

    async def subscribe(self, **fields: Any) -> JSON:
        """A subscription to everything, or what the fields say."""
        body = {"uuid": v1(), "transportName": "WEBHOOK", **EVERYTHING, **fields}
        answer = await self.client.post(SUBSCRIPTIONS, json=body)
        assert answer.status_code == 200, answer.text
        made: JSON = answer.json()
        return made

    async def mug(self, **fields: Any) -> JSON:
        """A simple product of the merchant's."""
        return await self.act(
            "products", **{"name": "Mugg", "price": 24900, "sku": "MUG-1", **fields}
        )

    async def tracked_mug(self, balance: int = 0, **fields: Any) -> JSON:
        """The same with tracking on, and that many in stock."""
        product = await self.mug(**fields)
        await self.act("tracking", product_uuid=product["uuid"], on=True)
        if balance:
            await self.act("stock", variant_uuid=variant_of(product), balance=balance)
        return product

    async def inventory(self, kind: str = "STORE") -> str:
        """The uuid of the inventory of that type."""
        rows = (await self.client.get(f"{V3}/inventories")).json()
        return str(next(row["inventoryUuid"] for row in rows if row["inventoryType"] == kind))

    async def balance(self, product: JSON) -> int:
        """The first variant's balance in STORE, as a client would read it."""
        rows = (
            await self.client.get(f"{V3}/stock/{await self.inventory()}/products/{product['uuid']}")
        ).json()
        return int(rows[0]["balance"]) if rows else 0

    async def move(
        self, product: JSON, source: str, target: str, change: int, **fields: Any
    ) -> httpx2.Response:
        """One movement of the first variant between inventories of these types."""
        row = {
            "productUuid": product["uuid"],
            "variantUuid": variant_of(product),
            "from": await self.inventory(source),
            "to": await self.inventory(target),
            "change": change,
        }
        return await self.client.post(
            f"{V3}/movements", json={"identifier": v1(), "movements": [row], **fields}
        )


def variant_of(product: JSON, number: int = 0) -> str:
    return str(product["variants"][number]["uuid"])


def v1() -> str:
    """A version-1 uuid from this test's own hand."""
    return str(uuid.uuid1(node=0x010203040506))


def raw(name: str = "Kopp", **fields: Any) -> JSON:
    """The body of a product to create: one variant, nothing else."""
    return {"uuid": v1(), "name": name, "variants": [{"uuid": v1()}], **fields}


def with_sizes(*values: str) -> JSON:
    """The part of a product that has one option, Size, with these values."""
    return {
        "variantOptionDefinitions": {
            "definitions": [{"name": "Size", "properties": [{"value": v} for v in values]}]
        },
        "variants": [
            {"uuid": v1(), "name": v, "options": [{"name": "Size", "value": v}]} for v in values
        ],
    }


async def read(bench: Bench, product: JSON) -> JSON:
    answer = await bench.client.get(f"{PRODUCTS}/{product['uuid']}")
    assert answer.status_code == 200
    value: JSON = answer.json()
    return value
