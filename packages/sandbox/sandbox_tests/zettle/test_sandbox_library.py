"""The whole library of the Zettle sandbox: pages, and what has changed since (zettle facts 2.2)."""

from typing import Any

import pytest

from brygga_sandbox.library import demo_library
from sandbox_tests.zettle.zettle_bench import LIBRARY, PRODUCTS, Bench, raw, v1

JSON = dict[str, Any]


async def follow(bench: Bench, url: str) -> list[JSON]:
    """Pages, following the Link headers as they are."""
    pages, at = [], url
    while at:
        answer = await bench.client.get(at)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        at = answer.links.get("next", {}).get("url", "")
    return pages


async def test_the_library_is_read_in_pages() -> None:
    """Every product once, though products come and go between two pages."""
    bench = Bench()
    products = [await bench.mug(name=f"m{number}") for number in range(7)]
    first = await bench.client.get(f"{LIBRARY}?limit=3")
    await bench.client.delete(f"{PRODUCTS}/{products[1]['uuid']}")

    rest = await follow(bench, first.links["next"]["url"])

    names = [one["name"] for page in [first.json(), *rest] for one in page["products"]]
    assert names == [f"m{number}" for number in range(7)]
    assert first.links["first"]
    assert {page["untilEventLogUuid"] for page in rest} == {first.json()["untilEventLogUuid"]}


async def test_the_library_tells_what_has_changed_since() -> None:
    """Created and saved products whole, deleted ones by uuid, each once."""
    bench = Bench()
    kept, saved, dropped = [await bench.mug(name=name) for name in ("kept", "saved", "dropped")]
    since = (await bench.client.get(LIBRARY)).json()["untilEventLogUuid"]
    await bench.client.put(f"{PRODUCTS}/v2/{saved['uuid']}", json={"name": "saved once"})
    await bench.client.put(f"{PRODUCTS}/v2/{saved['uuid']}", json={"name": "saved twice"})
    await bench.client.delete(f"{PRODUCTS}/{dropped['uuid']}")
    await bench.mug(name="new")

    pages = await follow(bench, f"{LIBRARY}?eventLogUuid={since}&limit=1")

    assert [one["name"] for page in pages for one in page["products"]] == ["saved twice", "new"]
    assert [one for page in pages for one in page["deletedProducts"]] == [dropped["uuid"]]
    assert kept["name"] == "kept"
    again = (
        await bench.client.get(f"{LIBRARY}?eventLogUuid={pages[-1]['untilEventLogUuid']}")
    ).json()
    assert (again["products"], again["deletedProducts"]) == ([], [])


async def test_too_old_or_unknown_a_place_in_the_log_is_412() -> None:
    """Above 500 changes, for an id nobody knows, and by a switch."""
    bench = Bench()
    mug = await bench.mug()
    since = (await bench.client.get(LIBRARY)).json()["untilEventLogUuid"]
    till = bench.sandbox.till()
    for number in range(500):
        till.edit_product(mug["uuid"], name=f"n{number}")
    assert (await bench.client.get(f"{LIBRARY}?eventLogUuid={since}")).status_code == 200
    till.edit_product(mug["uuid"], name="one more")

    assert (await bench.client.get(f"{LIBRARY}?eventLogUuid={since}")).status_code == 412
    assert (await bench.client.get(f"{LIBRARY}?eventLogUuid={v1()}")).status_code == 412
    latest = (await bench.client.get(LIBRARY)).json()["untilEventLogUuid"]
    assert (await bench.client.get(f"{LIBRARY}?eventLogUuid={latest}")).status_code == 200
    await bench.client.post("/sandbox/switches", json={"event_log_lost": True})
    assert (await bench.client.get(f"{LIBRARY}?eventLogUuid={latest}")).status_code == 412


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "offset=made-up"])
async def test_a_page_is_1_to_500_and_offsets_are_not_made_up(query: str) -> None:
    """400 for anything else."""
    assert (await Bench().client.get(f"{LIBRARY}?{query}")).status_code == 400


async def test_the_list_may_page_too() -> None:
    """By a switch, 500 at a time."""
    bench = Bench(products_list_pages=True)
    bench.sandbox.load_products(bench.organization, [raw(f"p{number}") for number in range(501)])

    pages = await follow(bench, f"{PRODUCTS}/v2")

    assert [len(page) for page in pages] == [500, 1]


async def test_the_demo_library_can_be_saved_again() -> None:
    """Every product on the stock record that today's API would take is taken: no rule of ours
    refuses ordinary goods.
    """
    bench, library = Bench(), demo_library()
    bench.sandbox.load_products(
        bench.organization, library.products, library.stock, library.tracked
    )

    answers = {
        one["name"]: (
            await bench.client.put(f"{PRODUCTS}/v2/{one['uuid']}", json={"name": one["name"]})
        ).status_code
        for one in library.products
        if one["uuid"] not in library.refused
    }

    assert {name: status for name, status in answers.items() if status != 204} == {}
