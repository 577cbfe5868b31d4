"""Rules of the documents that stand in one line each: what is refused, listed or reported all the
same (bigcommerce facts 3 to 6).
"""

import random
from typing import Any

import httpx2
import pytest

from brygga_sandbox.bigcommerce import BigCommerceSandbox, Switches
from brygga_sandbox.clock import ManualClock
from sandbox_tests.bigcommerce.shop_bench import HOOK, Bench

P = "/v3/catalog/products"
META = {"permission_set": "read", "namespace": "zettle", "value": "6f"}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/xml", 406),
        ("text/html", 406),
    ],
)
async def test_who_takes_no_json_gets_406(accept: str, status: int) -> None:
    answer = await Bench().call("GET", "/v3/catalog/products", headers={"Accept": accept})

    assert answer.status_code == status


async def test_variants_of_deleted_products_are_listed_without_a_product() -> None:
    """A look-up by SKU finds them too (3.7); by a switch they are gone."""
    for orphans in (True, False):
        bench = Bench(Switches(orphan_variants=orphans))
        made = await bench.scarf(sku="SCARF")
        await bench.call("DELETE", f"{P}/{made['id']}")
        await bench.product(sku="MUG")

        rows = (await bench.good("GET", "/v3/catalog/variants?sku=SC-RED"))["data"]

        assert [row["product_id"] for row in rows] == ([0] if orphans else [])
        listed = (await bench.good("GET", "/v3/catalog/variants"))["data"]
        assert sorted(row["product_id"] for row in listed)[-1] > 0
        assert len(listed) == (3 if orphans else 1)
        assert (await bench.good("GET", f"/v3/catalog/variants?product_id={made['id']}"))[
            "data"
        ] == []
        await bench.scarf(name="Another")  # the SKU is free again


async def test_a_base_variant_may_stay_beside_the_real_ones() -> None:
    """When it goes is not documented (3.9)."""
    seen = {}
    for word in ("first_variant", "stays"):
        bench = Bench(Switches(base_variant_goes=word))
        made = await bench.product()
        body = {
            "display_name": "Size",
            "type": "rectangles",
            "option_values": [{"label": "S", "sort_order": 0}],
        }
        option = (await bench.good("POST", f"{P}/{made['id']}/options", body))["data"]
        chosen = [{"option_id": option["id"], "id": option["option_values"][0]["id"]}]
        await bench.good(
            "PUT",
            "/v3/catalog/variants",
            [{"product_id": made["id"], "sku": "S", "option_values": chosen}],
        )
        read = await bench.read(made["id"])
        seen[word] = [len(one["option_values"]) for one in read["variants"]]
        assert read["base_variant_id"] is None
        for one in read["variants"][:-1]:
            assert (
                await bench.call("DELETE", f"{P}/{made['id']}/variants/{one['id']}")
            ).status_code == 204

    assert seen == {"first_variant": [1], "stays": [0, 1]}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"is_price_hidden": True}, 422),
        ({"is_price_hidden": True, "availability": "preorder"}, 422),
        ({"is_price_hidden": True, "availability": "disabled"}, 200),
        ({"availability": "disabled"}, 200),
    ],
)
async def test_a_price_is_hidden_only_of_what_cannot_be_bought(
    fields: dict[str, Any], status: int
) -> None:
    bench = Bench()
    made = await bench.product()

    assert (await bench.call("PUT", f"{P}/{made['id']}", fields)).status_code == status
    body = {"name": "Vase", "type": "physical", "weight": 0, "price": 1, "categories": [], **fields}
    assert (await bench.call("POST", P, body)).status_code == status


async def test_what_is_hidden_cannot_be_made_available_without_showing_its_price() -> None:
    bench = Bench()
    made = await bench.product(is_price_hidden=True, availability="disabled")

    await bench.refused("PUT", f"{P}/{made['id']}", {"availability": "available"}, 422)
    await bench.good(
        "PUT", f"{P}/{made['id']}", {"availability": "available", "is_price_hidden": False}
    )


async def test_a_store_has_at_most_thirty_thousand_brands() -> None:
    bench = Bench()
    made = await bench.product(brand_name="Lind")
    store = bench.sandbox.store()
    store.brands.update({10**6 + number: f"brand {number}" for number in range(29_999)})

    await bench.refused("PUT", f"{P}/{made['id']}", {"brand_name": "Berg"}, 403)
    body = {
        "name": "Vase",
        "type": "physical",
        "weight": 0,
        "price": 1,
        "categories": [],
        "brand_name": "Berg",
    }
    await bench.refused("POST", P, body, 403)
    await bench.good("PUT", f"{P}/{made['id']}", {"brand_name": "Lind"})


