"""The steps of set-up that call a platform. Each is done once although the merchant may press twice
(C11).
"""

from collections.abc import Sequence

from brygga.core import stock
from brygga.core.model import Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import (
    assigning,
    kept_bindings,
    ledgers,
    library,
    markers,
    subscriptions,
    synclog,
    work_items,
)
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.synclog import Filter
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.category import place
from brygga.sync.products.library import FEW
from brygga.sync.worker.session import Session


async def setup(session: Session, items: Sequence[WorkItem]) -> None:
    """Before set-up is finished, reads the library, so that pages and plans have something to show,
    and sets up the webhooks.

    After "Finish set-up", kept products of the same store are taken back (D4), the category is
    found, and the library is read again. A webhook that is created later is followed by another
    read, so no change is missed in between (`sync.connection.hooks`).

    Products are taken back before the store is called: while it does not answer, no product work
    may treat them as new.
    """
    connection = session.connection
    running = connection.stage is Stage.RUNNING
    if running:
        async with session.transaction() as tx:
            await _take_back(session, tx)
            # From here on, stock calls wait for the marker product, so that the first of them
            # carries it (decision 16).
            await markers.want(tx, connection.id, session.clock.now())
            await work_items.add(tx, connection.id, Kind.MARKER, "", session.clock.now())
        await place(session)

    now = session.clock.now()
    async with session.transaction() as tx:
        if running:
            mode = "whole" if connection.choices.whole_library else "by_hand"
            line = Line(Code.SETUP_FINISHED, Topic.CONNECTION, params={"mode": mode})
            await synclog.add(tx, connection.id, line, now)
        await work_items.add(tx, connection.id, Kind.LIBRARY, "", now)
        # The webhooks were set up before set-up was finished. The check of the webhooks maintains
        # them from then on.
        missing = not await subscriptions.all_of(tx, connection.id, Platform.ZETTLE)
        if connection.shop is not None and (missing or not running):
            await work_items.add(tx, connection.id, Kind.HOOKS, "", now)
        await session.finish(*items, tx=tx)


async def _take_back(session: Session, tx: Tx) -> None:
    """D4: products that were kept are ours and assigned again. Nothing reported their changes in
    Zettle or in the store meanwhile.

    A product that Zettle's library lacks now was probably deleted while there was no connection.
    Its absence makes it only a candidate: it gets a work item of its own, not mass work, so that
    Zettle is asked for the product itself before it is removed from the store (P12, decision 9).
    """
    connection_id, now = session.connection.id, session.clock.now()
    taken = await kept_bindings.take_back(tx, connection_id)
    absent = await assigning.carry_over(tx, connection_id, taken)
    present = [uuid for uuid in taken if uuid not in absent]
    await assigning.assign_all(tx, connection_id, present)
    await _carry_stock(session, tx, taken)
    for kind in (Kind.PRODUCT, Kind.STOCK):
        await work_items.add_many(tx, connection_id, kind, present, now, bulk=len(present) > FEW)
    await work_items.add_many(tx, connection_id, Kind.PRODUCT, absent, now)


async def _carry_stock(session: Session, tx: Tx, taken: Sequence[str]) -> None:
    """Separate stock of kept products stays separate (S5, D4). For every other product, separate
    stock ended with the earlier connection, and the log says so.
    """
    connection_id, now = session.connection.id, session.clock.now()
    kept = set(taken)
    before = [
        row
        for row in await ledgers.earlier(tx, connection_id, here=True)
        if row.product_uuid in kept
    ]
    carried = [(row, stock.carried(row.ledger)) for row in before]
    rows = [
        LedgerRow(row.product_uuid, row.variant_uuid, ledger)
        for row, ledger in carried
        if ledger is not None
    ]
    await ledgers.save(tx, connection_id, rows, now)

    # The handler may be called again. Stock that was carried over then has a ledger now, and the
    # line is written once.
    carried_by_now = set(await ledgers.products(tx, connection_id))
    separate = {row.product_uuid for row in await ledgers.earlier(tx, connection_id, here=False)}
    ended = (separate - carried_by_now) & (await library.etags(tx, connection_id)).keys()
    if ended and not await synclog.count(tx, connection_id, Filter(codes=(Code.SEPARATE_ENDED,))):
        line = Line(Code.SEPARATE_ENDED, Topic.STOCK, params={"count": str(len(ended))})
        await synclog.add(tx, connection_id, line, now)
