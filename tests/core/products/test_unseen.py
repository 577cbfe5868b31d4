"""What cannot be seen is not a difference (decision 20)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core.mapping import desired
from brygga.core.matching import Reason, alike, likely
from brygga.core.model import ObservedProduct, OptionDefinition, Variant
from brygga.core.report import Code
from brygga.core.text import barcode, is_gtin, one_line
from tests.core.products.made_up_products import TERMS, cup

TAKEN_OUT = (
    ("MUGG-1\u200b", "MUGG-1"),
    ("MUGG\u00ad-1", "MUGG-1"),
    ("\ufeffMugg\u2060", "Mugg"),
    ("Mu\u200cgg\u200d", "Mugg"),
    ("\u200eMugg\u200f", "Mugg"),
    ("\u202aMugg\u202c", "Mugg"),
    ("Mugg\u3164\u115f\u1160\uffa0", "Mugg"),
    ("Mugg\u2800", "Mugg"),
    ("Stor\u2800mugg", "Stor mugg"),
    ("\ufe0fMu\ufe0fgg", "Mugg"),
    ("M\U000e0041ugg", "Mugg"),
    ("Mugg\x00\x1b\x80\x9f", "Mugg"),
    ("Mugg\u061c", "Mugg"),
    ("\u200e", ""),
    ("\u3164", ""),
    ("\u2800 \u200b", ""),
    ("\ud83d", ""),
    ("\ufffc", ""),
    ("Mugg\ufffc", "Mugg"),
)
LEFT = (
    "👩‍👩‍👧 Familj",
    "👩🏽‍🚒",
    "❤️‍🔥",
    "☕️",
    "1️⃣ plats",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f England",
    "🇸🇪",
    "کتاب\u200cها",
    "क\u094d\u200dष",
    "ക\u0d4d\u200d",
    "\u05e9\u05dc\u05d5\u05dd\u200f!",
    "葛\U000e0100城",
    "\u2813\u2811\u2800\u2807",
    "Räksmörgås – 50 % “X”",
    "e\u0301",
)
EMOJI = ("👩‍👩‍👧", "❤️‍🔥", "👨🏿‍🍳", "🏳️‍🌈", "1️⃣", "☕️", "😀")
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\u200b\u200c\u200d\ufe0f\u200e\u00ad\u3164❤🔥1"),
    )
)


@pytest.mark.parametrize(("written", "seen"), TAKEN_OUT)
def test_what_prints_nothing_is_taken_out(written: str, seen: str) -> None:
    assert seen == one_line(written)


@pytest.mark.parametrize("text", LEFT)
def test_what_shapes_its_neighbours_stays(text: str) -> None:
    assert text == one_line(text)


@given(TEXTS)
def test_taking_out_twice_is_taking_out_once(text: str) -> None:
    assert one_line(text) == one_line(one_line(text))


@given(TEXTS)
def test_a_text_that_shows_something_never_becomes_empty(text: str) -> None:
    shown = [
        one
        for one in text
        if unicodedata.category(one)[0] in "LNPS" and one not in "\u3164\u115f\u1160\uffa0\u2800"
    ]

    assert set(shown) <= set(one_line(text))


@given(st.lists(st.sampled_from(EMOJI), min_size=1), st.sampled_from(["", " ", "Mugg"]))
def test_emoji_survive_whole(emoji: list[str], between: str) -> None:
    text = between.join(emoji)

    assert text == one_line(text)


def test_a_name_of_nothing_else_is_refused_in_words() -> None:
    for name, code in (
        ("\u200e", Code.NAME_UNSEEN),
        ("\u3164\u2800", Code.NAME_UNSEEN),
        (" ", Code.NAME_MISSING),
    ):
        refusal = desired(cup(name=name), TERMS).refusal

        assert refusal is not None
        assert code is refusal.code


def test_skus_and_values_that_look_alike_are_the_same() -> None:
    variants = (
        Variant("1", sku="M-1", options=(("Färg", "Röd"),)),
        Variant("2", sku="M-1\u200b", options=(("Färg\u200b", "Röd\u00ad"),)),
    )
    mapped = desired(
        cup(variants=variants, definitions=(OptionDefinition("Färg", ("Röd", "Röd\u00ad")),)), TERMS
    )

    assert mapped.product is not None
    assert ["Röd", "Röd (2)"] == [one.values[0][1] for one in mapped.product.variants]
    assert "M-1" == mapped.product.variants[0].sku != mapped.product.variants[1].sku
    assert {Code.SKU_REPEATED, Code.VALUE_RENAMED} <= {line.code for line in mapped.lines}


@pytest.mark.parametrize(
    ("written", "upc", "gtin", "lines"),
    [
        ("978-91-1-234567-4", "9789112345674", "9789112345674", []),
        ("7310 865004703", "7310865004703", "7310865004703", []),
        ("9638\u20115074", "96385074", "96385074", []),
        ("0 12345\u00a067890 5\u200b", "012345678905", "012345678905", []),
        ("0731-0865", "07310865", "", [Code.BARCODE_CHECK_DIGIT]),
        ("7310865004704", "7310865004704", "", [Code.BARCODE_CHECK_DIGIT]),
        ("91-1-234567-X", "911234567X", "", []),
        ("9638\u20435074", "96385074", "96385074", []),
        ("9638\u30305074", "96385074", "96385074", []),
        ("9638\uff655074", "96385074", "96385074", []),
        ("\uff19\uff16\uff13\uff18\uff0d5074", "96385074", "96385074", []),
        ("91-1-234567-\uff38", "911234567X", "", []),
        ("0000000000000", "0000000000000", "", []),
        ("HUS-1", "HUS-1", "", []),
        ("123456789", "123456789", "", []),
        ("731086500470 3731", "", "", [Code.BARCODE_TOO_LONG]),
    ],
)
def test_a_barcode_loses_spaces_and_dashes(
    written: str, upc: str, gtin: str, lines: list[Code]
) -> None:
    mapped = desired(cup(variants=(Variant("1", barcode=written),)), TERMS)

    assert mapped.product is not None
    only = mapped.product.variants[0]
    said = [line.code for line in mapped.lines if line.code is not Code.PRICE_OPEN]
    assert (upc, gtin, lines) == (only.upc, only.gtin, said)
    assert is_gtin(gtin) or not gtin
    assert only.upc in {barcode(written), ""}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Kaffe\u200bmugg", "Kaffemugg"), ("T\u2011shirt", "T-shirt"), ("Stor\u2013liten kopp",
    "Stor-liten kopp"),
     ("Te\u00a0kopp", "Te kopp"), ("Te\u3000kopp", "Te kopp"), ("Te\u202fkopp\u3164", "Te kopp"),
     ("Kaffe\u00admugg", "Kaffemugg"),
     ("❤\ufe0f Mugg", "❤ Mugg")],
)  # fmt: skip
def test_likely_duplicates_see_through_names(ours: str, theirs: str) -> None:
    assert Reason.SAME_NAME is alike(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("MUGG-1\u200b", "MUGG-1"), ("MUGG\u20111", "mugg-1"), ("MUGG\u22121", "MUGG\uff0d1"),
    ("MUGG\ufe581", "MUGG\u20151"),
     ("MUGG\u2009 1", "MUGG 1")],
)  # fmt: skip
def test_likely_duplicates_see_through_skus(ours: str, theirs: str) -> None:
    product = cup(name="Mugg", variants=(Variant("1", sku=ours),))

    assert [Reason.SKU] == [
        pair.reason for pair in likely([product], [ObservedProduct(7, "Annat", sku=theirs)])
    ]


def test_likely_duplicates_see_through_barcodes() -> None:
    product = cup(name="Mugg", variants=(Variant("1", barcode="978-91-1-234567-4"),))
    other = ObservedProduct(7, "Annat", upc="978\u201191\u00a01\u20132345674")

    assert [Reason.BARCODE] == [pair.reason for pair in likely([product], [other])]
