"""The library's order, filters, column of what is wrong, and what an action is about (rules A1, A3,
A5, E1).
"""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.web.conftest import BERG, SHOP, Browser, World

from brygga.core.model import Connection, Stage, Synced
from brygga.database import assigning, bindings, library, shown, work_items
from brygga.database.shown import Read
from brygga.database.work_items import Kind

NAMES = ("Fat", "Kanna", "Mugg", "Vas")


async def four(world: World, stage: Stage = Stage.RUNNING) -> tuple[Connection, Browser, list[str]]:
    """All in the store, synced one after the other. The mug was edited there, the vase refused."""
    connection = await world.running(stage=stage)
    uuids = await world.stock_library(connection, *NAMES, assigned=True)
    fat, _, mug, vas = uuids
    now = world.clock.now()
    async with world.database.transaction() as tx:
        for number, uuid in enumerate(uuids):
            at = now + timedelta(minutes=number)
            await bindings.save(tx, connection.id, Synced(uuid, number + 1), at)
            await bindings.commit(tx, connection.id, {uuid: ("etag", "print")}, at)
        edited = {mug: Read(3, None, 2, "digest"), fat: Read(1, None)}
        await shown.save(tx, connection.id, edited, now + timedelta(hours=1))
        await library.fail(tx, connection.id, vas, "name_missing", now)
        await work_items.forget(tx, connection.id, list(Kind))
    browser = world.browser()
    await browser.sign_in()
    return connection, browser, uuids


def names(page: str) -> list[str]:
    return re.findall(r'<a href="/library/[^"]+">(Fat|Kanna|Mugg|Vas)</a>', page)


@pytest.mark.rule("A1")
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Fat", "Kanna", "Mugg", "Vas"]),
        ("-name", ["Vas", "Mugg", "Kanna", "Fat"]),
        ("synced", ["Vas", "Mugg", "Kanna", "Fat"]),
        ("wrong", ["Vas", "Mugg", "Fat", "Kanna"]),
        ("nonsense", ["Fat", "Kanna", "Mugg", "Vas"]),
    ],
)
async def test_the_list_has_the_order_that_is_asked_for(
    world: World, sort: str, expected: list[str]
) -> None:
    _, browser, _ = await four(world)
    page = (await browser.open(f"/library?sort={sort}")).text

    assert expected == names(page)


async def test_what_is_wrong_is_said_in_its_own_column(world: World) -> None:
    _, browser, uuids = await four(world)
    page = (await browser.open("/library")).text
    cells = re.findall(r'<td class="small wrong-cell">(.*?)</td>', page, re.DOTALL)
    said = [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]

    assert ["–", "–", "Deleted in BigCommerce"] == said[:3]
    assert said[3] not in {"", "–"}
    assert f'href="/library/{uuids[2]}"' in cells[2]


async def test_only_filters_that_hold_something_are_offered(world: World) -> None:
    _, browser, _ = await four(world)
    offered = re.findall(r'<option value="([\w]*)"', (await browser.open("/library")).text)
    chosen = re.findall(
        r'<option value="([\w]*)" selected', (await browser.open("/library?state=hidden")).text
    )

    assert {"", "synced", "failed", "edited"} == set(offered)
    assert ["hidden"] == chosen


@pytest.mark.rule("C11")
async def test_nothing_can_be_ticked_where_nothing_would_follow(world: World) -> None:
    _, browser, _ = await four(world, Stage.PRICES_CHOSEN)
    page = (await browser.open("/library")).text

    assert 4 == len(names(page))
    boxes = ('name="product"', "tick-all", 'id="assign-dialog"')
    assert [] == [one for one in boxes if one in page]


@pytest.mark.rule("A3")
async def test_the_question_names_how_many_and_which(world: World) -> None:
    _, browser, uuids = await four(world)
    asked = await browser.press("/library/assign", product=uuids[:2], bigcommerce="no")
    every = await browser.press("/library/assign", everything="yes", bigcommerce="no")

    assert "<b>2 products</b>" in asked.text
    assert ["<li>Fat</li>", "<li>Kanna</li>"] == re.findall(r"<li>\w+</li>", asked.text)
    assert "<b>4 products</b>" in every.text


@pytest.mark.rule("A3")
async def test_one_press_takes_back_every_removal_of_ours_alone(world: World) -> None:
    connection, browser, uuids = await four(world)
    berg = await world.running(BERG, replace(SHOP, store_hash="berg1"))
    theirs = await world.stock_library(berg, "Bok", assigned=True)
    async with world.database.transaction() as tx:
        await assigning.unassign(tx, berg.id, theirs, world.clock.now() + timedelta(seconds=10))
    await browser.press(
        "/library/assign", product=uuids[:3], bigcommerce="no", confirmed="yes", sort="synced"
    )
    page = (await browser.open("/library?sort=synced")).text
    back = await browser.press("/library/undo", undo="all", sort="synced")
    async with world.database.read() as tx:
        ours = await library.get_many(tx, connection.id, uuids)
        other = await library.get_many(tx, berg.id, theirs)

    assert "3 products are about to be removed from BigCommerce." in page
    assert back.headers["location"].startswith("/library?sort=synced")
    assert {None} == {one.unassign_at for one in ours.values()}
    assert None not in {one.unassign_at for one in other.values()}
