"""Stock: adjustments, reads that lag, and what orders do (bigcommerce facts 5, 8)."""

import contextlib

import httpx2
import pytest

from brygga_sandbox.bigcommerce import Config, OutOfStock, Switches
from sandbox_tests.bigcommerce.shop_bench import Bench

P = "/v3/catalog/products"


async def test_an_adjustment_answers_with_a_bare_transaction() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]

    assert set(await bench.adjust("absolute", 9, variant_id=red)) == {"transaction_id"}
    await bench.adjust("relative", -2, sku="sc-red")

    assert await bench.level(red) == 7


async def test_relative_needs_an_absolute_number_first() -> None:
    bench = Bench()
    made = await bench.product(inventory_tracking="product")

    refusal = await bench.adjust("relative", 1, 422, product_id=made["id"])
    assert refusal["title"] == (
        f"Items with identity: [product_id {made['id']}] requires absolute adjustment before "
        "relative"
    )
    await bench.adjust("absolute", 0, product_id=made["id"])
    await bench.adjust("relative", 1, product_id=made["id"])

    assert await bench.level(made["base_variant_id"]) == 1


async def test_a_refusal_is_a_problem_and_refuses_the_whole_batch() -> None:
    bench = Bench()
    red, blue = (one["id"] for one in (await bench.scarf())["variants"])
    items = [
        {"location_id": 1, "variant_id": red, "quantity": 1},
        {"location_id": 1, "variant_id": blue, "quantity": -3},
    ]

    answer = await bench.call("POST", "/v3/inventory/adjustments/relative", {"items": items})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"variant_id {blue}" in answer.json()["title"]
    assert (await bench.level(red), await bench.level(blue)) == (4, 2)


async def test_items_are_refused_at_the_wrong_tracking_level() -> None:
    bench = Bench()
    scarf = await bench.scarf()
    by_product = await bench.scarf(
        name="Cap", inventory_tracking="product",
        variants=[{"sku": "CAP", "option_values": [{"option_display_name": "Colour",
        "label": "Red"}]}],
    )  # fmt: skip
    free = await bench.product(name="Free")
    one = by_product["variants"][0]["id"]

    assert (await bench.adjust("absolute", 1, 422, variant_id=one))[
        "title"
    ] == f"[Item with variant_id {one} is tracked by product, please update stock by product id]"
    assert (
        "tracked by variant"
        in (await bench.adjust("absolute", 1, 422, product_id=scarf["id"]))["title"]
    )
    assert (
        "is not tracked" in (await bench.adjust("absolute", 1, 422, product_id=free["id"]))["title"]
    )
    assert (await bench.adjust("absolute", 1, 422, variant_id=9))[
        "title"
    ] == "Items with identity: [variant_id 9] were not found"
    await bench.adjust("absolute", -1, 422, sku="SC-RED")
    await bench.adjust("absolute", 2_147_483_648, 422, sku="SC-RED")
    await bench.adjust("absolute", 1, 422, sku="SC-RED", product_id=scarf["id"])


async def test_two_thousand_items_are_the_limit() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]
    items = [{"location_id": 1, "variant_id": red, "quantity": 1}] * 2001

    await bench.refused("PUT", "/v3/inventory/adjustments/absolute", {"items": items}, 422)
    await bench.good("PUT", "/v3/inventory/adjustments/absolute", {"items": items[:2000]})


async def test_reads_lag_behind_writes() -> None:
    bench = Bench(config=Config(read_lag_s=3))
    made = await bench.scarf()
    red = made["variants"][0]["id"]
    await bench.clock.advance(10)
    await bench.adjust("absolute", 9, variant_id=red)
    await bench.clock.advance(2)
    await bench.adjust("relative", 1, variant_id=red)

    assert await bench.level(red) == 4
    await bench.clock.advance(1.5)
    assert await bench.level(red) == 9
    await bench.clock.advance(2)
    assert (await bench.level(red), (await bench.read(made["id"]))["inventory_level"]) == (10, 12)


async def test_each_item_of_an_answer_may_trail_by_itself() -> None:
    """By one reading two items that one call changed are seen changed one before the other; by the
    other never.
    """
    seen: dict[bool, set[tuple[int, int]]] = {}
    for alone in (False, True):
        bench = Bench(
            Switches(random_read_lag=True, read_lag_per_item=alone), Config(read_lag_s=10)
        )
        red, blue = (one["id"] for one in (await bench.scarf())["variants"])
        await bench.clock.advance(60)
        items = [{"location_id": 1, "variant_id": one, "quantity": 9} for one in (red, blue)]
        await bench.good("PUT", "/v3/inventory/adjustments/absolute", {"items": items})
        await bench.clock.advance(5)
        for _ in range(40):
            rows = (await bench.good("GET", f"/v3/inventory/items?variant_id:in={red},{blue}"))[
                "data"
            ]
            levels = [row["locations"][0]["total_inventory_onhand"] for row in rows]
            seen.setdefault(alone, set()).add((levels[0], levels[1]))
        await bench.clock.advance(6)
        assert (9, 9) == (await bench.level(red), await bench.level(blue))

    assert {(4, 2), (9, 9)} == seen[False]
    assert {(4, 2), (9, 9), (4, 9), (9, 2)} == seen[True]


