"""Connecting and setting up, as a merchant does it (rules C1 to C12)."""

import pytest

from brygga.cli import merchant
from brygga.cli.browser import BrowserClient, Lost
from brygga.core.model import Stage
from brygga.core.report import Code
from tests.rules.conftest import OpenStack
from tests.rules.stack import URL, DemoStack, words_of

SIGN_IN = "Sign in with Zettle"
INTEGRATION = "/apps/bigcommerce"


async def sign_in_as(home: DemoStack, browser_session: BrowserClient, number: int) -> None:
    """Merchant number so-and-so of the sandbox signs in."""
    await browser_session.open(f"{URL}/sign-in")
    await browser_session.press(SIGN_IN)
    await browser_session.press(
        "Confirm", user=home.sandbox.merchants[number].organization.owner.uuid
    )


async def choose_store(browser_session: BrowserClient, store_hash: str) -> str:
    """At BigCommerce: signs in to that store and approves the app."""
    await browser_session.press("Continue", store=store_hash)
    await browser_session.press("Confirm")
    if browser_session.url == f"{URL}/bigcommerce/join":
        await browser_session.press("Connect")
    return words_of(browser_session.page)


# ---- C1 to C3: two accounts become one connection ------------------------------------------------


@pytest.mark.rule("C1")
async def test_the_merchant_signs_in_picks_bigcommerce_under_apps_and_presses_connect(
    home: DemoStack,
) -> None:
    stranger = await home.read("/apps")
    await merchant.sign_in(home.browser_session, URL)
    apps = await home.read("/apps")

    await home.press("Connect")

    assert SIGN_IN in stranger
    assert "BigCommerce Not connected" in apps
    assert home.browser_session.url.startswith(f"{home.sandbox.plan.bigcommerce_url}/login/")


@pytest.mark.rule("C1")
async def test_a_declined_sign_in_lets_nobody_in(home: DemoStack) -> None:
    await home.open("/sign-in")
    await home.press(SIGN_IN)

    declined = words_of(await home.press("Decline"))

    assert "The sign-in was declined" in declined
    assert SIGN_IN in await home.read("/apps")


@pytest.mark.rule("C2")
async def test_a_store_of_another_account_is_refused_and_stays_where_it_is(
    home: DemoStack,
) -> None:
    """The refusal names the account; the one that has the store notices nothing."""
    uuid = home.add()
    await home.connect()
    home.sandbox.add_merchant("Bergs Bokhandel", owner="Maj Berg")
    rival = home.browser()
    await sign_in_as(home, rival, 1)
    await rival.press("Connect")

    with pytest.raises(Lost):
        await choose_store(rival, home.sandbox.merchant.store_hash)

    said = words_of(rival.page)
    assert f"is linked with the Zettle account {home.sandbox.merchant.name}" in said
    assert "disconnect" in said.casefold()
    assert "Kopp" == (await home.save(uuid, name="Kopp"))["name"]


@pytest.mark.rule("C2")
async def test_a_second_store_for_the_same_account_is_refused_with_the_way_out(
    home: DemoStack,
) -> None:
    await home.connect()
    second = home.sandbox.bigcommerce.add_store(
        "l1ndsk9", owner_email="nora@example.com", name="Andra butiken"
    )
    await home.browser_session.open(
        f"{home.sandbox.plan.bigcommerce_url}/manage/{second.hash}/apps"
    )
    await home.press("Install")
    with pytest.raises(Lost):
        await home.press("Confirm")

    said = words_of(home.browser_session.page)
    assert "Your Zettle account already has a store" in said
    assert f"is linked with {home.sandbox.merchant.name}" in said
    assert f"disconnect {home.sandbox.merchant.name} on the integration page" in said
    shop = (await home.connection()).shop
    assert shop is not None
    assert home.sandbox.merchant.store_hash == shop.store_hash


