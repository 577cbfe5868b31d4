"""Reading Zettle's JSON: everything that may be absent, null or of another type, and what must not
be.
"""

from decimal import Decimal
from typing import Any

import pytest

from brygga.core.failures import Refused
from brygga.core.model import InventoryType, Money, OptionDefinition, TaxationMode
from brygga.zettle import shapes
from brygga.zettle.values import Unreadable

CUP = {
    "uuid": "3f0a1c20-8c1e-11ee-9d2b-4f1c6a7b8e90",
    "name": " Kopp ",
    "description": "Blå glasyr",
    "presentation": {"imageUrl": "https://image.izettle.com/product/a.png"},
    "variants": [
        {
            "uuid": "3f0a1c21-8c1e-11ee-9d2b-4f1c6a7b8e90",
            "name": "S, Blå",
            "sku": "K-1",
            "barcode": "7350000000012",
            "price": {"amount": 24900, "currencyId": "SEK"},
            "options": [{"name": "Storlek", "value": " S "}, {"name": "Färg", "value": "Blå"}],
            "presentation": {"imageUrl": "https://image.izettle.com/product/v.png"},
        }
    ],
    "variantOptionDefinitions": {
        "definitions": [
            {"name": "Storlek", "properties": [{"value": " S "}, {"value": "M"}]},
            {"name": "Färg", "properties": [{"value": "Blå"}]},
        ]
    },
    "vatPercentage": "25.0",
    "unitName": "kg",
    "online": {
        "description": "Drejad för hand",
        "presentation": {
            "displayImageUrl": "https://image.izettle.com/product/b.png",
            "additionalImageUrls": [
                "https://image.izettle.com/product/a.png",
                "https://image.izettle.com/product/c.png",
            ],
            "mediaUrls": ["https://youtu.be/z3fRu9pkuXE", None],
        },
        "shipping": {"weightInGrams": 450, "weight": {"weight": 9, "unit": "kg"}},
        "seo": {"title": "Kopp | Lind", "metaDescription": "Handgjord", "slug": "kopp"},
    },
    "etag": 'W/"AB88"',
    "created": "2024-02-01T09:15:00.123+0000",
    "updated": "2024-02-01T09:16:00.123+0000",
}


def test_every_field_of_a_full_product_is_read() -> None:
    product = shapes.product(CUP)

    assert (product.name, product.description, product.online_description) == (
        " Kopp ",
        "Blå glasyr",
        "Drejad för hand",
    )
    assert (product.seo_title, product.seo_description, product.slug) == (
        "Kopp | Lind",
        "Handgjord",
        "kopp",
    )
    assert (product.weight_grams, product.vat_percentage, product.unit_name) == (
        Decimal(450),
        Decimal("25.0"),
        "kg",
    )
    assert product.image_urls == tuple(
        f"https://image.izettle.com/product/{key}.png" for key in "abc"
    )
    assert product.media_urls == ("https://youtu.be/z3fRu9pkuXE",)
    assert product.etag == "AB88"
    assert product.created is not None
    assert product.updated is not None
    assert product.definitions == (
        OptionDefinition("Storlek", (" S ", "M")),
        OptionDefinition("Färg", ("Blå",)),
    )
    (variant,) = product.variants
    assert variant.options == (("Storlek", " S "), ("Färg", "Blå"))
    assert variant.price == Money(24900, "SEK")
    assert (variant.sku, variant.barcode) == ("K-1", "7350000000012")
    assert variant.image_url == "https://image.izettle.com/product/v.png"


NOTHING_MORE = {"uuid": "p", "name": "Fat", "variants": [{"uuid": "v"}], "etag": "E"}
OLD = {
    **dict.fromkeys(
        (
            "description",
            "presentation",
            "variantOptionDefinitions",
            "vatPercentage",
            "online",
            "unitName",
        )
    ),
    "uuid": "p",
    "name": "Fat",
    "etag": "E",
    "imageLookupKeys": [],
    "variants": [
        {
            "uuid": "v",
            **dict.fromkeys(("name", "sku", "barcode", "price", "options", "presentation")),
        }
    ],
}


@pytest.mark.parametrize("raw", [NOTHING_MORE, OLD])
def test_absent_and_null_are_the_same(raw: dict[str, Any]) -> None:
    assert shapes.product(raw) == shapes.product(NOTHING_MORE)


@pytest.mark.parametrize("field", sorted(set(CUP) - {"uuid", "name", "variants"}))
@pytest.mark.parametrize("odd", [None, [], {}, "x", 7, True, [None], [[]], {"definitions": 3}])
def test_no_odd_field_makes_a_product_unreadable(field: str, odd: Any) -> None:
    assert shapes.product({**CUP, field: odd}).name == " Kopp "


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"variants": []}, "variants"),
        ({"variants": None}, "variants"),
    ],
)
def test_what_zettle_promises_must_be_there(change: dict[str, Any], missing: str) -> None:
    with pytest.raises(Refused) as caught:
        shapes.product({**CUP, **change})

    assert (caught.value.code, caught.value.errors["missing"]) == (
        "zettle_product_unreadable",
        missing,
    )


def test_one_unreadable_product_does_not_hide_the_others() -> None:
    good, bad = shapes.readable([CUP, {"uuid": "odd", "name": "Tom", "variants": []}, NOTHING_MORE])

    assert [one.name for one in good] == [" Kopp ", "Fat"]
    assert bad == (Unreadable("odd", "variants", "Tom"),)


