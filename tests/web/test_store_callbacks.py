"""What BigCommerce's signed messages can do, and what they cannot (D3; bigcommerce facts 1.5)."""

import pytest
from tests.database.merchants import newest
from tests.web.conftest import LIND, Browser, World

from brygga.core.model import Connection, Stage
from brygga.database import audit, waiting_work, work_items
from brygga.database.audit import Act, Actor
from brygga.database.work_items import Kind

LOAD = "/bigcommerce/load?signed_payload_jwt="
UNINSTALL = "/bigcommerce/uninstall?signed_payload_jwt="
REMOVE_USER = "/bigcommerce/remove_user?signed_payload_jwt="
OWNER, STAFF = "7", "8"
BIGCOMMERCE = Actor.BIGCOMMERCE


async def asked(world: World, connection: Connection) -> int:
    """How often the store is to be asked whether the app is still there."""
    async with world.database.read() as tx:
        return (await waiting_work.counts(tx, connection.id)).get(Kind.UNINSTALL, 0)


async def through_the_panel(world: World, user: str) -> Browser:
    """A browser that opened our pages from the control panel as this user, and signed in with
    Zettle.
    """
    page = (await world.browser().open(f"{LOAD}signed-open{user}-{user}")).text
    query = page.partition("/bigcommerce/open?")[2].partition('"')[0].replace("&amp;", "&")
    browser = world.browser()
    await browser.open(f"/bigcommerce/open?{query}")
    await browser.sign_in(f"lind-{user}")
    return browser


@pytest.mark.rule("D3")
async def test_an_uninstall_that_is_reported_only_makes_us_ask_the_store(world: World) -> None:
    connection = await world.running()

    forged = await world.browser().open(f"{UNINSTALL}forged")
    before = await asked(world, connection)
    reported = await world.browser().open(f"{UNINSTALL}signed-a")

    async with world.database.read() as tx:
        found = await newest(tx, LIND.uuid)
    assert [401, 200] == [forged.status_code, reported.status_code]
    assert (0, 1, Stage.RUNNING) == (before, await asked(world, connection), found.stage)


@pytest.mark.rule("D3")
async def test_the_message_that_opened_the_page_uninstalls_nothing(world: World) -> None:
    """Any user of the store can take it out of the browser."""
    connection = await world.running()
    await world.browser().open(f"{LOAD}signed-a-{STAFF}")

    stolen = await world.browser().open(f"{UNINSTALL}signed-a-{STAFF}")
    removing = await world.browser().open(f"{REMOVE_USER}signed-a-{STAFF}")

    assert [401, 401] == [stolen.status_code, removing.status_code]
    assert 0 == await asked(world, connection)


@pytest.mark.rule("D3")
async def test_the_same_report_comes_twice_and_counts_once(world: World) -> None:
    connection = await world.running()
    await world.browser().open(f"{UNINSTALL}signed-a")
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, [Kind.UNINSTALL])

    again = await world.browser().open(f"{UNINSTALL}signed-a")
    opened = await world.browser().open(f"{LOAD}signed-a")

    assert (200, 401) == (again.status_code, opened.status_code)
    assert 0 == await asked(world, connection)


async def test_the_page_in_the_control_panel_can_be_loaded_again(world: World) -> None:
    await world.running()
    pages = [await world.browser().open(f"{LOAD}signed-a") for _ in range(2)]

    assert [200, 200] == [page.status_code for page in pages]


@pytest.mark.rule("D3")
async def test_only_the_owner_can_disconnect_from_the_control_panel(world: World) -> None:
    await world.running()
    owner = (await world.browser().open(f"{LOAD}signed-a-{OWNER}")).text
    staff = (await world.browser().open(f"{LOAD}signed-b-{STAFF}")).text

    assert ">Disconnect</a>" in owner
    assert "Only the owner of the store can disconnect it here." not in owner
    assert ">Disconnect</a>" not in staff
    assert "Only the owner of the store can disconnect it here." in staff


@pytest.mark.parametrize("user", [OWNER, STAFF])
async def test_a_user_who_is_removed_is_signed_out_and_nobody_else_is(
    world: World, user: str
) -> None:
    connection = await world.running()
    removed, other = await through_the_panel(world, user), await through_the_panel(world, "9")
    plain = world.browser()
    await plain.sign_in()
    before = [(await one.open("/library")).status_code for one in (removed, other, plain)]
    world.clock.move(60)

    reported = await world.browser().open(f"{REMOVE_USER}signed-gone-{user}")
    after = [(await one.open("/library")).status_code for one in (removed, other, plain)]

    async with world.database.read() as tx:
        noted = [one for one in await audit.of(tx, connection.id) if one.actor is BIGCOMMERCE]
    assert 200 == reported.status_code
    assert [(Act.ACCESS_REMOVED, {"store_user": user})] == [(one.act, one.facts) for one in noted]
    assert ([200, 200, 200], [303, 200, 200]) == (before, after)
    assert "/sign-in" in (await removed.open("/apps")).headers["location"]


async def test_a_user_who_is_let_in_again_can_sign_in_again(world: World) -> None:
    await world.running()
    await world.browser().open(f"{REMOVE_USER}signed-gone-{STAFF}")
    world.clock.move(60)

    back = await through_the_panel(world, STAFF)

    assert 200 == (await back.open("/library")).status_code


@pytest.mark.parametrize("ticket", ["", "x", "00", "ff" * 60])
async def test_a_ticket_that_is_not_ours_only_opens_the_page(world: World, ticket: str) -> None:
    opened = await world.browser().open(f"/bigcommerce/open?to=//evil.example&by={ticket}")

    assert (303, "/apps/bigcommerce") == (opened.status_code, opened.headers["location"])
    assert "brygga_session" not in opened.headers.get("set-cookie", "")
