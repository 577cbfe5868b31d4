"""Connecting and the set-up, step by step, as a merchant walks it (C2 to C12), and leaving again
(D1, D2).
"""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.database.merchants import newest
from tests.web.conftest import BERG, LIND, SHOP, SHOP_TOKEN, Browser, World

from brygga.core.model import Connection, Shop, Stage, StockMoment
from brygga.database import connections, duplicates, tokens, waiting_work, work_items
from brygga.database.duplicates import Pair
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web import live

HERE = "/apps/bigcommerce"
AUTH = "/bigcommerce/auth?code=good&scope=store_v2_products&context=stores%2Fabc123"


async def own(world: World) -> Connection:
    async with world.database.read() as tx:
        return await newest(tx, LIND.uuid)


async def connected(world: World, **facts: object) -> Browser:
    world.store.shop = replace(SHOP, **facts)  # type: ignore[arg-type]
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/connect")
    await browser.open(AUTH)
    await browser.confirm_store()
    return browser


@pytest.mark.rule("P11", "C11")
async def test_likely_duplicates_appear_while_the_store_is_compared(world: World) -> None:
    """Each is told to the open page as it is found, and read where no script runs."""
    connection = await world.running(stage=Stage.PRODUCTS_CHOSEN)
    mug, _ = await world.stock_library(connection, "Mugg", "Kanna")
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.LIBRARY, "", world.clock.now())
    before = (await browser.open(HERE)).text
    counted = (await live.counted(world.database, connection.id, world.clock.now())).version
    pair = Pair(mug, 7, "certain", "sku", "Kaffemugg")
    async with world.database.transaction() as tx:
        await duplicates.add_found(tx, connection.id, [pair], world.clock.now())
    during = (await browser.open(HERE)).text
    later = (await live.counted(world.database, connection.id, world.clock.now())).version
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, list(Kind))
    after = (await browser.open(HERE)).text

    assert "being looked for" in before
    assert "Kaffemugg" not in before
    assert "1 found so far" in during
    assert "Mugg and Kaffemugg in the store" in during
    assert counted != later
    assert "1 product may be in the store already" in after
    assert [True, True, False] == ["data-waits" in page for page in (before, during, after)]
    assert [True] * 3 == ['data-part="step"' in page for page in (before, during, after)]


@pytest.mark.rule("C3", "C10", "C11")
async def test_a_merchant_walks_through_the_set_up(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    away = await browser.press(f"{HERE}/connect")
    await browser.open(AUTH)
    back = await browser.confirm_store()
    stages = [(await own(world)).stage]
    for step, fields in (
        ("prices", {"prices": "yes"}),
        ("products", {"products": "whole"}),
        ("finish", {}),
    ):
        unfinished = await browser.open("/apps")
        assert "Set-up not finished" in unfinished.text
        await browser.press(f"{HERE}/{step}", **fields)
        stages.append((await own(world)).stage)

    assert "https://login.example/app/cid/install" == away.headers["location"]
    assert HERE == back.headers["location"]
    assert [
        Stage.STORE_CONNECTED,
        Stage.PRICES_CHOSEN,
        Stage.PRODUCTS_CHOSEN,
        Stage.RUNNING,
    ] == stages
    assert (await own(world)).choices.prices
    assert (await own(world)).choices.whole_library


@pytest.mark.rule("C11")
async def test_finishing_twice_starts_nothing_twice(world: World) -> None:
    connection = await world.running(stage=Stage.PRODUCTS_CHOSEN)
    await world.stock_library(connection, "Kanna", "Mugg")
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/finish")
    async with world.database.transaction() as tx:
        first = await waiting_work.counts(tx, connection.id)
        await work_items.forget(tx, connection.id, list(Kind))
    await browser.press(f"{HERE}/finish")

    async with world.database.read() as tx:
        again = await waiting_work.counts(tx, connection.id)
    assert (2, 1) == (first[Kind.PRODUCT], first[Kind.SETUP])
    assert {} == again


@pytest.mark.rule("C5", "C11")
async def test_the_choices_are_changed_by_a_button_and_never_by_a_link(world: World) -> None:
    """A link on any site is opened with the merchant's cookie, so no link of ours changes
    anything.
    """
    await world.running(stage=Stage.PRODUCTS_CHOSEN)
    browser = world.browser()
    await browser.sign_in()
    page = await browser.open(HERE)
    linked = await browser.open(f"{HERE}/back")
    forged = await browser.http.post(f"{HERE}/back")
    before = (await own(world)).stage
    await browser.press(f"{HERE}/back")

    assert '<button formaction="/apps/bigcommerce/back">' in page.text
    assert [404, 403] == [linked.status_code, forged.status_code]
    assert [Stage.PRODUCTS_CHOSEN, Stage.STORE_CONNECTED] == [before, (await own(world)).stage]


@pytest.mark.rule("C4", "C5")
async def test_unequal_currencies_switch_prices_off_whatever_the_form_says(world: World) -> None:
    browser = await connected(world, currency="EUR")
    page = await browser.open(HERE)
    await browser.press(f"{HERE}/prices", prices="yes")
    await browser.press(f"{HERE}/prices", prices="yes")

    assert "Zettle uses SEK and the store EUR" in page.text
    assert not (await own(world)).choices.prices


@pytest.mark.rule("C7")
async def test_a_store_without_tax_is_warned_of_on_own_products(world: World) -> None:
    browser = await connected(world, prices_include_tax=False)
    await world.stock_library(await own(world), "Kanna", "Mugg", "Fat", "Skål")
    page = await browser.open(HERE)

    assert "Copied prices would change your margin" in page.text
    assert 3 == page.text.count("SEK\xa0311.25") or 3 == page.text.count("311.25")
    assert "We recommend that you do not sync prices" in page.text


@pytest.mark.rule("C12")
async def test_late_stock_is_explained_before_finishing(world: World) -> None:
    browser = await connected(world, stock_moment=StockMoment.ORDER_SHIPPED)
    await browser.press(f"{HERE}/prices", prices="no")
    await browser.press(f"{HERE}/products", products="hand")
    page = await browser.open(HERE)

    assert "Stock moves only when an order ships" in page.text
    assert "Is the stock in Zettle up to date?" in page.text


@pytest.mark.rule("C2")
async def test_a_store_of_another_account_is_refused_by_name(world: World) -> None:
    await world.running(BERG)
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/connect")
    answer = await browser.open(AUTH)

    assert 409 == answer.status_code
    assert "Annas Butik is linked with the Zettle account Bergs Bokhandel" in answer.text
    assert "To free the store" in answer.text


@pytest.mark.rule("C2")
async def test_a_second_store_is_refused_by_name(world: World) -> None:
    await world.running()
    world.store.shop = Shop("other", "Andra Butiken", "SEK", None, prices_include_tax=True)
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/connect")
    answer = await browser.open(AUTH)

    assert 409 == answer.status_code
    assert "is linked with Annas Butik" in answer.text


async def test_approving_again_replaces_the_token_and_resumes(world: World) -> None:
    connection = await world.running()
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "bigcommerce_access_gone")
    browser = world.browser()
    await browser.sign_in("lind")
    await browser.open(AUTH)

    async with world.database.read() as tx:
        token = await tokens.get(tx, connection.id, Platform.BIGCOMMERCE)
    assert token is not None
    assert SHOP_TOKEN == token.access
    assert "" == (await own(world)).paused


