"""`bigc`, a Python client by another maker, of both APIs: it reads every page, writes, and knows
the errors by name.
"""

from dataclasses import replace

import pytest
import requests
from bigc.api import BigCommerceAPI
from bigc.exceptions import DoesNotExistError, InvalidDataError, ServiceUnavailableError

from tests.foreign.shopfront import PlatformHosts, Shopfront, aside

CUP = {"name": "Kopp", "type": "physical", "weight": 0.4, "price": 249.5, "sku": "K-1"}


@pytest.fixture
def api(front: Shopfront, monkeypatch: pytest.MonkeyPatch) -> BigCommerceAPI:
    """The client, whose sessions find the platform's host here."""
    session = requests.Session

    def mounted() -> requests.Session:
        made = session()
        made.mount("https://", PlatformHosts(front.hosts))
        return made

    monkeypatch.setattr(requests, "Session", mounted)
    token = front.sandbox.store_token(connector=front.app)
    return BigCommerceAPI(front.sandbox.merchant.store_hash, token, get_retries=1)


async def test_a_product_is_made_read_changed_and_deleted(api: BigCommerceAPI) -> None:
    made = await aside(api.products_v3.create, {**CUP, "categories": []})
    changed = await aside(api.products_v3.update, made["id"], {"name": "Mugg"})
    read = await aside(api.products_v3.get, made["id"])

    assert (made["price"], changed["name"], read["name"]) == (249.5, "Mugg", "Mugg")
    assert await aside(api.products_v3.delete, made["id"]) is None
    with pytest.raises(DoesNotExistError):
        await aside(api.products_v3.get, made["id"])


async def test_every_page_of_both_apis_is_read(front: Shopfront, api: BigCommerceAPI) -> None:
    """The third version pages by `meta.pagination`, the second until nothing more comes."""
    shop = front.sandbox.shop()
    for number in range(5):
        await shop.add_product(name=f"Kopp {number}", sku=f"K-{number}", price=9)
        shop.place([{"sku": f"K-{number}", "quantity": 1}])

    def names() -> list[str]:
        rows = api.api_v3.get_many("/catalog/products", page_size=2)
        return sorted(row["name"] for row in rows)

    def orders() -> int:
        return len(list(api.api_v2.get_many("/orders", page_size=2)))

    assert await aside(names) == [f"Kopp {number}" for number in range(5)]
    assert await aside(orders) == 5


async def test_an_order_is_read_with_what_hangs_on_it(
    front: Shopfront, api: BigCommerceAPI
) -> None:
    shop = front.sandbox.shop()
    await shop.add_product(**CUP)
    order = shop.place([{"sku": "K-1", "quantity": 2}])
    shop.refund(order.id)
    # The client wants the refunds of an order in pages; the OpenAPI file has none (open question).
    shop.store.switches = replace(shop.store.switches, refunds_have_pages=True)

    def reported() -> tuple[str, list[int], int, int]:
        lines = [line["quantity"] for line in api.orders_v2.all_products(order.id)]
        refunds = len(list(api.orders_v3.all_refunds(order.id)))
        places = len(list(api.orders_v2.all_shipping_addresses(order.id)))
        return api.orders_v2.get(order.id)["status"], lines, refunds, places

    assert await aside(reported) == ("Refunded", [2], 1, 1)


async def test_webhooks_are_made_listed_and_deleted(front: Shopfront, api: BigCommerceAPI) -> None:
    made = await aside(
        api.webhooks_v3.create, {"scope": "store/order/created", "destination": front.hook}
    )
    await front.sandbox.shop().add_product(**CUP)
    front.sandbox.shop().place([{"sku": "K-1", "quantity": 1}])
    _, _, body = await front.next_delivery()

    assert b'"scope":"store/order/created"' in body
    assert [hook["id"] for hook in await aside(lambda: list(api.webhooks_v3.all()))] == [made["id"]]
    await aside(api.webhooks_v3.delete, made["id"])
    assert await aside(lambda: list(api.webhooks_v3.all())) == []


async def test_errors_have_the_names_that_the_client_knows(
    front: Shopfront, api: BigCommerceAPI
) -> None:
    """A read is tried again after a server's fault, a write is not; a refusal keeps its fields."""
    faults = front.sandbox.bigcommerce.faults
    faults.add("5xx_before", method="GET", next=1, params={"status": 503})
    assert (await aside(api.api_v2.get, "/store"))["id"] == front.sandbox.merchant.store_hash

    faults.add("5xx_before", method="POST", next=1, params={"status": 503})
    with pytest.raises(ServiceUnavailableError):
        await aside(api.products_v3.create, {**CUP, "categories": []})
    with pytest.raises(InvalidDataError) as refused:
        await aside(api.products_v3.create, {"name": "Kopp"})
    assert refused.value.status_code == 422
    assert "price" in (refused.value.errors or {})
