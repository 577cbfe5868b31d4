"""Names, SKUs and addresses are unique in a store (bigcommerce facts 3.3, 3.4)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from .refusal import Refusal, duplicate, invalid
from .state import Product, Store, Variant

Owner = tuple[int, int | None]


def free_name(store: Store, name: str, product: Product | None = None) -> None:
    """Refuse a name that another product has. The comparison is exact and case-sensitive."""
    taken = store.names.get(name)
    if taken is not None and (product is None or taken != product.id):
        raise duplicate("name")


def sku_owner(store: Store, sku: str) -> Owner | None:
    """The owner of this SKU, in any case of letters: (product, variant), or (product, None) for the
    product itself.
    """
    return store.skus.get(sku.lower()) if sku else None


def free_product_sku(store: Store, sku: str, product: Product | None = None) -> None:
    """Refuse a product SKU that another product or any variant has, in any case of letters."""
    taken = sku_owner(store, sku)
    if taken is not None and (product is None or taken != (product.id, None)):
        raise duplicate("sku")


def free_variant_sku(store: Store, sku: str, variant: Variant | None = None) -> None:
    """Refuse a variant SKU that is taken. The message is the one that integrators report."""
    taken = sku_owner(store, sku)
    if taken is not None and (variant is None or taken != (variant.product_id, variant.id)):
        title = f"Sku `{sku}` is not unique"
        raise Refusal(409, title, {"sku": title})


def rename_sku(store: Store, old: str, new: str, owner: Owner) -> None:
    """Release one SKU and take another."""
    if old and store.skus.get(old.lower()) == owner:
        del store.skus[old.lower()]
    if new:
        store.skus[new.lower()] = owner


def slug(name: str) -> str:
    """The address derived from a name, with slashes around it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "product"
    return f"/{words[:240]}/"


def own_url(store: Store, name: str) -> str:
    """A free address derived from the name. It gets a suffix if the plain address is taken."""
    wanted = slug(name)
    if wanted not in store.urls:
        return wanted
    number = 1
    while f"{wanted[:-1]}-{number}/" in store.urls:
        number += 1
    return f"{wanted[:-1]}-{number}/"


def url_of(body: Any) -> tuple[str, bool] | None:
    """The address in a `custom_url`, if one is given."""
    if not isinstance(body, dict):
        raise invalid({"custom_url": "custom_url must be an object"})
    flags = {name: body.get(name, True) for name in ("is_customized", "create_redirect")}
    wrong = [name for name, value in flags.items() if not isinstance(value, bool)]
    if wrong:
        raise invalid({"custom_url": f"{wrong[0]} must be a boolean"})
    url = body.get("url")
    if url is None or url == "":
        return None
    if not isinstance(url, str) or len(url) > 255 or not url.startswith("/"):
        raise invalid({"custom_url": "url must start with / and have at most 255 characters"})
    return url, flags["is_customized"]


def free_url(store: Store, url: str, product: Product | None = None) -> None:
    """Refuse an address that another product has."""
    taken = store.urls.get(url)
    if taken is not None and (product is None or taken != product.id):
        raise url_taken()


def url_taken() -> Refusal:
    """409 for an address that another product has."""
    title = "The product custom_url is a duplicate"
    return Refusal(409, title, {"custom_url": title})


def move_url(store: Store, product: Product, url: str, *, customized: bool) -> None:
    """Give the product another address."""
    if store.urls.get(product.url) == product.id:
        del store.urls[product.url]
    product.url = url
    product.url_customized = customized
    store.urls[url] = product.id
