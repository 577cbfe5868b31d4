"""BigCommerce's own Python client finds a BigCommerce: it signs in, reads, writes, and minds the
limits.
"""

import asyncio
import base64
import json

import jwt
import pytest
from bigcommerce.api import BigcommerceApi
from bigcommerce.exception import ClientRequestException, RateLimitingException
from standardwebhooks import WebhookVerificationError

from bigcommerce import connection
from tests.foreign.shopfront import Shopfront, aside

CUP = {
    "name": "Kopp",
    "type": "physical",
    "weight": 0.4,
    "price": 249.5,
    "categories": [],
    "sku": "K-1",
}


async def test_a_code_becomes_a_token_that_works(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client posts a form and keeps the token for what follows; the code is good once."""
    asked, app = front.installation(), front.app
    api = front.official(monkeypatch)
    arguments = (
        app.bigcommerce_client_secret,
        asked["code"],
        asked["context"],
        asked["scope"],
        app.bigcommerce_auth_url,
    )

    given = await aside(api.oauth_fetch_token, *arguments)
    store = await aside(api.Store.all)

    assert given["context"] == f"stores/{front.sandbox.merchant.store_hash}"
    assert given["scope"] == asked["scope"]
    assert store["id"] == front.sandbox.merchant.store_hash
    with pytest.raises(ClientRequestException, match="invalid_grant"):
        await aside(api.oauth_fetch_token, *arguments)


async def test_the_signed_payload_of_opening_the_app_is_true(front: Shopfront) -> None:
    """And a false one is not: another secret, or another app."""
    apps = front.sandbox.bigcommerce.apps
    store = front.sandbox.bigcommerce.stores[front.sandbox.merchant.store_hash]
    payload = apps.payload(apps.registered[front.app.bigcommerce_client_id], store, store.owner)
    secret, client = front.app.bigcommerce_client_secret, front.app.bigcommerce_client_id

    claims = BigcommerceApi.oauth_verify_payload_jwt(payload, secret, client)

    assert claims["sub"] == f"stores/{store.hash}"
    assert claims["user"]["email"] == store.owner.email
    with pytest.raises(jwt.InvalidSignatureError):
        BigcommerceApi.oauth_verify_payload_jwt(
            payload, "another secret, long enough to sign", client
        )
    with pytest.raises(jwt.InvalidAudienceError):
        BigcommerceApi.oauth_verify_payload_jwt(payload, secret, "another app")


async def test_uninstalling_tells_the_app_and_the_token_is_dead(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = front.sandbox.store_token(connector=front.app)
    api = front.official(monkeypatch, token)
    store = front.sandbox.bigcommerce.stores[front.sandbox.merchant.store_hash]
    sandbox = front.sandbox.bigcommerce
    seen: list[str] = []

    async def visited(url: str) -> int:
        seen.append(url)
        return 200

    monkeypatch.setattr(sandbox.apps, "visit", visited)
    assert await sandbox.apps.uninstall(
        store, front.app.bigcommerce_client_id, sandbox.hooks[store.hash]
    )
    payload = seen[0].rpartition("signed_payload_jwt=")[2]
    claims = BigcommerceApi.oauth_verify_payload_jwt(
        payload, front.app.bigcommerce_client_secret, front.app.bigcommerce_client_id
    )

    assert claims["sub"] == f"stores/{store.hash}"
    with pytest.raises(ClientRequestException, match="401"):
        await aside(api.Store.all)


async def test_v2_resources_are_read_as_the_client_knows_them(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time, store, currencies, tax classes, orders with their lines; no orders is an empty
    answer.
    """
    api = front.official(monkeypatch, front.sandbox.store_token(connector=front.app))
    assert "id" not in await aside(api.Orders.all)
    cup = await front.sandbox.shop().add_product(
        **{**CUP, "inventory_tracking": "product", "inventory_level": 5}
    )
    placed = front.sandbox.shop().place([{"product_id": cup.id, "quantity": 2}])

    orders = await aside(api.Orders.all)
    lines = await aside(orders[0].products)
    time = await aside(api.Time.all)
    currencies = await aside(api.Currencies.all)
    classes = await aside(api.TaxClasses.all)

    assert [order["id"] for order in orders] == [placed.id]
    assert [(line["product_id"], line["quantity"]) for line in lines] == [(cup.id, 2)]
    assert time["time"] == int(front.clock.now())
    assert [one["currency_code"] for one in currencies if one["is_default"]] == ["SEK"]
    assert classes[0]["id"] == 0


async def test_products_variants_and_options_over_the_clients_connection(front: Shopfront) -> None:
    """Made, read, changed, refused and deleted; a refusal arrives as the client's own exception."""
    shop = front.catalog()
    made = (await aside(shop.create, "catalog/products", CUP))["data"]
    path = f"catalog/products/{made['id']}"
    option = {
        "display_name": "Färg",
        "type": "dropdown",
        "sort_order": 0,
        "option_values": [{"label": "Röd", "sort_order": 0}, {"label": "Blå", "sort_order": 1}],
    }
    colours = (await aside(shop.create, f"{path}/options", option))["data"]
    values = [{"option_id": colours["id"], "id": value["id"]} for value in colours["option_values"]]
    await aside(shop.update, "catalog/products", made["id"], {"sku": ""})
    for sku, value in zip(("K-R", "K-B"), values, strict=True):
        await aside(shop.create, f"{path}/variants", {"sku": sku, "option_values": [value]})
    await aside(shop.update, "catalog/products", made["id"], {"name": "Mugg"})

    found = await aside(
        shop.get, "catalog/products", **{"id:in": made["id"], "include": "variants,options"}
    )
    with pytest.raises(ClientRequestException, match=r"409.*duplicate"):
        await aside(shop.create, "catalog/products", {**CUP, "name": "Mugg"})
    await aside(shop.delete, "catalog/products", made["id"])

    assert [one["name"] for one in found["data"]] == ["Mugg"]
    assert [one["sku"] for one in found["data"][0]["variants"]] == ["K-R", "K-B"]
    assert [one["display_name"] for one in found["data"][0]["options"]] == ["Färg"]
    with pytest.raises(ClientRequestException, match="404"):
        await aside(shop.get, "catalog/products", made["id"])


async def test_the_client_waits_for_the_next_window_before_it_runs_into_429(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts by the four headers, and sleeps as long as they say; the sandbox's clock is moved
    by that.
    """
    front.sandbox.shop().set_settings(quota=4)
    loop = asyncio.get_running_loop()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        asyncio.run_coroutine_threadsafe(front.clock.advance(seconds), loop).result()

    monkeypatch.setattr(connection, "sleep", sleep)
    manners = {"min_requests_remaining": 1, "wait": True}
    api = front.official(
        monkeypatch,
        front.sandbox.store_token(connector=front.app),
        rate_limiting_management=manners,
    )
    for _ in range(10):
        await aside(api.Time.all)

    assert slept == [30, 30, 30]
    assert api.connection.rate_limit["requests_quota"] == 4
    assert api.connection.rate_limit["window_size_ms"] == 30_000


async def test_without_waiting_the_client_is_refused_with_429(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own exception says so, and the next window is open again."""
    front.sandbox.shop().set_settings(quota=2)
    api = front.official(monkeypatch, front.sandbox.store_token(connector=front.app))
    for _ in range(2):
        await aside(api.Time.all)

    with pytest.raises(RateLimitingException) as refused:
        await aside(api.Time.all)

    headers = refused.value.response.headers
    assert headers["X-Rate-Limit-Requests-Left"] == "0"
    await front.clock.advance(int(headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000)
    assert (await aside(api.Time.all))["time"] == int(front.clock.now())


async def test_a_delivery_bears_a_signature_that_the_reference_library_accepts(
    front: Shopfront,
) -> None:
    """Of a webhook made by the official client, for a real change, over a real socket; a changed
    body or a wrong key is refused.
    """
    shop = front.catalog()
    await aside(
        shop.create,
        "hooks",
        {
            "scope": "store/product/created",
            "destination": front.hook,
            "is_active": True,
            "headers": {"X-Own": "s"},
        },
    )
    made = (await aside(shop.create, "catalog/products", CUP))["data"]

    path, headers, body = await front.next_delivery()

    assert path == "/hooks"
    assert headers["x-own"] == "s"
    verified = front.verifier().verify(body, headers)
    assert verified["data"] == {"type": "product", "id": made["id"]}
    assert verified["producer"] == f"stores/{front.sandbox.merchant.store_hash}"
    with pytest.raises(WebhookVerificationError):
        front.verifier().verify(body.replace(b"created", b"deleted", 1), headers)
    with pytest.raises(WebhookVerificationError):
        type(front.verifier())(base64.b64encode(b"another key").decode()).verify(body, headers)
    assert json.loads(body) == verified
