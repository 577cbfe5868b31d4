"""Backorders, as far as they are documented: units sold beyond what is there, shown in one of three
ways (open question B52)."""

from typing import Any

import pytest

from brygga_sandbox.bigcommerce import OutOfStock, Shop, Switches
from sandbox_tests.bigcommerce.shop_bench import Bench

READINGS = ("kept_beside", "served_first", "below_zero")


async def _sold(reading: Any, units: int, limit: int = 10) -> tuple[Bench, Shop, int, int]:
    """A red scarf of which there were four, with a limit, and an order of it."""
    bench = Bench(Switches(backordered_units=reading))
    red = (await bench.scarf())["variants"][0]["id"]
    shop = bench.sandbox.shop()
    shop.allow_backorders(limit, variant_id=red)
    return bench, shop, red, shop.place([{"variant_id": red, "quantity": units}]).id


async def _shown(bench: Bench, variant_id: int) -> tuple[int, int, int]:
    rows = (await bench.good("GET", f"/v3/inventory/items?variant_id:in={variant_id}"))["data"]
    at = rows[0]["locations"][0]
    return at["total_inventory_onhand"], at["qty_backordered"], at["available_to_sell"]


@pytest.mark.parametrize(
    ("reading", "onhand"), [("kept_beside", 0), ("served_first", 0), ("below_zero", -3)]
)
async def test_what_is_sold_beyond_what_is_there_is_on_backorder(reading: str, onhand: int) -> None:
    bench, shop, red, _ = await _sold(reading, 7)

    assert (onhand, 3, 7) == await _shown(bench, red)
    with pytest.raises(OutOfStock):
        shop.place([{"variant_id": red, "quantity": 8}])


@pytest.mark.parametrize(
    ("reading", "restocked"),
    [("kept_beside", (5, 3)), ("served_first", (2, 0)), ("below_zero", (2, 0))],
)
async def test_a_restock_serves_backorders_first_or_leaves_them(
    reading: str, restocked: tuple[int, int]
) -> None:
    """What may be sold is the same by every reading."""
    bench, _, red, _ = await _sold(reading, 7)

    await bench.adjust("relative", 5, variant_id=red)

    assert (*restocked, 12) == await _shown(bench, red)


@pytest.mark.parametrize("reading", READINGS)
async def test_a_cancelled_backorder_is_no_longer_to_be_delivered(reading: str) -> None:
    bench, shop, red, order = await _sold(reading, 7)

    shop.cancel(order)

    assert (4, 0, 14) == await _shown(bench, red)


@pytest.mark.parametrize("reading", READINGS)
async def test_a_backorder_that_ships_leaves_what_may_be_sold_alone(reading: str) -> None:
    bench, shop, red, order = await _sold(reading, 7)
    await bench.adjust("relative", 5, variant_id=red)

    shop.ship(order)

    assert (2, 0, 12) == await _shown(bench, red)


async def test_only_a_store_in_the_beta_shows_backorders() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]

    rows = (await bench.good("GET", f"/v3/inventory/locations/1/items?variant_id:in={red}"))["data"]
    bench.sandbox.shop().allow_backorders(2, variant_id=red)
    beta = (await bench.good("GET", f"/v3/inventory/locations/1/items?variant_id:in={red}"))["data"]

    assert {"identity", "available_to_sell", "total_inventory_onhand", "settings"} == rows[0].keys()
    assert (6, 4, 2, 0) == tuple(
        beta[0][name]
        for name in (
            "available_to_sell",
            "total_inventory_onhand",
            "backorder_limit",
            "qty_backordered",
        )
    )


@pytest.mark.parametrize(("hooks", "usual"), [("as_usual", True), ("own_only", False)])
async def test_a_backorder_fires_the_usual_hooks_or_only_its_own(hooks: Any, usual: bool) -> None:
    bench = Bench(Switches(backorder_hooks=hooks))
    red = (await bench.scarf())["variants"][0]["id"]
    shop = bench.sandbox.shop()
    shop.allow_backorders(5, variant_id=red)
    shop.place([{"variant_id": red, "quantity": 4}])
    seen = len(bench.sandbox.store().events)

    shop.place([{"variant_id": red, "quantity": 2}])

    scopes = {scope for _, scope, _ in list(bench.sandbox.store().events)[seen:]}
    assert "store/inventory/backordered_quantity_changed" in scopes
    assert usual is ("store/sku/inventory/order/updated" in scopes)
