"""Stock: where the number is kept, what an adjustment may do, and what a read shows (bigcommerce
facts 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .fields import MAX_LEVEL
from .refusal import Json, ProblemRefusal
from .state import ABSOLUTE, DEFAULT_LOCATION, Product, StockRecord, Store, Variant, uuid_of

MAX_ITEMS = 2000


def records_of(product: Product, variant: Variant | None) -> list[StockRecord]:
    """Where the number is kept: with the product if it is simple or tracked by product, otherwise
    with the variant.
    """
    if variant is None or product.simple or product.tracking == "product":
        return product.records
    return variant.records


def record_at(records: list[StockRecord], location_id: int) -> StockRecord | None:
    """The stock record at a location, if one exists."""
    return next((record for record in records if record.location_id == location_id), None)


def record_for(records: list[StockRecord], location_id: int) -> StockRecord:
    """The stock record at a location. It is created when missing."""
    record = record_at(records, location_id)
    if record is None:
        record = StockRecord(location_id)
        records.append(record)
    return record


def on_hand(
    records: list[StockRecord], moment: float | None = None, *, sellable: bool = False
) -> int:
    """The level at the default location now, or at an earlier time. `sellable` subtracts the safety
    stock.
    """
    record = record_at(records, DEFAULT_LOCATION)
    if record is None:
        return 0
    level, backordered = (
        (record.level, record.backordered) if moment is None else record.seen_both(moment)
    )
    return (
        max(0, level - record.safety_stock + record.backorder_limit)
        if sellable
        else level + backordered
    )


def product_level(product: Product, moment: float | None = None, *, sellable: bool = False) -> int:
    """`inventory_level` of a product: the sum of its variants if they are tracked (bigcommerce
    facts 3.3).
    """
    if product.tracking == "variant" and not product.simple:
        return sum(
            on_hand(variant.records, moment, sellable=sellable) for variant in product.variants
        )
    return on_hand(product.records, moment, sellable=sellable)


def variant_level(
    product: Product, variant: Variant, moment: float | None = None, *, sellable: bool = False
) -> int:
    """`inventory_level` of a variant: it counts only if variants are tracked, and for a base
    variant.
    """
    return on_hand(
        product.records if product.simple else variant.records, moment, sellable=sellable
    )


def available(product: Product, variant: Variant | None) -> int | None:
    """How many units a shopper can buy at the default location. None if stock is not tracked."""
    if product.tracking == "none":
        return None
    record = record_at(records_of(product, variant), DEFAULT_LOCATION)
    return max(0, record.level - record.safety_stock + record.backorder_limit) if record else 0


@dataclass(frozen=True, slots=True)
class Move:
    """One change of one number: where, from what to what, and by whom."""

    product: Product
    variant: Variant | None
    before: int
    level: int
    method: str
    by_order: bool
    location_id: int
    only_backordered: bool = False


def move(
    store: Store,
    product: Product,
    variant: Variant | None,
    level: int,
    method: str,
    *,
    by_order: bool = False,
    location_id: int = DEFAULT_LOCATION,
    owed: int = 0,
) -> None:
    """Set a number and fire the webhooks. `owed` is the change in units on backorder."""
    record = record_for(records_of(product, variant), location_id)
    if store.switches.backordered_units != "kept_beside":
        owed = max(0, -level) - record.backordered  # a restock fills backorders first
    alone = owed != 0 and level - record.level == -owed
    step = Move(product, variant, record.level, level, method, by_order, location_id, alone)
    record.put(level, store.now(), store.read_lag_s, record.backordered + owed)
    if level != step.before or (store.switches.unchanged_level_fires and not by_order):
        announce(store, step)


def announce(store: Store, step: Move) -> None:
    """Fire the webhooks of one stock change, by tracking level (bigcommerce facts 6.3)."""
    if step.only_backordered:
        place = {
            "variant_id": (step.variant or step.product.variants[0]).id,
            "product_id": step.product.id,
        }
        store.emit("store/inventory/backordered_quantity_changed", place)
        if store.switches.backorder_hooks == "own_only":
            return
    product, variant = step.product, step.variant
    absolute = step.method == ABSOLUTE or store.switches.inventory_hook_value == "always_level"
    told = step.level if absolute else step.level - step.before
    kind = "inventory/order/updated" if step.by_order else "inventory/updated"
    inventory: Json = {"product_id": product.id, "method": step.method, "value": told}
    if product.simple or product.tracking == "product":
        store.emit(
            f"store/product/{kind}", {"type": "product", "id": product.id, "inventory": inventory}
        )
    elif product.tracking == "variant" and variant is not None:
        inventory = {**inventory, "variant_id": variant.id}
        store.emit(
            f"store/sku/{kind}", {"type": "sku", "id": variant.sku_id, "inventory": inventory}
        )
    where = (variant or product.variants[0]).id
    place = {"variant_id": where, "product_id": product.id, "location_id": step.location_id}
    channel = f"store/channel/{store.settings.default_channel_id}/inventory/product"
    store.emit(f"{channel}/stock_changed", place)
    if step.by_order and step.level <= 0:
        store.emit(f"{channel}/out_of_stock_reached", place)
    elif step.by_order and step.level < step.before and step.level <= warned_at(step):
        store.emit(f"{channel}/low_stock_reached", place)
    if product.tracking != "none" and step.before != step.level:
        # The inventory level is one of the fields that fire product/updated if tracking is on.
        store.touched(product)
        store.emit("store/product/updated", {"type": "product", "id": product.id})


def warned_at(step: Move) -> int:
    """The level at which the merchant wants a warning: the location's, otherwise the
    catalogue's.
    """
    record = record_at(records_of(step.product, step.variant), step.location_id)
    own = step.variant.get("inventory_warning_level") if step.variant else 0
    return int(
        (record.warning_level if record else 0)
        or own
        or step.product.get("inventory_warning_level")
    )


@dataclass(frozen=True, slots=True)
class Item:
    """One adjustment whose target is found."""

    product: Product
    variant: Variant | None
    location_id: int
    quantity: int
    identity: str

    @property
    def records(self) -> list[StockRecord]:
        """Where this item's number is kept."""
        return records_of(self.product, self.variant)


