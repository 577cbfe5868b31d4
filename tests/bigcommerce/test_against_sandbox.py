"""Every call about products, pictures, videos and metafields, over HTTP, against a BigCommerce
written from its documents; and both readings of what those leave open.
"""

from decimal import Decimal
from typing import Any

import pytest

from brygga.bigcommerce import events
from brygga.core.failures import Unanswered
from brygga.core.model import CatalogImage, CatalogVariant, Tracking
from brygga.core.operations import Create
from brygga_sandbox.faults import Rule
from tests.bigcommerce.store import FILE, PICTURE, PNG, Store, code_of, cup, scarf

SECRET_HEADERS = {events.SECRET_HEADER: "per-store-secret"}


# ---- Products ------------------------------------------------------------------------------------


async def test_create_product_sends_a_simple_product_whole() -> None:
    store = Store()
    category = await store.category()

    made = (await store.api.create_product(cup(), Create(category, {"cup": 7}))).product

    raw = store.shop.raw(made.product_id)
    assert (raw["name"], raw["sku"], raw["upc"], raw["description"]) == (
        "Kopp",
        "K-1",
        "735000000001",
        "<p>Blå</p>",
    )
    assert (raw["page_title"], raw["meta_description"], raw["custom_url"]["url"]) == (
        "Kopp | Lind",
        "Handgjord",
        "/kopp/",
    )
    assert (Decimal(str(raw["price"])), Decimal(str(raw["weight"]))) == (
        Decimal("249.5"),
        Decimal("0.45"),
    )
    assert (raw["categories"], raw["is_visible"], raw["inventory_tracking"]) == (
        [category],
        False,
        "product",
    )
    assert store.shop.level(product_id=made.product_id) == 7
    assert made.base_variant_id is not None
    assert [one.variant_id for one in made.variants] == [made.base_variant_id]


@pytest.mark.parametrize("children", [True, False])
async def test_create_product_knows_every_childs_id_whatever_the_answer_holds(
    children: bool,
) -> None:
    store = Store({"create_returns_children": children})

    saved = await store.api.create_product(
        scarf(), Create(await store.category(), {"red": 4, "blue": 2})
    )

    product = saved.product
    assert saved.complete
    assert [one.labels for one in product.variants] == [(("Färg", "Röd"),), (("Färg", "Blå"),)]
    assert all(
        option_id and value_id for one in product.variants for option_id, value_id in one.values
    )
    assert [one.price for one in product.variants] == [None, Decimal(259)]
    assert [one.video_id for one in product.videos] == ["z3fRu9pkuXE"]
    assert [one.is_thumbnail for one in product.images] == [True]
    assert product.tracking is Tracking.VARIANT
    assert [store.shop.level(variant_id=one.variant_id) for one in product.variants] == [4, 2]


async def test_a_product_is_there_although_the_read_after_it_failed() -> None:
    store = Store({"create_returns_children": False})
    category = await store.category()
    store.sandbox.faults.rules.append(Rule("5xx_before", "GET", "*/catalog/products/*", next=1))

    saved = await store.api.create_product(scarf(), Create(category))

    assert (saved.product.product_id > 0, saved.complete) == (True, False)


@pytest.mark.rule("C6", "P4", "S1")
async def test_a_create_without_prices_and_tracking_costs_zero_and_counts_nothing() -> None:
    store = Store()

    made = (await store.api.create_product(cup(price=None), Create(await store.category()))).product

    assert (made.price, made.tracking, made.is_visible, made.tax_class_id) == (
        Decimal(0),
        Tracking.NONE,
        False,
        0,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"variants": (CatalogVariant("x", "K-9"),), "url": "/annan/"}, "name_taken"),
        ({"name": "Fat", "variants": (CatalogVariant("x", "k-1"),), "url": "/fat/"}, "sku_taken"),
        ({"name": "Fat", "variants": (CatalogVariant("x", "K-9"),)}, "url_taken"),
        ({"name": "x" * 251, "variants": (CatalogVariant("x"),), "url": ""}, "input_refused"),
    ],
)
async def test_create_product_says_what_is_taken(changes: dict[str, Any], code: str) -> None:
    store = Store()
    await store.cup()

    assert (
        await code_of(store.api.create_product(cup(**changes), Create(await store.category())))
        == code
    )


