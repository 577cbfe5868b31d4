"""Pictures that the shop cannot fetch by itself are carried over as bytes, each once (rule P1,
decision 8).
"""

from typing import Any

import pytest

from brygga.core.report import Code
from tests.rules.products_bench import PICTURE, Bench, definitions, kr
from tests.rules.stack import DemoStack

LONG = f"{PICTURE}?v={'0123456789' * 30}"
BARE = PICTURE.removesuffix(".png")


def pictured(bench: Bench, *addresses: str) -> str:
    online = {
        "status": "ACTIVE",
        "presentation": {
            "displayImageUrl": addresses[0],
            "additionalImageUrls": list(addresses[1:]),
        },
    }
    return bench.till_product(online=online)


async def places(bench: Bench, uuid: str) -> list[tuple[int, bool]]:
    return sorted(
        (image["sort_order"], image["is_thumbnail"])
        for image in (await bench.shown(uuid))["images"]
    )


def variants_of(bench: Bench, uuid: str) -> list[dict[str, Any]]:
    return [dict(variant) for variant in bench.sandbox.till().product(uuid)["variants"]]


def uploads(bench: Bench) -> int:
    return sum(b'name="image_file"' in one.body for one in bench.requests("POST", "/image"))


@pytest.mark.rule("P1")
@pytest.mark.parametrize("address", [LONG, BARE], ids=["too long", "without ending"])
async def test_a_picture_whose_address_is_refused_is_uploaded_in_its_place(
    bench: Bench, address: str
) -> None:
    uuid = pictured(bench, address, PICTURE)

    await bench.finish_setup()

    assert [(0, True), (1, False)] == await places(bench, uuid)
    assert 1 == uploads(bench)
    assert 1 == len(
        [one for one in bench.requests("POST") if one.path.endswith("/catalog/products")]
    )
    assert Code.IMAGE_UNUSABLE not in await bench.codes()


@pytest.mark.rule("P1")
async def test_a_picture_that_the_shop_cannot_fetch_is_fetched_by_us(bench: Bench) -> None:
    """It asks for a picture twice, inside the product and by itself."""
    uuid = pictured(bench, PICTURE)
    bench.sandbox.zettle.faults.add("image_missing", path="/image/*", next=1)
    bench.fault("image_missing", "POST", "*/images", next=1)

    await bench.finish_setup()

    assert [(0, True)] == await places(bench, uuid)
    assert 1 == uploads(bench)
    assert Code.IMAGE_NOT_FETCHED not in await bench.codes()


@pytest.mark.rule("P1")
async def test_an_uploaded_picture_is_known_again_and_leaves_with_its_address(bench: Bench) -> None:
    uuid = pictured(bench, LONG, PICTURE)
    await bench.finish_setup()
    seen = len(bench.requests())

    bench.save(uuid, externalReference="a save that changes no field of ours")
    await bench.sync(uuid)
    quiet = [one.path for one in bench.requests()[seen:] if one.method != "GET"]
    bench.save(uuid, online={"status": "ACTIVE", "presentation": {"displayImageUrl": PICTURE}})
    await bench.sync(uuid)

    assert [] == quiet
    assert 1 == len((await bench.shown(uuid))["images"])


@pytest.mark.parametrize("address", [LONG, f"{PICTURE}?2"], ids=["by bytes", "by address"])
@pytest.mark.parametrize("kind", ["cut_after", "5xx_after", "html", "cut_before"])
async def test_an_upload_without_an_answer_gives_the_picture_once(
    bench: Bench, kind: str, address: str
) -> None:
    uuid = pictured(bench, PICTURE)
    await bench.finish_setup()
    presentation = {"displayImageUrl": PICTURE, "additionalImageUrls": [address]}
    bench.save(uuid, online={"status": "ACTIVE", "presentation": presentation})
    bench.fault(kind, "POST", "*/images", next=1)

    await bench.sync(uuid)
    await bench.wait(60)

    assert [True, False] == [thumbnail for _, thumbnail in await places(bench, uuid)]
    found = await bench.binding(uuid)
    assert found is not None
    assert {image["id"] for image in (await bench.shown(uuid))["images"]} == set(
        found.synced.images.values()
    )


