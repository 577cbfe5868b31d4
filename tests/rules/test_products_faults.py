"""What goes wrong on a product's way to the shop: names that are taken, pictures that are gone,
creates without an answer, deletions (rules P10, P11, decisions 6 and 8).
"""

from typing import Any

import pytest

from brygga.core import clashes
from brygga.core.report import Code
from tests.rules.products_bench import PICTURE, Bench, kr


@pytest.mark.rule("P11")
async def test_equal_names_lose_no_product(bench: Bench) -> None:
    """Decision 6: the second gets a suffix, stays as it is at the next save, and both are named."""
    first = bench.till_product("Mugg", {"sku": "A", "price": kr(1)})
    second = bench.till_product("Mugg", {"sku": "a", "price": kr(2)})

    await bench.finish_setup()
    names = await bench.in_shop()
    for uuid in (first, second):
        bench.save(uuid, description="Ny text")
    await bench.sync(first, second)

    suffixed = {clashes.distinct_name("Mugg", first), clashes.distinct_name("Mugg", second)} & set(
        names
    )
    assert (2, 1) == (len(names), len(suffixed))
    assert names == await bench.in_shop()
    clash = next(
        line
        for line in await bench.log()
        if line.code is Code.CLASH and line.params["field"] == "name"
    )
    assert ("Mugg", "Mugg") == (clash.params["value"], clash.params["other"])


async def test_a_picture_that_cannot_be_fetched_costs_only_itself(bench: Bench) -> None:
    """Decision 8."""
    gone = "https://nowhere.test/gone.png"
    online = {
        "status": "ACTIVE",
        "presentation": {"displayImageUrl": PICTURE, "additionalImageUrls": [gone]},
    }
    uuid = bench.till_product(online=online)

    await bench.finish_setup()

    assert 1 == len((await bench.shown(uuid))["images"])
    assert [gone] == [
        line.params["url"] for line in await bench.log() if line.code is Code.IMAGE_NOT_FETCHED
    ]


@pytest.mark.parametrize("kind", ["cut_after", "5xx_after", "html", "cut_before", "5xx_before"])
async def test_an_unanswered_create_makes_one_product(bench: Bench, kind: str) -> None:
    uuid = bench.shirt("S", "M")
    bench.fault(kind, "POST", "*/catalog/products", next=1)

    await bench.finish_setup()
    for _ in range(10):
        await bench.wait(10)

    assert ["Tröja"] == await bench.in_shop()
    shown = await bench.shown(uuid)
    found = await bench.binding(uuid)
    assert found is not None
    assert {v["id"] for v in shown["variants"]} == set(found.synced.variants.values())
    assert found.synced.fingerprint


@pytest.mark.parametrize(
    "edit",
    [
        {"description": "<p>Ny text</p>", "price": 5},
        {"is_visible": True},
        {"name": "Omdöpt"},
    ],
    ids=["text and price", "shown", "renamed"],
)
@pytest.mark.parametrize("sizes", [(), ("S", "M")], ids=["simple", "with variants"])
async def test_an_unanswered_create_is_known_by_its_skus_whatever_changed_meanwhile(
    bench: Bench, edit: dict[str, Any], sizes: tuple[str, ...]
) -> None:
    uuid = bench.shirt(*sizes) if sizes else bench.till_product("Mugg", {"sku": "MUGG-1"})
    bench.fault("cut_after", "POST", "*/catalog/products", next=1)
    await bench.finish_setup()
    [made] = [one.product_id for one in await bench.session.shop.products_page()]
    await bench.sandbox.shop().edit_product(made, **edit)

    for _ in range(10):
        await bench.wait(10)

    assert made == await bench.product_id(uuid)
    assert 1 == len(await bench.in_shop())
    assert Code.CLASH not in await bench.codes()


async def test_an_unanswered_create_takes_no_product_with_its_skus_from_elsewhere(
    bench: Bench,
) -> None:
    """An import of the merchant's own, in the same minute: not in our category, so it is theirs
    (decision 6).
    """
    uuid = bench.till_product("Mugg", {"sku": "MUGG-1"})
    bench.fault("cut_before", "POST", "*/catalog/products", next=1)
    await bench.finish_setup()
    own = await bench.sandbox.shop().add_product(
        name="Mugg", weight=1, price=1, sku="MUGG-1", categories=[]
    )

    for _ in range(10):
        await bench.wait(10)

    assert await bench.product_id(uuid) != own.id
    assert Code.CLASH in await bench.codes()


async def test_an_unanswered_create_never_takes_the_merchants_own_product(bench: Bench) -> None:
    """Visible, or in another category: somebody else made it."""
    uuid = bench.till_product("Mugg")
    bench.fault("cut_before", "POST", "*/catalog/products", next=1)
    await bench.finish_setup()
    own = await bench.sandbox.shop().add_product(
        name="Mugg", weight=1, price=1, is_visible=True, categories=[]
    )

    for _ in range(10):
        await bench.wait(10)

    assert await bench.product_id(uuid) != own.id
    assert ["Mugg", clashes.distinct_name("Mugg", uuid)] == await bench.in_shop()


@pytest.mark.rule("P10")
async def test_a_product_deleted_in_the_shop_comes_back_at_the_next_save(bench: Bench) -> None:
    uuid = bench.till_product()
    await bench.finish_setup()
    bench.sandbox.shop().delete_product(await bench.product_id(uuid))

    await bench.sync(uuid)
    unchanged = await bench.in_shop()
    await bench.sync(uuid, force=True)

    assert ([], ["Mugg"]) == (unchanged, await bench.in_shop())
    assert Code.PRODUCT_RESTORED in await bench.codes()
