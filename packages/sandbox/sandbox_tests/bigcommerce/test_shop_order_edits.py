"""An order that stands is edited, shipped in part and brought back, and stock follows (bigcommerce
facts 8).
"""

from typing import Any

import pytest

from brygga_sandbox.bigcommerce import OutOfStock, Refusal, Shop, Switches
from brygga_sandbox.bigcommerce.orders import AWAITING, PARTLY_SHIPPED, SHIPPED, Order
from sandbox_tests.bigcommerce.shop_bench import Bench


async def _ordered(units: int = 2, **switches: Any) -> tuple[Shop, Order, int, int]:
    """A scarf of which there were four red ones, and an order of some of them."""
    bench = Bench(Switches(**switches))
    red, blue = (one["id"] for one in (await bench.scarf())["variants"][:2])
    shop = bench.sandbox.shop()
    shop.set_stock(4, variant_id=red)
    shop.set_stock(4, variant_id=blue)
    return shop, shop.place([{"variant_id": red, "quantity": units}]), red, blue


@pytest.mark.parametrize(("follows", "levels"), [(True, (2, 1)), (False, (2, 4))])
async def test_a_line_added_takes_stock_where_the_store_is_set_so(
    follows: bool, levels: tuple[int, int]
) -> None:
    shop, order, red, blue = await _ordered()
    shop.set_settings(edit_order_stock_adjustment=follows)

    shop.add_line(order.id, 3, variant_id=blue)

    assert levels == (shop.level(variant_id=red), shop.level(variant_id=blue))
    with pytest.raises(OutOfStock):
        shop.add_line(order.id, 5, variant_id=blue)


@pytest.mark.parametrize(("follows", "left"), [(True, 4), (False, 1)])
async def test_a_line_removed_gives_its_stock_back(follows: bool, left: int) -> None:
    shop, order, _, blue = await _ordered()
    added = shop.add_line(order.id, 3, variant_id=blue)
    shop.set_settings(edit_order_stock_adjustment=follows)

    shop.remove_line(order.id, added)

    assert left == shop.level(variant_id=blue)
    with pytest.raises(Refusal):
        shop.remove_line(order.id, order.lines[0].id)


async def test_what_is_shipped_in_part_moves_no_stock_again() -> None:
    shop, order, red, _ = await _ordered(3)
    line = order.lines[0]

    shop.ship_part(order.id, {line.id: 1})
    assert (PARTLY_SHIPPED, 1, 1) == (
        order.status,
        line.quantity_shipped,
        shop.level(variant_id=red),
    )

    shop.ship_part(order.id, {line.id: 2})
    assert (SHIPPED, 3, 1) == (order.status, line.quantity_shipped, shop.level(variant_id=red))
    with pytest.raises(Refusal):
        shop.ship_part(order.id, {line.id: 1})


async def test_where_stock_moves_at_shipping_the_last_parcel_moves_it() -> None:
    shop, _, _, blue = await _ordered()
    shop.set_settings(update_stock_behavior="order_completed_or_shipped")
    later = shop.place([{"variant_id": blue, "quantity": 2}])

    shop.ship_part(later.id, {later.lines[0].id: 1})
    assert 4 == shop.level(variant_id=blue)

    shop.ship_part(later.id, {later.lines[0].id: 1})
    assert 2 == shop.level(variant_id=blue)


@pytest.mark.parametrize(("reading", "level"), [("takes_again", 2), ("takes_nothing", 4)])
async def test_an_order_brought_back_takes_its_units_again_or_not(reading: str, level: int) -> None:
    shop, order, red, _ = await _ordered(2, order_brought_back=reading)
    shop.cancel(order.id)

    shop.bring_back(order.id)

    assert (AWAITING, level) == (order.status, shop.level(variant_id=red))
    shop.cancel(order.id)
    assert 4 == shop.level(variant_id=red)


@pytest.mark.parametrize("reading", ["kept_beside", "served_first", "below_zero"])
async def test_an_order_edited_beyond_what_is_there_is_on_backorder(reading: str) -> None:
    """And what is taken out of it again was on backorder first."""
    shop, order, red, _ = await _ordered(3, backordered_units=reading)
    shop.allow_backorders(5, variant_id=red)
    record = shop.record(variant_id=red)

    shop.edit_order(order.id, {order.lines[0].id: 6})
    assert (-2, 2) == (record.level, record.backordered)

    shop.edit_order(order.id, {order.lines[0].id: 4})
    assert (0, 0) == (record.level, record.backordered)
