"""Gathered reads become moves of the ledgers: attached, observed, resolved, stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.report import Code, Severity
from brygga.core.stock import Gap, Ledger, LevelRead, PendingWrite, Resolved, Side, Timing, Verdict
from brygga.core.stock.explaining import SourceTransaction, is_order, unshown
from brygga.core.stock.movement import Cause, Moved, Reason
from brygga.database import bindings, library, pending_writes
from brygga.database.bindings import Binding
from brygga.database.ledgers import LedgerRow
from brygga.database.pending_writes import CallPart, Pending
from brygga.database.work_items import Kind
from brygga.sync.stock.gather import World
from brygga.sync.stock.orders import NEAR, Sold, is_told, of_start, sold_by
from brygga.sync.stock.reports import review
from brygga.sync.stock.unit_of_work import UnitOfWork, stop
from brygga.sync.stock.zeroes import Zeroes

ORDER_EXPLAINS = timedelta(minutes=2)
"""A write this soon after an event that named an order goes to Zettle as a sale
(`calls.call_part`).
"""
ORDERS_PAUSE = timedelta(minutes=10)
"""How long a record waits for a pause of the orders in which it can be attached."""
VERDICTS: Mapping[Verdict, Cause] = {
    Verdict.LANDED: Cause.RESOLVED,
    Verdict.NOT_LANDED: Cause.NOT_WRITTEN,
    Verdict.ASSUMED_LANDED: Cause.IN_DOUBT,
    Verdict.ASSUMED_LOST: Cause.IN_DOUBT,
    Verdict.PRESUMED_LOST: Cause.IN_DOUBT,
}


@dataclass(slots=True)
class Reconciling:
    """One pass over the reads of some products. `swept`: a sweep made the reads, not an event."""

    unit: UnitOfWork
    world: World
    timing: Timing
    swept: bool = False
    sold: Mapping[str, Sold | None] = field(default_factory=dict)
    """What orders did to the products that are to be attached."""
    echoes: Mapping[str, datetime] = field(default_factory=dict)
    bound: Mapping[str, Binding] = field(default_factory=dict)
    """The bindings as they are now, with the ledgers locked."""
    resolved: dict[str, PendingWrite] = field(default_factory=dict)
    """By call: a write of it that this pass resolved."""
    zeroes: Zeroes = field(init=False)

    def __post_init__(self) -> None:
        self.zeroes = Zeroes(self.unit, self.world, self.timing, self.sold, self.swept)

    async def run(self, pending: Sequence[Pending]) -> None:
        await self._read_bindings()
        self.echoes = await review(self.unit, pending, self.timing)
        tracked = self._counted()
        await self._attach()
        for variant in sorted(self.unit.ledger_rows):
            ledger_row = self.unit.ledger_rows[variant]
            read = self.world.reads[Side.ZETTLE].get(variant)
            if read is not None and not await self._is_tracked(ledger_row, read):
                continue
            for side in (Side.SHOP, Side.ZETTLE):
                await self._level_read(self.unit.ledger_rows[variant], side)
        await self._free()
        await self._tell_library(tracked)

    # ---- Which records there are -----------------------------------------------------------------

    async def _read_bindings(self) -> None:
        """Reads the bindings again if the ledgers have changed. So a product that was created
        during the reads is not let go. What changes a binding changes its ledgers too.
        """
        stored = self.world.stored
        if (
            stored.ledger_rows == self.unit.locked
            and stored.variants.keys() <= stored.ledger_rows.keys()
        ):
            self.bound = stored.bound
            return
        uuids = {one.product_uuid for one in self.unit.ledger_rows.values()} | stored.bound.keys()
        self.bound = await bindings.get_many(self.unit.tx, self.unit.connection_id, sorted(uuids))

    async def _attach(self) -> None:
        """Records follow the bindings. A bound variant without a record is attached at the level it
        has. The record of a variant that is not bound is let go, also where another one is bound
        that has shown no number yet.
        """
        active = [one.synced.variants for one in self.bound.values() if one.shares_stock]
        bound = {
            variant: variant_id for variants in active for variant, variant_id in variants.items()
        }
        for variant, (uuid, variant_id) in self.world.stored.variants.items():
            # The variant may have been recreated or let go during the read.
            if bound.get(variant) == variant_id:
                await self._attach_record(variant, uuid, variant_id)
        for variant, ledger_row in list(self.unit.ledger_rows.items()):
            before = ledger_row.ledger.shop.variant_id
            if variant not in bound and variant in self.world.stored.gone:
                await self._end(ledger_row)
            elif before is not None and before != bound.get(variant):
                await self.unit.forget_pending_write(ledger_row)
                self.unit.update(ledger_row, stock.recreated(ledger_row.ledger))

    async def _end(self, ledger_row: LedgerRow) -> None:
        """The variant was deleted in Zettle, and then in the store. A pending write to it has not
        landed.
        """
        for side in Side:
            await self.unit.forget_pending_write(ledger_row, side)
        self.unit.update(ledger_row, stock.ended(ledger_row.ledger))

    async def _attach_record(self, variant: str, uuid: str, variant_id: int) -> None:
        ledger_row = self.unit.ledger_rows.get(variant)
        till = self.world.reads[Side.ZETTLE].get(variant)
        known = ledger_row is not None and ledger_row.ledger.shop.variant_id == variant_id
        if (
            till is None
            or not isinstance(till.level, int)
            or (known and ledger_row is not None and not ledger_row.ledger.is_unset)
        ):
            return
        ledger_row = self._locked(ledger_row, (uuid, variant), till)
        shop = self.world.reads[Side.SHOP].get(variant)
        if shop is None or not isinstance(shop.level, int) or not ledger_row.ledger.is_tracked:
            return
        if known:
            await self._renew(ledger_row, variant_id, shop)
            return
        await self.unit.forget_pending_write(ledger_row)
        ledger = stock.attached(ledger_row.ledger, variant_id, shop)
        self.unit.update(ledger_row, ledger, Moved(Side.SHOP, Cause.ATTACHED, ledger.shop.to_push))
        if ledger.shop.to_push and not ledger.separate and ledger.shop.target is not None:
            self.unit.say(
                Code.STOCK_ATTACHED, ledger_row, was=str(shop.level), number=str(ledger.shop.target)
            )

    def _locked(
        self, ledger_row: LedgerRow | None, of: tuple[str, str], till: LevelRead
    ) -> LedgerRow:
        """Gives a variant without a record one. A record that was carried over from an earlier
        connection gets the number that is read.
        """
        uuid, variant = of
        if ledger_row is None:
            return self.unit.begin(uuid, variant, till)
        if ledger_row.ledger.is_tracked and ledger_row.ledger.zettle.seen is None:
            return self.unit.update(
                ledger_row, replace(ledger_row.ledger, zettle=stock.new_ledger(till).zettle)
            )
        return ledger_row

    async def _renew(self, ledger_row: LedgerRow, variant_id: int, shop: LevelRead) -> None:
        """Attaches a known variant without a confirmed number (`Ledger.is_unset`). Zettle's number
        counts, less what orders took since.
        """
        sold = await self._sold(ledger_row, shop)
        if sold is None:
            return
        ledger_row = self.unit.ledger_rows[ledger_row.variant_uuid]
        lacks = 0 if ledger_row.ledger.separate else min(0, ledger_row.ledger.zettle.to_push)
        ledger = stock.attached(ledger_row.ledger, variant_id, shop, sold)
        self.unit.update(ledger_row, ledger, Moved(Side.SHOP, Cause.ATTACHED, ledger.shop.to_push))
        if sold:
            self.unit.say_moved(ledger_row, Side.SHOP, Cause.ORDER, sold)
        if ledger_row.check_since == self.unit.now:
            number = str(ledger.shop.target)
            self.unit.say(Code.STOCK_ORDERS_UNCOUNTED, ledger_row, Severity.WARNING, number=number)
        if (
            lacks
            and ledger_row.check_since is None
            and isinstance(shop.level, int)
            and shop.level - sold > 0
        ):
            # Units that were sold twice leave none in the store. Here some are left: they came back
            # while tracking was off, or just before.
            self.unit.ask_about(self.unit.ledger_rows[ledger_row.variant_uuid], Side.ZETTLE, lacks)

    async def _sold(self, ledger_row: LedgerRow, read: LevelRead) -> int | None:
        """What orders did since Zettle's number counts (S3), as far as the read shows it. None: the
        variant is not attached yet.

        A read may not show an order of the last read lag, so it is waited for. The merchant is
        asked if orders do not pause for ten minutes, or cannot be read for ten minutes.
        """
        read_lag, started = self.timing.read_lag(Side.SHOP), ledger_row.ledger.started
        if not ledger_row.ledger.shop.is_clear(read, read_lag):
            return None
        if started is None:
            return 0
        if not self._has_orders(ledger_row, started):
            self.unit.due_at(ledger_row.product_uuid, self.unit.now)
            return None
        transactions = self.sold[ledger_row.product_uuid]
        orders = of_start(ledger_row.ledger, (transactions or {}).get(ledger_row.variant_uuid, ()))
        orders, is_exact = await self._not_shown(ledger_row, orders)
        sold, is_sure = sold_by(orders, ledger_row.ledger.shown)
        shown = ledger_row.ledger.shown or started
        last = max((one.at for one in orders), default=shown - read_lag)
        clear = last + read_lag + NEAR
        if not is_sure:
            # Zettle's event of the switch may be late.
            clear = max(clear, shown + self.timing.resolve_timeout)
        read_started = max(shown, ledger_row.ledger.shop.touched or shown)
        if (
            transactions is None or read.read_started < clear
        ) and read.read_started < read_started + ORDERS_PAUSE:
            self.unit.due_at(ledger_row.product_uuid, max(clear, self.unit.now + read_lag))
            return None
        is_known = transactions is not None and is_sure and is_exact and read.read_started >= clear
        if not is_known or _is_unclear(ledger_row.ledger, orders):
            self.unit.ask_to_check(ledger_row)
        return sold

    async def _not_shown(
        self, ledger_row: LedgerRow, orders: Sequence[SourceTransaction]
    ) -> tuple[Sequence[SourceTransaction], bool]:
        """Leaves out what a movement of a renewed number has shown: the target includes it. False
        where that is not sure. Then nothing that was given back counts.
        """
        started = ledger_row.ledger.started
        if started is None or started != ledger_row.ledger.shop.seen:
            return orders, True
        moved = await self.unit.moved_in_shop(ledger_row, started)
        left, is_sure = unshown(orders, moved, NEAR)
        return [one for one in left if is_sure or one.change <= 0], is_sure

    def _has_orders(self, ledger_row: LedgerRow, started: datetime) -> bool:
        """Whether the orders since this start were read, and not those since another one."""
        gathered = self.world.stored.ledger_rows.get(ledger_row.variant_uuid)
        is_current = gathered is not None and gathered.ledger.started == started
        return is_current and ledger_row.product_uuid in self.sold

    async def _is_tracked(self, ledger_row: LedgerRow, read: LevelRead) -> bool:
        """Whether Zettle tracks the stock, so that we sync it. A switch whose event was lost is
        found here (S7, decision 2).
        """
        if read.level is Gap.UNTRACKED:
            seen = ledger_row.ledger.zettle.seen
            if ledger_row.ledger.is_tracked and (seen is None or read.read_started >= seen):
                await stop(self.unit, ledger_row, self.timing)
            elif not ledger_row.ledger.is_tracked and not self.swept:
                self.unit.update(ledger_row, stock.seen_off(ledger_row.ledger, read))
            return False
        is_tracked = ledger_row.ledger.is_tracked
        if isinstance(read.level, int) and not is_tracked:
            await self.unit.item(Kind.TRACKING, ledger_row.product_uuid)
        return is_tracked or not isinstance(read.level, int)

    def _counted(self) -> Mapping[str, bool]:
        """By variant: whether Zettle has shown a number. False for a record that was carried over
        from an earlier connection and is not read yet.
        """
        ledger_rows = self.unit.ledger_rows
        return {
            one: ledger_row.ledger.is_tracked and ledger_row.ledger.zettle.seen is not None
            for one, ledger_row in ledger_rows.items()
        }

    async def _tell_library(self, before: Mapping[str, bool]) -> None:
        """Saves whether inventory management is on (S7), for the pages: what Zettle showed, where
        our ledgers agree.

        It is saved when it is new, and by each sweep.
        """
        now = self._counted()
        if now == before and not self.swept:
            return
        counted = {
            ledger_row.product_uuid
            for ledger_row in self.unit.ledger_rows.values()
            if ledger_row.ledger.is_tracked
        }
        seen: dict[str, bool | None] = {}
        for uuid, variants in self.world.stored.at_till.items():
            levels = [
                read.level
                for one in variants
                if (read := self.world.reads[Side.ZETTLE].get(one)) is not None
            ]
            if any(isinstance(level, int) for level in levels) and uuid in counted:
                seen[uuid] = True
            elif Gap.UNTRACKED in levels and uuid not in counted:
                seen[uuid] = False
        if seen:
            await library.set_tracking(self.unit.tx, self.unit.connection_id, seen)

    # ---- What the records show -------------------------------------------------------------------

    async def _level_read(self, ledger_row: LedgerRow, side: Side) -> None:
        read = self.world.reads[side].get(ledger_row.variant_uuid)
        if read is None or (side is Side.SHOP and not self._is_of(ledger_row)):
            return
        if read.level is Gap.NOT_CREATED:
            await self._missed(ledger_row, read)
            return
        if side is Side.SHOP and await self.zeroes.is_held(ledger_row, read):
            return
        if ledger_row.ledger[side].pending_write is None:
            step = stock.observed(ledger_row.ledger, side, read, self.timing)
            await self._moved(ledger_row, side, step.ledger, step.change)
        else:
            await self._resolve(ledger_row, side, read)

    def _is_of(self, ledger_row: LedgerRow) -> bool:
        """Whether the variant that was read is the one of this record. It may have been let go or
        recreated during the read.
        """
        seen = self.world.stored.variants.get(ledger_row.variant_uuid)
        return seen is not None and seen[1] == ledger_row.ledger.shop.variant_id

    async def _missed(self, ledger_row: LedgerRow, read: LevelRead) -> None:
        """The store does not have the variant: the record is suspended, and a pending write has not
        landed.
        """
        pending_write = ledger_row.ledger.shop.pending_write
        ledger = self.unit.update(
            ledger_row, stock.absent(ledger_row.ledger, read, self.timing)
        ).ledger
        if pending_write is not None and ledger.shop.pending_write is None:
            self.resolved[pending_write.call] = pending_write
            await self.unit.forget_pending_write(ledger_row)

    async def _resolve(self, ledger_row: LedgerRow, side: Side, read: LevelRead) -> None:
        pending_write = ledger_row.ledger[side].pending_write
        assert pending_write is not None
        done = self._resolved(ledger_row.ledger, side, read, pending_write)
        if done.verdict is Verdict.WAITING:
            await self._moved(ledger_row, side, done.ledger, done.change)
            return
        unlike = done.contradicts and done.verdict.is_doubtful
        cause = Cause.CONTRADICTED if unlike else VERDICTS[done.verdict]
        what = Moved(side, cause, pending_write.quantity, call=pending_write.call)
        await self._moved(ledger_row, side, done.ledger, done.change, what)
        if side is Side.SHOP:
            self.resolved[pending_write.call] = pending_write
            if done.verdict.is_doubtful:
                self.unit.ask_about(ledger_row, side, pending_write.quantity)
        if side is Side.SHOP or done.verdict is Verdict.LANDED:
            await self.unit.forget(pending_write.call, ledger_row.variant_uuid)
            return
        part = CallPart(ledger_row.product_uuid, ledger_row.variant_uuid, side, pending_write)
        unit = self.unit
        await pending_writes.resolve(unit.tx, unit.connection_id, part, done.verdict, unit.now)
        if done.verdict is not Verdict.NOT_LANDED:
            unit.due_at(ledger_row.product_uuid, unit.now + self.timing.escalation_timeout)

    def _resolved(
        self, ledger: Ledger, side: Side, read: LevelRead, pending_write: PendingWrite
    ) -> Resolved:
        if side is Side.ZETTLE:
            echoed = self.echoes.get(pending_write.call)
            return stock.resolve_till(ledger, read, echoed, self.timing)
        slot = self._slot(pending_write)
        if slot is not None:
            # Both count as started when the older one started.
            read = replace(read, read_started=min(read.read_started, slot.read_started))
        return stock.resolve_shop(ledger, read, None if slot is None else slot.level, self.timing)

    def _slot(self, pending_write: PendingWrite) -> LevelRead | None:
        slot = pending_write.slot
        return None if slot is None else self.world.slots.get(slot.variant_id)

    async def _free(self) -> None:
        """Gives a slot back when every write of its call is resolved."""
        for call, pending_write in self.resolved.items():
            shown = self._slot(pending_write)
            if shown is not None and not await pending_writes.is_open(
                self.unit.tx, self.unit.connection_id, call
            ):
                self.unit.free(pending_write, shown.level)

    async def _moved(
        self,
        ledger_row: LedgerRow,
        side: Side,
        ledger: Ledger,
        change: int,
        what: Moved | None = None,
    ) -> None:
        """Saves a record's own change, beside the outcome of a write to it."""
        if what is not None or change == 0:
            self.unit.update(ledger_row, ledger, what)
        if change == 0:
            return
        cause = self._cause(ledger_row, side, change)
        self.unit.update(ledger_row, ledger, Moved(side, cause, change))
        self.unit.say_moved(ledger_row, side, cause, change)
        if (
            ledger.separate
            and (dropped := ledger_row.ledger[side].to_push - ledger[side].to_push) < 0
        ):
            # Units were sold before a split took them. They may come back, for example when an
            # order is cancelled. So the outcome is in doubt.
            self.unit.ask_about(ledger_row, side, dropped)
        if side is Side.SHOP and await self.zeroes.has_vanished(ledger_row):
            self.unit.ask_to_check(ledger_row)
            self.unit.say(Code.STOCK_VANISHED, ledger_row, Severity.WARNING, was=str(-change))
        target = ledger.target
        if not ledger.separate and target is not None and target < 0 and target - change >= 0:
            self.unit.say(Code.STOCK_BELOW_ZERO, ledger_row, Severity.WARNING, units=str(-target))

    def _cause(self, ledger_row: LedgerRow, side: Side, change: int) -> Cause:
        if self.swept:
            return Cause.SWEPT
        before = self.unit.locked.get(ledger_row.variant_uuid, ledger_row)
        received = self.unit.received.get(ledger_row.variant_uuid, ())
        read_lag = self.timing.read_lag(side)
        by_order = side is Side.SHOP and is_order(before.ledger.shop, received, change, read_lag)
        return Cause.ORDER if by_order else Cause.SEEN


def _is_unclear(ledger: Ledger, orders: Sequence[SourceTransaction]) -> bool:
    """Whether nobody can say what these orders did to the number since Zettle's counts."""
    if any(one.reason is Reason.UNCLEAR for one in orders):
        return True
    return bool(orders) and not is_told(ledger, orders[0].at)
