"""How long bursts on one variant take to reach the other side, in the platforms' time (rules S2,
S3).
"""

import random

import pytest

from tests.stock.bench import StockBench
from tests.stock.merchant import ready

TEN = 10


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize("seed", range(4))
async def test_ten_orders_and_sales_within_seconds_are_through_at_once(
    bench: StockBench, seed: int
) -> None:
    """A level below all that we know of was sold at once, whatever a read may trail; only a rise
    waits for a read lag.
    """
    dice = random.Random(seed)
    uuid, variant = await ready(bench, 60)
    for _ in range(TEN):
        await (bench.orders(uuid, 1) if dice.random() < 0.5 else bench.sells(variant))
        await bench.work_off()
        await bench.wait(dice.choice([0.5, 1, 2]))
    await bench.wait(2)

    assert (60 - TEN, 60 - TEN) == await bench.levels(uuid)
