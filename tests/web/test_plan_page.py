"""The plan page takes any form that a browser can send, and changes only what is this merchant's
(rule P11).
"""

import csv
import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.web.conftest import BERG, SHOP, Browser, World

from brygga.core.model import Connection, Stage
from brygga.database import duplicates, library, plan_inputs
from brygga.database.duplicates import Choice, Facts, Pair
from brygga.database.plan_inputs import Claim
from brygga.web.choosing import links_of

PLAN = "/apps/bigcommerce/plan"


async def chosen(world: World, connection: Connection) -> dict[tuple[str, int], Choice]:
    async with world.database.read() as tx:
        pairs = await duplicates.all_of(tx, connection.id)
    return {(pair.product_uuid, pair.product_id): pair.choice for pair in pairs}


async def prepared(
    world: World, *pairs: tuple[str, int, str], stage: Stage = Stage.PRODUCTS_CHOSEN
) -> tuple[Connection, Browser]:
    """A merchant with three products, and likely duplicates: (product, id in the store,
    certainty).
    """
    connection = await world.running(stage=stage)
    await world.stock_library(connection, "Kanna", "Mugg", "Skål")
    found = [
        Pair(f"{connection.id}-{name}", id_, sure, "sku", f"Butikens {id_}")
        for name, id_, sure in pairs
    ]
    async with world.database.transaction() as tx:
        await duplicates.found(tx, connection.id, found, world.clock.now())
    browser = world.browser()
    await browser.sign_in()
    return connection, browser


@pytest.mark.rule("P11")
async def test_a_choice_is_one_for_the_product_whatever_the_number_of_partners(
    world: World,
) -> None:
    connection, browser = await prepared(world, ("mugg", 7, "certain"), ("mugg", 8, "certain"))
    mugg = f"{connection.id}-mugg"
    seen = []
    for wish in ("link:8", "keep", "skip", ""):
        await browser.press(PLAN, **{f"choice-{mugg}": wish})
        seen.append(tuple((await chosen(world, connection)).values()))

    assert [
        (Choice.KEEP_BOTH, Choice.LINK),
        (Choice.KEEP_BOTH, Choice.KEEP_BOTH),
        (Choice.SKIP, Choice.SKIP),
        (Choice.OPEN, Choice.OPEN),
    ] == seen


@pytest.mark.parametrize(
    "wish", ["link:9", "link:", "link:x", "delete", "<b>", "link:99999999999999999999"]
)
async def test_nonsense_changes_nothing(world: World, wish: str) -> None:
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    answer = await browser.press(
        PLAN, **{f"choice-{connection.id}-mugg": wish, "choice-nobody": "keep", "page": "-1"}
    )

    assert 303 == answer.status_code
    assert [Choice.OPEN] == list((await chosen(world, connection)).values())


async def test_another_merchant_s_products_are_not_decided_on(world: World) -> None:
    _, browser = await prepared(world, ("mugg", 7, "certain"))
    other = await world.running(BERG, replace(SHOP, store_hash="berg1"))
    await world.stock_library(other, "Mugg")
    async with world.database.transaction() as tx:
        pair = Pair(f"{other.id}-mugg", 7, "certain", "sku", "Hemlig")
        await duplicates.found(tx, other.id, [pair], world.clock.now())
    await browser.press(PLAN, **{f"choice-{other.id}-mugg": "skip"}, all="skip")
    page = await browser.open(PLAN)

    assert [Choice.OPEN] == list((await chosen(world, other)).values())
    assert "Hemlig" not in page.text


@pytest.mark.rule("P11")
@pytest.mark.parametrize(
    ("button", "query", "expected"),
    [
        ("certain", {}, {7: Choice.LINK, 8: Choice.OPEN}),
        ("link", {}, {7: Choice.LINK, 8: Choice.LINK}),
        ("keep", {}, {7: Choice.KEEP_BOTH, 8: Choice.KEEP_BOTH}),
        ("skip", {"q": "kanna"}, {7: Choice.OPEN, 8: Choice.SKIP}),
    ],
)
async def test_a_choice_for_all_is_for_all_that_search_and_filter_leave(
    world: World, button: str, query: dict[str, str], expected: dict[int, Choice]
) -> None:
    connection, browser = await prepared(world, ("mugg", 7, "certain"), ("kanna", 8, "likely"))
    await browser.press(PLAN, all=button, **query)

    assert expected == {
        product_id: choice for (_, product_id), choice in (await chosen(world, connection)).items()
    }


@pytest.mark.rule("P11")
async def test_a_skipped_product_is_left_out_and_can_come_back(world: World) -> None:
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    mugg, seen = f"{connection.id}-mugg", []
    for wish in ("skip", "keep"):
        await browser.press(PLAN, **{f"choice-{mugg}": wish})
        async with world.database.read() as tx:
            entry = await library.get(tx, connection.id, mugg)
        assert entry is not None
        seen.append(entry.assigned)

    assert [False, None] == seen


