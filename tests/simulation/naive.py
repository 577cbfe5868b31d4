"""What one writes first: read both sides, write the difference, remember after. The simulation must
catch it.
"""

from collections.abc import Mapping, Sequence

from brygga.bigcommerce.values import StockChange
from brygga.core.stock import Ledger, Shelf, Side
from brygga.database.ledgers import Book
from brygga.database.work_items import Kind, Mark
from brygga.sync.stock.gather import Till, gather, location
from brygga.sync.stock.pages import opened
from brygga.sync.worker.session import Session
from brygga.sync.worker.turn import Handler
from brygga.wiring import handlers
from brygga.zettle.values import Movement

TILL = Till()


async def stock(session: Session, batch: Sequence[Mark]) -> None:
    uuids = sorted({mark.subject for mark in batch})
    world, places = await gather(session, TILL, uuids), await TILL.inventories(session)
    assert places is not None
    for variant, (uuid, variant_id) in sorted(world.known.variants.items()):
        book = world.known.books.get(variant)
        looks = {side: world.looks[side].get(variant) for side in Side}
        levels = {side: look.level for side, look in looks.items() if look is not None}
        till, shop = (levels.get(side) for side in Side)
        if book is None or not isinstance(till, int) or not isinstance(shop, int):
            continue
        known = {side: book.ledger[side].known for side in Side}
        sold, ordered = (
            till - _number(known[Side.ZETTLE], till),
            shop - _number(known[Side.SHOP], shop),
        )
        if sold:
            simple = not world.known.bound[uuid].synced.options
            ids = (
                {"product_id": world.known.bound[uuid].synced.product_id}
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
        async with opened(session, [uuid]) as pages:
            after = Ledger(
                Shelf(known=till + ordered),
                Shelf(known=shop + sold, variant_id=variant_id),
                separate=True,
            )
            pages.put(Book(uuid, variant, after), after)
    await session.finish(*batch)


def _number(known: object, otherwise: int) -> int:
    return known if isinstance(known, int) else otherwise


def naive_handlers() -> Mapping[Kind, Handler]:
    return {**handlers(), Kind.STOCK: stock, Kind.SETTLE: stock}
