"""Every call about variants, options and values, over HTTP, against a BigCommerce written from its
documents.
"""

from dataclasses import replace
from decimal import Decimal

from brygga.bigcommerce.values import NewVariant
from brygga.core.model import CatalogOption, CatalogVariant
from tests.bigcommerce.store import FILE, PICTURE, Store, code_of, scarf


async def test_variants_are_listed_by_product_and_products_by_sku() -> None:
    store = Store()
    made = await store.scarf()

    assert [one.sku for one in await store.api.variants(made.product_id)] == ["SJ-R", "SJ-B"]
    assert await store.api.products_with_sku("SJ-R") == {made.product_id}
    assert await store.api.products_with_sku("none") == frozenset()


async def test_update_variants_changes_many_and_null_inherits_the_price() -> None:
    store = Store()
    red, blue = (await store.scarf()).variants

    saved = await store.api.update_variants(
        [
            (red.variant_id, {"sku": "SJ-RED", "price": Decimal(300)}),
            (blue.variant_id, {"price": None}),
        ]
    )

    assert [(one.variant.sku, one.variant.price) for one in saved] == [
        ("SJ-RED", Decimal(300)),
        ("SJ-B", None),
    ]


async def test_update_variants_refuses_them_all_for_one_sku_that_is_taken() -> None:
    store = Store()
    red, blue = (await store.scarf()).variants

    batch = store.api.update_variants(
        [(red.variant_id, {"price": Decimal(1)}), (blue.variant_id, {"sku": "SJ-R"})]
    )

    assert await code_of(batch) == "sku_taken"


async def test_variants_are_made_of_existing_values_alone_and_in_batches() -> None:
    store = Store()
    made = await store.scarf()
    option_id = made.variants[0].values[0][0]
    green = await store.api.create_value(made.product_id, option_id, "Grön", 2)
    grey = await store.api.create_value(made.product_id, option_id, "Grå", 3)

    (one,) = await store.api.create_variants(
        [
            NewVariant(
                made.product_id, CatalogVariant("green", "SJ-G"), ((option_id, green.value_id),), 5
            )
        ]
    )
    other = await store.api.create_variant(
        NewVariant(
            made.product_id,
            CatalogVariant("grey", "SJ-Y", price=Decimal(9)),
            ((option_id, grey.value_id),),
        )
    )

    assert (one.variant.labels, one.product_id) == ((("Färg", "Grön"),), made.product_id)
    assert store.shop.level(variant_id=one.variant.variant_id) == 5
    assert (other.labels, other.price) == ((("Färg", "Grå"),), Decimal(9))
    twice = NewVariant(made.product_id, CatalogVariant("x", "SJ-X"), ((option_id, grey.value_id),))
    assert await code_of(store.api.create_variant(twice)) == "variant_exists"
    assert await code_of(store.api.create_variants([twice])) == "variant_exists"


async def test_update_and_delete_one_variant() -> None:
    store = Store()
    made = await store.scarf()
    red, blue = made.variants

    saved = await store.api.update_variant(
        made.product_id, red.variant_id, {"upc": "", "gtin": "7310000000010", "sku": "R"}
    )
    await store.api.delete_variant(made.product_id, blue.variant_id)
    await store.api.delete_variant(made.product_id, blue.variant_id)

    assert (saved.upc, saved.gtin, saved.sku) == ("", "7310000000010", "R")
    assert [one.variant_id for one in await store.api.variants(made.product_id)] == [red.variant_id]


async def test_a_variants_picture_by_address_and_by_bytes() -> None:
    store = Store()
    made = await store.scarf(variants=tuple(replace(one, image="") for one in scarf().variants))
    red, blue = made.variants

    assert await store.api.set_variant_image(made.product_id, red.variant_id, PICTURE)
    assert await store.api.upload_variant_image(made.product_id, blue.variant_id, FILE)

    assert all(one.image_url for one in await store.api.variants(made.product_id))
    missing = store.api.set_variant_image(
        made.product_id, red.variant_id, "https://pictures.example/gone.png"
    )
    assert await code_of(missing) == "image_unreachable"


async def test_options_and_values_are_made_renamed_and_deleted() -> None:
    store = Store()
    made = await store.cup()
    product_id = made.product_id

    option = await store.api.create_option(product_id, CatalogOption("Storlek", ("S", "M")), 0)
    value = await store.api.create_value(product_id, option.option_id, "L", 2)
    await store.api.rename_option(product_id, option.option_id, "Mått", 0)
    await store.api.rename_value(product_id, option.option_id, value.value_id, "XL", 2)
    await store.api.delete_value(product_id, option.option_id, option.values[0].value_id)

    (found,) = await store.api.options(product_id)
    assert (found.name, [one.label for one in found.values]) == ("Mått", ["M", "XL"])
    again = store.api.create_option(product_id, CatalogOption("Mått", ("1",)), 1)
    assert await code_of(again) == "option_exists"
    await store.api.delete_option(product_id, option.option_id)
    assert await store.api.options(product_id) == ()