def test_partners_that_are_shared_or_several_are_left_to_the_merchant() -> None:
    pairs = [
        Pair("a", 1, "certain"),
        Pair("a", 2, "likely"),
        Pair("b", 3, "likely"),
        Pair("c", 4, "certain"),
        Pair("d", 4, "certain"),
        Pair("e", 5, "certain"),
        Pair("e", 6, "certain"),
    ]

    assert ({"a": "link:1"}, 3) == links_of(pairs, "abcde", certain=True)
    assert ({"a": "link:1", "b": "link:3"}, 3) == links_of(pairs, "abcde", certain=False)


@pytest.mark.rule("P11")
async def test_the_plan_follows_what_it_is_drawn_from(world: World) -> None:
    """It is kept between two looks, and drawn anew when the library, a choice or the store's own
    products have changed.
    """
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    first = await browser.open(PLAN)
    async with world.database.transaction() as tx:
        await plan_inputs.keep_claims(tx, connection.id, [Claim("name", "Skål", 44, "Skål")])
    await world.stock_library(connection, "Vas")
    second = await browser.open(f"{PLAN}?show=warnings")

    assert ["3"] == re.findall(r'show="[^>]*><b>(\d+)</b>', first.text)
    assert ["4"] == re.findall(r'show="[^>]*><b>(\d+)</b>', second.text)
    assert "Skål" in second.text
    assert "Kanna" not in second.text


@pytest.mark.parametrize("query", ["?show=nonsense", "?page=99999", "?q=%25_%5C", "?page=x&show="])
async def test_any_address_of_the_page_answers(world: World, query: str) -> None:
    _, browser = await prepared(world)

    assert 200 == (await browser.open(f"{PLAN}{query}")).status_code


async def test_before_the_products_are_chosen_there_is_no_plan(world: World) -> None:
    _, browser = await prepared(world, stage=Stage.STORE_CONNECTED)

    assert "/apps/bigcommerce" == (await browser.open(PLAN)).headers["location"]
    assert "/apps/bigcommerce" == (await browser.press(PLAN, all="skip")).headers["location"]


async def test_names_are_shown_as_text(world: World) -> None:
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    await world.stock_library(connection, "<img src=x onerror=alert(1)>")
    page = await browser.open(PLAN)

    assert "<img src=x" not in page.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text


@pytest.mark.rule("P11")
async def test_both_products_of_a_likely_pair_are_shown_side_by_side(world: World) -> None:
    """Each with picture, name, SKU, price and stock, and the choice beside it."""
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    facts = Facts("https://cdn.test/7.png", "ABC-7", Decimal("199.00"), 3, "/mugg/", 12)
    mugg = f"{connection.id}-mugg"
    pair = Pair(mugg, 7, "certain", "sku", "Butikens mugg", facts=facts)
    async with world.database.transaction() as tx:
        await duplicates.found(tx, connection.id, [pair], world.clock.now())
    await browser.press(PLAN, **{f"choice-{mugg}": "link:7"})
    page = (await browser.open(f"{PLAN}?show=likely")).text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))

    assert "In Zettle SKU: SKU-Mugg Price: SEK 249.00 Stock: 12" in words
    assert "Butikens mugg SKU: ABC-7 Price: SEK 199.00 Stock: 3" in words
    assert 'src="https://cdn.test/7.png"' in page
    assert 'value="link:7" checked> <b>' in page
    assert "manage/products/edit/7" in page


@pytest.mark.rule("P11")
async def test_the_plan_is_a_file_too(world: World) -> None:
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    await world.stock_library(connection, "=Krus")
    await browser.open(PLAN)
    answer = await browser.open(f"{PLAN}.csv")
    heading, *rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    assert "attachment" in answer.headers["content-disposition"]
    assert "product" == heading[0]
    assert {"Kanna", "Mugg", "Skål", "'=Krus"} == {row[0] for row in rows}
    assert {"Will be created"} == {row[1] for row in rows}
    assert ["Butikens 7 (#7, Same SKU)"] == [row[4] for row in rows if row[0] == "Mugg"]


@pytest.mark.rule("P11")
@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "will be left out: more than"), ("sv", "kommer inte med: fler än")],
)
async def test_what_will_be_left_out_is_said_in_the_future(
    world: World, language: str, said: str
) -> None:
    """Decision 8, before anything has happened."""
    connection = await world.running(stage=Stage.PRODUCTS_CHOSEN)
    (uuid,) = await world.stock_library(connection, "Kanna")
    async with world.database.transaction() as tx:
        entry = (await library.get_many(tx, connection.id, [uuid]))[uuid]
        assert entry.product is not None
        (variant,) = entry.product.variants
        long = replace(entry.product, variants=(replace(variant, sku="X" * 300),), etag="long")
        await library.upsert_many(tx, connection.id, [long], world.clock.now())
    browser = world.browser(language)
    await browser.sign_in()
    await browser.open(PLAN)
    page = (await browser.open(PLAN)).text

    assert said in page
    assert "was left out" not in page
    assert "utelämnades" not in page
