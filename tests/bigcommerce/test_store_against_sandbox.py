"""Categories, settings, stock, webhooks, orders and access, over HTTP, against a BigCommerce
written from its documents.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brygga.bigcommerce import events, oauth
from brygga.bigcommerce.api.hooks import SCOPES
from brygga.bigcommerce.oauth import ShopApp
from brygga.bigcommerce.refusals import named_items
from brygga.bigcommerce.values import StockChange
from brygga.core.failures import Refused, Unanswered, Unreachable
from brygga.core.model import CatalogVariant, StockMoment, WeightUnit
from brygga.core.operations import Create
from brygga_sandbox.faults import Rule
from tests.bigcommerce.store import BASE, HOOK, SECRET, Store, code_of, cup

SECRET_HEADERS = {events.SECRET_HEADER: "per-store-secret"}


# ---- Categories, store ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [422, 207])
async def test_the_category_is_found_by_id_and_name_and_made_once(status: int) -> None:
    store = Store({"duplicate_category_status": status})
    tree = (await store.api.trees(1))[0]
    assert await store.api.find_category(tree.id, "Zettle") is None

    made = await store.api.create_category(tree.id, "Zettle")

    assert await store.api.find_category(tree.id, "Zettle") == made
    assert await store.api.category(made.id) == made
    assert await store.api.category(99_999) is None
    assert await code_of(store.api.create_category(tree.id, "Zettle")) == "category_exists"


async def test_store_tells_what_set_up_needs() -> None:
    store = Store(
        settings={"currency": "NOK", "weight_units": "Ounces", "is_price_entered_with_tax": False}
    )

    found = await store.api.store()

    assert (found.store_hash, found.name, found.currency) == ("abc123", "Annas Butik", "NOK")
    assert (found.weight_unit, found.prices_include_tax, found.default_channel_id) == (
        WeightUnit.OUNCE,
        False,
        1,
    )
    assert (found.owner_email, found.multi_storefront) == ("anna@example.com", False)
    assert found.control_panel_url


async def test_the_stores_settings_one_by_one() -> None:
    store = Store(
        settings={
            "update_stock_behavior": "order_completed_or_shipped",
            "refund_order_stock_adjustment": False,
        }
    )

    settings = await store.api.inventory_settings()

    assert (settings.moment, settings.restocks_refunds) == (StockMoment.ORDER_SHIPPED, False)
    assert await store.api.prices_include_tax() is True
    assert await store.api.weight_unit() is WeightUnit.KILOGRAM
    assert next((one.id, one.is_active) for one in await store.api.channels()) == (1, True)
    assert next(one.code for one in await store.api.currencies() if one.is_default) == "SEK"
    assert (await store.api.default_location()).id == 1
    assert await store.api.time() == datetime.fromtimestamp(store.sandbox.clock.now(), UTC)


# ---- Stock ---------------------------------------------------------------------------------------


async def test_levels_are_read_for_variants_products_and_all() -> None:
    store = Store()
    red, blue = (await store.scarf()).variants
    simple = await store.cup()

    levels = await store.api.levels(
        1, variant_ids=[red.variant_id, 99_999], product_ids=[simple.product_id]
    )
    everything = await store.api.levels_page(1)

    assert {one.variant_id: one.onhand for one in levels} == {
        red.variant_id: 4,
        simple.base_variant_id: 7,
    }
    assert {one.variant_id: one.available for one in everything} == {
        red.variant_id: 4,
        blue.variant_id: 2,
        simple.base_variant_id: 7,
    }


async def test_adjust_changes_by_a_signed_number_and_set_levels_sets() -> None:
    store = Store()
    red, blue = (await store.scarf()).variants
    simple = await store.cup()

    await store.api.adjust(
        [StockChange(1, -3, red.variant_id), StockChange(1, 5, product_id=simple.product_id)],
        "sale",
    )
    transaction = await store.api.set_levels([StockChange(1, 9, blue.variant_id)], "edit")

    assert transaction
    assert [store.shop.level(variant_id=one.variant_id) for one in (red, blue)] == [1, 9]
    assert store.shop.level(product_id=simple.product_id) == 12


async def test_each_refusal_of_stock_has_its_code_and_names_its_item() -> None:
    store = Store({"base_variant_by_variant_id": False})
    red, _ = (await store.scarf()).variants
    simple = await store.cup()
    untracked = (
        await store.api.create_product(
            cup(name="Fat", url="", variants=(CatalogVariant("x"),)), Create(await store.category())
        )
    ).product
    not_created = (
        await store.api.create_product(
            cup(name="Vas", url="", variants=(CatalogVariant("y"),)),
            Create(await store.category(), {}),
        )
    ).product
    tries = [
        (StockChange(1, -99, red.variant_id), "not_enough_stock", ("variant_id", red.variant_id)),
        (
            StockChange(1, 1, simple.base_variant_id),
            "tracking_level",
            ("variant_id", simple.base_variant_id),
        ),
        (
            StockChange(1, 1, product_id=untracked.product_id),
            "tracking_level",
            ("product_id", untracked.product_id),
        ),
        (StockChange(1, 1, 99_999), "item_unknown", ("variant_id", 99_999)),
        (
            StockChange(1, 1, product_id=not_created.product_id),
            "needs_absolute_first",
            ("product_id", not_created.product_id),
        ),
    ]
    for change, code, item in tries:
        with pytest.raises(Refused) as caught:
            await store.api.adjust([change], "x")

        assert (caught.value.code, named_items(caught.value)) == (code, frozenset({item}))


async def test_an_adjustment_whose_answer_is_lost_is_unanswered_and_sent_once() -> None:
    store = Store()
    red, _ = (await store.scarf()).variants
    store.sandbox.faults.rules.append(
        Rule("cut_after", "POST", "*/inventory/adjustments/relative", next=1)
    )

    with pytest.raises(Unanswered):
        await store.api.adjust([StockChange(1, -1, red.variant_id)], "sale")

    assert store.shop.level(variant_id=red.variant_id) == 3


# ---- Hooks, orders -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [422, 409])
async def test_hooks_are_made_once_listed_renewed_and_deleted(status: int) -> None:
    store = Store({"duplicate_hook_status": status})
    for scope in SCOPES:
        await store.api.create_hook(scope, HOOK, SECRET_HEADERS)

    assert {one.scope for one in await store.api.hooks()} == set(SCOPES)
    assert await code_of(store.api.create_hook(SCOPES[0], HOOK, SECRET_HEADERS)) == "hook_exists"
    first = (await store.api.hooks())[0]
    renewed = await store.api.renew_hook(first.id, HOOK + "2", SECRET_HEADERS)
    assert (renewed.destination, renewed.is_active) == (HOOK + "2", True)
    await store.api.delete_hook(first.id)
    await store.api.delete_hook(first.id)
    assert first.id not in {one.id for one in await store.api.hooks()}


async def test_deliveries_are_known_as_ours_and_read() -> None:
    store = Store()
    made = await store.scarf()
    red, _ = made.variants
    for scope in (*SCOPES, "store/order/created"):
        await store.api.create_hook(scope, HOOK, SECRET_HEADERS)

    store.shop.place([{"variant_id": red.variant_id, "quantity": 1}])
    await store.api.update_product(made.product_id, {"name": "Halsduk"})
    await store.sandbox.idle()

    now = datetime.fromtimestamp(store.sandbox.clock.now(), UTC)
    assert all(events.bears_secret(headers, "per-store-secret") for headers, _ in store.received)
    assert all(events.is_signed(headers, body, SECRET, now) for headers, body in store.received)
    assert not any(
        events.is_signed(headers, body, "another-secret", now) for headers, body in store.received
    )
    read = [events.read(body) for _, body in store.received]
    assert {one.envelope.store_hash for one in read} == {"abc123"}
    sold = [one for one in read if isinstance(one, events.StockChanged) and one.by_order]
    assert {(one.product_id, one.variant_id) for one in sold} == {(made.product_id, red.variant_id)}
    assert {events.OrderChanged, events.ProductChanged, events.StockChanged} <= {
        type(one) for one in read
    }
    assert not any(isinstance(one, events.Ignored) for one in read)


async def test_orders_lines_and_refunds_explain() -> None:
    store = Store()
    red, _ = (await store.scarf()).variants
    placed = store.shop.place([{"variant_id": red.variant_id, "quantity": 2}])
    line = (await store.api.order_lines(placed.id))[0]
    store.shop.refund(placed.id, {line.line_id: 1})
    since = datetime.fromtimestamp(store.sandbox.clock.now(), UTC) - timedelta(hours=1)

    order = await store.api.order(placed.id)
    (refund,) = await store.api.refunds(placed.id)

    assert order is not None
    assert order.id == placed.id
    assert (line.variant_id, line.quantity) == (red.variant_id, Decimal(2))
    assert (refund.order_id, refund.items) == (placed.id, ((line.line_id, Decimal(1)),))
    assert [one.id for one in await store.api.orders_since(since)] == [placed.id]
    assert await store.api.order(99_999) is None


async def test_no_orders_is_an_empty_answer() -> None:
    assert await Store().api.orders_since(datetime(2020, 1, 1, tzinfo=UTC)) == ()


# ---- Access --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["text", "json"])
async def test_after_uninstalling_access_is_gone(body: str) -> None:
    store = Store({"unauthorized_body": body})
    await store.sandbox.uninstall("abc123", store.client_id)

    assert await code_of(store.api.store()) == "bigcommerce_access_gone"


async def test_one_401_alone_never_ends_a_connection() -> None:
    store = Store()
    store.sandbox.faults.rules.append(Rule("token_revoked", "GET", "*/v2/store", next=1))

    with pytest.raises(Unreachable):
        await store.api.store()

    assert (await store.api.store()).store_hash == "abc123"


async def test_a_missing_scope_is_the_merchants_to_give() -> None:
    store = Store(scopes=("store_v2_information_read_only",))

    assert await code_of(store.api.products_page()) == "scope_missing"


async def test_a_spent_quota_says_when_to_come_back() -> None:
    store = Store()
    for _ in range(150):
        await store.api.time()

    with pytest.raises(Unreachable) as caught:
        await store.api.time()

    assert caught.value.code == "bigcommerce_busy"
    assert caught.value.after_s is not None
    assert 0 < caught.value.after_s <= 30


async def test_exchange_of_a_wrong_code_is_refused() -> None:
    store = Store()
    app = ShopApp(store.client_id, "https://brygga.example/auth", SECRET, f"{BASE}/login")

    trade = oauth.exchange(
        store.wire, app, code="wrong", scope="store_v2_products", context="stores/abc123"
    )

    assert await code_of(trade) == "install_code_refused"
