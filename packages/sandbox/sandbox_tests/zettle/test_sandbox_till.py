"""The till of the Zettle sandbox: sales, purchases, pictures, pages, control addresses, faults
(zettle facts 5, 6, 11).
"""

import random
from typing import Any

import httpx2
import pytest

from brygga_sandbox.clock import ManualClock
from brygga_sandbox.zettle import Line, ZettleSandbox
from sandbox_tests.zettle.zettle_bench import PRODUCTS, V3, Bench, v1, variant_of

JSON = dict[str, Any]
BOUGHT = "/purchase/purchases/v2"


async def test_a_sale_lowers_stock_and_is_on_record() -> None:
    """Amounts in minor units, VAT within, places from STORE to SOLD."""
    bench = Bench()
    mug = await bench.tracked_mug(12)

    sold = await bench.act("sell", sku="MUG-1", quantity=2)

    record = (await bench.client.get(f"/purchase/purchase/v2/{sold['purchaseUUID1']}")).json()
    (row,) = record["products"]
    assert await bench.balance(mug) == 10
    assert (record["amount"], record["vatAmount"], record["currency"], record["refund"]) == (
        49800,
        9960,
        "SEK",
        False,
    )
    assert (row["quantity"], row["unitPrice"], row["rowTaxableAmount"]) == ("2", 24900, 39840)
    assert row["fromLocationUuid"] == await bench.inventory()
    assert (
        await bench.client.get(f"/purchase/purchase/v2/{sold['purchaseUUID']}")
    ).json() == record
    assert (await bench.client.get(f"/purchase/purchase/v2/{v1()}")).status_code == 404


async def test_several_lines_are_one_receipt_and_untracked_goods_do_not_move() -> None:
    """Only what is tracked is in the stock message."""
    bench = Bench()
    mug, bag = await bench.tracked_mug(5), await bench.mug(name="Påse", sku="BAG", price=500)
    await bench.subscribe()

    sold = await bench.act(
        "sell", lines=[{"sku": "MUG-1", "quantity": 1}, {"sku": "BAG", "quantity": 3}]
    )
    await bench.work_off()

    (stock,) = bench.receiver.events("InventoryBalanceChanged")
    assert sold["amount"] == 24900 + 3 * 500
    assert {row["productUuid"] for row in stock.payload["balanceAfter"]} == {mug["uuid"]}
    assert "fromLocationUuid" not in sold["products"][1]
    assert bag["uuid"] == sold["products"][1]["productUuid"]


@pytest.mark.parametrize(("restock", "left"), [(True, 12), (False, 10)])
async def test_a_refund_is_a_purchase_of_its_own(restock: bool, left: int) -> None:
    """Negative, tied to the sale both ways; the goods come back if the cashier says so."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    sold = await bench.act("sell", sku="MUG-1", quantity=2)

    back = await bench.act("refund", purchase_uuid=sold["purchaseUUID1"], restock=restock)

    record = (await bench.client.get(f"/purchase/purchase/v2/{sold['purchaseUUID1']}")).json()
    assert (back["refund"], back["amount"], back["products"][0]["quantity"]) == (True, -49800, "-2")
    assert back["refundsPurchaseUUID1"] == sold["purchaseUUID1"]
    assert (record["refunded"], record["refundedByPurchaseUUIDs1"]) == (
        True,
        [back["purchaseUUID1"]],
    )
    assert await bench.balance(mug) == left


async def test_a_sale_is_refunded_part_by_part_and_never_twice() -> None:
    """What is left of a receipt can be refunded, line by line, and no more than that."""
    bench = Bench()
    mug, _ = await bench.tracked_mug(12), await bench.mug(name="Påse", sku="BAG", price=500)
    sold = await bench.act(
        "sell", lines=[{"sku": "BAG", "quantity": 1}, {"sku": "MUG-1", "quantity": 3}]
    )
    one = {"purchase_uuid": sold["purchaseUUID1"], "lines": [{"line": 1, "quantity": 1}]}

    part = await bench.act("refund", **one)

    assert [(row["id"], row["quantity"]) for row in part["products"]] == [("1", "-1")]
    assert (part["amount"], await bench.balance(mug)) == (-24900, 10)
    rest = await bench.act("refund", purchase_uuid=sold["purchaseUUID1"])
    assert [(row["id"], row["quantity"]) for row in rest["products"]] == [("0", "-1"), ("1", "-2")]
    assert await bench.balance(mug) == 12
    for body in (
        one,
        {"purchase_uuid": sold["purchaseUUID1"]},
        {"purchase_uuid": rest["purchaseUUID1"]},
    ):
        assert (await bench.client.post("/sandbox/refund", json=body)).status_code == 400


async def test_a_till_that_was_offline_tells_of_old_sales_when_it_is_back() -> None:
    """Each bears the time of its sale; stock moves now, and every message comes now."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    await bench.subscribe()

    sold = [await bench.act("sell", sku="MUG-1", seconds_ago=ago) for ago in (7200, 60)]
    await bench.work_off()

    reported = [one.payload["timestamp"] / 1000 for one in bench.receiver.events("PurchaseCreated")]
    moved = bench.receiver.events("InventoryBalanceChanged")
    assert [pytest.approx(bench.clock.now() - ago, abs=1) for ago in (7200, 60)] == reported
    assert sold[0]["timestamp"] < sold[1]["timestamp"]
    assert (2, 10) == (len(moved), await bench.balance(mug))
    future = {"sku": "MUG-1", "seconds_ago": -60}
    assert 400 == (await bench.client.post("/sandbox/sell", json=future)).status_code


