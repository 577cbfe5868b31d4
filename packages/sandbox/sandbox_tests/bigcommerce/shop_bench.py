"""A store to test against: everything over HTTP, on a clock moved by hand, with a post box for
webhooks.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

import httpx2

from brygga_sandbox.bigcommerce import BigCommerceSandbox, Config, Switches
from brygga_sandbox.clock import ManualClock

JSON = dict[str, Any]
PNG = b"\x89PNG\r\n\x1a\n" + b"a small picture"
HOOK = "https://app.example.com/hooks"
AUTH = "https://app.example.com/auth"


@dataclass(slots=True)
class Letter:
    """One delivery that arrived."""

    url: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> JSON:
        value: JSON = json.loads(self.raw)
        return value


class Bench:
    """One store `abc123`, one app with a token for it, and whatever the app is sent."""

    def __init__(
        self, switches: Switches | None = None, config: Config | None = None, **settings: Any
    ) -> None:
        self.clock = ManualClock()
        self.letters: list[Letter] = []
        self.visits: list[str] = []
        self.pictures: dict[str, bytes | None] = {}
        self.hook_status: int | None = 200
        self.sandbox = BigCommerceSandbox(
            self.clock,
            random.Random(7),
            None,
            config,
            switches,
            post=self.post,
            visit=self.visit,
            fetch=self.fetch,
        )
        self.sandbox.add_store("abc123", **settings)
        self.app = self.sandbox.register_app(
            "Brygga",
            auth_url=AUTH,
            load_url="https://app.example.com/load",
            uninstall_url="https://app.example.com/uninstall",
            client_id="cid",
            client_secret="a very secret secret of the app 32",
        )
        transport = httpx2.ASGITransport(self.sandbox.app)
        token = self.sandbox.issue_token("abc123", "cid")
        self.client = httpx2.AsyncClient(
            transport=transport, base_url="http://shop.test", headers={"X-Auth-Token": token}
        )

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        self.letters.append(Letter(url, dict(headers), body))
        return self.hook_status

    async def visit(self, url: str) -> int | None:
        self.visits.append(url)
        return 200

    async def fetch(self, url: str) -> bytes | None:
        return self.pictures.get(url, PNG)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """A call of the app. Paths begin with /v2 or /v3; control addresses with /sandbox."""
        base = (
            ""
            if path.startswith(("/sandbox", "/login", "/manage", "/shop", "/control-panel"))
            else "/api/stores/abc123"
        )
        if body is not None:
            more["json"] = body
        return await self.client.request(method, base + path, **more)

    async def good(self, method: str, path: str, body: Any = None) -> Any:
        """A call that must succeed; the JSON of its answer."""
        answer = await self.call(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, body: Any, status: int) -> Any:
        """A call that must be refused with that status; the JSON of its answer."""
        answer = await self.call(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def product(self, **fields: Any) -> JSON:
        """A product made by the app."""
        body = {
            "name": "Mug",
            "type": "physical",
            "weight": 0.4,
            "price": 99,
            "categories": [],
            **fields,
        }
        value: JSON = (await self.good("POST", "/v3/catalog/products", body))["data"]
        return value

    async def scarf(self, **fields: Any) -> JSON:
        """A product in two colours, stock on the variants."""
        rows = [
            variant("Red", sku="SC-RED", inventory_level=4),
            variant("Blue", sku="SC-BLU", inventory_level=2),
        ]
        return await self.product(
            **{"name": "Scarf", "inventory_tracking": "variant", "variants": rows, **fields}
        )

    async def read(self, product_id: int, include: str = "variants,images,options,videos") -> JSON:
        value: JSON = (
            await self.good("GET", f"/v3/catalog/products/{product_id}?include={include}")
        )["data"]
        return value

    async def level(self, variant_id: int) -> int:
        """What the inventory API shows at the default location."""
        rows = (await self.good("GET", f"/v3/inventory/items?variant_id:in={variant_id}"))["data"]
        number: int = rows[0]["locations"][0]["total_inventory_onhand"]
        return number

    async def adjust(self, kind: str, quantity: int, status: int = 200, **item: Any) -> JSON:
        method = "PUT" if kind == "absolute" else "POST"
        body = {"items": [{"location_id": 1, "quantity": quantity, **item}]}
        answer = await self.call(method, f"/v3/inventory/adjustments/{kind}", body)
        assert answer.status_code == status, answer.text
        value: JSON = answer.json()
        return value

    async def listen(self, *scopes: str) -> list[JSON]:
        rows = [
            {"scope": scope, "destination": HOOK, "headers": {"X-Secret": "s"}} for scope in scopes
        ]
        return [(await self.good("POST", "/v3/hooks", row))["data"] for row in rows]

    async def received(self) -> list[tuple[str, JSON]]:
        """What has arrived since the last look: scope and data."""
        await self.sandbox.idle()
        found = [(letter.body["scope"], letter.body["data"]) for letter in self.letters]
        self.letters.clear()
        return found


def variant(label: str, option: str = "Colour", **fields: Any) -> JSON:
    """A variant inside POST product."""
    return {"option_values": [{"option_display_name": option, "label": label}], **fields}
