"""A ledger at a time of day, and what happens to it, for examples."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from brygga.core import stock
from brygga.core.stock import Gap, Ledger, LevelRead, Side, StockRecord, Timing

T0 = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TIMING = Timing()


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def shared(level: int = 10, **shop: object) -> Ledger:
    record = StockRecord(confirmed=level, variant_id=1)
    return Ledger(StockRecord(confirmed=level), replace(record, **shop))  # type: ignore[arg-type]


def seen(ledger: Ledger, side: Side, level: int | Gap, when: float) -> Ledger:
    return stock.observed(ledger, side, LevelRead(level, at(when)), TIMING).ledger


def wrote(ledger: Ledger, side: Side, change: int, when: float) -> Ledger:
    return stock.landed(stock.sent(ledger, side, change, "call", at(when)), side, at(when))
