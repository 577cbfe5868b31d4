"""The inventory host of the Zettle sandbox: places, tracking, balances, movements, and its limit of
calls (zettle facts 3, 7).
"""

import uuid
from typing import Any

import httpx2
import pytest

from brygga_sandbox.zettle import Config
from sandbox_tests.zettle.zettle_bench import PRODUCTS, V3, Bench, raw, v1, variant_of, with_sizes

JSON = dict[str, Any]


async def rows(bench: Bench, query: str = "") -> list[JSON]:
    """All stock rows, page by page, along the Link headers."""
    found: list[JSON] = []
    url = f"{V3}/stock{query}"
    while url:
        answer = await bench.client.get(url)
        assert answer.status_code == 200, answer.text
        found += answer.json()
        url = answer.links.get("next", {}).get("url", "")
    return found


@pytest.mark.parametrize(("from_start", "number"), [(False, 0), (True, 4)])
async def test_inventories_come_with_the_first_tracked_product(
    from_start: bool, number: int
) -> None:
    """Four of them, one STORE that is the default; by a switch they are there from the start."""
    bench = Bench(inventories_from_start=from_start)
    assert len((await bench.client.get(f"{V3}/inventories")).json()) == number

    await bench.tracked_mug()

    found = (await bench.client.get(f"{V3}/inventories")).json()
    assert sorted(row["inventoryType"] for row in found) == ["BIN", "SOLD", "STORE", "SUPPLIER"]
    assert [row["inventoryType"] for row in found if row["defaultInventory"]] == ["STORE"]


async def test_a_further_inventory_is_never_the_default_one() -> None:
    """It is a STORE too, so a client must look at defaultInventory."""
    bench = Bench()

    made = await bench.client.post(f"{V3}/inventories", json={"name": "Källaren"})

    assert (made.status_code, made.json()["inventoryType"], made.json()["defaultInventory"]) == (
        201,
        "STORE",
        False,
    )
    assert (
        await bench.client.get(f"{V3}/inventories/{made.json()['inventoryUuid']}")
    ).json() == made.json()
    assert (await bench.client.get(f"{V3}/inventories/{v1()}")).status_code == 404


async def test_tracking_is_switched_for_all_named_products_or_none() -> None:
    """204; an unknown product or a wrong word refuses the whole call."""
    bench = Bench()
    first, second = await bench.mug(name="a"), await bench.mug(name="b")

    async def switch(*named: tuple[str, str]) -> int:
        body = [{"productUuid": product, "tracking": word} for product, word in named]
        return (await bench.client.post(f"{V3}/products", json=body)).status_code

    assert await switch((first["uuid"], "enable"), (v1(), "enable")) == 404
    assert await switch((first["uuid"], "enable"), (second["uuid"], "perhaps")) == 400
    assert (await bench.client.get(f"{V3}/products")).json() == []
    assert await switch((first["uuid"], "enable"), (second["uuid"], "enable")) == 204
    assert await switch((second["uuid"], "disable")) == 204
    assert [row["productUuid"] for row in (await bench.client.get(f"{V3}/products")).json()] == [
        first["uuid"]
    ]


@pytest.mark.parametrize(("lists", "number"), [(False, 1), (True, 2)])
async def test_the_tracking_status_may_leave_out_what_was_never_tracked(
    lists: bool, number: int
) -> None:
    """Products that were never tracked are missing, or by a switch listed as off."""
    bench = Bench(status_lists_untracked=lists)
    on, never = await bench.tracked_mug(), await bench.mug(name="b")

    found = (
        await bench.client.post(f"{V3}/products/status", json=[on["uuid"], never["uuid"]])
    ).json()

    assert len(found) == number
    assert found[0] == {"productUuid": on["uuid"], "enabled": True}
    assert all(row["enabled"] is False for row in found[1:])


async def test_a_row_appears_with_the_first_movement() -> None:
    """Until then the balance is the absence of a row."""
    bench = Bench()
    mug = await bench.tracked_mug()
    url = f"{V3}/stock/{await bench.inventory()}/products/{mug['uuid']}"
    assert (await bench.client.get(url)).json() == []

    assert (await bench.move(mug, "SUPPLIER", "STORE", 12)).status_code == 204

    (row,) = (await bench.client.get(url)).json()
    assert (row["balance"], row["variantUuid"], row["organizationUuid"]) == (
        12,
        variant_of(mug),
        bench.organization.uuid,
    )
    assert row["updated"].endswith("Z")