async def test_create_product_in_a_category_that_is_gone() -> None:
    assert await code_of(Store().api.create_product(cup(), Create(9999))) == "category_unknown"


@pytest.mark.parametrize("status", [422, 400])
async def test_a_picture_that_cannot_be_fetched_refuses_the_whole_and_goes_without(
    status: int,
) -> None:
    store = Store({"inline_image_status": status})
    desired = cup(images=(CatalogImage("https://pictures.example/gone.png", True, 0),))
    create = Create(await store.category())

    assert await code_of(store.api.create_product(desired, create)) in (
        "image_unreachable",
        "image_refused",
    )
    saved = await store.api.create_product(desired, create, images=False)

    assert saved.product.images == ()


async def test_a_create_whose_answer_is_lost_is_unanswered() -> None:
    store = Store()
    create = Create(await store.category())
    store.sandbox.faults.rules.append(Rule("cut_after", "POST", "*/catalog/products", next=1))

    with pytest.raises(Unanswered):
        await store.api.create_product(cup(), create)

    assert (await store.api.products_page(name="Kopp")).total == 1


async def test_products_reads_by_id_and_leaves_out_what_is_gone() -> None:
    store = Store()
    first, second = await store.cup(), await store.scarf()

    found = await store.api.products([first.product_id, second.product_id, 99_999])

    assert set(found) == {first.product_id, second.product_id}
    assert (len(found[second.product_id].variants), found[second.product_id].options) == (2, None)
    assert await store.api.products([]) == {}


async def test_product_reads_one_with_its_options_or_none() -> None:
    store = Store()
    made = await store.scarf()

    found = await store.api.product(made.product_id)

    assert found is not None
    assert found.options is not None
    assert [(one.name, [value.label for value in one.values]) for one in found.options] == [
        ("Färg", ["Röd", "Blå"])
    ]
    assert found.created is not None
    assert await store.api.product(99_999) is None


async def test_products_page_filters_and_pages() -> None:
    store = Store()
    category = await store.category()
    for at in range(5):
        await store.cup(name=f"Kopp {at}", url="", variants=(CatalogVariant("x"),))
    await store.shop.add_product(name="Egen")

    first = await store.api.products_page(category_id=category, limit=3)
    second = await store.api.products_page(first.next or 0, category_id=category, limit=3)

    assert ([one.name for one in first], first.total) == (["Kopp 0", "Kopp 1", "Kopp 2"], 5)
    assert ([one.name for one in second], second.next) == (["Kopp 3", "Kopp 4"], None)
    assert [one.name for one in await store.api.products_page(name="Egen", include=())] == ["Egen"]


async def test_update_product_changes_only_what_is_named() -> None:
    store = Store()
    made = await store.cup()

    saved = await store.api.update_product(
        made.product_id, {"name": "Mugg", "price": Decimal("99.90"), "url": "/mugg/"}
    )

    assert (saved.product.name, saved.product.price, saved.product.url) == (
        "Mugg",
        Decimal("99.9"),
        "/mugg/",
    )
    assert (saved.product.description, saved.product.sku, saved.failed) == ("<p>Blå</p>", "K-1", {})


@pytest.mark.parametrize("answer", ["207", "409"])
async def test_an_address_that_is_taken_never_passes_unseen(answer: str) -> None:
    store = Store({"url_clash_on_put": answer})
    await store.cup()
    other = await store.scarf()

    update = store.api.update_product(other.product_id, {"name": "Halsduk", "url": "/kopp/"})

    if answer == "409":
        assert await code_of(update) == "url_taken"
    else:
        saved = await update
        assert (saved.product.name, len(saved.failed)) == ("Halsduk", 1)


async def test_update_of_a_product_that_is_gone() -> None:
    assert await code_of(Store().api.update_product(99_999, {"name": "x"})) == "product_gone"


