"""What the platforms have reported since the last pass: change events, switches of tracking, and
echoes of our own writes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Hint, Review, Side, Timing, Verdict
from brygga.core.stock.movement import Cause, Moved
from brygga.database import movements, pending_writes, reported_changes
from brygga.database.bindings import Binding
from brygga.database.ledgers import LedgerRow
from brygga.database.pending_writes import Pending
from brygga.database.reported_changes import Reports
from brygga.database.work_items import Kind
from brygga.sync.stock.orders import by_ours
from brygga.sync.stock.unit_of_work import UnitOfWork, stop
from brygga.sync.worker.session import Session

MADE_AGAIN = timedelta(minutes=10)
"""How long an event of an unknown variant waits for the product work to find the variant."""
CLOCKS = timedelta(seconds=5)
"""How far apart Zettle's clock and ours may be, when both give a time for the same thing."""
LANDED = (Verdict.ASSUMED_LANDED, Verdict.PRESUMED_LOST)


async def take_reports(
    session: Session,
    unit: UnitOfWork,
    uuids: Collection[str],
    bound: Mapping[str, Binding],
    timing: Timing,
) -> Sequence[Pending]:
    """Takes the reports of these products, once. `bound` are their bindings.

    Returns the writes to Zettle that wait for an echo.
    """
    by_id = {str(one.synced.product_id): uuid for uuid, one in bound.items()}
    received = await reported_changes.take(unit.tx, unit.connection_id, uuids, [*by_id])
    await _end_separate(unit, received.stops, timing)
    _note_starts(session, unit, received)
    in_shop = received.hints[Side.SHOP]
    for id_, some in in_shop.items():
        await _kept_for_later(unit, id_, by_id[id_], some)
    hints = {
        Side.ZETTLE: received.hints[Side.ZETTLE],
        Side.SHOP: {by_id[id_]: some for id_, some in in_shop.items()},
    }
    simple = {uuid for uuid, one in bound.items() if not one.synced.options}
    for variant in sorted(unit.ledger_rows):
        for side in Side:
            for hint in hints[side].get(unit.ledger_rows[variant].product_uuid, ()):
                ledger_row = unit.ledger_rows[variant]
                if hint.variant in (
                    "",
                    variant if side is Side.ZETTLE else str(ledger_row.ledger.shop.variant_id),
                ):
                    of_one = hint.variant or (variant if ledger_row.product_uuid in simple else "")
                    event = replace(hint, variant=of_one)
                    if side is Side.SHOP:
                        unit.received.setdefault(variant, []).append(
                            event.by_order and bool(of_one)
                        )
                    unit.reported_at.setdefault((side, variant), hint.at)
                    unit.update(ledger_row, stock.hinted(ledger_row.ledger, side, event))
    return [
        await _explained(session, unit, one, hints[Side.ZETTLE], timing) for one in received.pending
    ]


def _note_starts(session: Session, unit: UnitOfWork, received: Reports) -> None:
    """Saves when Zettle's number starts to count (`sharing.restarted`).

    If the read came before the event, the number counts since an earlier time than the one that we
    saved. It is corrected until the store's variant is attached.
    """
    for ledger_row in list(unit.ledger_rows.values()):
        ledger, start = ledger_row.ledger, received.starts.get(ledger_row.product_uuid)
        stops = [at for at, _ in received.stops.get(ledger_row.product_uuid, ())]
        is_on = start is not None and all(start > stop for stop in stops)
        began = by_ours(session, Side.ZETTLE, start) if is_on and start is not None else None
        if not ledger.is_tracked and (start is not None or stops):
            unit.update(ledger_row, replace(ledger, started=began))
        elif began is not None and ledger.is_unset:
            unit.update(ledger_row, stock.began(ledger, began, CLOCKS))


async def _end_separate(
    unit: UnitOfWork, stops: Mapping[str, Sequence[tuple[datetime, datetime]]], timing: Timing
) -> None:
    """Ends separate stock if tracking was off for a time, even if it is on again now (S7).

    Only a stop after the split counts, by Zettle's clock, and only if we received it after the
    split. Shared stock goes on: each side shows what moved there meanwhile.
    """
    separate = [
        ledger_row
        for ledger_row in unit.ledger_rows.values()
        if ledger_row.product_uuid in stops and ledger_row.ledger.separate
    ]
    splits = await movements.last_splits(unit.tx, unit.connection_id, [*stops]) if separate else {}
    for ledger_row in separate:
        split = splits.get(ledger_row.product_uuid)
        since = [
            at
            for at, received in stops[ledger_row.product_uuid]
            if split is None or (received >= split and at >= split - CLOCKS)
        ]
        if ledger_row.ledger.is_tracked and since:
            await stop(unit, ledger_row, timing, Code.STOCK_OFF_SEPARATE)


