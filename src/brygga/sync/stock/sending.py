"""Sends `to_push` in batches. Each batch ends as landed, as refused, or as pending until it is
resolved.

The pending write is saved before the request, with the slot of the marker that the call carries.
The answer and the next call are saved in one transaction. Calls are all or nothing on both
platforms (zettle facts 3.5, bigcommerce facts 5.2): a bad item is found by its name in the refusal,
or by halving the call.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from brygga.bigcommerce.api.inventory import ADJUSTED_AT_ONCE
from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.refusals import named_items
from brygga.bigcommerce.values import StockChange
from brygga.core import stock
from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.hands import has_options, level_of
from brygga.core.model import InventoryType, Tracking
from brygga.core.report import Code, Severity
from brygga.core.stock import Ledger, PendingWrite, Side, Slot, Timing
from brygga.core.stock.movement import Cause, Moved
from brygga.database import ledgers, markers, synclog
from brygga.database.bindings import Binding
from brygga.database.ledgers import CallPart, LedgerRow
from brygga.database.synclog import Filter
from brygga.database.work_items import Kind
from brygga.sync.shown import products_shown
from brygga.sync.stock.evidence import Reads
from brygga.sync.stock.gather import Inventories, Till, location
from brygga.sync.stock.reconciling import ORDER_EXPLAINS
from brygga.sync.stock.unit_of_work import UnitOfWork, locked
from brygga.sync.worker.session import Session
from brygga.zettle.api.inventory import MOVED_AT_ONCE
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import Movement

AT_ONCE = {Side.ZETTLE: MOVED_AT_ONCE, Side.SHOP: ADJUSTED_AT_ONCE - 1}
"""One item of each call to BigCommerce is the marker's."""
Move = Callable[[Ledger], Ledger]
TRIES = 3
"""How often a variant's `to_push` may be sent in one pass."""
LINES_BACK = 200
"""How many of a product's newest lines are searched for the last line of each variant."""


@dataclass(frozen=True, slots=True)
class Call:
    """One saved request: each variant's part of it, and the variants that an order moved."""

    side: Side
    items: Sequence[CallPart]
    by_order: Collection[str] = ()

    @property
    def pending_write(self) -> PendingWrite:
        """All of them share its id, its kind and its slot."""
        return self.items[0].pending_write


@dataclass(frozen=True, slots=True)
class Part:
    """What a call is made of: the changes in a side's `to_push`, or absolute levels. `only` limits
    it to these variants.
    """

    side: Side
    only: Collection[str] | None = None
    absolute: bool = False


# ---- The outcome of a call -----------------------------------------------------------------------


async def call_part(unit: UnitOfWork, call: str, side: Side, changed: Mapping[str, Ledger]) -> Call:
    """Saves the pending writes of this call in these ledgers, before the request."""
    items: list[CallPart] = []
    by_order: set[str] = set()
    for variant, ledger in changed.items():
        ledger_row = unit.update(unit.ledger_rows[variant], ledger)
        pending_write, ordered = ledger[side].pending_write, ledger.shop.ordered
        assert pending_write is not None
        items.append(CallPart(ledger_row.product_uuid, variant, side, pending_write))
        if ordered is not None and unit.now - ordered <= ORDER_EXPLAINS:
            by_order.add(variant)
    await ledgers.record_intent(unit.tx, unit.connection_id, items, unit.now)
    return Call(side, items, by_order)


async def end(
    unit: UnitOfWork, call: Call, items: Sequence[CallPart], move: Move, cause: Cause | None = None
) -> None:
    """Saves the outcome of these parts of a call."""
    for item in items:
        ledger_row = unit.ledger_rows.get(item.variant_uuid)
        if ledger_row is None or not _is_open(ledger_row.ledger, call):
            continue  # tracking was switched off, or the variant recreated, during the call
        what = (
            None
            if cause is None
            else Moved(call.side, cause, item.pending_write.quantity, call=call.pending_write.call)
        )
        unit.update(ledger_row, move(ledger_row.ledger), what)
    await ledgers.resolve_call(
        unit.tx, unit.connection_id, call.pending_write.call, [item.variant_uuid for item in items]
    )


