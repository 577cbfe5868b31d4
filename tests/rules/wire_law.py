"""What may stand in a request that changes a product in BigCommerce, read off the wire and not out
of our code (rules P3, P4, P7, C6, C8).

An allow-list: a field that is not Zettle's may stand in the request that gives create, or nowhere.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from brygga.core.marker import NAME
from brygga_sandbox.requests import Asked

ZETTLES = frozenset(
    {
        "name",
        "description",
        "price",
        "weight",
        "sku",
        "upc",
        "gtin",
        "page_title",
        "meta_description",
        "custom_url",
    }
)
STOCK = frozenset({"inventory_tracking"})
PRODUCT = ZETTLES | STOCK | {"id"}
VARIANT = frozenset({"id", "sku", "upc", "gtin", "price", "image_url"})
CREATE = (
    ZETTLES
    | STOCK
    | {"type", "categories", "is_visible", "inventory_level", "images", "videos", "variants"}
)
MARKER = frozenset({"availability"})
"""Our own hidden product is not for sale from its create (decision 16)."""
HIDING = frozenset({"id", "is_visible"})
"""Before a removal, and nothing beside it (D2)."""
NEW_VARIANT = VARIANT - {"id"} | {"product_id", "option_values", "inventory_level"}
_STORE = re.compile(r"^.*/stores/[^/]+/v3")
_NEVER = re.compile(r"/catalog/(products/category-assignments|categories)|/orders\b")


def unlawful(asked: Iterable[Asked], *, prices: bool = True) -> list[str]:
    """Every field that has no business where it stands, with its request. Without `prices` a price
    is the merchant's after create (C6).
    """
    own = frozenset() if prices else frozenset({"price"})
    return [
        f"{one.method} {_path(one)}: {field}"
        for one in asked
        for allowed, body in _bodies(one, own)
        for field in sorted(body.keys() - allowed)
    ]


def _path(asked: Asked) -> str:
    return _STORE.sub("", asked.path)


def _bodies(asked: Asked, own: frozenset[str]) -> Iterator[tuple[frozenset[str], dict[str, Any]]]:
    path, method = _path(asked), asked.method
    if method in {"GET", "DELETE"}:
        return
    if _NEVER.search(path):
        yield frozenset(), {f"{path} is never written": None}
    if not asked.body or not asked.body.lstrip().startswith((b"{", b"[")):
        return
    body = json.loads(asked.body)
    rows = body if isinstance(body, list) else [body]
    if path == "/catalog/products" and method == "POST":
        for row in rows:
            yield CREATE | (MARKER if row.get("name") == NAME else frozenset()), row
            for variant in row.get("variants", ()):
                yield NEW_VARIANT, variant
    elif re.fullmatch(r"/catalog/products(/\d+)?", path):
        for row in rows:
            yield HIDING if row.keys() == HIDING else PRODUCT - own, row
    elif path == "/catalog/variants" or re.fullmatch(
        r"/catalog/products/\d+/variants(/\d+)?", path
    ):
        for row in rows:
            is_new = "option_values" in row
            yield NEW_VARIANT if is_new else VARIANT - own, row
