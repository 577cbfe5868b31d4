"""Odd variants and options (zettle facts 2.4, 8), and odd prices and stock (2.3, 3.4, 3.5)."""

# A notebook: one product a line reads better than one product a page.
# fmt: off

from __future__ import annotations

from brygga_sandbox.library.build import DROP
from brygga_sandbox.library.items import Item
from brygga_sandbox.library.odd import Odd, definitions, options

_NO_OPTIONS = {"options": DROP}
_NO_DEFINITIONS = {"variantOptionDefinitions": DROP}
_LONG_VALUE = ("Glasyr enligt receptbok, blandad för hand av aska från björk, al, ask och äpple "
"med "
"fältspat och kaolin, ") * 3

ODD_SHAPES = (
    Odd(
        ("several variants without definitions",),
        Item("cup", "Mugg Gammal modell", 199_00, 360, ("Ur sortimentet före "
"2018."), ("Färg: Blå|Grön|Röd",)),
        _NO_DEFINITIONS,
        every=_NO_OPTIONS,
        stock=(4, 0, 11),
    ),
    Odd(
        ("several variants without definitions or names",),
        Item("plate", "Andrasortering tallrik", 99_00, 600, "Små fel, fullt bruk.",
        ("Sort: 1|2|3",)),
        _NO_DEFINITIONS,
        variants=({"name": None}, {"name": ""}, {"name": DROP}),
        every=_NO_OPTIONS,
    ),
    Odd(
        ("several variants without definitions, equal names",),
        Item("vase", "Vas Unik", 900_00, 1000, "Varje vas är sin egen.", ("Nr: Vas|vas|Vas ",)),
        _NO_DEFINITIONS,
        variants=({"name": "Unik vas"}, {"name": "Unik vas"}, {"name": "Unik vas "}),
        every=_NO_OPTIONS,
        stock=(1, 1, 1),
    ),
    Odd(
        ("one variant with definitions",),
        Item("bowl", "Skål Fynd", 349_00, 800, "Bara en storlek kvar.", ("Storlek: 30 cm",)),
        stock=(6,),
    ),
    Odd(
        ("option name with surrounding spaces", "option value with surrounding spaces"),
        Item("textile", "Filt Gryning", 899_00, 800, "Ull och siden.", (" Färg : Röd| Blå|Grön ",)),
        stock=(2, 3, 4),
    ),
    Odd(
        ("numeric values",),
        Item("textile", "Filttofflor", 395_00, 300, "Tovad ull, läderbotten.", (("Storlek: "
"36|37|38|39|40|41|42|43"),)),
    ),
    Odd(
        ("negative numeric values", "numeric values"),
        Item("clock", "Termometerplatta", 249_00, 400, "Kakel med gradtal.",
        ("Grader: -20|-5|0|5",)),
        stock=(3, None, 0, 8),
    ),
    Odd(
        ("values differing only in case",),
        Item("candle", "Vaxkrita", 49_00, 30, ("Märkt för hand, av flera "
"händer."), ("Färg: röd|Röd|RÖD",)),
        stock=(5, 6, 7),
    ),
    Odd(
        ("variant lacks an option",),
        Item("stool", "Pall Restparti", 695_00, 2900, "Udda ben.", ("Träslag: Ek|Furu",
        "Höjd: 45 cm|60 cm")),
        variants=({"options": options(Träslag="Ek")},),
        refused=True,
        stock=(1, 2, 3, 4),
    ),
    Odd(
        ("value missing from properties",),
        Item("cup", "Mugg Årgång", 269_00, 380, "En ny glasyr om året.",
        ("Årgång: 2021|2022|2023",)),
        definitions(Årgång="2021|2022"),
        refused=True,
        stock=(1, 2, 9),
    ),
    Odd(
        ("two variants with equal values",),
        Item("lamp", "Lampfot Dubbel", 495_00, 900, ("Samma fot, två "
"leverantörer."), ("Färg: Svart|Vit|Kalk",)),
        variants=({}, {}, {"options": options(Färg="Svart"), "name": "Svart"}),
        stock=(2, 3, 5),
    ),
    Odd(
        ("combination not sold",),
        Item("textile", "Kudde Trekant", 299_00, 400, "Stoppad.", ("Storlek: S|M|L",
        "Färg: Röd|Blå|Gul"), missing=("S/Gul", "L/Blå")),
        stock=(1, 2, 3, 4, 5, 6, 7),
    ),
    Odd(
        ("value without a variant",),
        Item("necklace", "Halsband Sten", 545_00, 15, "Slipad sten.", ("Sten: Granit|Bärnsten",)),
        definitions(Sten="Kvarts|Granit|Opal|Bärnsten"),
        stock=(3, 4),
    ),
    Odd(
        ("three options", "order of the merchant"),
        Item(
            "table", "Bord Efter mått", 8900_00, 31000, "Byggs på sex veckor.",
            ("Storlek: Stor +2000|Liten|Mellan +900", "Träslag: Valnöt +1500|Ek", "Yta: Såpa|Olja"),
        ),
    ),
    Odd(
        ("99 variants", "99 values"),
        Item("plate", "Husnummer i keramik", 189_00, 340, "Siffror för hand.",
        ("Nummer: " + "|".join(map(str, range(1, 100))),)),
    ),
    Odd(
        ("99 variants", "three options"),
        Item(
            "ring", "Ring Egen", 1450_00, 6, "Sätt samman själv.",
            ("Storlek: " + "|".join(map(str, range(14, 25))), ("Metall: Silver|Guld "
"+2000|Mässing"), "Yta: Blank|Matt|Hamrad"),
        ),
    ),
    Odd(
        ("option name of 30 characters", "option value of 256 characters", "values equal when cut"),
        Item("vase", "Vas Receptet", 749_00, 1300, "Glasyren är historien.", (("Glasyrens recept "
"och ursprungx: "
f"{_LONG_VALUE[:255]}a|{_LONG_VALUE[:255]}b|Kalk"),)),
        every={"name": DROP, "sku": DROP},
        stock=(1, 2, 3),
    ),
    Odd(
        ("picture on an option value",),
        Item("textile", "Tygprov Linne", 25_00, 10, ("Tio gånger tio "
"centimeter."), ("Färg: Indigo|Rost",)),
        {"variantOptionDefinitions": {"definitions": [{"name": "Färg", "properties": [
            {"value": "Indigo", "imageUrl": "{images}/product/textile-3b4a6b-0a1b2c.png"},
            {"value": "Rost", "imageUrl": "{images}/product/textile-a8573a-0a1b2d.png"},
        ]}]}},
        every={"presentation": DROP},
    ),
    Odd(
        ("price null", "not weighed"),
        Item("pot", "Lagning av keramik", 100_00, 0, "Priset slås in i kassan."),
        every={"price": None, "costPrice": None},
    ),
    Odd(
        ("price null on one variant",),
        Item("poster", "Inramning", 395_00, 700, "Efter mått.", ("Storlek: A4|A3 +100|Annat",)),
        variants=({}, {}, {"price": None}),
        stock=(5, 5, None),
    ),
    Odd(("price zero",), Item("book", "Katalog Linds", 0, 120, "Tag en."), stock=(250,)),
    Odd((("price in another "
"currency"),), Item("book", "Handbok på engelska", 290_00, 400, "Sold by the author."),
        every={"price": {"currencyId": "CHF"}}),
    Odd(
        ("sold per unit",),
        Item("textile", "Linnetyg metervara", 289_00, 260, "150 cm brett.",
        ("Färg: Lin|Indigo|Rost",)),
        {"unitName": "m"},
        stock=(38, 12, 7),
    ),
    Odd(
        ("variants with rates of their own", "variant description"),
        Item("gift", "Kaffe & mugg", 299_00, 600, "Paketpris.", ("Innehåll: Kaffe|Mugg +100",)),
        variants=({"vatPercentage": "12.0", "description": "250 g malet."},
        {"vatPercentage": "25.0", "description": "Utan kaffe."}),
        refused=True,
    ),
    Odd(
        ("tax exempt",),
        Item("gift", "Gåva till konstnärsfonden", 50_00, 0, "Oavkortat."),
        {"taxExempt": True, "vatPercentage": None},
        tracked=False,
    ),
    Odd(("stock negative",), Item("candle", "Ljus Lagerfel", 129_00, 300, "Slut men såldes ändå.",
    ("Färg: Vit|Röd",)), stock=(-3, 12)),
    Odd(("stock zero",), Item("vase", "Vas Slutsåld", 459_00, 800, "Kommer åter."), stock=(0,)),
    Odd(("stock without a row",), Item("bowl", "Skål Ny", 239_00, 500, "Aldrig rörd.",
    ("Färg: Vit|Svart",)), stock=(None, None)),
    Odd(("stock large",), Item("gift", "Dekal Linds", 10_00, 2, "På cykeln, på datorn."),
    stock=(99_999,)),
    Odd(("untracked",), Item("gift", "Påse Papper", 5_00, 20, "Återvunnen."), tracked=False),
)
