"""Categories, and the links of products to categories and channels, over HTTP (bigcommerce facts
3.13, 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brygga_sandbox.http import Response
from brygga_sandbox.numerals import whole

from . import categories, listing
from .door import Call, Route, answer, nothing
from .refusal import Json, Refusal
from .routes_catalog import SCOPE as CATALOG
from .routes_catalog import many, one
from .shapes import CHANGED_OLD_CATEGORY, OLD_CATEGORY
from .state import Category, by_id
from .watch import watch_category_link, watch_channel_link

# -- categories
# -------------------------------------------------------------------------------------------------


async def list_trees(call: Call) -> Response:
    wanted = listing.ids_in(call.request, "channel_id:in")
    rows = [
        {"id": key, "name": name, "channels": channels}
        for key, (name, channels) in call.store.trees.items()
        if wanted is None or set(wanted) & set(channels)
    ]
    return many(call, rows, lambda row: row)


def found_categories(call: Call) -> list[Category]:
    """The categories that a request selects."""
    request, rows = call.request, list(call.store.categories.values())
    for name, field in (
        ("category_id:in", "id"),
        ("tree_id:in", "tree_id"),
        ("parent_id:in", "parent_id"),
    ):
        several = (
            listing.ids_in(request, name, field)
            if field == "parent_id"
            else listing.ids_in(request, name)
        )
        if several is not None:
            rows = [row for row in rows if getattr(row, field) in several]
    if (uuids := request.value("category_uuid:in")) is not None:
        rows = [row for row in rows if row.uuid in listing.words(uuids)]
    if (exact := request.value("name")) is not None:
        rows = [row for row in rows if row.name == exact]
    like = request.value("name:like") or request.value("keyword")
    if like is not None:
        rows = [row for row in rows if like.strip("%").lower() in row.name.lower()]
    if (visible := request.value("is_visible")) is not None:
        shown = listing.truth(visible, "is_visible")
        rows = [row for row in rows if row.fields.get("is_visible", True) is shown]
    return rows


async def list_categories(call: Call) -> Response:
    return many(call, found_categories(call), categories.tree_json)


async def create_categories(call: Call) -> Response:
    status, body = categories.create_many(call.store, call.body())
    return answer(body, status)


async def update_categories(call: Call) -> Response:
    status, body = categories.update_many(call.store, call.body())
    return answer(body, status)


async def delete_categories(call: Call) -> Response:
    filters = {
        "category_id:in",
        "category_uuid:in",
        "tree_id:in",
        "parent_id:in",
        "name",
        "keyword",
    }
    if not any(name in filters and value.strip() for name, value in call.request.query):
        refusal = Refusal(
            422, "A filter is required to delete categories", {"filter": "at least one filter"}
        )
        raise categories.wrapped(refusal, 0)
    rows = found_categories(call)
    if call.store.switches.category_with_products == "refused" and any(
        not {row.id for row in rows}.isdisjoint(product.get("categories"))
        for product in call.store.products.values()
    ):
        title = "The category holds products and cannot be deleted"
        raise categories.wrapped(Refusal(422, title, {"category_id": title}), len(rows))
    for row in rows:
        if row.id in call.store.categories:
            categories.remove(call.store, row)
    return answer({"meta": categories.meta(len(rows), len(rows))}, 202)


async def nested_tree(call: Call) -> Response:
    tree = whole(call.param("tree_id"))
    if tree is None or tree not in call.store.trees:
        raise Refusal(
            404, f"The requested tree with an id of {call.param('tree_id')} was not found"
        )
    return one(categories.nested(call.store, tree))


async def old_categories(call: Call) -> Response:
    tree = default_tree(call)
    rows = [row for row in found_categories(call) if row.tree_id == tree]
    return many(call, rows, categories.old_json)


def default_tree(call: Call) -> int:
    """The tree of the default storefront. The old API sees no other tree."""
    channel = call.store.settings.default_channel_id
    return next(key for key, (_, channels) in call.store.trees.items() if channel in channels)


async def create_old_category(call: Call) -> Response:
    body = call.body()
    try:
        seed = categories.sprout(call.store, body, tree_id=default_tree(call), shape=OLD_CATEGORY)
    except Refusal as refusal:
        if refusal.title == categories.SIBLINGS:
            raise Refusal(409, refusal.title, refusal.errors) from refusal
        raise
    return one(categories.old_json(categories.plant(call.store, seed)))


async def get_old_category(call: Call) -> Response:
    return one(categories.old_json(categories.category_of(call.store, call.param("category_id"))))


async def update_old_category(call: Call) -> Response:
    found = categories.category_of(call.store, call.param("category_id"))
    categories.change(call.store, found, call.body(), CHANGED_OLD_CATEGORY)
    return one(categories.old_json(found))


async def delete_old_category(call: Call) -> Response:
    found = categories.category_of(call.store, call.param("category_id"))
    if any(found.id in product.get("categories") for product in call.store.products.values()):
        raise Refusal(422, "The category holds products and cannot be deleted", {})
    categories.remove(call.store, found)
    return nothing()


# -- links to channels and categories
# ---------------------------------------------------------------------------


def pairs(call: Call, other: str) -> list[tuple[int, int]]:
    """The (product, channel or category) pairs of a body. The refusal names unknown ids."""
    rows = call.body()
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(
            422, "JSON data is missing or invalid", {"body": "must be an array of objects"}
        )
    known: Mapping[int, Any] = (
        call.store.channels if other == "channel_id" else call.store.categories
    )
    most = call.store.switches.most_assignments
    if len(rows) > most:
        raise Refusal(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {most}.",
        )
    errors: Json = {}
    for place, row in enumerate(rows):
        if by_id(call.store.products, row.get("product_id")) is None:
            errors[f"{place}.product_id"] = f"product {row.get('product_id')} does not exist"
        if by_id(known, row.get(other)) is None:
            errors[f"{place}.{other}"] = f"{other} {row.get(other)} does not exist"
    if errors:
        raise Refusal(422, "Some assignments are invalid", errors)
    return [(row["product_id"], row[other]) for row in rows]


def filter_pairs(call: Call, other: str) -> tuple[list[int] | None, list[int] | None]:
    """The filters of a list or delete of links."""
    return listing.ids_in(call.request, "product_id:in"), listing.ids_in(
        call.request, f"{other}:in"
    )


def links(call: Call, other: str) -> list[Json]:
    """The links that a request selects."""
    products, others = filter_pairs(call, other)
    rows = []
    for product in call.store.products.values():
        if products is None or product.id in products:
            held = product.channels if other == "channel_id" else product.get("categories")
            rows += [
                {"product_id": product.id, other: key}
                for key in held
                if others is None or key in others
            ]
    return rows


async def list_channel_links(call: Call) -> Response:
    return many(call, links(call, "channel_id"), lambda row: row)


async def list_category_links(call: Call) -> Response:
    return many(call, links(call, "category_id"), lambda row: row)


async def assign_channels(call: Call) -> Response:
    wanted = pairs(call, "channel_id")
    for product_id, channel_id in wanted:
        watch_channel_link(call, product_id, channel_id, [product_id, channel_id])
        held = call.store.products[product_id].channels
        if channel_id not in held:
            held.append(channel_id)
            call.store.touched()
            call.store.emit(
                f"store/channel/{channel_id}/product/assigned", {"product_id": product_id}
            )
    return nothing()


async def assign_categories(call: Call) -> Response:
    for product_id, category_id in pairs(call, "category_id"):
        watch_category_link(call, product_id, [product_id, category_id])
        recategorise(call, product_id, add=category_id)
    return nothing()


def recategorise(
    call: Call, product_id: int, *, add: int | None = None, drop: int | None = None
) -> None:
    """Add or remove one category of a product."""
    product = call.store.products[product_id]
    before = product.get("categories")
    after = tuple(key for key in before if key != drop)
    if add is not None and add not in after:
        after = (*after, add)
    if after != before:
        product.put("categories", after)
        call.store.touched(product)
        call.store.emit("store/product/updated", {"type": "product", "id": product.id})


def links_to_delete(call: Call, other: str) -> list[Json]:
    """The links that a DELETE selects. A filter is required."""
    if filter_pairs(call, other) == (None, None) or not any(
        value.strip() for _, value in call.request.query
    ):
        raise Refusal(
            422,
            "A filter is required to delete assignments",
            {"filter": "at least one filter is required"},
        )
    return links(call, other)


async def unassign_channels(call: Call) -> Response:
    for row in links_to_delete(call, "channel_id"):
        watch_channel_link(call, row["product_id"], row["channel_id"], dict(call.request.query))
        call.store.products[row["product_id"]].channels.remove(row["channel_id"])
        call.store.touched()
        scope = f"store/channel/{row['channel_id']}/product/unassigned"
        call.store.emit(scope, {"product_id": row["product_id"]})
    return nothing()


async def unassign_categories(call: Call) -> Response:
    for row in links_to_delete(call, "category_id"):
        watch_category_link(call, row["product_id"], dict(call.request.query))
        recategorise(call, row["product_id"], drop=row["category_id"])
    return nothing()


_T, _C, _P = "/v3/catalog/trees", "/v3/catalog/categories", "/v3/catalog/products"
ROUTES: list[Route] = [
    ("GET", _T, CATALOG, list_trees),
    ("GET", _T + "/categories", CATALOG, list_categories),
    ("POST", _T + "/categories", CATALOG, create_categories),
    ("PUT", _T + "/categories", CATALOG, update_categories),
    ("DELETE", _T + "/categories", CATALOG, delete_categories),
    ("GET", _T + "/{tree_id}/categories", CATALOG, nested_tree),
    ("GET", _C, CATALOG, old_categories),
    ("POST", _C, CATALOG, create_old_category),
    ("GET", _C + "/{category_id}", CATALOG, get_old_category),
    ("PUT", _C + "/{category_id}", CATALOG, update_old_category),
    ("DELETE", _C + "/{category_id}", CATALOG, delete_old_category),
    ("GET", _P + "/channel-assignments", CATALOG, list_channel_links),
    ("PUT", _P + "/channel-assignments", CATALOG, assign_channels),
    ("DELETE", _P + "/channel-assignments", CATALOG, unassign_channels),
    ("GET", _P + "/category-assignments", CATALOG, list_category_links),
    ("PUT", _P + "/category-assignments", CATALOG, assign_categories),
    ("DELETE", _P + "/category-assignments", CATALOG, unassign_categories),
]
