"""Separate stock on the product's pages: a number for each side, one again, and what ends it (rules
S5, S6, S7).
"""

import re
from dataclasses import replace

import pytest
from tests.web.conftest import BERG, SHOP, Browser, World

from brygga.core.model import Connection, Stage
from brygga.core.stock import SUSPENDED, Ledger, StockRecord
from brygga.database import assigning, connections, ledgers, library, waiting_work, work_items
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind


async def shared(world: World, number: int = 12) -> tuple[Connection, Browser, str]:
    """A tracked, assigned product with the same number on both stock records."""
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {uuid: True})
    await put(world, connection, uuid, number, number)
    browser = world.browser()
    await browser.sign_in()
    return connection, browser, uuid


async def parted(world: World, till: int = 8, shop: int = 4) -> tuple[Connection, Browser, str]:
    connection, browser, uuid = await shared(world)
    await put(world, connection, uuid, till, shop, separate=True)
    return connection, browser, uuid


async def put(
    world: World, connection: Connection, uuid: str, till: int, shop: int, *, separate: bool = False
) -> None:
    now = world.clock.now()
    ledger = Ledger(
        StockRecord(till, seen=now, clear_read=now),
        StockRecord(shop, seen=now, clear_read=now, variant_id=7),
        separate,
    )
    async with world.database.transaction() as tx:
        await ledgers.save(tx, connection.id, [LedgerRow(uuid, f"{uuid}-v", ledger)], now)


async def ledger_of(world: World, connection: Connection, uuid: str) -> Ledger:
    async with world.database.read() as tx:
        return (await ledgers.load(tx, connection.id, [uuid]))[f"{uuid}-v"].ledger


async def reported(world: World, connection: Connection) -> dict[Kind, int]:
    async with world.database.read() as tx:
        return dict(await waiting_work.counts(tx, connection.id))


def form(uuid: str, zettle: str, shop: str, seen: str = "12", **more: str) -> dict[str, str]:
    return {
        "separate": "yes",
        f"zettle-{uuid}-v": zettle,
        f"shop-{uuid}-v": shop,
        f"shared-{uuid}-v": seen,
        **more,
    }


# ---- S5: parting ---------------------------------------------------------------------------------


@pytest.mark.rule("S5")
@pytest.mark.parametrize("path", ["/library/{}", "/library/{}/stock/separate"])
async def test_the_form_starts_from_the_shared_number_and_shows_the_sum(
    world: World, path: str
) -> None:
    _, browser, uuid = await shared(world)
    page = await browser.open(path.format(uuid))

    assert re.search(rf'name="zettle-{uuid}-v" value="12"', page.text)
    assert re.search(rf'name="shop-{uuid}-v" value="0"', page.text)
    assert f'name="shared-{uuid}-v" value="12"' in page.text
    assert "<output>12</output>" in page.text


@pytest.mark.rule("S5")
async def test_saved_each_number_is_the_target_of_its_own_side(world: World) -> None:
    connection, browser, uuid = await shared(world)
    answer = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4"))
    ledger = await ledger_of(world, connection, uuid)

    assert 303 == answer.status_code
    assert (True, 8, 4) == (ledger.separate, ledger.zettle.target, ledger.shop.target)
    assert 1 == (await reported(world, connection))[Kind.STOCK]
    assert connection.id in world.jobs.resumed


@pytest.mark.rule("S5")
async def test_a_changed_sum_is_asked_about_before_anything_is_written(world: World) -> None:
    connection, browser, uuid = await shared(world)
    asked = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "5"))
    before = await ledger_of(world, connection, uuid)
    fields = dict(
        re.findall(r'type="hidden" name="((?!_csrf|everywhere)[\w-]+)" value="([^"]*)"', asked.text)
    )
    await browser.press(f"/library/{uuid}/stock/separate", **fields, sum="changed")
    ledger = await ledger_of(world, connection, uuid)

    assert "Is the new sum right?" in asked.text
    assert "(+1)" in asked.text
    assert not before.separate
    assert form(uuid, "8", "5") == fields
    assert (True, 8, 5) == (ledger.separate, ledger.zettle.target, ledger.shop.target)


