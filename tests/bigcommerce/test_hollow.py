"""Every read of BigCommerce's, answered with nothing: an answer without what must be in it is no
answer (decision 15).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from brygga.bigcommerce.api import ShopApi
from brygga.core.failures import Refused, Unreachable
from brygga_sandbox.faults import HOLLOWS
from tests.bigcommerce.test_refusals import shop
from tests.wire.doubles import says

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
Read = Callable[[ShopApi], Awaitable[Any]]
NOBODY: frozenset[str] = frozenset()
READS: dict[str, tuple[Read, frozenset[str]]] = {
    "products": (lambda api: api.products([1]), NOBODY),
    "product": (lambda api: api.product(1), frozenset({"not_found"})),
    "products_page": (lambda api: api.products_page(), NOBODY),
    "products_with_sku": (lambda api: api.products_with_sku("A"), NOBODY),
    "channel_assignments": (lambda api: api.channel_assignments([1]), NOBODY),
    "category": (lambda api: api.category(1), NOBODY),
    "find_category": (lambda api: api.find_category(1, "Zettle"), NOBODY),
    "trees": (lambda api: api.trees(), NOBODY),
    # A channel may have no tree, and this list has no counts.
    "trees of a channel": (lambda api: api.trees(1), frozenset({"empty_envelope"})),
    "levels": (lambda api: api.levels(1, variant_ids=[1]), NOBODY),
    "levels_page": (lambda api: api.levels_page(1), NOBODY),
    "default_location": (lambda api: api.default_location(), NOBODY),
    "hooks": (lambda api: api.hooks(), NOBODY),
    "store": (lambda api: api.store(), NOBODY),
    "time": (lambda api: api.time(), NOBODY),
    "prices_include_tax": (lambda api: api.prices_include_tax(), NOBODY),
    "inventory_settings": (lambda api: api.inventory_settings(), NOBODY),
    "weight_unit": (lambda api: api.weight_unit(), NOBODY),
    "channels": (lambda api: api.channels(), NOBODY),
    "currencies": (lambda api: api.currencies(), NOBODY),
    "order": (lambda api: api.order(1), frozenset({"not_found"})),
    # An empty list of version 2 is 204 (bigcommerce facts 0).
    "orders_since": (lambda api: api.orders_since(NOON), frozenset({"no_content", "empty_list"})),
    "order_lines": (lambda api: api.order_lines(1), NOBODY),
    "refunds": (lambda api: api.refunds(1), frozenset({"empty_envelope"})),
    "variants": (lambda api: api.variants(1), frozenset({"not_found", "no_content"})),
    "options": (lambda api: api.options(1), frozenset({"not_found", "no_content"})),
    "images": (lambda api: api.images(1), frozenset({"not_found", "no_content"})),
    "videos": (lambda api: api.videos(1), frozenset({"not_found", "no_content"})),
}
"""Each read, and which of these answers mean something there."""
KINDS = [kind for kind in HOLLOWS if kind not in ("page", "cut", "not_tracked", "counted_empty")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READS)
async def test_a_read_that_is_answered_with_nothing_failed(name: str, kind: str) -> None:
    """(decision 15)"""
    read, meant = READS[name]
    if kind in meant:
        return
    status, body = HOLLOWS[kind]
    api, _ = shop(*(says(status, body) for _ in range(3)))

    with pytest.raises(Unreachable):
        await read(api)


async def test_a_product_that_is_gone_has_no_list_of_variants() -> None:
    """404 means something where one product is asked for."""
    api, _ = shop(says(404, {"status": 404, "title": "A product was not found with an id of 1"}))

    with pytest.raises(Refused):
        await api.variants(1)


@pytest.mark.parametrize(
    ("meta", "empty"),
    [
        pytest.param(
            {"pagination": {"total": 0, "count": 0, "total_pages": 0, "current_page": 1}},
            True,
            id="says so",
        ),
        pytest.param(
            {"pagination": {"total": 3, "count": 0, "total_pages": 1, "current_page": 1}},
            False,
            id="there are",
        ),
        pytest.param({}, False, id="says nothing"),
    ],
)
async def test_an_empty_list_is_believed_where_its_counts_say_so(
    meta: dict[str, Any], empty: bool
) -> None:
    """(decision 15)"""
    api, _ = shop(says(200, {"data": [], "meta": meta}))

    if empty:
        assert {} == await api.products([1])
        return
    with pytest.raises(Unreachable):
        await api.products([1])
