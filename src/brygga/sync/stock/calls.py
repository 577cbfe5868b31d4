"""One call: its parts, saved before the request leaves, and its outcome.

All parts of a call share its id, its answer and its slot of the marker (decision 16).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from brygga.core import stock
from brygga.core.stock import Ledger, PendingWrite, Side, Slot, Timing
from brygga.core.stock.movement import Cause, Moved
from brygga.database import markers
from brygga.database.pending_writes import CallPart
from brygga.database.work_items import Kind
from brygga.sync.stock.reconciling import ORDER_EXPLAINS
from brygga.sync.stock.unit_of_work import UnitOfWork

Move = Callable[[Ledger], Ledger]


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
    unit.intend(items)
    return Call(side, items, by_order)


async def end(
    unit: UnitOfWork, call: Call, items: Sequence[CallPart], move: Move, cause: Cause | None = None
) -> None:
    """Saves the outcome of these parts of a call."""
    for item in items:
        ledger_row = unit.ledger_rows.get(item.variant_uuid)
        if ledger_row is None or not is_open(ledger_row.ledger, call):
            continue  # tracking was switched off, or the variant recreated, during the call
        what = (
            None
            if cause is None
            else Moved(call.side, cause, item.pending_write.quantity, call=call.pending_write.call)
        )
        unit.update(ledger_row, move(ledger_row.ledger), what)
    unit.end(items)


def give_back(unit: UnitOfWork, call: Call, *, landed: bool) -> None:
    """Gives the slot back when the whole call is answered."""
    if call.pending_write.slot is not None:
        unit.free(call.pending_write, call.pending_write.slot.count + landed)


async def open_still(unit: UnitOfWork, call: Call, timing: Timing) -> None:
    """There is no answer, so the outcome is in doubt. The writes stay pending. Resolving is due as
    soon as a read can show the outcome.
    """
    for item in call.items:
        ledger_row = unit.ledger_rows.get(item.variant_uuid)
        if ledger_row is not None and is_open(ledger_row.ledger, call):
            unit.update(ledger_row, stock.unanswered(ledger_row.ledger, call.side, unit.now))
    products = sorted({item.product_uuid for item in call.items})
    await unit.item(Kind.RESOLVE, *products, due_at=unit.now + timing.finish(call.side))


async def slot_for(unit: UnitOfWork, call: str, side: Side) -> tuple[Slot | None, bool]:
    """The slot for a call to BigCommerce, and whether the call may be sent. It waits while all
    slots are held.
    """
    if side is Side.ZETTLE:
        return None, True
    slot = await unit.slot(call)
    return slot, slot is not None or not await markers.exists(unit.tx, unit.connection_id, unit.now)


def is_open(ledger: Ledger, call: Call) -> bool:
    pending_write = ledger[call.side].pending_write
    return pending_write is not None and pending_write.call == call.pending_write.call