@pytest.mark.rule("C3")
async def test_connect_leads_to_the_store_and_back_with_both_connected(home: DemoStack) -> None:
    await merchant.sign_in(home.browser_session, URL)
    await home.press("Connect")

    back = await choose_store(home.browser_session, home.sandbox.merchant.store_hash)

    assert home.browser_session.url == f"{URL}{INTEGRATION}"
    assert (
        f"Zettle {home.sandbox.merchant.name} SEK BigCommerce {home.sandbox.merchant.name} SEK"
        in back
    )
    assert (Stage.STORE_CONNECTED, [Code.CONNECTED]) == (
        (await home.connection()).stage,
        await home.codes(),
    )


@pytest.mark.rule("C3")
async def test_an_account_can_be_created_at_bigcommerce_on_the_way(home: DemoStack) -> None:
    await merchant.sign_in(home.browser_session, URL)
    await home.press("Connect")

    await home.press("Create", name="Nya butiken", email="nora@example.com", currency="SEK")
    await home.press("Confirm")
    back = words_of(await home.press("Connect"))

    assert "BigCommerce Nya butiken SEK" in back
    assert Stage.STORE_CONNECTED is (await home.connection()).stage


@pytest.mark.rule("C3")
async def test_the_app_may_be_installed_from_bigcommerces_side_first(home: DemoStack) -> None:
    """The page in the control panel leads to Zettle's sign-in; the store is joined only when the
    merchant says so.
    """
    await home.browser_session.open(
        f"{home.sandbox.plan.bigcommerce_url}/manage/{home.sandbox.merchant.store_hash}/apps"
    )
    await home.press("Install")
    panel = words_of(await home.press("Confirm"))
    await home.press(SIGN_IN)
    asked = words_of(await home.press("Confirm"))
    before = (await home.connection()).stage

    await home.press("Connect")

    assert "One step left: your Zettle account" in panel
    assert f"Connect {home.sandbox.merchant.name}?" in asked
    assert (Stage.ZETTLE_CONNECTED, Stage.STORE_CONNECTED) == (
        before,
        (await home.connection()).stage,
    )


# ---- C4 to C7: prices ----------------------------------------------------------------------------


async def to_prices(home: DemoStack) -> str:
    """The step that asks about prices: its words."""
    await merchant.sign_in(home.browser_session, URL)
    await home.press("Connect")
    await choose_store(home.browser_session, home.sandbox.merchant.store_hash)
    await home.calm()
    return await home.read(INTEGRATION)


@pytest.mark.rule("C4")
async def test_equal_currencies_let_the_merchant_choose_prices(home: DemoStack) -> None:
    asked = await to_prices(home)
    await home.press("Continue", prices="yes")

    assert "Should prices come from Zettle?" in asked
    assert (await home.connection()).choices.prices


@pytest.mark.rule("C4")
async def test_other_currencies_switch_prices_off_with_the_reason_whatever_is_sent(
    open_stack: OpenStack,
) -> None:
    home = await open_stack(store_currency="EUR")

    asked = await to_prices(home)
    refused = 'value="yes" disabled' in home.browser_session.page
    await home.press("Continue", prices="yes")

    assert refused
    assert "SEK" in asked.partition("Prices come from Zettle")[2]
    assert "EUR" in asked.partition("Prices come from Zettle")[2]
    assert not (await home.connection()).choices.prices


@pytest.mark.rule("C5")
async def test_the_price_choice_holds_until_the_merchant_connects_again(home: DemoStack) -> None:
    home.add()
    await to_prices(home)
    page = home.browser_session.page
    await home.press("Continue", prices="no")
    last = await home.press("Continue", products="whole")
    await home.calm()
    await home.finish()

    home.browser_session.page = page
    await home.press("Continue", prices="yes")
    home.browser_session.page = last
    await home.press("Change the choices")
    later = home.add("Senare")
    await home.calm()
    stuck = (home.shown(later)["price"], (await home.connection()).choices.prices)
    await home.open(f"{INTEGRATION}/disconnect")
    await home.press("Disconnect", products="remove")
    await home.calm()
    await home.connect(prices=True)

    assert (0, False) == stuck
    assert (249, True) == (home.shown(later)["price"], (await home.connection()).choices.prices)