async def test_an_amount_that_was_typed_in_is_no_product() -> None:
    """No uuids, no places, no stock; reported as such in record and message (5.3)."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    await bench.subscribe()
    gift = {"price": 30000, "name": "Presentkort", "type": "GIFTCARD"}

    sold = await bench.act(
        "sell", lines=[{"sku": "MUG-1"}, {"price": 4500, "name": "Lagning", "quantity": 2}, gift]
    )
    await bench.work_off()

    assert [row["type"] for row in sold["products"]] == ["PRODUCT", "CUSTOM_AMOUNT", "GIFTCARD"]
    assert not {"productUuid", "variantUuid", "fromLocationUuid", "sku"} & set(sold["products"][1])
    assert (sold["amount"], sold["groupedVatAmounts"]) == (24900 + 9000 + 30000, {"25.0": 63900})
    (reported,) = bench.receiver.events("PurchaseCreated")
    assert [row.get("productUuid") for row in reported.payload["products"]] == [
        mug["uuid"],
        None,
        None,
    ]
    back = await bench.act("refund", purchase_uuid=sold["purchaseUUID1"])
    assert (back["amount"], await bench.balance(mug)) == (-63900, 12)
    for body in ({"price": -1}, {"price": 1, "type": "PRODUCT"}, {"price": 1, "quantity": 0}):
        assert (await bench.client.post("/sandbox/sell", json=body)).status_code == 400


async def test_the_link_to_more_purchases_keeps_what_was_asked() -> None:
    bench = Bench()
    await bench.mug()
    for _ in range(3):
        await bench.act("sell", sku="MUG-1")

    page = (await bench.client.get(f"{BOUGHT}?limit=2&descending=true")).json()

    (link,) = page["linkUrls"]
    assert link.endswith('; rel="next"')
    more = (await bench.client.get(link[1 : link.index(">")])).json()
    assert [row["purchaseNumber"] for row in page["purchases"] + more["purchases"]] == [3, 2, 1]


async def test_purchases_are_read_in_pages_until_one_is_empty() -> None:
    """Oldest first unless turned around; the cursor can be kept for the next look."""
    bench = Bench()
    await bench.mug()
    for _ in range(5):
        await bench.act("sell", sku="MUG-1")
        await bench.clock.advance(60)

    async def read(query: str) -> list[int]:
        numbers: list[int] = []
        page = (await bench.client.get(f"{BOUGHT}?limit=2{query}")).json()
        while page["purchases"]:
            numbers += [one["purchaseNumber"] for one in page["purchases"]]
            page = (
                await bench.client.get(
                    f"{BOUGHT}?limit=2{query}&lastPurchaseHash={page['lastPurchaseHash']}"
                )
            ).json()
        return numbers

    assert await read("") == [1, 2, 3, 4, 5]
    assert await read("&descending=true") == [5, 4, 3, 2, 1]
    # The sandbox's clock starts at 22:13:20 that day; the third sale is at 22:15:20.
    assert await read("&startDate=2023-11-14T22:15&endDate=2023-11-14T22:17") == [3, 4]
    assert (await bench.client.get(f"{BOUGHT}?limit=1001")).status_code == 400
    assert (await bench.client.get(f"{BOUGHT}?startDate=yesterday")).status_code == 400


async def test_stock_typed_in_comes_from_the_supplier_or_goes_to_the_bin() -> None:
    """Nothing happens when the number is the same; an untracked product has no stock to type in."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    await bench.subscribe()
    for balance in (12, 15, 4):
        await bench.act("stock", variant_uuid=variant_of(mug), balance=balance)
    await bench.work_off()

    up, down = (one.payload for one in bench.receiver.events("InventoryBalanceChanged"))

    assert [row["balance"] for row in up["balanceAfter"]] == ["15"]
    assert {row["locationUuid"]: row["balance"] for row in down["balanceAfter"]} == {
        await bench.inventory(): "4",
        await bench.inventory("BIN"): "11",
    }
    bare = await bench.mug(name="b")
    refused = await bench.client.post(
        "/sandbox/stock", json={"variant_uuid": variant_of(bare), "balance": 1}
    )
    assert refused.status_code == 400


