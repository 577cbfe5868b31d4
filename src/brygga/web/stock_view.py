"""The stock of each side and what is about to be written to it, in words: the present part of "why
is this 7?".
"""

from dataclasses import dataclass

from brygga.core import stock
from brygga.core.stock import LIMITS, Gap, Ledger, PendingWrite, Side, StockRecord
from brygga.web.i18n import Words


@dataclass(frozen=True, slots=True)
class RecordView:
    """`level` is what the side shows. `target` is what it will show when everything has been
    written. None where there is no number.
    """

    side: str
    level: int | None
    target: int | None
    sentences: tuple[str, ...]
    moving: bool = False


def record_view(words: Words, ledger: Ledger, side: Side, *, paused: bool = False) -> RecordView:
    """`paused`: what waits is written when the work resumes, not in a moment."""
    record = ledger[side]
    level = record.confirmed if isinstance(record.confirmed, int) else None
    keys = (
        _gap(record, side)
        if level is None
        else [(f"record.shows.{side}", level), *_pending_write(record), *_to_push(ledger, side)]
    )
    limit, unshown = words.number(LIMITS[side].highest), stock.unshown(ledger, side)
    said = tuple(
        words.fill(
            f"{key}.paused" if paused and words.has(f"{key}.paused") else key,
            {"n": _plain(words, key, value), "limit": limit},
        )
        for key, value in keys
    )
    target = None if record.target is None else record.target - unshown
    return RecordView(
        side.value,
        level,
        target,
        said,
        moving=record.pending_write is not None or record.to_push != unshown,
    )


def headline(words: Words, ledger: Ledger) -> str:
    """The number in one sentence, before its history."""
    till, shop = ledger.zettle, ledger.shop
    if till.confirmed is Gap.UNTRACKED:
        return words.fill("why.untracked", {})
    if till.target is None:
        return words.fill("why.unknown", {})
    numbers = {
        "till": words.number(till.target),
        "shop": "" if shop.target is None else words.number(shop.target),
    }
    if ledger.separate:
        return words.fill(
            "why.separate"
            if shop.confirmed is not Gap.NOT_CREATED and not shop.is_suspended
            else "why.separate_away",
            numbers,
        )
    if shop.target is None:
        return words.fill("why.till_only", numbers)
    return _shared(words, ledger, till.target)


def _shared(words: Words, ledger: Ledger, target: int) -> str:
    """The number of both sides, and why one of them may show another."""
    number, limit = words.number(target), words.number(LIMITS[Side.ZETTLE].highest)
    if stock.excess(ledger, Side.ZETTLE):
        return words.fill("why.full", {"n": number, "limit": limit})
    if target < 0:
        return words.fill("why.below_zero", {"n": words.number(-target)})
    calm = ledger.zettle.confirmed == ledger.shop.confirmed == target
    return words.fill("why.calm" if calm else "why.moving", {"till": number})


def signed(words: Words, change: int) -> str:
    """+3 or −3, as people write it."""
    return f"{'+' if change > 0 else '−' if change < 0 else ''}{words.number(abs(change))}"


Said = list[tuple[str, int | None]]


def _gap(record: StockRecord, side: Side) -> Said:
    if record.pending_write is not None:
        return [("record.reset", record.pending_write.quantity)]
    assert isinstance(record.confirmed, Gap)
    return [(f"record.{record.confirmed.value}.{side}", None)]


def _pending_write(record: StockRecord) -> Said:
    pending_write: PendingWrite | None = record.pending_write
    if pending_write is None:
        return []
    return [
        (
            "record.unanswered" if pending_write.lost is not None else "record.pending",
            pending_write.quantity,
        )
    ]


def _to_push(ledger: Ledger, side: Side) -> Said:
    """What waits to be written, and the reason for the wait where it is known."""
    record = ledger[side]
    assert isinstance(record.confirmed, int)
    if record.to_push == 0:
        return []
    if record.is_suspended:
        return [("record.suspended", record.to_push)]
    room = max(0, record.confirmed - max(0, record.floor))
    if -record.to_push > room:
        return [
            ("record.held_by_floor" if record.floor > 0 else "record.short", -record.to_push - room)
        ]
    beyond = stock.excess(ledger, side)
    fits = [("record.to_push", record.to_push - beyond)] if record.to_push != beyond else []
    return [*fits, (f"record.full.{side}", beyond)] if beyond else [*fits]


CHANGES = frozenset({"record.pending", "record.unanswered", "record.to_push", "record.suspended"})


def _plain(words: Words, key: str, value: int | None) -> str:
    if value is None:
        return ""
    return (
        signed(words, value)
        if key in CHANGES
        else words.number(value)
        if value >= 0
        else signed(words, value)
    )
