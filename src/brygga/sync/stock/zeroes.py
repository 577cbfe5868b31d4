"""A store's number that became 0: sold, typed, or forgotten by BigCommerce (bigcommerce facts 5.4).

Where neither an event nor the orders explain it, it waits for a late webhook. Then the merchant is
asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from brygga.core import stock
from brygga.core.stock import LevelRead, Side, Timing
from brygga.core.stock.explaining import unshown
from brygga.core.stock.movement import Reason
from brygga.database import reported_changes
from brygga.database.ledgers import LedgerRow
from brygga.sync.stock.gather import World
from brygga.sync.stock.orders import NEAR, Sold
from brygga.sync.stock.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Zeroes:
    """The 0s of one pass (`Reconciling`). `sold` is what orders did to their products."""

    unit: UnitOfWork
    world: World
    timing: Timing
    sold: Mapping[str, Sold | None]
    swept: bool

    async def is_held(self, ledger_row: LedgerRow, read: LevelRead) -> bool:
        """Whether a fall to 0 waits for proof. A sweep that could read the orders does not wait: it
        reads records about which no event came, and asks at once.
        """
        could_read = self.sold.get(ledger_row.product_uuid) is not None
        if (self.swept and could_read) or not stock.is_zeroed(ledger_row.ledger, read, self.timing):
            return False
        held = (
            None
            if await self._are_ordered(ledger_row, read)
            else stock.unproven(ledger_row.ledger, read, self.timing)
        )
        if held is None:
            return False
        self.unit.update(ledger_row, held)
        return True

    async def _are_ordered(self, ledger_row: LedgerRow, read: LevelRead) -> bool:
        """Whether the store has orders for all units that are gone since the last read, beside
        those that a movement has shown. An order with an unclear quantity explains the fall only
        where an event named an order.
        """
        transactions, shop = self.sold.get(ledger_row.product_uuid), ledger_row.ledger.shop
        begin = shop.unshown_since
        if (
            transactions is None
            or begin is None
            or not isinstance(shop.confirmed, int)
            or not isinstance(read.level, int)
        ):
            return False
        since = begin - self.timing.read_lag(Side.SHOP) - NEAR
        orders = [one for one in transactions.get(ledger_row.variant_uuid, ()) if one.at >= since]
        if stock.is_ordered(shop, self.timing) and any(
            one.reason is Reason.UNCLEAR for one in orders
        ):
            return True
        orders, _ = unshown(orders, await self.unit.moved_in_shop(ledger_row, since), NEAR)
        # The last read may have shown the first of them, also one that gave units back. A read that
        # showed the 0 before the pending write left does not include it.
        pending = 0 if stock.is_held(ledger_row.ledger) else min(0, shop.pending_change)
        change = read.level - shop.confirmed - pending
        return any(
            sum(one.change for one in orders[first:]) <= change for first in range(len(orders))
        )

    async def has_vanished(self, ledger_row: LedgerRow) -> bool:
        """Whether the level fell to 0 without an event or orders that explain it
        (`stock.is_zeroed`).
        """
        read = self.world.reads[Side.SHOP].get(ledger_row.variant_uuid)
        if read is None or not stock.is_zeroed(ledger_row.ledger, read, self.timing):
            return False
        return not (
            await self._are_ordered(ledger_row, read) or await self._is_reported(ledger_row)
        )

    async def _is_reported(self, ledger_row: LedgerRow) -> bool:
        """Whether a webhook about the variant is received and not processed yet."""
        binding = self.world.stored.bound.get(ledger_row.product_uuid)
        if binding is None:
            return False
        product = str(binding.synced.product_id)
        of_variant = f"{product}/{ledger_row.ledger.shop.variant_id}"
        subjects = [of_variant] if binding.synced.options else [product, of_variant]
        return bool(
            await reported_changes.waiting(
                self.unit.tx, self.unit.connection_id, Side.SHOP, subjects
            )
        )
