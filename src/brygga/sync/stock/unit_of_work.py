"""Some ledgers under lock, in one transaction. Their changes are saved together with the movements,
the sync log lines and the work items.
"""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Ledger, Level, LevelRead, PendingWrite, Side, Slot, Timing
from brygga.core.stock.movement import OWN, Cause, Movement, reported
from brygga.core.stock.movement import Moved as Move
from brygga.database import (
    ledgers,
    markers,
    movements,
    pending_writes,
    reported_changes,
    stock_saving,
    work_items,
)
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.pending_writes import CallPart
from brygga.database.stock_saving import Work
from brygga.database.work_items import Kind, Wish, WorkItem
from brygga.sync.worker.session import Session


@dataclass(slots=True)
class UnitOfWork:
    """The ledgers of some products, locked for writing. `save` is called once, at the end of the
    transaction.
    """

    tx: Tx
    connection_id: int
    now: datetime
    ledger_rows: dict[str, LedgerRow]
    locked: Mapping[str, LedgerRow]
    """The ledgers as they were when they were locked."""
    _changed: set[str] = field(default_factory=set)
    _movements: list[Movement] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=list)
    _intents: list[CallPart] = field(default_factory=list)
    _ended: list[tuple[str, str]] = field(default_factory=list)
    received: dict[str, list[bool]] = field(default_factory=dict)
    """By variant, the store's events that this pass took: whether each named an order."""
    reported_at: dict[tuple[Side, str], datetime] = field(default_factory=dict)
    """By side and variant, when the first event came of those that this pass took."""
    _done: list[WorkItem] = field(default_factory=list)
    _wishes: list[Wish] = field(default_factory=list)
    _freed: dict[str, int] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    """The latest time of the next work on a product, for reasons that its ledgers do not hold."""

    def of(self, variants: Collection[str]) -> list[LedgerRow]:
        """The ledger rows of these variants, as far as they have one."""
        return [
            self.ledger_rows[variant] for variant in sorted(variants) if variant in self.ledger_rows
        ]

    def is_separate(self, product: str) -> bool:
        """Whether this product's stock is separate (S5), by the variants that have a ledger."""
        return any(
            one.ledger.separate and one.ledger.is_tracked
            for one in self.ledger_rows.values()
            if one.product_uuid == product
        )

    def update(self, ledger_row: LedgerRow, ledger: Ledger, what: Move | None = None) -> LedgerRow:
        """Sets the ledger of a row, and records why it changed."""
        if what is not None:
            of = (ledger_row.product_uuid, ledger_row.variant_uuid)
            self._movements.append(reported(what, of, ledger_row.ledger, ledger, self.now))
        self._say_full(ledger_row, ledger)
        changed = replace(ledger_row, ledger=ledger)
        if changed != ledger_row or ledger_row.variant_uuid not in self.ledger_rows:
            self._changed.add(ledger_row.variant_uuid)
        self.ledger_rows[ledger_row.variant_uuid] = changed
        return changed

    def begin(self, product: str, variant: str, read: LevelRead) -> LedgerRow:
        """Gives a variant its record, at the first level that Zettle shows. The stock of a product
        is separate for all its variants, or shared for all (S5).
        """
        first = stock.new_ledger(read, separate=self.is_separate(product))
        return self.update(LedgerRow(product, variant, first), first)

    def intend(self, parts: Collection[CallPart]) -> None:
        """Records that these writes are about to be sent, together with their ledgers."""
        self._intents += parts

    def end(self, parts: Collection[CallPart]) -> None:
        """The outcome of these writes is known for good. It is saved together with their
        ledgers.
        """
        self._ended += [(one.pending_write.call, one.variant_uuid) for one in parts]

    def due_at(self, product: str, at: datetime) -> None:
        self.due[product] = min(at, self.due.get(product, at))

    def free(self, pending_write: PendingWrite, level: Level | None) -> None:
        """Gives back the slot of this call, with the level that it shows. A slot that could not be
        read stays held: its call is over, and the marker's work reads it (`sync.stock.marker`).
        """
        if pending_write.slot is not None and isinstance(level, int):
            self._freed[pending_write.call] = level

    async def slot(self, call: str) -> Slot | None:
        """A free slot for this call. Those that this unit has given back are free too."""
        for earlier, level in self._freed.items():
            await markers.give_back(self.tx, self.connection_id, earlier, level, self.now)
        self._freed.clear()
        return await markers.take(self.tx, self.connection_id, call, self.now)

    async def forget_pending_write(self, ledger_row: LedgerRow, side: Side = Side.SHOP) -> None:
        """Forgets the pending write: its outcome no longer matters."""
        pending_write = ledger_row.ledger[side].pending_write
        if pending_write is not None:
            await self.forget(pending_write.call, ledger_row.variant_uuid)

    async def forget(self, call: str, variant: str) -> None:
        """The outcome of a variant's part of a call is known for good, or no longer matters."""
        await pending_writes.resolve_call(self.tx, self.connection_id, call, [variant])

    async def moved_in_shop(
        self, ledger_row: LedgerRow, since: datetime
    ) -> Sequence[tuple[datetime, int]]:
        """When the store's record moved by itself since then, and by how much."""
        variant = ledger_row.variant_uuid
        found = await movements.between(
            self.tx, self.connection_id, variant, since, self.now, limit=100
        )
        moves = [one for _, one in found if one.side is Side.SHOP and one.cause in OWN]
        return [(one.at, one.change) for one in moves]

    async def item(self, kind: Kind, *subjects: str, due_at: datetime | None = None) -> None:
        await work_items.add_many(
            self.tx, self.connection_id, kind, subjects, self.now, due_at=due_at
        )

    def wish(self, kind: Kind, subject: str, due_at: datetime) -> None:
        """As `item`, at the end of this unit: after the work that it has done."""
        self._wishes.append(Wish(kind, subject, due_at))

    async def finish(self, session: Session, items: Sequence[WorkItem]) -> None:
        """The work of these items is done, unless they were added again meanwhile. It is saved at
        the end of this unit, where nobody has to be told so.
        """
        told = [item for item in items if item.support_id]
        if told:
            await session.finish(*told, tx=self.tx)
        rest = [item for item in items if not item.support_id]
        self._done += rest
        session.finished_with(self.tx, rest)

    def _say_full(self, ledger_row: LedgerRow, ledger: Ledger) -> None:
        """Writes a line when a side's target first exceeds what the side can hold."""
        before = self.ledger_rows.get(ledger_row.variant_uuid, ledger_row).ledger
        for side in Side:
            if stock.excess(ledger, side) and not stock.excess(before, side):
                params = {
                    "limit": str(stock.LIMITS[side].highest),
                    "number": str(ledger[side].target),
                }
                self.say(Code.STOCK_FULL, ledger_row, Severity.WARNING, side=side.value, **params)

    def ask_to_check(self, ledger_row: LedgerRow) -> None:
        """Asks the merchant to check the number. The product page shows it until they answer."""
        current = self.ledger_rows[ledger_row.variant_uuid]
        self.ledger_rows[ledger_row.variant_uuid] = replace(
            current, check_since=current.check_since or self.now
        )
        self._changed.add(ledger_row.variant_uuid)

    def ask_about(self, ledger_row: LedgerRow, side: Side, change: int) -> None:
        """Asks whether a change reached this side. A product that is not tracked has no number to
        check.
        """
        ledger = self.ledger_rows[ledger_row.variant_uuid].ledger
        target = ledger.target if ledger[side].target is None else ledger[side].target
        if target is not None:
            self.ask_to_check(ledger_row)
            params = {"side": side.value, "change": f"{change:+d}", "number": str(target)}
            self.say(Code.STOCK_CHECK, ledger_row, Severity.WARNING, **params)

    def resolve_question(self, ledger_row: LedgerRow) -> LedgerRow:
        """Ends the question: the merchant has checked the number, or there is none to check."""
        checked = self.ledger_rows[ledger_row.variant_uuid] = replace(
            self.ledger_rows[ledger_row.variant_uuid], check_since=None
        )
        self._changed.add(ledger_row.variant_uuid)
        return checked

    def say(
        self, code: Code, ledger_row: LedgerRow, severity: Severity = Severity.INFO, **params: str
    ) -> None:
        of = ledger_row.product_uuid, ledger_row.variant_uuid
        self._lines.append(Line(code, Topic.STOCK, severity, *of, params))

    def say_moved(self, ledger_row: LedgerRow, side: Side, cause: Cause, change: int) -> None:
        """Writes a line for a record that moved by itself: the change and the new number."""
        target = self.ledger_rows[ledger_row.variant_uuid].ledger[side].target
        number, params = "" if target is None else str(target), {}
        if cause is Cause.SWEPT:
            code, params = Code.STOCK_FOUND_BY_SWEEP, {"side": side.value}
        elif side is Side.ZETTLE:
            code = Code.STOCK_TILL_MOVED
        else:
            code = Code.STOCK_SHOP_ORDER if cause is Cause.ORDER else Code.STOCK_SHOP_MOVED
        self.say(code, ledger_row, Severity.INFO, change=f"{change:+d}", number=number, **params)

    async def save(self) -> None:
        rows = [self.ledger_rows[variant] for variant in sorted(self._changed)]
        # After what made it so.
        lines = sorted(self._lines, key=lambda one: one.code is Code.STOCK_FULL)
        await stock_saving.save(
            self.tx,
            self.connection_id,
            rows,
            self._movements,
            lines,
            self._intents,
            self.now,
            self._ended,
            Work(self._done, self._wishes, self._freed),
        )


