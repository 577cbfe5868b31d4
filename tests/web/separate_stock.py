"""A product with shared or separate stock, and the form that separates it."""

from tests.web.conftest import Browser, World

from brygga.core.model import Connection
from brygga.core.stock import Ledger, StockRecord
from brygga.database import ledgers, library, waiting_work
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind


async def shared(world: World, number: int = 12) -> tuple[Connection, Browser, str]:
    """A tracked, assigned product with the same number on both stock records."""
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {uuid: True})
    await put(world, connection, uuid, number, number)
    browser = world.browser()
    await browser.sign_in()
    return connection, browser, uuid


async def parted(world: World, till: int = 8, shop: int = 4) -> tuple[Connection, Browser, str]:
    connection, browser, uuid = await shared(world)
    await put(world, connection, uuid, till, shop, separate=True)
    return connection, browser, uuid


async def put(
    world: World, connection: Connection, uuid: str, till: int, shop: int, *, separate: bool = False
) -> None:
    now = world.clock.now()
    ledger = Ledger(
        StockRecord(till, seen=now, clear_read=now),
        StockRecord(shop, seen=now, clear_read=now, variant_id=7),
        separate,
    )
    async with world.database.transaction() as tx:
        await ledgers.save(tx, connection.id, [LedgerRow(uuid, f"{uuid}-v", ledger)], now)


async def ledger_of(world: World, connection: Connection, uuid: str) -> Ledger:
    async with world.database.read() as tx:
        return (await ledgers.load(tx, connection.id, [uuid]))[f"{uuid}-v"].ledger


async def reported(world: World, connection: Connection) -> dict[Kind, int]:
    async with world.database.read() as tx:
        return dict(await waiting_work.counts(tx, connection.id))


def form(uuid: str, zettle: str, shop: str, seen: str = "12", **more: str) -> dict[str, str]:
    return {
        "separate": "yes",
        f"zettle-{uuid}-v": zettle,
        f"shop-{uuid}-v": shop,
        f"shared-{uuid}-v": seen,
        **more,
    }
