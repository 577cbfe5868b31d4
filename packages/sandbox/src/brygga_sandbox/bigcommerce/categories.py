"""Categories in trees, and the same data through the old categories API (bigcommerce facts 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brygga_sandbox.numerals import whole

from .fields import Field, Shape, accepted_fields, choice, flag, integer, text, texts
from .naming import slug
from .refusal import STATUS_CODES, Json, PlainRefusal, Refusal, invalid, missing, not_found
from .shapes import CHANGED_OLD_CATEGORY, CHANGED_TREE_CATEGORY, TREE_CATEGORY
from .state import Category, Store, by_id, uuid_of

MAX_CATEGORIES = 16_000
SIBLINGS = "Category name must be unique among siblings"
URL_TAKEN = "The category url is a duplicate"
CATEGORY: Mapping[str, Field] = {
    "description": text(0, 65_535),
    "views": integer(-(10**18), 10**18),
    "sort_order": integer(-2_147_483_648),
    "page_title": text(),
    "meta_keywords": texts(default=("",)),
    "meta_description": text(0, 65_535),
    "layout_file": text(0, 500, default="category.html"),
    "image_url": text(0, 2000),
    "is_visible": flag(True),
    "search_keywords": text(),
    "default_product_sort": choice(
        "use_store_settings", "featured", "newest", "best_selling", "alpha_asc", "alpha_desc",
        "avg_customer_review",
        "price_asc", "price_desc",
    ),
}  # fmt: skip


def tree_json(category: Category) -> Json:
    """A category as the trees API shows it."""
    return {
        "category_id": category.id,
        "category_uuid": category.uuid,
        "parent_id": category.parent_id,
        "tree_id": category.tree_id,
        "name": category.name,
        **{name: category.fields.get(name, field.default) for name, field in CATEGORY.items()},
        "url": {"path": category.url, "is_customized": category.url_customized},
    }


def old_json(category: Category) -> Json:
    """The same category as the old API shows it: `id` and `custom_url`."""
    shown = tree_json(category)
    for name in ("category_id", "category_uuid", "tree_id", "url"):
        del shown[name]
    return {
        "id": category.id,
        **shown,
        "custom_url": {"url": category.url, "is_customized": category.url_customized},
    }


@dataclass(frozen=True, slots=True)
class Sprout:
    """A new category, checked."""

    tree_id: int
    parent_id: int
    name: str
    fields: Json
    url: str
    url_customized: bool = False


def check_fields(store: Store, body: Any, shape: Mapping[str, Shape]) -> Json:
    """The plain fields of a category. Names and ids are checked."""
    if not isinstance(body, dict):
        raise Refusal(422, "JSON data is missing or invalid", {"body": "must be an object"})
    fields, errors = accepted_fields(
        CATEGORY, body, shape, store.switches.unknown_fields == "refuse"
    )
    name = body.get("name", "x")
    if not isinstance(name, str) or not 1 <= len(name) <= 50:
        errors["name"] = "name must be a string of 1 to 50 characters"
    for key in ("parent_id", "tree_id"):
        if key in body and whole_number(body[key]) is None:
            errors[key] = f"{key} must be an integer"
    most = 500 if shape is CHANGED_OLD_CATEGORY else 50
    if len(fields.get("layout_file", "")) > most:
        errors["layout_file"] = f"layout_file must be at most {most} characters"
    if errors:
        raise invalid(errors)
    return fields


def whole_number(value: Any) -> int | None:
    """A JSON integer; None for any other value."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def sprout(
    store: Store,
    body: Any,
    *,
    tree_id: int | None = None,
    shape: Mapping[str, Shape] = TREE_CATEGORY,
) -> Sprout:
    """Check a new category. A top-level category needs a tree, a child needs a parent."""
    fields = check_fields(store, body, shape)
    if not body.get("name"):
        raise missing({"name": "Please provide a name."})
    parent_id = body.get("parent_id") or 0
    parent = by_id(store.categories, parent_id)
    if parent_id and parent is None:
        raise invalid({"parent_id": "the parent category does not exist"})
    tree = parent.tree_id if parent else body.get("tree_id", tree_id)
    if by_id(store.trees, tree) is None:
        raise missing({"tree_id": "Please provide a tree_id or parent_id."})
    if depth(store, parent_id) >= 8:
        raise invalid({"parent_id": "categories may be nested 8 deep"})
    if taken(store, tree, parent_id, body["name"]) is not None:
        raise Refusal(store.switches.duplicate_category_status, SIBLINGS, {"name": SIBLINGS})
    if len(store.categories) >= MAX_CATEGORIES:
        raise Refusal(403, f"A store may have at most {MAX_CATEGORIES} categories", {})
    given = path_of(store, tree, body)
    url = given or own_path(store, tree, parent, body["name"])
    return Sprout(tree, parent_id, body["name"], fields, url, given is not None)


