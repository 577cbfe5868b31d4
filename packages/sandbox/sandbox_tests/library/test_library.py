"""The demo library holds what a real one may hold, and is the same every time."""

from collections import Counter
from itertools import chain
from typing import Any
from uuid import UUID

import pytest

from brygga_sandbox.library import Library, demo_library, generated_library, odd
from brygga_sandbox.library.build import VIDEO_FORMS
from brygga_sandbox.library.demo import ODDS

JSON = dict[str, Any]


@pytest.fixture(scope="module")
def library() -> Library:
    return demo_library()


def variants(library: Library) -> list[JSON]:
    return list(chain.from_iterable(product["variants"] for product in library.products))


def check_digit_is_right(code: str) -> bool:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def test_two_hundred_products_about_half_with_variants(library: Library) -> None:
    with_options = [product for product in library.products if len(product["variants"]) > 1]

    assert len(library.products) == 200
    assert 90 <= len(with_options) <= 115


def test_every_uuid_is_version_1_and_given_once(library: Library) -> None:
    uuids = [one["uuid"] for one in [*library.products, *variants(library)]]

    assert {UUID(uuid).version for uuid in uuids} == {1}
    assert [uuid for uuid, times in Counter(uuids).items() if times > 1] == []


def test_two_builds_are_equal_and_share_no_object(library: Library) -> None:
    again = demo_library()

    assert again == library
    again.products[0]["variants"][0]["price"]["amount"] += 1
    assert demo_library() == library


def test_another_namespace_has_the_same_goods_under_other_uuids(library: Library) -> None:
    other = demo_library(namespace="another")

    assert [product["name"] for product in other.products] == [
        product["name"] for product in library.products
    ]
    assert {product["uuid"] for product in other.products}.isdisjoint(
        product["uuid"] for product in library.products
    )


def test_ordinary_products_share_neither_name_nor_sku_nor_barcode(library: Library) -> None:
    strange = set(chain.from_iterable(library.odd.values()))
    ordinary = [product for product in library.products if product["uuid"] not in strange]
    names = Counter(product["name"] for product in ordinary)
    skus = Counter(variant.get("sku") for product in ordinary for variant in product["variants"])
    barcodes = Counter(
        variant.get("barcode") for product in ordinary for variant in product["variants"]
    )
    del skus[None], barcodes[None]

    assert max(names.values()) == max(skus.values()) == max(barcodes.values()) == 1


def test_ordinary_barcodes_have_a_right_check_digit(library: Library) -> None:
    strange = set(chain.from_iterable(library.odd.values()))
    codes = [
        variant["barcode"]
        for product in library.products
        if product["uuid"] not in strange
        for variant in product["variants"]
        if variant.get("barcode")
    ]

    assert len(codes) > 200
    assert all(len(code) == 13 and check_digit_is_right(code) for code in codes)


def test_products_that_are_not_refused_keep_to_the_documents(library: Library) -> None:
    """Limits of zettle facts 2.3 to 2.5, and one option per definition for every variant."""
    for product in library.products:
        if product["uuid"] not in library.refused:
            texts_are_short_enough(product)
            every_variant_has_each_option(product)


def texts_are_short_enough(product: dict[str, Any]) -> None:
    assert 1 <= len(product["name"]) <= 256
    assert len(product.get("description") or "") <= 1024
    online = product.get("online") or {}
    assert len(online.get("description") or "") <= 3500
    seo = online.get("seo") or {}
    assert len(seo.get("title") or "") <= 256
    assert len(seo.get("metaDescription") or "") <= 320
    presentation = online.get("presentation") or {}
    assert len(presentation.get("additionalImageUrls") or []) <= 25
    assert len(presentation.get("mediaUrls") or []) <= 8


def every_variant_has_each_option(product: dict[str, Any]) -> None:
    assert 1 <= len(product["variants"]) <= 99
    definitions = (product.get("variantOptionDefinitions") or {}).get("definitions", [])
    assert len(definitions) <= 3
    for definition in definitions:
        assert 1 <= len(definition["name"]) <= 30
        assert 1 <= len(definition["properties"]) <= 99
        assert all(1 <= len(value["value"]) <= 256 for value in definition["properties"])
    allowed = {one["name"]: {value["value"] for value in one["properties"]} for one in definitions}
    for variant in product["variants"]:
        options = {option["name"]: option["value"] for option in variant.get("options") or []}
        assert options.keys() == allowed.keys(), product["name"]
        assert all(value in allowed[name] for name, value in options.items())
        assert len(variant.get("sku") or "") <= 64
        assert variant["price"] is None or variant["price"]["amount"] >= 0


