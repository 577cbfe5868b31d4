"""Sends `to_push` in batches. Each batch ends as landed, as refused, or as pending until it is
resolved.

The pending write is saved before the request, with the slot of the marker that the call carries.
The answer and the next call are saved in one transaction.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from brygga.bigcommerce.api.inventory import ADJUSTED_AT_ONCE
from brygga.bigcommerce.values import StockChange
from brygga.core import stock
from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.hands import level_of
from brygga.core.model import InventoryType
from brygga.core.stock import Ledger, Side, Slot, Timing
from brygga.core.stock.movement import Cause
from brygga.database.bindings import Binding
from brygga.database.ledgers import LedgerRow
from brygga.database.pending_writes import CallPart
from brygga.sync.shown import products_shown
from brygga.sync.stock import calls
from brygga.sync.stock.calls import Call, Move, Part
from brygga.sync.stock.evidence import Reads
from brygga.sync.stock.gather import Inventories, Till, location
from brygga.sync.stock.refusals import Refusals
from brygga.sync.stock.unit_of_work import UnitOfWork, locked
from brygga.sync.worker.session import Session
from brygga.zettle.api.inventory import MOVED_AT_ONCE
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import Movement

AT_ONCE = {Side.ZETTLE: MOVED_AT_ONCE, Side.SHOP: ADJUSTED_AT_ONCE - 1}
"""One item of each call to BigCommerce is the marker's."""
LATEST = timedelta(minutes=15)
"""A write that comes later than this after a report has another reason."""
TRIES = 3
"""How often a variant's `to_push` may be sent in one pass."""


