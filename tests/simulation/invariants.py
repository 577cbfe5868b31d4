"""What must hold at every moment. It is checked where our own code cannot hide it: on the wire
before a request reaches a platform, and in the sandboxes.

The numbers are those of the list of invariants in docs/simulation.md.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from brygga.core.marker import SKUS
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import Sandbox

_ORGANIZATION = re.compile(r"/organizations/([0-9a-f-]{36})")
_STORE = re.compile(r"/stores/(\w+)/")
_TILL_WRITES = (
    re.compile(r"/inventory/.*"),
    re.compile(r"/token$"),
    re.compile(r"/organizations/[\w-]+/subscriptions.*"),
    re.compile(r"/application-connections/self$"),
)
"""Movements, the tracking switch, our hooks, our tokens. Never the library (rule P7)."""
_READS = re.compile(r"/stock/[0-9a-f-]+/products$|/products/status$|/oauth/token$")
_VOLATILE = ("date_modified", "calculated_price")


@dataclass
class Invariants:
    """`broken` says what was broken, each kind once."""

    sandbox: Sandbox
    stores: dict[str, str] = field(default_factory=dict)
    """Token -> store hash."""
    no_prices: set[str] = field(default_factory=set)
    """Stores whose prices are the merchant's own (rule C6)."""
    over: set[str] = field(default_factory=set)
    """Stores and organizations that were left: nobody asks there any more."""
    own: dict[str, dict[int, Any]] = field(default_factory=dict)
    """Store hash -> what the merchant made there, as it looked."""
    pictures: dict[str, dict[int, int]] = field(default_factory=dict)
    """Store hash -> picture id -> product id, of pictures that the merchant added to ours."""
    writes: int = 0
    """Requests of the service that could change something, but its tokens."""
    readings: Counter[str] = field(default_factory=Counter)
    """Store hash -> how often the service read products there."""
    answers_lost: bool = False
    """Answers may be lost behind the platforms' backs."""
    broken: dict[str, str] = field(default_factory=dict)

    def fail(self, number: int, what: str, detail: object = "") -> None:
        self.broken.setdefault(f"{number}: {what}", str(detail)[:300])

    # ---- On the wire -----------------------------------------------------------------------------

    def sees(self, request: httpx2.Request) -> None:
        path = request.url.path
        self.writes += request.method != "GET" and not _READS.search(path)
        if request.url.host == urlsplit(self.sandbox.plan.bigcommerce_url).hostname:
            self._shop(request, path)
        elif request.url.host == urlsplit(self.sandbox.plan.zettle_url).hostname:
            self._till(request, path)

    def _shop(self, request: httpx2.Request, path: str) -> None:
        store = _STORE.search(path)
        if store is None:
            return
        if self.stores.get(request.headers.get("X-Auth-Token", "")) != store[1]:
            self.fail(6, "a token of one store was used at another", path)
        if store[1] in self.over:
            self.fail(8, "a store was asked after the merchant left", f"{request.method} {path}")
        if request.method == "GET":
            self.readings[store[1]] += "/catalog/products" in path
            return
        if (
            request.method == "PUT"
            and "/catalog/products" in path
            and _names_marker(self.sandbox, store[1], request)
        ):
            self.fail(16, "the marker was changed after its create", path)
        if "/orders" in path:
            self.fail(5, "an order was written", path)
        if store[1] in self.no_prices and request.method == "PUT" and "/catalog/" in path:
            for row in _rows(request):
                if {"price", "sale_price"} & row.keys():
                    self.fail(3, "a price was written although prices are the merchant's", path)

    def _till(self, request: httpx2.Request, path: str) -> None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self.sandbox.zettle.core.access_tokens.get(bearer)
        found = _ORGANIZATION.search(path)
        if token is not None and found and found[1] != token.grant.organization:
            self.fail(6, "a token of one account was used at another", path)
        if (
            token is not None
            and token.grant.organization in self.over
            and "application-connections" not in path
        ):
            self.fail(8, "an account was asked after the merchant left", f"{request.method} {path}")
        if request.method != "GET" and not any(one.search(path) for one in _TILL_WRITES):
            self.fail(
                5, "something else than stock was written in Zettle", f"{request.method} {path}"
            )
        if request.method == "POST" and path.endswith("/movements"):
            self._movements(_rows(request))

    def _movements(self, rows: Iterator[Mapping[str, Any]]) -> None:
        """A movement of ours names the place it comes from, the one it goes to, and how many
        units.
        """
        for row in rows:
            for movement in row.get("movements", ()):
                if not isinstance(movement.get("change"), int) or movement["change"] <= 0:
                    self.fail(7, "a movement of nothing, or backwards", movement)

    # ---- In the sandbox -------------------------------------------------------------------------

    def reads(self, merchants: Mapping[int, Merchant]) -> None:
        for merchant in merchants.values():
            store = self.sandbox.shop(merchant).store
            for one in store.violations:
                if one.kind == "channel_assignment" and self.answers_lost:
                    continue  # the sandbox believes that its answer to the first one was heard
                self.fail(
                    3,
                    f"{one.kind} was written after the create",
                    f"{one.method} {one.path} {one.body}",
                )
            self._doubles(store)
            self._marker(store)
            self._records(store)
            self._untouched(merchant, store)

    def _doubles(self, store: Any) -> None:
        """2: at most one living product for each of Zettle's. The sandbox's goods are known by the
        beginning of their names.
        """
        seen: dict[str, int] = {}
        for product in store.products.values():
            key = str(product.get("name"))[:6]
            if product.made_by is None or not key.startswith("Vara"):
                continue
            if key in seen:
                self.fail(2, f"two products of {key}", (seen[key], product.id))
            seen[key] = product.id

    def _marker(self, store: Any) -> None:
        """Decision 16: one at most, in no category, never visible; after its create only its
        numbers are written.
        """
        found = [
            one
            for one in store.products.values()
            if any(v.get("sku") in SKUS for v in one.variants)
        ]
        if len(found) > 1:
            self.fail(16, "two markers in one store", [one.id for one in found])
        for one in found:
            if one.get("categories") or one.get("is_visible"):
                self.fail(16, "the marker is in a category, or visible", one.id)

    def _records(self, store: Any) -> None:
        for item in (*store.products.values(), *store.variants.values()):
            if any(record.level < 0 and not record.backorder_limit for record in item.records):
                self.fail(7, "a record is below zero", item.id)

    def _untouched(self, merchant: Merchant, store: Any) -> None:
        """4: what the merchant made is as it was left."""
        shop = self.sandbox.shop(merchant)
        for product_id, before in self.own.get(store.hash, {}).items():
            if product_id not in store.products:
                self.fail(4, "a product of the merchant's own was deleted", product_id)
            elif (now := picture_of(shop, product_id)) != before:
                changed = {
                    key: (before.get(key), now[key]) for key in now if now[key] != before.get(key)
                }
                self.fail(4, "a product of the merchant's own was changed", changed)
        for image_id, product_id in self.pictures.get(store.hash, {}).items():
            product = store.products.get(product_id)
            if product is not None and all(image.id != image_id for image in product.images):
                self.fail(
                    4, "a picture that the merchant added was deleted", (product_id, image_id)
                )


def _names_marker(sandbox: Sandbox, store_hash: str, request: httpx2.Request) -> bool:
    """Whether a change names the marker of this store, in the path or in the body."""
    shop = sandbox.bigcommerce.stores.get(store_hash)
    products = {} if shop is None else shop.products
    ids = {one.id for one in products.values() if any(v.get("sku") in SKUS for v in one.variants)}
    named = {row.get("id") for row in _rows(request)} | {
        int(part) for part in request.url.path.split("/") if part.isdigit()
    }
    return bool(ids & named)


def picture_of(shop: Any, product_id: int) -> Any:
    """A product as it looks, without what moves by itself."""
    return {key: value for key, value in shop.raw(product_id).items() if key not in _VOLATILE}


def _rows(request: httpx2.Request) -> Iterator[Mapping[str, Any]]:
    try:
        body = json.loads(request.content or b"null")
    except ValueError:
        return
    for row in body if isinstance(body, list) else [body]:
        if isinstance(row, dict):
            yield row
