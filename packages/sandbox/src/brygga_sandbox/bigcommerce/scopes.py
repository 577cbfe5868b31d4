"""The scopes of webhooks: every scope that the documents list (bigcommerce facts 6.1, 6.3).

Most of them never fire here: the sandbox has no carts, customers or themes. A client may still
subscribe to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from brygga_sandbox.numerals import whole

EXCEPTION = "store/hook/deliveryException"
_LIFE = ("created", "updated", "deleted")
_CART = (
    *_LIFE, "abandoned", "converted", "couponApplied", *(f"lineItem/{event}" for event in _LIFE),
)  # fmt: skip
_ORDER = (
    "created", "updated", "archived", "statusUpdated", "message/created", "refund/created",
)  # fmt: skip
_STOCK = ("inventory/updated", "inventory/order/updated")
_METAFIELD = tuple(f"metafield/{event}" for event in _LIFE)
_EVENTS: Mapping[str, Iterable[str]] = {
    "product": (*_LIFE, *_STOCK, *_METAFIELD, *(f"variant/{event}" for event in _METAFIELD)),
    "sku": (*_LIFE, *_STOCK),
    "category": (*_LIFE, *_METAFIELD),
    "order": (*_ORDER, *_METAFIELD, "transaction/created", "transaction/updated"),
    "cart": (*_CART, *_METAFIELD),
    "customer": (
        *_LIFE, *(f"address/{event}" for event in _LIFE), "payment/instrument/default/updated",
        "channel/login/access/updated",
    ),
    "shipment": _LIFE,
    "subscriber": _LIFE,
    "brand": _METAFIELD,
    "inventory": (
        "location/created", "location/updated", *(f"location/{event}" for event in _METAFIELD),
    ),
    "channel": ("created", "updated", *_METAFIELD),
    "metafield": _LIFE,
    "priceList": (
        *_LIFE, "activated", "deactivated", "assignment/updated", "assignment/deleted",
        *(f"{part}/{event}" for part in ("record", "records") for event in _LIFE),
    ),
    "information": ("updated",),
    "app": ("uninstalled",),
    "hook": ("deliveryException",),
}  # fmt: skip
_SETTINGS = (
    "SEO/updated", "catalog/updated", "category/updated", "checkout/updated", "currency/updated",
    "customerPrivacy/updated", "defaultCustomerGroup/updated", "emailStatus/deleted",
    "emailStatus/updated", "favicon/image/updated", "locale/added", "locale/deleted",
    "locale/updated", "logo/image/updated", "logo/updated", "product/updated", "profile/updated",
    "robots/updated", "route/updated", "searchContextFilters/updated", "security/updated",
    "site/checkoutUrl/deleted", "site/checkoutUrl/updated", "site/updated",
)  # fmt: skip
_OF_A_CHANNEL = (
    *(f"inventory/product/{event}" for event in (
        "stock_changed", "low_stock_reached", "out_of_stock_reached", "settings_changed",
    )),
    "product/assigned", "product/unassigned",
    *(f"cart/{event}" for event in _CART),
    *(f"order/{event}" for event in _ORDER),
    *(f"category/{event}" for event in (*_LIFE, "product/assigned", "product/unassigned")),
    "categoryTree/updated", "email/templates/deleted", "email/templates/updated",
    "notifications/abandonedCart/updated", "notifications/inventory/updated", "page/created",
    "page/updated", "script/created", "script/updated", "socialMediaLinks/updated",
    "theme/configuration/activated", "theme/configuration/created",
    *(f"settings/{event}" for event in _SETTINGS),
)  # fmt: skip


def with_wildcards(events: Iterable[str]) -> frozenset[str]:
    """The events, and `*` below every part of their names."""
    found = set(events)
    for event in tuple(found):
        parts = event.split("/")
        found |= {"/".join([*parts[:depth], "*"]) for depth in range(len(parts))}
    return frozenset(found)


_CHANNEL = with_wildcards(_OF_A_CHANNEL)
_NO_WILDCARD = frozenset({"information", "app", "hook"})
KNOWN = frozenset(
    f"store/{kind}/{event}"
    for kind, events in _EVENTS.items()
    for event in (events if kind in _NO_WILDCARD else with_wildcards(events))
)


def known(scope: Any) -> bool:
    """True for a scope that exists. A channel may be a number or `*`."""
    if not isinstance(scope, str):
        return False
    parts = scope.split("/", 3)
    if parts[:2] == ["store", "channel"] and len(parts) == 4 and parts[2] != "metafield":
        return (whole(parts[2]) is not None or parts[2] == "*") and parts[3] in _CHANNEL
    return scope in KNOWN
