"""Engines that are wrong on purpose about the marker (decision 16). `mutants` names them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from brygga.bigcommerce.values import StockChange
from brygga.core import stock
from brygga.core.stock import (
    Ledger,
    Level,
    LevelRead,
    PendingWrite,
    Resolved,
    Side,
    Timing,
    resolving,
)
from brygga.database import markers
from brygga.sync.stock import calls
from brygga.sync.stock.calls import Call
from brygga.sync.stock.sending import Sending
from brygga.sync.stock.unit_of_work import UnitOfWork


def slot_given_back_too_early() -> list[Any]:
    """A slot is free again as soon as its call has left, and not when it is known what became of
    that.
    """
    real = calls.call_part

    async def call_part(
        unit: UnitOfWork, call: str, side: Side, changed: Mapping[str, Ledger]
    ) -> Call:
        left = await real(unit, call, side, changed)
        calls.give_back(unit, left, landed=False)
        return left

    return [patch.object(calls, "call_part", call_part), *_one_slot()]


def count_read_later() -> list[Any]:
    """The count of a slot is not on disk with the intent: what it shows first is taken for it."""

    def resolve(ledger: Ledger, read: LevelRead, slot: Level | None, timing: Timing) -> Resolved:
        pending_write = ledger.shop.pending_write
        if pending_write is not None and pending_write.slot is not None and isinstance(slot, int):
            later = replace(pending_write, slot=replace(pending_write.slot, count=slot))
            ledger = ledger.with_record(Side.SHOP, replace(ledger.shop, pending_write=later))
        return resolving.resolve_shop(ledger, read, slot, timing)

    return [patch.object(stock, "resolve_shop", resolve)]


def read_before_the_end() -> list[Any]:
    """A slot is read while its request may still take effect, and before reads have caught up."""

    def at_once(side: Side, pending_write: PendingWrite, timing: Timing) -> datetime:
        return pending_write.sent

    return [patch.object(module, "resolve_at", at_once) for module in (resolving, stock)]


def two_calls_in_one_slot() -> list[Any]:
    """A slot that is held is taken all the same."""
    return _one_slot()


def _one_slot() -> list[Any]:
    statement = sa.text("""
        UPDATE marker_slots SET call = :call, taken_at = :now
        WHERE connection_id = :id AND slot = (SELECT min(slot) FROM marker_slots
            WHERE connection_id = :id)
        RETURNING variant_id, count AS shown
    """)
    return [patch.object(markers, "_TAKE", statement)]


def marker_left_behind() -> list[Any]:
    """The slot is taken and saved, but its item is not in the call."""
    real = Sending._changes

    def changes(self: Sending, call: Call) -> list[StockChange]:
        changes = real(self, call)
        return changes if call.pending_write.slot is None else changes[1:]

    return [patch.object(Sending, "_changes", changes)]


def count_never_raised() -> list[Any]:
    """A slot is given back with the count that it had, although its call has landed, and is the
    next one taken.
    """

    real = calls.give_back

    def give_back(unit: UnitOfWork, call: Call, *, landed: bool) -> None:
        real(unit, call, landed=False)

    statement = sa.text(str(markers._TAKE).replace("ORDER BY freed_at, slot", "ORDER BY slot"))
    return [
        patch.object(calls, "give_back", give_back),
        patch.object(markers, "_TAKE", statement),
    ]


def deaf_to_the_slot() -> list[Any]:
    """A call without an answer counts as landed where its slot cannot be read."""

    def resolve(ledger: Ledger, read: LevelRead, slot: Level | None, timing: Timing) -> Resolved:
        pending_write = ledger.shop.pending_write
        if pending_write is not None and pending_write.slot is not None:
            slot = pending_write.slot.count + 1
        return resolving.resolve_shop(ledger, read, slot, timing)

    return [patch.object(stock, "resolve_shop", resolve)]