def test_old_products_show_their_pictures_by_lookup_key() -> None:
    product = shapes.product({**NOTHING_MORE, "imageLookupKeys": ["k.jpeg"]})

    assert product.image_urls == ("https://image.izettle.com/productimage/o/k.jpeg",)


@pytest.mark.parametrize(
    ("shipping", "grams", "unread"),
    [
        ({"weightInGrams": "450"}, "450", ""),
        ({"weight": {"weight": Decimal("0.45"), "unit": "kg"}}, "450.00", ""),
        ({"weight": {"weight": 450, "unit": " g"}}, "450", ""),
        ({"weight": {"weight": 1, "unit": "LB"}}, "453.59237", ""),
        ({"weight": {"weight": 2, "unit": "oz"}}, "56.699046250", ""),
        ({"weight": {"weight": Decimal("0.002"), "unit": "t"}}, "2000.000", ""),
        ({"weight": {"weight": 1, "unit": "stone"}}, None, "1 stone"),
        ({"weight": {"weight": 3}}, None, "3"),
        ({"weight": {"unit": "kg"}}, None, ""),
        ({"weightInGrams": 450, "weight": {"weight": 1, "unit": "stone"}}, "450", ""),
        ({"weightInGrams": 0}, "0", ""),
        (None, None, ""),
    ],
)
def test_weight_is_grams_or_as_written_in_a_unit_nobody_knows(
    shipping: Any, grams: str | None, unread: str
) -> None:
    product = shapes.product({**NOTHING_MORE, "online": {"shipping": shipping}})

    assert (product.weight_grams, product.weight_unread) == (
        None if grams is None else Decimal(grams),
        unread,
    )


@pytest.mark.parametrize("price", [None, {}, {"amount": None, "currencyId": "SEK"}, {"amount": 5}])
def test_a_price_typed_at_the_till_is_none(price: Any) -> None:
    assert shapes.money(price) is None


def test_a_price_in_another_currency_is_read_as_it_stands() -> None:
    assert shapes.money({"amount": 0, "currencyId": "NOK"}) == Money(0, "NOK")


@pytest.mark.parametrize(
    ("raw", "expected"), [(12, 12), ("12", 12), (Decimal("1.75"), 1), ("-0.5", -1), (None, None)]
)
def test_a_balance_is_rounded_down_and_never_invented(raw: Any, expected: int | None) -> None:
    row = shapes.balance(
        {"variantUuid": "v", "productUuid": "p", "inventoryUuid": "i", "balance": raw}
    )

    assert row is not None
    assert row.balance == expected


def test_a_balance_speaks_of_inventories_or_of_locations() -> None:
    row = shapes.balance(
        {"variantUuid": "v", "productUuid": "p", "locationUuid": "i", "balance": "3"}
    )

    assert row is not None
    assert row.inventory_uuid == "i"
    assert shapes.balance({"productUuid": "p", "balance": 3}) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [{"productUuid": "p", "enabled": True}, {"productUuid": "q", "enabled": False}],
            {"p": True, "q": False},
        ),
        ([{"productUuid": "p"}, {"uuid": "q"}], {"p": True, "q": True}),
        ([{"productUuid": "p", "tracking": "disable"}], {"p": False}),
        (["p"], {"p": True}),
        (None, {}),
    ],
)
def test_tracking_is_read_from_any_row(rows: Any, expected: dict[str, bool]) -> None:
    assert shapes.statuses(rows) == expected


def test_inventories_are_known_by_type_not_by_name() -> None:
    found = shapes.inventory(
        {
            "inventoryUuid": "i",
            "inventoryType": "STORE",
            "name": "Butiken",
            "defaultInventory": True,
        }
    )

    assert found is not None
    assert (found.type, found.is_default) == (InventoryType.STORE, True)
    assert shapes.inventory({"inventoryUuid": "i", "inventoryType": "MOON"}) is None


def test_an_account_is_known_by_the_name_on_its_receipts() -> None:
    found = shapes.organization(
        {
            "uuid": "o",
            "name": "Nora Lind",
            "receiptName": "Linds Keramik",
            "currency": "SEK",
            "taxationMode": "EXCLUSIVE",
        }
    )

    assert (found.name, found.currency, found.taxation_mode) == (
        "Linds Keramik",
        "SEK",
        TaxationMode.EXCLUSIVE,
    )
    assert shapes.organization({"uuid": "o"}).taxation_mode is TaxationMode.INCLUSIVE


def test_a_purchase_is_read_from_rest_and_from_its_webhook() -> None:
    rows = [
        {"productUuid": "p", "variantUuid": "v", "quantity": "-0.75"},
        {"type": "CUSTOM_AMOUNT", "quantity": "1"},
    ]

    rest = shapes.purchase(
        {"purchaseUUID1": "u", "purchaseUUID": "short", "amount": -100, "products": rows}
    )
    reported = shapes.purchase(
        {"purchaseUuid": "u", "timestamp": 1706778900123, "amount": 100, "products": []}
    )

    assert (rest.uuid, rest.is_refund, [row.quantity for row in rest.rows]) == (
        "u",
        True,
        [Decimal("-0.75")],
    )
    assert (reported.uuid, reported.is_refund) == ("u", False)
    assert reported.at is not None