@pytest.mark.rule("D1", "D2")
@pytest.mark.parametrize(("wish", "left"), [("keep", "keep"), ("remove", "remove")])
async def test_disconnecting_asks_and_is_carried_out_by_the_work(
    world: World, wish: str, left: str
) -> None:
    connection = await world.running()
    browser = world.browser()
    await browser.sign_in()
    page = await browser.open(f"{HERE}/disconnect")
    await browser.press(f"{HERE}/disconnect", products=wish)

    assert "Keep the products" in page.text
    async with world.database.read() as tx:
        health = await connections.health(tx, connection.id)
        waiting = await waiting_work.counts(tx, connection.id)
    assert left == health.leaving
    assert 1 == waiting[Kind.LEAVE]


@pytest.mark.rule("D3")
async def test_a_store_that_is_gone_can_only_be_left_with_its_products(world: World) -> None:
    connection = await world.running()
    async with world.database.transaction() as tx:
        await tokens.revoke(tx, connection.id, Platform.BIGCOMMERCE, world.clock.now())
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/disconnect", products="remove")

    async with world.database.read() as tx:
        assert "keep" == (await connections.health(tx, connection.id)).leaving


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("query", "failure"),
    [
        ("code=hemlig&context=stores%2Fhemligare", "install_code_refused"),
        ("code=hemlig", "callback_incomplete"),
    ],
)
async def test_a_refused_install_is_in_the_operators_log_without_what_was_sent(
    world: World, query: str, failure: str
) -> None:
    with capture_logs() as logs:
        answer = await world.browser().open(f"/bigcommerce/auth?{query}")

    assert 400 == answer.status_code
    assert [("warning", failure)] == [
        (line["log_level"], line["failure"]) for line in logs if line["event"] == "store not joined"
    ]
    assert "hemlig" not in str(logs)


@pytest.mark.rule("C3", "C11")
async def test_a_store_that_is_connected_lets_paused_work_go_on(world: World) -> None:
    """Else the first reading of the store would wait for a button that the page does not need."""
    browser = world.browser()
    await browser.sign_in()
    connection = await own(world)
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "bigcommerce_access_gone")
    await browser.press(f"{HERE}/connect")
    await browser.open(AUTH)
    await browser.confirm_store()

    assert ("", Stage.STORE_CONNECTED) == ((await own(world)).paused, (await own(world)).stage)