def path_of(store: Store, tree: int, body: Json, but: int = 0) -> str | None:
    """The address that a body asks for, from `url` (trees API) or `custom_url` (old API). An
    address that is taken in its tree is refused.
    """
    name, field = ("url", "path") if "url" in body else ("custom_url", "url")
    given = body.get(name, {})
    path = given.get(field) if isinstance(given, dict) else 0
    if isinstance(given, dict) and not isinstance(given.get("is_customized", True), bool):
        raise invalid({name: "is_customized must be a boolean"})
    if path is None or path == "":
        return None
    if not isinstance(path, str) or not path.startswith("/") or len(path) > 255:
        raise invalid({name: f"{field} must start with / and have at most 255 characters"})
    if any(
        (one.tree_id, one.url) == (tree, path) and one.id != but
        for one in store.categories.values()
    ):
        raise Refusal(409, URL_TAKEN, {name: URL_TAKEN})
    return path


def own_path(store: Store, tree: int, parent: Category | None, name: str) -> str:
    """The address derived from the name, below its parent's. It gets a suffix if the plain address
    is taken.
    """
    wanted = (parent.url.rstrip("/") if parent else "") + slug(name)
    held = {one.url for one in store.categories.values() if one.tree_id == tree}
    number, path = 1, wanted
    while path in held:
        path, number = f"{wanted[:-1]}-{number}/", number + 1
    return path


def depth(store: Store, category_id: int) -> int:
    """The depth of a child of this category."""
    level = 0
    while category_id:
        level += 1
        category_id = store.categories[category_id].parent_id
    return level


def taken(store: Store, tree_id: int, parent_id: int, name: str, but: int = 0) -> Category | None:
    """The sibling with this name."""
    return next(
        (
            one
            for one in store.categories.values()
            if (one.tree_id, one.parent_id, one.name) == (tree_id, parent_id, name)
            and one.id != but
        ),
        None,
    )


def plant(store: Store, seed: Sprout) -> Category:
    """Create a category."""
    category = Category(
        store.ids.next("category"), uuid_of(store.dice), seed.tree_id, seed.parent_id, seed.name,
        seed.url, seed.fields,
        seed.url_customized,
    )  # fmt: skip
    store.categories[category.id] = category
    store.touched()
    store.emit("store/category/created", {"type": "category", "id": category.id})
    return category


def meta(total: int, success: int) -> Json:
    """The meta of the trees API."""
    return {"total": total, "success": success, "failed": total - success}


def wrapped(refusal: Refusal, total: int) -> PlainRefusal:
    """A refusal of the trees API (bigcommerce facts 9)."""
    errors = {
        "status": 422,
        "title": refusal.title,
        "type": STATUS_CODES,
        "errors": refusal.errors or {},
    }
    return PlainRefusal(422, {"errors": errors, "meta": meta(total, 0)})


def rows_of(body: Any) -> list[Any]:
    """The array that the trees API requires."""
    if not isinstance(body, list) or not body:
        raise wrapped(
            Refusal(422, "JSON data is missing or invalid", {"body": "must be a non-empty array"}),
            0,
        )
    return body


