"""Separate stock on the product's pages: one number again, and what else ends it (rules
S5 to S7).
"""

import re

import pytest
from tests.web.conftest import World
from tests.web.separate_stock import form, ledger_of, parted, put, reported, shared

from brygga.core.model import Stage
from brygga.core.stock import SUSPENDED, Ledger, StockRecord
from brygga.database import assigning, connections, ledgers, library, work_items
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind


@pytest.mark.rule("S6")
async def test_the_confirmation_shows_the_number_that_both_sides_will_have(world: World) -> None:
    _, browser, uuid = await parted(world)
    dialog = (
        (await browser.open(f"/library/{uuid}"))
        .text.partition('id="join-dialog"')[2]
        .partition("</dialog>")[0]
    )
    page = (await browser.open(f"/library/{uuid}/stock/join")).text

    assert "<b>12</b>" in dialog
    assert "<b>12</b>" in page
    assert f'name="joined-{uuid}-v" value="12"' in dialog
    assert f'name="joined-{uuid}-v" value="12"' in page


@pytest.mark.rule("S6")
async def test_confirmed_the_two_numbers_are_added_and_without_it_nothing_is(world: World) -> None:
    connection, browser, uuid = await parted(world)
    asked = await browser.press(f"/library/{uuid}/stock/join", **{f"joined-{uuid}-v": "12"})
    unconfirmed = await ledger_of(world, connection, uuid)
    await browser.press(
        f"/library/{uuid}/stock/join", confirmed="yes", **{f"joined-{uuid}-v": "12"}
    )
    ledger = await ledger_of(world, connection, uuid)

    assert "<b>12</b>" in asked.text
    assert unconfirmed.separate
    assert (False, 12, 12) == (ledger.separate, ledger.zettle.target, ledger.shop.target)
    assert 1 == (await reported(world, connection))[Kind.STOCK]


@pytest.mark.rule("S6")
@pytest.mark.parametrize("seen", ["13", "", "x"])
async def test_a_number_that_is_another_by_now_is_shown_again(world: World, seen: str) -> None:
    """A sale between the page and the click: what was confirmed is not what would be written."""
    connection, browser, uuid = await parted(world)
    page = await browser.press(
        f"/library/{uuid}/stock/join", confirmed="yes", **{f"joined-{uuid}-v": seen}
    )

    assert 409 == page.status_code
    assert "These are the numbers now" in page.text
    assert "<b>12</b>" in page.text
    assert (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S6")
async def test_joined_twice_it_is_added_once(world: World) -> None:
    connection, browser, uuid = await parted(world)
    for _ in range(2):
        await browser.press(
            f"/library/{uuid}/stock/join", confirmed="yes", **{f"joined-{uuid}-v": "12"}
        )

    assert 12 == (await ledger_of(world, connection, uuid)).target


@pytest.mark.rule("S7")
async def test_switching_tracking_off_while_separate_is_asked_first(world: World) -> None:
    connection, browser, uuid = await parted(world)
    asked = await browser.press(f"/library/{uuid}/stock/tracking", shown="on")
    before = await reported(world, connection)
    fields = dict(
        re.findall(r'type="hidden" name="((?!_csrf|everywhere)[\w-]+)" value="([^"]*)"', asked.text)
    )
    await browser.press(f"/library/{uuid}/stock/tracking", confirmed="yes", **fields)

    assert "Turn off inventory management?" in asked.text
    assert "the web shop gets the till's number" in asked.text
    assert Kind.TRACKING not in before
    assert 1 == (await reported(world, connection))[Kind.TRACKING]


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("is_on", "fields", "wish"),
    [(True, {"shown": "on"}, "off"), (False, {"shown": "off", "tracking": "yes"}, "on")],
)
async def test_switching_tracking_of_shared_stock_is_done_at_once(
    world: World, is_on: bool, fields: dict[str, str], wish: str
) -> None:
    connection, browser, uuid = await shared(world)
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {uuid: is_on})
    await browser.press(f"/library/{uuid}/stock/tracking", **fields)
    async with world.database.read() as tx:
        due = await work_items.due(tx, connection.id, world.clock.now(), [Kind.TRACKING])

    assert [(uuid, wish)] == [(item.subject, item.detail) for item in due]


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("knows", "fields", "says"),
    [
        (None, {"shown": "off"}, "Nothing was changed."),
        (True, {"shown": "on", "tracking": "yes"}, "Nothing was changed."),
        (True, {"shown": "off"}, "Inventory management is on in Zettle"),
        (True, {}, "Inventory management is on in Zettle"),
        (False, {"shown": "on"}, "Inventory management is off in Zettle"),
        (False, {"shown": "on", "tracking": "yes"}, "Inventory management is off in Zettle"),
    ],
)
async def test_a_box_that_was_not_changed_or_showed_something_old_switches_nothing(
    world: World, knows: bool | None, fields: dict[str, str], says: str
) -> None:
    """Saving the form as it stands is no wish: we may have learned meanwhile what Zettle's tracking
    is.
    """
    connection, browser, uuid = await shared(world)
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {uuid: knows})
    back = await browser.press(f"/library/{uuid}/stock/tracking", **fields)
    page = await browser.open(back.headers["location"])

    assert says in page.text
    assert f'name="shown" value="{"on" if knows else "off"}"' in page.text
    assert Kind.TRACKING not in await reported(world, connection)