def test_refused_products_are_refused_for_a_reason_of_the_documents(library: Library) -> None:
    reasons = {
        "variant lacks an option",
        "value missing from properties",
        "variants with rates of their own",
        "sku above 64 characters",
    }
    tags = {tag for tag, uuids in library.odd.items() if library.refused.intersection(uuids)}

    assert tags >= reasons
    assert len(library.refused) == len(reasons)


# What each tag says, asked of the product that carries it.
ODD_CHECKS: dict[str, Any] = {
    "several variants without definitions": lambda p: (
        len(p["variants"]) == 3
        and not p.get("variantOptionDefinitions")
        and not any(v.get("options") for v in p["variants"])
        and all(v["name"] for v in p["variants"])
    ),
    "several variants without definitions or names": lambda p: (
        not any(v.get("name") for v in p["variants"])
    ),
    "several variants without definitions, equal names": lambda p: (
        len({v["name"].strip() for v in p["variants"]}) == 1
    ),
    "one variant with definitions": lambda p: (
        len(p["variants"]) == 1 and p["variantOptionDefinitions"]["definitions"]
    ),
    "option name with surrounding spaces": lambda p: names(p) == [" Färg "],
    "option value with surrounding spaces": lambda p: values(p) == ["Röd", " Blå", "Grön "],
    "numeric values": lambda p: all(float(value) is not None for value in values(p)),
    "negative numeric values": lambda p: values(p)[0] == "-20",
    "values differing only in case": lambda p: (
        {v.lower() for v in values(p)} == {"röd"} and len(values(p)) == 3
    ),
    "variant lacks an option": lambda p: (
        min(len(v["options"]) for v in p["variants"]) < len(names(p))
    ),
    "value missing from properties": lambda p: set(sold(p)) - set(values(p)) == {"2023"},
    "two variants with equal values": lambda p: sold(p).count("Svart") == 2,
    "combination not sold": lambda p: len(p["variants"]) == 7,
    "value without a variant": lambda p: set(values(p)) - set(sold(p)) == {"Kvarts", "Opal"},
    "three options": lambda p: len(names(p)) == 3,
    "order of the merchant": lambda p: values(p) == ["Stor", "Liten", "Mellan"],
    "99 variants": lambda p: len(p["variants"]) == 99,
    "99 values": lambda p: len(values(p)) == 99,
    "option name of 30 characters": lambda p: len(names(p)[0]) == 30,
    "option value of 256 characters": lambda p: len(values(p)[0]) == 256,
    "values equal when cut": lambda p: (
        values(p)[0] != values(p)[1] and values(p)[0][:255] == values(p)[1][:255]
    ),
    "picture on an option value": lambda p: all(
        value["imageUrl"] for value in p["variantOptionDefinitions"]["definitions"][0]["properties"]
    ),
    "price null": lambda p: p["variants"][0]["price"] is None,
    "not weighed": lambda p: (p.get("online") or {}).get("shipping") is None,
    "price null on one variant": lambda p: (
        [v["price"] is None for v in p["variants"]] == [False, False, True]
    ),
    "price zero": lambda p: p["variants"][0]["price"]["amount"] == 0,
    "price in another currency": lambda p: p["variants"][0]["price"]["currencyId"] == "CHF",
    "sold per unit": lambda p: p["unitName"] == "m",
    "variants with rates of their own": lambda p: (
        len({v["vatPercentage"] for v in p["variants"]}) == 2
    ),
    "variant description": lambda p: all(v["description"] for v in p["variants"]),
    "tax exempt": lambda p: p["taxExempt"] and p["vatPercentage"] is None,
    "name of 256 characters": lambda p: len(p["name"]) == 256,
    "name with surrounding spaces": lambda p: p["name"] != p["name"].strip(),
    "name with markup": lambda p: "<b>" in p["name"] and "&" in p["name"] and '"' in p["name"],
    "accents written apart": lambda p: "e\u0301" in p["name"],
    "name from right to left": lambda p: "\u05e9" in p["name"],
    "text at the limits": lambda p: (
        [
            len(text)
            for text in (
                p["description"],
                *(p["online"][name] for name in ("title", "description")),
                *(p["online"]["seo"][name] for name in ("title", "metaDescription", "slug")),
            )
        ]
        == [1024, 256, 3500, 256, 320, 256]
    ),
    "description with markup": lambda p: "<script>" in p["online"]["description"],
    "description with line breaks": lambda p: (
        {"\r", "\n", "\t", "\u2028"} <= set(p["online"]["description"])
    ),
    "online title differs": lambda p: p["online"]["title"] not in ("", p["name"]),
    "online without description": lambda p: p["online"]["description"] == "" and p["description"],
    "all fields null": lambda p: (
        p["online"] is None and p["description"] is None and p["variants"][0]["sku"] is None
    ),
    "no optional field": lambda p: (
        p.keys() == {"uuid", "name", "variants", "etag", "created", "updated"}
        and p["variants"][0].keys() == {"uuid", "price"}
    ),
    "empty texts": lambda p: (
        p["description"] == p["variants"][0]["sku"] == p["online"]["description"] == ""
    ),
    "variant named like the product": lambda p: p["variants"][0]["name"] == p["name"],
    "sku twice in one product": lambda p: (
        len({v["sku"] for v in p["variants"]}) < len(p["variants"])
    ),
    "sku differing only in case": lambda p: p["variants"][0]["sku"] == "gross-77",
    "sku of 64 characters": lambda p: len(p["variants"][0]["sku"]) == 64,
    "sku above 64 characters": lambda p: len(p["variants"][0]["sku"]) > 64,
    "sku with other characters": lambda p: (
        "/" in p["variants"][0]["sku"] and "Å" in p["variants"][0]["sku"]
    ),
    "barcode with a wrong check digit": lambda p: (
        not check_digit_is_right(p["variants"][0]["barcode"])
    ),
    "barcode longer than 14": lambda p: len(p["variants"][0]["barcode"]) > 14,
    "barcode with letters": lambda p: any(sign.isalpha() for sign in p["variants"][0]["barcode"]),
    "external source": lambda p: p["metadata"]["source"]["external"] and p["externalReference"],
    "picture by lookup key only": lambda p: (
        p["imageLookupKeys"] and not p.get("presentation") and not p.get("online")
    ),
    "legacy category": lambda p: p["categories"] and not p.get("category"),
    "picture without ending": lambda p: "." not in p["presentation"]["imageUrl"][-5:],
    "old picture address": lambda p: (
        "/productimage/o/" in p["online"]["presentation"]["additionalImageUrls"][0]
    ),
    "same picture in three places": lambda p: (
        p["presentation"]["imageUrl"]
        == p["online"]["presentation"]["displayImageUrl"]
        == p["online"]["presentation"]["additionalImageUrls"][0]
        == p["variants"][0]["presentation"]["imageUrl"]
    ),
    "25 more pictures": lambda p: (
        len(set(p["online"]["presentation"]["additionalImageUrls"])) == 25
    ),
    "picture address above 255 characters": lambda p: (
        len(p["online"]["presentation"]["additionalImageUrls"][-1]) > 255
    ),
    "picture that is gone": lambda p: "/gone-" in p["presentation"]["imageUrl"],
    "no picture": lambda p: not p.get("online"),
    "same video twice": lambda p: sum("-Lind_0aB-c" in url for url in media(p)) == 2,
    "video id with a hyphen first": lambda p: any("/-" in url for url in media(p)),
    "video not on youtube": lambda p: any("vimeo.com" in url for url in media(p)),
    "picture among the media": lambda p: any(url.endswith(".png") for url in media(p)),
    "youtube page without a video": lambda p: any("playlist" in url for url in media(p)),
    "weight and grams disagree": lambda p: (
        shipping(p)["weightInGrams"] == 500 and shipping(p)["weight"]["weight"] == 0.7
    ),
    "weight zero": lambda p: shipping(p)["weightInGrams"] == 0,
    "weight huge": lambda p: shipping(p)["weightInGrams"] == 2**31 - 1,
    "weight tiny": lambda p: shipping(p)["weight"] == {"weight": 0.0004, "unit": "kg"},
    "weight in ounces": lambda p: shipping(p)["weight"] == {"weight": 8, "unit": "oz"},
    "weight in pounds": lambda p: shipping(p)["weight"] == {"weight": 5, "unit": "lb"},
}

