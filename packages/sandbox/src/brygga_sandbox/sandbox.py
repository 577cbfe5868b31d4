"""The sandbox: one Zettle, one BigCommerce, the merchants who use both, and the network between
them.

In memory, the two platforms are hosts behind one transport, and a service under test can be a third
host. Over sockets they are two addresses. The sandbox knows names, keys and products. Each platform
decides its own behaviour.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx2

from brygga_sandbox import bigcommerce, snapshots, zettle
from brygga_sandbox.bigcommerce import BigCommerceSandbox, Shop
from brygga_sandbox.clock import Clock
from brygga_sandbox.library import (
    CATEGORIES,
    Library,
    demo_library,
    existing_goods,
    generated_library,
    picture,
    picture_for,
    swatch,
)
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.zettle import Organization, Till, Tokens, ZettleSandbox

AsgiApplication = Any


@dataclass(frozen=True, slots=True)
class Connector:
    """An app as both developer portals know it: its keys, and the addresses to which the platforms
    may send people and messages.
    """

    zettle_client_id: str = "7f3c2d1e-6b0a-4c55-9f0e-1d2c3b4a5f60"
    zettle_client_secret: str = "IZSEC-town-zettle-secret"  # noqa: S105 - the sandbox's
    zettle_redirect_uris: tuple[str, ...] = ("http://127.0.0.1:8700/zettle/auth",)
    bigcommerce_client_id: str = "l1nds0brygga7town3client5id9q"
    bigcommerce_client_secret: str = "town-bigcommerce-secret-1f2e3d4c5b6a79880"  # noqa: S105 - the sandbox's
    bigcommerce_auth_url: str = "http://127.0.0.1:8700/bigcommerce/auth"
    bigcommerce_load_url: str = "http://127.0.0.1:8700/bigcommerce/load"
    bigcommerce_uninstall_url: str | None = "http://127.0.0.1:8700/bigcommerce/uninstall"
    bigcommerce_remove_user_url: str | None = None
    name: str = "Brygga"

    def at(self, address: str) -> Connector:
        """The same app at another address (no slash at the end)."""
        return replace(
            self,
            zettle_redirect_uris=(f"{address}/zettle/auth",),
            bigcommerce_auth_url=f"{address}/bigcommerce/auth",
            bigcommerce_load_url=f"{address}/bigcommerce/load",
            bigcommerce_uninstall_url=f"{address}/bigcommerce/uninstall",
            bigcommerce_remove_user_url=f"{address}/bigcommerce/remove_user",
        )


OTHER_TOOL = Connector(
    "0a9b8c7d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
    "IZSEC-town-other-tool",
    ("http://127.0.0.1:8799/callback",),
    "0ther7t00l5client3id1town9x8",
    "town-other-tool-secret",
    "http://127.0.0.1:8799/auth",
    "http://127.0.0.1:8799/load",
    None,
    None,
    "Hyllkollen",
)
"""The merchant's other tool, a stock counter. Scripts act through its tokens, so that not every
change is made by hand.
"""


ZETTLE_SCOPES = ("READ:PRODUCT", "WRITE:PRODUCT", "READ:PURCHASE", "READ:USERINFO")
PORTION = 5_000
_COUNTRIES = {
    "SEK": "SE",
    "NOK": "NO",
    "DKK": "DK",
    "EUR": "FI",
    "GBP": "GB",
    "USD": "US",
    "MXN": "MX",
}


CURRENCIES = tuple(_COUNTRIES)

PEOPLE = (
    ("Linds Keramik & Form", "Nora Lind"),
    ("Fjord Design", "Kari Vik"),
    ("Solsidans Bageri", "Elin Sund"),
    ("Bokhandeln Runan", "Olle Ask"),
)
"""The first merchants. Later merchants are numbered."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a sandbox.

    `products` is None for the demo library, or the number of products to generate from the seed.
    With `drawings` the pictures are drawn. Without it they are small plain swatches, which are a
    thousand times faster to make. A platform without its own configuration gets one that fits the
    addresses.
    """

    seed: int = 1
    products: int | None = None
    zettle_currency: str = "SEK"
    store_currency: str = "SEK"
    zettle_url: str = "https://zettle.town.test"
    bigcommerce_url: str = "https://bigcommerce.town.test"
    connector: Connector = field(default_factory=Connector)
    drawings: bool = True
    merchants: int = 1
    store_settings: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of every store, such as `plan` and `weight_units`."""
    zettle_config: zettle.Config | None = None
    zettle_switches: zettle.Switches | None = None
    bigcommerce_config: bigcommerce.Config | None = None
    bigcommerce_switches: bigcommerce.Switches | None = None