def adjust(store: Store, body: Any, *, relative: bool, is_cut: bool = False) -> Json:
    """Apply a whole batch or none of it (bigcommerce facts 5.2). With one reading, a batch whose
    call is cut is applied in part.
    """
    items = [find(store, raw) for raw in items_of(body)]
    for item in items:
        allowed(store, item, relative=relative)
    levels = relative_levels(store, items) if relative else absolute_levels(store, items)
    method = store.switches.api_relative_method if relative else ABSOLUTE
    steps = list(zip(items, levels, strict=True))
    if is_cut and store.switches.partial_adjustments and len(steps) > 1:
        landed = set(store.dice.sample(range(len(steps)), store.dice.randint(1, len(steps) - 1)))
        steps = [step for place, step in enumerate(steps) if place in landed]
    for item, level in steps:
        move(store, item.product, item.variant, level, method, location_id=item.location_id)
    return {"transaction_id": uuid_of(store.dice)}


def problem(title: str, errors: Json | None = None) -> ProblemRefusal:
    """422 of the inventory API: only the title names the item at fault."""
    return ProblemRefusal(422, title, errors or {})


def items_of(body: Any) -> list[Any]:
    """The items of a batch, if the value is a batch."""
    if not isinstance(body, dict) or not isinstance(body.get("items"), list) or not body["items"]:
        raise problem("Payload contains invalid fields", {"items": "must be a non-empty array"})
    if not isinstance(body.get("reason", ""), str):
        raise problem("Payload contains invalid fields", {"reason": "must be a string"})
    if len(body["items"]) > MAX_ITEMS:
        raise problem(
            "Payload contains invalid fields", {"items": f"may hold at most {MAX_ITEMS} items"}
        )
    return list(body["items"])


