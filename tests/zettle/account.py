"""A Zettle account in the sandbox, and our room looking at it: every call goes over HTTP, in
memory.
"""

import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2

from brygga.wire import InventoryPace, Wire, open_client
from brygga.zettle.api import Zettle
from brygga.zettle.oauth import ZettleApp
from brygga.zettle.values import ZettleUrls
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.zettle import Config, Switches, ZettleSandbox
from tests.wire.doubles import SkippingClock

SCOPES = ("READ:PRODUCT", "WRITE:PRODUCT", "READ:PURCHASE", "READ:USERINFO")
BASE = "https://zettle.test"
URLS = ZettleUrls(
    *(
        f"{BASE}/{host}"
        for host in ("oauth", "products", "inventory", "pusher", "purchase", "secure")
    )
)
HOOK = "https://brygga.example/hooks/zettle/key"


@dataclass(slots=True)
class FixedTokens:
    """Tokens as a connection would keep them: one now, another when it is refused."""

    now: str
    next: str = ""
    renewed: list[str] = field(default_factory=list)

    async def __call__(self) -> str:
        return self.now

    async def renew(self, stale: str) -> str:
        self.renewed.append(stale)
        self.now = self.next or self.now
        return self.now


class Account:
    """One merchant, one app, a receiver of webhooks that answers `answers` or 200."""

    def __init__(self, scopes: tuple[str, ...] = SCOPES, **switches: Any) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | None] = []
        self.sandbox = ZettleSandbox(
            ManualClock(),
            random.Random(1),
            self._receive,
            Config(inventory_burst=1000),
            Switches(**switches),
        )
        self.organization = self.sandbox.add_organization()
        registered = self.sandbox.register_app("Brygga", ["https://brygga.example/back"])
        self.app = ZettleApp(
            registered.client_id,
            "https://brygga.example/back",
            registered.client_secret,
            URLS.oauth,
        )
        given = self.sandbox.issue_token(self.organization, registered.client_id, scopes)
        self.refresh_token = given.refresh
        self.tokens = FixedTokens(given.access)
        self.clock = SkippingClock()
        self.wire = Wire(open_client(httpx2.ASGITransport(self.sandbox.app)), self.clock)
        self.zettle = Zettle(self.wire, InventoryPace(self.clock), URLS, self.tokens)
        self.till = self.sandbox.till(self.organization)

    async def _receive(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        self.received.append((headers, body))
        return self.answers.pop(0) if self.answers else 200

    def mug(self, balance: int | None = None, **fields: Any) -> tuple[str, str]:
        """A product of the merchant's: (product uuid, variant uuid). With a balance it is
        tracked.
        """
        variant = {"sku": "MUG-1", "price": {"amount": 24900, "currencyId": "SEK"}}
        made = self.till.create_product(fields.pop("name", "Mugg"), [variant], **fields)
        product, one = str(made["uuid"]), str(made["variants"][0]["uuid"])
        if balance is not None:
            self.till.track(product)
            self.till.set_stock(one, balance)
        return product, one

    def events(self) -> list[str]:
        return [str(json.loads(body)["eventName"]) for _, body in self.received]


def v1() -> str:
    return str(uuid.uuid1(node=0x010203040506))