class Hosts(httpx2.AsyncBaseTransport):
    """Host name -> ASGI application, in memory. A host without an application is unreachable."""

    def __init__(self, applications: Mapping[str, AsgiApplication] | None = None) -> None:
        self.doors: dict[str, httpx2.ASGITransport] = {}
        for host, application in (applications or {}).items():
            self.open(host, application)

    def open(self, host: str, application: AsgiApplication) -> None:
        """Serve an application at a host name. It replaces the previous one."""
        self.doors[host] = httpx2.ASGITransport(application)

    def close(self, host: str) -> None:
        """Remove the host. Requests to it fail to connect."""
        self.doors.pop(host, None)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        door = self.doors.get(request.url.host)
        if door is None:
            raise httpx2.ConnectError(f"no host {request.url.host} here", request=request)
        return await door.handle_async_request(request)


class Sandbox:
    """Both platforms, connected, with one merchant and two apps. `add_merchant` adds more
    merchants.

    Without `http` the sandbox runs in memory: it creates its own client over `hosts`. Every client
    that uses the `transport` reaches the same hosts.
    """

    def __init__(self, plan: Plan, clock: Clock, http: httpx2.AsyncClient | None = None) -> None:
        self.plan = plan
        self.clock = clock
        self.hosts = Hosts()
        self.http = http or httpx2.AsyncClient(transport=self.hosts)
        dice = random.Random(plan.seed)
        self.zettle = ZettleSandbox(
            clock,
            random.Random(dice.getrandbits(64)),
            self.http,
            self.zettle_config(),
            plan.zettle_switches,
        )
        config = plan.bigcommerce_config or bigcommerce.Config()
        config = replace(config, public_url=config.public_url or plan.bigcommerce_url)
        self.bigcommerce = BigCommerceSandbox(
            clock, random.Random(dice.getrandbits(64)), self.http, config, plan.bigcommerce_switches
        )
        for router in (self.zettle.router, self.bigcommerce.router):
            snapshots.mount_snapshots(router, self, self.snapshot, self.restore)
        self.hosts.open(host_of(plan.zettle_url), self.zettle.app)
        self.hosts.open(host_of(plan.bigcommerce_url), self.bigcommerce.app)
        for connector in (plan.connector, OTHER_TOOL):
            self.register(connector)
        self.merchants: list[Merchant] = []
        for number in range(plan.merchants):
            name, owner = (
                PEOPLE[number]
                if number < len(PEOPLE)
                else (f"Butik {number + 1}", f"Kim Berg {number + 1}")
            )
            self.add_merchant(name, owner=owner)

    def zettle_config(self) -> zettle.Config:
        """The library draws the pictures. A sandbox on plain HTTP also sends its webhooks to plain
        HTTP addresses.
        """
        plan = self.plan
        config = plan.zettle_config or zettle.Config(
            insecure_destinations=plan.zettle_url.startswith("http:")
        )
        return config if config.image_source else replace(config, image_source=self.paint)

    def paint(self, key: str) -> tuple[bytes, str] | None:
        """A picture of the image host, with its media type. None if the picture no longer
        exists.
        """
        data = picture_for(key, picture if self.plan.drawings else swatch)
        return (data, "image/png") if data else None

    def register(self, connector: Connector) -> None:
        """Register an app at both developer portals."""
        self.zettle.register_app(
            connector.name,
            connector.zettle_redirect_uris,
            client_id=connector.zettle_client_id,
            client_secret=connector.zettle_client_secret,
        )
        self.bigcommerce.register_app(
            connector.name,
            auth_url=connector.bigcommerce_auth_url,
            load_url=connector.bigcommerce_load_url,
            uninstall_url=connector.bigcommerce_uninstall_url,
            remove_user_url=connector.bigcommerce_remove_user_url,
            client_id=connector.bigcommerce_client_id,
            client_secret=connector.bigcommerce_client_secret,
        )

    # -- merchants

    def add_merchant(
        self,
        name: str = "Linds Keramik & Form",
        *,
        owner: str = "Nora Lind",
        zettle_currency: str | None = None,
        store_currency: str | None = None,
        products: int | None = None,
    ) -> Merchant:
        """Add a merchant. Arguments that are left out come from the plan. Each merchant's products
        have their own uuids.
        """
        plan, number = self.plan, len(self.merchants) + 1
        currency = zettle_currency or plan.zettle_currency
        country = _COUNTRIES.get(currency, "SE")
        organization = self.zettle.add_organization(
            name, owner=owner, currency=currency, country=country
        )
        # The first merchant's products are those that `library.odd` names.
        namespace = "linds" if number == 1 else f"linds-{number}"
        store_hash = f"l1ndsk{number}"
        email = organization.owner.email
        settings = {
            "name": name,
            "currency": store_currency or plan.store_currency,
            **plan.store_settings,
        }
        self.bigcommerce.add_store(store_hash, owner_email=email, **settings)
        wanted = plan.products if products is None else products
        merchant = Merchant(
            name, organization, store_hash, self.fill(organization, wanted, namespace)
        )
        self.merchants.append(merchant)
        return merchant

    def fill(self, organization: Organization, products: int | None, namespace: str) -> Library:
        """Add products to the Zettle account: the demo library, or that many generated products,
        added in portions.
        """
        images, currency = f"{self.plan.zettle_url}/image", organization.currency
        if products is None:
            library = demo_library(currency, namespace, images)
            self.zettle.load_products(
                organization, library.products, library.stock, library.tracked
            )
            return library
        for first in range(0, products, PORTION):
            size = min(PORTION, products - first)
            part = generated_library(size, self.plan.seed, currency, namespace, images, first=first)
            self.zettle.load_products(organization, part.products, part.stock, part.tracked)
        return Library()

    async def furnish(self, merchant: Merchant | None = None) -> None:
        """Add to the store what it held before any link: categories, its own products, and products
        that look like those in Zettle.
        """
        there = merchant or self.merchant
        shop = self.shop(there)
        kept = [shop.add_category(name).id for name in CATEGORIES]
        for number, goods in enumerate(existing_goods(there.library, shop.store.settings.currency)):
            key = goods.pop("picture")
            made = await shop.add_product(
                **{
                    "categories": [kept[number % len(kept)]],
                    "weight": 0.3,
                    "is_visible": True,
                    **goods,
                }
            )
            if key:
                shop.hang(made.id, shop.camera.promise(key, "png", partial(self.painted, key)), key)

    def painted(self, key: str) -> bytes:
        """The library's picture for a key."""
        found = self.paint(key)
        assert found is not None
        return found[0]

    @property
    def merchant(self) -> Merchant:
        """The first merchant: the one of the demo."""
        return self.merchants[0]

    def till(self, merchant: Merchant | None = None) -> Till:
        """What a merchant does by hand in Zettle."""
        return self.zettle.till((merchant or self.merchant).organization)

    def shop(self, merchant: Merchant | None = None) -> Shop:
        """What the merchant and the shoppers do by hand in the store."""
        return self.bigcommerce.shop((merchant or self.merchant).store_hash)

    # -- keys

    def zettle_tokens(
        self, merchant: Merchant | None = None, connector: Connector = OTHER_TOOL
    ) -> Tokens:
        """An app's tokens at Zettle, as after a consent. The default app is the merchant's other
        tool.
        """
        organization = (merchant or self.merchant).organization
        return self.zettle.issue_token(organization, connector.zettle_client_id, ZETTLE_SCOPES)

    def store_token(
        self, merchant: Merchant | None = None, connector: Connector = OTHER_TOOL
    ) -> str:
        """An app's token at BigCommerce, as after an installation. The default app is the
        merchant's other tool.

        A second call returns the same token. A store has one token per app, and a new token would
        invalidate it (bigcommerce facts 1.4).
        """
        store_hash, client_id = (
            (merchant or self.merchant).store_hash,
            connector.bigcommerce_client_id,
        )
        installed = self.bigcommerce.apps.installed(store_hash, client_id)
        return installed.token if installed else self.bigcommerce.issue_token(store_hash, client_id)

    def api(self, merchant: Merchant | None = None) -> str:
        """The base address of a store's API, without the version."""
        return f"{self.plan.bigcommerce_url}/api/stores/{(merchant or self.merchant).store_hash}"

    # -- network

    def transport(
        self, extra: Mapping[str, AsgiApplication] | None = None
    ) -> httpx2.AsyncBaseTransport:
        """The sandbox's network, in memory. Applications in `extra` (host -> ASGI) join it and
        receive webhooks and callbacks.
        """
        for host, application in (extra or {}).items():
            self.hosts.open(host, application)
        return self.hosts

    # -- state

    @property
    def addresses(self) -> list[str]:
        """The addresses of Zettle and BigCommerce."""
        return [self.plan.zettle_url, self.plan.bigcommerce_url]

    def snapshot(self) -> bytes:
        """The whole state (`snapshots.py`)."""
        return snapshots.taken(self)

    async def restore(self, snapshot: bytes) -> None:
        """Restore a snapshot. Raises NotASnapshot, and ValueError if the clock cannot be set."""
        await snapshots.restored(self, snapshot)

    async def idle(self) -> None:
        """Return when neither platform has a webhook that is due now."""
        await self.zettle.idle()
        await self.bigcommerce.idle()

    async def stop(self) -> None:
        """Drop all pending webhooks, and close the sandbox's client."""
        await self.zettle.stop()
        await self.bigcommerce.stop()
        await self.http.aclose()


def host_of(url: str) -> str:
    """The host name of an address."""
    return urlsplit(url).hostname or ""
