"""What the pages say of work that failed by a fault of ours: that it is looked into, with the
support id to hold on to.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.web.conftest import SHOP, Browser, World

from brygga.core.model import Connection, Stage
from brygga.database import connections, failed_work, work_items
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.live import counted

HERE = "/apps/bigcommerce"
UNREAD = replace(SHOP, currency="")
FAILED = "Something went wrong on our side"


async def fail(world: World, connection: Connection, kind: Kind, subject: str = "") -> None:
    now = world.clock.now()
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, kind, subject, now)
        (item,) = await work_items.due(tx, connection.id, now, [kind])
        await failed_work.park(tx, item, f"id-{kind.value}", now, next_try=now + timedelta(hours=1))


async def heal(world: World, connection: Connection, kind: Kind) -> None:
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, [kind])


async def signed_in(world: World, language: str = "en") -> Browser:
    browser = world.browser(language)
    await browser.sign_in()
    return browser


@pytest.mark.rule("C11")
async def test_a_set_up_that_waits_for_failed_work_says_so(world: World) -> None:
    connection = await world.running(shop=UNREAD, stage=Stage.STORE_CONNECTED)
    browser = await signed_in(world)
    reading = (await browser.open(HERE)).text
    await fail(world, connection, Kind.ACCOUNT)
    failed = (await browser.open(HERE)).text

    assert "Reading your store" in reading
    assert FAILED not in reading
    assert FAILED in failed
    assert "id-account" in failed
    assert "Your store could not be read yet" in failed
    assert "Reading your store" not in failed


@pytest.mark.rule("C11")
async def test_a_set_up_page_that_waits_follows_by_itself(world: World) -> None:
    """What it shows while it waits is fetched anew: the page has parts, and the live figures move
    when the work ends.
    """
    connection = await world.running(shop=UNREAD, stage=Stage.STORE_CONNECTED)
    browser = await signed_in(world)
    page = (await browser.open(HERE)).text
    before = await counted(world.database, connection.id, world.clock.now())
    await fail(world, connection, Kind.ACCOUNT)
    failed = await counted(world.database, connection.id, world.clock.now())
    await heal(world, connection, Kind.ACCOUNT)
    healed = await counted(world.database, connection.id, world.clock.now())

    assert all(f'data-part="{part}"' in page for part in ("troubles", "pair", "step"))
    assert 'data-live="/apps/bigcommerce/live"' in page
    assert before != failed
    assert failed != healed


@pytest.mark.rule("P11")
async def test_duplicates_are_not_none_while_looking_for_them_failed(world: World) -> None:
    connection = await world.running(stage=Stage.PRODUCTS_CHOSEN)
    browser = await signed_in(world)
    await fail(world, connection, Kind.LIBRARY)
    page = (await browser.open(HERE)).text

    assert "being looked for" in page
    assert "none found" not in page
    assert 'data-part="step"' in page


@pytest.mark.rule("C11")
async def test_a_set_up_says_that_a_platform_does_not_answer(world: World) -> None:
    connection = await world.running(shop=UNREAD, stage=Stage.STORE_CONNECTED)
    now = world.clock.now()
    async with world.database.transaction() as tx:
        await connections.unreachable(tx, connection.id, now)
        await work_items.add(tx, connection.id, Kind.ACCOUNT, "", now)
    browser = await signed_in(world)
    unnamed = (await browser.open(HERE)).text
    async with world.database.transaction() as tx:
        (item,) = await work_items.due(tx, connection.id, now, [Kind.ACCOUNT])
        await failed_work.again(
            tx, item, now + timedelta(minutes=1), waits_for=Platform.BIGCOMMERCE.value, now=now
        )
    named = (await browser.open(HERE)).text

    assert [True, True] == ["Your store could not be read yet" in page for page in (unnamed, named)]
    assert [False, False] == [
        "Reading your store" in page or "reading the store" in page for page in (unnamed, named)
    ]
    assert "BigCommerce does not answer as it should right now" in named
    assert [True, True] == ["data-live" in page for page in (unnamed, named)]


@pytest.mark.rule("C11", "E1")
@pytest.mark.parametrize(
    "stage", [Stage.ZETTLE_CONNECTED, Stage.STORE_CONNECTED, Stage.PRODUCTS_CHOSEN, Stage.RUNNING]
)
async def test_apps_follows_whatever_the_connection_does(world: World, stage: Stage) -> None:
    await world.running(stage=stage)
    page = (await (await signed_in(world)).open("/apps")).text

    assert 'data-live="/apps/bigcommerce/live"' in page
    assert 'data-part="app"' in page


@pytest.mark.rule("C11")
async def test_every_step_of_a_set_up_follows_an_outage(world: World) -> None:
    connection = await world.running(stage=Stage.STORE_CONNECTED)
    browser = await signed_in(world)
    before = (await browser.open(HERE)).text
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "bigcommerce_access_gone")
    paused = (await browser.open(HERE)).text

    assert (False, True) == (
        "data-live" in before,
        "data-live" in paused and "data-waits" in paused,
    )


@pytest.mark.parametrize(("language", "said"), [("en", FAILED), ("sv", "Något gick fel hos oss")])
async def test_the_overview_says_what_failed_until_it_works(
    world: World, language: str, said: str
) -> None:
    connection = await world.running()
    browser = await signed_in(world, language)
    await fail(world, connection, Kind.HOOKS)
    failed = (await browser.open(HERE)).text
    await heal(world, connection, Kind.HOOKS)
    healed = (await browser.open(HERE)).text

    assert (True, True) == (said in failed, "id-hooks" in failed)
    assert said not in healed


@pytest.mark.parametrize("kind", [Kind.PRODUCT, Kind.STOCK])
async def test_a_product_page_speaks_of_its_own_failed_work_only(world: World, kind: Kind) -> None:
    connection = await world.running()
    mug, plate = await world.stock_library(connection, "Mugg", "Fat", assigned=True)
    browser = await signed_in(world)
    await fail(world, connection, kind, mug)
    pages = [(await browser.open(f"/library/{uuid}")).text for uuid in (mug, plate)]

    assert [True, False] == [f"id-{kind.value}" in page for page in pages]


async def test_another_merchants_failed_work_is_on_no_page_of_mine(world: World) -> None:
    await world.running()
    other = replace(SHOP, store_hash="other1")
    async with world.database.transaction() as tx:
        elsewhere = await connections.start(
            tx, replace(world.till.accounts["berg"]), "key-berg", world.clock.now()
        )
        await connections.set_shop(tx, elsewhere.id, other)
        await connections.set_stage(tx, elsewhere.id, Stage.RUNNING)
    await fail(world, elsewhere, Kind.HOOKS)
    browser = await signed_in(world)
    pages = await asyncio.gather(
        *(browser.open(path) for path in (HERE, "/library", f"{HERE}/log"))
    )

    assert not any("id-hooks" in page.text for page in pages)
