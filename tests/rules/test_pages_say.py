"""What the pages tell the merchant (rules A4, E1, E2)."""

import re

import pytest

from brygga.core.report import Code
from tests.rules.stack import URL, DemoStack, words_of

LOG = "/apps/bigcommerce/log"


@pytest.mark.rule("A4")
async def test_the_sync_log_shows_product_sync_and_stock_sync_each_on_its_own(
    home: DemoStack,
) -> None:
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    home.till.sell(home.variant(uuid))
    await home.calm()

    await home.open("/apps/bigcommerce")
    page = words_of(await home.press("Sync log"))

    found = re.search(
        r"Synced (\d+) Waiting (\d+) Failed (\d+) Last success (\S+).*?Waiting (\d+) Failed (\d+) "
        r"Last success (\S+)",
        page,
    )
    assert found is not None
    assert ("1", "0", "0", "0", "0") == (found[1], found[2], found[3], found[5], found[6])
    assert "none" not in {found[4], found[7]}


@pytest.mark.rule("A4")
async def test_waiting_and_failed_products_are_counted_and_logged_with_the_cause(
    home: DemoStack,
) -> None:
    """Stock goes on while products wait. The first product that is made is our marker."""
    home.add("Bra", stock=2)
    home.sandbox.bigcommerce.faults.add(
        "5xx_before", method="POST", path="*/catalog/products", skip=2, params={"status": 422}
    )
    await home.connect()
    uuid = home.add("Vägrad", {"sku": "V", "price": 100})
    await home.calm()

    page = await home.read(LOG)
    errors = await home.open(f"{LOG}?severity=error")

    assert "Synced 1 Waiting 0 Failed 1" in page
    assert "BigCommerce did not accept the data." in words_of(errors)
    assert "Why, and what to do" in words_of(errors)
    assert f'href="/library/{uuid}"' in errors


@pytest.mark.rule("E1")
async def test_the_overview_counts_what_is_hidden_or_in_the_category_with_links(
    home: DemoStack,
) -> None:
    mug, plate = home.add("Mugg"), home.add("Fat")
    await home.connect()
    before = await home.read("/apps/bigcommerce")
    own = home.shop.add_category("Köket").id
    await home.shop.edit_product(home.id_of(mug), categories=[own])
    await home.shop.edit_product(home.id_of(plate), is_visible=True)
    await home.calm()

    after = await home.open("/apps/bigcommerce")
    hidden, waiting = (
        await home.read("/library?state=hidden"),
        await home.read("/library?state=in_category"),
    )

    assert "Move 2 products out of the category “Zettle”" in before
    assert "Show 2 hidden products in the shop" in before
    assert "Move 1 product out of the category “Zettle”" in words_of(after)
    assert "Show 1 hidden product in the shop" in words_of(after)
    assert 'href="/library?state=hidden"' in after
    assert 'href="/library?state=in_category"' in after
    assert (True, False) == ("MUGG-1" in hidden, "FAT-1" in hidden)
    assert (False, True) == ("MUGG-1" in waiting, "FAT-1" in waiting)


@pytest.mark.rule("E1")
async def test_the_overview_lists_the_products_of_each_vat_rate(home: DemoStack) -> None:
    home.add("Mugg", vatPercentage="25")
    home.add("Fat", vatPercentage="25")
    home.add("Bulle", vatPercentage="12")
    await home.connect()

    page = await home.open("/apps/bigcommerce")
    twelve = await home.read("/library?vat=12")

    assert re.search(r"class of 2 products with 25 % VAT.*of 1 product with 12 %", words_of(page))
    assert 'href="/library?vat=12"' in page
    assert (True, False) == ("BULLE-1" in twelve, "MUGG-1" in twelve)


@pytest.mark.rule("E1")
@pytest.mark.parametrize(("prices", "where"), [(True, "in Zettle"), (False, "in BigCommerce")])
async def test_the_overview_says_where_to_edit_what(
    home: DemoStack, prices: bool, where: str
) -> None:
    uuid = home.add()
    await home.connect(prices=prices)

    overview, product = await home.read("/apps/bigcommerce"), await home.read(f"/library/{uuid}")

    assert f"Product information in Zettle Prices {where} Tax in BigCommerce" in overview
    assert prices is not ("Edit prices in BigCommerce." in product)
    assert "Edit product information in Zettle." in product
    assert "Edit tax in BigCommerce." in product


ANSWERS = {
    "not-finished": "nothing is synced",
    "one-store": "One store per Zettle account, and one Zettle account per store.",
    "how-fast": "within seconds",
    "what-is-synced": "Not synced: the category and folder in Zettle",
    "where-to-edit": "Edit product information in Zettle.",
    "bigcommerce-edits": "stays until the product is next saved in Zettle",
    "no-export": "is ever written to the product library in Zettle",
    "duplicates": "link, keep both or skip",
    "one-side-only": "untick BigCommerce",
    "does-not-show": "hidden until you show them",
    "why-no-prices": "only if Zettle and the store have the same currency",
    "vat": "Tax settings are never sent or changed.",
    "stock-moves": "An order, cancellation or refund in BigCommerce changes the stock in Zettle",
    "stock-off": "Enable inventory management",
    "fees": "A till sale is never an order in BigCommerce",
}
"""Every question of rule E2, by its anchor, and a sentence without which the answer would not be
one.
"""


@pytest.mark.rule("E2")
async def test_help_answers_every_question_without_signing_in(home: DemoStack) -> None:
    page = await home.open("/help")

    answers = {
        key: words_of(text)
        for key, text in re.findall(r'<details id="([\w-]+)"[^>]*>(.*?)</details>', page, re.DOTALL)
    }
    missing = {
        key: sentence for key, sentence in ANSWERS.items() if sentence not in answers.get(key, "")
    }
    assert {} == missing


@pytest.mark.rule("E2")
async def test_help_answers_in_swedish_too(home: DemoStack) -> None:
    swede = home.browser("sv")
    await swede.open(f"{URL}/help")
    swedish, english = words_of(swede.page), await home.read("/help")

    assert 'lang="sv"' in swede.page
    assert set(re.findall(r'<details id="([\w-]+)"', swede.page)) >= ANSWERS.keys()
    assert not [sentence for sentence in ANSWERS.values() if sentence in swedish]
    assert "Synk" in swedish
    assert swedish != english


@pytest.mark.rule("E2", "P10")
async def test_a_line_of_the_log_leads_from_the_failure_to_the_help_it_needs(
    home: DemoStack,
) -> None:
    """Every warning of a first sync says what happened, why, and what to do."""
    home.add(
        "Film",
        online={"status": "ACTIVE", "presentation": {"mediaUrls": ["https://vimeo.com/76979871"]}},
    )
    await home.connect()

    page = await home.read(f"{LOG}?severity=warning")

    assert Code.VIDEO_UNSUPPORTED in await home.codes()
    assert "vimeo.com/76979871" in page
    assert "Why, and what to do" in page