async def test_a_picture_that_the_merchant_added_meanwhile_is_not_taken_for_ours(
    bench: Bench,
) -> None:
    uuid = pictured(bench, PICTURE)
    await bench.finish_setup()
    other = PICTURE.replace("a.png", "anothers-picture.png")
    presentation = {
        "displayImageUrl": PICTURE,
        "additionalImageUrls": [LONG.replace("a.png", "ours-it-is.png")],
    }
    bench.save(uuid, online={"status": "ACTIVE", "presentation": presentation})
    bench.fault("cut_before", "POST", "*/images", next=1)

    await bench.sync(uuid)
    own = await bench.sandbox.shop().add_image(await bench.product_id(uuid), other)
    await bench.wait(60)

    found = await bench.binding(uuid)
    assert found is not None
    assert 3 == len((await bench.shown(uuid))["images"])
    assert own not in found.synced.images.values()


@pytest.mark.rule("P1")
@pytest.mark.parametrize("address", [LONG, BARE], ids=["too long", "without ending"])
async def test_a_variants_picture_is_uploaded_too_at_create_and_for_a_later_variant(
    bench: Bench, address: str
) -> None:
    def variant(size: str) -> dict[str, Any]:
        options = [{"name": "Storlek", "value": size}]
        return {
            "name": size,
            "price": kr(9),
            "options": options,
            "presentation": {"imageUrl": address},
        }

    uuid = bench.till_product(
        "Tröja", variant("S"), variant("M"), **definitions("Storlek", "S", "M", "L")
    )
    await bench.finish_setup()
    bench.save(uuid, variants=[*variants_of(bench, uuid), bench.sandbox.till().fresh(variant("L"))])
    await bench.sync(uuid)

    assert [True] * 3 == [bool(one["image_url"]) for one in (await bench.shown(uuid))["variants"]]
    assert 3 == uploads(bench)


async def test_an_unfetchable_picture_does_not_keep_a_new_variant_away(bench: Bench) -> None:
    uuid = bench.shirt("S", "M")
    await bench.finish_setup()
    gone = {"imageUrl": "https://nowhere.test/gone.png"}
    options = [{"name": "Storlek", "value": "L"}]
    late = {"name": "L", "price": kr(9), "options": options, "presentation": gone}
    rows = [*variants_of(bench, uuid), bench.sandbox.till().fresh(late)]
    bench.save(uuid, variants=rows, **definitions("Storlek", "S", "M", "L"))

    await bench.sync(uuid)

    assert 3 == len((await bench.shown(uuid))["variants"])
    assert Code.IMAGE_NOT_FETCHED in await bench.codes()


async def test_a_picture_just_saved_that_is_not_there_yet_comes_a_little_later(
    bench: Bench,
) -> None:
    """zettle facts 6.2."""
    uuid = pictured(bench, PICTURE)
    bench.sandbox.zettle.faults.add("image_missing", path="/image/*", next=2)

    await bench.finish_setup()
    before = (await bench.shown(uuid))["images"]
    await bench.wait(6)

    assert ([], 1) == (before, len((await bench.shown(uuid))["images"]))
    assert Code.IMAGE_NOT_FETCHED not in await bench.codes()


async def test_what_is_no_web_address_is_left_out_at_once(bench: Bench) -> None:
    pictured(bench, "data:image/png;base64,iVBORw0KGgo=", PICTURE)

    await bench.finish_setup()

    assert Code.IMAGE_UNUSABLE in await bench.codes()
    assert 0 == uploads(bench)


@pytest.mark.rule("P5")
@pytest.mark.parametrize("silent", ["store", "both"])
async def test_a_picture_nobody_answers_for_keeps_no_other_edit_back(
    home: DemoStack, silent: str
) -> None:
    """Its own texts are there at once, another product's edit within seconds, not after the minute
    that a picture may take. The picture comes when it can be had.
    """
    slow, other = home.add("Mugg"), home.add("Fat")
    await home.connect()
    home.sandbox.bigcommerce.faults.add("timeout_before", path="*/images", lasts_s=50)
    if silent == "both":
        home.sandbox.zettle.faults.add("timeout_before", path="/image/*", lasts_s=50)

    home.till.edit_product(slow, name="Ny mugg", presentation={"imageUrl": PICTURE})
    await home.until(lambda: home.shown(slow)["name"] == "Ny mugg")
    home.till.edit_product(other, name="Nytt fat")
    await home.until(lambda: home.shown(other)["name"] == "Nytt fat")
    await home.wait(300)

    assert 1 == len(home.shown(slow)["images"])
    assert Code.IMAGE_NOT_FETCHED not in await home.codes()
