"""Subscriptions, account, purchases and access, over HTTP, against a Zettle written from its
documents.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brygga.core.failures import NeedsMerchant, Refused, Unreachable
from brygga.core.model import InventoryType, TaxationMode
from brygga.zettle import events, oauth
from brygga.zettle.api.inventory import store_of
from brygga.zettle.api.subscriptions import EVENTS
from brygga.zettle.values import Inventory, NewProduct, NewVariant
from brygga_sandbox.faults import Rule
from tests.zettle.account import HOOK, SCOPES, Account, v1


async def store(account: Account) -> Inventory:
    found = store_of(await account.zettle.inventories())
    assert found is not None
    return found


async def of_type(account: Account, kind: InventoryType) -> str:
    return next(one.uuid for one in await account.zettle.inventories() if one.type is kind)


# ---- Subscriptions -------------------------------------------------------------------------------


async def test_subscribe_gives_the_key_that_its_messages_are_signed_with() -> None:
    account = Account()

    made = await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example")
    account.mug()
    await account.sandbox.idle()

    assert account.events() == ["TestMessage", "ProductCreated"]
    assert isinstance(events.read(account.received[0][1]), events.TestMessage)
    headers, body = account.received[1]
    signature = next(
        value for name, value in headers.items() if name.lower() == events.SIGNATURE_HEADER
    )
    assert events.verify(made.signing_key, signature, body)
    assert not events.verify(made.signing_key, signature, body.replace(b"Mugg", b"Kopp"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [(500, "zettle_destination_unreachable"), (None, "zettle_destination_unreachable")],
)
async def test_subscribe_to_an_address_that_does_not_answer_is_tried_again_later(
    answer: int | None, code: str
) -> None:
    account = Account()
    account.answers = [answer]

    with pytest.raises(Unreachable) as caught:
        await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example")

    assert caught.value.code == code
    assert await account.zettle.subscriptions() == ()


async def test_subscribe_twice_is_refused_by_name() -> None:
    account = Account()
    uuid = v1()
    await account.zettle.subscribe(uuid, HOOK, "ops@brygga.example")

    with pytest.raises(Refused) as caught:
        await account.zettle.subscribe(uuid, HOOK, "ops@brygga.example")

    assert caught.value.code == "zettle_subscription_exists"


@pytest.mark.parametrize("shown", [True, False])
async def test_subscriptions_lists_ours_with_or_without_the_key(shown: bool) -> None:
    account = Account(list_shows_signing_key=shown)
    made = await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example")

    (listed,) = await account.zettle.subscriptions()

    assert (listed.uuid, listed.destination, set(listed.events), listed.is_active) == (
        made.uuid,
        HOOK,
        set(EVENTS),
        True,
    )
    assert listed.signing_key == (made.signing_key if shown else "")


async def test_change_subscription_points_it_elsewhere() -> None:
    account = Account()
    made = await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example")

    await account.zettle.change_subscription(
        made.uuid, HOOK + "2", "ops@brygga.example", ["ProductUpdated"]
    )

    (listed,) = await account.zettle.subscriptions()
    assert (listed.destination, listed.events) == (HOOK + "2", ("ProductUpdated",))


async def test_unsubscribe_removes_it_and_twice_is_no_failure() -> None:
    account = Account()
    made = await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example")

    await account.zettle.unsubscribe(made.uuid)
    await account.zettle.unsubscribe(made.uuid)

    assert await account.zettle.subscriptions() == ()


# ---- Account -------------------------------------------------------------------------------------


async def test_user_says_which_organization() -> None:
    account = Account()

    assert (await account.zettle.user()).organization_uuid == account.organization.uuid


async def test_organization_reads_name_currency_and_taxation_mode() -> None:
    account = Account()
    account.till.edit_organization(taxationMode="EXCLUSIVE")

    found = await account.zettle.organization()

    assert (found.uuid, found.name, found.currency) == (
        account.organization.uuid,
        "Linds Keramik",
        "SEK",
    )
    assert (found.country, found.language, found.taxation_mode) == (
        "SE",
        "sv",
        TaxationMode.EXCLUSIVE,
    )


async def test_organization_is_put_together_from_others_when_its_page_is_refused() -> None:
    account = Account(organization_page_refused=True)
    account.mug()

    found = await account.zettle.organization()

    assert (found.uuid, found.currency, found.taxation_mode) == (
        account.organization.uuid,
        "SEK",
        TaxationMode.INCLUSIVE,
    )


async def test_disconnect_ends_our_access() -> None:
    account = Account()

    await account.zettle.disconnect()

    with pytest.raises(NeedsMerchant) as caught:
        await account.zettle.user()
    assert caught.value.code == "zettle_access_gone"


# ---- Purchases -----------------------------------------------------------------------------------


async def test_purchases_lists_sales_and_refunds_from_a_cursor_on() -> None:
    account = Account()
    product, variant = account.mug(7)
    sale = account.till.sell(variant, 2)
    start = datetime.fromtimestamp(account.sandbox.core.now(), UTC) - timedelta(hours=1)

    first = await account.zettle.purchases(start)
    account.till.refund(sale)
    second = await account.zettle.purchases(start, first.cursor)
    third = await account.zettle.purchases(start, second.cursor)

    assert [
        [(row.product_uuid, row.variant_uuid, row.quantity) for row in one.rows]
        for one in first.purchases
    ] == [[(product, variant, Decimal(2))]]
    assert [(one.is_refund, [row.quantity for row in one.rows]) for one in second.purchases] == [
        (True, [Decimal(-2)])
    ]
    assert (third.purchases, third.cursor) == ((), second.cursor)


async def test_purchase_reads_one_or_none() -> None:
    account = Account()
    _, variant = account.mug(7)
    sale = account.till.sell(variant, 1)

    found = await account.zettle.purchase(str(sale["purchaseUUID1"]))

    assert found is not None
    assert (found.is_refund, len(found.rows)) == (False, 1)
    assert await account.zettle.purchase(v1()) is None


async def test_sales_that_may_not_be_read_never_pause_the_connection() -> None:
    account = Account(scopes=tuple(one for one in SCOPES if one != "READ:PURCHASE"))

    with pytest.raises(Refused) as caught:
        await account.zettle.purchases(datetime(2023, 11, 14, tzinfo=UTC))

    assert caught.value.code == "zettle_purchases_closed"


# ---- Access --------------------------------------------------------------------------------------


async def test_a_token_that_ran_out_is_renewed_once_and_the_call_repeated() -> None:
    account = Account()
    uuid, _ = account.mug()
    good, account.tokens.now = account.tokens.now, "worn out"
    account.tokens.next = good

    product = await account.zettle.product(uuid)

    assert product is not None
    assert account.tokens.renewed == ["worn out"]


async def test_a_right_that_we_lack_is_the_merchants_to_give() -> None:
    account = Account(scopes=("READ:PRODUCT",))

    with pytest.raises(NeedsMerchant) as caught:
        await account.zettle.create_product(NewProduct(v1(), "Fat", (NewVariant(v1()),)))

    assert caught.value.code == "zettle_scope_missing"


@pytest.mark.parametrize("kind", ["html", "5xx_before", "cut_before", "429"])
async def test_a_platform_out_of_sorts_never_looks_like_a_missing_product(kind: str) -> None:
    account = Account()
    uuid, _ = account.mug()
    params = {"status": 404} if kind == "html" else {}
    account.sandbox.faults.rules.append(Rule(kind, "GET", "*", next=1, params=params))

    with pytest.raises(Unreachable):
        await account.zettle.product(uuid)


@pytest.mark.parametrize("chatty", [False, True])
async def test_refresh_gives_a_new_pair(chatty: bool) -> None:
    account = Account(token_answer_is_chatty=chatty)

    grant = await oauth.refresh(account.wire, account.app, account.refresh_token)
    account.tokens.now = grant.access_token

    assert grant.lifetime_s == 7200
    assert grant.refresh_token != account.refresh_token
    assert (await account.zettle.user()).organization_uuid == account.organization.uuid


async def test_refresh_after_the_merchant_removed_us_needs_the_merchant() -> None:
    account = Account()
    account.till.remove_app(account.app.client_id)

    with pytest.raises(NeedsMerchant) as caught:
        await oauth.refresh(account.wire, account.app, account.refresh_token)

    assert caught.value.code == "zettle_access_gone"
    assert account.refresh_token not in str(caught.value)


async def test_refresh_with_our_own_wrong_secret_never_disconnects_a_merchant() -> None:
    account = Account()

    with pytest.raises(Unreachable):
        await oauth.refresh(
            account.wire, replace(account.app, client_secret="wrong"), account.refresh_token
        )


async def test_exchange_of_a_wrong_code_is_refused() -> None:
    account = Account()

    with pytest.raises(Refused) as caught:
        await oauth.exchange(account.wire, account.app, "0" * 32)

    assert caught.value.code == "zettle_sign_in_refused"


async def test_every_message_of_a_till_sale_is_read() -> None:
    account = Account(balances_of_all_locations=True)
    _, variant = account.mug(7)
    await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example", [])

    account.till.sell(variant, 1)
    await account.sandbox.idle()

    read = {type(events.read(body)) for _, body in account.received}
    assert {events.TestMessage, events.BalanceChanged, events.PurchaseCreated} <= read
    assert all(json.loads(body)["messageId"] for _, body in account.received)
