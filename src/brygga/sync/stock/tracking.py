"""Tracking switched in Zettle (rule S7, decisions 2 and 3): off stops stock for the product, on
writes Zettle's number to the store.
"""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from brygga.core import stock
from brygga.core.failures import Refused
from brygga.core.hands import level_of
from brygga.core.report import Code
from brygga.core.stock import Gap, LevelRead, Side, Timing
from brygga.database import bindings, library
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.shown import products_shown
from brygga.sync.stock.calls import Part
from brygga.sync.stock.evidence import Reads, is_tracked, unreadable
from brygga.sync.stock.gather import Stored, Till, bigcommerce_reads, known
from brygga.sync.stock.reports import take_reports
from brygga.sync.stock.sending import Sending
from brygga.sync.stock.unit_of_work import UnitOfWork, locked, started, stop
from brygga.sync.stock.work import come_back
from brygga.sync.worker.session import Session


@dataclass(frozen=True, slots=True)
class TrackingWork:
    """The handler of tracking work items. The detail is the merchant's choice on our page ("on",
    "off"), or "" for an event.
    """

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session, batch: Sequence[WorkItem]) -> None:
        await self._wish(session, batch)
        uuids = sorted({item.subject for item in batch})
        async with locked(session, uuids) as unit:
            found = await bindings.get_many(unit.tx, unit.connection_id, uuids)
            await take_reports(session, unit, uuids, found, self.timing)
        stored = await known(session, uuids)
        tracked = await is_tracked(session, uuids, stored.ledger_rows.values())
        on = {uuid for uuid in uuids if tracked.get(uuid)}
        starting = _starting(stored, on)
        uncounted = await _uncounted(session, stored, starting)
        await _count(session, stored, uncounted)
        till = await self.till.reads(
            session, {uuid: stored.at_till.get(uuid, ()) for uuid in sorted(on)}, stored.ledger_rows
        )
        shop = await bigcommerce_reads(session, stored, starting)

        # A product whose answers contradict each other is neither stopped nor started (decision
        # 15).
        is_on = {uuid: uuid in on for uuid in uuids if uuid in tracked and uuid not in till.unread}

        async def finish(unit: UnitOfWork) -> None:
            await session.finish(*(item for item in batch if item.subject in is_on), tx=unit.tx)
            come_back(unit, self.timing)

        sending = Sending(
            session,
            self.till,
            self.timing,
            [*is_on],
            finish,
            sides=(),
            shown=shop.reads,
            switched=uncounted,
        )
        async with locked(session, is_on) as unit:
            reads = {Side.ZETTLE: till.reads, Side.SHOP: shop.reads}
            waiting = await self._resolved_with(unit, is_on, stored, reads, uncounted)
            sending.parts.append(Part(Side.SHOP, waiting, absolute=True))
            call = await sending.first(unit, stored.bound)
        await sending.run(call)
        for item in session.unresolved(batch):
            await session.fail(item, unreadable(Side.ZETTLE, item.subject))

    async def _wish(self, session: Session, batch: Sequence[WorkItem]) -> None:
        """Switches tracking in Zettle. Only the merchant's own click does so (S1)."""
        for word, enabled in (("on", True), ("off", False)):
            wanted = sorted({item.subject for item in batch if item.detail == word})
            if wanted:
                await session.zettle.set_tracking(wanted, enabled=enabled)

    async def _resolved_with(
        self,
        unit: UnitOfWork,
        is_on: Mapping[str, bool],
        stored: Stored,
        reads: Mapping[Side, Reads],
        uncounted: Collection[str],
    ) -> Collection[str]:
        """Stops what is off and starts what is on. Returns the variants that the store must count
        from now on: their level is written as an absolute one.

        The stock work attaches what the store counts already, with a relative change, so that no
        order is lost.
        """
        await library.set_tracking(unit.tx, unit.connection_id, is_on)
        waiting: dict[str, str] = {}
        for variant, (uuid, variant_id) in sorted(stored.variants.items()):
            is_off = uuid in uncounted
            if (
                is_on.get(uuid)
                and _start(unit, reads, (uuid, variant), variant_id, uncounted=is_off)
                and is_off
            ):
                waiting[variant] = uuid
        for variant, ledger_row in list(unit.ledger_rows.items()):
            read = reads[Side.ZETTLE].get(variant, LevelRead(Gap.UNKNOWN, unit.now))
            if not is_on[ledger_row.product_uuid]:
                if ledger_row.ledger.is_tracked:
                    await stop(unit, ledger_row, self.timing)
            elif (
                variant not in stored.variants
                and isinstance(read.level, int)
                and not ledger_row.ledger.is_tracked
            ):
                # It counts from now on, for when the variant is created in the store.
                started(unit, ledger_row, read)
        others = {uuid for uuid, on in is_on.items() if on} - {*waiting.values()}
        await unit.item(Kind.STOCK, *others)
        return waiting


