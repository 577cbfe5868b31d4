"""A merchant's hands in the control panel, and what is shown and counted afterwards."""

from dataclasses import replace
from typing import Any

from brygga.core.hands import Counting
from brygga.core.report import Code, Line
from brygga.database.work_items import Kind
from tests.stock.bench import StockBench

TRACKING = "inventory_tracking"


async def shirt(bench: StockBench, level: int = 10) -> tuple[str, list[str]]:
    """Sizes S and M: the product's uuid, and its variants'."""
    uuid = bench.shirt("S", "M")
    bench.sandbox.till().track(uuid)
    variants = [one["uuid"] for one in bench.sandbox.till().product(uuid)["variants"]]
    for variant in variants:
        bench.sandbox.till().set_stock(variant, level)
    await bench.finish_setup()
    await bench.quiet()
    return uuid, variants


async def reported(bench: StockBench, uuid: str, detail: str = "") -> None:
    """A product hook of BigCommerce's comes."""
    await bench.add_item(Kind.SHOP_PRODUCT, str(await bench.product_id(uuid)), detail=detail)
    await bench.work_off()


async def shown(bench: StockBench, uuid: str) -> dict[str, Any]:
    """The variants in the shop, by SKU."""
    return {one["sku"]: one for one in (await bench.shown(uuid))["variants"]}


async def both(bench: StockBench, uuid: str) -> list[tuple[int, int]]:
    """What Zettle and BigCommerce hold of each variant of Zettle's."""
    there, till = await shown(bench, uuid), bench.sandbox.till()
    return [
        (till.balance(one["uuid"]), bench.sandbox.shop().level(variant_id=there[one["sku"]]["id"]))
        for one in till.product(uuid)["variants"]
    ]


async def lines(bench: StockBench, code: Code) -> list[Line]:
    return [line for line in await bench.log() if line.code is code]


async def counting(bench: StockBench, uuid: str) -> Counting:
    found = await bench.binding(uuid)
    assert found is not None
    return found.counting


async def switched(bench: StockBench, uuid: str, tracking: str, level: int | None = None) -> None:
    """The merchant counts the product at another level, and types a number."""
    product_id = await bench.product_id(uuid)
    await bench.sandbox.shop().edit_product(product_id, inventory_tracking=tracking)
    if level is not None:
        bench.sandbox.shop().set_stock(level, product_id=product_id)


async def bought(bench: StockBench, uuid: str, units: int = 1, **item: Any) -> None:
    line = item or {"product_id": await bench.product_id(uuid)}
    bench.sandbox.shop().place([{**line, "quantity": units}])
    await bench.shop_reports(uuid, by_order=True)
    await bench.work_off()


def tuned(bench: StockBench, **readings: Any) -> None:
    store = bench.sandbox.shop().store
    store.switches = replace(store.switches, **readings)


async def recreated(bench: StockBench, uuid: str, sku: str, *, value: bool = False) -> int:
    """The merchant deletes size M, with its value or without, and makes it again."""
    shop, product_id = bench.sandbox.shop(), await bench.product_id(uuid)
    there = await shown(bench, uuid)
    shop.delete_variant(there["TR-M"]["id"])
    for made in shop.add_all_combinations(product_id):
        await shop.edit_variant(made.id, sku=sku)
    return product_id