async def give_back(unit: UnitOfWork, call: Call, *, landed: bool) -> None:
    """Gives the slot back when the whole call is answered."""
    if call.pending_write.slot is not None:
        await unit.free(call.pending_write, call.pending_write.slot.count + landed)


async def open_still(unit: UnitOfWork, call: Call, timing: Timing) -> None:
    """There is no answer, so the outcome is in doubt. The writes stay pending. Resolving is due as
    soon as a read can show the outcome.
    """
    for item in call.items:
        ledger_row = unit.ledger_rows.get(item.variant_uuid)
        if ledger_row is not None and _is_open(ledger_row.ledger, call):
            unit.update(ledger_row, stock.unanswered(ledger_row.ledger, call.side, unit.now))
    products = sorted({item.product_uuid for item in call.items})
    await unit.item(Kind.RESOLVE, *products, due_at=unit.now + timing.finish(call.side))


async def _slot(unit: UnitOfWork, call: str, side: Side) -> tuple[Slot | None, bool]:
    """The slot for a call to BigCommerce, and whether the call may be sent. It waits while all
    slots are held.
    """
    if side is Side.ZETTLE:
        return None, True
    slot = await markers.take(unit.tx, unit.connection_id, call, unit.now)
    return slot, slot is not None or not await markers.exists(unit.tx, unit.connection_id, unit.now)


def _is_open(ledger: Ledger, call: Call) -> bool:
    pending_write = ledger[call.side].pending_write
    return pending_write is not None and pending_write.call == call.pending_write.call


