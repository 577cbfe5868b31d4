"""The store as its merchant has it: settings, control addresses, pages, and what a test can see
(bigcommerce facts 7, 12).
"""

import random
from typing import Any

import pytest

from brygga_sandbox.bigcommerce import BigCommerceSandbox
from brygga_sandbox.clock import ManualClock
from sandbox_tests.bigcommerce.shop_bench import Bench, variant

P = "/v3/catalog/products"


async def test_the_store_says_what_it_is() -> None:
    bench = Bench(
        currency="EUR",
        weight_units="Grams",
        is_price_entered_with_tax=False,
        update_stock_behavior="order_completed_or_shipped",
    )

    store = await bench.good("GET", "/v2/store")
    assert (store["id"], store["store_id"], store["currency"], store["weight_units"]) == (
        "abc123",
        1_025_646,
        "EUR",
        "Grams",
    )
    assert store["is_price_entered_with_tax"] is False
    assert store["default_channel_id"] == 1
    assert (await bench.good("GET", "/v3/tax/settings"))["data"]["tax_entered_with_prices"] is False
    assert (await bench.good("GET", "/v3/settings/inventory"))["data"][
        "update_stock_behavior"
    ] == "order_completed_or_shipped"
    assert (await bench.good("GET", "/v3/settings/store/units-of-measurement"))["data"][
        "weight_measurement"
    ] == "Grams"
    assert (await bench.good("GET", "/v2/currencies"))[0]["currency_code"] == "EUR"
    assert (await bench.good("GET", "/v2/tax_classes"))[0]["id"] == 0
    assert (await bench.good("GET", "/v2/time"))["time"] == int(bench.clock.now())
    assert [row["id"] for row in (await bench.good("GET", "/v3/channels"))["data"]] == [1]


async def test_a_changed_setting_is_told() -> None:
    bench = Bench()
    await bench.listen("store/information/updated")

    await bench.good("POST", "/sandbox/store", {"currency": "NOK"})
    assert await bench.received() == [("store/information/updated", {"type": "store"})]
    await bench.good("POST", "/sandbox/store", {"currency": "NOK"})
    assert await bench.received() == []
    await bench.refused("POST", "/sandbox/store", {"currency": "XXX"}, 422)


async def test_the_merchant_edits_any_field_and_the_app_gets_an_event() -> None:
    bench = Bench()
    made = await bench.scarf()
    await bench.listen("store/product/updated", "store/product/deleted")

    await bench.good(
        "POST", f"/sandbox/products/{made['id']}", {"name": "Shawl", "tax_class_id": 1}
    )
    await bench.good(
        "POST",
        f"/sandbox/products/{made['id']}",
        {"variants": [{"id": made["variants"][0]["id"], "price": 7}]},
    )
    await bench.good("POST", "/sandbox/stock", {"sku": "SC-BLU", "level": 11})
    raw = await bench.good("GET", f"/sandbox/products/{made['id']}")
    await bench.good("DELETE", f"/sandbox/products/{made['id']}")

    assert (
        raw["name"],
        raw["tax_class_id"],
        raw["variants"][0]["price"],
        raw["variants"][1]["inventory_level"],
    ) == (
        "Shawl",
        1,
        7,
        11,
    )
    assert [scope for scope, _ in await bench.received()] == ["store/product/updated"] * 2 + [
        "store/product/deleted"
    ]


async def test_an_option_edited_in_the_panel_makes_every_combination() -> None:
    bench = Bench()
    made = await bench.scarf()

    raw = await bench.good(
        "POST",
        f"/sandbox/products/{made['id']}/combinations",
        {"name": "Size", "values": ["S", "M"]},
    )

    names = {tuple(value["label"] for value in one["option_values"]) for one in raw["variants"]}
    assert names == {("Red", "S"), ("Blue", "S"), ("Red", "M"), ("Blue", "M")}
    assert [one["sku"] for one in raw["variants"]] == ["SC-RED", "SC-BLU", "", ""]


async def test_birth_only_fields_after_the_create_are_recorded() -> None:
    bench = Bench(multi_storefront=True)
    key = (await bench.good("POST", "/v3/catalog/categories", {"name": "Zettle", "parent_id": 0}))[
        "data"
    ]["id"]
    made = await bench.product(categories=[key], is_visible=False)
    pair = [{"product_id": made["id"], "channel_id": 1}]

    bench.sandbox.faults.add("5xx_after", method="PUT", next=1)
    await bench.call("PUT", f"{P}/channel-assignments", pair)
    await bench.good("PUT", f"{P}/channel-assignments", pair)
    await bench.good("PUT", f"{P}/{made['id']}", {"name": "Cup", "price": 3})
    await bench.good(
        "POST", f"/sandbox/products/{made['id']}", {"is_visible": True, "categories": []}
    )
    assert await bench.good("GET", "/sandbox/violations") == [], (
        "creates, their repetition after a lost answer, and the merchant"
    )

    await bench.good("PUT", f"{P}/{made['id']}", {"is_visible": False, "tax_class_id": 0})
    await bench.good("PUT", P, [{"id": made["id"], "categories": [key]}])
    await bench.good("PUT", f"{P}/channel-assignments", pair)
    await bench.good(
        "PUT", f"{P}/category-assignments", [{"product_id": made["id"], "category_id": key}]
    )

    kinds = [one["kind"] for one in await bench.good("GET", "/sandbox/violations")]
    assert kinds == ["is_visible", "tax_class_id", "categories", "channel_assignment", "categories"]
    assert bench.sandbox.wire_violations[0].client_id == "cid"


