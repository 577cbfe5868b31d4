"""A BigCommerce store in the sandbox, and our room looking at it: every call goes over HTTP, in
memory.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from brygga.bigcommerce.api import ShopApi
from brygga.bigcommerce.values import ShopUrls
from brygga.core.failures import NeedsMerchant, Refused
from brygga.core.model import CatalogImage, CatalogOption, CatalogProduct, CatalogVariant
from brygga.core.operations import Create
from brygga.wire import OpenGate, Upload, Wire, open_client
from brygga_sandbox.bigcommerce import BigCommerceSandbox, Config, Switches
from brygga_sandbox.clock import ManualClock
from tests.wire.doubles import SkippingClock

BASE = "https://shop.test"
SECRET = "the-apps-client-secret-of-this-store"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
PICTURE = "https://pictures.example/a.png"
FILE = Upload("", "cup.png", "image/png", PNG)
HOOK = "https://brygga.example/hooks/bigcommerce/key"


@dataclass(slots=True)
class Store:
    """One store, one app, and a receiver of webhooks. Pictures at `pictures` can be fetched, no
    others.
    """

    switches: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=lambda: {PICTURE: PNG})
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    sandbox: BigCommerceSandbox = field(init=False)
    api: ShopApi = field(init=False)
    wire: Wire = field(init=False)
    client_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = BigCommerceSandbox(
            ManualClock(),
            random.Random(1),
            config=Config(public_url=BASE),
            switches=Switches(**self.switches),
            post=self._receive,
            visit=self._visited,
            fetch=self._fetch,
        )
        self.sandbox.add_store("abc123", **self.settings)
        app = self.sandbox.register_app(
            "Brygga",
            auth_url="https://brygga.example/auth",
            load_url="https://brygga.example/load",
            client_secret=SECRET,
        )
        self.client_id = app.client_id
        token = self.sandbox.issue_token("abc123", app.client_id, self.scopes)
        self.wire = Wire(open_client(httpx2.ASGITransport(self.sandbox.app)), SkippingClock())
        self.api = ShopApi(self.wire, OpenGate(), ShopUrls(f"{BASE}/api"), token, "abc123")
        self.shop = self.sandbox.shop("abc123")

    shop: Any = field(init=False)

    async def _receive(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        self.received.append((headers, body))
        return 200

    async def _visited(self, url: str) -> int | None:
        return 200

    async def _fetch(self, url: str) -> bytes | None:
        return self.pictures.get(url)

    async def category(self) -> int:
        tree = (await self.api.trees(1))[0]
        found = await self.api.find_category(tree.id, "Zettle")
        return (found or await self.api.create_category(tree.id, "Zettle")).id

    async def scarf(self, **changes: Any) -> Any:
        """A tracked product with two variants, made by our own call."""
        desired = scarf(**changes)
        return (
            await self.api.create_product(
                desired, Create(await self.category(), {"red": 4, "blue": 2})
            )
        ).product

    async def cup(self, **changes: Any) -> Any:
        """A tracked simple product, made by our own call."""
        return (
            await self.api.create_product(cup(**changes), Create(await self.category(), {"cup": 7}))
        ).product


def cup(**changes: Any) -> CatalogProduct:
    fields: dict[str, Any] = {
        "key": "p1",
        "name": "Kopp",
        "description": "<p>Blå</p>",
        "weight": Decimal("0.450"),
        "page_title": "Kopp | Lind",
        "meta_description": "Handgjord",
        "url": "/kopp/",
        "price": Decimal("249.50"),
        "variants": (CatalogVariant("cup", "K-1", upc="735000000001"),),
    }
    return CatalogProduct(**{**fields, **changes})


def scarf(**changes: Any) -> CatalogProduct:
    fields: dict[str, Any] = {
        "key": "p2",
        "name": "Sjal",
        "description": "<p>Mjuk</p>",
        "weight": Decimal("0.25"),
        "page_title": "",
        "meta_description": "",
        "url": "",
        "price": Decimal(249),
        "options": (CatalogOption("Färg", ("Röd", "Blå")),),
        "variants": (
            CatalogVariant(
                "red",
                "SJ-R",
                upc="731000000001",
                values=(("Färg", "Röd"),),
                image="https://pictures.example/a.png",
            ),
            CatalogVariant("blue", "SJ-B", price=Decimal(259), values=(("Färg", "Blå"),)),
        ),
        "images": (CatalogImage("https://pictures.example/a.png", True, 0),),
        "videos": ("z3fRu9pkuXE",),
    }
    return CatalogProduct(**{**fields, **changes})


async def code_of(awaitable: Any) -> str:
    """The code of the failure that it ends in."""
    with pytest.raises((Refused, NeedsMerchant)) as caught:
        await awaitable
    return str(caught.value.code)
