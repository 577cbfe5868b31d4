"""The catalogue over HTTP: products, variants and options (bigcommerce facts 3.2 to 3.9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brygga_sandbox.http import Response
from brygga_sandbox.numerals import whole

from . import catalog, listing, naming, options, variant_batch, variants
from .door import Call, Route, answer, nothing
from .product_rows import object_of
from .refusal import STATUS_CODES, Json, PlainRefusal, Refusal, duplicate, invalid
from .render import INCLUDES, TOP_LEVEL, View, option_json, product_json, value_json, variant_json
from .state import Option, Product, Variant, by_id
from .watch import watch_create, watch_product

SCOPE = "store_v2_products"
MAX_DELETE = 250
BY_ID = ("id", "id:in", "product_id", "product_id:in")


def view_of(call: Call, *, only: frozenset[str] | None = TOP_LEVEL) -> View:
    """The parts of a product that a request asks for, with current stock."""
    return call.view(**asked_of(call, only=only))


def asked_of(call: Call, *, only: frozenset[str] | None = TOP_LEVEL) -> Json:
    """The parts of a product that a request asks for."""
    include = listing.words(call.request.value("include") or "")
    unknown = [name for name in include if name not in INCLUDES]
    if unknown:
        raise invalid({"include": f"unknown: {', '.join(unknown)}"})
    fields = listing.words(call.request.value("include_fields") or "")
    without = listing.words(call.request.value("exclude_fields") or "")
    errors: Json = {}
    for parameter, given in (("include_fields", fields), ("exclude_fields", without)):
        if only is not None and (wrong := [name for name in given if name not in only]):
            errors[parameter] = f"unknown: {', '.join(wrong)}"
    if errors:
        raise invalid(errors)
    return {
        "include": tuple(dict.fromkeys(include)),
        "only": frozenset(fields) or None,
        "without": frozenset(without),
    }


def one(value: Any) -> Response:
    """The v3 envelope around one object."""
    return answer({"data": value, "meta": {}})


def many(
    call: Call, rows: list[Any], show: Callable[[Any], Any], *, maximum: int = 250
) -> Response:
    """The v3 envelope around a page of objects."""
    page = listing.page_of(call.store, call.request, maximum=maximum)
    part = page.of(rows)
    return answer({"data": [show(row) for row in part], "meta": page.meta(len(rows), len(part))})


def product(call: Call) -> Product:
    """The product that the path names."""
    return catalog.product_of(call.store, call.param("product_id"))


async def list_products(call: Call) -> Response:
    view = view_of(call)
    cap = 10 if {"options", "modifiers"} & set(view.include) else None
    page = listing.page_of(call.store, call.request, cap=cap)
    found = listing.matching(call.store, call.request)
    part = page.of(found)
    data = [product_json(call.store, each, view) for each in part]
    return answer({"data": data, "meta": page.meta(len(found), len(part))})


async def get_product(call: Call) -> Response:
    return one(product_json(call.store, product(call), view_of(call)))


async def create_product(call: Call) -> Response:
    body, asked = call.body(), asked_of(call)
    watch_create(call, body)
    partly = call.hit("partial") is not None
    made = await catalog.create(call.store, body, call.camera, call.client, partly=partly)
    # Evaluated when the body is built: the stock that a read shows is drawn at that time.
    view = call.view(**{**asked, "include": children_of(call, asked)})
    shown = product_json(call.store, made, view)
    if partly:
        return answer({"data": shown, "errors": lost_stock(), "meta": {}}, 207)
    return one(shown)


def children_of(call: Call, asked: Json) -> tuple[str, ...]:
    """The sub-resources in a new product's answer. There are none if the request names fields
    (3.3).
    """
    if asked["only"]:
        return ()
    few = ("custom_fields", "bulk_pricing_rules", "images")
    all_of_them = call.store.switches.create_returns_children
    return (*few, "variants", "options", "videos") if all_of_them else few


def lost_stock() -> Json:
    """The message of a 207 when only the stock was not saved."""
    title = "The product inventory could not be updated"
    return {
        "status": 422,
        "title": title,
        "type": STATUS_CODES,
        "errors": {"inventory_level": title},
    }


async def update_product(call: Call) -> Response:
    body = call.body()
    watch_product(call, product(call), body)
    change = await catalog.prepare(call.store, product(call), body, call.camera)
    view = view_of(call)
    errors = catalog.apply(call.store, change, partly=call.hit("partial") is not None)
    shown = product_json(call.store, change.product, view)
    if errors:
        return answer({"data": shown, "errors": errors, "meta": {}}, 207)
    return one(shown)


async def update_products(call: Call) -> Response:
    """At most ten. One bad element fails all of them, and the answer does not name it (bigcommerce
    facts 3.5).
    """
    rows = call.body()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refusal(
            422, "JSON data is missing or invalid", {"body": "must be an array of objects"}
        )
    if len(rows) > catalog.MAX_BATCH:
        limit = catalog.MAX_BATCH
        raise Refusal(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {limit}.",
        )
    for row in rows:
        if (known := by_id(call.store.products, row.get("id"))) is not None:
            watch_product(call, known, row)
    if call.hit("batch_refused"):
        raise Refusal(422, "The batch could not be processed", {})
    store, camera = call.store, call.camera
    found = [catalog.product_of(store, row.get("id")) for row in rows]
    changes = [
        await catalog.prepare(store, one, row, camera) for one, row in zip(found, rows, strict=True)
    ]
    apart(changes)
    errors = [failed for change in changes if (failed := catalog.apply(call.store, change))]
    view = view_of(call)
    data = [product_json(call.store, change.product, view) for change in changes]
    if errors:
        return answer({"data": data, "errors": errors[0], "meta": {}}, 207)
    return answer({"data": data, "meta": {}})


def apart(changes: list[catalog.Change]) -> None:
    """Refuse a batch that gives one name, SKU (in any case of letters) or address to two products,
    or names one product twice.
    """
    names = [change.want.values["name"] for change in changes if "name" in change.want.values]
    skus = [
        change.want.values["sku"].lower() for change in changes if change.want.values.get("sku")
    ]
    urls = [change.want.url[0] for change in changes if change.want.url]
    for field, given in (("name", names), ("sku", skus)):
        if len(set(given)) < len(given):
            raise duplicate(field)
    if len(set(urls)) < len(urls):
        raise naming.url_taken()
    if len({change.product.id for change in changes}) < len(changes):
        raise invalid({"id": "a product may be in the batch only once"})


async def delete_product(call: Call) -> Response:
    product_id = call.param("product_id")
    found = by_id(call.store.products, whole(product_id))
    if found is None and call.store.switches.delete_unknown_product == 404:
        raise Refusal(404, f"A product was not found with an id of {product_id}", instance="")
    if found is not None:
        catalog.delete(call.store, found)
    return nothing()


_DELETE_FILTERS = {"id:in", "name", "sku", "price", "weight", "condition", "brand_id",
"date_modified",
                   "date_last_imported", "is_visible", "is_featured", "inventory_level",
                   "total_sold",
                   "categories", "keyword", "type"}  # fmt: skip


async def delete_products(call: Call) -> Response:
    """A filter is required. An empty filter counts as none (bigcommerce facts 3.6)."""
    if not any(name in _DELETE_FILTERS and value.strip() for name, value in call.request.query):
        raise Refusal(
            422,
            "A filter is required to delete products",
            {"filter": "at least one filter is required"},
        )
    named = listing.ids_in(call.request, "id:in")
    if (
        named is not None
        and len(named) > MAX_DELETE
        and call.store.switches.delete_above_maximum == "refuse"
    ):
        raise Refusal(413, f"The limit exceeded the maximum of {MAX_DELETE}")
    for found in list(listing.matching(call.store, call.request))[:MAX_DELETE]:
        catalog.delete(call.store, found)
    return nothing()


# -- variants
# --------------------------------------------------------------------------------------------------


def shown_variant(call: Call, variant: Variant, view: View | None = None) -> Json:
    """A variant as this request reads it."""
    return variant_json(
        call.store, call.store.products[variant.product_id], variant, view or call.view()
    )


async def list_variants(call: Call) -> Response:
    view = view_of(call, only=None)
    return many(call, list(product(call).variants), lambda row: shown_variant(call, row, view))


async def get_variant(call: Call) -> Response:
    found = variants.variant_of(product(call), call.param("variant_id"))
    return one(shown_variant(call, found, view_of(call, only=None)))


async def create_variant(call: Call) -> Response:
    step = variants.new_step(call.store, product(call), object_of(call.body()))
    step = await variants.with_picture(call.camera, step)
    partly = call.hit("partial") is not None
    made = variants.carry_out(call.store, step, partly=partly)
    if partly:
        return answer({"data": shown_variant(call, made), "errors": lost_stock(), "meta": {}}, 207)
    return one(shown_variant(call, made))


async def update_variant(call: Call) -> Response:
    found = variants.variant_of(product(call), call.param("variant_id"))
    step = variants.change_step(call.store, product(call), found, object_of(call.body()))
    step = await variants.with_picture(call.camera, step)
    return one(shown_variant(call, variants.carry_out(call.store, step)))


async def delete_variant(call: Call) -> Response:
    variants.remove(
        call.store, product(call), variants.variant_of(product(call), call.param("variant_id"))
    )
    return nothing()


async def all_variants(call: Call) -> Response:
    """Store-wide look-up, by SKU among others (bigcommerce facts 3.7)."""
    request, store = call.request, call.store
    rows: list[Variant] = list(store.all_variants())
    if (ids := listing.ids_in(request, "id:in", "id")) is not None:
        rows = [store.variants[key] for key in sorted(set(ids)) if key in store.variants]
    if (products := listing.ids_in(request, "product_id:in", "product_id")) is not None:
        wanted = set(products)
        rows = [row for row in rows if row.product_id in wanted]
    skus = request.value("sku") or request.value("sku:in")
    if skus is not None:
        several = {
            part.lower()
            for part in (listing.words(skus) if request.value("sku") is None else [skus])
        }
        rows = [row for row in rows if sku_of(call, row).lower() in several]
    if (upc := request.value("upc")) is not None:
        rows = [row for row in rows if shown_variant(call, row)["upc"] == upc]
    view = view_of(call, only=None)
    shown = [*rows, *orphans(call)]
    return many(
        call, shown, lambda row: row if isinstance(row, dict) else shown_variant(call, row, view)
    )


def orphans(call: Call) -> list[Json]:
    """The variants of deleted products that stay in the store-wide list (bigcommerce facts 3.7,
    third party).
    """
    if not call.store.switches.orphan_variants or any(call.request.value(name) for name in BY_ID):
        return []
    skus, upc = call.request.value("sku") or call.request.value("sku:in"), call.request.value("upc")
    several = None if skus is None else {part.lower() for part in (*listing.words(skus), skus)}
    rows = [row for row in call.store.orphans if several is None or row["sku"].lower() in several]
    return [row for row in rows if upc is None or row["upc"] == upc]


def sku_of(call: Call, variant: Variant) -> str:
    """The SKU that a variant shows."""
    owner = call.store.products[variant.product_id]
    return str(owner.get("sku") if owner.simple else variant.get("sku"))


async def update_variants(call: Call) -> Response:
    rows = call.body()
    if call.hit("batch_refused"):
        title = "The variant could not be saved"
        raise PlainRefusal(
            422,
            {"batch_errors": [{"status": 422, "title": title, "type": STATUS_CODES, "errors": {}}]},
        )
    made = await variant_batch.batch(call.store, rows, call.camera)
    return answer({"data": [shown_variant(call, row) for row in made], "meta": {}})


# -- options
# --------------------------------------------------------------------------------------------------


def option(call: Call) -> Option:
    """The option that the path names."""
    return options.option_of(product(call), call.param("option_id"))


async def list_options(call: Call) -> Response:
    return many(call, product(call).options, option_json)


async def get_option(call: Call) -> Response:
    return one(option_json(option(call)))


async def create_option(call: Call) -> Response:
    return one(option_json(options.create(call.store, product(call), call.body())))


async def update_option(call: Call) -> Response:
    options.update(call.store, product(call), option(call), call.body())
    return one(option_json(option(call)))


async def delete_option(call: Call) -> Response:
    options.delete(call.store, product(call), option(call))
    return nothing()


async def list_values(call: Call) -> Response:
    return many(call, option(call).values, value_json)


async def create_value(call: Call) -> Response:
    return one(value_json(options.add_value(call.store, product(call), option(call), call.body())))


async def get_value(call: Call) -> Response:
    return one(value_json(options.value_of(option(call), call.param("value_id"))))


async def update_value(call: Call) -> Response:
    value = options.value_of(option(call), call.param("value_id"))
    options.change_value(call.store, product(call), option(call), value, call.body())
    return one(value_json(value))


async def delete_value(call: Call) -> Response:
    value = options.value_of(option(call), call.param("value_id"))
    options.remove_value(call.store, product(call), option(call), value)
    return nothing()


_P = "/v3/catalog/products"
_V = _P + "/{product_id}/variants"
_O = _P + "/{product_id}/options"
ROUTES: list[Route] = [
    ("GET", _P, SCOPE, list_products),
    ("POST", _P, SCOPE, create_product),
    ("PUT", _P, SCOPE, update_products),
    ("DELETE", _P, SCOPE, delete_products),
    ("GET", _P + "/{product_id}", SCOPE, get_product),
    ("PUT", _P + "/{product_id}", SCOPE, update_product),
    ("DELETE", _P + "/{product_id}", SCOPE, delete_product),
    ("GET", _V, SCOPE, list_variants),
    ("POST", _V, SCOPE, create_variant),
    ("GET", _V + "/{variant_id}", SCOPE, get_variant),
    ("PUT", _V + "/{variant_id}", SCOPE, update_variant),
    ("DELETE", _V + "/{variant_id}", SCOPE, delete_variant),
    ("GET", "/v3/catalog/variants", SCOPE, all_variants),
    ("PUT", "/v3/catalog/variants", SCOPE, update_variants),
    ("GET", _O, SCOPE, list_options),
    ("POST", _O, SCOPE, create_option),
    ("GET", _O + "/{option_id}", SCOPE, get_option),
    ("PUT", _O + "/{option_id}", SCOPE, update_option),
    ("DELETE", _O + "/{option_id}", SCOPE, delete_option),
    ("GET", _O + "/{option_id}/values", SCOPE, list_values),
    ("POST", _O + "/{option_id}/values", SCOPE, create_value),
    ("GET", _O + "/{option_id}/values/{value_id}", SCOPE, get_value),
    ("PUT", _O + "/{option_id}/values/{value_id}", SCOPE, update_value),
    ("DELETE", _O + "/{option_id}/values/{value_id}", SCOPE, delete_value),
]
