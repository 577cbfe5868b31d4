"""Odd texts, codes, pictures, videos and weights (zettle facts 2.3, 2.5, 6, 8)."""

# A notebook: one product a line reads better than one product a page.
# fmt: off

from __future__ import annotations

from brygga_sandbox.library.build import DROP, VIDEO_FORMS, video
from brygga_sandbox.library.items import Item
from brygga_sandbox.library.odd import Odd

_ABOUT = "Leran kommer från Skåne, glasyren från askan i vår egen kamin. "
_FORMS = list(VIDEO_FORMS)


def _online(slug: str, **fields: object) -> dict[str, object]:
    """A web shop side that holds just these fields."""
    return {"online": {"status": "ACTIVE", "seo": {"slug": slug}, **fields}}


def _picture(name: str) -> str:
    return "{images}/product/" + name


ODD_TEXTS = (
    Odd(("name of 256 characters",), Item("poster", (("Affisch med den längsta titeln i hela "
"butiken, ") * 6)[:255] + "!", 295_00, 180, "Tryckt i liggande format.")),
    Odd((("name with surrounding "
"spaces"),), Item("cup", "  Mugg  Mellanrum ", 199_00, 350, "Luftig.")),
    Odd(("equal product names",), Item("bowl", "Skål Tvilling", 189_00, 420, "Den ena."),
    stock=(5,)),
    Odd(("equal product names",), Item("bowl", "Skål Tvilling ", 189_00, 430, "Den andra."),
    {"name": "Skål Tvilling"}, stock=(8,)),
    Odd((("names differing only in "
"case"),), Item("plate", "FAT ÅNGSTRÖM", 279_00, 700, "Stora bokstäver."), stock=(2,)),
    Odd((("names differing only in "
"case"),), Item("plate", "Fat Ångström", 279_00, 700, "Små bokstäver."), stock=(3,)),
    Odd(("name with markup",), Item("poster", ("Affisch <b>Form</b> & \"Färg\" "
"'Nu'"), 295_00, 180, "Ur <i>tidskriften</i>.")),
    Odd(
        ("accents written apart", "name from right to left"),
        Item("book", "Cafe\u0301-bok שלום", 199_00, 300, "A\u030angbåt och kaffe."),
    ),
    Odd(
        ("text at the limits",),
        Item("vase", "Vas Berättelsen", 995_00, 1500, (_ABOUT * 20)[:1024]),
        {"online": {"status": "ACTIVE", "title": ("Vas Berättelsen, i sin helhet " * 9)[:256],
        "description": (_ABOUT * 60)[:3500],
                    "seo": {"title": ("Vas Berättelsen | " * 20)[:256],
                    "metaDescription": (_ABOUT * 6)[:320],
                    "slug": ("vas-berattelsen-" * 16)[:255] + "x"}}},
    ),
    Odd(
        ("description with markup", "description with line breaks"),
        Item("lamp", "Lampa Manual", 649_00, 900, "Se anvisning."),
        _online("lampa-manual", description=("<p>Montera så här:</p>\r\n1 < 2 & 2 > "
"1\r\n\r\n\tSkruva \"åt\".\n<script>alert('x')</script>\n\n\nKlart\u2028nu\u200b.")),
    ),
    Odd(("online title differs", ("online without "
"description")), Item("chair", "Stol 12 B", 1995_00, 4700, "Lagernamn."), _online("stol-tolv",
title="Stolen Tolv", description="")),
    Odd(("equal slugs",), Item("cup", "Mugg Ö", 149_00, 300, "Ö på muggen."), _online("mugg-o")),
    Odd(("equal slugs",), Item("cup", "Mugg Å", 149_00, 300, "Å på muggen."), _online("mugg-o")),
    Odd(
        ("all fields null",),
        Item("pot", "Kruka Null", 99_00, 500, "Ur det gamla systemet."),
        {"description": None, "presentation": None, "variantOptionDefinitions": None,
        "category": None, "online": None, "metadata": None,
         "taxExempt": None, "vatPercentage": None, "externalReference": None, "unitName": None,
         "taxRates": None, "taxCode": None},
        every={"name": None, "description": None, "sku": None, "barcode": None, "costPrice": None,
        "options": None, "presentation": None, "vatPercentage": None},
    ),
    Odd(
        ("no optional field",),
        Item("pot", "Kruka Naken", 99_00, 500, "-"),
        dict.fromkeys(("description", "presentation", "category", "categories", "imageLookupKeys",
        "online", "metadata", "taxExempt", "vatPercentage", "externalReference", "unitName",
        "updatedBy"), DROP),
        every=dict.fromkeys(("name", "description", "sku", "barcode", "costPrice", "options",
        "presentation"), DROP),
    ),
    Odd(
        ("empty texts", "variant named like the product"),
        Item("pot", "Kruka Tom", 99_00, 500, ""),
        {"externalReference": "", "unitName": "", "online": {"status": "HIDDEN", "title": "",
        "description": "", "seo": {"title": "", "metaDescription": "", "slug": "kruka-tom"}}},
        every={"name": "Kruka Tom", "description": "", "sku": "", "barcode": ""},
    ),
    Odd(("sku in two products", "barcode in two products"), Item("candle", "Ljus Ett", 99_00, 200,
    "Grossistens nummer."), every={"sku": "GROSS-77", "barcode": "7350012345679"}, stock=(4,)),
    Odd(("sku in two products", "barcode in two products"), Item("candle", "Ljus Två", 99_00, 200,
    "Samma grossist."), every={"sku": "GROSS-77", "barcode": "7350012345679"}, stock=(6,)),
    Odd((("sku differing only in "
"case"), "sku twice in one product"), Item("towel", "Handduk Prov", 99_00, 200, "Prov.",
("Färg: Vit|Lin",)), every={"sku": "gross-77"}),
    Odd(("sku of 64 characters", ("barcode with a wrong check "
"digit")), Item("gift", "Paket Lång kod", 199_00, 300, "Kod från inköp."),
every={"sku": "LEV-" + "0123456789" * 6, "barcode": "7350012345670"}),
    Odd(("sku above 64 characters", "barcode longer than 14", "external source"), Item("gift",
    "Paket Längre kod", 199_00, 300, "Kod från import."),
        {"metadata": {"inPos": False, "source": {"external": True, "name": "importen"}},
        "externalReference": "ID:4711"},
        every={"sku": "IMPORT/" + "0123456789" * 7, "barcode": "(01)07350012345679(10)A5"},
        refused=True),
    Odd((("sku with other "
"characters"), "barcode with letters"), Item("gift", "Paket Udda kod", 199_00, 300, "Kod med å."),
every={"sku": " Å/12.5 #3 ", "barcode": "LIND-0012"}),
    Odd((("picture by lookup key "
"only"), "legacy category"), Item("cup", "Mugg Arkiv", 149_00, 330, "Bild från 2016."),
        {"presentation": DROP, "online": DROP, "imageLookupKeys": ["cup-3f6c7a-00a001.jpeg"],
        "category": DROP, "categories": ["Keramik"]}),
    Odd(("picture without ending", "old picture address"), Item("vase", "Vas Arkiv", 349_00, 700,
    "Bild utan ändelse."),
        {"presentation": {"imageUrl": _picture("vase-6b4055-00a002")}, **_online("vas-arkiv",
        presentation={"additionalImageUrls": [("{images}/productimage/o/"
"vase-6b4055-00a003.jpeg"), "{images}/productimage/L/vase-6b4055-00a004.jpeg"]})}),
    Odd((("same picture in three "
"places"),), Item("lamp", "Lampa Trefaldig", 799_00, 950, ("Bilden som alltid är "
"med."), ("Färg: Svart",)),
        {"presentation": {"imageUrl": _picture("lamp-2f2d2b-00a005.png")},
        "online": {"presentation": {"displayImageUrl": _picture("lamp-2f2d2b-00a005.png"),
        "additionalImageUrls": [_picture("lamp-2f2d2b-00a005.png"),
        _picture("lamp-2f2d2b-00a006.png")]}, "status": "ACTIVE",
        "seo": {"slug": "lampa-trefaldig"}}},
        every={"presentation": {"imageUrl": _picture("lamp-2f2d2b-00a005.png")}}),
    Odd(("25 more pictures", ("picture address above 255 "
"characters")), Item("chair", "Stol Runtom", 2995_00, 5100, "Sedd från alla håll."),
        _online("stol-runtom", presentation={"displayImageUrl": _picture("chair-c7a26f-00a100.png"),
                "additionalImageUrls": [*(_picture(f"chair-c7a26f-00b1{n:02d}.png") for n in range(24)), _picture("chair-c7a26f-00b124.png?v=" + "0123456789" * 25)]})),
    Odd(("picture that is gone", "no picture"), Item("stool", "Pall Borta", 595_00, 2500,
    "Bilden raderad."), {"presentation": {"imageUrl": _picture("gone-c7a26f-00a007.png")},
    "online": DROP}),
    Odd(("youtube in every form",), Item("clock", "Film: så drejar vi", 95_00, 40, "Del ett."),
    _online("film-ett", presentation={"mediaUrls": [video(form,
    f"film {form}") for form in _FORMS[:8]]})),
    Odd(("youtube in every form", "same video twice", ("video id with a hyphen "
"first")), Item("clock", "Film: så glaserar vi", 95_00, 40, "Del två."),
        _online("film-tva", presentation={"mediaUrls": [*(video(form,
        f"film {form}") for form in _FORMS[8:]), ("https://youtu.be/"
"-Lind_0aB-c"), "https://www.youtube.com/watch?v=-Lind_0aB-c"]})),
    Odd(("video not on youtube", "picture among the media", ("youtube page without a "
"video")), Item("clock", "Film: så packar vi", 95_00, 40, "Del tre."),
        _online("film-tre", presentation={"mediaUrls": [("https://vimeo.com/"
"76979871"), _picture("gift-b0433c-00a008.png"), "https://www.youtube.com/@lindskeramik",
                ("https://www.youtube.com/playlist?"
"list=PL0lindskeramik"), ("https://cdn.example.com/"
"packning.mp4"), "https://www.youtube.com/watch?v="]})),
    Odd((("weight and grams "
"disagree"),), Item("basket", "Korg Två vågar", 299_00, 500, "Två vågar, två svar."),
_online("korg-vagar", shipping={"shippingPricingModel": "STANDARD", "weightInGrams": 500,
"weight": {"weight": 0.7, "unit": "kg"}})),
    Odd(("weight zero",), Item("poster", "Digital affisch", 95_00, 0, "Skickas som fil."),
    _online("digital-affisch", shipping={"shippingPricingModel": "FREE", "weightInGrams": 0}),
    tracked=False),
    Odd(("weight huge",), Item("table", "Ankare Skulptur", 89000_00, 1, "Hämtas med kran."),
    _online("ankare", shipping={"shippingPricingModel": "FREE", "weightInGrams": 2147483647})),
    Odd(("weight tiny",), Item("ring", "Piercing Korn", 145_00, 1, "Väger nästan inget.",
    ("Sida: Vänster|Höger",)), _online("piercing-korn",
    shipping={"shippingPricingModel": "STANDARD", "weight": {"weight": 0.0004, "unit": "kg"}})),
    Odd(("weight in ounces",), Item("candle", "Import Candle Amber", 259_00, 227,
    "Made in Maine."), _online("import-candle-amber", shipping={"shippingPricingModel": "STANDARD",
    "weight": {"weight": 8, "unit": "oz"}})),
    Odd(("weight in pounds",), Item("pot", "Import Skillet", 899_00, 2268, "Cast iron from Ohio."),
    _online("import-skillet", shipping={"shippingPricingModel": "STANDARD", "weight": {"weight": 5,
    "unit": "lb"}})),
)
