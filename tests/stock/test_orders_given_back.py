"""Which undone orders are sure to have put their units back (rule S3, decision 18)."""

from datetime import timedelta

import pytest

from brygga.bigcommerce.values import Order
from brygga.core import stock
from brygga.core.stock import Hint, Ledger, Side, StockRecord, Timing
from brygga.sync.stock.orders import gave_back
from tests.conftest import NOON

COUNTED = Ledger(StockRecord(10), StockRecord(10, variant_id=1))
ANEW = stock.renewed(COUNTED, 1, NOON, Timing(), stock.Orders.NEW)
CANCELLED = Order(7, 5, created=NOON - timedelta(minutes=1), modified=NOON + timedelta(seconds=5))


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("ledger", "told", "sure"),
    [(ANEW, None, False), (ANEW, -30, False), (ANEW, 5, True), (COUNTED, None, True)],
)
def test_an_older_order_gives_back_where_an_event_says_so(
    ledger: Ledger, told: float | None, sure: bool
) -> None:
    """One that was placed while the store did not count took nothing, and gives nothing back."""
    if told is not None:
        at = NOON + timedelta(seconds=told)
        ledger = stock.hinted(ledger, Side.SHOP, Hint(at, by_order=True, variant="1", made=at))

    assert sure is gave_back(ledger, CANCELLED, NOON + timedelta(seconds=5))
