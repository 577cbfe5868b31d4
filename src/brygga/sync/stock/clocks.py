"""What the platforms told of is timed by their clocks; here is how far these go apart from ours."""

from collections.abc import Collection
from dataclasses import replace

from brygga.core.failures import Failure
from brygga.core.stock import Apart, Side, Timing
from brygga.store import ledgers
from brygga.sync.session import Session
from brygga.wire import Clocks

MARGIN_S = 0.3
"""A webhook may be written by another machine of the platform's than an answer; so far these may be apart (open question B44)."""


def measured(clocks: Clocks, timing: Timing) -> Timing:
    """With both platforms' clocks as their answers tell them; clocks of which nothing is known stay as they are taken to be."""
    till, shop = clocks.apart("zettle"), clocks.apart("bigcommerce")
    if till is not None:
        timing = replace(timing, till_clock=Apart(till.middle_s, till.within_s + MARGIN_S))
    if shop is not None:
        timing = replace(timing, shop_clock=Apart(shop.middle_s, shop.within_s + MARGIN_S))
    return timing


async def by_clocks(session: Session, uuids: Collection[str], timing: Timing) -> Timing:
    """As `measured`. A process that BigCommerce has not answered yet asks it for the time, where a write of these products is open."""
    clocks = session.clients.clocks
    if clocks.apart("bigcommerce") is None and session.clients.shop is not None and await _is_open(session, uuids):
        try:
            await session.shop.time()
        except Failure as failure:
            # Nothing hangs on it: the clocks are taken to go alike until the next answer.
            session.log.info("no time from BigCommerce", why=str(failure))
    return measured(clocks, timing)


async def _is_open(session: Session, uuids: Collection[str]) -> bool:
    async with session.read() as tx:
        own = session.connection.id
        if await ledgers.lost(tx, own, uuids) or await ledgers.doubts(tx, own, uuids):
            return True
        books = await ledgers.load(tx, own, uuids)
    return any(book.ledger[Side.SHOP].flight is not None for book in books.values())
