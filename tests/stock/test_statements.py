"""How often the database is asked for a sale: one gather, one decision, one save."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stock.bench import StockBench
from tests.stock.merchant import ready

pytestmark = pytest.mark.usefixtures("database_url")
"""Counted at the engine."""
TO_THE_WRITE = 20
TO_THE_END = 40


@contextmanager
def counted(bench: StockBench) -> Iterator[list[str]]:
    """Every statement meanwhile."""
    reported: list[str] = []

    def received(statement: str) -> None:
        reported.append(re.sub(r"\s+", " ", statement).strip())

    silence = bench.database.on_statement(received)
    try:
        yield reported
    finally:
        silence()


def worked(reported: list[str]) -> list[str]:
    """What the work asks: without the receivers' part, and without what the bench asks for
    itself.
    """
    bench_asks = r"SELECT .* FROM work_items|FROM bindings b WHERE b.connection_id = \S+ AND b.product_uuid = %"  # noqa: E501
    return [one for one in reported if not re.search(bench_asks, one)]


@pytest.mark.rule("S2")
async def test_a_sale_costs_few_statements(bench: StockBench) -> None:
    """From what the receiver leaves to the answered write, and with every look that closes it."""
    uuid, variant = await ready(bench)
    await bench.wait(120)
    await bench.work_off()
    with counted(bench) as to_the_write:
        await bench.sells(variant)
        to_the_write.clear()
        await bench.work_off()
    await bench.shop_reports(uuid)
    with counted(bench) as to_the_end:
        await bench.quiet(90)

    assert (9, 9) == await bench.levels(uuid)
    assert len(worked(to_the_write)) <= TO_THE_WRITE, worked(to_the_write)
    assert len(worked([*to_the_write, *to_the_end])) <= TO_THE_END, worked(to_the_end)
