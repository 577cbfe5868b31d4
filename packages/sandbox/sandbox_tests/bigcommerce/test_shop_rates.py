"""How many requests a plan allows, what a refusal for more says, and how refunds are listed
(bigcommerce facts 2.1, 8).
"""

import pytest

from brygga_sandbox.bigcommerce import Refusal, Switches
from sandbox_tests.bigcommerce.shop_town import Town


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
    town = Town()
    await town.good("POST", "/sandbox/store", {"plan": plan})

    answer = await town.call("GET", "/v2/store")

    assert (plan, plan) == (answer.json()["plan_name"], answer.json()["plan_level"])
    assert str(quota) == answer.headers["X-Rate-Limit-Requests-Quota"]


def test_a_new_store_has_the_smallest_plan() -> None:
    assert "Core" == Town().sandbox.store().settings.plan


def test_a_plan_that_is_not_sold_is_refused() -> None:
    with pytest.raises(Refusal):
        Town().sandbox.shop().set_settings(plan="Gold")


@pytest.mark.parametrize(("waited", "seconds"), [(0, "30"), (10.5, "20"), (29.9, "1")])
@pytest.mark.parametrize("path", ["/v2/time", "/v3/nothing-here"])
async def test_a_refusal_over_the_quota_says_when_it_refreshes(
    path: str, waited: float, seconds: str
) -> None:
    town = Town(quota=1)
    await town.call("GET", "/v2/time")
    await town.clock.advance(waited)

    answer = await town.call("GET", path)

    assert (429, seconds) == (answer.status_code, answer.headers["X-Retry-After"])


async def test_a_refusal_over_the_quota_may_leave_that_out() -> None:
    town = Town(Switches(retry_after_header=False), quota=1)
    await town.call("GET", "/v2/time")

    answer = await town.call("GET", "/v2/time")

    assert (429, False) == (answer.status_code, "X-Retry-After" in answer.headers)


async def test_a_platform_under_load_does_not_say_when() -> None:
    """Without any of its headers, as it is not the quota (2.1)."""
    town = Town()
    town.sandbox.faults.add("429", next=1)

    answer = await town.call("GET", "/v2/time")

    assert (429, False) == (answer.status_code, "X-Retry-After" in answer.headers)


async def refunded(*, paged: bool = False) -> tuple[Town, int]:
    """An order of which three units were refunded one by one."""
    town = Town(Switches(refunds_have_pages=paged))
    await town.scarf()
    order = await town.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 4}]}
    )
    lines = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    for _ in range(3):
        await town.good("POST", f"/sandbox/orders/{order['id']}/refund", {"lines": lines})
        await town.clock.advance(3600)
    return town, order["id"]


async def test_the_refunds_of_an_order_come_at_once() -> None:
    town, order = await refunded()

    answer = await town.good("GET", f"/v3/orders/{order}/payment_actions/refunds?limit=2")

    assert (3, {}) == (len(answer["data"]), answer["meta"])


async def test_the_refunds_of_an_order_may_come_in_pages() -> None:
    """The file shows an empty `meta`, a client reads pages (bigcommerce facts 8, 14.7)."""
    town, order = await refunded(paged=True)

    answer = await town.good("GET", f"/v3/orders/{order}/payment_actions/refunds?limit=2")

    assert (2, 3) == (len(answer["data"]), answer["meta"]["pagination"]["total"])


async def test_the_refunds_of_a_store_are_asked_for_by_time() -> None:
    town, _ = await refunded()
    path = "/v3/orders/payment_actions/refunds"
    made = [row["created"] for row in (await town.good("GET", path))["data"]]

    later = await town.good("GET", f"{path}?created:min={made[1].replace('+', '%2B')}")
    earlier = await town.good("GET", f"{path}?created:max={made[1].replace('+', '%2B')}")

    assert (made[1:], made[:2]) == tuple(
        [row["created"] for row in found["data"]] for found in (later, earlier)
    )
    await town.refused("GET", f"{path}?created:min=soon", None, 400)