async def stop(
    unit: UnitOfWork,
    before: LedgerRow,
    timing: Timing,
    separate: Code = Code.STOCK_STOPPED_SEPARATE,
) -> None:
    """Tracking was switched off. Separate stock ends with it (S7); `separate` is the code of the
    line for that.

    Earlier writes no longer matter: Zettle's number will count. If that number may lack one of
    them, the merchant is asked when it counts again (`started`).
    """
    before = await _with_echo(unit, before)
    till, shop = before.ledger.zettle, before.ledger.shop.target
    if stock.is_unsure(before.ledger) or await _is_in_question(unit, before):
        unit.ask_to_check(before)
    unit.update(
        unit.ledger_rows[before.variant_uuid],
        stock.stopped(before.ledger, timing),
        Move(Side.ZETTLE, Cause.STOPPED, 0),
    )
    await pending_writes.forget(unit.tx, unit.connection_id, [before.variant_uuid])
    if before.ledger.separate and till.target is not None and shop is not None:
        unit.say(separate, before, till=str(till.target), shop=str(shop))
    else:
        unit.say(Code.STOCK_STOPPED, before)


async def _with_echo(unit: UnitOfWork, before: LedgerRow) -> LedgerRow:
    """With a pending write to Zettle landed whose echo has come: Zettle's number includes it."""
    pending_write = before.ledger.zettle.pending_write
    if pending_write is None or not await reported_changes.is_echoed(
        unit.tx, unit.connection_id, pending_write.call
    ):
        return before
    landed = stock.landed(before.ledger, Side.ZETTLE, unit.now)
    what = Move(Side.ZETTLE, Cause.RESOLVED, pending_write.quantity, call=pending_write.call)
    return unit.update(before, landed, what)


