"""The field table of P1, case by case, and all that has to be left out (decisions 8, 10, 13)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from brygga.core import clashes
from brygga.core.fingerprints import fingerprint
from brygga.core.mapping import Mapped, desired, price_in, weight_in
from brygga.core.model import CatalogProduct, Money, OptionDefinition, Product, Variant, WeightUnit
from brygga.core.planning import whose
from brygga.core.report import Code
from brygga.core.text import cut, is_gtin, many_lines, one_line, path, safe_html, youtube_id
from tests.core.products.made_up_products import NO_PRICES, TERMS, cup, kronor, shirt


def mapped(product: Product) -> CatalogProduct:
    found = desired(product, TERMS).product
    assert found is not None
    return found


def codes(found: Mapped) -> list[Code]:
    return [line.code for line in found.lines]


@pytest.mark.rule("P1")
def test_the_online_description_goes_before_the_other() -> None:
    both = cup(description="Kort", online_description="Lång")

    assert ("<p>Lång</p>", "<p>Kort</p>") == (
        mapped(both).description,
        mapped(replace(both, online_description=" ")).description,
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb", "<p>a<br>b</p>"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"),
        ("<5 cm", "<p>&lt;5 cm</p>"),
        ("<p>Hej</p>", "<p>Hej</p>"),
        ("<p>Hej\ndu</p>", "<p>Hej\ndu</p>"),
        ("<b>Hej</b>\ndu\n\nalla", "<b>Hej</b><br>\ndu<br>\n<br>\nalla"),
        ("<b onclick='x()'>Hej</b><script>x()</script>", "<b>Hej</b>"),
        ('<a href="javascript:x()">Hej</a>', "<a>Hej</a>"),
        ("", ""),
    ],
)
def test_a_description_is_safe_html_with_its_line_breaks(text: str, html: str) -> None:
    assert html == safe_html(text)[0]


@pytest.mark.parametrize(("money", "price"), [
    (Money(24900, "SEK"), "249.00"), (Money(500, "JPY"), "500"), (Money(1234, "KWD"), "1.234"),
    (Money(1, "EUR"), "0.01"),
])  # fmt: skip
def test_a_price_has_the_decimals_of_its_currency(money: Money, price: str) -> None:
    assert Decimal(price) == price_in(money)


@pytest.mark.rule("C6")
def test_without_prices_no_price_is_wanted() -> None:
    found = desired(shirt("S", "M"), NO_PRICES).product

    assert found is not None
    assert [None, None, None] == [found.price, *(variant.price for variant in found.variants)]


def test_a_price_in_another_currency_is_not_copied() -> None:
    """Decision 10."""
    foreign = cup(variants=(Variant("v", price=Money(100, "EUR")),))

    found = desired(foreign, TERMS)

    assert found.product is not None
    assert (None, [Code.PRICE_OTHER_CURRENCY]) == (found.product.price, codes(found))


def test_an_open_price_is_not_wanted_and_warned_about() -> None:
    found = desired(cup(variants=(Variant("v"),)), TERMS)

    assert found.product is not None
    assert (None, [Code.PRICE_OPEN]) == (found.product.price, codes(found))


def test_the_products_price_is_the_commonest_and_each_variant_has_its_own() -> None:
    product = shirt("S", "M", "L")
    prices = [kronor(10), kronor(20), kronor(20)]
    product = replace(
        product,
        variants=tuple(replace(v, price=p) for v, p in zip(product.variants, prices, strict=True)),
    )

    found = mapped(product)

    assert [Decimal(20), Decimal(10), Decimal(20), Decimal(20)] == [
        found.price,
        *(variant.price for variant in found.variants),
    ]


@pytest.mark.parametrize(("grams", "unit", "weight"), [
    ("450", WeightUnit.KILOGRAM, "0.45"), ("450", WeightUnit.GRAM, "450"), ("1", WeightUnit.TONNE,
    "0.0001"),
    ("453.59237", WeightUnit.POUND, "1"), ("100", WeightUnit.OUNCE, "3.5274"), ("0",
    WeightUnit.POUND, "0"),
])  # fmt: skip
def test_weight_is_in_the_stores_unit(grams: str, unit: WeightUnit, weight: str) -> None:
    assert Decimal(weight) == weight_in(Decimal(grams), unit)


def test_an_unknown_unit_leaves_the_weight_alone() -> None:
    found = desired(cup(), replace(TERMS, weight_unit=None))

    assert found.product is not None
    assert (None, [Code.WEIGHT_UNIT_UNKNOWN]) == (found.product.weight, codes(found))


def test_a_weight_that_nobody_can_read_leaves_the_weight_alone() -> None:
    """It says so; zero would make shipping free of charge."""
    found = desired(cup(weight_grams=None, weight_unread="3 stone"), TERMS)

    assert found.product is not None
    assert (None, [Code.WEIGHT_UNREAD]) == (found.product.weight, codes(found))


@pytest.mark.parametrize("barcode", ["7310865004703", "012345678905", "96385074", "10012345678902"])
def test_a_gtin_is_known_by_its_check_digit(barcode: str) -> None:
    wrong = barcode[:-1] + str((int(barcode[-1]) + 1) % 10)

    assert (True, False) == (is_gtin(barcode), is_gtin(wrong))


def test_a_barcode_is_never_cut() -> None:
    """Decision 8: one that does not fit is left out, one that is no trade number is a UPC all the
    same.
    """
    long = desired(cup(variants=(Variant("v", barcode="1" * 15, price=kronor(1)),)), TERMS)
    house = mapped(cup(variants=(Variant("v", barcode="HUS-1", price=kronor(1)),)))

    assert long.product is not None
    assert ("", [Code.BARCODE_TOO_LONG]) == (long.product.variants[0].upc, codes(long))
    assert ("HUS-1", "") == (house.variants[0].upc, house.variants[0].gtin)


def test_an_equal_sku_within_a_product_gets_a_suffix() -> None:
    product = shirt("S", "M")
    twins = replace(
        product,
        variants=tuple(
            replace(v, sku=sku) for v, sku in zip(product.variants, ["A", "a"], strict=True)
        ),
    )

    found = desired(twins, TERMS)

    assert found.product is not None
    assert ["A", clashes.distinct_sku("a", "v-1")] == [
        variant.sku for variant in found.product.variants
    ]
    assert [Code.SKU_REPEATED] == codes(found)


@pytest.mark.parametrize(("slug", "url"), [
    ("stor-mugg", "/stor-mugg/"), ("Röd Kopp", "/rod-kopp/"), ("/a/b/", "/a-b/"), ("???", ""), ("",
    ""),
])  # fmt: skip
def test_a_slug_becomes_a_path(slug: str, url: str) -> None:
    assert url == path(slug)


def test_a_url_is_never_cut() -> None:
    found = desired(cup(slug="x" * 256), TERMS)

    assert found.product is not None
    assert ("", [Code.URL_TOO_LONG]) == (found.product.url, codes(found))


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_sign_that_ends_a_line_ends_it_and_never_joins_two_words(sign: str) -> None:
    text = f"Klart{sign}nu"

    assert ("Klart nu", "Klart\nnu", "<p>Klart<br>nu</p>") == (
        one_line(text),
        many_lines(text),
        safe_html(text)[0],
    )


def test_long_text_is_cut_at_a_character() -> None:
    assert ["abc", "ab…", "a…", "a…"] == [
        cut("abc", 3),
        cut("abcd", 3),
        cut("ae\u0301xyz", 3),
        cut("a👩\u200d👩\u200d👧xx", 4),
    ]
    assert 250 == len(mapped(cup(name="M" * 256)).name)


@pytest.mark.parametrize("url", [
    ("https://www.youtube.com/watch?v=z3fRu9pkuXE&"
"t=3"), "youtu.be/z3fRu9pkuXE", "https://youtube.com/shorts/z3fRu9pkuXE?x=1",
    ("https://www.youtube-nocookie.com/embed/"
"z3fRu9pkuXE"), "https://m.youtube.com/live/z3fRu9pkuXE", "https://youtube.com/v/z3fRu9pkuXE",
    ("https://www.youtube.com/attribution_link?a=1&"
"u=%2Fwatch%3Fv%3Dz3fRu9pkuXE"), "http://music.youtube.com/watch?list=1&v=z3fRu9pkuXE",
    " https://youtu.be/z3fRu9pkuXE?si=a1&t=3#x ", "HTTPS://WWW.YOUTUBE.COM/embed/z3fRu9pkuXE/",
    ("//www.youtube.com/"
"watch/z3fRu9pkuXE"),
])  # fmt: skip
def test_a_video_is_known_in_every_form_of_its_address(url: str) -> None:
    assert "z3fRu9pkuXE" == youtube_id(url)


@pytest.mark.parametrize("url", [
    ("https://www.youtube.com/embed/videoseries?"
"list=PLx"), "https://www.youtube.com/embed/live_stream?channel=UCx", "https://youtu.be/",
    ("https://www.youtube.com/"
"@lindskeramik"), ("https://www.youtube.com/playlist?"
"list=PLz3fRu9pkuXE"), "https://youtu.be/z3fRu9pkuX",
    ("https://www.youtube.com/watch?"
"v="), ("https://notyoutube.com/watch?"
"v=z3fRu9pkuXE"), "https://youtube.com.evil.test/watch?v=z3fRu9pkuXE",
])  # fmt: skip
def test_what_names_no_video_is_none(url: str) -> None:
    assert "" == youtube_id(url)


def test_other_media_are_left_out_and_pictures_ignored() -> None:
    picture = "https://image.izettle.com/product/a.png"
    found = desired(
        cup(
            media_urls=(
                "https://vimeo.com/1",
                picture,
                "https://evil.test/youtube.com/embed/z3fRu9pkuXE",
            )
        ),
        TERMS,
    )

    assert found.product is not None
    assert ((), [Code.VIDEO_UNSUPPORTED] * 2) == (found.product.videos, codes(found))


def test_every_picture_once_the_first_is_the_thumbnail() -> None:
    one, two = "https://image.izettle.com/product/a.png", "https://image.izettle.com/product/b.png"
    found = mapped(
        cup(image_urls=(one, two), variants=(Variant("v", price=kronor(1), image_url=two),))
    )

    assert [(one, True, 0), (two, False, 1)] == [
        (i.source, i.is_thumbnail, i.sort_order) for i in found.images
    ]
    assert "" == found.variants[0].image


# ---- Options -------------------------------------------------------------------------------------


def labels(product: Product) -> list[tuple[str, ...]]:
    return [tuple(label for _, label in variant.values) for variant in mapped(product).variants]


def test_one_variant_with_definitions_has_options() -> None:
    assert [("S",)] == labels(shirt("S"))


def test_several_variants_without_definitions_become_one_option() -> None:
    old = Product(
        "p", "Glass", "E", (Variant("a", "Liten"), Variant("b", "Stor"), Variant("c", ""))
    )

    assert ["Variant"] == [option.name for option in mapped(old).options]
    assert [("Liten",), ("Stor",), ("–",)] == labels(old)


def test_values_that_a_shop_may_take_for_the_same_are_told_apart() -> None:
    assert [("S",), ("s (2)",), ("-1",), ("10",)] == labels(shirt("S", "s", "-1", "10"))


def test_spaces_around_names_and_values_say_nothing() -> None:
    product = replace(
        shirt(" S", option=" Storlek "), definitions=(OptionDefinition("Storlek", ("S ",)),)
    )

    assert (("Storlek", "S"),) == mapped(product).variants[0].values


def test_options_with_empty_or_equal_names_get_names() -> None:
    variant = Variant("a", options=(("", "x"), ("Färg", "y"), ("färg", "z")))
    product = Product(
        "p", "P", "E", (variant,), tuple(OptionDefinition(n, (v,)) for n, v in variant.options)
    )

    assert ["Variant", "Färg", "färg 2"] == [option.name for option in mapped(product).options]


def test_a_missing_value_and_one_that_no_definition_lists_are_kept() -> None:
    product = shirt("S", "M")
    extra = (
        *product.variants,
        Variant("v-9", options=(("Storlek", "XL"),)),
        Variant("v-8", name="Egen"),
    )

    assert [("S",), ("M",), ("XL",), ("Egen",)] == labels(replace(product, variants=extra))


def test_variants_with_the_same_values_are_all_kept() -> None:
    product = shirt("S", "M")
    twin = replace(product.variants[0], uuid="v-9", sku="X")

    assert {("S",), ("S (2)",), ("M",)} == set(
        labels(replace(product, variants=(*product.variants, twin)))
    )


def test_long_values_that_become_equal_get_a_suffix() -> None:
    one, two = "x" * 255 + "a", "x" * 255 + "b"
    (first,), (second,) = labels(shirt(one, two))

    assert first != second
    assert [255, 255] == [len(first), len(second)]


@pytest.mark.parametrize(("product", "code"), [
    (shirt(*(f"v{n}" for n in range(601))), Code.TOO_MANY_VARIANTS),
    (shirt(*(f"v{n}" for n in range(251))), Code.TOO_MANY_VALUES),
    (cup(name=" "), Code.NAME_MISSING), (cup(variants=()), Code.PRODUCT_REFUSED),
], ids=["variants", "values", "name", "none"])  # fmt: skip
def test_a_hard_limit_refuses_the_whole(product: Product, code: Code) -> None:
    """Decision 8."""
    found = desired(product, TERMS)

    assert found.refusal is not None
    assert (None, code) == (found.product, found.refusal.code)


# ---- Fingerprints, owners, clashes ---------------------------------------------------------------


def test_a_fingerprint_is_the_same_in_a_year_and_tells_shapes_apart() -> None:
    """Its value stands in merchants' databases: a change of it here must be meant."""
    small, renamed = (
        fingerprint(mapped(shirt("S"))),
        fingerprint(mapped(shirt("S", name="Skjorta"))),
    )

    assert small == fingerprint(mapped(shirt("S")))
    assert (small[:16], False) == (renamed[:16], small == renamed)
    assert small[:16] != fingerprint(mapped(shirt("M")))[:16]


@pytest.mark.rule("P2", "P4", "C8")
def test_category_visibility_channel_and_tax_are_never_zettles() -> None:
    names = ("category_ids", "is_visible", "channel", "tax_class_id", "custom_fields", "brand_id")

    assert ["create", "create", "create", "merchant", "merchant", "merchant"] == [
        whose(n, TERMS).value for n in names
    ]
    assert ("zettle", "create") == (whose("price", TERMS).value, whose("price", NO_PRICES).value)


def test_a_suffix_is_short_stable_and_fits() -> None:
    long = clashes.distinct_name("M" * 249 + "…", "p")

    assert clashes.distinct_name("Mugg", "p") == clashes.distinct_name("Mugg", "P")
    assert (250, True) == (len(long), long.endswith(")"))
    assert ("", "") == (
        clashes.distinct_sku("x" * 255, "p"),
        clashes.distinct_url("/" + "x" * 252 + "/", "p"),
    )
    assert 3 == len(set(clashes.forms_of_name("Mugg", "p")))