@pytest.mark.parametrize("how", ["cut_after", "timeout_after", "5xx_after", "header"])
async def test_an_adjustment_that_is_cut_may_land_in_part(how: str) -> None:
    """By one reading; never all of it, never none. By the other it is all or nothing, and so is one
    that is answered by both.
    """
    landed: dict[tuple[bool, bool], set[tuple[int, int]]] = {}
    for partial in (False, True):
        bench = Bench(Switches(partial_adjustments=partial))
        red, blue = (one["id"] for one in (await bench.scarf())["variants"])
        for cut in (False, *[True] * 12):
            before = await bench.level(red), await bench.level(blue)
            if cut and how != "header":
                bench.sandbox.faults.add(how, method="POST", next=1, params={"seconds": 0})
            items = [{"location_id": 1, "variant_id": one, "quantity": 1} for one in (red, blue)]
            headers = {"X-Sandbox-Cut": "1"} if cut and how == "header" else {}
            with contextlib.suppress(httpx2.HTTPError):
                await bench.call(
                    "POST", "/v3/inventory/adjustments/relative", {"items": items}, headers=headers
                )
            step = await bench.level(red) - before[0], await bench.level(blue) - before[1]
            landed.setdefault((partial, cut), set()).add(step)

    assert {(1, 1)} == landed[False, False] == landed[True, False] == landed[False, True]
    assert {(0, 1), (1, 0)} == landed[True, True]


async def test_a_stale_read_can_be_made_by_fault() -> None:
    bench = Bench(config=Config(read_lag_s=0.001))
    red = (await bench.scarf())["variants"][0]["id"]
    await bench.clock.advance(60)
    bench.sandbox.store().read_lag_s = 30
    await bench.adjust("absolute", 9, variant_id=red)
    bench.sandbox.store().read_lag_s = 0

    bench.sandbox.faults.add("stale_inventory", next=1, params={"seconds": 5})

    assert [await bench.level(red), await bench.level(red)] == [4, 9]


async def test_safety_stock_is_kept_back() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]
    body = {
        "settings": [
            {
                "identity": {"sku": "SC-RED"},
                "safety_stock": 3,
                "is_in_stock": True,
                "warning_level": 1,
                "bin_picking_number": "",
            }
        ]
    }

    await bench.good("PUT", "/v3/inventory/locations/1/items", body)

    row = (await bench.good("GET", f"/v3/inventory/locations/1/items?variant_id:in={red}"))["data"][
        0
    ]
    assert (row["available_to_sell"], row["total_inventory_onhand"]) == (1, 4)
    await bench.adjust("relative", -2, 422, variant_id=red)
    await bench.adjust("absolute", 0, variant_id=red)
    assert (await bench.call("GET", "/v3/inventory/locations/7/items")).headers[
        "content-type"
    ] == "application/problem+json"


async def test_after_a_switch_of_tracking_the_number_is_unknown_or_kept() -> None:
    levels = {}
    for word in ("unset", "keep"):
        bench = Bench(Switches(level_after_tracking_switch=word))
        made = await bench.product(inventory_tracking="product", inventory_level=5)
        await bench.good("PUT", f"{P}/{made['id']}", {"inventory_tracking": "none"})
        await bench.good("PUT", f"{P}/{made['id']}", {"inventory_tracking": "product"})
        levels[word] = (await bench.read(made["id"]))["inventory_level"]

    assert levels == {"unset": 0, "keep": 5}


@pytest.mark.parametrize(
    ("behaviour", "after_order", "after_shipping"),
    [("order_placed", 2, 2), ("order_completed_or_shipped", 4, 2)],
)
async def test_an_order_takes_stock_when_the_store_says_so(
    behaviour: str, after_order: int, after_shipping: int
) -> None:
    bench = Bench(update_stock_behavior=behaviour)
    red = (await bench.scarf())["variants"][0]["id"]

    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 2}]}
    )
    assert await bench.level(red) == after_order
    await bench.good("POST", f"/sandbox/orders/{order['id']}/ship")

    assert await bench.level(red) == after_shipping
    shown = await bench.good("GET", f"/v2/orders/{order['id']}")
    assert (shown["status_id"], shown["items_shipped"]) == (2, 2)


