"""A ledger from a backup meets what both sides show now (docs/operating.md, "Restore")."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from brygga.core.stock.explaining import SourceTransaction
from brygga.core.stock.ledger import Gap, Ledger, LevelRead, StockRecord, as_read
from brygga.core.stock.movement import Reason
from brygga.core.stock.sharing import recreated


@dataclass(frozen=True, slots=True)
class SoldSince:
    """What sales, refunds and orders did to one side's record since the backup, in units.

    | field | the changes |
    |---|---|
    | `certain` | that the read of now shows, and the number in the backup does not have |
    | `unsure` | that the number in the backup may have already, or whose size nobody knows |
    | `fresh` | so recent that the read of now may not show them |
    """

    certain: tuple[int, ...] = ()
    unsure: tuple[int, ...] = ()
    fresh: tuple[int, ...] = ()

    @property
    def has_moved(self) -> bool:
        return bool(self.certain or self.unsure or self.fresh)

    @property
    def is_exact(self) -> bool:
        return not self.unsure and not self.fresh

    @property
    def lowest(self) -> int:
        return sum(self.certain) + sum(min(0, one) for one in (*self.unsure, *self.fresh))

    @property
    def highest(self) -> int:
        return sum(self.certain) + sum(max(0, one) for one in (*self.unsure, *self.fresh))


@dataclass(frozen=True, slots=True)
class Window:
    """The time between two reads of one side's record, by our clock: the last one that the backup
    knows, `since`, and the one of now, which left at `began` and was back at `ended`. A read may
    trail by `lag`. Clocks are at most `apart`.

    `is_still`: the backup knows no movement of the record since `edge`, so its number has nothing
    that was sold since then.
    """

    since: datetime
    began: datetime
    ended: datetime
    lag: timedelta
    apart: timedelta
    is_still: bool = False

    @property
    def edge(self) -> datetime:
        """What was sold before this is in the backup's number."""
        return self.since - self.lag - self.apart

    def sold(self, transactions: Iterable[SourceTransaction]) -> SoldSince:
        """These, each where it belongs."""
        certain, unsure, fresh = list[int](), list[int](), list[int]()
        for one in transactions:
            is_at_edge = one.at <= self.since + self.apart and not self.is_still
            if not self.edge <= one.at <= self.ended + self.apart:
                continue
            if one.reason is Reason.UNCLEAR or is_at_edge:
                unsure.append(one.change)
            elif one.at >= self.began - self.lag - self.apart:
                fresh.append(one.change)
            else:
                certain.append(one.change)
        return SoldSince(tuple(certain), tuple(unsure), tuple(fresh))


class Doubt(Enum):
    NONE = "none"
    WAIT = "wait"
    """The two sides are to be read once more, when what is fresh now is not."""
    ASK = "ask"


def doubt(
    before: int | None,
    levels: tuple[int, int],
    sold: tuple[SoldSince | None, SoldSince | None],
) -> tuple[Doubt, int | None]:
    """Whether a merchant is to be asked about the numbers that both sides show, and the number that
    the sales and orders since the backup leave of `before`, where they tell. Each pair has Zettle's
    value first. None in `sold`: a platform does not show its sales.

    | both sides show | sales and orders since the backup | then |
    |---|---|---|
    | the same | on one side only, or none | it counts |
    | the same | on both, and leave just that number | it counts |
    | the same | on both, and leave another number: both may lack the other's last ones | ask |
    | the same, and less than before | not shown by a platform, and not only on one side | ask |
    | different numbers | whatever | ask |

    An edit by hand is a count: what both sides show is what is there, whoever typed it, and how
    often. What cannot be told yet because a sale or an order is fresh is read again.
    """
    till, shop = levels
    alike = max(0, till) == max(0, shop)
    if before is None:
        return (Doubt.NONE if alike else Doubt.ASK), None
    at_till, in_shop = sold
    if at_till is None or in_shop is None:
        still = any(one is not None and not one.has_moved for one in sold)
        return (Doubt.NONE if alike and (till >= before or still) else Doubt.ASK), None
    exact = at_till.is_exact and in_shop.is_exact
    lowest = before + at_till.lowest + in_shop.lowest
    highest = before + at_till.highest + in_shop.highest
    if alike and not (at_till.has_moved and in_shop.has_moved):
        return Doubt.NONE, None
    if alike and lowest == highest and lowest in levels:
        return Doubt.NONE, None
    if at_till.fresh or in_shop.fresh:
        return Doubt.WAIT, None
    return Doubt.ASK, max(0, lowest) if exact else None


def rebased(
    ledger: Ledger, till: LevelRead, shop: LevelRead, left: int | None = None
) -> tuple[Ledger, bool]:
    """The ledger as if it began now, and whether the two sides differ, so that nobody knows which
    one is right. Nothing of what was to be written stays. `left` is the number that sales and
    orders since the backup leave (`doubt`), where the merchant is asked.

    | Zettle | the store | what it becomes |
    |---|---|---|
    | a number | the same | that number, on both sides |
    | below zero | 0 | Zettle's number: the missing units are remembered (decision 7) |
    | a number | another | the lower one, and a question; each side's own, where stock is separate |
    | a number | any, and `left` is lower | `left`, and a question |
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
    target = target if left is None else min(target, left)
    store = _fresh(ledger.shop, shop, target)
    return replace(ledger, zettle=_fresh(ledger.zettle, till, target), shop=store), not alike


def _fresh(record: StockRecord, read: LevelRead, target: int) -> StockRecord:
    assert isinstance(read.level, int)
    return as_read(read, target - read.level, record.variant_id)