# What the products with a tag are like together, or what their stock is like.
ODD_GROUPS: dict[str, Any] = {
    "equal product names": lambda ps, _: len(ps) == 2 and len({p["name"] for p in ps}) == 1,
    "names differing only in case": lambda ps, _: (
        len({p["name"] for p in ps}) == 2 and len({p["name"].lower() for p in ps}) == 1
    ),
    "equal slugs": lambda ps, _: (
        len(ps) == 2 and len({p["online"]["seo"]["slug"] for p in ps}) == 1
    ),
    "sku in two products": lambda ps, _: (
        len(ps) == 2 and len({p["variants"][0]["sku"] for p in ps}) == 1
    ),
    "barcode in two products": lambda ps, _: (
        len(ps) == 2 and len({p["variants"][0]["barcode"] for p in ps}) == 1
    ),
    "youtube in every form": lambda ps, _: all(
        any(form.partition("{id}")[0] in url for p in ps for url in media(p))
        for form in VIDEO_FORMS.values()
    ),
    "stock negative": lambda ps, library: library.stock[ps[0]["variants"][0]["uuid"]] < 0,
    "stock zero": lambda ps, library: library.stock[ps[0]["variants"][0]["uuid"]] == 0,
    "stock without a row": lambda ps, library: (
        ps[0]["uuid"] in library.tracked
        and not any(v["uuid"] in library.stock for v in ps[0]["variants"])
    ),
    "stock large": lambda ps, library: library.stock[ps[0]["variants"][0]["uuid"]] == 99_999,
    "untracked": lambda ps, library: ps[0]["uuid"] not in library.tracked,
}


