"""Contact support: an id, and a report that holds no secret, no name and no text (rule P10)."""

import json
import re
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.web.conftest import ALWAYS_SECRET, BERG, SHOP, World

from brygga.core.report import Code, Line, Topic
from brygga.database import subscriptions, support, synclog
from brygga.database.subscriptions import Subscription
from brygga.database.tokens import Platform


async def trouble(world: World) -> str:
    """A product with a line in the log that names it."""
    connection = await world.running()
    (kanna,) = await world.stock_library(connection, "Kanna", assigned=True)
    hook = Subscription(
        Platform.ZETTLE,
        "s",
        "ProductUpdated",
        f"https://x/{connection.hook_key}",
        "active",
        "hush-hush",
    )
    params = {"name": "Kanna", "reason": "input_refused", "sku": "SKU-Kanna"}
    line = Line(Code.PRODUCT_REFUSED, Topic.PRODUCT, subject=kanna, params=params)
    async with world.database.transaction() as tx:
        await subscriptions.save(tx, connection.id, hook, world.clock.now())
        await synclog.add(tx, connection.id, line, world.clock.now())
    return kanna


@pytest.mark.rule("P10")
@pytest.mark.parametrize(
    ("language", "words"), [("sv", "Ditt support-id:"), ("en", "Your support id:")]
)
async def test_the_merchant_gets_an_id_that_stands_in_the_operators_log_too(
    world: World, language: str, words: str
) -> None:
    kanna = await trouble(world)
    browser = world.browser(language)
    await browser.sign_in()
    product = await browser.open(f"/library/{kanna}")
    asked = await browser.open(f"/support?product={kanna}")
    with capture_logs() as logs:
        sent = await browser.press("/support", product=kanna)
    page = await browser.open(sent.headers["location"])

    support_id = sent.headers["location"].rpartition("/")[2]
    assert f'href="/support?product={kanna}"' in product.text
    assert "Kanna" in asked.text
    assert words in page.text
    assert f"<code>{support_id}</code>" in page.text
    assert f"mailto:help@example.com?subject=Brygga%20{support_id}" in page.text
    assert [support_id] == [
        line["support_id"] for line in logs if line["event"] == "support asked for"
    ]


@pytest.mark.rule("P10")
async def test_the_report_can_be_downloaded_and_names_nobody_and_nothing(world: World) -> None:
    kanna = await trouble(world)
    browser = world.browser()
    await browser.sign_in()
    sent = await browser.press("/support", product=kanna)
    answer = await browser.open(f"{sent.headers['location']}/report.json")
    report = json.loads(answer.text)

    assert "attachment" in answer.headers["content-disposition"]
    assert kanna == report["about"] == report["product"]["uuid"]
    assert ("running", "waiting") == (
        report["connection"]["stage"],
        report["product"]["library"]["state"],
    )
    assert [("product_refused", {"reason": "input_refused"})] == [
        (line["code"], line["params"]) for line in report["lines"]
    ]
    assert report["versions"]["database"]
    assert [["zettle", "ProductUpdated", "active"]] == report["subscriptions"]
    # The uuids of this test's products hold their names.
    reported = answer.text.replace(kanna, "")
    secrets = (
        "Kanna",
        "SKU-",
        "Linds",
        "Annas",
        *ALWAYS_SECRET,
        "hush",
        "key-",
        "24900",
        "Drejad",
        "http",
        "abc123",
    )
    assert [] == [secret for secret in secrets if secret.casefold() in reported.casefold()]


@pytest.mark.rule("P10")
async def test_a_report_is_its_own_merchants(world: World) -> None:
    """So are the notes that our own work leaves under the same kind of id: they are the
    operator's.
    """
    kanna = await trouble(world)
    lind = world.browser()
    await lind.sign_in()
    mine = (await lind.press("/support", product=kanna)).headers["location"]
    connection = await world.running(BERG, replace(SHOP, store_hash="other"))
    async with world.database.transaction() as tx:
        await support.save(
            tx, support.Case("NOTE", connection.id, world.clock.now(), "", {"bug": "KeyError"})
        )
    berg = world.browser()
    await berg.sign_in("berg")

    tried = [
        await berg.open(mine),
        await berg.open(f"{mine}/report.json"),
        await berg.open("/support/NOTE"),
        await berg.press("/support", product=kanna),
    ]
    stranger = await world.browser().open(mine)

    assert [404] * 4 == [answer.status_code for answer in tried]
    assert 303 == stranger.status_code


async def test_without_a_product_the_report_is_about_the_connection(world: World) -> None:
    await trouble(world)
    browser = world.browser()
    await browser.sign_in()
    page = await browser.open("/support")
    sent = await browser.press("/support")
    report = json.loads((await browser.open(f"{sent.headers['location']}/report.json")).text)

    assert re.search(r"Make a report", page.text)
    assert ("", False) == (report["about"], "product" in report)
