"""Everything besides the catalogue and orders over HTTP: stock, webhooks, settings (bigcommerce
facts 5 to 7).
"""

from __future__ import annotations

from typing import Any

from brygga_sandbox.http import Response
from brygga_sandbox.numerals import whole

from . import inventory, items, listing
from .door import Call, Route, answer, nothing
from .refusal import Json, ProblemRefusal, Refusal
from .routes_catalog import SCOPE as CATALOG
from .routes_catalog import many, one
from .state import stamp
from .storefile import (
    currencies,
    inventory_settings,
    store_information,
    tax_classes,
    tax_settings,
    units,
)

STOCK, PLACES, FACTS, CHANNELS = (
    "store_inventory", "store_locations", "store_v2_information", "store_channel_settings",
)  # fmt: skip

# -- stock
# --------------------------------------------------------------------------------------------------


async def adjust_absolute(call: Call) -> Response:
    return adjusted(call, relative=False)


async def adjust_relative(call: Call) -> Response:
    return adjusted(call, relative=True)


def adjusted(call: Call, *, relative: bool) -> Response:
    """All items of the batch, or none. The answer has no envelope (bigcommerce facts 5.2)."""
    if call.hit("batch_refused"):
        raise ProblemRefusal(422, "The adjustment could not be processed", {})
    return answer(
        inventory.adjust(call.store, call.body(), relative=relative, is_cut=call.request.is_cut)
    )


def item_pairs(call: Call) -> list[tuple[Any, Any]]:
    """The (product, variant) pairs that an inventory list selects."""
    request, store = call.request, call.store
    variants = listing.ids_in(request, "variant_id:in")
    products = listing.ids_in(request, "product_id:in")
    skus = request.value("sku:in")
    if variants is not None:
        rows = [store.variants[key] for key in sorted(set(variants)) if key in store.variants]
    elif products is not None:
        rows = [
            row
            for key in sorted(set(products))
            if key in store.products
            for row in store.products[key].variants
        ]
    else:
        rows = list(store.all_variants())
    found = [(store.products[row.product_id], row) for row in rows]
    found = [pair for pair in found if items.is_listed(store, pair[0])]
    if products is not None:
        found = [pair for pair in found if pair[0].id in products]
    if skus is not None:
        several = {part.lower() for part in listing.words(skus)}
        found = [pair for pair in found if str(items.identity_of(*pair)["sku"]).lower() in several]
    return found


async def list_items(call: Call) -> Response:
    store = call.store
    places = list(store.locations)
    wanted = listing.ids_in(call.request, "location_id:in")
    codes = call.request.value("location_code:in")
    if wanted is not None:
        places = [key for key in places if key in wanted]
    if codes is not None:
        places = [key for key in places if store.locations[key]["code"] in listing.words(codes)]
    moment = call.moment()

    def nested(pair: tuple[Any, Any]) -> Json:
        return items.item_row(store, pair[0], pair[1], places, store.item_moment(moment))

    return many(call, item_pairs(call), nested, maximum=1000)


def location(call: Call) -> int:
    """The location that the path names, or 404 as a problem."""
    number = whole(call.param("location_id"))
    if number is None or number not in call.store.locations:
        raise ProblemRefusal(404, f"Location with id {call.param('location_id')} was not found", {})
    return number


_FLAT = (
    "available_to_sell",
    "total_inventory_onhand",
    "backorder_limit",
    "qty_backordered",
    "settings",
)


async def list_location_items(call: Call) -> Response:
    place, moment = location(call), call.moment()

    def flat(pair: tuple[Any, Any]) -> Json:
        row = items.item_row(call.store, pair[0], pair[1], [place], call.store.item_moment(moment))
        at = row["locations"][0]
        kept = {name: at[name] for name in _FLAT if name in at}
        # The rows of one location do not name the v2 id (bigcommerce facts 5.3).
        identity = {name: value for name, value in row["identity"].items() if name != "sku_id"}
        return {"identity": identity, **kept}

    return many(call, item_pairs(call), flat, maximum=1000)


async def set_location_items(call: Call) -> Response:
    return answer(items.set_settings(call.store, location(call), call.body()))


async def list_locations(call: Call) -> Response:
    request = call.request
    rows = list(call.store.locations.values())
    if (only := request.value("is_default")) is not None:
        rows = [row for row in rows if (row["id"] == 1) is listing.truth(only, "is_default")]
    if (ids := listing.ids_in(request, "location_id:in")) is not None:
        rows = [row for row in rows if row["id"] in ids]
    if (codes := request.value("location_code:in")) is not None:
        rows = [row for row in rows if row["code"] in listing.words(codes)]
    if (active := request.value("is_active")) is not None:
        rows = [row for row in rows if row["enabled"] is listing.truth(active, "is_active")]
    made = stamp(0)
    return many(
        call, rows, lambda row: {**row, "created_at": made, "updated_at": made}, maximum=1000
    )


# -- webhooks
# --------------------------------------------------------------------------------------------------


