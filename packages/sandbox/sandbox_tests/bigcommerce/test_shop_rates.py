"""How many requests a plan allows, what a refusal for more says, and how refunds are listed
(bigcommerce facts 2.1, 8).
"""

import pytest

from brygga_sandbox.bigcommerce import Refusal, Switches
from sandbox_tests.bigcommerce.shop_bench import Bench


@pytest.mark.parametrize(
    ("plan", "quota"),
    [
        ("Core", 150),
        ("Growth", 150),
        ("Scale", 450),
        ("Performance", 450),
        ("Standard", 150),
        ("Plus", 150),
        ("Pro", 450),
        ("Enterprise", 450),
    ],
)
async def test_a_plan_allows_as_many_requests_under_either_name(plan: str, quota: int) -> None:
    """Renamed in June 2026; a store may still tell the older name."""
    bench = Bench()
    await bench.good("POST", "/sandbox/store", {"plan": plan})

    answer = await bench.call("GET", "/v2/store")

    assert (plan, plan) == (answer.json()["plan_name"], answer.json()["plan_level"])
    assert str(quota) == answer.headers["X-Rate-Limit-Requests-Quota"]


def test_a_new_store_has_the_smallest_plan() -> None:
    assert "Core" == Bench().sandbox.store().settings.plan


def test_a_plan_that_is_not_sold_is_refused() -> None:
    with pytest.raises(Refusal):
        Bench().sandbox.shop().set_settings(plan="Gold")


@pytest.mark.parametrize(("waited", "seconds"), [(0, "30"), (10.5, "20"), (29.9, "1")])
@pytest.mark.parametrize("path", ["/v2/time", "/v3/nothing-here"])
async def test_a_refusal_over_the_quota_says_when_it_refreshes(
    path: str, waited: float, seconds: str
) -> None:
    bench = Bench(quota=1)
    await bench.call("GET", "/v2/time")
    await bench.clock.advance(waited)

    answer = await bench.call("GET", path)

    assert (429, seconds) == (answer.status_code, answer.headers["X-Retry-After"])


async def test_a_refusal_over_the_quota_may_leave_that_out() -> None:
    bench = Bench(Switches(retry_after_header=False), quota=1)
    await bench.call("GET", "/v2/time")

    answer = await bench.call("GET", "/v2/time")

    assert (429, False) == (answer.status_code, "X-Retry-After" in answer.headers)


async def test_a_platform_under_load_does_not_say_when() -> None:
    """Without any of its headers, as it is not the quota (2.1)."""
    bench = Bench()
    bench.sandbox.faults.add("429", next=1)

    answer = await bench.call("GET", "/v2/time")

    assert (429, False) == (answer.status_code, "X-Retry-After" in answer.headers)


async def refunded(*, paged: bool = False) -> tuple[Bench, int]:
    """An order of which three units were refunded one by one."""
    bench = Bench(Switches(refunds_have_pages=paged))
    await bench.scarf()
    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 4}]}
    )
    lines = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    for _ in range(3):
        await bench.good("POST", f"/sandbox/orders/{order['id']}/refund", {"lines": lines})
        await bench.clock.advance(3600)
    return bench, order["id"]


async def test_the_refunds_of_an_order_come_at_once() -> None:
    bench, order = await refunded()

    answer = await bench.good("GET", f"/v3/orders/{order}/payment_actions/refunds?limit=2")

    assert (3, {}) == (len(answer["data"]), answer["meta"])


async def test_the_refunds_of_an_order_may_come_in_pages() -> None:
    """The file shows an empty `meta`, a client reads pages (bigcommerce facts 8, 14.7)."""
    bench, order = await refunded(paged=True)

    answer = await bench.good("GET", f"/v3/orders/{order}/payment_actions/refunds?limit=2")

    assert (2, 3) == (len(answer["data"]), answer["meta"]["pagination"]["total"])


async def test_the_refunds_of_a_store_are_asked_for_by_time() -> None:
    bench, _ = await refunded()
    path = "/v3/orders/payment_actions/refunds"
    made = [row["created"] for row in (await bench.good("GET", path))["data"]]

    later = await bench.good("GET", f"{path}?created:min={made[1].replace('+', '%2B')}")
    earlier = await bench.good("GET", f"{path}?created:max={made[1].replace('+', '%2B')}")

    assert (made[1:], made[:2]) == tuple(
        [row["created"] for row in found["data"]] for found in (later, earlier)
    )
    await bench.refused("GET", f"{path}?created:min=soon", None, 400)
