"""The minute before a removal: products that will be deleted are hidden first, and an undo shows
them again (D2).

Only visible products that we created are hidden, and each is saved before the call. After a stop at
any point, an undo shows every product that was hidden.
"""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from brygga.core.failures import Refused
from brygga.core.lifecycle import Removing
from brygga.database import connections, hidden, kept_bindings, work_items
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.session import Session

READ_AT_ONCE = 250  # bigcommerce facts 2.2
SHOWN_AT_ONCE = 10  # bigcommerce facts 3.5


async def hide(session: Session) -> bool:
    """False when the merchant has undone the removal meanwhile."""
    async with session.read() as tx:
        ours = await kept_bindings.created_ids(tx, session.connection.id)
    for place in range(0, len(ours), READ_AT_ONCE):
        there = await session.shop.products(ours[place : place + READ_AT_ONCE], ())
        visible = [product_id for product_id, found in there.items() if found.is_visible]
        for start in range(0, len(visible), SHOWN_AT_ONCE):
            if not await _hide(session, visible[start : start + SHOWN_AT_ONCE]):
                return False
    return True


async def _hide(session: Session, product_ids: Sequence[int]) -> bool:
    async with session.transaction() as tx:
        if not isinstance(await connections.state(tx, session.connection.id), Removing):
            return False
        await hidden.note(tx, session.connection.id, product_ids)
    await _each_if_refused(partial(session.shop.show_products, visible=False), product_ids)
    return True


async def show_again(session: Session) -> None:
    """After an undo, the products that we hid are visible again. A product that is gone meanwhile
    is left out.
    """
    while True:
        async with session.read() as tx:
            product_ids = await hidden.some(tx, session.connection.id, SHOWN_AT_ONCE)
        if not product_ids:
            return
        await _each_if_refused(partial(session.shop.show_products, visible=True), product_ids)
        async with session.transaction() as tx:
            await hidden.forget(tx, session.connection.id, product_ids)


async def _each_if_refused(
    call: Callable[[Sequence[int]], Coroutine[Any, Any, None]], product_ids: Sequence[int]
) -> None:
    """One bad product makes BigCommerce refuse the whole batch (bigcommerce facts 3.5). The
    products are then sent one by one, and those that are refused alone are skipped.
    """
    try:
        await call(product_ids)
    except Refused:
        if len(product_ids) == 1:
            return
        for product_id in product_ids:
            await _each_if_refused(call, [product_id])


async def may_delete(session: Session, item: WorkItem) -> bool:
    """Whether the minute is over. Then the removal can no longer be undone, and the products to
    delete are counted.

    Otherwise the work item is resolved: it is due again when the minute is over, or it shows the
    hidden products.
    """
    connection_id, now = session.connection.id, session.clock.now()
    async with session.transaction() as tx:
        state = await connections.state(tx, connection_id)
        health = await connections.health(tx, connection_id)
        if not isinstance(state, Removing):
            await session.again(item, 0, tx=tx)
            return False
        if health.undo_until is not None and health.undo_until > now:
            await session.finish(item, tx=tx)
            await work_items.add(tx, connection_id, Kind.LEAVE, "", now, due_at=health.undo_until)
            return False
        await connections.save(tx, connection_id, state.delete())
        await hidden.forget(tx, connection_id)
    await session.reload()
    return True