@pytest.mark.parametrize("adjusts", [True, False])
async def test_cancel_and_full_refund_put_back_where_the_store_says_so(adjusts: bool) -> None:
    bench = Bench(refund_order_stock_adjustment=adjusts)
    red = (await bench.scarf())["variants"][0]["id"]

    for act in ("cancel", "refund"):
        order = await bench.good(
            "POST", "/sandbox/orders", {"lines": [{"variant_id": red, "quantity": 1}]}
        )
        await bench.good("POST", f"/sandbox/orders/{order['id']}/{act}")

    assert await bench.level(red) == (4 if adjusts else 2)


async def test_a_partial_refund_puts_nothing_back_and_stays_silent() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]
    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"variant_id": red, "quantity": 2}]}
    )
    await bench.listen("store/sku/*", "store/order/refund/created", "store/order/statusUpdated")

    line = order["lines"][0]["id"]
    await bench.good(
        "POST",
        f"/sandbox/orders/{order['id']}/refund",
        {"lines": [{"line_id": line, "quantity": 1}]},
    )

    refund = (await bench.good("GET", f"/v3/orders/{order['id']}/payment_actions/refunds"))["data"][
        0
    ]
    assert refund["items"][0]["quantity"] == 1
    status = {"previous_status_id": 11, "new_status_id": 14}
    assert await bench.received() == [
        (
            "store/order/refund/created",
            {"type": "order", "id": order["id"], "refund": {"refund_id": refund["id"]}},
        ),
        ("store/order/statusUpdated", {"type": "order", "id": order["id"], "status": status}),
    ]
    assert await bench.level(red) == 2

    await bench.good("POST", f"/sandbox/orders/{order['id']}/refund")
    assert await bench.level(red) == 3, "only what was not refunded before comes back"
    lines = await bench.good("GET", f"/v2/orders/{order['id']}/products")
    assert (lines[0]["quantity_refunded"], lines[0]["is_refunded"], lines[0]["variant_id"]) == (
        2,
        True,
        red,
    )


async def test_what_is_not_there_cannot_be_bought_unless_nobody_counts() -> None:
    bench = Bench()
    await bench.scarf()
    free = await bench.product(name="Free")

    await bench.refused(
        "POST",
        "/sandbox/orders",
        {"lines": [{"sku": "SC-BLU", "quantity": 2}, {"sku": "SC-BLU", "quantity": 1}]},
        409,
    )
    await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"product_id": free["id"], "quantity": 50}]}
    )
    with pytest.raises(OutOfStock):
        bench.sandbox.shop().place([{"sku": "SC-BLU", "quantity": 3}])


async def test_what_ships_without_being_there_is_remembered_and_zero_is_the_floor() -> None:
    bench = Bench(update_stock_behavior="order_completed_or_shipped")
    red = (await bench.scarf())["variants"][0]["id"]
    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"variant_id": red, "quantity": 3}]}
    )
    await bench.adjust("absolute", 1, variant_id=red)

    await bench.good("POST", f"/sandbox/orders/{order['id']}/ship")

    assert (await bench.level(red), bench.sandbox.store().oversold) == (0, [(red, 2)])


async def test_an_empty_v2_list_has_no_body_and_orders_are_filtered() -> None:
    bench = Bench()
    await bench.scarf()
    assert (await bench.call("GET", "/v2/orders")).status_code == 204
    first = await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})
    await bench.clock.advance(60)
    second = await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})

    rows = await bench.good("GET", f"/v2/orders?min_id={second['id']}")
    assert [row["id"] for row in rows] == [second["id"]]
    rows = await bench.good("GET", "/v2/orders?sort=id:desc&status_id=11")
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    after = second["date_created"].replace("+", "%2B")
    assert [
        row["id"] for row in await bench.good("GET", f"/v2/orders?min_date_created={after}")
    ] == [second["id"]]
    missing = await bench.refused("GET", "/v2/orders/9", None, 404)
    assert isinstance(missing, list)


async def test_two_locations_and_only_the_first_sells() -> None:
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]
    number = bench.sandbox.shop().add_location("Warehouse")
    body = {"items": [{"location_id": number, "variant_id": red, "quantity": 40}]}
    await bench.good("PUT", "/v3/inventory/adjustments/absolute", body)

    rows = (await bench.good("GET", f"/v3/inventory/items?variant_id:in={red}"))["data"][0][
        "locations"
    ]
    assert [(row["location_id"], row["available_to_sell"]) for row in rows] == [
        (1, 4),
        (number, 40),
    ]
    await bench.refused(
        "POST", "/sandbox/orders", {"lines": [{"variant_id": red, "quantity": 5}]}, 409
    )
    default = (await bench.good("GET", "/v3/inventory/locations?is_default=true"))["data"]
    assert [row["id"] for row in default] == [1]
