"""The simplest engine: it reads both sides, writes the difference, and saves afterwards. The
simulation must catch it.
"""

from collections.abc import Mapping, Sequence

from brygga.bigcommerce.values import StockChange
from brygga.core.stock import Ledger, Side, StockRecord
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.stock.gather import Till, gather, location
from brygga.sync.stock.unit_of_work import locked
from brygga.sync.worker.session import Session
from brygga.sync.worker.turn import Handler
from brygga.wiring import handlers
from brygga.zettle.values import Movement

TILL = Till()


async def stock(session: Session, batch: Sequence[WorkItem]) -> None:
    uuids = sorted({item.subject for item in batch})
    world, places = await gather(session, TILL, uuids), await TILL.inventories(session)
    assert places is not None
    for variant, (uuid, variant_id) in sorted(world.stored.variants.items()):
        ledger_row = world.stored.ledger_rows.get(variant)
        reads = {side: world.reads[side].get(variant) for side in Side}
        levels = {side: read.level for side, read in reads.items() if read is not None}
        till, shop = (levels.get(side) for side in Side)
        if ledger_row is None or not isinstance(till, int) or not isinstance(shop, int):
            continue
        known = {side: ledger_row.ledger[side].confirmed for side in Side}
        sold, ordered = (
            till - _number(known[Side.ZETTLE], till),
            shop - _number(known[Side.SHOP], shop),
        )
        if sold:
            simple = not world.stored.bound[uuid].synced.options
            ids = (
                {"product_id": world.stored.bound[uuid].synced.product_id}
                if simple
                else {"variant_id": variant_id}
            )
            await session.shop.adjust([StockChange(location(session), sold, **ids)], "Zettle")
        if ordered:
            other = next(iter(places.others.values()))
            way = (places.store, other) if ordered < 0 else (other, places.store)
            await session.zettle.move(
                session.dice.uuid1(), [Movement(uuid, variant, *way, abs(ordered))]
            )
        async with locked(session, [uuid]) as unit:
            after = Ledger(
                StockRecord(confirmed=till + ordered),
                StockRecord(confirmed=shop + sold, variant_id=variant_id),
                separate=True,
            )
            unit.update(LedgerRow(uuid, variant, after), after)
    await session.finish(*batch)


def _number(known: object, otherwise: int) -> int:
    return known if isinstance(known, int) else otherwise


def naive_handlers() -> Mapping[Kind, Handler]:
    return {**handlers(), Kind.STOCK: stock, Kind.RESOLVE: stock}
