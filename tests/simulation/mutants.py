"""Engines that are wrong on purpose, a few lines each. The simulation must catch every one.

Each is what somebody could have written, or what a later change could break. `MUTANTS` names them;
`catching` plays them.

    python -m tests.simulation.mutants --days 100 [--only NAME] [--seconds 600]
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from brygga import wiring
from brygga.bigcommerce.values import StockChange
from brygga.core import stock
from brygga.core.stock import (
    Ledger,
    Level,
    LevelRead,
    Resolved,
    Side,
    Slot,
    StockRecord,
    Timing,
    moves,
    resolving,
)
from brygga.core.stock import sending as core_sending
from brygga.core.stock.movement import Cause
from brygga.database import leases, reported_changes
from brygga.database.engine import Fence, Tx
from brygga.database.pending_writes import CallPart
from brygga.sync.products.creating import Creating
from brygga.sync.stock import calls, evidence, gather, reconciling, work
from brygga.sync.stock.calls import Call
from brygga.sync.stock.gather import World
from brygga.sync.stock.orders import Sold
from brygga.sync.stock.sending import Sending
from brygga.sync.stock.unit_of_work import UnitOfWork
from brygga.sync.worker.session import Lease, Session
from brygga.web import following, receiving_zettle
from brygga.zettle import events as till_events
from tests.simulation.disk import DiskDatabase
from tests.simulation.mutants_of_the_marker import (
    count_never_raised,
    count_read_later,
    deaf_to_the_slot,
    marker_left_behind,
    read_before_the_end,
    slot_given_back_too_early,
    two_calls_in_one_slot,
)
from tests.simulation.process import Process

Broken = Callable[[], list[Any]]
"""The patches that make it."""


# ---- Remembering ---------------------------------------------------------------------------------


def remember_after() -> list[Any]:
    """The pending write is saved when it has landed, not before the request leaves."""
    really, ended, locked = calls.call_part, calls.end, calls.open_still

    async def call_part(
        unit: UnitOfWork, call: str, side: Side, changed: Mapping[str, Ledger]
    ) -> Call:
        pending_writes = {
            variant: ledger[side].pending_write for variant, ledger in changed.items()
        }
        if any(one is None or one.is_absolute for one in pending_writes.values()):
            return await really(unit, call, side, changed)
        items = [
            CallPart(unit.ledger_rows[variant].product_uuid, variant, side, pending_write)
            for variant, pending_write in pending_writes.items()
            if pending_write is not None
        ]
        return Call(side, items)

    async def end(
        unit: UnitOfWork,
        call: Call,
        items: Sequence[CallPart],
        move: calls.Move,
        cause: Cause | None = None,
    ) -> None:
        for item in items:
            ledger_row, pending_write = unit.ledger_rows[item.variant_uuid], item.pending_write
            if cause is Cause.WRITTEN and ledger_row.ledger[call.side].pending_write is None:
                unit.update(
                    ledger_row,
                    move(
                        stock.sent(
                            ledger_row.ledger,
                            call.side,
                            pending_write.quantity,
                            pending_write.call,
                            pending_write.sent,
                        )
                    ),
                )
        if any(
            unit.ledger_rows[item.variant_uuid].ledger[call.side].pending_write is not None
            for item in items
        ):
            await ended(unit, call, items, move, cause)

    async def open_still(unit: UnitOfWork, call: Call, timing: Timing) -> None:
        if call.pending_write.is_absolute:
            await locked(unit, call, timing)

    return [
        patch.object(calls, "call_part", call_part),
        patch.object(calls, "end", end),
        patch.object(calls, "open_still", open_still),
    ]


def landed_when_sent() -> list[Any]:
    """What was sent counts as confirmed, whatever is answered."""

    def landed(ledger: Ledger, side: Side, level: int | None = None) -> Ledger:
        pending_write = ledger[side].pending_write
        assert pending_write is not None
        return stock.landed(ledger, side, pending_write.sent)

    return [
        patch.object(stock, "refused", landed),
        patch.object(stock, "unanswered", lambda ledger, side, at: landed(ledger, side)),
    ]


def repeat_blindly() -> list[Any]:
    """No answer counts as a no."""
    return [patch.object(stock, "unanswered", lambda ledger, side, at: stock.refused(ledger, side))]


def hope() -> list[Any]:
    """No answer counts as a yes."""
    return [patch.object(stock, "unanswered", stock.landed)]


# ---- Seeing --------------------------------------------------------------------------------------


def ignore_read_lag() -> list[Any]:
    """Every read counts as the present level."""
    return [patch.object(wiring, "Timing", lambda: Timing(read_lag_s=0.05))]


def ignore_echoes() -> list[Any]:
    """Echoes of our own identifiers are ignored."""

    async def unreceived(tx: Tx, connection_id: int, identifiers: list[str], now: datetime) -> None:
        return

    return [patch.object(reported_changes, "record_echoes", unreceived)]


def resolve_by_level() -> list[Any]:
    """The level after the write proves that it landed, the level before it that it did not."""

    def resolve(ledger: Ledger, read: LevelRead, slot: Level | None, timing: Timing) -> Resolved:
        pending_write = ledger.shop.pending_write
        assert pending_write is not None
        if (
            not isinstance(read.level, int)
            or pending_write.is_absolute
            or pending_write.base is None
        ):
            return resolving.resolve_shop(ledger, read, slot, timing)
        landed_ = read.level == pending_write.base + pending_write.quantity
        slotted = ledger.with_record(
            Side.SHOP,
            replace(ledger.shop, pending_write=replace(pending_write, slot=Slot(0, 0), base=None)),
        )
        return resolving.resolve_shop(slotted, read, 1 if landed_ else 0, timing)

    return [patch.object(stock, "resolve_shop", resolve)]


def till_by_level() -> list[Any]:
    """The level alone decides at once about a write to Zettle without an answer."""

    def resolve(
        ledger: Ledger, read: LevelRead, echoed: datetime | None, timing: Timing
    ) -> Resolved:
        pending_write = ledger.zettle.pending_write
        if (
            pending_write is not None
            and isinstance(read.level, int)
            and read.level != pending_write.base
        ):
            echoed = read.read_started
        return resolving.resolve_till(ledger, read, echoed, timing)

    return [patch.object(stock, "resolve_till", resolve)]


def one_read_is_enough() -> list[Any]:
    """A hint is closed by the first read after it, however old the level that it shows may be."""

    def next_read(ledger: Ledger, side: Side, timing: Timing) -> datetime | None:
        record = ledger[side]
        looked = (
            record.hinted is not None and record.seen is not None and record.seen >= record.hinted
        )
        return None if looked else core_sending.next_read(ledger, side, timing)

    return [patch.object(stock, "next_read", next_read)]


def pair_by_place() -> list[Any]:
    """The rows of a list are taken to come in the order in which they were asked for."""

    def by_place(rows: Any) -> dict[str, Any]:
        found = list(rows)
        return dict(
            zip(
                (row.variant_uuid for row in found),
                (row.balance for row in reversed(found)),
                strict=True,
            )
        )

    return [patch.object(evidence, "balances", by_place)]


def deaf_to_strangers() -> list[Any]:
    """An event of Zettle's without an identifier is taken for our own."""
    real = following.zettle_items

    def marked(event: Any) -> Any:
        own = isinstance(event, till_events.BalanceChanged) and not event.external_uuid
        return () if own else real(event)

    return [patch.object(receiving_zettle, "zettle_items", marked)]


