"""What a merchant does with tracking and separate stock, and what is needed before."""

from brygga.store.marks import Kind
from tests.stock.bench import StockBench


async def ready(bench: StockBench, level: int = 10) -> tuple[str, str]:
    made = await bench.stocked(level)
    await bench.finish_setup()
    await bench.quiet()
    return made


async def part(bench: StockBench, uuid: str, shares: dict[str, tuple[int, int, int]]) -> None:
    async with bench.database.transaction() as tx:
        await bench.desk.split(tx, bench.connection.id, uuid, shares, bench.clock.now())
    await bench.drain()


async def join(bench: StockBench, uuid: str) -> None:
    async with bench.database.transaction() as tx:
        await bench.desk.join(tx, bench.connection.id, uuid, bench.clock.now())
    await bench.drain()


async def switch(bench: StockBench, uuid: str, *, on: bool) -> None:
    """In Zettle's own pages, and the event that tells."""
    bench.town.till().track(uuid, on)
    await bench.mark(Kind.TRACKING, uuid)
    await bench.drain()
