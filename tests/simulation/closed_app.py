"""A stand-in of the app that links a merchant's two sides today: a third actor beside the merchant
and Brygga.

It creates each product in the category "Zettle", copies names and prices, adds, removes and renames
options and variants, and copies each change of stock to the other side within seconds, sometimes
late, and not at all while it is off. It works on the two systems directly, so none of its requests
is one of Brygga's.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from brygga_sandbox.bigcommerce import Shop, options, variants
from brygga_sandbox.zettle import Till

CATEGORY = "Zettle"
Labels = dict[str, str]
"""Of one variant: name of the option -> its label."""


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
    looks_every_s: float = 1.0
    products: dict[str, int] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    variants: dict[str, Copied] = field(default_factory=dict)
    labels: dict[str, dict[str, Labels]] = field(default_factory=dict)
    """Zettle product -> its variants -> their labels as they were copied last."""
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
            await asyncio.sleep(self.looks_every_s)
            await self._look()

    async def _look(self) -> None:
        there = self.till.organization.products
        for uuid in list(there):
            if uuid not in self.products:
                await self._create(uuid, self.till.product(uuid))
            elif self.etags[uuid] != there[uuid].etag:
                self.etags[uuid] = there[uuid].etag
                self._soon(self._copy_fields(uuid, self.till.product(uuid)))
        for uuid in set(self.products) - set(there):
            self.shop.delete_product(self.products.pop(uuid))
            self.labels.pop(uuid, None)
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
        one, labels = product["variants"][0], labels_of(product)
        categories = self.shop.state()["categories"]
        found = [row["category_id"] for row in categories if row["name"] == CATEGORY]
        category = found[0] if found else self.shop.add_category(CATEGORY).id
        level = max(0, self.till.balance(one["uuid"]))
        made = await self.shop.add_product(
            name=product["name"],
            sku="" if labels else one.get("sku", ""),
            price=commonest_price(product),
            categories=[category],
            inventory_tracking="variant" if labels else "product",
            inventory_level=0 if labels else level,
        )
        self.products[uuid], self.etags[uuid] = made.id, product["etag"]
        if labels:
            await self._build(uuid, product)
        else:
            self.variants[one["uuid"]] = Copied(made.variants[0].id, level, level)

    async def _copy_fields(self, uuid: str, product: dict[str, Any]) -> None:
        await asyncio.sleep(self._delay())
        if uuid not in self.products or self.etags[uuid] != product["etag"]:
            return
        one, labels = product["variants"][0], labels_of(product)
        fields: dict[str, Any] = {"name": product["name"], "price": commonest_price(product)}
        fields["sku"] = one.get("sku", "")
        if labels:
            del fields["sku"]
        await self.shop.edit_product(self.products[uuid], **fields)
        if labels:
            await self._reshape(uuid, product, labels)
            for row in product["variants"]:
                fields = {"sku": row.get("sku", ""), "price": _price(row)}
                await self.shop.edit_variant(self.variants[row["uuid"]].variant_id, **fields)

    # ---- Options and variants --------------------------------------------------------------------

    async def _build(self, uuid: str, product: dict[str, Any]) -> None:
        """All options and variants of a product that has none yet."""
        store, made = self.shop.store, self.shop.product(self.products[uuid])
        self.labels[uuid] = labels_of(product)
        names = list(dict.fromkeys(name for one in self.labels[uuid].values() for name in one))
        for name in names:
            labels = dict.fromkeys(one[name] for one in self.labels[uuid].values())
            rows = [{"label": label, "sort_order": n} for n, label in enumerate(labels)]
            body = {"display_name": name, "type": "rectangles", "option_values": rows}
            options.create(store, made, body)
        for row in product["variants"]:
            self._add(uuid, row)
            fields = {"sku": row.get("sku", ""), "price": _price(row)}
            await self.shop.edit_variant(self.variants[row["uuid"]].variant_id, **fields)

    def _add(self, uuid: str, row: dict[str, Any]) -> None:
        store, made = self.shop.store, self.shop.product(self.products[uuid])
        labels = self.labels[uuid][row["uuid"]]
        pairs = []
        for option in made.options:
            label = labels[option.display_name]
            value = next((one for one in option.values if one.label == label), None)
            if value is None:
                body = {"label": label, "sort_order": len(option.values)}
                value = options.add_value(store, made, option, body)
            pairs.append((option.id, value.id))
        variant = variants.make(store, made, tuple(pairs), {})
        store.touched(made)
        level = max(0, self.till.balance(row["uuid"]))
        self.shop.set_stock(level, variant_id=variant.id)
        self.variants[row["uuid"]] = Copied(variant.id, level, level)

    async def _reshape(self, uuid: str, product: dict[str, Any], labels: dict[str, Labels]) -> None:
        store, made = self.shop.store, self.shop.product(self.products[uuid])
        old = self.labels[uuid]
        before, after = (list(next(iter(of.values()))) for of in (old, labels))
        if len(before) != len(after):
            for key in old:
                self.variants.pop(key, None)
            for option in list(made.options):
                options.delete(store, made, option)
            await self._build(uuid, product)
            return
        for was, now in zip(before, after, strict=True):
            option = next(one for one in made.options if one.display_name == was)
            if was != now:
                options.update(store, made, option, {"display_name": now})
            renames = {
                old[key][was]: labels[key][now]
                for key in old.keys() & labels.keys()
                if old[key][was] != labels[key][now]
            }
            for value in option.values:
                if value.label in renames:
                    body = {"label": renames[value.label]}
                    options.change_value(store, made, option, value, body)
        self.labels[uuid] = labels
        for row in product["variants"]:
            if row["uuid"] not in old:
                self._add(uuid, row)
        for key in old.keys() - labels.keys():
            self.shop.delete_variant(self.variants.pop(key).variant_id)

    # ---- Stock -----------------------------------------------------------------------------------

    def _compare(self, variant: str, known: Copied) -> None:
        sold = self.till.balance(variant) - known.zettle
        ordered = self.shop.level(variant_id=known.variant_id) - known.shop
        known.zettle += sold
        known.shop += ordered
        if sold:
            self._soon(self._to_shop(variant, known, self._as_copied(sold)))
        if ordered:
            self._soon(self._to_till(variant, known, self._as_copied(ordered)))

    def _as_copied(self, change: int) -> int:
        return change - (1 if change > 0 else -1) if self.wrong else change

    async def _to_shop(self, variant: str, known: Copied, change: int) -> None:
        await asyncio.sleep(self._delay())
        if self.variants.get(variant) is not known:
            return
        level = self.shop.level(variant_id=known.variant_id)
        self.shop.set_stock(max(0, level + change), variant_id=known.variant_id)
        known.shop += self.shop.level(variant_id=known.variant_id) - level

    async def _to_till(self, variant: str, known: Copied, change: int) -> None:
        await asyncio.sleep(self._delay())
        if self.variants.get(variant) is not known:
            return
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


def labels_of(product: dict[str, Any]) -> dict[str, Labels]:
    """{} for a product without options."""
    return {
        one["uuid"]: {row["name"]: row["value"] for row in one["options"]}
        for one in product["variants"]
        if one.get("options")
    }


def commonest_price(product: dict[str, Any]) -> float:
    """The product's own price: that of most of its variants."""
    return Counter(_price(one) for one in product["variants"]).most_common(1)[0][0]


def _price(variant: dict[str, Any]) -> float:
    price = variant.get("price") or {}
    return float(price.get("amount", 0)) / 100
