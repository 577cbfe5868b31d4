"""What a merchant and the shoppers do by hand, in the control panel and at the checkout.

The rules are those behind the API. Only tokens, quotas and read-only fields apply to apps alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from . import catalog, categories, inventory, options, order_edits, order_views, orders, variants
from .media import Camera, add_image
from .orders import Order, Refund
from .refusal import Json, Refusal, invalid, product_not_found
from .render import View, product_json
from .state import (
    ABSOLUTE,
    DEFAULT_LOCATION,
    Category,
    Product,
    StockRecord,
    Store,
    Variant,
    channel,
    location,
)
from .storefile import CURRENCIES, OLD_PLANS, PLANS, STOCK_BEHAVIOURS, WEIGHTS


def typed_in(line: Mapping[str, Any]) -> orders.Extra:
    """A line that is no product: its name, a price from 0, and the quantity."""
    price, quantity = Decimal(str(line["price"])), int(line.get("quantity", 1))
    if not price.is_finite() or price < 0 or quantity < 1:
        raise Refusal(
            422,
            "A line has a price from 0 and a quantity from 1",
            {"lines": "wrong price or quantity"},
        )
    return orders.Extra(str(line.get("name", "")), price, quantity)


TRUTH = float("inf")
INCLUDE_ALL = (
    "variants",
    "images",
    "options",
    "videos",
    "custom_fields",
    "bulk_pricing_rules",
    "channels",
)
_TOLD = {"name", "currency", "country", "country_code", "language", "timezone", "weight_units",
         "is_price_entered_with_tax", "plan"}  # fmt: skip


class Shop:
    """What the merchant and the shoppers do in one store."""

    def __init__(self, store: Store, camera: Camera) -> None:
        self.store = store
        self.camera = camera

    # -- reading
    # ----------------------------------------------------------------------------------------------

    def product(self, product_id: int) -> Product:
        """The product. Refuses an unknown one with 404."""
        return catalog.product_of(self.store, product_id)

    def raw(self, product_id: int) -> Json:
        """The product as raw JSON with all its parts. Stock is current, without read lag."""
        return product_json(self.store, self.product(product_id), View("/cdn", TRUTH, INCLUDE_ALL))

    def item(
        self,
        *,
        product_id: int | None = None,
        variant_id: int | None = None,
        sku: str | None = None,
    ) -> tuple[Product, Variant]:
        """The item a shopper names: by SKU, by variant, or by product (its first variant)."""
        name, wanted = (
            ("sku", sku)
            if sku
            else ("variant_id", variant_id)
            if variant_id
            else ("product_id", product_id)
        )
        found = inventory.locate(self.store, name, wanted)
        if found is None:
            raise product_not_found(wanted)
        product, variant = found
        return product, variant or product.variants[0]

    def level(self, **item: Any) -> int:
        """The current level of an item's stock record."""
        return inventory.on_hand(inventory.records_of(*self.item(**item)))

    # -- the catalogue
    # ------------------------------------------------------------------------------------------

    async def add_product(self, **fields: Any) -> Product:
        """Create a product in the control panel."""
        body = {"type": "physical", "weight": 0, "price": 0, "categories": [], **fields}
        return await catalog.create(self.store, body, self.camera, None)

    async def edit_product(self, product_id: int, **fields: Any) -> Product:
        """Change any field of a product, as the merchant edits it."""
        change = await catalog.prepare(self.store, self.product(product_id), fields, self.camera)
        failed = catalog.apply(self.store, change)
        if failed:
            raise Refusal(failed["status"], failed["title"], failed.get("errors"))
        return change.product

    async def edit_variant(self, variant_id: int, **fields: Any) -> Variant:
        """Change any field of a variant."""
        product, variant = self.item(variant_id=variant_id)
        step = variants.change_step(self.store, product, variant, fields)
        return variants.carry_out(self.store, await variants.with_picture(self.camera, step))

    def delete_product(self, product_id: int) -> None:
        """Delete a product. There is no recycle bin."""
        catalog.delete(self.store, self.product(product_id))

    def delete_variant(self, variant_id: int) -> None:
        """Delete one variant."""
        variants.remove(self.store, *self.item(variant_id=variant_id))

    async def add_image(self, product_id: int, url: str, **values: Any) -> int:
        """Add a picture as the merchant does. Returns its id."""
        picture = await self.camera.load(url)
        made = add_image(self.store, self.product(product_id), picture, url, values)
        self.store.touched(self.product(product_id))
        return made.id

    def hang(self, product_id: int, picture: tuple[str, str], name: str) -> int:
        """Add a picture from a camera, under its file name. Returns its id."""
        product = self.product(product_id)
        last = max((image.sort_order for image in product.images), default=-1)
        made = add_image(self.store, product, picture, name, {"sort_order": last + 1})
        self.store.touched(product)
        return made.id

    def add_option(self, product_id: int, name: str, labels: Iterable[str]) -> int:
        """Add an option in the panel, with all missing combinations as variants, as the panel does
        (bigcommerce facts 3.8).
        """
        product = self.product(product_id)
        rows = [{"label": label, "sort_order": place} for place, label in enumerate(labels)]
        old = self.store.switches
        self.store.switches = replace(old, new_option_on_variants="accept")
        try:
            made = options.create(
                self.store,
                product,
                {"display_name": name, "type": "rectangles", "option_values": rows},
            )
        finally:
            self.store.switches = old
        for variant in product.variants if not product.simple else ():
            variant.values = (*variant.values, (made.id, made.values[0].id))
        self.add_all_combinations(product_id)
        return made.id

    def add_all_combinations(self, product_id: int) -> list[Variant]:
        """Every combination of option values without a variant gets one, without a SKU. Such
        variants are unexpected for any mapping.
        """
        product = self.product(product_id)
        if not product.options or any(not option.values for option in product.options):
            return []
        known = {frozenset(variant.values) for variant in product.variants if variant.values}
        choices = [[(option.id, value.id) for value in option.values] for option in product.options]
        missing = [pairs for pairs in itertools.product(*choices) if frozenset(pairs) not in known]
        room = variants.MAX_VARIANTS - len(known)
        made = [variants.make(self.store, product, tuple(pairs), {}) for pairs in missing[:room]]
        if made:
            self.store.touched(product)
        return made

    def set_stock(self, level: int, **item: Any) -> None:
        """Type a number into the stock field. Untracked products have no such field."""
        product, variant = self.item(**item)
        if product.tracking == "none":
            raise Refusal(
                422, "The product is not tracked", {"inventory_level": "switch tracking on first"}
            )
        if level < 0:
            raise invalid({"inventory_level": "must be 0 or more"})
        owed = self.record(**item).backordered
        inventory.move(self.store, product, variant, level - owed, ABSOLUTE)

    def record(self, **item: Any) -> StockRecord:
        """Where the item's number is kept at the default location."""
        return inventory.record_for(inventory.records_of(*self.item(**item)), DEFAULT_LOCATION)

    def allow_backorders(self, limit: int, **item: Any) -> None:
        """Allow this many units to be sold beyond the stock on hand. The store takes part in the
        beta from then on.
        """
        self.store.settings.backorders = True
        self.record(**item).backorder_limit = limit

    def assign_channel(self, product_id: int, channel_id: int, *, on: bool = True) -> None:
        """Add a product to a channel, or remove it."""
        held = self.product(product_id).channels
        if on is (channel_id in held):
            return
        (held.append if on else held.remove)(channel_id)
        self.store.touched()
        word = "assigned" if on else "unassigned"
        self.store.emit(f"store/channel/{channel_id}/product/{word}", {"product_id": product_id})

    def add_category(self, name: str, parent_id: int = 0) -> Category:
        """Create a category of the default tree."""
        body: Json = {"name": name, "parent_id": parent_id}
        return categories.plant(self.store, categories.sprout(self.store, body, tree_id=1))

    def rename_category(self, category_id: int, name: str) -> None:
        """Rename a category."""
        categories.change(
            self.store, categories.category_of(self.store, category_id), {"name": name}
        )

    def delete_category(self, category_id: int) -> None:
        """Delete a category. Its products stay."""
        categories.remove(self.store, categories.category_of(self.store, category_id))

    # -- the store
    # ----------------------------------------------------------------------------------------------

    def set_settings(self, **changes: Any) -> None:
        """Change settings of the store. The settings that the documents name fire
        store/information/updated (bigcommerce facts 6.3).
        """
        mine = self.store.settings
        wrong = {name: "unknown" for name in changes if not hasattr(mine, name)}
        allowed: Mapping[str, Iterable[str]] = {
            "currency": CURRENCIES, "weight_units": WEIGHTS,
            "update_stock_behavior": STOCK_BEHAVIOURS,
            "plan": {**PLANS, **OLD_PLANS},
        }  # fmt: skip
        wrong.update(
            {
                name: "not one of the choices"
                for name, among in allowed.items()
                if changes.get(name, next(iter(among))) not in [*among]
            }
        )
        wrong.update(
            {
                name: f"must be {type(getattr(mine, name)).__name__}"
                for name, value in changes.items()
                if name not in wrong
                and (
                    type(value) is not type(getattr(mine, name))
                    or (isinstance(value, int) and value < 0)
                )
            }
        )
        if wrong:
            raise invalid(wrong)
        if "plan" in changes and "quota" not in changes:
            changes["quota"] = {**PLANS, **OLD_PLANS}[changes["plan"]]
        moved = {name for name, value in changes.items() if getattr(mine, name) != value}
        for name in moved:
            setattr(mine, name, changes[name])
        if moved & _TOLD:
            self.store.emit("store/information/updated", {"type": "store"})

    def add_location(self, label: str) -> int:
        """Add a second stock location. The storefront does not sell from it."""
        number = max(self.store.locations) + 1
        self.store.locations[number] = location(number, label)
        self.store.emit("store/inventory/location/created", {"location_id": number})
        return number

    def add_channel(self, name: str, kind: str = "storefront", platform: str = "custom") -> int:
        """Add a channel. A storefront gets its own category tree."""
        number = max(self.store.channels) + 1
        self.store.channels[number] = channel(number, name, kind, platform)
        if kind == "storefront":
            self.store.trees[max(self.store.trees) + 1] = (f"{name} tree", [number])
        return number

    # -- orders
    # ----------------------------------------------------------------------------------------------

    def place(
        self, lines: Iterable[Mapping[str, Any]], *, source: str = "www", incomplete: bool = False
    ) -> Order:
        """Check out lines with `quantity` and a product_id, variant_id or sku, or with `name` and
        `price` for what is no product.

        Raises OutOfStock if too few units are left. With `incomplete` the payment is still open,
        and no stock is taken.
        """
        wishes, extras = [], []
        for line in lines:
            if not isinstance(line, Mapping):
                raise Refusal(422, "A line is an object", {"lines": "must be an array of objects"})
            if "price" in line:
                extras.append(typed_in(line))
                continue
            named = {
                name: line[name] for name in ("product_id", "variant_id", "sku") if line.get(name)
            }
            wishes.append((*self.item(**named), int(line.get("quantity", 1))))
        if not wishes and not extras:
            raise Refusal(422, "An order needs at least one line", {"lines": "empty"})
        return orders.place(self.store, wishes, extras=extras, source=source, incomplete=incomplete)

    def submit(self, order_id: int) -> None:
        """Complete the payment of an incomplete order."""
        orders.submit(self.store, self.order(order_id))

    def edit_order(self, order_id: int, quantities: Mapping[int, int]) -> None:
        """Change the ordered quantities: {order line id: quantity}."""
        orders.edit(self.store, self.order(order_id), dict(quantities))

    def add_line(self, order_id: int, quantity: int, **item: Any) -> int:
        """Add a line to an order. Returns its id."""
        wish = (*self.item(**item), quantity)
        return order_edits.add_line(self.store, self.order(order_id), wish).id

    def remove_line(self, order_id: int, line_id: int) -> None:
        """Remove a line from an order."""
        order_edits.remove_line(self.store, self.order(order_id), line_id)

    def ship_part(self, order_id: int, quantities: Mapping[int, int]) -> None:
        """Ship some units of an order: {order line id: quantity}."""
        order_edits.ship_part(self.store, self.order(order_id), quantities)

    def bring_back(self, order_id: int) -> None:
        """Reopen a cancelled order."""
        order_edits.bring_back(self.store, self.order(order_id))

    def set_order_status(self, order_id: int, status: int) -> None:
        """Give an order a status. Stock moves as that status requires."""
        order_edits.set_status(self.store, self.order(order_id), status)

    def order(self, order_id: int | str) -> Order:
        """The order. Refuses an unknown one with 404."""
        return orders.order_of(self.store, order_id)

    def ship(self, order_id: int) -> None:
        """Ship the whole order."""
        orders.ship(self.store, self.order(order_id))

    def complete(self, order_id: int) -> None:
        """Complete an order."""
        orders.ship(self.store, self.order(order_id), orders.COMPLETED)

    def cancel(self, order_id: int) -> None:
        """Cancel an order."""
        orders.cancel(self.store, self.order(order_id))

    def archive(self, order_id: int) -> None:
        """Archive an order."""
        orders.archive(self.store, self.order(order_id))

    def refund(
        self, order_id: int, quantities: Mapping[int, int] | None = None, *, by_api: bool = False
    ) -> Refund:
        """Refund all, or {order line id: quantity}."""
        given = None if quantities is None else dict(quantities)
        return orders.refund(self.store, self.order(order_id), given, by_api=by_api)

    # -- the whole store
    # ----------------------------------------------------------------------------------------------

    def state(self) -> Json:
        """The whole store as raw JSON with current stock, without read lag. Tests compare it."""
        store = self.store
        return {
            "store_hash": store.hash,
            "settings": {name: getattr(store.settings, name) for name in store.settings.__slots__},
            "products": [self.raw(product_id) for product_id in store.products],
            "categories": [categories.tree_json(one) for one in store.categories.values()],
            "metafields": [
                {"resource_type": one.resource_type, "resource_id": one.resource_id,
                "namespace": one.namespace,
                 "key": one.key, "value": one.value, "owner_client_id": one.owner}
                for one in store.metafields.values()
            ],
            "orders": [
                {**order_views.order_json(store, one, ""), "lines": [order_views.line_json(one,
                line) for line in one.lines]}
                for one in store.orders.values()
            ],
            "refunds": [order_views.refund_json(one,
            store.orders[one.order_id]) for one in store.refunds],
        }  # fmt: skip