async def test_what_is_not_there_cannot_be_sold() -> None:
    """404 for the unknown, 400 for the impossible, in words."""
    bench = Bench()
    await bench.mug()

    unknown = await bench.client.post("/sandbox/sell", json={"sku": "NOPE"})
    nothing = await bench.client.post("/sandbox/sell", json={"sku": "MUG-1", "quantity": 0})

    assert (unknown.status_code, nothing.status_code) == (404, 400)
    assert "NOPE" in unknown.json()["error"]


async def test_a_merchant_edits_and_deletes_over_the_control_addresses() -> None:
    """A variant price given as a number is money of the account."""
    bench = Bench()
    mug = await bench.mug()
    variants = [{"uuid": variant_of(mug), "price": 100}]

    edited = await bench.client.patch(
        f"/sandbox/products/{mug['uuid']}", json={"name": "Kopp", "variants": variants}
    )
    gone = await bench.client.delete(f"/sandbox/products/{mug['uuid']}")

    variant = edited.json()["variants"][0]
    assert (edited.json()["name"], variant["sku"], variant["price"]) == (
        "Kopp",
        "MUG-1",
        {"amount": 100, "currencyId": "SEK"},
    )
    assert gone.status_code == 200
    assert (await bench.client.get(f"{PRODUCTS}/v2")).json() == []


