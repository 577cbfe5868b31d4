"""Separate stock on the product's pages: a number for each side, and more than Zettle can hold
(rules S4 to S6).
"""

import re
from dataclasses import replace

import pytest
from tests.web.conftest import BERG, SHOP, Browser, World
from tests.web.separate_stock import form, ledger_of, parted, put, reported, shared

from brygga.core.model import Connection
from brygga.database import ledgers, library
from brygga.database.work_items import Kind

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
