"""BigCommerce's own clock apart from ours: it stamps everything, and changes no moment at which
something happens (6.2).
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from brygga_sandbox.bigcommerce import Config, Switches
from sandbox_tests.bigcommerce.shop_town import Town

P = "/v3/catalog/products"
APART = [2.5, -3.0]


def second(text: Any) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize("ahead", APART)
async def test_all_that_is_stamped_is_stamped_by_its_clock(ahead: float) -> None:
    town = Town(Switches(clock_ahead_s=ahead))
    wanted = int(town.clock.now() + ahead)
    hook = (await town.listen("store/product/*"))[0]
    made = await town.product(images=[{"image_url": "https://p.example/a.png"}])
    body = {"namespace": "n", "key": "k", "value": "v", "permission_set": "app_only"}
    field = (await town.good("POST", f"{P}/{made['id']}/metafields", body))["data"]
    shop = town.sandbox.shop()
    placed = shop.place([{"product_id": made["id"], "quantity": 1}])
    order = await town.good("GET", f"/v2/orders/{placed.id}")
    refund = shop.refund(placed.id)
    image = (await town.read(made["id"]))["images"][0]
    answer = await town.call("GET", "/v2/time")
    await town.sandbox.idle()

    stamps = [
        made["date_created"],
        made["date_modified"],
        image["date_modified"],
        field["date_created"],
    ]
    assert [second(one) for one in stamps] == [wanted] * 4
    assert {
        parsedate_to_datetime(order[name]).timestamp() for name in ("date_created", "date_modified")
    } == {wanted}
    assert int(refund.created) == wanted
    assert (hook["created_at"], hook["updated_at"], answer.json()["time"]) == (wanted,) * 3
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == wanted
    assert {letter.body["created_at"] for letter in town.letters} == {wanted}
    assert {letter.headers["webhook-timestamp"] for letter in town.letters} == {str(wanted)}


@pytest.mark.parametrize("ahead", APART)
async def test_a_changed_product_is_found_by_its_clocks_time(ahead: float) -> None:
    """The filters speak of the times that the platform tells."""
    town = Town(Switches(clock_ahead_s=ahead))
    made = await town.product()
    await town.clock.advance(10)
    await town.good("PUT", f"{P}/{made['id']}", {"name": "Cup"})
    changed = (await town.read(made["id"]))["date_modified"].replace("+", "%2B")

    assert second((await town.read(made["id"]))["date_modified"]) == int(town.clock.now() + ahead)
    assert len((await town.good("GET", f"{P}?date_modified:min={changed}"))["data"]) == 1


async def test_setting_it_over_http_moves_no_reading_that_lags_and_no_hook_that_waits() -> None:
    """A clock that jumps while things are on their way: they happen when they would have."""
    town = Town(config=Config(read_lag_s=3, hook_delay_s=5))
    red = (await town.scarf())["variants"][0]["id"]
    await town.clock.advance(10)
    await town.listen("store/product/updated")
    await town.adjust("absolute", 9, variant_id=red)
    set_to = await town.good("POST", "/sandbox/switches", {"clock_ahead_s": 60})
    assert set_to["clock_ahead_s"] == 60

    await town.clock.advance(2)
    assert await town.level(red) == 4
    await town.adjust("relative", 1, variant_id=red)
    assert await town.heard() == []
    await town.clock.advance(3.5)
    assert await town.level(red) == 10
    await town.adjust("relative", 1, variant_id=red)
    assert len(await town.heard()) == 1


@pytest.mark.parametrize("ahead", APART)
async def test_signed_payloads_go_by_the_true_clock(ahead: float) -> None:
    """An app would take an uninstall of just after its installation for one of before."""
    town = Town(Switches(clock_ahead_s=ahead))
    await town.sandbox.uninstall("abc123", "cid")
    token = parse_qs(urlsplit(town.visits[0]).query)["signed_payload_jwt"][0]
    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["iat"] == int(town.clock.now())


@pytest.mark.parametrize("value", [86_401, -86_401, "2", None, True])
async def test_a_clock_that_cannot_be_is_refused(value: Any) -> None:
    refusal = await Town().refused("POST", "/sandbox/switches", {"clock_ahead_s": value}, 400)

    assert "clock_ahead_s is a" in refusal["error"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_clock_that_is_no_number_is_refused_in_process(value: float) -> None:
    with pytest.raises(ValueError, match="clock_ahead_s is a number from -86400 to 86400"):
        Switches(clock_ahead_s=value)
