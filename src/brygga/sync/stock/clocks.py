"""What the platforms told of is timed by their clocks; here is how far these go apart from ours."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from brygga.core.failures import Failure
from brygga.core.stock import Apart, Side, Timing
from brygga.store import ledgers
from brygga.sync.session import Session
from brygga.wire import Clocks

MARGIN_S = 0.3
"""A webhook may be written by another machine of the platform's than an answer; so far these may be apart (open question B44)."""


PLATFORM = {Side.ZETTLE: "zettle", Side.SHOP: "bigcommerce"}


def clock_of(clocks: Clocks, side: Side, now: datetime) -> Apart | None:
    """A platform's clock as its answers tell it; None where they say nothing."""
    found = clocks.apart(PLATFORM[side], now)
    return None if found is None else Apart(found.middle_s, found.within_s + MARGIN_S)


def measured(clocks: Clocks, timing: Timing, now: datetime) -> Timing:
    """With both platforms' clocks as their answers tell them; clocks of which nothing is known stay as they are taken to be."""
    till, shop = clock_of(clocks, Side.ZETTLE, now), clock_of(clocks, Side.SHOP, now)
    return replace(timing, till_clock=till or timing.till_clock, shop_clock=shop or timing.shop_clock)


async def by_clocks(session: Session, uuids: Collection[str], timing: Timing) -> Timing:
    """As `measured`. A process that BigCommerce has not answered of late asks it for the time, where a write of these products is open."""
    clocks, now = session.clients.clocks, session.clock.now()
    if clock_of(clocks, Side.SHOP, now) is None and session.clients.shop is not None and await _is_open(session, uuids):
        try:
            await session.shop.time()
        except Failure as failure:
            # Nothing hangs on it: the clocks are taken to go alike until the next answer.
            session.log.info("no time from BigCommerce", why=str(failure))
    return measured(clocks, timing, session.clock.now())


async def _is_open(session: Session, uuids: Collection[str]) -> bool:
    async with session.read() as tx:
        own = session.connection.id
        if await ledgers.lost(tx, own, uuids) or await ledgers.doubts(tx, own, uuids):
            return True
        books = await ledgers.load(tx, own, uuids)
    return any(book.ledger[Side.SHOP].flight is not None for book in books.values())