def definitions(product: JSON) -> list[JSON]:
    found: list[JSON] = product["variantOptionDefinitions"]["definitions"]
    return found


def names(product: JSON) -> list[str]:
    return [one["name"] for one in definitions(product)]


def values(product: JSON) -> list[str]:
    return [value["value"] for value in definitions(product)[0]["properties"]]


def sold(product: JSON) -> list[str]:
    return [variant["options"][0]["value"] for variant in product["variants"]]


def media(product: JSON) -> list[str]:
    urls: list[str] = product["online"]["presentation"]["mediaUrls"]
    return urls


def shipping(product: JSON) -> JSON:
    found: JSON = product["online"]["shipping"]
    return found


@pytest.mark.parametrize("tag", sorted(ODD_CHECKS))
def test_the_odd_product_is_odd_in_the_way_its_tag_says(tag: str, library: Library) -> None:
    assert all(ODD_CHECKS[tag](product) for product in library.like(tag))


@pytest.mark.parametrize("tag", sorted(ODD_GROUPS))
def test_odd_products_are_odd_together(tag: str, library: Library) -> None:
    assert ODD_GROUPS[tag](list(library.like(tag)), library)


def test_every_tag_is_checked_and_every_check_has_a_product(library: Library) -> None:
    assert library.odd.keys() == ODD_CHECKS.keys() | ODD_GROUPS.keys()
    assert {tag for one in ODDS for tag in one.tags} == library.odd.keys()


def test_a_tag_leads_to_its_product(library: Library) -> None:
    assert library.product(odd("one variant with definitions"))["name"] == "Skål Fynd"


def test_stock_belongs_to_tracked_products_and_some_rows_are_missing(library: Library) -> None:
    tracked = set(library.tracked)
    rows = {
        variant["uuid"]: product["uuid"] in tracked
        for product in library.products
        for variant in product["variants"]
    }

    assert all(rows[uuid] for uuid in library.stock)
    assert sum(rows.values()) > len(library.stock)
    assert 20 <= len(library.products) - len(tracked) <= 80


def test_other_currencies_get_prices_and_rates_of_their_own(library: Library) -> None:
    euros = demo_library("EUR")
    currencies = {
        variant["price"]["currencyId"]
        for product in euros.products
        for variant in product["variants"]
        if variant["price"]
    }

    assert currencies == {"EUR", "CHF"}  # CHF: the odd product priced in another currency
    assert {product.get("vatPercentage") for product in euros.products} == {
        "25.5",
        "13.5",
        "10.0",
        None,
    }
    assert euros.products[0]["variants"][0]["price"]["amount"] == 2260
    assert library.products[0]["variants"][0]["price"]["amount"] == 24900


def test_a_generated_library_is_the_beginning_of_a_larger_one_of_the_same_seed() -> None:
    small, large = generated_library(300, seed=7), generated_library(2_000, seed=7)

    assert small.products == large.products[:300]
    assert small.products != generated_library(300, seed=8).products


def test_a_generated_library_comes_in_portions_too() -> None:
    whole, rest = generated_library(900, seed=7), generated_library(400, seed=7, first=500)

    assert rest.products == whole.products[500:]
    assert rest.stock.items() <= whole.stock.items()
    assert rest.tracked == [
        uuid for uuid in whole.tracked if uuid in {product["uuid"] for product in rest.products}
    ]


def test_ten_thousand_generated_products_differ_in_name_uuid_and_codes() -> None:
    library = generated_library(10_000, seed=1, currency="NOK")
    made = variants(library)
    uuids = [one["uuid"] for one in [*library.products, *made]]
    codes = [variant["barcode"] for variant in made]

    assert len({product["name"] for product in library.products}) == 10_000
    assert len(set(uuids)) == len(uuids)
    assert {UUID(uuid).version for uuid in uuids[::97]} == {1}
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 13 and check_digit_is_right(code) for code in codes[::13])
    assert 0.4 < sum(len(product["variants"]) > 1 for product in library.products) / 10_000 < 0.75
    assert set(library.stock) <= {variant["uuid"] for variant in made}


def test_more_products_than_words_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        generated_library(10**6, seed=1)
