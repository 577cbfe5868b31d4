"""What a merchant does with tracking and separate stock, what is told of it, and what is needed
before.
"""

from datetime import datetime

from brygga.database import reported_changes
from brygga.database.work_items import Kind
from tests.stock.bench import StockBench


async def ready(bench: StockBench, level: int = 10) -> tuple[str, str]:
    made = await bench.stocked(level)
    await bench.finish_setup()
    await bench.quiet()
    return made


async def part(bench: StockBench, uuid: str, shares: dict[str, tuple[int, int, int]]) -> None:
    async with bench.database.transaction() as tx:
        await bench.commands.split(tx, bench.connection.id, uuid, shares, bench.clock.now())
    await bench.work_off()


async def join(bench: StockBench, uuid: str) -> None:
    async with bench.database.transaction() as tx:
        await bench.commands.join(tx, bench.connection.id, uuid, bench.clock.now())
    await bench.work_off()


async def switch(bench: StockBench, uuid: str, *, on: bool) -> None:
    """In Zettle's own pages, and the event that tells."""
    bench.sandbox.till().track(uuid, on)
    await bench.add_item(Kind.TRACKING, uuid)
    await bench.work_off()


async def switch_on(bench: StockBench, uuid: str, variant: str, level: int | None) -> None:
    """And the merchant counts at once, before we look."""
    bench.sandbox.till().track(uuid, True)
    if level is not None:
        bench.sandbox.till().set_stock(variant, level)
    await bench.add_item(Kind.TRACKING, uuid)
    await bench.work_off()


async def asked(bench: StockBench, uuid: str) -> bool:
    return any(ledger_row.is_asked for ledger_row in await bench.ledger_rows(uuid))


async def tell_of_a_stop(bench: StockBench, uuid: str, at: datetime, *, on: bool = False) -> None:
    """What the receiver of Zettle's event does. `on`: it tells of a start."""
    async with bench.database.transaction() as tx:
        await reported_changes.record_switch(
            tx, bench.connection.id, uuid, at, bench.clock.now(), on=on
        )
    await bench.add_item(Kind.TRACKING, uuid)


async def parted(bench: StockBench) -> tuple[str, str]:
    uuid, variant = await ready(bench)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.quiet()
    return uuid, variant


async def bought(bench: StockBench, uuid: str, units: int) -> None:
    """A shopper buys, and BigCommerce tells of it; nobody works on it yet."""
    bench.sandbox.shop().place([{"product_id": await bench.product_id(uuid), "quantity": units}])
    await bench.shop_reports(uuid, by_order=True)