# ---- What a refusal means ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to an item that is refused. Its quantity is in `to_push` again.

    Nothing is sent until its level is read (`rests`), or until the product work has found it
    (`sleeps`). `work` is the kind of work item that checks it. `line` is written for the merchant.
    `absolute`: an absolute level is written instead.
    """

    rests: bool = False
    sleeps: bool = False
    work: Kind | None = None
    line: Code | None = None
    absolute: bool = False


ABSOLUTE = Rule(absolute=True)
RULES: Mapping[str, Rule] = {
    ShopCode.NOT_ENOUGH_STOCK: Rule(rests=True),
    ShopCode.NEEDS_ABSOLUTE_FIRST: ABSOLUTE,
    # Counted at another level: somebody switched it (decisions 17, 18). A product that is not
    # counted at all needs an absolute level, and is counted again: the merchant wants its stock
    # shared.
    ShopCode.TRACKING_LEVEL: Rule(rests=True, work=Kind.SHOP_PRODUCT),
    ShopCode.ITEM_UNKNOWN: Rule(sleeps=True, work=Kind.SHOP_PRODUCT, line=Code.STOCK_ITEM_UNKNOWN),
    ShopCode.PRODUCT_GONE: Rule(sleeps=True, work=Kind.SHOP_PRODUCT, line=Code.STOCK_ITEM_UNKNOWN),
    TillCode.NOT_TRACKED: Rule(rests=True, work=Kind.TRACKING),
    TillCode.ITEM_UNKNOWN: Rule(sleeps=True, line=Code.STOCK_ITEM_UNKNOWN),
}
OTHERWISE = Rule(sleeps=True, line=Code.STOCK_REFUSED)
"""Also for every absolute level."""


# ---- One pass ------------------------------------------------------------------------------------


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
    uncounted: set[str] = field(default_factory=set)
    """Products that BigCommerce no longer counts."""
    bound: Mapping[str, Binding] = field(default_factory=dict)
    tries: Counter[tuple[Side, str]] = field(default_factory=Counter)
    failures: dict[Side, Failure] = field(default_factory=dict)
    """The failures that concern more than one item. The other side goes on."""

    async def first(self, unit: UnitOfWork, bound: Mapping[str, Binding]) -> Call | None:
        self.bound = {uuid: one for uuid, one in bound.items() if one.shares_stock}
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
        slot, may_leave = await _slot(unit, call, part.side)
        if not may_leave:
            # Every slot is held: these records are tried again when calls have had time to end.
            rests = unit.now + self.timing.read_lag(Side.SHOP)
            for ledger_row in some if not part.absolute else ():
                unit.update(
                    ledger_row,
                    ledger_row.ledger.with_record(
                        Side.SHOP, replace(ledger_row.ledger.shop, rests=rests)
                    ),
                )
            return None
        changed = {
            ledger_row.variant_uuid: self._leaving(ledger_row, part, call, unit.now, slot)
            for ledger_row in some
        }
        return await call_part(unit, call, part.side, changed)

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
            return stock.sent(
                ledger,
                part.side,
                stock.sendable(ledger, part.side, now, self.timing),
                call,
                now,
                slot,
            )
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
                await open_still(unit, call, self.timing)
                return await self._next(unit)
        except Refused as refusal:
            return await self._refused(call, refusal)
        except (Unreachable, NeedsMerchant) as failure:
            self.failures.setdefault(call.side, failure)
            move, cause = self._back(call, Rule()), None
        else:
            move = partial(stock.landed, side=call.side, at=self.session.clock.now())
            cause = Cause.RESET if call.pending_write.is_absolute else Cause.WRITTEN
        async with locked(self.session, self.uuids) as unit:
            await end(unit, call, call.items, move, cause)
            await give_back(unit, call, landed=cause is not None)
            if cause is Cause.RESET:
                self._say_counted(unit, call)
            return await self._next(unit)

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
        uuids = {item.product_uuid for item in call.items} & {*self.switched, *self.uncounted}
        wanted = {
            (one := self.bound[uuid].synced).product_id: level_of(one) for uuid in sorted(uuids)
        }
        shown = await products_shown(self.session, [*wanted])
        for product_id, tracking in wanted.items():
            if product_id not in shown or shown[product_id].tracking is not tracking:
                await self.session.shop.update_product(product_id, {"tracking": tracking})

    # ---- Refusals --------------------------------------------------------------------------------

    async def _refused(self, call: Call, refusal: Refused) -> Call | None:
        """Handles the refused items and sends the others again.

        If no item is named, each half is tried alone. If the marker's item is named, the marker is
        repaired and the call is sent again.
        """
        named = named_items(refusal) if call.side is Side.SHOP else frozenset()
        by_marker, absolute = _names_marker(call, named), call.pending_write.is_absolute
        guilty = [] if by_marker else self._guilty(call, refusal.code, named)
        if refusal.code == ShopCode.TRACKING_LEVEL and not absolute:
            self.uncounted |= await self._not_counted(guilty)

        async with locked(self.session, self.uuids) as unit:
            await self._send_again(unit, call, guilty, halved=not guilty and not by_marker)
            await give_back(unit, call, landed=False)
            if by_marker:
                await _read_marker(unit, call)
            for is_off in (False, True):
                items = [item for item in guilty if (item.product_uuid in self.uncounted) is is_off]
                rule = (
                    OTHERWISE
                    if absolute
                    else ABSOLUTE
                    if is_off
                    else RULES.get(refusal.code, OTHERWISE)
                )
                await self._blame(unit, call, items, (rule, refusal.code))
            return await self._next(unit)

    def _guilty(
        self, call: Call, code: str, named: Collection[tuple[str, int]]
    ) -> Sequence[CallPart]:
        """The items that are named, else all of them where each half would be refused too."""
        guilty = [item for item in call.items if self._is_named(item, named)]
        is_of_all = (
            len(call.items) == 1
            or call.pending_write.is_absolute
            or code == TillCode.INVENTORIES_MISSING
        )
        return call.items if is_of_all and not guilty else guilty

    def _is_named(self, item: CallPart, named: Collection[tuple[str, int]]) -> bool:
        if not named:
            return False
        synced = self.bound[item.product_uuid].synced
        return ("variant_id", synced.variants[item.variant_uuid]) in named or (
            "product_id",
            synced.product_id,
        ) in named

    async def _not_counted(self, items: Sequence[CallPart]) -> set[str]:
        """The products that BigCommerce does not count, or counts by their only variant, which
        makes no difference (decision 18).
        """
        ids = {item.product_uuid: self.bound[item.product_uuid].synced.product_id for item in items}
        shown = await products_shown(self.session, [*ids.values()])
        seen = {uuid: shown[id_] for uuid, id_ in ids.items() if id_ in shown}
        return {
            uuid
            for uuid, one in seen.items()
            if one.tracking is Tracking.NONE or not has_options(one)
        }

    async def _send_again(
        self, unit: UnitOfWork, call: Call, guilty: Sequence[CallPart], *, halved: bool
    ) -> None:
        rest = [item for item in call.items if item not in guilty]
        await end(unit, call, rest, self._back(call, Rule()))
        middle = len(rest) // 2 if halved else 0
        for piece in (rest[middle:], rest[:middle]):
            self.parts.append(
                Part(
                    call.side, {item.variant_uuid for item in piece}, call.pending_write.is_absolute
                )
            )

    def _back(self, call: Call, rule: Rule) -> Move:
        now = self.session.clock.now()

        def move(ledger: Ledger) -> Ledger:
            if rule.rests:
                return stock.short(ledger, call.side, now, self.timing)
            to_push = stock.refused(ledger, call.side)
            return stock.suspended(to_push, call.side) if rule.sleeps else to_push

        return move

    async def _blame(
        self, unit: UnitOfWork, call: Call, items: Sequence[CallPart], why: tuple[Rule, str]
    ) -> None:
        if not items:
            return
        rule, code = why
        cause = None if call.pending_write.is_absolute else Cause.REFUSED
        await end(unit, call, items, self._back(call, rule), cause)
        products = sorted({item.product_uuid for item in items})
        if rule.work is Kind.TRACKING:
            await unit.item(Kind.TRACKING, *products)
        elif rule.work is not None:
            await unit.item(
                rule.work, *(str(self.bound[uuid].synced.product_id) for uuid in products)
            )
        if rule.line is not None:
            params = {"side": call.side.value} | ({"cause": code} if rule is OTHERWISE else {})
            await _say_once(unit, items, rule.line, params)
        if rule.absolute:
            variants = {item.variant_uuid for item in items} | self._forgotten(unit, products)
            self.parts.append(Part(call.side, variants, absolute=True))

    def _forgotten(self, unit: UnitOfWork, products: Collection[str]) -> set[str]:
        """Where BigCommerce forgot one number, it forgot those of the product (bigcommerce facts
        5.4).
        """
        ledger_rows = [one for one in unit.ledger_rows.values() if one.product_uuid in products]
        return {
            one.variant_uuid
            for one in ledger_rows
            if one.product_uuid in self.uncounted or stock.is_held(one.ledger)
        }

    def _say_counted(self, unit: UnitOfWork, call: Call) -> None:
        """Writes one line for a product that BigCommerce counts again."""
        for product in sorted(self.uncounted & {item.product_uuid for item in call.items}):
            self.uncounted.remove(product)
            ledger_rows = [one for one in unit.ledger_rows.values() if one.product_uuid == product]
            levels = [
                stock.first_level(one.ledger)
                for one in ledger_rows
                if not one.ledger.shop.is_suspended
            ]
            if ledger_rows:
                number = sum(level for level in levels if level is not None)
                unit.say(
                    Code.STOCK_SWITCHED_ON, ledger_rows[0], Severity.WARNING, number=str(number)
                )


def _names_marker(call: Call, named: Collection[tuple[str, int]]) -> bool:
    return (
        call.pending_write.slot is not None
        and ("variant_id", call.pending_write.slot.variant_id) in named
    )


async def _read_marker(unit: UnitOfWork, call: Call) -> None:
    """BigCommerce refused the marker's item: no call takes that slot any more, and the marker is
    repaired (`sync.stock.marker`).
    """
    assert call.pending_write.slot is not None
    await markers.drop(unit.tx, unit.connection_id, [call.pending_write.slot.variant_id])
    await unit.item(Kind.MARKER, "")


async def _say_once(
    unit: UnitOfWork, items: Sequence[CallPart], code: Code, params: Mapping[str, str]
) -> None:
    """Writes the line unless it is the variant's last line already. A refused item is tried again
    after each change event.
    """
    for item in items:
        newest = await synclog.page(
            unit.tx, unit.connection_id, Filter(subject=item.product_uuid), limit=LINES_BACK
        )
        last = next((one.line for one in newest if one.line.variant == item.variant_uuid), None)
        is_said = last is not None and last.code is code and params.items() <= last.params.items()
        if not is_said and item.variant_uuid in unit.ledger_rows:
            unit.say(code, unit.ledger_rows[item.variant_uuid], Severity.WARNING, **params)


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