def create_many(store: Store, body: Any) -> tuple[int, Json]:
    """POST /catalog/trees/categories: 201, or 207 if only some were created. If none was, 422 or
    409, wrapped.
    """
    return each(store, rows_of(body), 201, lambda row: tree_json(plant(store, sprout(store, row))))


def update_many(store: Store, body: Any) -> tuple[int, Json]:
    """PUT /catalog/trees/categories by category_id. The answer only counts the categories and does
    not contain them (trees file).
    """

    def work(row: Any) -> Json:
        category = category_of(store, row.get("category_id") if isinstance(row, dict) else None)
        change(store, category, row, CHANGED_TREE_CATEGORY)
        return tree_json(category)

    status, answer = each(store, rows_of(body), 200, work)
    del answer["data"]
    return status, answer


def each(store: Store, rows: list[Any], good: int, work: Any) -> tuple[int, Json]:
    """Process each row, and count the successes."""
    done, refused = [], []
    for row in rows:
        try:
            done.append(work(row))
        except Refusal as refusal:
            refused.append(refusal)
    if not refused:
        return good, {"data": done, "meta": meta(len(rows), len(rows))}
    if not done and all(refusal.status != 207 for refusal in refused):
        raise wrapped(refused[0], len(rows))
    first = refused[0]
    errors = {
        "status": 422,
        "title": first.title,
        "type": STATUS_CODES,
        "errors": first.errors or {},
    }
    return 207, {"data": done, "errors": errors, "meta": meta(len(rows), len(done))}


def category_of(store: Store, category_id: object) -> Category:
    """The category with that id, or 404."""
    category = by_id(store.categories, whole(category_id))
    if category is None:
        raise not_found("category", category_id)
    return category


def change(
    store: Store, category: Category, body: Any, shape: Mapping[str, Shape] = TREE_CATEGORY
) -> None:
    """Rename, hide, move or describe a category."""
    fields = check_fields(store, body, shape)
    name = body.get("name", category.name)
    parent_id = body.get("parent_id", category.parent_id) or 0
    if parent_id and (by_id(store.categories, parent_id) is None or parent_id == category.id):
        raise invalid({"parent_id": "the parent category does not exist"})
    if taken(store, category.tree_id, parent_id, name, but=category.id):
        raise Refusal(422, SIBLINGS, {"name": SIBLINGS})
    path = path_of(store, category.tree_id, body, but=category.id)
    before = (category.name, category.parent_id, category.url, dict(category.fields))
    category.name, category.parent_id = name, parent_id
    if path is not None:
        category.url, category.url_customized = path, True
    category.fields.update(fields)
    if before != (category.name, category.parent_id, category.url, category.fields):
        store.touched()
        store.emit("store/category/updated", {"type": "category", "id": category.id})


def remove(store: Store, category: Category) -> None:
    """Delete a category with its children. Its products stay, without the category (bigcommerce
    facts 4).
    """
    for child in [one for one in store.categories.values() if one.parent_id == category.id]:
        remove(store, child)
    del store.categories[category.id]
    for product in store.products.values():
        kept = product.get("categories")
        if category.id in kept:
            product.put("categories", tuple(key for key in kept if key != category.id))
    store.touched()
    store.emit("store/category/deleted", {"type": "category", "id": category.id})


def nested(
    store: Store, tree_id: int, parent_id: int = 0, path: tuple[int, ...] = ()
) -> list[Json]:
    """A tree as GET /catalog/trees/{id}/categories shows it."""
    return [
        {
            "id": one.id,
            "parent_id": one.parent_id,
            "depth": len(path),
            "path": [*path, one.id],
            "name": one.name,
            "is_visible": one.fields.get("is_visible", True),
            "url": one.url,
            "children": nested(store, tree_id, one.id, (*path, one.id)),
        }
        for one in store.categories.values()
        if one.tree_id == tree_id and one.parent_id == parent_id
    ]
