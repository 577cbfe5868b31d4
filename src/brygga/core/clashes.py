"""Equal names, SKUs and URLs: BigCommerce refuses them, and a suffix saves the product (decision
6).

The suffix depends on the Zettle uuid alone. The same product always gets the same suffix, so
"Mug (k3f9)" is recognised as our own "Mug" without a stored value.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace

from brygga.core.model import CatalogProduct
from brygga.core.text import ELLIPSIS

NAME_LIMIT = 250
"""bigcommerce facts 2.3."""
SKU_LIMIT = 255
URL_LIMIT = 255

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 4


def suffix(key: str, again: int = 0) -> str:
    """Four characters that belong to a Zettle uuid. `again` gives the next ones, if needed."""
    number = int.from_bytes(hashlib.sha256(f"{key.lower()}/{again}".encode()).digest()[:8])
    return "".join(
        _ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(_LENGTH)
    )


def distinct_name(name: str, key: str, again: int = 0) -> str:
    ending = f" ({suffix(key, again)})"
    if len(name) + len(ending) <= NAME_LIMIT:
        return name + ending
    return (
        name.removesuffix(ELLIPSIS)[: NAME_LIMIT - len(ending) - len(ELLIPSIS)].rstrip()
        + ELLIPSIS
        + ending
    )


def distinct_sku(sku: str, key: str, again: int = 0) -> str:
    """The SKU with its suffix. "" if that does not fit: a SKU is never cut (decision 8)."""
    longer = f"{sku}-{suffix(key, again)}"
    return longer if len(longer) <= SKU_LIMIT else ""


def distinct_url(url: str, key: str, again: int = 0) -> str:
    """The path with its suffix. "" (BigCommerce's own choice) when that does not fit."""
    longer = f"{url.rstrip('/')}-{suffix(key, again)}/"
    return longer if len(longer) <= URL_LIMIT else ""


def generated_sku(key: str) -> str:
    """The SKU of a variant that has none in Zettle where BigCommerce demands one (decision 13)."""
    return f"ZETTLE-{hashlib.sha256(key.lower().encode()).hexdigest()[:10].upper()}"


def same_but_for_suffix(wanted: str, found: str, distinct: Collection[str]) -> bool:
    """True when the found value is the wanted one, plain or with one of its suffixes."""
    return found == wanted or (found != "" and found in distinct)


def forms_of_name(name: str, key: str) -> tuple[str, ...]:
    return tuple(distinct_name(name, key, again) for again in range(3))


def forms_of_sku(sku: str, key: str) -> tuple[str, ...]:
    """The forms that a variant's SKU may have in the store instead of `sku`: with a suffix, or
    generated where Zettle has none.
    """
    return (
        tuple(distinct_sku(sku, key, again) for again in range(3)) if sku else (generated_sku(key),)
    )


def forms_of_url(url: str, key: str) -> tuple[str, ...]:
    return tuple(distinct_url(url, key, again) for again in range(3)) if url else ()


def renamed(
    sent: CatalogProduct, plain: CatalogProduct, field: str, again: int = 0, sku: str = ""
) -> CatalogProduct:
    """What was sent, with the next suffix on its clashing `field` ("name", "sku" or "url"). `plain`
    has the values without a suffix.

    On a SKU clash every variant gets a suffix, or only the one whose SKU BigCommerce named.
    """
    if field == "name":
        return replace(sent, name=distinct_name(plain.name, plain.key, again))
    if field == "url":
        return replace(sent, url=distinct_url(plain.url, plain.key, again)) if sent.url else sent
    named = [variant.key for variant in sent.variants if variant.sku.casefold() == sku.casefold()]
    chosen = named or [variant.key for variant in sent.variants]
    skus = {variant.key: variant.sku for variant in plain.variants}
    return replace(
        sent,
        variants=tuple(
            replace(variant, sku=distinct_sku(skus[variant.key], variant.key, again))
            if variant.sku and variant.key in chosen
            else variant
            for variant in sent.variants
        ),
    )