@pytest.mark.rule("S5")
async def test_the_question_about_the_sum_leads_back_to_the_numbers(world: World) -> None:
    connection, browser, uuid = await shared(world)
    page = await browser.press(
        f"/library/{uuid}/stock/separate", **form(uuid, "8", "5", count="yes")
    )

    assert 'value="8"' in page.text
    assert 'value="5"' in page.text
    assert "<output>13</output>" in page.text
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
@pytest.mark.parametrize("more", [{}, {"sum": "changed"}])
async def test_a_number_that_moved_meanwhile_is_asked_again(
    world: World, more: dict[str, str]
) -> None:
    connection, browser, uuid = await shared(world)
    page = await browser.press(
        f"/library/{uuid}/stock/separate", **form(uuid, "9", "4", seen="13", **more)
    )

    assert 409 == page.status_code
    assert "The stock has moved" in page.text
    assert "was 13" in page.text
    assert 'value="9"' in page.text
    assert f'name="shared-{uuid}-v" value="12"' in page.text
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
async def test_a_confirmed_sum_holds_for_the_number_it_was_confirmed_for(world: World) -> None:
    """A sale between the question and the answer: the answer is not taken for another number than
    the one that was shown.
    """
    connection, browser, uuid = await shared(world)
    await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "5"))
    await put(world, connection, uuid, 11, 11)
    page = await browser.press(
        f"/library/{uuid}/stock/separate", **form(uuid, "8", "5", sum="changed")
    )

    assert 409 == page.status_code
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("zettle", "shop", "why"),
    [
        ("-1", "13", "Type 0 or more"),
        ("1.5", "2", "Type a whole number"),
        ("1e3", "2", "Type a whole number"),
        ("", "12", "Type a number"),
        ("100000", "0", "99,999 at most"),
        ("9" * 400, "0", "99,999 at most"),
        ("²", "1", "Type a whole number"),
        ("٣", "9", "Type a whole number"),
        ("<b>", "1", "Type a whole number"),
    ],
)
async def test_a_number_that_cannot_be_taken_is_told_beside_its_field(
    world: World, zettle: str, shop: str, why: str
) -> None:
    connection, browser, uuid = await shared(world)
    page = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, zettle, shop))

    assert 422 == page.status_code
    assert why in page.text
    assert f'value="{shop}"' in page.text
    assert "<b>&" not in page.text
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
async def test_without_the_tick_nothing_is_parted(world: World) -> None:
    connection, browser, uuid = await shared(world)
    await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4", separate="no"))

    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
async def test_pressed_twice_it_is_parted_once_and_no_other_way(world: World) -> None:
    connection, browser, uuid = await shared(world)
    for shares in (("8", "4"), ("8", "4"), ("1", "11")):
        await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, *shares))
    ledger = await ledger_of(world, connection, uuid)

    assert (8, 4) == (ledger.zettle.target, ledger.shop.target)


@pytest.mark.rule("S5")
async def test_a_split_is_changed_in_the_same_place(world: World) -> None:
    """The form starts from both numbers. Another sum is asked about first."""
    connection, browser, uuid = await parted(world)
    page = await browser.open(f"/library/{uuid}")
    path = f"/library/{uuid}/stock/separate"
    asked = await browser.press(path, **form(uuid, "3", "10", again="yes"))
    before = await ledger_of(world, connection, uuid)
    await browser.press(path, **form(uuid, "3", "9", again="yes"))
    after = await ledger_of(world, connection, uuid)

    assert "Change the split" in page.text
    assert ("8", "4") == tuple(
        re.findall(rf'name="(?:zettle|shop)-{uuid}-v" value="(\d+)"', page.text)
    )
    assert "(+1)" in asked.text
    assert 'name="again" value="yes"' in asked.text
    assert (8, 4) == (before.zettle.target, before.shop.target)
    assert (True, 3, 9) == (after.separate, after.zettle.target, after.shop.target)


@pytest.mark.rule("S5")
async def test_a_split_that_ended_meanwhile_is_not_changed(world: World) -> None:
    connection, browser, uuid = await shared(world)
    page = await browser.press(
        f"/library/{uuid}/stock/separate", **form(uuid, "3", "9", again="yes")
    )

    assert 409 == page.status_code
    assert "The stock has moved" in page.text
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
async def test_untracked_stock_cannot_be_parted(world: World) -> None:
    connection, browser, uuid = await shared(world)
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {uuid: False})
    back = await browser.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4"))
    page = await browser.open(back.headers["location"])

    assert "Inventory management is off" in page.text
    assert not (await ledger_of(world, connection, uuid)).separate


