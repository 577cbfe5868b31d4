"""The page that erases, the receipt, and the buttons of the minute before a removal (D2, D4)."""

import re

import pytest
from tests.web.conftest import World

from brygga.core.lifecycle import Leaving, Removing, Running
from brygga.database import connections, erasing

HERE = "/apps/bigcommerce/disconnect"


@pytest.mark.rule("D4")
async def test_while_a_store_is_connected_the_page_leads_to_the_disconnect(world: World) -> None:
    connection = await world.running()
    browser = world.browser()
    await browser.sign_in()
    page = await browser.open("/apps/erase")
    pressed = await browser.press("/apps/erase", sure="yes")

    async with world.database.transaction() as tx:
        assert isinstance(await connections.state(tx, connection.id), Running)
        assert [] == await erasing.due(tx, world.clock.now())
    assert "Disconnect first" in page.text
    assert "/apps/erase" == pressed.headers["location"]


@pytest.mark.rule("D4")
async def test_nothing_is_erased_without_the_tick(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    back = await browser.press("/apps/erase")

    assert (
        "Nothing was erased: tick the box first."
        in (await browser.open(back.headers["location"])).text
    )


@pytest.mark.rule("D4")
async def test_erasing_signs_out_and_the_receipt_needs_no_session(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    led = await browser.press("/apps/erase", sure="yes")
    place = led.headers["location"]
    waits = await world.browser().open(place)
    async with world.database.transaction() as tx:
        (account,) = [row for row in [await connections.by_id(tx, 1)] if row]
        await connections.disconnect(tx, account.id, world.clock.now())
        receipt = await erasing.erase(tx, account.organization.uuid, world.clock.now())
    done = await world.browser().open(place)
    strange = await world.browser().open("/erased/guess")

    assert "Everything is being erased" in waits.text
    assert "/sign-in" in (await browser.open("/apps")).headers["location"]
    assert receipt.hash in done.text
    assert re.fullmatch(r"[0-9a-f]{64}", receipt.hash)
    assert 404 == strange.status_code


@pytest.mark.rule("D2")
async def test_a_removal_can_be_undone_by_a_button_while_it_waits(world: World) -> None:
    connection = await world.running()
    browser = world.browser()
    await browser.sign_in()
    await browser.press(HERE, products="remove")
    page = await browser.open("/apps")
    async with world.database.transaction() as tx:
        waiting = await connections.state(tx, connection.id)
    await browser.press(f"{HERE}/undo")
    async with world.database.transaction() as tx:
        undone = await connections.state(tx, connection.id)
        health = await connections.health(tx, connection.id)

    assert "Undo, and stay connected" in page.text
    assert (Removing, Running, "") == (type(waiting), type(undone), health.leaving)


@pytest.mark.rule("D2")
async def test_once_deleting_has_started_the_undo_says_that_it_is_too_late(world: World) -> None:
    connection = await world.running()
    browser = world.browser()
    await browser.sign_in()
    await browser.press(HERE, products="remove")
    async with world.database.transaction() as tx:
        now = await connections.state(tx, connection.id)
        assert isinstance(now, Removing)
        await connections.save(tx, connection.id, now.delete())
    page = await browser.open("/apps")
    await browser.press(f"{HERE}/undo")
    async with world.database.transaction() as tx:
        after = await connections.state(tx, connection.id)

    assert "Undo, and stay connected" not in page.text
    assert isinstance(after, Leaving)
