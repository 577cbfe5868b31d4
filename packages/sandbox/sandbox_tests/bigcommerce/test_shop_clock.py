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
from sandbox_tests.bigcommerce.shop_bench import Bench

P = "/v3/catalog/products"
APART = [2.5, -3.0]


def second(text: Any) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize("ahead", APART)
async def test_all_that_is_stamped_is_stamped_by_its_clock(ahead: float) -> None:
    bench = Bench(Switches(clock_ahead_s=ahead))
    wanted = int(bench.clock.now() + ahead)
    hook = (await bench.listen("store/product/*"))[0]
    made = await bench.product(images=[{"image_url": "https://p.example/a.png"}])
    body = {"namespace": "n", "key": "k", "value": "v", "permission_set": "app_only"}
    field = (await bench.good("POST", f"{P}/{made['id']}/metafields", body))["data"]
    shop = bench.sandbox.shop()
    placed = shop.place([{"product_id": made["id"], "quantity": 1}])
    order = await bench.good("GET", f"/v2/orders/{placed.id}")
    refund = shop.refund(placed.id)
    image = (await bench.read(made["id"]))["images"][0]
    answer = await bench.call("GET", "/v2/time")
    await bench.sandbox.idle()

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
    assert {letter.body["created_at"] for letter in bench.letters} == {wanted}
    assert {letter.headers["webhook-timestamp"] for letter in bench.letters} == {str(wanted)}


@pytest.mark.parametrize("ahead", APART)
async def test_a_changed_product_is_found_by_its_clocks_time(ahead: float) -> None:
    """The filters speak of the times that the platform tells."""
    bench = Bench(Switches(clock_ahead_s=ahead))
    made = await bench.product()
    await bench.clock.advance(10)
    await bench.good("PUT", f"{P}/{made['id']}", {"name": "Cup"})
    changed = (await bench.read(made["id"]))["date_modified"].replace("+", "%2B")

    assert second((await bench.read(made["id"]))["date_modified"]) == int(bench.clock.now() + ahead)
    assert len((await bench.good("GET", f"{P}?date_modified:min={changed}"))["data"]) == 1


async def test_setting_it_over_http_moves_no_reading_that_lags_and_no_hook_that_waits() -> None:
    """A clock that jumps while things are on their way: they happen when they would have."""
    bench = Bench(config=Config(read_lag_s=3, hook_delay_s=5))
    red = (await bench.scarf())["variants"][0]["id"]
    await bench.clock.advance(10)
    await bench.listen("store/product/updated")
    await bench.adjust("absolute", 9, variant_id=red)
    set_to = await bench.good("POST", "/sandbox/switches", {"clock_ahead_s": 60})
    assert set_to["clock_ahead_s"] == 60

    await bench.clock.advance(2)
    assert await bench.level(red) == 4
    await bench.adjust("relative", 1, variant_id=red)
    assert await bench.received() == []
    await bench.clock.advance(3.5)
    assert await bench.level(red) == 10
    await bench.adjust("relative", 1, variant_id=red)
    assert len(await bench.received()) == 1


@pytest.mark.parametrize("ahead", APART)
async def test_signed_payloads_go_by_the_true_clock(ahead: float) -> None:
    """An app would take an uninstall of just after its installation for one of before."""
    bench = Bench(Switches(clock_ahead_s=ahead))
    await bench.sandbox.uninstall("abc123", "cid")
    token = parse_qs(urlsplit(bench.visits[0]).query)["signed_payload_jwt"][0]
    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["iat"] == int(bench.clock.now())


@pytest.mark.parametrize("value", [86_401, -86_401, "2", None, True])
async def test_a_clock_that_cannot_be_is_refused(value: Any) -> None:
    refusal = await Bench().refused("POST", "/sandbox/switches", {"clock_ahead_s": value}, 400)

    assert "clock_ahead_s is a" in refusal["error"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_clock_that_is_no_number_is_refused_in_process(value: float) -> None:
    with pytest.raises(ValueError, match="clock_ahead_s is a number from -86400 to 86400"):
        Switches(clock_ahead_s=value)