def both_follow() -> list[Any]:
    """Separate stock moves the other side too."""
    real = moves._moved

    def moved(  # noqa: PLR0917 - as the real one
        ledger: Ledger,
        side: Side,
        record: StockRecord,
        change: int,
        at: datetime,
        timing: Timing,
    ) -> Ledger:
        found = real(ledger, side, record, change, at, timing)
        other = found[side.other]
        if not ledger.separate or other.target is None:
            return found
        return found.with_record(side.other, replace(other, to_push=other.to_push + change))

    return [patch.object(moves, "_moved", moved)]


def track_everything() -> list[Any]:
    """Tracking that was switched off is not noticed."""

    async def tracked(self: Any, ledger_row: Any, read: LevelRead) -> bool:
        return True

    return [
        patch.object(reconciling.Reconciling, "_is_tracked", tracked),
        patch.object(stock, "stopped", lambda ledger, timing: ledger),
    ]


# ---- Writing -------------------------------------------------------------------------------------


def absolute() -> list[Any]:
    """BigCommerce gets the new level, not the change."""
    real = Sending._send

    async def send(self: Sending, call: Call) -> None:
        if call.side is Side.ZETTLE or call.pending_write.is_absolute:
            await real(self, call)
            return
        levels = [
            self._change(item, max(0, (item.pending_write.base or 0) + item.pending_write.quantity))
            for item in call.items
        ]
        if (slot := call.pending_write.slot) is not None:
            levels.append(
                StockChange(
                    gather.location(self.session), slot.count + 1, variant_id=slot.variant_id
                )
            )
        await self.session.shop.set_levels(levels, "Zettle")

    return [patch.object(Sending, "_send", send)]


def blind_to_orders() -> list[Any]:
    """What orders took after tracking was switched on, and before our first read, is not read."""

    async def none(session: Session, world: World, timing: Timing) -> Mapping[str, Sold | None]:
        return {uuid: {} for uuid in world.stored.bound}

    return [patch.object(work, "sold_since", none)]


def no_fence() -> list[Any]:
    """Any worker may work for a connection, also while another one does."""
    real = DiskDatabase.transaction

    def open_to_all(self: DiskDatabase, fence: Fence | None = None) -> Any:
        return real(self)

    held = "lease_holder IS NULL OR {0}lease_until < :expired"
    always = "CAST(:expired AS timestamptz) IS NOT NULL"
    taken = str(leases._TAKE)
    for table in ("c.", ""):
        taken = taken.replace(f"({table}{held.format(table)})", always)

    return [
        patch.object(leases, "_TAKE", sa.text(taken)),
        patch.object(DiskDatabase, "transaction", open_to_all),
        patch.object(Lease, "check", lambda self, timeout_s: None),
    ]


def answer_first() -> list[Any]:
    """A webhook is answered whatever becomes of it."""
    real = Process.take_reports

    async def take_reports(self: Process, *message: Any) -> int:
        with suppress(Exception):
            await real(self, *message)
        return 200

    return [patch.object(Process, "take_reports", take_reports)]


def create_again() -> list[Any]:
    """A create without an answer is sent once more, without a check."""

    async def resolve(self: Creating, jobs: Any) -> None:
        return

    return [patch.object(Creating, "resolve", resolve)]


MUTANTS: Mapping[str, Broken] = {
    broken.__name__: broken
    for broken in (
        remember_after,
        landed_when_sent,
        repeat_blindly,
        hope,
        slot_given_back_too_early,
        count_read_later,
        read_before_the_end,
        two_calls_in_one_slot,
        marker_left_behind,
        count_never_raised,
        deaf_to_the_slot,
        ignore_read_lag,
        ignore_echoes,
        resolve_by_level,
        till_by_level,
        one_read_is_enough,
        pair_by_place,
        deaf_to_strangers,
        both_follow,
        track_everything,
        absolute,
        blind_to_orders,
        no_fence,
        answer_first,
        create_again,
    )
}


if __name__ == "__main__":
    from tests.simulation.catching import main

    raise SystemExit(main())
