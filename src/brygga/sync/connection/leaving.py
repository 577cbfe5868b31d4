"""The end of a connection: products are kept or removed, our hooks are deleted, and our access is
given back (D1 to D3).
"""

from collections.abc import Sequence

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import NeedsMerchant, Refused, Unreachable, fingerprint
from brygga.core.lifecycle import Active, Departure, Ended, Removing
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import (
    bindings,
    connections,
    endings,
    kept_bindings,
    plans,
    retention,
    subscriptions,
    synclog,
    tokens,
    work_items,
)
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.connection.hiding import hide, may_delete, show_again
from brygga.sync.connection.hooks import SHOP_PATH, is_ours
from brygga.sync.stock import marker
from brygga.sync.worker.judging import is_overtaken
from brygga.sync.worker.session import Session

DELETED_AT_ONCE = 250  # bigcommerce facts 2.2
EVERYTHING = 1_000_000


async def leave(session: Session, items: Sequence[WorkItem]) -> None:
    """Carries out what the merchant decided, and ends the connection.

    Products to be removed are hidden first, and wait for a minute in which the merchant can undo
    it. A platform whose access is gone cannot be called. The disconnection goes on without it, and
    products that were to be removed there are kept, with a line (decisions 5 and 11). After any
    other failure the work item stays, so that the disconnection continues later where it stopped.
    """
    item = items[0]
    async with session.transaction() as tx:
        state = await connections.state(tx, session.connection.id)
        token = await tokens.get(tx, session.connection.id, Platform.BIGCOMMERCE)
    if isinstance(state, Active):
        # Undone, or never decided.
        await show_again(session)
    elif not isinstance(state, Ended):
        if isinstance(state, Removing):
            await _hide_first(session, token)
            if not await may_delete(session, item):
                return
        await _leave_store(session, token)
        await _leave_zettle(session)
        await _end(session)
    await session.finish(item)


async def _hide_first(session: Session, token: Token | None) -> None:
    try:
        _check_access(token)
        await hide(session)
    except NeedsMerchant as gone:
        session.log.info(
            "nothing could be hidden", connection=session.connection.id, code=gone.code
        )


async def _leave_store(session: Session, token: Token | None) -> None:
    connection_id = session.connection.id
    if session.connection.shop is None:
        return
    async with session.transaction() as tx:
        health = await connections.health(tx, connection_id)
        if health.leaving == Departure.REMOVE:
            await kept_bindings.mark_to_delete(tx, connection_id)
            left = await endings.left_to_remove(tx, connection_id)
            await connections.set_to_remove(tx, connection_id, max(left, health.to_remove))
    try:
        _check_access(token)
        if health.leaving == Departure.REMOVE:
            await _delete_products(session)
        await marker.remove(session)
        await _delete_category(session)
        await _delete_hooks(session)
    except NeedsMerchant as refused:
        async with session.transaction() as tx:
            if await is_overtaken(tx, session, refused):
                # Approved again meanwhile: the products can be removed after all.
                raise Unreachable(ShopCode.UNREACHABLE, refused.detail) from refused
        await _say_kept(session, refused)


def _check_access(token: Token | None) -> None:
    """Raises NeedsMerchant when the store is known to refuse us. A closed store answers 404 to
    everything, and we would ask for ever.
    """
    if token is None or token.revoked_at is not None:
        refused = fingerprint(token.access) if token is not None else ""
        raise NeedsMerchant(ShopCode.ACCESS_GONE, "the store is known to refuse us", refused)


async def _delete_products(session: Session) -> None:
    """Deletes by binding only (decision 11); linked products stay (decision 12). The binding of
    each deleted product is deleted at once: the remaining bindings show the progress.
    """
    while True:
        async with session.read() as tx:
            doomed = await kept_bindings.to_delete(tx, session.connection.id, DELETED_AT_ONCE)
        if not doomed:
            return
        await session.shop.delete_products(
            [binding.synced.product_id for binding in doomed.values()]
        )
        async with session.transaction() as tx:
            await bindings.forget(tx, session.connection.id, list(doomed))
            tx.touch(session.connection.id)


async def _delete_category(session: Session) -> None:
    """Deletes the category that we created, when it is empty. A category that BigCommerce does not
    delete stays.
    """
    shop = session.connection.shop
    if shop is None or shop.category_id is None or not shop.category_is_ours:
        return
    page = await session.shop.products_page(category_id=shop.category_id, include=(), limit=1)
    if page.items or await session.shop.has_children(shop.category_id):
        return
    try:
        await session.shop.delete_category(shop.category_id)
    except Refused as refused:
        session.log.info("the category stays", connection=session.connection.id, code=refused.code)


async def _delete_hooks(session: Session) -> None:
    async with session.read() as tx:
        rows = await subscriptions.all_of(tx, session.connection.id, Platform.BIGCOMMERCE)
    known = {row.subscription_id for row in rows}
    for hook in await session.shop.hooks():
        if is_ours(session, str(hook.id) in known, hook.destination, SHOP_PATH):
            await session.shop.delete_hook(hook.id)


async def _say_kept(session: Session, gone: NeedsMerchant) -> None:
    async with session.transaction() as tx:
        doomed = len(await kept_bindings.to_delete(tx, session.connection.id, EVERYTHING))
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
    """Giving access back also deletes our subscriptions in Zettle (zettle facts 1.7)."""
    try:
        await session.zettle.disconnect()
    except (NeedsMerchant, Refused) as refused:
        session.log.info(
            "access in zettle was gone already", connection=session.connection.id, code=refused.code
        )


async def _end(session: Session) -> None:
    connection, now = session.connection, session.clock.now()
    async with session.transaction() as tx:
        health = await connections.health(tx, connection.id)
        left = len(await kept_bindings.to_delete(tx, connection.id, EVERYTHING))
        if health.leaving == Departure.REMOVE:
            # Kept products are found again with the others: the merchant is not asked twice for a
            # match (D4).
            await kept_bindings.release_linked(tx, connection.id)
        await kept_bindings.keep_all(tx, connection.id)
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
        params = {"reason": health.leaving or "keep", "removed": str(health.to_remove - left)}
        await synclog.add(
            tx, connection.id, Line(Code.DISCONNECTED, Topic.CONNECTION, params=params), now
        )
