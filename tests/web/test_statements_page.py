"""The statements of the nights: what each says, its file, and whether the chain is whole."""

import csv
import hashlib
import io
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.conftest import NOON
from tests.web.conftest import BERG, SHOP, Browser, World
from tests.web.test_every_route import furnished

from brygga.core.model import Connection, Synced
from brygga.core.statements import FIRST, Reason, Row, Statement
from brygga.database import bindings, statements, work_items
from brygga.database.work_items import Kind

HERE = "/apps/bigcommerce/statements"


async def opened(world: World, count: int = 1) -> tuple[Connection, Browser, str]:
    """The merchant of every page has one statement already, with every reason."""
    connection, browser, uuid = await furnished(world)
    async with world.database.transaction() as tx:
        for number in range(1, count):
            rows = (Row(uuid, f"{uuid}-v", "=Kanna", "K-1", 7, 5, "under_way"),)
            made = Statement(0, "", NOON, "a", "s", 100 + number, 1, 0, 0, rows)
            await statements.add(tx, connection.id, made)
    return connection, browser, uuid


async def test_a_statement_lists_each_difference_with_its_reason_and_a_button(
    world: World,
) -> None:
    _, browser, uuid = await opened(world)
    page = (await browser.open(f"{HERE}/1")).text
    main = page.partition("<main")[2]

    assert len(Reason) + 1 == main.count(f'<tr><td><a href="/library/{uuid}"')
    assert f'href="/library/{uuid}/stock/check"' in main
    assert 'href="/apps/bigcommerce/answer/zeroed"' in main
    assert f'action="{HERE}/read/{uuid}"' in main
    assert "Equal on both sides" in main


async def test_a_file_is_the_text_whose_hash_it_names(world: World) -> None:
    _, browser, _ = await opened(world, 2)
    first, second = [await browser.open(f"{HERE}/{n}/statement.json") for n in (1, 2)]
    hashes = [hashlib.sha256(one.content).hexdigest() for one in (first, second)]

    assert [first.headers["x-sha256"], second.headers["x-sha256"]] == hashes
    assert [FIRST, hashes[0]] == [json.loads(one.content)["previous"] for one in (first, second)]
    assert "attachment" in first.headers["content-disposition"]
    assert hashes[1] in (await browser.open(f"{HERE}/2")).text


@pytest.mark.parametrize(("language", "mark"), [("sv", ";"), ("en", ",")])
async def test_a_csv_opens_in_a_spreadsheet_and_runs_nothing(
    world: World, language: str, mark: str
) -> None:
    _, browser, _ = await opened(world, 2)
    await browser.open(f"/language/{language}")

    answer = await browser.open(f"{HERE}/2/statement.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=mark))

    assert "101" in rows[1]
    assert ["7", "5"] == rows[-1][2:4]
    assert not rows[-1][0].startswith("=")


async def test_a_chain_that_was_changed_is_said(world: World) -> None:
    _, browser, _ = await opened(world, 3)
    whole = (await browser.open(HERE)).text
    async with world.database.transaction() as tx:
        await tx.run(sa.text("UPDATE statements SET text = text || ' ' WHERE number = 2"))
    changed = (await browser.open(HERE)).text
    one = (await browser.open(f"{HERE}/2")).text

    assert "does not fit the chain" not in whole
    assert "Statement 2 does not fit the chain" in changed
    assert "This statement was changed after it was made" in one


async def test_a_button_compares_now(world: World) -> None:
    connection, browser, uuid = await opened(world)
    async with world.database.transaction() as tx:
        await bindings.save(tx, connection.id, Synced(uuid, 7), NOON)
    await browser.press(HERE)
    await browser.press(f"{HERE}/read/{uuid}")
    async with world.database.read() as tx:
        due = [
            (one.kind.value, one.subject)
            for kind in (Kind.STATEMENT, Kind.STOCK)
            for one in await work_items.due(tx, connection.id, world.clock.now(), [kind])
        ]

    assert {("statement", ""), ("statement", "again"), ("stock", uuid)} == set(due)


async def test_what_differs_now_is_listed_with_its_button(world: World) -> None:
    _, browser, uuid = await opened(world)
    page = (await browser.open(HERE)).text.partition("Different now")[2]

    assert f'action="{HERE}/read/{uuid}"' in page
    assert ">9</td>" in page
    assert ">7</td>" in page


async def test_the_integration_page_has_the_newest_statement(world: World) -> None:
    _, browser, _ = await opened(world, 2)
    page = (await browser.open("/apps/bigcommerce")).text

    assert "Equal: 101 · Different: 1 · Unknown: 0" in page
    assert f'href="{HERE}/2"' in page


async def test_another_merchants_statements_are_theirs(world: World) -> None:
    await opened(world, 2)
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger = world.browser()
    await stranger.sign_in("berg")

    assert {404} == {
        (await stranger.open(f"{HERE}/2{rest}")).status_code
        for rest in ("", "/statement.json", "/statement.csv")
    }
    assert "No statement yet" in (await stranger.open(HERE)).text