@pytest.mark.rule("C6")
async def test_without_prices_all_start_at_zero_and_the_stores_price_stays(
    home: DemoStack,
) -> None:
    first = home.add("Mugg")
    sizes = home.add_sized("S", "M")
    await home.connect(prices=False)
    later = home.add("Senare")
    await home.calm()
    created = [home.shown(uuid)["price"] for uuid in (first, sizes, later)]
    await home.shop.edit_product(home.id_of(first), price=555)
    small = home.shown(sizes)["variants"][0]["id"]
    await home.shop.edit_variant(small, price=77)

    home.till.edit_variant(home.variant(first), price=12300)
    home.till.edit_product(sizes, name="Skjorta")
    await home.calm()

    assert [0, 0, 0] == created
    assert 555 == home.shown(first)["price"]
    assert [77, None] == [variant["price"] for variant in home.shown(sizes)["variants"]]


@pytest.mark.rule("C7")
async def test_a_store_without_tax_in_its_prices_is_warned_on_three_own_products(
    home: DemoStack,
) -> None:
    """249.00 with 25 % VAT would cost 311.25 in a shop that adds the tax on top."""
    for name in ("Mugg", "Fat", "Skål", "Vas"):
        home.add(name)
    home.shop.set_settings(is_price_entered_with_tax=False)

    asked = await to_prices(home)

    assert (
        "prices without tax and adds tax on top. We recommend that you do not sync prices." in asked
    )
    assert 3 == asked.count("311.25")
    assert 'value="no" checked' in home.browser_session.page
    assert 'value="yes" checked' not in home.browser_session.page


@pytest.mark.rule("C7")
@pytest.mark.parametrize(
    ("mode", "with_tax", "said"),
    [
        (
            "INCLUSIVE",
            True,
            "The store enters prices including tax, and so does your Zettle account.",
        ),
        (
            "EXCLUSIVE",
            False,
            "The store enters prices without tax, and so does your Zettle account.",
        ),
        (
            "EXCLUSIVE",
            True,
            "Your Zettle prices are without tax, but the store is set to prices including tax.",
        ),
    ],
)
async def test_the_page_says_how_both_sides_enter_prices(
    home: DemoStack, mode: str, with_tax: bool, said: str
) -> None:
    home.till.edit_organization(taxationMode=mode)
    home.shop.set_settings(is_price_entered_with_tax=with_tax)

    assert said in await to_prices(home)


@pytest.mark.rule("C8")
async def test_no_request_names_a_tax_and_the_merchants_tax_class_stays(home: DemoStack) -> None:
    uuid = home.add(vatPercentage="12")
    await home.connect()
    created = home.shown(uuid)["tax_class_id"]
    await home.shop.edit_product(home.id_of(uuid), tax_class_id=2)

    shown = await home.save(uuid, name="Kopp", vatPercentage="25")

    assert (0, "Kopp", 2) == (created, shown["name"], shown["tax_class_id"])
    assert [] == [one.path for one in home.asked("POST", "PUT") if b"tax" in one.body]


# ---- C9 to C11: which products, and when ---------------------------------------------------------


@pytest.mark.rule("C9", "C10")
async def test_finish_set_up_starts_the_sync_of_the_whole_library(home: DemoStack) -> None:
    home.add("Mugg"), home.add("Fat")
    await home.prepare(whole_library=True)
    before = home.in_shop()

    await home.finish()

    assert ([], ["Fat", "Mugg"]) == (before, home.in_shop())
    assert home.browser_session.url == f"{URL}{INTEGRATION}"


@pytest.mark.rule("C9", "C10")
async def test_finish_set_up_by_hand_opens_the_library_where_products_are_picked(
    home: DemoStack,
) -> None:
    mug, plate = home.add("Mugg"), home.add("Fat")
    home.add("Vas")
    await home.prepare(whole_library=False)

    await home.finish()
    opened, nothing = home.browser_session.url, home.in_shop()
    for uuid in (mug, plate):
        await home.open("/library")
        await home.press("Update products", product=uuid, bigcommerce="yes")
        await home.calm()

    assert (f"{URL}/library", [], ["Fat", "Mugg"]) == (opened, nothing, home.in_shop())