async def list_hooks(call: Call) -> Response:
    rows = call.hooks.of(call.client)
    for name in ("scope", "destination"):
        if (wanted := call.request.value(name)) is not None:
            rows = [row for row in rows if getattr(row, name) == wanted]
    if (active := call.request.value("is_active")) is not None:
        wanted_active = listing.truth(active, "is_active")
        rows = [row for row in rows if row.is_active is wanted_active]
    return many(call, rows, call.hooks.json)


async def create_hook(call: Call) -> Response:
    return one(call.hooks.json(call.hooks.create(call.client, call.body())))


async def get_hook(call: Call) -> Response:
    return one(call.hooks.json(call.hooks.one(call.client, call.param("hook_id"))))


async def update_hook(call: Call) -> Response:
    found = call.hooks.one(call.client, call.param("hook_id"))
    call.hooks.update(found, call.body())
    return one(call.hooks.json(found))


async def delete_hook(call: Call) -> Response:
    """200 with the deleted hook, not 204 (bigcommerce facts 6.1)."""
    found = call.hooks.one(call.client, call.param("hook_id"))
    call.hooks.delete(found)
    return one(call.hooks.json(found))


async def hooks_admin(call: Call) -> Response:
    return one(call.hooks.admin(call.client))


async def set_hooks_admin(call: Call) -> Response:
    body = call.body()
    emails = body.get("emails") if isinstance(body, dict) else None
    if not isinstance(emails, list) or not all(isinstance(one, str) for one in emails):
        raise Refusal(422, "JSON data is missing or invalid", {"emails": "error.path.missing."})
    call.hooks.emails[call.client] = list(emails)
    return nothing()


# -- the store itself
# -------------------------------------------------------------------------------------------


async def get_store(call: Call) -> Response:
    return answer(store_information(call.store, call.base))


async def get_time(call: Call) -> Response:
    return answer({"time": int(call.store.wall())})


async def get_currencies(call: Call) -> Response:
    return bare(currencies(call.store))


async def get_tax_classes(call: Call) -> Response:
    return bare(tax_classes(call.store))


def bare(rows: list[Any]) -> Response:
    """A v2 list: no envelope, and 204 when empty (bigcommerce facts 0)."""
    return answer(rows) if rows else nothing()


async def get_tax_settings(call: Call) -> Response:
    return one(tax_settings(call.store))


async def get_inventory_settings(call: Call) -> Response:
    return one(inventory_settings(call.store))


async def get_units(call: Call) -> Response:
    return one(units(call.store))


async def list_channels(call: Call) -> Response:
    return many(call, list(call.store.channels.values()), lambda row: row)


async def summary(call: Call) -> Response:
    """Counts of the whole catalogue. Clients use it as a cheap health check (bigcommerce facts
    3.15).
    """
    store = call.store
    prices = [product.get("price") for product in store.products.values()]
    first = next(iter(store.categories.values()), None)
    levels = [inventory.product_level(product) for product in store.products.values()]
    return one(
        {
            "inventory_count": sum(levels),
            "variant_count": len(store.variants),
            "inventory_value": sum(
                level * price for level, price in zip(levels, prices, strict=True)
            ),
            "highest_variant_price": max(prices, default=0),
            "average_variant_price": sum(prices) / len(prices) if prices else 0,
            "lowest_variant_price": str(
                min(prices, default=0)
            ),  # a text, as its schema and example have it
            "oldest_variant_date": stamp(
                min((each.created for each in store.products.values()), default=0)
            ),
            "newest_variant_date": stamp(
                max((each.created for each in store.products.values()), default=0)
            ),
            "primary_category_id": first.id if first else 0,
            "primary_category_name": first.name if first else "",
        }
    )


ROUTES: list[Route] = [
    ("GET", "/v3/catalog/summary", CATALOG, summary),
    ("PUT", "/v3/inventory/adjustments/absolute", STOCK, adjust_absolute),
    ("POST", "/v3/inventory/adjustments/relative", STOCK, adjust_relative),
    ("GET", "/v3/inventory/items", STOCK, list_items),
    ("GET", "/v3/inventory/locations", PLACES, list_locations),
    ("GET", "/v3/inventory/locations/{location_id}/items", STOCK, list_location_items),
    ("PUT", "/v3/inventory/locations/{location_id}/items", STOCK, set_location_items),
    ("GET", "/v3/hooks", None, list_hooks),
    ("POST", "/v3/hooks", None, create_hook),
    ("GET", "/v3/hooks/admin", None, hooks_admin),
    ("PUT", "/v3/hooks/admin", None, set_hooks_admin),
    ("GET", "/v3/hooks/{hook_id}", None, get_hook),
    ("PUT", "/v3/hooks/{hook_id}", None, update_hook),
    ("DELETE", "/v3/hooks/{hook_id}", None, delete_hook),
    ("GET", "/v3/channels", CHANNELS, list_channels),
    ("GET", "/v3/settings/inventory", FACTS, get_inventory_settings),
    ("GET", "/v3/settings/store/units-of-measurement", FACTS, get_units),
    ("GET", "/v3/tax/settings", FACTS, get_tax_settings),
    ("GET", "/v2/store", FACTS, get_store),
    ("GET", "/v2/time", FACTS, get_time),
    ("GET", "/v2/currencies", FACTS, get_currencies),
    ("GET", "/v2/tax_classes", FACTS, get_tax_classes),
]