@pytest.mark.rule("S5", "S7")
async def test_the_page_says_what_ends_separate_stock_and_what_does_not(world: World) -> None:
    connection, browser, uuid = await parted(world)
    assigned = (await browser.open(f"/library/{uuid}")).text
    async with world.database.transaction() as tx:
        await assigning.decide(tx, connection.id, uuid, assigned=False, now=world.clock.now())
    unassigned = (await browser.open(f"/library/{uuid}")).text

    assert "separate stock ends and the till's number counts" in assigned
    assert "the number for the web shop is kept" in assigned
    assert "assigned again, the product is made with it" in unassigned


@pytest.mark.rule("S5", "S6")
async def test_while_the_connection_ends_no_stock_is_split_or_joined(
    world: World,
) -> None:
    connection, browser, uuid = await shared(world)
    async with world.database.transaction() as tx:
        await connections.set_stage(tx, connection.id, Stage.LEAVING)
    parting = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4"))
    said = (await browser.open(parting.headers["location"])).text
    kept = await ledger_of(world, connection, uuid)
    await put(world, connection, uuid, 8, 4, separate=True)
    joining = await browser.press(
        f"/library/{uuid}/stock/join", confirmed="yes", **{f"joined-{uuid}-v": "12"}
    )
    said_again = (await browser.open(joining.headers["location"])).text

    assert not kept.separate
    assert (await ledger_of(world, connection, uuid)).separate
    assert [
        "Nothing was changed: the store is being disconnected." in one for one in (said, said_again)
    ] == [
        True,
        True,
    ]
    assert Kind.STOCK not in await reported(world, connection)


@pytest.mark.rule("S5", "S6")
async def test_while_sync_is_paused_it_is_kept_and_the_page_says_when_it_is_written(
    world: World,
) -> None:
    connection, browser, uuid = await shared(world)
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "zettle_access_gone")
    parting = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4"))
    said = (await browser.open(parting.headers["location"])).text
    joining = await browser.press(
        f"/library/{uuid}/stock/join", confirmed="yes", **{f"joined-{uuid}-v": "12"}
    )
    said_again = (await browser.open(joining.headers["location"])).text
    ledger = await ledger_of(world, connection, uuid)

    assert ["both sides are written when it continues" in page for page in (said, said_again)] == [
        True,
        True,
    ]
    assert (False, 12, 12) == (ledger.separate, ledger.zettle.target, ledger.shop.target)


@pytest.mark.rule("S6", "D4")
async def test_separate_stock_of_an_earlier_connection_is_not_joined_unread(
    world: World,
) -> None:
    connection, browser, uuid = await parted(world)
    ledger = Ledger(
        StockRecord(8), StockRecord(0, to_push=4, rests=SUSPENDED), separate=True, closed=(7,)
    )
    async with world.database.transaction() as tx:
        await ledgers.save(
            tx, connection.id, [LedgerRow(uuid, f"{uuid}-v", ledger)], world.clock.now()
        )
    asked = await browser.open(f"/library/{uuid}/stock/join")
    joining = await browser.press(
        f"/library/{uuid}/stock/join", confirmed="yes", **{f"joined-{uuid}-v": "12"}
    )

    assert [303, 303] == [asked.status_code, joining.status_code]
    assert ledger == await ledger_of(world, connection, uuid)
