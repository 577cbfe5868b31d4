"""Separate stock on the product's page: a number for each side, and one again (S5, S6)."""

import pytest
from tests.web.conftest import Browser, World

from brygga.core.model import Connection
from brygga.core.stock import Ledger, Shelf
from brygga.store import ledgers, library, marks
from brygga.store.ledgers import Book
from brygga.store.marks import Kind
from brygga.web.pages.separate import changes_sum, shares_of
from brygga.web.visit import Form


async def shared_twelve(world: World) -> tuple[Connection, Browser, str]:
    """A tracked, assigned product with twelve on both shelves."""
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    now = world.clock.now()
    ledger = Ledger(zettle=Shelf(known=12, seen=now, settled=now), shop=Shelf(known=12, seen=now, settled=now))
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {uuid: True})
        await ledgers.save(tx, connection.id, [Book(uuid, f"{uuid}-v", ledger)], now)
    browser = world.browser()
    await browser.sign_in()
    return connection, browser, uuid


async def ledger_of(world: World, connection: Connection, uuid: str) -> Ledger:
    async with world.database.read() as tx:
        return (await ledgers.load(tx, connection.id, [uuid]))[f"{uuid}-v"].ledger


def form(uuid: str, zettle: str, shop: str, shared: str = "12", **more: str) -> dict[str, str]:
    return {"separate": "yes", f"zettle-{uuid}-v": zettle, f"shop-{uuid}-v": shop, f"shared-{uuid}-v": shared, **more}


@pytest.mark.rule("S5")
async def test_the_form_starts_from_the_shared_number_and_splits_it(world: World) -> None:
    connection, browser, uuid = await shared_twelve(world)
    page = await browser.open(f"/library/{uuid}")
    await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4"))
    ledger = await ledger_of(world, connection, uuid)

    assert 'value="12"' in page.text
    assert "<output>12</output>" in page.text
    assert ledger.separate
    assert (8, 4) == (ledger.zettle.promised, ledger.shop.promised)
    async with world.database.read() as tx:
        assert 1 == (await marks.counts(tx, connection.id))[Kind.STOCK]


@pytest.mark.rule("S5")
@pytest.mark.parametrize(("more", "separate"), [({}, False), ({"sum": "changed"}, True)])
async def test_a_changed_sum_needs_a_confirmation(world: World, more: dict[str, str], separate: bool) -> None:
    connection, browser, uuid = await shared_twelve(world)
    await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "5", **more))

    assert separate == (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
async def test_stock_that_moved_under_the_form_is_not_split(world: World) -> None:
    connection, browser, uuid = await shared_twelve(world)
    back = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "9", "4", shared="13"))
    page = await browser.open(back.headers["location"])

    assert "The stock has moved" in page.text
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S6")
async def test_joining_shows_the_number_and_needs_the_confirmation(world: World) -> None:
    connection, browser, uuid = await shared_twelve(world)
    await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4"))
    page = await browser.open(f"/library/{uuid}")
    await browser.press(f"/library/{uuid}/stock/join")
    unconfirmed = (await ledger_of(world, connection, uuid)).separate
    await browser.press(f"/library/{uuid}/stock/join", confirmed="yes")
    ledger = await ledger_of(world, connection, uuid)

    assert "<b>12</b>" in page.text
    assert unconfirmed
    assert (False, 12) == (ledger.separate, ledger.promised)


@pytest.mark.rule("S5")
@pytest.mark.parametrize(("zettle", "shop"), [("-1", "3"), ("1.5", "2"), ("", "2"), ("100000", "0"), ("²", "1")])
def test_a_share_is_a_whole_number_within_bounds(zettle: str, shop: str) -> None:
    assert shares_of(Form(tuple(form("p", zettle, shop).items()))) is None


def test_a_sum_is_changed_when_any_variant_s_is() -> None:
    assert changes_sum({"a": (1, 2, 3), "b": (1, 1, 3)})
    assert not changes_sum({"a": (1, 2, 3), "b": (3, 0, 3)})
