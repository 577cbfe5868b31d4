"""A ledger from a backup meets what both sides show now (docs/operating.md, "Restore")."""

from dataclasses import replace

from brygga.core.stock.ledger import Gap, Ledger, LevelRead, StockRecord
from brygga.core.stock.sharing import recreated


def rebased(ledger: Ledger, till: LevelRead, shop: LevelRead) -> tuple[Ledger, bool]:
    """The ledger as if it began now, and whether the two sides differ, so that nobody knows which
    one is right. Nothing of what was to be written stays.

    | Zettle | the store | what it becomes |
    |---|---|---|
    | a number | the same | that number, on both sides |
    | below zero | 0 | Zettle's number: the missing units are remembered (decision 7) |
    | a number | another | the lower one, and a question; each side's own, where stock is separate |
    | a number | the variant is gone | Zettle's number; the store has none |
    | a number | it is not counted | Zettle's number; the store's is attached when it is counted |
    | not tracked | whatever | stopped: the store keeps its number (decision 2) |
    """
    if not isinstance(till.level, int):
        gap = Gap.NOT_CREATED if ledger.shop.variant_id is None else Gap.UNTRACKED
        store = StockRecord(gap, variant_id=ledger.shop.variant_id)
        return Ledger(StockRecord(Gap.UNTRACKED), store, closed=ledger.closed), False
    zettle = _fresh(ledger.zettle, till, till.level)
    if shop.level is Gap.NOT_CREATED:
        return replace(recreated(ledger), zettle=zettle), False
    if not isinstance(shop.level, int):
        record = StockRecord(Gap.UNKNOWN, variant_id=ledger.shop.variant_id)
        return replace(ledger, zettle=zettle, shop=record), False
    if ledger.separate:
        return replace(ledger, zettle=zettle, shop=_fresh(ledger.shop, shop, shop.level)), False
    alike = max(0, till.level) == max(0, shop.level)
    target = till.level if alike else min(till.level, shop.level)
    return (
        replace(
            ledger,
            zettle=_fresh(ledger.zettle, till, target),
            shop=_fresh(ledger.shop, shop, target),
        ),
        not alike,
    )


def _fresh(record: StockRecord, read: LevelRead, target: int) -> StockRecord:
    assert isinstance(read.level, int)
    return StockRecord(
        confirmed=read.level,
        to_push=target - read.level,
        floor=read.floor,
        seen=read.read_started,
        clear_read=read.read_started,
        variant_id=record.variant_id,
    )
