""" "Why is this 7?": the page, its pages of events, and one day of it (docs/design.md, "Stock")."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import NOON
from tests.web.conftest import BERG, SHOP, Browser, World
from tests.web.moved import happened, move, rows_of, sold
from tests.web.separate_stock import reported, shared

from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Side
from brygga.core.stock.explaining import Explained
from brygga.core.stock.movement import Cause, Reason
from brygga.database import movements, synclog
from brygga.database.work_items import Kind


@pytest.mark.rule("S2", "S4")
async def test_the_page_asks_in_the_merchants_words_and_answers_with_every_movement(
    world: World,
) -> None:
    connection, browser, uuid, path = await sold(world)
    more = {"call": "c1", "sent": NOON, "side": Side.SHOP, "of": (uuid, f"{uuid}-v")}
    await happened(
        world, connection, move(Cause.WRITTEN, -1, (7, 7), at=NOON + timedelta(seconds=0.4), **more)
    )
    english = (await browser.open(path)).text
    await browser.open("/language/sv")
    swedish = (await browser.open(path)).text

    assert "<h1>Why is this 7?</h1>" in english
    assert "<h1>Varför är det 7?</h1>" in swedish
    assert "Sold, or taken down by hand, at the till" in english
    assert "BigCommerce: We sent −1, received after 0.4\u00a0s." in english
    assert "BigCommerce: Vi skickade −1, mottaget efter 0,4\u00a0s." in swedish
    assert 1 == english.count('<td class="small quiet when">')


@pytest.mark.rule("S2")
async def test_movements_are_shown_in_pages_and_each_once(world: World) -> None:
    _, browser, _, path = await sold(world, 120)
    seen: list[str] = []
    page = (await browser.open(path)).text
    while True:
        seen += re.findall(r'<td class="small quiet when"><time datetime="([^"]+)"', page)
        older = re.search(r'rel="next" href="(\?before=\d+)"', page)
        if older is None:
            break
        page = (await browser.open(path + older[1])).text

    assert 120 == len(seen) == len(set(seen))
    assert sorted(seen, reverse=True) == seen


@pytest.mark.rule("S2")
async def test_a_write_on_the_page_before_is_part_of_its_events_line(world: World) -> None:
    connection, browser, uuid = await shared(world, 7)
    of = (uuid, f"{uuid}-v")
    moves = []
    for second in range(0, 130, 2):
        moves.append(move(Cause.SEEN, -1, (7, 7), of=of, at=NOON + timedelta(seconds=second)))
        moves.append(
            move(
                Cause.WRITTEN,
                -1,
                (7, 7),
                of=of,
                side=Side.SHOP,
                at=NOON + timedelta(seconds=second + 1),
            )
        )
    await happened(world, connection, *moves)
    path = f"/library/{uuid}/variants/{uuid}-v/stock"
    first = (await browser.open(path)).text
    older = re.search(r'rel="next" href="(\?before=\d+)"', first)
    assert older is not None
    second_page = (await browser.open(path + older[1])).text

    assert [50, 15] == [page.count("BigCommerce: We sent −1") for page in (first, second_page)]
    assert [50, 15] == [
        page.count('<td class="small quiet when">') for page in (first, second_page)
    ]


@pytest.mark.rule("A4")
async def test_a_line_of_the_log_leads_to_its_number_also_when_the_variant_is_gone(
    world: World,
) -> None:
    connection, browser, uuid, path = await sold(world)
    gone = (uuid, f"{uuid}-gone")
    await happened(world, connection, move(Cause.SEEN, -1, (0, 0), of=gone))
    lines = [
        Line(
            Code.STOCK_TILL_MOVED,
            Topic.STOCK,
            Severity.INFO,
            uuid,
            variant,
            {"name": "Kanna", "change": "-1"},
        )
        for variant in (f"{uuid}-v", gone[1])
    ]
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, lines, NOON)
    log, own = (
        (await browser.open("/apps/bigcommerce/log")).text,
        (await browser.open(f"/library/{uuid}")).text,
    )
    links = [path, path.replace("-v/", "-gone/")]

    assert all(f'href="{link}"' in page for link in links for page in (log, own))
    assert [200, 200] == [(await browser.open(link)).status_code for link in links]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1;DROP", "٣"])
async def test_a_place_that_is_none_is_the_newest_page(world: World, before: str) -> None:
    _, browser, _, path = await sold(world, 3)
    answer = await browser.http.get(path, params={"before": before})

    assert (200, 3) == (answer.status_code, answer.text.count('<td class="small quiet when">'))


@pytest.mark.parametrize("page", ["", ".csv"])
async def test_another_merchants_number_is_not_explained(world: World, page: str) -> None:
    _, browser, uuid, path = await sold(world)
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger, nobody = world.browser(), world.browser()
    await stranger.sign_in("berg")

    assert 404 == (await stranger.open(path + page)).status_code
    assert 303 == (await nobody.open(path + page)).status_code
    assert 404 == (await browser.open(f"/library/{uuid}/variants/other/stock{page}")).status_code
    assert 404 == (await browser.open(f"/library/other/variants/{uuid}-v/stock{page}")).status_code


async def test_a_page_with_an_unexplained_movement_asks_for_its_cause_once(
    world: World,
) -> None:
    connection, browser, uuid, path = await sold(world)
    await browser.open(path)
    asked = await reported(world, connection)
    async with world.database.transaction() as tx:
        ((_, (unexplained,)),) = (
            await movements.unexplained(tx, connection.id, uuid, NOON)
        ).items()
        done = Explained(unexplained.id, Reason.SALE, ("1366",))
        await movements.explain(tx, connection.id, [done], NOON)
    page = (await browser.open(path)).text

    assert 1 == asked[Kind.EXPLAIN]
    assert "Sold at the till, receipt 1366" in page


async def test_a_variant_that_has_no_number_yet_is_no_error(world: World) -> None:
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    page = (await browser.open(f"/library/{uuid}/variants/{uuid}-v/stock")).text

    assert "What has happened to the stock?" in page
    assert "Nothing has moved yet" in page


# ---- One day -------------------------------------------------------------------------------------


async def three_days(world: World) -> tuple[Browser, str]:
    """A sale on each of three days, two days apart, and an echo of the second after midnight."""
    connection, browser, uuid = await shared(world, 7)
    of = (uuid, f"{uuid}-v")
    late = datetime(2026, 2, 26, 22, 59, 59, tzinfo=UTC)  # a second before midnight in Sweden
    to_shop: Any = {"of": of, "side": Side.SHOP, "call": "c", "sent": late}
    await happened(
        world,
        connection,
        move(Cause.SEEN, -1, (9, 9), of=of, at=late - timedelta(days=2)),
        move(Cause.SEEN, -2, (7, 9), of=of, at=late),
        move(Cause.WRITTEN, -2, (7, 7), at=late + timedelta(seconds=2), **to_shop),
        move(Cause.SEEN, -3, (4, 7), of=of, at=late + timedelta(days=2)),
    )
    return browser, f"/library/{uuid}/variants/{uuid}-v/stock"


@pytest.mark.rule("S2")
async def test_one_day_shows_its_events_with_what_was_written_after_midnight(world: World) -> None:
    browser, path = await three_days(world)
    page = (await browser.open(f"{path}?day=2026-02-26")).text
    rows = await rows_of(browser, path, ",", day="2026-02-26")

    assert 1 == page.count('<td class="small quiet when">')
    assert "BigCommerce: We sent −2" in page
    assert "Stock on 26 Feb 2026" in page
    assert 'rel="prev" href="?day=2026-02-24"' in page
    assert 'rel="next" href="?day=2026-02-28"' in page
    assert ["-2"] == [row["Change"] for row in rows]


@pytest.mark.rule("S2")
async def test_a_day_on_which_nothing_moved_says_so_and_leads_on(world: World) -> None:
    browser, path = await three_days(world)
    page = (await browser.open(f"{path}?day=2026-02-27")).text
    whole_page = (await browser.open(f"{path}?day=soon")).text

    assert "Nothing moved on this day" in page
    assert "from 7 to 7, lowest 7, highest 7" in page
    assert 'rel="prev" href="?day=2026-02-26"' in page
    assert 3 == whole_page.count('<td class="small quiet when">')