@dataclass(slots=True)
class Sending:
    """One pass over the `to_push` of some products, one call at a time."""

    session: Session
    till: Till
    timing: Timing
    uuids: Collection[str]
    finish: Callable[[UnitOfWork], Awaitable[None]]
    """Called in the last transaction, after which nothing more is sent."""
    sides: Sequence[Side] = (Side.SHOP, Side.ZETTLE)
    """The sides whose changes are sent."""
    parts: list[Part] = field(default_factory=list)
    """What else is sent: absolute levels, and pieces of a refused call."""
    shown: Reads = field(default_factory=dict)
    """What BigCommerce shows where no number is confirmed. It stays if an absolute level does not
    land.
    """
    switched: Collection[str] = ()
    """Products whose tracking was switched on in Zettle: BigCommerce has to count them."""
    bound: Mapping[str, Binding] = field(default_factory=dict)
    reported_at: Mapping[tuple[Side, str], datetime] = field(default_factory=dict)
    """By side and variant, when the first event of this pass came."""
    refusals: Refusals = field(init=False)
    tries: Counter[tuple[Side, str]] = field(default_factory=Counter)
    failures: dict[Side, Failure] = field(default_factory=dict)
    """The failures that concern more than one item. The other side goes on."""

    async def first(self, unit: UnitOfWork, bound: Mapping[str, Binding]) -> Call | None:
        self.bound = {uuid: one for uuid, one in bound.items() if one.shares_stock}
        self.refusals = Refusals(self.session, self.timing, self.bound)
        return await self._next(unit)

    async def run(self, call: Call | None) -> None:
        """Sends this call and all after it. Raises the first failure that concerns more than one
        item.
        """
        while call is not None:
            call = await self._made(call)
        for failure in self.failures.values():
            raise failure

    # ---- Saved before it is sent -----------------------------------------------------------------

    async def _next(self, unit: UnitOfWork) -> Call | None:
        while self.parts:
            if (call := await self._record_intent(unit, self.parts.pop())) is not None:
                return call
        for side in self.sides:
            if (call := await self._record_intent(unit, Part(side))) is not None:
                return call
        if not self.failures:
            await self.finish(unit)
        return None

    async def _record_intent(self, unit: UnitOfWork, part: Part) -> Call | None:
        """Makes pending writes of `to_push`, for as many variants as fit in one call."""
        if part.side in self.failures:
            return None
        may = [
            ledger_row
            for ledger_row in unit.ledger_rows.values()
            if self._may_leave(ledger_row, unit.now, part)
        ]
        some, later = may[: AT_ONCE[part.side]], may[AT_ONCE[part.side] :]
        if not some:
            return None
        if part.only is None:
            self.tries.update((part.side, ledger_row.variant_uuid) for ledger_row in some)
        elif later:
            self.parts.append(replace(part, only={ledger_row.variant_uuid for ledger_row in later}))
        call = self.session.dice.uuid1()
        slot, may_leave = await calls.slot_for(unit, call, part.side)
        if not may_leave:
            # Every slot is held: these records are tried again when calls have had time to end.
            rests = unit.now + self.timing.read_lag(Side.SHOP)
            for ledger_row in some if not part.absolute else ():
                shop = replace(ledger_row.ledger.shop, rests=rests)
                unit.update(ledger_row, replace(ledger_row.ledger, shop=shop))
            return None
        changed = {
            ledger_row.variant_uuid: self._leaving(ledger_row, part, call, unit.now, slot)
            for ledger_row in some
        }
        return await calls.call_part(unit, call, part.side, changed)

    def _may_leave(self, ledger_row: LedgerRow, now: datetime, part: Part) -> bool:
        variant, bound = ledger_row.variant_uuid, self._variant_id(ledger_row)
        if (part.only is not None and variant not in part.only) or (
            part.side is Side.SHOP and bound is None
        ):
            return False
        if part.absolute:
            # Another variant: it was bound again, or recreated, during the read.
            is_same = ledger_row.ledger.shop.variant_id in {None, bound}
            return (
                is_same
                and ledger_row.ledger.shop.pending_write is None
                and stock.first_level(ledger_row.ledger) is not None
            )
        tried = part.only is None and self.tries[part.side, variant] >= TRIES
        return not tried and stock.sendable(ledger_row.ledger, part.side, now, self.timing) != 0

    def _leaving(
        self, ledger_row: LedgerRow, part: Part, call: str, now: datetime, slot: Slot | None
    ) -> Ledger:
        ledger, variant_id = ledger_row.ledger, self._variant_id(ledger_row)
        if not part.absolute:
            change = stock.sendable(ledger, part.side, now, self.timing)
            return stock.sent(ledger, part.side, change, call, now, slot)
        assert variant_id is not None
        read = self.shown.get(ledger_row.variant_uuid)
        shown = ledger.shop.confirmed if read is None else read.level
        return stock.resumed(
            stock.reset(ledger, call, now, shown if isinstance(shown, int) else 0, slot), variant_id
        )

    def _variant_id(self, ledger_row: LedgerRow) -> int | None:
        binding = self.bound.get(ledger_row.product_uuid)
        return None if binding is None else binding.synced.variants.get(ledger_row.variant_uuid)

    # ---- The request -----------------------------------------------------------------------------

    async def _made(self, call: Call) -> Call | None:
        move: Move
        cause: Cause | None
        try:
            await self._send(call)
        except Unanswered:
            async with locked(self.session, self.uuids) as unit:
                await calls.open_still(unit, call, self.timing)
                return await self._next(unit)
        except Refused as refusal:
            blame = await self.refusals.blamed(call, refusal)
            async with locked(self.session, self.uuids) as unit:
                self.parts += await self.refusals.follow(unit, blame)
                return await self._next(unit)
        except (Unreachable, NeedsMerchant) as failure:
            self.failures.setdefault(call.side, failure)
            move, cause = self.refusals.back(call), None
        else:
            move = partial(stock.landed, side=call.side, at=self.session.clock.now())
            cause = Cause.RESET if call.pending_write.is_absolute else Cause.WRITTEN
        async with locked(self.session, self.uuids) as unit:
            await calls.end(unit, call, call.items, move, cause)
            calls.give_back(unit, call, landed=cause is not None)
            if cause is Cause.RESET:
                self.refusals.say_counted(unit, call)
            if cause is Cause.WRITTEN:
                self._measure(unit, call)
            return await self._next(unit)

    def _measure(self, unit: UnitOfWork, call: Call) -> None:
        """How long each variant's write came after the report of a change on the other side, in
        this pass or, where it needed another read, in an earlier one. A change that nobody reported
        is found by a routine read, and is none of these.
        """
        side, source = (
            (Side.ZETTLE, "zettle") if call.side is Side.SHOP else (Side.SHOP, "bigcommerce")
        )
        for ledger_row in unit.of([item.variant_uuid for item in call.items]):
            reported = self.reported_at.get(
                (side, ledger_row.variant_uuid), ledger_row.ledger[side].hinted
            )
            if reported is not None and (waited := unit.now - reported) <= LATEST:
                self.session.figures.write(source, waited.total_seconds())

    async def _send(self, call: Call) -> None:
        if call.side is Side.SHOP:
            changes = self._changes(call)
            if call.pending_write.is_absolute:
                await self._switch_on(call)
                await self.session.shop.set_levels(changes, "Zettle")
            else:
                await self.session.shop.adjust(changes, "Zettle")
            return
        places = await self.till.inventories(self.session)
        if places is None:
            raise Refused(TillCode.NOT_TRACKED.value, "the account has no inventory")
        if not places.others:
            raise Refused(
                TillCode.INVENTORIES_MISSING.value,
                "no inventory to move from or to but the store's own",
            )
        moves = [
            _movement(item, places, by_order=item.variant_uuid in call.by_order)
            for item in call.items
        ]
        await self.session.zettle.move(call.pending_write.call, moves)

    def _changes(self, call: Call) -> list[StockChange]:
        """The changes of a call. The marker's item is first: if it did not land, no other did."""
        changes = [self._change(item, item.pending_write.quantity) for item in call.items]
        slot = call.pending_write.slot
        if slot is None:
            return changes
        more = slot.count + 1 if call.pending_write.is_absolute else 1
        return [StockChange(location(self.session), more, variant_id=slot.variant_id), *changes]

    def _change(self, item: CallPart, quantity: int) -> StockChange:
        """A product without variants is counted as the product (bigcommerce facts 5.2)."""
        synced, place = self.bound[item.product_uuid].synced, location(self.session)
        if not synced.options:
            return StockChange(place, quantity, product_id=synced.product_id)
        return StockChange(place, quantity, variant_id=synced.variants[item.variant_uuid])

    async def _switch_on(self, call: Call) -> None:
        """Makes BigCommerce count at the level at which Zettle does. Nothing is written where it
        already does.
        """
        uuids = {item.product_uuid for item in call.items} & {
            *self.switched,
            *self.refusals.uncounted,
        }
        wanted = {
            (one := self.bound[uuid].synced).product_id: level_of(one) for uuid in sorted(uuids)
        }
        shown = await products_shown(self.session, [*wanted])
        for product_id, tracking in wanted.items():
            if product_id not in shown or shown[product_id].tracking is not tracking:
                await self.session.shop.update_product(product_id, {"tracking": tracking})


def _movement(item: CallPart, places: Inventories, *, by_order: bool) -> Movement:
    """The movement of an item. Orders move to where sales go, and back from there. Edits come from
    the supplier and go to the bin (zettle facts 3.5).
    """
    less = item.pending_write.quantity < 0
    kind = InventoryType.SOLD if by_order else InventoryType.BIN if less else InventoryType.SUPPLIER
    other = places.others.get(kind) or next(iter(places.others.values()))
    source, target = (places.store, other) if less else (other, places.store)
    return Movement(
        item.product_uuid, item.variant_uuid, source, target, abs(item.pending_write.quantity)
    )
