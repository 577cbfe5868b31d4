"""The stock commands of the pages, in the pages' own transactions: separate stock (S5, S6) and
counted numbers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Side, Verdict
from brygga.core.stock import movement as stories
from brygga.core.stock.movement import Cause
from brygga.database import library, pending_writes, restoring
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.sync.stock.unit_of_work import UnitOfWork, locked_in


class Moved(Exception):
    """The shared number is no longer the one that the form started from, or there is none. The
    merchant must check it again.
    """


class Checked(Exception):
    """The number is not in doubt, or no longer: the question was answered in another window, or by
    a late echo.
    """


@dataclass(frozen=True, slots=True)
class Counted:
    """The merchant's answer about a number in doubt: `seen` are both targets that the page showed,
    `till` and `shop` what was counted instead.

    No count means that the number is right as it is. Without `shop`, `till` is the number of both.
    """

    seen: tuple[int | None, int | None]
    till: int | None = None
    shop: int | None = None


@dataclass(frozen=True, slots=True)
class StockCommands:
    """Writes ledgers and work items, and never to a platform."""

    async def split(
        self,
        tx: Tx,
        connection_id: int,
        product_uuid: str,
        shares: Mapping[str, tuple[int, int, int]],
        now: datetime,
    ) -> None:
        """Splits stock by `shares`: variant uuid -> (to Zettle, to BigCommerce, the number that the
        merchant saw). That is the shared number, or the sum of both where stock is separate already
        and the split is changed. Raises `Moved`, and then writes nothing.

        Variants that the form did not name keep their number in Zettle. Variants that Zettle no
        longer has are left as they are. A late answer to an earlier write changes nothing: the
        merchant has given each side its number.
        """
        async with locked_in(tx, connection_id, [product_uuid], now) as unit:
            if not set(shares) <= set(unit.ledger_rows):
                raise Moved
            gone = await _gone(unit, product_uuid)
            for ledger_row in unit.of(unit.ledger_rows.keys() - gone | shares.keys()):
                target = _together(ledger_row.ledger)
                if target is None:
                    raise Moved
                if ledger_row.ledger.separate and ledger_row.variant_uuid not in shares:
                    continue
                till, shop, seen = shares.get(ledger_row.variant_uuid, (max(0, target), 0, target))
                was = ledger_row.ledger.zettle.target or 0
                parted = (
                    stock.split(ledger_row.ledger, max(0, till), max(0, shop))
                    if target == seen
                    else None
                )
                if parted is None:
                    raise Moved
                unit.update(ledger_row, parted, stories.Moved(Side.ZETTLE, Cause.SPLIT, till - was))
                unit.say(Code.STOCK_SPLIT, ledger_row, till=str(till), shop=str(shop))
            await _forget_earlier_writes(unit, unit.ledger_rows.keys() - gone)
            await unit.item(Kind.STOCK, product_uuid)

    async def join(
        self,
        tx: Tx,
        connection_id: int,
        product_uuid: str,
        now: datetime,
        *,
        seen: Mapping[str, int] | None = None,
    ) -> None:
        """Adds the two numbers (decision 4). Joining shared stock changes nothing.

        `seen` are the sums that the page showed, by variant. Raises `Moved` when one of them has
        changed, and then writes nothing. Variants that Zettle no longer has are not added.
        """
        async with locked_in(tx, connection_id, [product_uuid], now) as unit:
            gone = await _gone(unit, product_uuid)
            for ledger_row in [one for one in unit.ledger_rows.values() if one.ledger.separate]:
                if ledger_row.variant_uuid in gone:
                    unit.update(ledger_row, stock.ended(ledger_row.ledger))
                    continue
                together = stock.joined(ledger_row.ledger)
                if seen is not None and seen.get(ledger_row.variant_uuid) != together.target:
                    raise Moved
                unit.update(
                    ledger_row,
                    together,
                    stories.Moved(Side.ZETTLE, Cause.JOINED, ledger_row.ledger.shop.target or 0),
                )
                unit.say(Code.STOCK_JOINED, ledger_row, number=_shown(together.target))
            await unit.item(Kind.STOCK, product_uuid)

    async def count(
        self, tx: Tx, connection_id: int, of: tuple[str, str], counted: Counted, now: datetime
    ) -> None:
        """Saves the merchant's answer to "check this number" `of` a product's variant (their
        uuids). The stock work writes the difference.

        Raises `Checked` when no question is open, and `Moved` when the numbers are no longer those
        that the merchant saw. Then it writes nothing. A late answer to the write that was in doubt
        changes nothing: the count is more reliable.
        """
        product, variant = of
        async with locked_in(tx, connection_id, [product], now) as unit:
            ledger_row = unit.ledger_rows.get(variant)
            if ledger_row is None or ledger_row.check_since is None:
                raise Checked
            if (ledger_row.ledger.zettle.target, ledger_row.ledger.shop.target) != counted.seen:
                raise Moved
            _answer(unit, ledger_row, counted)
            await _forget_earlier_writes(unit, {variant})
            await unit.item(Kind.STOCK, product)
            if await restoring.state(tx, connection_id) is not None:
                await unit.item(Kind.RECONCILE, "")


def _together(ledger: stock.Ledger) -> int | None:
    """The number that is split: the shared one, or what both sides have together."""
    if not ledger.separate:
        return ledger.target
    till, shop = ledger.zettle.target, ledger.shop.target
    return None if till is None or shop is None else till + shop


async def _forget_earlier_writes(unit: UnitOfWork, variants: Collection[str]) -> None:
    """Forgets the writes that were resolved without an echo: the merchant has set these numbers."""
    uuids = {ledger_row.product_uuid for ledger_row in unit.ledger_rows.values()}
    for one in await pending_writes.pending(unit.tx, unit.connection_id, uuids):
        variant, call = one.call_part.variant_uuid, one.call_part.pending_write.call
        if variant in variants and one.verdict is not Verdict.WAITING:
            await unit.forget(call, variant)


async def _gone(unit: UnitOfWork, product_uuid: str) -> set[str]:
    """Variants that have a ledger and are no longer in Zettle's product. No form shows them."""
    entry = await library.get(unit.tx, unit.connection_id, product_uuid)
    if entry is None or entry.product is None:
        return set()
    return unit.ledger_rows.keys() - {variant.uuid for variant in entry.product.variants}


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _answer(unit: UnitOfWork, ledger_row: LedgerRow, counted: Counted) -> None:
    """Saves the answer and its line. Raises `Moved` when the ledger has no number to set."""
    checked = unit.resolve_question(ledger_row)
    was = checked.ledger.target
    till, shop = counted.till, counted.till if counted.shop is None else counted.shop
    if till is None or shop is None:
        unit.update(checked, checked.ledger, stories.Moved(Side.ZETTLE, Cause.CONFIRMED, 0))
        unit.say(Code.STOCK_CONFIRMED, checked, number=_shown(was))
        return
    ledger = stock.counted(checked.ledger, till, shop)
    if ledger is None or was is None:
        raise Moved
    unit.update(checked, ledger, stories.Moved(Side.ZETTLE, Cause.COUNTED, till - was))
    if ledger.separate:
        unit.say(Code.STOCK_COUNTED_SEPARATE, checked, till=str(till), shop=str(shop))
    else:
        unit.say(Code.STOCK_COUNTED, checked, was=str(was), number=str(till))
