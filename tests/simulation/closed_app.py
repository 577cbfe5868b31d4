"""A stand-in of the app that links a merchant's two sides today: a third actor beside the merchant
and Brygga.

It creates each product in the category "Zettle", copies names and prices, and copies each change of
stock to the other side within seconds, sometimes late, and not at all while it is off. It works on
the two systems directly, so none of its requests is one of Brygga's.
"""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from brygga_sandbox.bigcommerce import Shop
from brygga_sandbox.zettle import Till

CATEGORY = "Zettle"
LOOKS_EVERY_S = 1.0


@dataclass(slots=True)
class Copied:
    """What it knows of one variant: the store's variant, and both numbers as it last saw them."""

    variant_id: int
    zettle: int
    shop: int


@dataclass(slots=True)
class ClosedApp:
    """`late`: the share of its copies that come five to nine minutes later."""

    till: Till
    shop: Shop
    dice: random.Random
    late: float = 0.0
    wrong: bool = False
    """It copies one unit less than it should."""
    products: dict[str, int] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    variants: dict[str, Copied] = field(default_factory=dict)
    _jobs: set["asyncio.Task[None]"] = field(default_factory=set)
    _task: "asyncio.Task[None] | None" = None

    async def __aenter__(self) -> "ClosedApp":
        await self._look()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.off()

    async def off(self) -> None:
        """What it has begun is finished."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._jobs:
            await asyncio.gather(*self._jobs)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        there = self.till.organization.products
        for uuid in list(there):
            product = self.till.product(uuid)
            if uuid not in self.products:
                await self._create(uuid, product)
            elif self.etags[uuid] != product["etag"]:
                self.etags[uuid] = product["etag"]
                self._soon(self._copy_fields(uuid, product))
        for uuid in set(self.products) - set(there):
            self.shop.delete_product(self.products.pop(uuid))
            gone = [key for key, one in self.variants.items() if not self._is_there(one)]
            for key in gone:
                del self.variants[key]
        for variant, known in self.variants.items():
            self._compare(variant, known)

    def _is_there(self, known: Copied) -> bool:
        try:
            self.shop.level(variant_id=known.variant_id)
        except Exception:
            return False
        return True

    async def _create(self, uuid: str, product: dict[str, Any]) -> None:
        one = product["variants"][0]
        categories = self.shop.state()["categories"]
        found = [row["category_id"] for row in categories if row["name"] == CATEGORY]
        category = found[0] if found else self.shop.add_category(CATEGORY).id
        level = max(0, self.till.balance(one["uuid"]))
        made = await self.shop.add_product(
            name=product["name"],
            sku=one.get("sku", ""),
            price=_price(one),
            categories=[category],
            inventory_tracking="product",
            inventory_level=level,
        )
        self.products[uuid], self.etags[uuid] = made.id, product["etag"]
        self.variants[one["uuid"]] = Copied(made.variants[0].id, level, level)

    async def _copy_fields(self, uuid: str, product: dict[str, Any]) -> None:
        await asyncio.sleep(self._delay())
        one = product["variants"][0]
        fields = {"name": product["name"], "price": _price(one), "sku": one.get("sku", "")}
        await self.shop.edit_product(self.products[uuid], **fields)

    def _compare(self, variant: str, known: Copied) -> None:
        sold = self.till.balance(variant) - known.zettle
        ordered = self.shop.level(variant_id=known.variant_id) - known.shop
        known.zettle += sold
        known.shop += ordered
        if sold:
            self._soon(self._to_shop(known, self._as_copied(sold)))
        if ordered:
            self._soon(self._to_till(variant, known, self._as_copied(ordered)))

    def _as_copied(self, change: int) -> int:
        return change - (1 if change > 0 else -1) if self.wrong else change

    async def _to_shop(self, known: Copied, change: int) -> None:
        await asyncio.sleep(self._delay())
        level = self.shop.level(variant_id=known.variant_id)
        self.shop.set_stock(max(0, level + change), variant_id=known.variant_id)
        known.shop += self.shop.level(variant_id=known.variant_id) - level

    async def _to_till(self, variant: str, known: Copied, change: int) -> None:
        await asyncio.sleep(self._delay())
        self.till.set_stock(variant, self.till.balance(variant) + change)
        known.zettle += change

    def _delay(self) -> float:
        if self.dice.random() < self.late:
            return self.dice.uniform(300, 540)
        return self.dice.uniform(0.5, 6)

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


def _price(variant: dict[str, Any]) -> float:
    price = variant.get("price") or {}
    return float(price.get("amount", 0)) / 100