def _starting(stored: Stored, on: Collection[str]) -> Mapping[str, int]:
    """Variants without a confirmed number in the store: uuid -> BigCommerce variant id."""
    active = {
        v
        for v, ledger_row in stored.ledger_rows.items()
        if ledger_row.ledger.is_tracked and not ledger_row.ledger.is_unset
    }
    return {
        v: id_
        for v, id_ in stored.in_shop.items()
        if v not in active and stored.variants[v][0] in on
    }


async def _uncounted(session: Session, stored: Stored, starting: Collection[str]) -> set[str]:
    """Products of these variants that the store does not count at the right level."""
    uuids = sorted({stored.variants[variant][0] for variant in starting})
    synced = {uuid: stored.bound[uuid].synced for uuid in uuids}
    shown = await products_shown(session, [one.product_id for one in synced.values()])
    seen = {
        uuid: shown[one.product_id].tracking
        for uuid, one in synced.items()
        if one.product_id in shown
    }
    return {uuid for uuid, tracking in seen.items() if tracking is not level_of(synced[uuid])}


async def _count(session: Session, stored: Stored, uncounted: Collection[str]) -> None:
    """Makes the store count these products, before anything of ours depends on it. What it refuses
    is refused again, and reported, when the level is written (`Sending`).
    """
    for uuid in sorted(uncounted):
        synced = stored.bound[uuid].synced
        with contextlib.suppress(Refused):
            await session.shop.update_product(synced.product_id, {"tracking": level_of(synced)})


def _start(
    unit: UnitOfWork,
    reads: Mapping[Side, Reads],
    of: tuple[str, str],
    variant_id: int,
    *,
    uncounted: bool,
) -> bool:
    """Starts this record. False when it is active already: the event came twice, or the variant was
    created first.
    """
    uuid, variant = of
    ledger_row = unit.ledger_rows.get(variant)
    read, shop = reads[Side.ZETTLE].get(variant), reads[Side.SHOP].get(variant)
    if read is None or not isinstance(read.level, int):
        return False
    if ledger_row is None:
        ledger_row = LedgerRow(uuid, variant, stock.new_ledger(read))
    elif ledger_row.ledger.is_tracked and ledger_row.ledger.is_unset:
        # The work ended before the level was sent, or the store was unreachable.
        return True
    elif (
        ledger_row.ledger.is_tracked and isinstance(ledger_row.ledger.shop.confirmed, int)
    ) or ledger_row.ledger.shop.pending_write is not None:
        return False
    ledger_row = replace(ledger_row, ledger=stock.resumed(ledger_row.ledger, variant_id))
    number = started(unit, ledger_row, read, uncounted=uncounted).target
    if shop is not None and isinstance(shop.level, int) and shop.level != number:
        unit.say(Code.STOCK_REPLACED, ledger_row, was=str(shop.level), number=str(number))
    else:
        unit.say(Code.STOCK_STARTED, ledger_row, number=str(number))
    return True
