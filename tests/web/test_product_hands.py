"""The product page and the log, where a merchant's hands in BigCommerce changed variants or
counting (decisions 17 and 18).
"""

from collections.abc import Mapping

import pytest
from tests.web.conftest import Browser, World

from brygga.core.hands import Counting
from brygga.core.model import Connection, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Ledger, StockRecord
from brygga.database import bindings, ledgers, library, synclog, waiting_work
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.sync.products.hands import RECOUNT

NOTES = {
    Counting.SPLIT: "Stock is paused",
    Counting.LUMPED: "Stock is paused",
    Counting.OFF: "does not count",
}


async def bound(
    world: World, variants: Mapping[str, int], counting: Counting, *, etag: str = "etag"
) -> tuple[Connection, Browser, str]:
    connection = await world.running()
    browser = world.browser()
    await browser.sign_in()
    (mug,) = await world.stock_library(connection, "Mugg", assigned=True)
    async with world.database.transaction() as tx:
        synced = Synced(mug, 11, etag=etag, fingerprint="f", variants=variants)
        await bindings.save_many(tx, connection.id, [synced], world.clock.now())
        await bindings.set_counting(tx, connection.id, mug, counting)
        await library.set_tracking(tx, connection.id, {mug: True})
    return connection, browser, mug


@pytest.mark.parametrize("counting", [Counting.SPLIT, Counting.LUMPED, Counting.OFF])
async def test_what_is_counted_otherwise_has_its_button(world: World, counting: Counting) -> None:
    connection, browser, mug = await bound(world, {"x": 1}, counting)
    before = await browser.open(f"/library/{mug}")
    pressed = await browser.press(f"/library/{mug}/recount")
    after = await browser.open(f"/library/{mug}")
    async with world.database.read() as tx:
        asked = await waiting_work.waits(tx, connection.id, Kind.SHOP_PRODUCT, "11", RECOUNT)

    assert NOTES[counting] in before.text
    assert "Count it as in Zettle" in before.text
    assert 302 <= pressed.status_code < 304
    assert asked
    assert "BigCommerce is being updated." in after.text
    assert "Count it as in Zettle" not in after.text


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    "counting", [Counting.ALIKE, Counting.SPLIT, Counting.LUMPED, Counting.OFF]
)
async def test_stock_that_is_not_shared_is_not_called_so_nor_parted(
    world: World, counting: Counting
) -> None:
    """Also where both numbers are known from before (decisions 17, 18)."""
    connection, browser, mug = await bound(world, {"x": 1}, counting)
    now = world.clock.now()
    ledger = Ledger(
        StockRecord(5, seen=now, clear_read=now),
        StockRecord(5, seen=now, clear_read=now, variant_id=1),
    )
    async with world.database.transaction() as tx:
        await ledgers.save(tx, connection.id, [LedgerRow(mug, f"{mug}-v", ledger)], now)
    page = (await browser.open(f"/library/{mug}")).text
    answer = await browser.press(f"/library/{mug}/stock/separate", separate="yes")
    led = answer.headers.get("location", "")
    said = (await browser.open(led.partition("#")[0])).text if led else ""
    shared = counting is Counting.ALIKE

    assert (shared, shared) == ("Shared stock" in page, 'id="separate"' in page)
    assert ("first the product has to be counted" in said) != shared


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    "counting", [Counting.ALIKE, Counting.SPLIT, Counting.LUMPED, Counting.OFF]
)
async def test_separate_stock_ends_only_where_both_numbers_count(
    world: World, counting: Counting
) -> None:
    """A sum of numbers of two levels is none (decision 18)."""
    connection, browser, mug = await bound(world, {"x": 1}, counting)
    now = world.clock.now()
    ledger = Ledger(
        StockRecord(5, seen=now, clear_read=now),
        StockRecord(3, seen=now, clear_read=now, variant_id=1),
        separate=True,
    )
    async with world.database.transaction() as tx:
        await ledgers.save(tx, connection.id, [LedgerRow(mug, f"{mug}-v", ledger)], now)
    page = (await browser.open(f"/library/{mug}")).text
    await browser.press(f"/library/{mug}/stock/join", confirmed="yes", **{f"joined-{mug}-v": "8"})
    async with world.database.read() as tx:
        row = (await ledgers.load(tx, connection.id, [mug]))[f"{mug}-v"]

    assert (counting is Counting.ALIKE) == ("Disable separate stock" in page)
    assert (counting is Counting.ALIKE) != (
        "Separate stock can be ended when the product is counted" in page
    )
    assert (counting is Counting.ALIKE) != row.ledger.separate


@pytest.mark.parametrize("counting", [Counting.ALIKE, Counting.WHOLE])
async def test_what_is_counted_alike_is_not_counted_anew(world: World, counting: Counting) -> None:
    connection, browser, mug = await bound(world, {"x": 1}, counting)
    page = await browser.open(f"/library/{mug}")
    await browser.press(f"/library/{mug}/recount")
    async with world.database.read() as tx:
        asked = await waiting_work.waits(tx, connection.id, Kind.SHOP_PRODUCT, "11", RECOUNT)

    assert "Count it as in Zettle" not in page.text
    assert not asked


@pytest.mark.rule("P10")
async def test_a_missing_variant_is_shown_until_it_is_there(world: World) -> None:
    """Not while a newer version waits to be synced: that may bring it (decision 17)."""
    connection, browser, mug = await bound(world, {}, Counting.ALIKE)
    missing = await browser.open(f"/library/{mug}")
    async with world.database.transaction() as tx:
        synced = Synced(mug, 11, etag="older", fingerprint="f")
        await bindings.save_many(tx, connection.id, [synced], world.clock.now())
    waiting = await browser.open(f"/library/{mug}")
    async with world.database.transaction() as tx:
        there = Synced(mug, 11, etag="etag", fingerprint="f", variants={f"{mug}-v": 7})
        await bindings.save_many(tx, connection.id, [there], world.clock.now())
    found = await browser.open(f"/library/{mug}")

    assert "Missing in BigCommerce: Mugg" in missing.text
    assert "Missing in BigCommerce" not in waiting.text
    assert "Missing in BigCommerce" not in found.text


@pytest.mark.parametrize("code", [Code.STOCK_LUMPED, Code.STOCK_SPLIT_UP, Code.STOCK_NOT_COUNTED])
async def test_the_line_has_the_button_too(world: World, code: Code) -> None:
    connection, browser, mug = await bound(world, {"x": 1}, Counting.LUMPED)
    async with world.database.transaction() as tx:
        line = Line(code, Topic.STOCK, Severity.WARNING, mug, params={"name": "Mugg"})
        missing = Line(
            Code.VARIANTS_MISSING,
            Topic.PRODUCT,
            Severity.WARNING,
            mug,
            params={"name": "Mugg", "variants": "M"},
        )
        await synclog.add(tx, connection.id, [line, missing], world.clock.now())
    page = (await browser.open("/apps/bigcommerce/log")).text

    assert f'action="/library/{mug}/recount"' in page
    assert "Mugg: no longer in BigCommerce: M." in page
    assert "Make it as in Zettle" in page


async def test_nobody_elses_product_is_counted_anew(world: World) -> None:
    _, browser, _ = await bound(world, {"x": 1}, Counting.LUMPED)

    assert 404 == (await browser.press("/library/none-of-mine/recount")).status_code