async def _kept_for_later(
    unit: UnitOfWork, product_id: str, uuid: str, hints: Sequence[Hint]
) -> None:
    """Keeps the events of a variant that we do not know: the merchant may have just recreated it
    (decision 17).

    The product work reads the product, with growing pauses. The events wait for it.
    """
    ids = {
        str(one.ledger.shop.variant_id)
        for one in unit.ledger_rows.values()
        if one.product_uuid == uuid
    }
    strange = [
        one
        for one in hints
        if one.variant and one.variant not in ids and unit.now - one.at < MADE_AGAIN
    ]
    for one in strange:
        await reported_changes.record_hint(unit.tx, unit.connection_id, Side.SHOP, product_id, one)
    if strange:
        waited = unit.now - min(one.at for one in strange)
        await unit.item(Kind.SHOP_PRODUCT, product_id, due_at=unit.now + waited)


# ---- Writes to Zettle without an answer ----------------------------------------------------------


async def _explained(
    session: Session,
    unit: UnitOfWork,
    one: Pending,
    hints: Mapping[str, Sequence[Hint]],
    timing: Timing,
) -> Pending:
    """A fall that was taken as lost is known to be lost where the event of another movement comes
    late, of one that was made before the level was read: that one moved the level, as if its event
    had come in time (`resolving.resolve_till`). A late echo still corrects it.
    """
    part = one.call_part
    begin = part.pending_write.sent - timing.finish(Side.ZETTLE)
    if (
        one.verdict is not Verdict.ASSUMED_LOST
        or one.echoed is not None
        or not any(
            hint.variant == part.variant_uuid
            and hint.made is not None
            and begin <= by_ours(session, Side.ZETTLE, hint.made) <= one.since
            for hint in hints.get(part.product_uuid, ())
        )
    ):
        return one
    await pending_writes.resolve(unit.tx, unit.connection_id, part, Verdict.NOT_LANDED, one.since)
    return replace(one, verdict=Verdict.NOT_LANDED)


async def review(
    unit: UnitOfWork, pending: Sequence[Pending], timing: Timing
) -> Mapping[str, datetime]:
    """Returns the echoes of open calls. A late echo corrects a write that was resolved without one.
    If no echo comes for an hour, the merchant is asked (`resolving.reviewed`).
    """
    echoes: dict[str, datetime] = {}
    for one in pending:
        pending_write = one.call_part.pending_write
        ledger_row = unit.ledger_rows.get(one.call_part.variant_uuid)
        if ledger_row is not None and not ledger_row.ledger.is_tracked:
            continue  # the write was forgotten when tracking was switched off
        if one.verdict is Verdict.WAITING:
            echoes |= {} if one.echoed is None else {pending_write.call: one.echoed}
            continue
        over = unit.now - one.since >= timing.escalation_timeout
        found = stock.reviewed(one.verdict, echoed=one.echoed is not None, over=over)
        if ledger_row is None or found is not Review.WAIT:
            await unit.forget(pending_write.call, one.call_part.variant_uuid)
        elif one.verdict is not Verdict.NOT_LANDED:
            unit.due_at(one.call_part.product_uuid, one.since + timing.escalation_timeout)
        if ledger_row is not None and found in (Review.OTHERWISE, Review.ASK):
            _decide(unit, ledger_row, one, found)
    return echoes


def _decide(unit: UnitOfWork, ledger_row: LedgerRow, one: Pending, found: Review) -> None:
    side, quantity = one.call_part.side, one.call_part.pending_write.quantity
    if found is Review.ASK:
        unit.ask_about(ledger_row, side, quantity)
        return
    change = quantity if one.verdict in LANDED else -quantity
    ledger = stock.corrected(ledger_row.ledger, side, -change)
    unit.update(
        ledger_row,
        ledger,
        Moved(side, Cause.CORRECTED, change, call=one.call_part.pending_write.call),
    )
    number = "" if ledger.target is None else str(ledger.target)
    unit.say(Code.STOCK_CORRECTED, ledger_row, change=f"{change:+d}", number=number)
