"""Our hidden product in a store (decision 16), told from the merchant's: tests count these without
it."""

from collections.abc import Mapping
from typing import Any

from brygga.core.marker import SKUS


def is_marker(product: Mapping[str, Any]) -> bool:
    """Whether this product, as raw JSON, is the marker."""
    return any(variant["sku"] in SKUS for variant in product["variants"])


def merchants_products(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All products of a store's state but the marker."""
    return [product for product in state["products"] if not is_marker(product)]
