"""What the inventory API shows of an item, and which settings it accepts (bigcommerce facts
5.3).
"""

from __future__ import annotations

from typing import Any

from .fields import MAX_LEVEL
from .inventory import (
    MAX_ITEMS,
    locate,
    problem,
    record_at,
    record_for,
    records_of,
    whole,
)
from .refusal import Json
from .state import Product, StockRecord, Store, Variant, uuid_of


def shown_records(store: Store, product: Product, variant: Variant) -> list[StockRecord]:
    """The source of the number in a row of the inventory's lists."""
    whole = product.tracking == "product" and not product.simple
    return (
        variant.records
        if whole and store.switches.items_of_whole == "own_level"
        else records_of(product, variant)
    )


def is_listed(store: Store, product: Product) -> bool:
    """With one reading, false for the variants of a product that is tracked as a whole (bigcommerce
    facts 5.3).
    """
    return (
        product.simple or product.tracking != "product" or store.switches.items_of_whole != "absent"
    )


def identity_of(product: Product, variant: Variant) -> Json:
    """How the inventory API names an item."""
    sku = product.get("sku") if product.simple else variant.get("sku")
    return {
        "sku": sku,
        "variant_id": variant.id,
        "product_id": product.id,
        "sku_id": variant.sku_id,
    }


def settings_of(record: StockRecord, level: int) -> Json:
    """The settings of an item at a location."""
    return {
        "safety_stock": record.safety_stock,
        "is_in_stock": level - record.safety_stock > 0,
        "warning_level": record.warning_level,
        "bin_picking_number": record.bin_picking_number,
    }


def item_row(
    store: Store, product: Product, variant: Variant, locations: list[int], moment: float
) -> Json:
    """One row of GET /inventory/items."""
    rows = []
    for location_id in locations:
        record = record_at(shown_records(store, product, variant), location_id) or StockRecord(
            location_id
        )
        level, backordered = record.shown(store.switches.backordered_units, moment)
        sellable = record.seen(moment) - record.safety_stock + record.backorder_limit
        beta = {"backorder_limit": record.backorder_limit, "qty_backordered": backordered}
        place = store.locations[location_id]
        rows.append(
            {
                "location_id": location_id,
                "location_code": place["code"],
                "location_name": place["label"],
                "available_to_sell": sellable,
                "total_inventory_onhand": level,
                **(beta if store.settings.backorders else {}),
                "location_enabled": place["enabled"],
                "settings": settings_of(record, level),
            }
        )
    return {"identity": identity_of(product, variant), "locations": rows}


def are_settings(entry: Json) -> bool:
    """True if every setting has its type (5.3)."""
    counts = ("safety_stock", "warning_level", "backorder_limit")
    return (
        all(whole(entry[key]) and 0 <= entry[key] <= MAX_LEVEL for key in counts if key in entry)
        and isinstance(entry.get("is_in_stock", True), bool)
        and isinstance(entry.get("bin_picking_number", ""), str)
    )


def set_settings(store: Store, location_id: int, body: Any) -> Json:
    """PUT /inventory/locations/{id}/items: safety stock, warning level, bin (bigcommerce facts
    5.3).
    """
    entries = body.get("settings") if isinstance(body, dict) else None
    if not isinstance(entries, list) or not entries or len(entries) > MAX_ITEMS:
        raise problem(
            "Payload contains invalid fields", {"settings": "must be an array of 1 to 2000"}
        )
    for entry in entries:
        identity = entry.get("identity") if isinstance(entry, dict) else None
        identity = identity if isinstance(identity, dict) else {}
        named = [
            key for key in ("sku", "variant_id", "product_id") if identity.get(key) is not None
        ]
        target = locate(store, named[0], identity[named[0]]) if len(named) == 1 else None
        if target is None or not are_settings(entry):
            raise problem(
                "Payload contains invalid fields", {"settings": "unknown item or bad value"}
            )
        record = record_for(records_of(*target), location_id)
        record.safety_stock = entry.get("safety_stock", record.safety_stock)
        record.warning_level = entry.get("warning_level", record.warning_level)
        if store.settings.backorders:
            record.backorder_limit = entry.get("backorder_limit", record.backorder_limit)
        record.bin_picking_number = entry.get("bin_picking_number", record.bin_picking_number)
        product, variant = target
        place = {
            "variant_id": (variant or product.variants[0]).id,
            "product_id": product.id,
            "location_id": location_id,
        }
        store.emit(
            f"store/channel/{store.settings.default_channel_id}/inventory/product/settings_changed",
            place,
        )
    return {"transaction_id": uuid_of(store.dice)}