@pytest.mark.rule("C11")
async def test_a_set_up_left_half_way_is_shown_as_not_finished_everywhere(
    home: DemoStack,
) -> None:
    await to_prices(home)
    await home.press("Continue", prices="no")

    apps, library = await home.read("/apps"), await home.read("/library")
    resumed = words_of(await home.press("Continue the set-up"))
    await home.browser_session.open(
        f"{home.sandbox.plan.bigcommerce_url}/manage/{home.sandbox.merchant.store_hash}/apps"
    )
    panel = words_of(await home.press("Open"))

    assert "Set-up not finished" in apps
    assert "The set-up is not finished" in library
    assert "Which products should the shop have?" in resumed
    assert "The set-up is not finished" in panel


@pytest.mark.rule("C11")
async def test_nothing_is_synced_before_the_set_up_is_finished(home: DemoStack) -> None:
    uuid = home.add(stock=3)
    await home.prepare()

    home.till.edit_product(uuid, name="Kopp")
    home.till.sell(home.variant(uuid))
    home.add("Ny")
    await home.wait(300)

    assert [] == home.in_shop()
    assert [] == [
        one.path for one in home.asked("POST", "PUT", "DELETE") if "/catalog/" in one.path
    ]


@pytest.mark.rule("C11")
async def test_finishing_twice_starts_nothing_twice(home: DemoStack) -> None:
    home.add()
    await home.prepare()
    await home.open(INTEGRATION)
    page, address = home.browser_session.page, home.browser_session.url

    await home.press("Finish set-up")
    home.browser_session.page, home.browser_session.url = page, address
    again = words_of(await home.press("Finish set-up"))
    await home.calm()
    await home.open(INTEGRATION)
    await home.calm()

    assert "The set-up was already done. Nothing was started a second time." in again
    assert ["Mugg"] == home.in_shop()
    assert [1, 1] == [
        (await home.codes()).count(code) for code in (Code.SETUP_FINISHED, Code.PRODUCT_CREATED)
    ]


# ---- C12: stock settings -------------------------------------------------------------------------


@pytest.mark.rule("C12")
async def test_set_up_asks_whether_the_stock_is_right_and_finds_a_good_setting(
    home: DemoStack,
) -> None:
    await home.prepare()

    page = await home.read(INTEGRATION)

    assert "Is the stock in Zettle up to date?" in page
    assert "Stock falls when an order is placed, as we recommend." in page


@pytest.mark.rule("C12")
async def test_a_store_that_takes_stock_at_shipping_is_told_what_that_means(
    home: DemoStack,
) -> None:
    """On the set-up page, and on the overview; also when the setting is changed later."""
    home.shop.set_settings(
        update_stock_behavior="order_completed_or_shipped", refund_order_stock_adjustment=False
    )
    await home.prepare()
    setup = await home.read(INTEGRATION)
    await home.finish()
    overview = await home.read(INTEGRATION)
    home.shop.set_settings(
        update_stock_behavior="order_placed", refund_order_stock_adjustment=True, name="Ny skylt"
    )
    await home.calm()
    mended = await home.read(INTEGRATION)

    assert "Stock moves only when an order ships" in setup
    assert "We recommend that stock falls when an order is placed" in setup
    assert "Let stock fall when an order is placed" in overview
    assert "The store does not put stock back on refunds" in setup
    assert "Stock falls when an order ships Refunds put stock back no" in overview
    assert "We recommend that stock falls when an order is placed" in overview
    assert "Stock falls when an order is placed Refunds put stock back yes" in mended
    assert ["order_placed"] == [
        line["moment"] for line in await home.reported(Code.STOCK_MOMENT_CHANGED)
    ]