@pytest.mark.rule("S5")
async def test_another_merchants_stock_is_not_there(world: World) -> None:
    connection, _, uuid = await shared(world)
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger = world.browser()
    await stranger.sign_in("berg")
    shown = [
        await stranger.open(f"/library/{uuid}/stock/{page}")
        for page in ("separate", "join", "check")
    ]
    pressed = [
        await stranger.press(f"/library/{uuid}/stock/separate", **form(uuid, "8", "4")),
        await stranger.press(f"/library/{uuid}/stock/join", confirmed="yes"),
        await stranger.press(f"/library/{uuid}/stock/tracking", tracking="no", confirmed="yes"),
        await stranger.press(f"/library/{uuid}/stock/check", variant=f"{uuid}-v", answer="right"),
    ]

    assert {404} == {answer.status_code for answer in shown + pressed}
    assert not (await ledger_of(world, connection, uuid)).separate
    assert {Kind.STOCK, Kind.TRACKING}.isdisjoint(await reported(world, connection))


# ---- More than Zettle holds (zettle facts 3.5) ---------------------------------------------------


async def full(world: World) -> tuple[Connection, Browser, str]:
    """150,000 in the shop: the till shows all that Zettle holds, and the rest is to push."""
    connection, browser, uuid = await shared(world, 150_000)
    async with world.database.transaction() as tx:
        row = (await ledgers.load(tx, connection.id, [uuid]))[f"{uuid}-v"]
        owing = replace(
            row.ledger, zettle=replace(row.ledger.zettle, confirmed=99_999, to_push=50_001)
        )
        await ledgers.save(tx, connection.id, [replace(row, ledger=owing)], world.clock.now())
    return connection, browser, uuid


@pytest.mark.rule("S4")
async def test_what_zettle_cannot_hold_is_explained_and_not_on_its_way(world: World) -> None:
    _, browser, uuid = await full(world)
    product = (await browser.open(f"/library/{uuid}")).text
    why = (await browser.open(f"/library/{uuid}/variants/{uuid}-v/stock")).text

    assert (
        "Zettle cannot hold more than 99,999 of a variant. The other 50,001 are only in the web "
        "shop"
    ) in product
    assert "On its way" not in product
    assert "The number is 150,000. Zettle cannot hold more than 99,999" in why
    assert "The other 50,001 are only in the web shop" in why
    assert "→ 150,000" not in why


@pytest.mark.rule("S5")
async def test_a_large_number_is_parted_so_that_each_side_can_hold_its_part(world: World) -> None:
    connection, browser, uuid = await full(world)
    page = (await browser.open(f"/library/{uuid}/stock/separate")).text
    too_big = await browser.press(
        f"/library/{uuid}/stock/separate", **form(uuid, "150000", "0", "150000")
    )
    saved = await browser.press(
        f"/library/{uuid}/stock/separate", **form(uuid, "90000", "60000", "150000")
    )

    assert f'name="zettle-{uuid}-v" value="99999"' in page
    assert f'name="shop-{uuid}-v" value="50001"' in page
    assert "<output>150,000</output>" in page
    assert 422 == too_big.status_code
    assert "<output>150,000</output>" in too_big.text
    assert "Zettle holds 99,999 at most" in too_big.text
    ledger = await ledger_of(world, connection, uuid)
    assert (303, 90_000, 60_000) == (
        saved.status_code,
        ledger.zettle.target,
        ledger.shop.target,
    )


@pytest.mark.rule("S6")
@pytest.mark.parametrize("path", ["/library/{}", "/library/{}/stock/join"])
async def test_the_question_shows_both_numbers_where_zettle_cannot_hold_the_sum(
    world: World, path: str
) -> None:
    connection, browser, uuid = await parted(world)
    calm = (await browser.open(path.format(uuid))).text
    await put(world, connection, uuid, 99_999, 99_999, separate=True)
    asked = (await browser.open(path.format(uuid))).text

    assert "cannot hold that many" not in calm
    assert "Zettle will show 99,999, the web shop 199,998" in asked


# ---- S6: joining ---------------------------------------------------------------------------------


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


# ---- S7, and what else ends separate stock -------------------------------------------------------


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
