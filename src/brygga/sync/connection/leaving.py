"""The end of a connection: products kept or removed, our hooks taken down, our access given back
(D1 to D3).
"""

from collections.abc import Sequence

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import NeedsMerchant, Refused, Unreachable
from brygga.core.model import Stage
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import (
    bindings,
    connections,
    plans,
    retention,
    subscriptions,
    synclog,
    tokens,
    work_items,
)
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.connection.hooks import SHOP_PATH, is_ours
from brygga.sync.stock import marker
from brygga.sync.worker.judging import is_overtaken
from brygga.sync.worker.session import Session

DELETED_AT_ONCE = 250  # bigcommerce facts 2.2


async def leave(session: Session, dirty: Sequence[WorkItem]) -> None:
    """What the merchant decided is carried out, and the connection ends.

    A side whose access is dead cannot be asked for anything: the leaving goes on without it, and
    products that were to be removed there are kept, with a line (decisions 5 and 11). Whatever else
    fails leaves the mark, so that the leaving goes on later where it stopped.
    """
    if session.connection.stage is Stage.LEAVING:
        removed = await _leave_store(session)
        await _leave_zettle(session)
        await _end(session, removed)
    for item in dirty:
        await session.finish(item)


async def _leave_store(session: Session) -> int:
    """How many products were deleted there."""
    if session.connection.shop is None:
        return 0
    async with session.transaction() as tx:
        health = await connections.health(tx, session.connection.id)
        if health.leaving == "remove":
            await bindings.mark_to_delete(tx, session.connection.id)
    removed = 0
    try:
        if health.leaving == "remove":
            removed = await _delete_products(session)
        await marker.remove(session)
        await _delete_hooks(session)
    except NeedsMerchant as gone:
        async with session.transaction() as tx:
            if await is_overtaken(tx, session, gone):
                # Approved again meanwhile: what was to be removed can be removed.
                raise Unreachable(ShopCode.UNREACHABLE, gone.detail) from gone
        await _say_kept(session, gone)
    return removed


async def _delete_products(session: Session) -> int:
    """By binding only (decision 11); linked products stay (decision 12)."""
    removed = 0
    while True:
        async with session.read() as tx:
            doomed = await bindings.to_delete(tx, session.connection.id, DELETED_AT_ONCE)
        if not doomed:
            return removed
        await session.shop.delete_products(
            [binding.synced.product_id for binding in doomed.values()]
        )
        async with session.transaction() as tx:
            await bindings.forget(tx, session.connection.id, list(doomed))
        removed += len(doomed)


async def _delete_hooks(session: Session) -> None:
    async with session.read() as tx:
        rows = await subscriptions.all_of(tx, session.connection.id, Platform.BIGCOMMERCE)
    known = {row.subscription_id for row in rows}
    for hook in await session.shop.hooks():
        if is_ours(session, str(hook.id) in known, hook.destination, SHOP_PATH):
            await session.shop.delete_hook(hook.id)


async def _say_kept(session: Session, gone: NeedsMerchant) -> None:
    async with session.transaction() as tx:
        doomed = len(await bindings.to_delete(tx, session.connection.id, 1_000_000))
        if doomed:
            line = Line(
                Code.KEPT_FOR_LACK_OF_ACCESS,
                Topic.CONNECTION,
                Severity.WARNING,
                params={"count": str(doomed), "cause": gone.code},
            )
            await synclog.add(tx, session.connection.id, line, session.clock.now())
        await marker.left(tx, session)


async def _leave_zettle(session: Session) -> None:
    """Giving access back also drops our subscriptions there (zettle facts 1.7)."""
    try:
        await session.zettle.disconnect()
    except (NeedsMerchant, Refused) as refused:
        session.log.info(
            "access in zettle was gone already", connection=session.connection.id, code=refused.code
        )


async def _end(session: Session, removed: int) -> None:
    connection, now = session.connection, session.clock.now()
    async with session.transaction() as tx:
        health = await connections.health(tx, connection.id)
        if health.leaving == "remove":
            # Kept ones are found again with the rest: the merchant's match is not asked for twice
            # (D4).
            await bindings.release_linked(tx, connection.id)
        await bindings.keep_all(tx, connection.id)
        for platform in Platform:
            await tokens.forget(tx, connection.id, platform)
            known = await subscriptions.all_of(tx, connection.id, platform)
            await subscriptions.remove(
                tx, connection.id, platform, [found.subscription_id for found in known]
            )
        await work_items.forget(
            tx, connection.id, [kind for kind in Kind if kind is not Kind.LEAVE]
        )
        await retention.close(tx, connection.id)
        await plans.forget(tx, connection.id)
        await connections.disconnect(tx, connection.id, now)
        params = {"reason": health.leaving or "keep", "removed": str(removed)}
        await synclog.add(
            tx, connection.id, Line(Code.DISCONNECTED, Topic.CONNECTION, params=params), now
        )