async def test_requests_are_counted_and_control_calls_are_not() -> None:
    bench = Bench()
    await bench.product()
    await bench.good("GET", "/sandbox/state")

    counted = await bench.good("GET", "/sandbox/requests")

    assert counted == {
        "total": 1,
        "by": [
            {"method": "POST", "path": "/api/stores/{store_hash}/v3/catalog/products", "count": 1}
        ],
    }
    assert bench.sandbox.requests.last[0].client == "cid"


async def test_switches_are_turned_over_http() -> None:
    bench = Bench()

    assert (await bench.good("POST", "/sandbox/switches", {"categories_required": False}))[
        "categories_required"
    ] is False
    await bench.good("POST", P, {"name": "Mug", "type": "physical", "weight": 1, "price": 1})
    await bench.refused("POST", "/sandbox/switches", {"no_such_switch": 1}, 400)


async def test_the_state_is_true_even_where_reads_lag() -> None:
    bench = Bench()
    bench.sandbox.store().read_lag_s = 60
    red = (await bench.scarf())["variants"][0]["id"]
    await bench.clock.advance(100)
    await bench.adjust("absolute", 9, variant_id=red)

    state = await bench.good("GET", "/sandbox/state?store_hash=abc123")

    assert state["products"][0]["variants"][0]["inventory_level"] == 9
    assert await bench.level(red) == 4


async def test_two_stores_share_nothing_though_their_ids_are_equal() -> None:
    bench = Bench()
    first = await bench.product()
    bench.sandbox.add_store("other1", owner_email="eva@example.com")
    token = bench.sandbox.issue_token("other1", "cid")
    body = {"name": "Mug", "type": "physical", "weight": 1, "price": 5, "categories": []}
    answer = await bench.client.post(
        "/api/stores/other1/v3/catalog/products", json=body, headers={"X-Auth-Token": token}
    )

    assert answer.json()["data"]["id"] == first["id"]
    assert (await bench.read(first["id"]))["price"] == 99


@pytest.mark.parametrize("lang", ["sv", "en"])
async def test_every_page_answers_in_both_languages(lang: str) -> None:
    bench = Bench()
    made = await bench.scarf(images=[{"image_url": "https://x.test/a.png"}])
    await bench.good("POST", "/sandbox/categories", {"name": "Zettle"})
    await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})
    home = "/manage/abc123"
    words = {"sv": ("Produkter", "Köp"), "en": ("Products", "Buy")}[lang]
    for path in (
        "products",
        f"products/{made['id']}",
        "categories",
        "orders",
        "settings",
        "apps",
        "activity",
    ):
        page = await bench.call("GET", f"{home}/{path}?lang={lang}")
        assert page.status_code == 200, path
        assert words[0] in page.text
        assert f'lang="{lang}"' in page.text
    assert words[1] in (await bench.call("GET", f"/shop/abc123?lang={lang}")).text


async def test_the_panel_edits_what_a_merchant_edits() -> None:
    bench = Bench()
    key = (await bench.good("POST", "/sandbox/categories", {"name": "Mugs"}))["category_id"]
    made = await bench.scarf()
    red, blue = (one["id"] for one in made["variants"])
    form: dict[str, Any] = {
        "action": "save", "name": "Shawl", "sku": "", "price": "12.50", "weight": "1",
        "description": "New\r\nline",
        "inventory_tracking": "variant", "is_visible": "1", "tax_class_id": "1",
        "categories": [str(key)],
        f"sku-{red}": "SC-RED", f"price-{red}": "15", f"level-{red}": "40",
        f"sku-{blue}": "SC-BLU", f"price-{blue}": "",
        f"level-{blue}": "2",
    }  # fmt: skip

    answer = await bench.call("POST", f"/manage/abc123/products/{made['id']}", data=form)

    assert answer.status_code == 303
    now = await bench.read(made["id"])
    assert (
        now["name"],
        now["price"],
        now["is_visible"],
        now["tax_class_id"],
        now["categories"],
    ) == (
        "Shawl",
        12.5,
        True,
        1,
        [key],
    )
    assert now["description"] == "New\nline"
    assert [(one["price"], one["inventory_level"]) for one in now["variants"]] == [
        (15, 40),
        (None, 2),
    ]
    await bench.product(name="Taken")
    problem = await bench.call(
        "POST", f"/manage/abc123/products/{made['id']}", data={**form, "name": "Taken"}
    )
    assert (problem.status_code, "heter redan så" in problem.text) == (422, True)


