"""BigCommerce reported that the app was uninstalled. The report alone proves nothing: the store is
asked with the current token, and only a refused token ends the connection (D3, decision 5)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from brygga.core.failures import NeedsMerchant
from brygga.core.model import Stage
from brygga.database import audit, connections, tokens, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.judging import is_overtaken
from brygga.sync.worker.session import Session

AGAIN: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""When a store that still accepts the token is asked again: the report may come before the token
ends (bigcommerce facts 1.4). After that the report counts as false.
"""
RETRY_S: Final = 5.0


async def uninstall(session: Session, items: Sequence[WorkItem]) -> None:
    """Ends the connection and keeps the products when the store refuses the token. Otherwise
    nothing changes.
    """
    ended = {Stage.LEAVING, Stage.DISCONNECTED}
    for item in items:
        if session.connection.stage in ended or session.connection.shop is None:
            await session.finish(item)
            continue
        try:
            await session.shop.confirm_access()
        except NeedsMerchant as gone:
            await _gone(session, item, gone)
        else:
            await _ask_again(session, item)


async def _gone(session: Session, item: WorkItem, gone: NeedsMerchant) -> None:
    connection_id, now = session.connection.id, session.clock.now()
    async with session.transaction() as tx:
        if await is_overtaken(tx, session, gone):
            # The app was installed again meanwhile: the next check uses the new token.
            await session.again(item, RETRY_S, tx=tx)
            return
        await tokens.revoke(tx, connection_id, Platform.BIGCOMMERCE, now)
        await connections.leave(tx, connection_id, keep=True, uninstalled=True)
        await work_items.add(tx, connection_id, Kind.LEAVE, "", now)
        await audit.add(tx, Entry(Act.UNINSTALLED, Actor.BIGCOMMERCE, connection_id), now)
        await session.finish(item, tx=tx)
    session.log.info("uninstalled in bigcommerce", connection=connection_id, code=gone.code)
    await session.reload()


async def _ask_again(session: Session, item: WorkItem) -> None:
    asked = int(item.detail) if item.detail.isdecimal() else 0
    now = session.clock.now()
    async with session.transaction() as tx:
        await session.finish(item, tx=tx)
        if asked < len(AGAIN):
            due, detail = now + AGAIN[asked], str(asked + 1)
            await work_items.add(
                tx, item.connection_id, Kind.UNINSTALL, "", now, due_at=due, detail=detail
            )
    if asked == len(AGAIN):
        session.log.warning(
            "an uninstall was reported, and the store still gives access",
            connection=item.connection_id,
        )
