"""What this version would write for movements of the past, held against what was written then: the
check before an upgrade (`brygga replay`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from brygga.core.stock.ledger import Ledger, LevelRead, Side, StockRecord, Timing
from brygga.core.stock.movement import OWN, Cause, Movement
from brygga.core.stock.moves import landed, observed, sent
from brygga.core.stock.sending import sendable

AT_ONCE = Timing(read_lag_s=0, repeat_s=0, write_hold_s=0)
LANDED = frozenset({Cause.WRITTEN, Cause.RESOLVED})
CALL = "again"


@dataclass(slots=True)
class Rerun:
    """One variant's movements, taken once more from the first moment at which both sides showed the
    same number. `then` and `now` are the units written to each side.

    It ends at the first moment after the window at which both sides are equal again. Until then, or
    after a movement that was no sale, refund, order or edit, nothing can be said: `is_open`. Where
    a record did not move by itself there is nothing to write.
    """

    floor: int = 0
    """The store's safety stock, as it is known today."""
    then: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    now: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    is_open: bool = False
    _ledger: Ledger | None = None

    def run(self, moves: Iterable[Movement], until: datetime) -> None:
        """`moves`: oldest first, beyond the window's end `until` as far as there are any."""
        for one in moves:
            if self._ledger is None and not self._begin(one):
                self.is_open = self.is_open or one.cause in OWN
                continue
            if one.at >= until and self.is_resolved(one.zettle_before, one.shop_before):
                self.is_open = False
                return
            if one.cause in OWN:
                self._moved(one)
            elif one.cause in LANDED:
                self.then[one.side] += one.change
            else:
                self.is_open = True
                return
            self.is_open = not self.is_resolved(one.zettle_after, one.shop_after)

    @property
    def differs(self) -> bool:
        return not self.is_open and self.then != self.now

    @staticmethod
    def is_resolved(zettle: int | None, shop: int | None) -> bool:
        return zettle is not None and shop is not None and max(0, zettle) == max(0, shop)

    def _begin(self, one: Movement) -> bool:
        zettle, shop = one.zettle_before, one.shop_before
        if one.cause not in OWN or zettle is None or zettle != shop:
            return False
        self.is_open = False
        self._ledger = Ledger(
            StockRecord(confirmed=zettle), StockRecord(confirmed=shop, floor=self.floor)
        )
        return True

    def _moved(self, one: Movement) -> None:
        assert self._ledger is not None
        ledger, at = self._ledger, one.at
        confirmed = ledger[one.side].confirmed
        assert isinstance(confirmed, int)
        floor = self.floor if one.side is Side.SHOP else 0
        ledger = observed(
            ledger, one.side, LevelRead(confirmed + one.change, at, floor), AT_ONCE
        ).ledger
        for side in Side:
            if change := sendable(ledger, side, at, AT_ONCE):
                self.now[side] += change
                ledger = landed(sent(ledger, side, change, CALL, at), side, at)
        self._ledger = ledger
