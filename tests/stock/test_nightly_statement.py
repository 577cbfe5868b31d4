"""Every night a statement: what is equal, what differs and why, chained, and followed up."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from brygga.core.alerts import Cause
from brygga.core.statements import FIRST, Link, broken
from brygga.database import alerts, ledgers, statements, work_items
from brygga.database.work_items import Kind
from brygga.sync.stock.statement import Statements
from tests.rules.products_bench import Handler
from tests.stock.bench import StockBench


class Nightly(StockBench):
    def handlers(self) -> dict[Kind, Handler]:
        return {**super().handlers(), Kind.STATEMENT: Statements()}

    async def night(self) -> None:
        """The work item that routine work adds, at its time."""
        async with self.database.transaction() as tx:
            await statements.ensure(tx, self.clock.now())
            (item,) = await work_items.due(
                tx, self.connection.id, self.clock.now() + timedelta(days=2), [Kind.STATEMENT]
            )
        self.clock.move((item.due_at - self.clock.now()).total_seconds())
        await self.restart(self.database, self.sandbox.transport())
        await self.work_off()

    async def chain(self) -> list[Link]:
        async with self.database.read() as tx:
            return list(await statements.chain(tx, self.connection.id))

    async def newest(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((await self.chain())[-1].text)
        return found

    async def told(self) -> list[str]:
        """The variants of which the merchant would be told now."""
        async with self.database.read() as tx:
            found = await alerts.present(tx, (), self.clock.now())
        conditions = found.get(self.connection.id, ())
        return [one.subject for one in conditions if one.cause is Cause.NUMBERS_DIFFER]


@pytest.fixture
async def home(bench: StockBench) -> Nightly:
    return Nightly(bench.database, bench.clock, bench.sandbox, bench.session)


async def two_products(home: Nightly) -> tuple[str, str]:
    """A mug of 7 and a bowl of 3, both synced."""
    mug, _ = await home.stocked(7)
    bowl, _ = await home.stocked(3, name="Skål", sku="SKAL-1")
    await home.finish_setup()
    await home.quiet()
    return mug, bowl


def away(home: Nightly) -> None:
    """BigCommerce takes no change of stock any more."""
    home.fault("5xx_before", "PUT", "*/inventory/adjustments/*")
    home.fault("5xx_before", "POST", "*/inventory/adjustments/*")


async def test_a_night_writes_that_all_numbers_are_equal(home: Nightly) -> None:
    await two_products(home)
    writes = home.writes()

    await home.night()
    made = await home.newest()

    assert (2, 0, 0) == (made["equal"], made["different"], made["unknown"])
    assert (1, FIRST) == (made["number"], made["previous"])
    assert writes == home.writes(), "a statement writes to no platform"
    assert home.clock.now().hour in (0, 1, 2, 3), "half past one to half past four in Stockholm"


async def test_each_night_has_one_statement_chained_to_the_one_before(home: Nightly) -> None:
    await two_products(home)
    for _ in range(3):
        await home.night()

    links = await home.chain()

    assert [1, 2, 3] == [one.number for one in links]
    assert [FIRST, links[0].hash, links[1].hash] == [one.previous for one in links]
    assert broken(links) is None
    at = [json.loads(one.text)["made_at"] for one in links]
    assert ["2026-03-03", "2026-03-04", "2026-03-05"] == [one[:10] for one in at]


async def test_a_change_in_the_database_is_seen(home: Nightly) -> None:
    await two_products(home)
    for _ in range(2):
        await home.night()
    async with home.database.transaction() as tx:
        await tx.run(sa.text("UPDATE statements SET text = text || ' ' WHERE number = 1"))

    assert 1 == broken(await home.chain())


async def test_what_differs_is_listed_read_again_and_told_when_it_lasts(home: Nightly) -> None:
    mug, _ = await two_products(home)
    away(home)
    home.sandbox.till().set_stock(home.sandbox.till().variant(sku="MUGG-1"), 5)

    await home.night()
    made = await home.newest()
    at_once = await home.told()
    await home.quiet(16 * 60)

    assert (1, 1) == (made["equal"], made["different"])
    rows = made["rows_different"]
    assert isinstance(rows, list)
    assert [(mug, "Mugg", 5, 7)] == [
        (one["product"], one["name"], one["zettle"], one["shop"]) for one in rows
    ]
    assert [] == at_once
    assert [f"{rows[0]['variant']}"] == await home.told()

    home.sandbox.bigcommerce.faults.rules.clear()
    await home.quiet(3700)

    assert (5, 5) == await home.levels(mug)
    assert [] == await home.told()


async def test_a_number_that_work_cannot_make_equal_is_told_after_15_minutes(
    home: Nightly,
) -> None:
    """By day: nobody waits for the night."""
    mug, _ = await two_products(home)
    variant = home.sandbox.till().variant(sku="MUGG-1")
    away(home)
    await home.counts(variant, 5)

    told = []
    for minute in range(1, 25):
        await home.quiet(60)
        async with home.database.transaction() as tx:
            await statements.watch(tx, home.clock.now())
        told += [minute] if await home.told() else []

    assert [] == await home.chain()
    assert 15 <= told[0] <= 18
    assert home.sandbox.till().balance(variant) != home.sandbox.shop().level(
        product_id=await home.product_id(mug)
    )


async def test_a_busy_day_tells_nothing(home: Nightly) -> None:
    """A sale every half minute: whenever one looks, something is under way."""
    await two_products(home)
    variant = home.sandbox.till().variant(sku="MUGG-1")
    for level in range(50, 10, -1):
        await home.counts(variant, level)
        async with home.database.transaction() as tx:
            await statements.watch(tx, home.clock.now())
        await home.quiet(30)
        assert [] == await home.told()


async def test_a_difference_that_heals_within_15_minutes_is_not_told(home: Nightly) -> None:
    """Nobody was told of the sale: the statement finds it, and the ordinary work does the rest."""
    mug, _ = await two_products(home)
    home.sandbox.till().set_stock(home.sandbox.till().variant(sku="MUGG-1"), 5)

    await home.night()
    await home.quiet(16 * 60)

    assert 1 == (await home.newest())["different"]
    assert (5, 5) == await home.levels(mug)
    assert [] == await home.told()


async def test_a_platform_that_is_away_delays_the_statement(home: Nightly) -> None:
    """A statement is of both sides' numbers, or is not made."""
    await two_products(home)
    home.fault("5xx_before", "GET", "*/inventory/*", next=3)

    await home.night()
    first = len(await home.chain())
    await home.quiet(900)

    assert (0, 1) == (first, len(await home.chain()))
    assert 2 == (await home.newest())["equal"]


async def test_a_statement_is_kept_for_a_year(home: Nightly) -> None:
    await two_products(home)
    await home.night()
    kept = timedelta(days=365)
    async with home.database.transaction() as tx:
        early = await statements.prune(tx, kept, home.clock.now() + kept)
        late = await statements.prune(tx, kept, home.clock.now() + kept + timedelta(seconds=1))

    assert (0, 1) == (early, late)


@pytest.mark.rule("S1")
async def test_an_untracked_product_is_in_no_statement(home: Nightly) -> None:
    home.till_product("Fri", {"sku": "FRI-1"})
    await two_products(home)

    await home.night()
    made = await home.newest()

    assert (2, 0, 0) == (made["equal"], made["different"], made["unknown"])


@pytest.mark.rule("S5")
async def test_separate_stock_is_counted_and_not_compared(home: Nightly) -> None:
    mug, _ = await two_products(home)
    (row,) = await home.ledger_rows(mug)
    async with home.database.transaction() as tx:
        apart = replace(row, ledger=replace(row.ledger, separate=True))
        await ledgers.save(tx, home.connection.id, [apart], home.clock.now())
    await home.night()
    made = await home.newest()

    assert (1, 1) == (made["equal"], made["separate"])
