"""The numbers that a merchant is asked to check, and how numbers are typed (docs/design.md,
"Stock").
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON
from tests.web.conftest import BERG, LIND, SHOP, Browser, World, product
from tests.web.separate_stock import ledger_of, reported, shared

from brygga.core.model import Connection
from brygga.core.stock import LIMITS, Ledger, Side, StockRecord
from brygga.core.stock.movement import Cause, Movement
from brygga.database import ledgers, library, movements
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.web.numbers import Problem, number

# ---- What a merchant types -----------------------------------------------------------------------


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("7", 7),
        ("0", 0),
        ("-0", 0),
        ("007", 7),
        ("1 000", 1000),
        ("1\u00a0000", 1000),
        ("1\u202f000", 1000),
        ("99999", 99_999),
        ("0" * 5_000 + "7", 7),
        ("100000", Problem.TOO_BIG_ZETTLE),
        ("1" * 5_000, Problem.TOO_BIG_ZETTLE),
        ("", Problem.MISSING),
        ("  ", Problem.MISSING),
        ("-1", Problem.NEGATIVE),
        ("\u22121", Problem.NEGATIVE),
        ("1.0", Problem.NOT_WHOLE),
        ("1,5", Problem.NOT_WHOLE),
        ("1e3", Problem.NOT_WHOLE),
        ("0x10", Problem.NOT_WHOLE),
        ("²", Problem.NOT_WHOLE),
        ("٣", Problem.NOT_WHOLE),
        ("--1", Problem.NOT_WHOLE),
        ("sju", Problem.NOT_WHOLE),
    ],
)
def test_a_number_is_whole_and_fits(typed: str, expected: int | Problem) -> None:
    assert expected == number(typed, Side.ZETTLE)


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("150 000", 150_000),
        ("2147483647", 2**31 - 1),
        ("2147483648", Problem.TOO_BIG_SHOP),
        ("-1", Problem.NEGATIVE),
    ],
)
def test_the_web_shop_holds_more_than_the_till(typed: str, expected: int | Problem) -> None:
    """bigcommerce facts 5.2: a signed 32-bit number."""
    assert expected == number(typed, Side.SHOP)


@given(st.text(), st.sampled_from(Side))
def test_whatever_is_typed_is_a_number_that_fits_or_says_why_not(typed: str, side: Side) -> None:
    found = number(typed, side)

    assert isinstance(found, Problem) or 0 <= found <= LIMITS[side].highest


# ---- Check this number ---------------------------------------------------------------------------


async def in_doubt(world: World, *, separate: bool = False) -> tuple[Connection, Browser, str]:
    """A product of whose number nobody knows: seven are promised, the till shows nine."""
    connection, browser, uuid = await shared(world, 7)
    till, shop = (
        StockRecord(9, -2, clear_read=NOON),
        StockRecord(5 if separate else 7, clear_read=NOON, variant_id=7),
    )
    of = (uuid, f"{uuid}-v")
    async with world.database.transaction() as tx:
        await ledgers.save(
            tx, connection.id, [LedgerRow(*of, Ledger(till, shop, separate), NOON)], NOON
        )
        number_check = Movement(
            NOON, *of, Side.ZETTLE, Cause.IN_DOUBT, -2, 9, 9, 7, 7, "c", sent=NOON
        )
        await movements.add(tx, connection.id, [number_check])
    return connection, browser, uuid


def answer(
    uuid: str, what: str, till: str = "", seen: tuple[str, str] = ("7", "7"), **more: str
) -> dict[str, str]:
    return {
        "variant": f"{uuid}-v",
        "answer": what,
        "till": till,
        "seen-till": seen[0],
        "seen-shop": seen[1],
        **more,
    }


async def is_asked(world: World, connection: Connection) -> bool:
    async with world.database.read() as tx:
        return bool(await ledgers.in_question(tx, connection.id))


@pytest.mark.parametrize(
    "path", ["/library/{}", "/library/{}/stock/check", "/apps/bigcommerce/check"]
)
async def test_both_numbers_and_what_happened_stand_where_the_merchant_is_asked(
    world: World, path: str
) -> None:
    _, browser, uuid = await in_doubt(world)
    page = (await browser.open(path.format(uuid))).text

    at = '<time datetime="2026-03-02T12:00:00Z" data-when="short">2 Mar 2026 12:00 UTC</time>'
    assert f"We wrote −2 to the till on {at} and never got an answer." in page
    assert "<dt>The till shows</dt><dd>9</dd>" in page
    assert "<dt>The web shop shows</dt><dd>7</dd>" in page
    assert "7 is right as it is" in page


@pytest.mark.parametrize(
    ("language", "words"), [("sv", "Kontrollera antalet"), ("en", "Check this number")]
)
async def test_the_library_shows_and_lists_the_products_to_check(
    world: World, language: str, words: str
) -> None:
    connection, _, uuid = await in_doubt(world)
    _, fine = await world.stock_library(connection, "Kanna", "Mugg")
    browser = world.browser(language)
    await browser.sign_in("lind-2")
    whole = (await browser.open("/library")).text
    listed = (await browser.open("/library?state=to_check")).text
    await browser.press(f"/library/{uuid}/stock/check", **answer(uuid, "right"))
    after = (await browser.open("/library")).text

    tag = f'<a class="tag warn" href="/library/{uuid}/stock/check">{words}</a>'
    assert (1, 1, 0) == (whole.count(tag), listed.count(tag), after.count('class="tag warn"'))
    assert f"{words} (1)" in whole
    assert f"{words} (" not in after
    assert (True, False) == (
        f'href="/library/{fine}"' in whole,
        f'href="/library/{fine}"' in listed,
    )


async def test_another_merchants_number_to_check_shows_in_nobody_elses_library(
    world: World,
) -> None:
    _, _, uuid = await in_doubt(world)
    berg = await world.running(BERG, replace(SHOP, store_hash="xyz789"))
    await world.stock_library(berg, "Kanna")
    browser = world.browser()
    await browser.sign_in("berg")
    page = (await browser.open("/library")).text

    assert "Check this number" not in page
    assert uuid not in page


async def test_the_overview_leads_to_the_numbers_to_check(world: World) -> None:
    connection, browser, uuid = await in_doubt(world)
    one = (await browser.open("/apps/bigcommerce")).text
    async with world.database.transaction() as tx:
        names = ["A", "B", "C"]
        await library.upsert_many(
            tx, connection.id, [product(name, name) for name in names], NOON, assign_new=True
        )
        rows = [
            LedgerRow(name, f"{name}-v", Ledger(StockRecord(1), StockRecord(1)), NOON)
            for name in names
        ]
        await ledgers.save(tx, connection.id, rows, NOON)
    many = (await browser.open("/apps/bigcommerce")).text

    assert f'href="/library/{uuid}/stock/check"' in one
    assert "Check this number: Kanna" in one
    assert "4 numbers need to be checked" in many
    assert 'href="/apps/bigcommerce/check"' in many


async def test_a_counted_number_is_the_target_of_both_and_ends_the_question(
    world: World,
) -> None:
    connection, browser, uuid = await in_doubt(world)
    back = await browser.press(f"/library/{uuid}/stock/check", **answer(uuid, "set", "8"))
    ledger = await ledger_of(world, connection, uuid)
    log = (await browser.open("/apps/bigcommerce/log")).text

    assert f"/library/{uuid}#stock" == back.headers["location"]
    assert (8, 8) == (ledger.zettle.target, ledger.shop.target)
    assert not await is_asked(world, connection)
    assert "you counted 8, it said 7" in log
    assert 1 == (await reported(world, connection))[Kind.STOCK]


async def test_a_number_that_is_right_stays_and_is_asked_no_more(world: World) -> None:
    connection, browser, uuid = await in_doubt(world)
    await browser.press(f"/library/{uuid}/stock/check", **answer(uuid, "right"))

    assert 7 == (await ledger_of(world, connection, uuid)).target
    assert not await is_asked(world, connection)
    assert "the number 7 is right" in (await browser.open("/apps/bigcommerce/log")).text


@pytest.mark.parametrize("what", ["set", "right"])
@pytest.mark.parametrize("seen", [("8", "8"), ("7", "6"), ("", ""), ("x", "7")])
async def test_a_number_that_moved_meanwhile_is_asked_about_again(
    world: World, what: str, seen: tuple[str, str]
) -> None:
    connection, browser, uuid = await in_doubt(world)
    page = await browser.press(f"/library/{uuid}/stock/check", **answer(uuid, what, "8", seen))

    assert 409 == page.status_code
    assert "The numbers have moved since you opened the page" in page.text
    assert 'name="seen-till" value="7"' in page.text
    assert 'value="8"' in page.text
    assert await is_asked(world, connection)
    assert 7 == (await ledger_of(world, connection, uuid)).target


@pytest.mark.parametrize(("separate", "status"), [(False, 303), (True, 422)])
async def test_more_than_zettle_holds_is_a_number_for_both_and_none_for_the_till(
    world: World, *, separate: bool, status: int
) -> None:
    connection, browser, uuid = await in_doubt(world, separate=separate)
    given_ = answer(uuid, "set", "150000", ("7", "5") if separate else ("7", "7"))
    page = await browser.press(f"/library/{uuid}/stock/check", **{**given_, "shop": "5"})

    till = (await ledger_of(world, connection, uuid)).zettle.target
    assert (status, 7 if separate else 150_000) == (page.status_code, till)
    assert separate == ("Zettle holds 99,999 at most" in page.text)


@pytest.mark.parametrize("typed", ["", "-1", "1, 5", "2147483648", "x", "<script>"])
async def test_a_number_that_cannot_be_taken_is_told_and_nothing_written(
    world: World, typed: str
) -> None:
    connection, browser, uuid = await in_doubt(world)
    page = await browser.press(f"/library/{uuid}/stock/check", **answer(uuid, "set", typed))

    assert 422 == page.status_code
    assert 'aria-invalid="true"' in page.text
    assert "<script>" not in page.text.replace("<script nonce", "")
    assert await is_asked(world, connection)


async def test_separate_numbers_are_counted_each_for_itself(world: World) -> None:
    connection, browser, uuid = await in_doubt(world, separate=True)
    await browser.press(
        f"/library/{uuid}/stock/check", **answer(uuid, "set", "4", ("7", "5"), shop="6")
    )
    ledger = await ledger_of(world, connection, uuid)

    assert (True, 4, 6) == (ledger.separate, ledger.zettle.target, ledger.shop.target)


async def test_answered_in_another_window_it_is_not_answered_twice(world: World) -> None:
    connection, browser, uuid = await in_doubt(world)
    for typed in ("8", "3"):
        back = await browser.press(
            f"/library/{uuid}/stock/check", **answer(uuid, "set", typed, back="all")
        )

    assert "/apps/bigcommerce/check" == back.headers["location"]
    assert 8 == (await ledger_of(world, connection, uuid)).target


async def test_without_anything_to_check_the_page_says_so(world: World) -> None:
    await world.running(LIND)
    browser = world.browser()
    await browser.sign_in()

    assert "Nothing to check" in (await browser.open("/apps/bigcommerce/check")).text