async def test_update_products_changes_up_to_ten() -> None:
    store = Store()
    first, second = await store.cup(), await store.scarf()

    saved = await store.api.update_products(
        [(first.product_id, {"name": "A"}), (second.product_id, {"name": "B"})]
    )

    assert {key: one.name for key, one in saved.products.items()} == {
        first.product_id: "A",
        second.product_id: "B",
    }
    assert saved.failed == {}


@pytest.mark.rule("D2")
async def test_delete_products_deletes_these_and_no_other() -> None:
    store = Store()
    first, second = await store.cup(), await store.scarf()

    await store.api.delete_products([first.product_id, 99_999])

    assert set(await store.api.products([first.product_id, second.product_id])) == {
        second.product_id
    }
    with pytest.raises(AssertionError):
        await store.api.delete_products([])


# ---- Pictures, videos, metafields ----------------------------------------------------------------


@pytest.mark.parametrize("empty", ["200", "204"])
async def test_images_are_added_moved_and_deleted(empty: str) -> None:
    store = Store({"empty_image_list": empty})
    product_id = (await store.cup()).product_id
    assert await store.api.images(product_id) == ()

    first = await store.api.add_image(product_id, CatalogImage(PICTURE, True, 0))
    second = await store.api.upload_image(product_id, FILE, CatalogImage(PICTURE, False, 1))
    moved = await store.api.update_image(
        product_id, second.image_id, CatalogImage(PICTURE, True, 3)
    )
    await store.api.delete_image(product_id, first.image_id)

    assert (moved.is_thumbnail, moved.sort_order) == (True, 3)
    assert [one.image_id for one in await store.api.images(product_id)] == [second.image_id]


async def test_a_picture_that_cannot_be_fetched_is_told_from_one_that_is_refused() -> None:
    store = Store()
    product_id = (await store.cup()).product_id
    store.pictures["https://pictures.example/big.png"] = PNG + b"\x00" * (8 * 1024 * 1024)

    unreachable = store.api.add_image(
        product_id, CatalogImage("https://pictures.example/gone.png", False, 0)
    )
    too_big = store.api.add_image(
        product_id, CatalogImage("https://pictures.example/big.png", False, 0)
    )

    assert await code_of(unreachable) == "image_unreachable"
    assert await code_of(too_big) == "image_refused"


async def test_videos_are_added_moved_and_deleted() -> None:
    store = Store()
    product_id = (await store.cup()).product_id

    video = await store.api.add_video(product_id, "z3fRu9pkuXE", 0)
    moved = await store.api.move_video(product_id, video.id, 4)
    assert [(one.video_id, one.sort_order) for one in await store.api.videos(product_id)] == [
        ("z3fRu9pkuXE", 4)
    ]
    await store.api.delete_video(product_id, video.id)

    assert moved.id == video.id
    assert await store.api.videos(product_id) == ()
    assert await code_of(store.api.add_video(product_id, "no/video", 0)) == "video_refused"


async def test_metafields_are_written_in_part_found_and_deleted() -> None:
    store = Store()
    first, second = await store.cup(), await store.scarf()

    whole = await store.api.create_metafields([(first.product_id, "uuid", "p1")])
    partly = await store.api.create_metafields(
        [(first.product_id, "uuid", "p1"), (second.product_id, "uuid", "p2")]
    )

    assert ([one.product_id for one in whole.saved], whole.failed) == ([first.product_id], ())
    assert ([one.product_id for one in partly.saved], len(partly.failed)) == (
        [second.product_id],
        1,
    )
    await store.api.delete_metafields([one.id for one in (*whole.saved, *partly.saved)])
    assert store.shop.state()["metafields"] == []


async def test_channel_assignments() -> None:
    store = Store({"default_channel_auto": "never"})
    product_id = (await store.cup()).product_id

    assert await store.api.channel_assignments([product_id]) == frozenset()
    await store.api.assign_channel(1, [product_id])
    await store.api.assign_channel(1, [product_id])

    assert await store.api.channel_assignments([product_id]) == {(product_id, 1)}
