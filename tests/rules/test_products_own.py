"""What the merchant added in BigCommerce stays through any change from Zettle (rules P6, P7); what
Zettle clears is cleared alone (P1).
"""

from typing import Any

import pytest

from brygga.core.model import CatalogImage
from tests.rules.products_bench import PICTURE, Bench


@pytest.mark.rule("P6", "P7")
async def test_options_videos_and_pictures_that_the_merchant_added_stay(bench: Bench) -> None:
    uuid = bench.shirt(
        "S", "M", online={"status": "ACTIVE", "presentation": {"displayImageUrl": PICTURE}}
    )
    await bench.finish_setup()
    id_, shop = await bench.product_id(uuid), bench.session.shop
    option_id = bench.sandbox.shop().add_option(id_, "Gravyr", ("Nej", "Ja"))
    video = await shop.add_video(id_, "-Lind_0aB-c", 3)
    image = await shop.add_image(id_, CatalogImage(f"{PICTURE}?own", False, 9))
    till = bench.sandbox.till().product(uuid)

    bench.save(uuid, name="Jumper", online=None)
    await bench.sync(uuid)
    await bench.sync(uuid, force=True)

    shown = await bench.shown(uuid)
    assert {"Storlek", "Gravyr"} == {one["display_name"] for one in shown["options"]}
    assert option_id in {one["id"] for one in shown["options"]}
    assert ([video.id], [image.image_id]) == (
        [one["id"] for one in shown["videos"]],
        [one["id"] for one in shown["images"]],
    )
    assert till["variants"] == bench.sandbox.till().product(uuid)["variants"]


FULL: dict[str, Any] = {
    "description": "Drejad",
    "shipping": {"shippingPricingModel": "STANDARD", "weightInGrams": 450},
    "seo": {"title": "Titel", "metaDescription": "Handgjord", "slug": "mugg"},
    "presentation": {"displayImageUrl": PICTURE, "mediaUrls": ["https://youtu.be/z3fRu9pkuXE"]},
}


@pytest.mark.rule("P1", "P6")
@pytest.mark.parametrize(
    ("change", "field", "empty"),
    [
        ({"description": ""}, "description", ""),
        ({"shipping": None}, "weight", 0),
        ({"seo": {"title": "", "metaDescription": "Handgjord", "slug": "mugg"}}, "page_title", ""),
        (
            {"seo": {"title": "Titel", "metaDescription": None, "slug": "mugg"}},
            "meta_description",
            "",
        ),
        (
            {
                "presentation": {
                    "displayImageUrl": None,
                    "mediaUrls": FULL["presentation"]["mediaUrls"],
                }
            },
            "images",
            [],
        ),
        ({"presentation": {"displayImageUrl": PICTURE, "mediaUrls": []}}, "videos", []),
    ],
)
async def test_a_field_that_zettle_clears_is_cleared_alone(
    bench: Bench, change: dict[str, Any], field: str, empty: object
) -> None:
    fields = (
        "name",
        "description",
        "weight",
        "page_title",
        "meta_description",
        "images",
        "videos",
        "price",
        "sku",
    )
    uuid = bench.till_product(online={"status": "ACTIVE", **FULL})
    await bench.finish_setup()
    before = await bench.shown(uuid)

    bench.save(uuid, online={"status": "ACTIVE", **FULL, **change})
    await bench.sync(uuid)

    after = await bench.shown(uuid)
    assert (empty, True) == (after[field], bool(before[field]))
    assert {name: before[name] for name in fields if name != field} == {
        name: after[name] for name in fields if name != field
    }


@pytest.mark.rule("P12")
async def test_only_a_product_that_zettle_really_lacks_is_removed(bench: Bench) -> None:
    """An announcement that turns out to be wrong removes nothing."""
    there, gone = bench.till_product("Kvar"), bench.till_product("Borta")
    await bench.finish_setup()

    await bench.sync(there, detail="deleted")
    await bench.deleted(gone)

    assert ["Kvar"] == await bench.in_shop()


@pytest.mark.rule("P7", "P12")
async def test_what_only_the_shop_has_is_never_touched(bench: Bench) -> None:
    own = await bench.sandbox.shop().add_product(name="Bara i webbutiken")
    uuid = bench.till_product("Mugg")
    await bench.finish_setup()
    before = bench.raw(own.id)

    bench.save(uuid, name="Kopp")
    await bench.sync(uuid)
    await bench.sweep()
    await bench.deleted(uuid)

    assert before == bench.raw(own.id)
    assert ["Bara i webbutiken"] == await bench.in_shop()
