"""What `brygga check` compares is compared strictly: each value that is wrong, lost or out of order
is a mismatch of its own.
"""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from brygga.cli.compare import Both, doubled, field_mismatches, own_slug, stock_mismatches

Json = dict[str, Any]


def variant(colour: str, size: str, number: int) -> Json:
    return {
        "uuid": f"v{number}",
        "sku": f"SKU-{number}",
        "barcode": f"731086500470{number}",
        "price": {"amount": 10000 + number, "currencyId": "SEK"},
        "options": [{"name": "Storlek", "value": size}, {"name": "Färg", "value": colour}],
        "presentation": {"imageUrl": f"https://till/image/v{number}.png"},
    }


ZETTLE: Json = {
    "uuid": "p",
    "name": "Tröja  Ås",
    "description": "Varm & mjuk",
    "variantOptionDefinitions": {
        "definitions": [
            {"name": "Färg", "properties": [{"value": "Röd"}, {"value": "Blå"}]},
            {"name": "Storlek", "properties": [{"value": "S"}, {"value": "M"}, {"value": "L"}]},
        ]
    },
    "variants": [variant("Röd", "S", 1), variant("Röd", "M", 2), variant("Blå", "S", 3)],
    "presentation": {"imageUrl": "https://till/image/a.png"},
    "online": {
        "presentation": {
            "additionalImageUrls": ["https://till/image/b", "https://till/lost.png"],
            "mediaUrls": [
                "https://youtu.be/aaaaaaaaaaa",
                "https://vimeo.com/1",
                "https://youtu.be/bbbbbbbbbbb",
            ],
        },
        "seo": {"title": "Tröja", "metaDescription": "Stickad", "slug": "troja-as"},
        "shipping": {"weightInGrams": 350},
    },
}


def shown(colour: str, size: str, number: int) -> Json:
    return {
        "id": number,
        "sku": f"SKU-{number}",
        "upc": f"731086500470{number}",
        "price": (10000 + number) / 100,
        "inventory_level": number,
        "image_url": f"/cdn/0123abcd_v{number}__12345.png",
        "option_values": [
            {"label": colour, "option_display_name": "Färg"},
            {"label": size, "option_display_name": "Storlek"},
        ],
    }


SHOP: Json = {
    "id": 9,
    "name": "Tröja Ås",
    "description": "<p>Varm &amp; mjuk</p>",
    "page_title": "Tröja",
    "meta_description": "Stickad",
    "custom_url": {"url": "/troja-as/"},
    "weight": "0.35",
    "price": 100.01,
    "categories": [7],
    "is_visible": False,
    "tax_class_id": 0,
    "inventory_tracking": "variant",
    "variants": [shown("Röd", "S", 1), shown("Röd", "M", 2), shown("Blå", "S", 3)],
    "options": [
        {
            "display_name": "Färg",
            "sort_order": 0,
            "option_values": [{"label": "Röd", "sort_order": 0}, {"label": "Blå", "sort_order": 1}],
        },
        {
            "display_name": "Storlek",
            "sort_order": 1,
            "option_values": [{"label": "S", "sort_order": 0}, {"label": "M", "sort_order": 1}],
        },
    ],
    "images": [
        {"id": 1, "image_file": "b/231/a__1.png", "sort_order": 0, "is_thumbnail": True},
        {"id": 2, "image_file": "b/231/b__2.png", "sort_order": 1, "is_thumbnail": False},
    ],
    "videos": [
        {"video_id": "aaaaaaaaaaa", "sort_order": 0},
        {"video_id": "bbbbbbbbbbb", "sort_order": 1},
    ],
}


def both(
    change: Callable[[Json], object] = lambda shop: None, levels: dict[str, int] | None = None
) -> Both:
    shop = copy.deepcopy(SHOP)
    change(shop)
    return Both(
        zettle=ZETTLE,
        shop=shop,
        levels={"v1": 1, "v2": 2, "v3": 3} if levels is None else levels,
        pictures=lambda source: "/image/" in source,
        shared_names=Counter(),
        shared_skus=Counter(),
        shared_slugs=Counter(),
        category_id=7,
        currency="SEK",
        weight_units="KGS",
        prices=True,
    )


def test_equal_products_differ_in_nothing() -> None:
    assert [] == [*field_mismatches(both()), *stock_mismatches(both())]


def swap(rows: list[Json], key: str) -> None:
    rows[0][key], rows[1][key] = rows[1][key], rows[0][key]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (lambda shop: shop.update(name="Tröja"), {"name"}),
        (lambda shop: shop.update(description="<p>Varm</p>"), {"description"}),
        (lambda shop: shop.update(page_title="Tröja…"), {"page_title"}),
        (lambda shop: shop.update(meta_description=""), {"meta_description"}),
        (lambda shop: shop["custom_url"].update(url="/troja-as-x/"), {"url"}),
        (lambda shop: shop.update(weight="0.351"), {"weight"}),
        (lambda shop: swap(shop["variants"], "price"), {"price"}),
        (lambda shop: swap(shop["variants"], "sku"), {"sku"}),
        (lambda shop: swap(shop["variants"], "upc"), {"barcode"}),
        (lambda shop: swap(shop["variants"], "image_url"), {"variant picture"}),
        (
            lambda shop: shop["variants"].pop(),
            {"variants", "variants found by their option values", "variants of their own"},
        ),
        (lambda shop: swap(shop["options"], "display_name"), {"options"}),
        (
            lambda shop: swap(shop["options"][1]["option_values"], "sort_order"),
            {"values of Storlek"},
        ),
        (lambda shop: swap(shop["images"], "sort_order"), {"images", "first image"}),
        (lambda shop: swap(shop["images"], "is_thumbnail"), {"first image"}),
        (lambda shop: shop["images"].pop(), {"images"}),
        (lambda shop: swap(shop["videos"], "sort_order"), {"videos"}),
        (lambda shop: shop.update(categories=[7, 8]), {"category"}),
        (lambda shop: shop.update(is_visible=True), {"visible"}),
        (lambda shop: shop.update(tax_class_id=2), {"tax class"}),
    ],
)
def test_whatever_differs_is_named(change: Callable[[Json], object], fields: set[str]) -> None:
    assert fields == {found.field for found in field_mismatches(both(change))}


def test_each_variant_has_its_own_stock() -> None:
    """A multiset would be the same."""
    assert 2 == len(stock_mismatches(both(levels={"v1": 2, "v2": 1, "v3": 3})))
    assert ["tracking"] == [
        found.field
        for found in stock_mismatches(both(lambda shop: shop.update(inventory_tracking="none")))
    ]


def test_two_products_for_one_are_a_mismatch() -> None:
    fields = [{"key": "zettle_uuid", "value": "p", "resource_id": number} for number in (1, 2, 3)]

    assert [("p", "2")] == [(found.product, found.bigcommerce) for found in doubled(fields, {1, 2})]


@pytest.mark.parametrize(
    ("name", "slug", "own"), [("Fat Ångström", "", "fat-angstrom"), ("Fat", "/Fat-1/", "fat-1")]
)
def test_a_path_is_asked_for_or_made_of_the_name(name: str, slug: str, own: str) -> None:
    assert own == own_slug({"name": name, "online": {"seo": {"slug": slug}}})