def whole(value: Any) -> bool:
    """True for a JSON integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def find(store: Store, raw: Any) -> Item:
    """The target of one item. Exactly one of sku, variant_id and product_id names it."""
    if (
        not isinstance(raw, dict)
        or not whole(raw.get("quantity"))
        or not whole(raw.get("location_id"))
    ):
        raise problem(
            "Payload contains invalid fields",
            {"items": "location_id and quantity must be integers"},
        )
    if not whole(raw.get("qty_backordered", 0)):
        raise problem(
            "Payload contains invalid fields", {"items": "qty_backordered must be an integer"}
        )
    named = [name for name in ("sku", "variant_id", "product_id") if raw.get(name) is not None]
    if len(named) != 1 or (named == ["sku"] and not isinstance(raw["sku"], str)):
        raise problem(
            "Payload contains invalid fields",
            {"items": "exactly one of sku, variant_id, product_id"},
        )
    if raw["location_id"] not in store.locations:
        raise problem(f"Locations with identity: [location_id {raw['location_id']}] were not found")
    name = named[0]
    identity = f"{name} {raw[name]}"
    target = locate(store, name, raw[name])
    if target is None:
        raise ProblemRefusal(
            store.switches.unknown_item_status,
            f"Items with identity: [{identity}] were not found",
            {},
        )
    return Item(*target, raw["location_id"], raw["quantity"], identity)


def locate(store: Store, name: str, wanted: Any) -> tuple[Product, Variant | None] | None:
    """The product, and also the variant unless the item names the product itself."""
    if name == "product_id":
        product = store.products.get(wanted) if whole(wanted) else None
        return (product, None) if product else None
    if name == "variant_id":
        variant = store.variants.get(wanted) if whole(wanted) else None
        return (store.products[variant.product_id], variant) if variant else None
    owner = store.skus.get(str(wanted).lower())
    if owner is None:
        return None
    product = store.products[owner[0]]
    return (product, store.variants[owner[1]] if owner[1] else None)


def allowed(store: Store, item: Item, *, relative: bool) -> None:
    """Refuse an item that is tracked at another level or never got a number (bigcommerce facts
    5.2).
    """
    tracking = item.product.tracking
    if tracking == "none" and store.switches.untracked_adjustment == "refuse":
        raise problem(f"[Item with {item.identity} is not tracked]")
    by_base = item.product.simple and (
        item.variant is None or store.switches.base_variant_by_variant_id
    )
    if tracking == "product" and item.variant is not None and not by_base:
        raise problem(
            f"[Item with {item.identity} is tracked by product, please update stock by product id]"
        )
    if tracking == "variant" and item.variant is None and not by_base:
        raise problem(
            f"[Item with {item.identity} is tracked by variant, please update stock by variant id "
            "or sku]"
        )
    record = record_at(item.records, item.location_id)
    if relative and (record is None or not record.born):
        raise problem(
            f"Items with identity: [{item.identity}] requires absolute adjustment before relative"
        )


def absolute_levels(store: Store, items: list[Item]) -> list[int]:
    """The new levels of an absolute batch."""
    for item in items:
        if item.quantity > MAX_LEVEL:
            raise problem(f"[Item with {item.identity} exceeds the limit of {MAX_LEVEL}]")
        if item.quantity < 0 and store.switches.negative_absolute == "refuse":
            raise problem(f"[Item with {item.identity} has a negative quantity]")
    # Units on backorder stay. With the other reading, on-hand stock is the only number.
    kept = store.switches.backordered_units != "below_zero"
    return [max(0, item.quantity) - (owed_at(item) if kept else 0) for item in items]


def owed_at(item: Item) -> int:
    """The units on backorder where this item's number is kept."""
    record = record_at(item.records, item.location_id)
    return record.backordered if record else 0


def relative_levels(store: Store, items: list[Item]) -> list[int]:
    """The new levels of a relative batch. Several items may name one stock record; they apply in
    order. A batch takes no more than what is on hand.
    """
    levels: dict[int, int] = {}
    result = []
    for item in items:
        record = record_for(item.records, item.location_id)
        level = levels.get(id(record), record.level) + item.quantity
        onhand = (
            record.shown(store.switches.backordered_units, store.now())[0] - record.level + level
        )
        if item.quantity < 0 and onhand < record.safety_stock:
            raise problem(f"[Item with {item.identity} does not have enough stock available]")
        if level > MAX_LEVEL:
            raise problem(f"[Item with {item.identity} exceeds the limit of {MAX_LEVEL}]")
        levels[id(record)] = level
        result.append(level)
    return result


def give(
    store: Store, product: Product, variant: Variant | None, level: int, *, silent: bool = False
) -> None:
    """`inventory_level` in a catalogue call: an absolute number at the default location
    (bigcommerce facts 5.4).
    """
    if silent:
        record_for(records_of(product, variant), DEFAULT_LOCATION).put(
            level, store.now(), store.read_lag_s
        )
    else:
        move(store, product, variant, level, ABSOLUTE)


def forget_levels(product: Product) -> None:
    """After a switch of the tracking level every number is unknown (bigcommerce facts 5.4)."""
    for records in (product.records, *(variant.records for variant in product.variants)):
        records.clear()


def first_option(store: Store, product: Product) -> None:
    """What happens to the stock of a simple product that gets its first variant (bigcommerce facts
    3.9).
    """
    if store.switches.first_option_tracking == "variant" and product.tracking == "product":
        product.put("inventory_tracking", "variant")
    if store.switches.first_option_level == "unset" or product.tracking == "variant":
        product.records.clear()
