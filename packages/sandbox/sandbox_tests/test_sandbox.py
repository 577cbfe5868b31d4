"""The sandbox: both platforms, wired to each other and to a service, with goods, merchants and
keys.
"""

import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import httpx2
import pytest

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.__main__ import arguments
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.faults import GENERAL, SPECIAL
from brygga_sandbox.http import AsgiApp, Request, Response
from brygga_sandbox.library import demo_library, odd
from brygga_sandbox.sandbox import OTHER_TOOL, Plan, Sandbox


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def sandbox() -> Any:
    made = Sandbox(Plan(seed=5), ManualClock())
    yield made
    await made.stop()


@pytest.fixture
def client(sandbox: Sandbox) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=sandbox.transport())


async def test_the_library_stands_in_the_till_to_the_letter(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    headers = bearer(sandbox.zettle_tokens().access)
    base = f"{sandbox.plan.zettle_url}/products/organizations/self/products"
    uuid = odd("one variant with definitions")
    listed = (await client.get(f"{base}/v2", headers=headers)).json()
    one = (await client.get(f"{base}/{uuid}", headers=headers)).json()

    owner = sandbox.merchant.organization.owner.uuid

    assert listed == [
        {"updatedBy": owner, **product} for product in sandbox.merchant.library.products
    ]
    assert one["name"] == "Skål Fynd"


async def test_stock_and_tracking_are_those_of_the_library(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    headers = bearer(sandbox.zettle_tokens().access)
    base = f"{sandbox.plan.zettle_url}/inventory/v3"
    inventories = (await client.get(f"{base}/inventories", headers=headers)).json()
    store = next(one["inventoryUuid"] for one in inventories if one["inventoryType"] == "STORE")
    rows: dict[str, int] = {}
    url: str | None = f"{base}/stock/{store}?limit=1000"
    while url:
        answer = await client.get(url, headers=headers)
        rows |= {row["variantUuid"]: row["balance"] for row in answer.json()}
        url = answer.links.get("next", {}).get("url")

    assert rows == sandbox.merchant.library.stock


async def test_bigcommerce_fetches_a_picture_from_zettles_image_host(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    headers = {"X-Auth-Token": sandbox.store_token()}
    cup = sandbox.merchant.library.named("Mugg Skärgård")
    body = {
        "name": "Mugg", "type": "physical", "weight": 0.4, "price": 249, "categories": [],
        "images": [{"image_url": cup["presentation"]["imageUrl"], "is_thumbnail": True}],
    }  # fmt: skip
    made = await client.post(f"{sandbox.api()}/v3/catalog/products", headers=headers, json=body)
    gone = sandbox.merchant.library.product(odd("picture that is gone"))["presentation"]["imageUrl"]
    refused = await client.post(
        f"{sandbox.api()}/v3/catalog/products/{made.json()['data']['id']}/images",
        headers=headers,
        json={"image_url": gone},
    )

    assert made.status_code == 200
    assert len(made.json()["data"]["images"]) == 1
    assert refused.status_code == 400


async def test_a_service_on_the_net_gets_the_webhooks_of_both(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    received: list[tuple[str, bytes]] = []

    async def service(request: Request) -> Response:
        received.append((request.path, request.body))
        return Response(200)

    sandbox.transport({"service.test": AsgiApp(service)})
    subscription = {
        "uuid": "9d638cf5-855e-11eb-83ed-4f1c6a7b8e90", "transportName": "WEBHOOK",
        "eventNames": [],
        "destination": "https://service.test/zettle", "contactEmail": "a@example.com",
    }  # fmt: skip
    tokens = bearer(sandbox.zettle_tokens(connector=sandbox.plan.connector).access)
    await client.post(
        f"{sandbox.plan.zettle_url}/pusher/organizations/self/subscriptions",
        headers=tokens,
        json=subscription,
    )
    hook = {
        "scope": "store/product/*",
        "destination": "https://service.test/bigcommerce",
        "is_active": True,
    }
    key = {"X-Auth-Token": sandbox.store_token(connector=sandbox.plan.connector)}
    await client.post(f"{sandbox.api()}/v3/hooks", headers=key, json=hook)
    received.clear()

    sandbox.till().edit_product(odd("one variant with definitions"), name="Skål Kap")
    await sandbox.shop().add_product(name="Bara här")
    await sandbox.idle()

    assert sorted(path for path, _ in received) == ["/bigcommerce", "/zettle"]
    assert any("Skål Kap".encode() in body for _, body in received)


async def test_a_host_that_is_not_in_sandbox_cannot_be_reached(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    with pytest.raises(httpx2.ConnectError):
        await client.get("https://elsewhere.test/")


async def test_a_host_that_goes_off_the_net_is_gone_until_it_comes_back(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    async def service(request: Request) -> Response:
        return Response(200)

    net = sandbox.hosts
    net.open("service.test", AsgiApp(service))
    net.close("service.test")
    with pytest.raises(httpx2.ConnectError):
        await client.get("https://service.test/")
    net.open("service.test", AsgiApp(service))

    assert (await client.get("https://service.test/")).status_code == 200


async def test_merchants_are_apart_and_may_use_other_currencies(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    second = sandbox.add_merchant(
        "Fjord Design", owner="Kari Vik", zettle_currency="NOK", store_currency="EUR", products=40
    )
    base = f"{sandbox.plan.zettle_url}/products/organizations"
    mine = bearer(sandbox.zettle_tokens(second).access)
    listed = (await client.get(f"{base}/self/products/v2", headers=mine)).json()
    foreign = await client.get(
        f"{base}/{sandbox.merchant.organization.uuid}/products/v2", headers=mine
    )
    shop = await client.get(
        f"{sandbox.api(second)}/v2/store", headers={"X-Auth-Token": sandbox.store_token(second)}
    )

    assert len(listed) == 40
    assert {one["variants"][0]["price"]["currencyId"] for one in listed} == {"NOK"}
    assert foreign.status_code == 403
    assert shop.json()["currency"] == "EUR"
    assert sandbox.shop().store.settings.currency == "SEK"


async def test_both_apps_are_known_on_both_sides(sandbox: Sandbox) -> None:
    for connector in (sandbox.plan.connector, OTHER_TOOL):
        assert connector.zettle_client_id in sandbox.zettle.core.apps
        assert connector.bigcommerce_client_id in sandbox.bigcommerce.apps.registered


async def test_sandboxes_of_one_seed_are_equal(sandbox: Sandbox) -> None:
    other = Sandbox(Plan(seed=5), ManualClock())

    assert other.zettle_tokens() == sandbox.zettle_tokens()
    assert other.store_token() == sandbox.store_token()
    assert other.merchant.organization.uuid == sandbox.merchant.organization.uuid
    assert (
        Sandbox(Plan(seed=6), ManualClock()).merchant.organization.uuid
        != sandbox.merchant.organization.uuid
    )


async def test_the_shop_has_goods_of_its_own_and_some_that_are_like_zettles(
    sandbox: Sandbox,
) -> None:
    await sandbox.furnish()
    shop = {product.get("name"): product for product in sandbox.shop().store.products.values()}
    till = {product["name"]: product for product in sandbox.merchant.library.products}
    skus = {variant.get("sku") for product in till.values() for variant in product["variants"]}
    barcodes = {
        variant.get("barcode") for product in till.values() for variant in product["variants"]
    }

    assert len(shop) == 10
    assert len(shop.keys() & till.keys()) == 1
    assert sum(product.get("sku") in skus for product in shop.values() if product.get("sku")) == 1
    assert (
        sum(product.get("upc") in barcodes for product in shop.values() if product.get("upc")) == 1
    )
    assert (
        len({name.lower() for name in shop} & {name.lower() for name in till}) == 2
    )  # another case
    assert all(product.get("categories") for product in shop.values())


async def test_a_shop_beside_generated_goods_has_only_its_own() -> None:
    sandbox = Sandbox(Plan(products=30), ManualClock())
    await sandbox.furnish()

    assert len(sandbox.shop().store.products) == 4


async def test_the_till_would_take_every_demo_product_today_but_the_refused_ones() -> None:
    """What the library calls refused is what the product API refuses; all else could be typed in
    this morning.
    """
    sandbox = Sandbox(Plan(products=0), ManualClock())
    client = httpx2.AsyncClient(transport=sandbox.transport())
    headers = bearer(sandbox.zettle_tokens().access)
    url = f"{sandbox.plan.zettle_url}/products/organizations/self/products"
    answered = {"etag", "created", "updated", "updatedBy"}
    refused = {}
    library = demo_library()
    for product in library.products:
        body = {name: value for name, value in product.items() if name not in answered}
        answer = await client.post(url, headers=headers, json=body)
        if answer.status_code != 201:
            refused[product["uuid"]] = answer.text

    assert refused.keys() <= library.refused, refused
    assert {
        odd(tag)
        for tag in (
            "variant lacks an option",
            "value missing from properties",
            "sku above 64 characters",
        )
    } == refused.keys()


async def test_a_tools_token_stays_good_when_it_is_asked_for_again(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    first = sandbox.store_token()
    sandbox.store_token(connector=sandbox.plan.connector)

    assert sandbox.store_token() == first
    assert (
        await client.get(f"{sandbox.api()}/v2/store", headers={"X-Auth-Token": first})
    ).status_code == 200


def test_the_guide_names_every_switch_fault_option_and_a_sku_that_exists() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text()
    switches = {
        one.name for kind in (zettle.Switches, bigcommerce.Switches) for one in fields(kind)
    }
    options = {text for text in vars(arguments([])) if text != "json"}
    skus = {
        variant.get("sku") for product in demo_library().products for variant in product["variants"]
    }

    assert [name for name in sorted(switches | GENERAL | SPECIAL) if f"`{name}`" not in guide] == []
    assert [name for name in sorted(options) if f"--{name.replace('_', '-')}" not in guide] == []
    assert "KER-001-SAND" in guide
    assert "KER-001-SAND" in skus


def test_the_guide_gives_every_switch_its_default() -> None:
    """`on`, `off`, or the value itself; one row for each, and none for what there is not."""
    guide = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (on|off|`[^`]+`) \| ", guide, re.MULTILINE))
    written = {True: "on", False: "off"}
    defaults = {**asdict(zettle.Switches()), **asdict(bigcommerce.Switches())}

    reported = {
        name: written[value] if isinstance(value, bool) else f"`{value}`"
        for name, value in defaults.items()
    }
    assert {
        name: row for name, row in rows.items() if name in reported or row in {"on", "off"}
    } == reported