async def test_metafields_have_hooks_that_a_products_wildcard_brings_too() -> None:
    """`database/product/*` is noisy (6.1)."""
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/metafields"
    await bench.listen("store/product/*", "store/product/metafield/deleted")

    made = (await bench.good("POST", path, {**META, "key": "uuid"}))["data"]
    await bench.good("PUT", f"{path}/{made['id']}", {"value": "70"})
    await bench.call("DELETE", f"{path}/{made['id']}")

    received = await bench.received()
    assert [scope.rpartition("/")[2] for scope, _ in received] == [
        "created",
        "updated",
        "deleted",
        "deleted",
    ]
    assert {(data["type"], data["id"]) for _, data in received} == {("metafield", made["id"])}


async def test_metafields_are_listed_by_date_and_in_either_direction() -> None:
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/metafields"
    await bench.good("POST", path, {**META, "key": "early"})
    await bench.clock.advance(3600)
    made = (await bench.good("POST", path, {**META, "key": "late"}))["data"]

    async def keys(query: str) -> list[str]:
        return [row["key"] for row in (await bench.good("GET", f"{path}?{query}"))["data"]]

    assert await keys(f"date_created:min={made['date_created'].replace('+', '%2B')}") == ["late"]
    assert await keys("date_modified:max=2023-11-14T22:30:00") == ["early"]
    assert await keys("direction=desc") == ["late", "early"]
    await bench.refused("GET", f"{path}?direction=up", None, 422)
    await bench.refused("GET", f"{path}?date_created:min=soon", None, 422)


async def test_the_webhook_for_exceptions_is_the_only_one_and_goes_elsewhere() -> None:
    bench = Bench()
    await bench.listen("store/product/updated")
    body = {"scope": "store/hook/deliveryException", "destination": "https://other.example.com/x"}

    await bench.refused("POST", "/v3/hooks", {**body, "destination": HOOK}, 422)
    made = (await bench.good("POST", "/v3/hooks", body))["data"]
    await bench.refused(
        "POST", "/v3/hooks", {**body, "destination": "https://third.example.com/x"}, 422
    )
    await bench.refused("PUT", f"/v3/hooks/{made['id']}", {"destination": HOOK}, 422)
    await bench.good(
        "PUT", f"/v3/hooks/{made['id']}", {"destination": "https://third.example.com/x"}
    )


@pytest.mark.parametrize(
    ("headers", "acknowledged"),
    [
        ({"X-A": "a"}, True),
        ({"X-A": "a" * 8193}, False),
        ({"X-" + "a" * 63: "a"}, False),
        ({f"X-{number}": "a" for number in range(65)}, False),
    ],
    ids=["small", "long value", "long name", "too many"],
)
async def test_an_answer_with_too_much_in_its_headers_is_none(
    headers: dict[str, str], acknowledged: bool
) -> None:
    """Such a delivery is tried again (6.4)."""
    receiver = httpx2.MockTransport(lambda request: httpx2.Response(200, headers=headers))
    async with httpx2.AsyncClient(transport=receiver) as http:
        sandbox = BigCommerceSandbox(ManualClock(), random.Random(1), http)
        store = sandbox.add_store("abc123")
        sandbox.register_app(
            "A", auth_url="https://a.test", load_url="https://a.test", client_id="cid"
        )
        sandbox.hooks["abc123"].create(
            "cid", {"scope": "store/information/updated", "destination": HOOK}
        )
        store.emit("store/information/updated", {"type": "store"})
        await sandbox.idle()
        await sandbox.stop()

    assert (sandbox.outbox.tally.landed, sandbox.outbox.tally.failed) == (
        (1, 0) if acknowledged else (0, 1)
    )


async def test_a_redirect_acknowledges_nothing() -> None:
    """Only 2xx does (6.4)."""
    bench = Bench()
    await bench.listen("store/product/created")
    bench.hook_status = 302

    await bench.product()
    await bench.received()

    assert bench.sandbox.outbox.tally.failed == 1


async def test_metafields_wait_for_an_app_that_comes_back_or_are_gone() -> None:
    """What becomes of them is not documented (3.12)."""
    for word in ("kept", "gone"):
        bench = Bench(Switches(metafields_after_uninstall=word))
        path = f"{P}/{(await bench.product())['id']}/metafields"
        await bench.good("POST", path, {**META, "key": "uuid"})

        await bench.sandbox.uninstall("abc123", "cid")
        bench.client.headers["X-Auth-Token"] = bench.sandbox.issue_token("abc123", "cid")

        assert len((await bench.good("GET", path))["data"]) == (word == "kept")
