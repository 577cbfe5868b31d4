"""What each status of an order does to the stock (bigcommerce facts 8)."""

from dataclasses import replace
from typing import Any

import pytest

from brygga_sandbox.bigcommerce import Refusal, Shop, Switches
from brygga_sandbox.bigcommerce.orders import (
    AWAITING,
    AWAITING_PAYMENT,
    CANCELLED,
    COMPLETED,
    DECLINED,
    INCOMPLETE,
    PARTLY_REFUNDED,
    PARTLY_SHIPPED,
    PENDING,
    REFUNDED,
    SHIPPED,
    Order,
)
from sandbox_tests.bigcommerce.shop_bench import Bench

PICKUP, SHIPMENT, MANUAL, DISPUTED = 8, 9, 12, 13


async def _ordered(
    *, incomplete: bool = False, moves: str = "placed", **switches: Any
) -> tuple[Shop, Order, int]:
    """An order of two red scarves of four."""
    bench = Bench(replace(Switches(), **switches))
    red = (await bench.scarf())["variants"][0]["id"]
    shop = bench.sandbox.shop()
    behaviour = {"placed": "order_placed", "shipped": "order_completed_or_shipped"}[moves]
    shop.set_settings(update_stock_behavior=behaviour)
    return shop, shop.place([{"variant_id": red, "quantity": 2}], incomplete=incomplete), red


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (PENDING, 2),
        (SHIPPED, 2),
        (PARTLY_SHIPPED, 2),
        (AWAITING_PAYMENT, 2),
        (PICKUP, 2),
        (SHIPMENT, 2),
        (COMPLETED, 2),
        (AWAITING, 2),
        (MANUAL, 2),
        (DISPUTED, 2),
        (CANCELLED, 4),
        (DECLINED, 4),
        (REFUNDED, 4),
    ],
)
async def test_an_order_takes_its_units_when_it_leaves_incomplete(status: int, level: int) -> None:
    """But for the statuses in which nothing was sold."""
    shop, order, red = await _ordered(incomplete=True)
    assert (INCOMPLETE, 4) == (order.status, shop.level(variant_id=red))

    shop.set_order_status(order.id, status)

    assert (status, level) == (order.status, shop.level(variant_id=red))


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (PENDING, 4),
        (AWAITING_PAYMENT, 4),
        (PARTLY_SHIPPED, 4),
        (PICKUP, 4),
        (AWAITING, 4),
        (DECLINED, 4),
        (CANCELLED, 4),
        (SHIPPED, 2),
        (COMPLETED, 2),
    ],
)
async def test_where_stock_moves_at_shipping_only_two_statuses_move_it(
    status: int, level: int
) -> None:
    shop, order, red = await _ordered(moves="shipped")

    shop.set_order_status(order.id, status)

    assert level == shop.level(variant_id=red)


@pytest.mark.parametrize(
    "status",
    [
        PENDING,
        AWAITING_PAYMENT,
        PARTLY_SHIPPED,
        PICKUP,
        SHIPMENT,
        MANUAL,
        DISPUTED,
        SHIPPED,
        COMPLETED,
    ],
)
async def test_a_status_that_says_nothing_of_stock_moves_none(status: int) -> None:
    """There and back."""
    shop, order, red = await _ordered()

    shop.set_order_status(order.id, status)
    shop.set_order_status(order.id, AWAITING)

    assert (AWAITING, 2) == (order.status, shop.level(variant_id=red))


@pytest.mark.parametrize("status", [REFUNDED, PARTLY_REFUNDED])
async def test_the_word_refunded_is_no_refund(status: int) -> None:
    """A refund is made as one; its name alone gives no money and no stock back."""
    shop, order, red = await _ordered()

    shop.set_order_status(order.id, status)

    assert (status, 2, []) == (order.status, shop.level(variant_id=red), shop.store.refunds)


@pytest.mark.parametrize(("reading", "level"), [("keeps", 2), ("gives_back", 4)])
async def test_a_declined_order_keeps_its_units_or_not(reading: str, level: int) -> None:
    """The settings speak of refunds and cancellations only (B56)."""
    shop, order, red = await _ordered(declined_order=reading)

    shop.set_order_status(order.id, DECLINED)
    assert level == shop.level(variant_id=red)

    shop.set_order_status(order.id, PENDING)
    assert (PENDING, 2) == (order.status, shop.level(variant_id=red))
    shop.set_order_status(order.id, CANCELLED)
    assert 4 == shop.level(variant_id=red)


@pytest.mark.parametrize(("follows", "level"), [(True, 4), (False, 2)])
async def test_a_declined_order_gives_back_where_the_store_is_set_so(
    follows: bool, level: int
) -> None:
    shop, order, red = await _ordered(declined_order="gives_back")
    shop.set_settings(refund_order_stock_adjustment=follows)

    shop.set_order_status(order.id, DECLINED)

    assert level == shop.level(variant_id=red)


@pytest.mark.parametrize(
    "status", [PENDING, AWAITING_PAYMENT, AWAITING, PARTLY_SHIPPED, SHIPPED, COMPLETED]
)
@pytest.mark.parametrize(("reading", "level"), [("takes_again", 2), ("takes_nothing", 4)])
async def test_a_cancelled_order_comes_back_in_any_open_status(
    status: int, reading: str, level: int
) -> None:
    shop, order, red = await _ordered(order_brought_back=reading)
    shop.set_order_status(order.id, CANCELLED)

    shop.set_order_status(order.id, status)

    assert (status, level) == (order.status, shop.level(variant_id=red))


async def test_an_order_cancelled_before_it_was_paid_takes_when_it_comes_back() -> None:
    shop, order, red = await _ordered(incomplete=True)
    shop.set_order_status(order.id, CANCELLED)

    shop.set_order_status(order.id, AWAITING)

    assert 2 == shop.level(variant_id=red)


async def test_an_order_counts_as_sold_once_whatever_its_status() -> None:
    shop, order, _ = await _ordered()
    product = shop.product(order.lines[0].product_id)

    for status in (CANCELLED, AWAITING, DECLINED, INCOMPLETE, PENDING):
        shop.set_order_status(order.id, status)

    assert 2 == product.get("total_sold")


async def test_a_change_of_status_is_told_once() -> None:
    bench = Bench()
    await bench.scarf()
    await bench.listen("store/order/statusUpdated")
    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}], "incomplete": True}
    )

    await bench.good(
        "POST", f"/sandbox/orders/{order['id']}/status", {"status_id": AWAITING_PAYMENT}
    )

    ((_, data),) = await bench.received()
    assert {"previous_status_id": 0, "new_status_id": AWAITING_PAYMENT} == data["status"]


@pytest.mark.parametrize("status", [15, -1, "shipped", True, None])
async def test_there_are_fifteen_statuses(status: Any) -> None:
    bench = Bench()
    await bench.scarf()
    order = await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})

    await bench.refused("POST", f"/sandbox/orders/{order['id']}/status", {"status_id": status}, 422)


async def test_an_archived_order_keeps_its_status() -> None:
    shop, order, _ = await _ordered()
    shop.archive(order.id)

    with pytest.raises(Refusal):
        shop.set_order_status(order.id, SHIPPED)
