"""Which undone orders are sure to have put their units back (rule S3, decision 18)."""

from datetime import timedelta

import pytest

from brygga.bigcommerce.values import Order
from brygga.core import stock
from brygga.core.stock import Hint, Ledger, Side, StockRecord, Timing
from brygga.sync.stock.orders import gave_back
from tests.conftest import NOON
from tests.stock.bench import StockBench
from tests.stock.merchant import asked, ready
from tests.stock.panel import both, reported, switched

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


@pytest.mark.rule("S3")
@pytest.mark.parametrize("before_s", [1, 3])
async def test_an_order_of_just_before_the_store_counts_again_gives_nothing_back(
    bench: StockBench, before_s: int
) -> None:
    """It took nothing: neither its units nor their return count, and nobody is asked."""
    uuid, _ = await ready(bench)
    shop, product_id = bench.sandbox.shop(), await bench.product_id(uuid)
    await switched(bench, uuid, "none")
    await reported(bench, uuid)
    order = shop.place([{"product_id": product_id, "quantity": 2}])
    await bench.wait(before_s)
    await switched(bench, uuid, "product")
    await reported(bench, uuid)
    await bench.wait(3)
    shop.cancel(order.id)
    shop.set_stock(0, product_id=product_id)
    await bench.quiet(120)

    assert [(10, 10)] == await both(bench, uuid)
    assert not await asked(bench, uuid)