async def test_the_state_holds_the_whole_organization() -> None:
    """Products, stock, tracking, purchases, subscriptions, connections."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    await bench.subscribe()
    await bench.act("sell", sku="MUG-1")

    state = (
        await bench.client.get(f"/sandbox/state?organization_uuid={bench.organization.uuid}")
    ).json()

    assert [one["uuid"] for one in state["products"]] == [mug["uuid"]]
    assert (state["stock"], state["tracking"]) == ({variant_of(mug): 11}, {mug["uuid"]: True})
    assert (len(state["purchases"]), len(state["subscriptions"])) == (1, 1)
    assert state["connections"][0]["client_id"] == bench.app.client_id
    assert (await bench.client.get(f"/sandbox/state?organization_uuid={v1()}")).status_code == 404


async def test_switches_are_turned_over_http() -> None:
    """A wrong name or kind is refused and nothing changes."""
    bench = Bench()

    turned = await bench.client.post(
        "/sandbox/switches", json={"nulls": "null", "most_movements": 5}
    )
    wrong = await bench.client.post("/sandbox/switches", json={"nulls": "absent", "colour": "blue"})
    kind = await bench.client.post("/sandbox/switches", json={"most_movements": "many"})
    reading = await bench.client.post("/sandbox/switches", json={"nulls": "sometimes"})

    assert (turned.json()["nulls"], turned.json()["most_movements"]) == ("null", 5)
    assert (wrong.status_code, kind.status_code, reading.status_code) == (400, 400, 400)
    assert (await bench.client.get("/sandbox/switches")).json()["nulls"] == "null"


async def test_the_manual_clock_is_moved_over_http() -> None:
    """Tokens age with it."""
    bench = Bench()

    await bench.client.post("/sandbox/clock", json={"seconds": 7200})

    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 401


async def test_calls_are_counted_with_the_app_that_made_them() -> None:
    """Control calls and pages are not in it."""
    bench = Bench()
    await bench.client.get(f"{PRODUCTS}/v2")
    await bench.client.get("/till")

    counted = (await bench.client.get("/sandbox/requests")).json()

    assert counted["by"] == [
        {"method": "GET", "path": "/products/organizations/{org}/products/v2", "count": 1}
    ]
    assert bench.sandbox.requests.last[0].client == bench.app.client_id


async def test_a_movement_may_be_made_though_its_answer_is_lost() -> None:
    """The fault that breaks clients which repeat."""
    bench = Bench()
    mug = await bench.tracked_mug(10)
    fault = {"kind": "cut_after", "path": f"{V3}/movements", "next": 1}
    await bench.client.post("/sandbox/faults", json=[fault])

    with pytest.raises(httpx2.RemoteProtocolError):
        await bench.move(mug, "STORE", "SOLD", 3)

    assert await bench.balance(mug) == 7


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "429"}, 429),
        ({"kind": "5xx_before", "params": {"status": 503}}, 503),
        ({"kind": "token_expired"}, 401),
    ],
)
async def test_faults_speak_as_zettle_does(fault: JSON, status: int) -> None:
    """Once, and then all is well."""
    bench = Bench()
    await bench.client.post("/sandbox/faults", json=[{**fault, "next": 1, "path": "/products/*"}])

    first, second = (
        await bench.client.get(f"{PRODUCTS}/v2"),
        await bench.client.get(f"{PRODUCTS}/v2"),
    )

    assert (first.status_code, second.status_code) == (status, 200)
    assert ("www-authenticate" in first.headers) is (status == 401)


# -- the sandbox as a whole


async def day(seed: int) -> tuple[list[bytes], str]:
    """A short day of one merchant: every message as it was sent, and the state at the end."""
    sent: list[bytes] = []

    async def post(url: str, headers: dict[str, str], body: bytes) -> int:
        sent.append(body)
        return 200

    sandbox = ZettleSandbox(ManualClock(), random.Random(seed), post)
    organization = sandbox.add_organization()
    app = sandbox.register_app("Brygga", ["https://brygga.example/back"])
    token = sandbox.issue_token(
        organization,
        app.client_id,
        ["READ:PRODUCT", "WRITE:PRODUCT", "READ:PURCHASE", "READ:USERINFO"],
    )
    client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(sandbox.app),
        base_url="https://z.test",
        headers={"Authorization": f"Bearer {token.access}"},
    )
    subscription = {
        "uuid": "10000000-0000-1000-8000-000000000001",
        "transportName": "WEBHOOK",
        "eventNames": [],
    }
    subscription |= {"destination": "https://x.example/", "contactEmail": "a@b.se"}
    await client.post("/pusher/organizations/self/subscriptions", json=subscription)
    till = sandbox.till()
    mug = till.create_product("Mugg", price=100, sku="M")
    till.track(mug["uuid"])
    till.set_stock(variant_of(mug), 9)
    till.sell([Line(variant_of(mug), 2)])
    await sandbox.idle()
    return sent, (await client.get("/sandbox/state")).text


async def test_the_same_seed_is_the_same_day() -> None:
    """To the byte; another seed has other ids."""
    assert await day(3) == await day(3)
    assert await day(3) != await day(4)