async def test_a_shopper_orders_in_the_storefront_hidden_goods_only_on_wish() -> None:
    bench = Bench()
    hidden = await bench.scarf(is_visible=False)
    await bench.product(name="Visible mug", is_visible=True)

    assert "Scarf" not in (await bench.call("GET", "/shop/abc123")).text
    assert "Scarf" in (await bench.call("GET", "/shop/abc123?hidden=1")).text
    red = hidden["variants"][0]["id"]
    answer = await bench.call(
        "POST", "/shop/abc123?hidden=1", data={"variant_id": str(red), "quantity": "3"}
    )
    assert "ordered=250" in answer.headers["location"]
    assert await bench.level(red) == 1
    answer = await bench.call(
        "POST", "/shop/abc123", data={"variant_id": str(red), "quantity": "3"}
    )
    assert "problem=" in answer.headers["location"]


async def test_orders_are_handled_in_the_panel() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]
    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"variant_id": red, "quantity": 2}]}
    )
    part = {f"line-{order['lines'][0]['id']}": "1"}
    for action, status in (("refund_part", 14), ("ship", 2), ("cancel", 5)):
        answer = await bench.call(
            "POST", "/manage/abc123/orders", data={"id": str(order["id"]), "action": action, **part}
        )
        assert answer.status_code == 303
        assert (await bench.good("GET", f"/v2/orders/{order['id']}"))["status_id"] == status
    assert await bench.level(red) == 3


ODD: list[Any] = [
    None,
    [],
    {},
    "x",
    7,
    [None],
    [[]],
    [{"id": []}],
    [{"id": {}}],
    {"items": [{}]},
    {"items": [None]},
    [{"product_id": [], "channel_id": {}}],
    [{"resource_id": {}}],
    {"variants": [None]},
    {"variants": [{}]},
    {"settings": [{"identity": []}]},
    {"scope": [], "destination": {}},
    {"images": [{}]},
    {"categories": [[]]},
    {"option_values": {}},
    {"display_name": [], "type": {}},
    {"emails": 1},
    [{"name": []}],
    {"sort_order": [], "label": {}},
    {"custom_url": []},
    {"brand_id": {}},
    {"videos": [{"video_id": 1}]},
    {"items": [{"location_id": 1, "quantity": 1, "sku": []}]},
    {"custom_fields": [{"name": 1}]},
    {"key": 1, "value": [], "namespace": {}, "permission_set": []},
    [{"category_id": {}}],
    {"permission_set": []},
    [{"product_id": [], "sku": 1}],
    [{"id": True, "sku": []}],
    [{"parent_id": [], "name": "x"}],
]


async def test_every_odd_body_gets_a_refusal_never_a_fall() -> None:
    """Every writing address of the API, with everything that is not what it wants."""
    bench = Bench(quota=1_000_000)
    made = await bench.scarf()
    ids = {
        "product_id": made["id"],
        "variant_id": made["variants"][0]["id"],
        "option_id": made["options"][0]["id"],
        "value_id": made["options"][0]["option_values"][0]["id"],
        "location_id": 1,
        "tree_id": 1,
    }
    fallen = []
    for method, template in writing_addresses(bench.sandbox):
        path = template.format_map(Known(ids))
        for body in ODD:
            try:
                answer = await bench.client.request(method, path, json=body)
            except Exception as error:
                fallen.append((method, template, body, repr(error)))
            else:
                if answer.status_code >= 500:
                    fallen.append((method, template, body, answer.text))
    assert fallen == []


class Known(dict[str, Any]):
    """Ids by name; a name that has none gets one that nobody has."""

    def __missing__(self, key: str) -> str:
        return "abc123" if key == "store_hash" else "424242"


def writing_addresses(sandbox: BigCommerceSandbox) -> list[tuple[str, str]]:
    """Every POST and PUT of the API."""
    found = []
    nodes = [sandbox.router.root]
    while nodes:
        node = nodes.pop()
        nodes += [*node.literal.values(), *([node.any] if node.any else [])]
        found += [
            (method, route.template)
            for method, route in node.routes.items()
            if method in {"POST", "PUT"} and not route.control
        ]
    return sorted(found)


async def test_the_same_seed_tells_the_same_story() -> None:
    async def story() -> tuple[str, list[tuple[float, str, dict[str, Any]]]]:
        bench = Bench()
        await bench.scarf(images=[{"image_url": "https://x.test/a.png"}])
        await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})
        return (await bench.call("GET", "/sandbox/state")).text, list(bench.sandbox.store().events)

    assert await story() == await story()


async def test_what_equals_the_default_takes_no_room() -> None:
    """Tens of thousands of products fit in memory because only what was said is kept."""
    sandbox = BigCommerceSandbox(ManualClock(), random.Random(1))
    sandbox.add_store("abc123")

    made = await sandbox.shop().add_product(
        name="Thing", inventory_tracking="variant", variants=[variant("S"), variant("M")]
    )

    assert set(made.fields) == {"name", "inventory_tracking"}
    assert [one.fields for one in made.variants] == [{}, {}]