async def test_tracking_off_hides_the_balance_and_on_brings_it_back() -> None:
    """Off: no rows, and sales do not count."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    await bench.act("tracking", product_uuid=mug["uuid"], on=False)
    assert await rows(bench) == []
    await bench.act("sell", sku="MUG-1", quantity=2)

    await bench.act("tracking", product_uuid=mug["uuid"], on=True)

    assert await bench.balance(mug) == 12


@pytest.mark.parametrize(("is_404", "status"), [(False, 200), (True, 404)])
async def test_an_untracked_product_has_no_rows(is_404: bool, status: int) -> None:
    """An empty list, or by a switch 404 PRODUCT_NOT_TRACKED."""
    bench = Bench(untracked_stock_is_404=is_404)
    mug, never = await bench.tracked_mug(), await bench.mug(name="b")
    url = f"{V3}/stock/{await bench.inventory()}/products"

    answer = await bench.client.get(f"{url}/{never['uuid']}")

    assert answer.status_code == status
    assert (
        answer.json() == []
        if status == 200
        else answer.json()["errorType"] == "PRODUCT_NOT_TRACKED"
    )
    assert (await bench.client.get(f"{url}/{mug['uuid']}")).json() == []


@pytest.mark.parametrize(("query", "pages"), [("", 3), ("?limit=1000", 1), ("?limit=7", 36)])
async def test_stock_is_read_in_pages(query: str, pages: int) -> None:
    """100 rows unless asked otherwise, at most 1000; every row once."""
    bench = Bench()
    products = [raw(f"p{number}") for number in range(250)]
    levels = {variant_of(product): number for number, product in enumerate(products)}
    bench.sandbox.load_products(bench.organization, products, levels)
    bench.sandbox.requests.reset()

    found = await rows(bench, query)

    assert {row["variantUuid"]: row["balance"] for row in found} == levels
    assert len(found) == 250
    assert bench.sandbox.requests.total() == pages


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=x"])
async def test_a_page_of_stock_is_1_to_1000_rows(query: str) -> None:
    """400 for anything else."""
    assert (await Bench().client.get(f"{V3}/stock?{query}")).status_code == 400


async def test_stock_is_read_for_one_inventory_or_some_products() -> None:
    """STORE alone has what can be sold; the whole list also has what was sold and thrown away."""
    bench = Bench()
    mug, cup = await bench.tracked_mug(5), await bench.tracked_mug(6, name="Kopp", sku="CUP-1")
    await bench.act("sell", sku="MUG-1")
    store = await bench.inventory()

    everything, here = await rows(bench), await rows(bench, f"/{store}")
    some = await bench.client.post(f"{V3}/stock/{store}/products", json=[cup["uuid"]])

    assert sorted(row["balance"] for row in everything) == [1, 4, 6]
    assert {row["productUuid"]: row["balance"] for row in here} == {mug["uuid"]: 4, cup["uuid"]: 6}
    assert [(row["productUuid"], row["balance"]) for row in some.json()] == [(cup["uuid"], 6)]
    assert (await bench.client.get(f"{V3}/stock/{v1()}")).status_code == 404


async def test_store_may_go_below_zero() -> None:
    """Ten sold of none; by a switch refused."""
    bench = Bench()
    mug = await bench.tracked_mug()

    assert (await bench.move(mug, "STORE", "SOLD", 10)).status_code == 204
    assert await bench.balance(mug) == -10
    strict = Bench(negative_store_refused=True)
    assert (await strict.move(await strict.tracked_mug(), "STORE", "SOLD", 10)).status_code == 400


async def test_the_identifier_is_no_idempotency_key() -> None:
    """The same call twice moves twice."""
    bench = Bench()
    mug, same = await bench.tracked_mug(10), v1()

    for _ in range(2):
        assert (await bench.move(mug, "STORE", "SOLD", 3, identifier=same)).status_code == 204

    assert await bench.balance(mug) == 4


async def test_a_call_of_movements_is_all_or_nothing() -> None:
    """One that cannot be made refuses the others with it."""
    bench = Bench()
    mug, never = await bench.tracked_mug(10), await bench.mug(name="b")
    store, sold = await bench.inventory(), await bench.inventory("SOLD")
    good = {
        "productUuid": mug["uuid"],
        "variantUuid": variant_of(mug),
        "from": store,
        "to": sold,
        "change": 1,
    }
    bad = {**good, "productUuid": never["uuid"], "variantUuid": variant_of(never)}

    answer = await bench.client.post(
        f"{V3}/movements", json={"identifier": v1(), "movements": [good, bad]}
    )

    assert (answer.status_code, answer.json()["errorType"]) == (400, "PRODUCT_NOT_TRACKED")
    assert await bench.balance(mug) == 10


@pytest.mark.parametrize("change", [0, -1, 1.5, "2", None, True, 100_001])
async def test_a_change_is_1_to_100000(change: Any) -> None:
    """The direction is in the places, never in the sign."""
    bench = Bench()
    mug = await bench.tracked_mug(10)

    assert (await bench.move(mug, "STORE", "SOLD", change)).status_code == 400
    assert await bench.balance(mug) == 10


async def test_stock_is_at_most_99999() -> None:
    """Counted over all movements of the call."""
    bench = Bench()
    mug = await bench.tracked_mug(99_998)

    assert (await bench.move(mug, "SUPPLIER", "STORE", 2)).status_code == 400
    assert (await bench.move(mug, "SUPPLIER", "STORE", 1)).status_code == 204
    assert (await bench.move(mug, "STORE", "BIN", 100_000)).status_code == 204
    assert await bench.balance(mug) == -1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"from": v1()}, 404),
        ({"to": v1()}, 404),
        ({"variantUuid": v1()}, 404),
        ({"productUuid": v1()}, 404),
        ({"variantUuid": None}, 422),
        ({"variantUuid": str(uuid.uuid4())}, 422),
        ({"productUuid": str(uuid.uuid4())}, 422),
    ],
)
async def test_a_movement_names_what_there_is(fields: JSON, status: int) -> None:
    """Product, variant and both places."""
    bench = Bench()
    mug = await bench.tracked_mug(10)
    row = {
        "productUuid": mug["uuid"],
        "variantUuid": variant_of(mug),
        "from": await bench.inventory(),
        "to": await bench.inventory("SOLD"),
        "change": 1,
    }

    answer = await bench.client.post(
        f"{V3}/movements", json={"identifier": v1(), "movements": [{**row, **fields}]}
    )

    assert answer.status_code == status
    assert await bench.balance(mug) == 10


async def test_a_movement_goes_somewhere_and_its_identifier_is_of_version_1() -> None:
    """From STORE to STORE is refused, and so is a uuid of version 4."""
    bench = Bench()
    mug = await bench.tracked_mug(10)

    assert (await bench.move(mug, "STORE", "STORE", 1)).status_code == 400
    assert (
        await bench.move(mug, "STORE", "SOLD", 1, identifier=str(uuid.UUID(int=4 << 76)))
    ).status_code == 422
    assert (await bench.move(mug, "STORE", "SOLD", 1, movements=[])).status_code == 400
    assert (await bench.move(mug, "STORE", "SOLD", 1, movements=[{}] * 101)).status_code == 400


async def test_a_variant_that_is_gone_has_no_stock() -> None:
    """Its rows go with it, and with the product all of them."""
    bench = Bench()
    shirt = raw("Tröja", **with_sizes("S", "M"))
    await bench.client.post(PRODUCTS, json=shirt)
    await bench.act("tracking", product_uuid=shirt["uuid"], on=True)
    for number in (0, 1):
        await bench.act("stock", variant_uuid=variant_of(shirt, number), balance=5)

    await bench.client.put(
        f"{PRODUCTS}/v2/{shirt['uuid']}", json={"variants": [{"uuid": variant_of(shirt)}]}
    )
    assert [row["variantUuid"] for row in await rows(bench)] == [variant_of(shirt)]
    await bench.client.delete(f"{PRODUCTS}/{shirt['uuid']}")

    assert await rows(bench) == []
    assert (await bench.client.get(f"{V3}/products")).json() == []


@pytest.mark.parametrize(("sent", "header"), [(False, None), (True, "1")])
async def test_the_inventory_host_takes_four_calls_a_second(sent: bool, header: str | None) -> None:
    """A burst, then four a second, then 429, with Retry-After only by a switch; other hosts go
    on.
    """
    bench = Bench(Config(inventory_burst=8), retry_after=sent)

    async def spend() -> tuple[int, httpx2.Response]:
        taken = 0
        while (answer := await bench.client.get(f"{V3}/inventories")).status_code == 200:
            taken += 1
        return taken, answer

    first, refused = await spend()
    await bench.clock.advance(1)
    second, _ = await spend()
    await bench.clock.advance(3600)
    third, _ = await spend()

    assert (first, second, third) == (8, 4, 8)
    assert (refused.status_code, refused.headers.get("retry-after")) == (429, header)
    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 200


async def test_stock_does_not_touch_the_products_etag() -> None:
    """Inventory is a world of its own."""
    bench = Bench()
    mug = await bench.tracked_mug()

    await bench.act("stock", variant_uuid=variant_of(mug), balance=9)

    assert (await bench.client.get(f"{PRODUCTS}/{mug['uuid']}")).json()["etag"] == mug["etag"]


async def test_loaded_goods_keep_their_shape_and_levels() -> None:
    """Tracked without a row, with a row, and not tracked: as the stock record was given."""
    bench = Bench()
    full, empty, off = raw("full", externalReference=None), raw("empty"), raw("off")
    bench.sandbox.load_products(
        bench.organization, [full, empty, off], {variant_of(full): 3}, [full["uuid"], empty["uuid"]]
    )

    listed = {one["name"]: one for one in (await bench.client.get(f"{PRODUCTS}/v2")).json()}
    tracked = (await bench.client.get(f"{V3}/products")).json()

    assert listed["full"]["externalReference"] is None
    assert "externalReference" not in listed["empty"]
    assert [row["productUuid"] for row in tracked] == [full["uuid"], empty["uuid"]]
    assert [(row["variantUuid"], row["balance"]) for row in await rows(bench)] == [
        (variant_of(full), 3)
    ]
