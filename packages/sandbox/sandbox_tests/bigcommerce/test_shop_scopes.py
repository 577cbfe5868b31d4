"""Which scopes a webhook may name (bigcommerce facts 6.1, 6.3)."""

from typing import Any

import pytest

from brygga_sandbox.bigcommerce.scopes import KNOWN, known
from sandbox_tests.bigcommerce.shop_bench import HOOK, Bench

LISTED = (
    "store/cart/created",
    "store/cart/couponApplied",
    "store/cart/lineItem/*",
    "store/cart/*",
    "store/customer/created",
    "store/customer/address/updated",
    "store/customer/*",
    "store/customer/payment/instrument/default/updated",
    "store/shipment/created",
    "store/shipment/*",
    "store/subscriber/updated",
    "store/order/message/created",
    "store/order/transaction/created",
    "store/order/transaction/updated",
    "store/order/transaction/*",
    "store/order/*",
    "store/product/variant/metafield/updated",
    "store/brand/metafield/created",
    "store/inventory/location/metafield/created",
    "store/metafield/*",
    "store/priceList/assignment/updated",
    "store/channel/created",
    "store/channel/metafield/deleted",
    "store/channel/1/order/statusUpdated",
    "store/channel/*/cart/lineItem/created",
    "store/channel/1/settings/currency/updated",
    "store/channel/1/settings/*",
    "store/channel/*",
)
NOT_LISTED = (
    "store/cart",
    "store/cart/",
    "store/cart/paid",
    "store/order/transaction",
    "store/information/*",
    "store/channel/first/order/created",
    "store/channel/1/theme",
    "store/moon/*",
    "store/*",
    "product/created",
    "",
    None,
    7,
    ["store/cart/created"],
)


@pytest.mark.parametrize("scope", LISTED)
async def test_a_webhook_may_listen_to_every_scope_of_the_documents(scope: str) -> None:
    made = await Bench().good("POST", "/v3/hooks", {"scope": scope, "destination": HOOK})

    assert scope == made["data"]["scope"]


@pytest.mark.parametrize("scope", NOT_LISTED)
async def test_a_webhook_for_any_other_scope_is_refused(scope: Any) -> None:
    await Bench().refused("POST", "/v3/hooks", {"scope": scope, "destination": HOOK}, 422)


def test_every_scope_begins_with_the_store_and_is_known() -> None:
    assert set() == {scope for scope in KNOWN if not scope.startswith("store/") or not known(scope)}
