"""The category "Zettle" in the store. New products are created in it (P3)."""

from dataclasses import replace

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import Refused
from brygga.core.model import Shop
from brygga.database import connections, endings
from brygga.sync.worker.session import Session

CATEGORY = "Zettle"


async def place(session: Session) -> Shop:
    """The store with a category "Zettle" in it: found by id, else by name, else created (P3)."""
    shop = session.connection.shop
    assert shop is not None
    if shop.category_id is not None and await session.shop.category(shop.category_id) is not None:
        return shop
    tree_id = shop.tree_id or await _tree(session, shop)
    found = await session.shop.find_category(tree_id, CATEGORY)
    ours = found is not None and await _made_before(session, found.id)
    if found is None:
        try:
            found = await session.shop.create_category(tree_id, CATEGORY)
            ours = True
        except Refused as refused:
            # The category was created meanwhile. Names are unique among siblings, so it can be
            # found now.
            found = await session.shop.find_category(tree_id, CATEGORY)
            if refused.code != ShopCode.CATEGORY_EXISTS or found is None:
                raise

    placed = replace(shop, tree_id=tree_id, category_id=found.id, category_is_ours=ours)
    async with session.transaction() as tx:
        await connections.set_shop(tx, session.connection.id, placed)
    await session.reload()
    return placed


async def _made_before(session: Session, category_id: int) -> bool:
    """Whether an earlier connection of this account created the category in this store."""
    async with session.read() as tx:
        return await endings.made_category(tx, session.connection.id, category_id)


async def _tree(session: Session, shop: Shop) -> int:
    """The category tree of the store's default channel (bigcommerce facts 4)."""
    trees = await session.shop.trees(shop.default_channel_id) or await session.shop.trees()
    return trees[0].id