def started(
    unit: UnitOfWork, before: LedgerRow, read: LevelRead, *, uncounted: bool = False
) -> Ledger:
    """Tracking was switched on: Zettle's number counts. The merchant is asked if it is in doubt."""
    ledger = stock.restarted(before.ledger, read, uncounted=uncounted)
    number = read.level if isinstance(read.level, int) else None
    unit.update(
        before, ledger, None if number is None else Move(Side.ZETTLE, Cause.STARTED, number)
    )
    if before.check_since is not None:
        unit.ask_about(before, Side.ZETTLE, ledger.zettle.to_push)
    return ledger


async def _is_in_question(unit: UnitOfWork, ledger_row: LedgerRow) -> bool:
    """Whether an earlier write to Zettle is in doubt."""
    left = await pending_writes.pending(unit.tx, unit.connection_id, [ledger_row.product_uuid])
    return not ledger_row.ledger.separate and any(
        one.verdict.is_doubtful and one.call_part.variant_uuid == ledger_row.variant_uuid
        for one in left
    )


@contextlib.asynccontextmanager
async def locked_in(
    tx: Tx, connection_id: int, uuids: Collection[str], now: datetime
) -> AsyncIterator[UnitOfWork]:
    """Locks ledgers in a transaction of the caller."""
    ledger_rows = await ledgers.lock(tx, connection_id, uuids)
    unit = UnitOfWork(tx, connection_id, now, ledger_rows, dict(ledger_rows))
    yield unit
    await unit.save()


@contextlib.asynccontextmanager
async def locked(session: Session, uuids: Collection[str]) -> AsyncIterator[UnitOfWork]:
    """Locks ledgers in a fenced transaction of their own."""
    async with (
        session.database.transaction(replace(session.fence, is_checked_later=True)) as tx,
        locked_in(tx, session.connection.id, uuids, session.clock.now()) as unit,
    ):
        yield unit
