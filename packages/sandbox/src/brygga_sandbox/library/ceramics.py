"""Ceramics and glass, the first products of Linds."""

# A notebook: one product a line reads better than one product a page.
# fmt: off

from __future__ import annotations

from brygga_sandbox.library.items import Department, Item

_GLAZE = "Glasyr: Indigo|Sand|Salvia"
_SIZES = "Storlek: Liten|Mellan +60|Stor +140"

CERAMICS = Department(
    "KER",
    "Keramik",
    ("Drejat för hand i vår verkstad, bränt i 1 240 °C. Tål maskindisk & mikro.\nSmå skillnader i "
"form och glasyr hör till."),
    (
        Item("cup", "Mugg Skärgård", 249_00, 380, ("Rymlig mugg i stengods med "
"tumgrepp."), (_GLAZE,), videos=("watch",)),
        Item("beaker", "Mugg Skärgård utan öra", 229_00, 320, ("Samma mugg, för den som värmer "
"händerna."), (_GLAZE,)),
        Item("cup", "Espressokopp Kväll", 149_00, 120, ("Liten kopp med tjock vägg. 8 "
"cl."), ("Glasyr: Svart|Benvit|Rost",)),
        Item("cup", "Cappuccinokopp Kväll", 189_00, 260, "Bred kopp, lagom till mjölkskum. 20 cl."),
        Item("cup", "Café au lait-skål Émilie", 219_00, 410, "Fransk frukostskål med blå rand."),
        Item("cup", "Tekopp Grüner", 199_00, 210, ("Lätt kopp i porslin med grön "
"kant."), ("Antal: 1 st|2 st +180|4 st +520",)),
        Item("cup", "Barnmugg Räven", 129_00, 190, ("Stadig mugg med räv i "
"botten."), ("Motiv: Räv|Igelkott|Ekorre",)),
        Item("cup", "Mugg Norrsken 🌌", 279_00, 370, ("Rinnglasyr i grönt och lila. Ingen blir den "
"andra lik.")),
        Item("beaker", "湯呑み 青（Yunomi, blå）", 259_00, 240, "Japansk tekopp utan öra, askglasyr."),
        Item("cup", "Krus Łódź", 299_00, 450, ("Handmålat krus från Bolesławiec med "
"påfågelsöga."), ("Storlek: 0,3 l|0,5 l +70",)),
        Item("bowl", "Skål Vik", 179_00, 340, ("Djup skål för gröt, soppa eller "
"ramen."), (_GLAZE, _SIZES)),
        Item("bowl", "Skål Vik med lock", 329_00, 620, "Skålen som får följa med ut."),
        Item("bowl", "Salladsskål Öland", 549_00, 1300, ("Vid skål med tunn kant, 30 "
"cm."), ("Glasyr: Vit|Hav",)),
        Item("bowl", "Snackskål Duo", 159_00, 260, "Två rum: ett för oliver, ett för kärnor."),
        Item("bowl", "Mortel Bohus", 399_00, 1900, "Oglaserad inuti, med stöt i granit."),
        Item("bowl", "Äggkopp Höna", 79_00, 70, ("Sitter stadigt. Säljs "
"styckvis."), ("Färg: Vit|Gul|Rosa|Blå",)),
        Item("plate", "Tallrik Äng", 229_00, 680, ("Mattallrik med pressad blomma i "
"godset."), ("Storlek: 18 cm|22 cm +40|27 cm +90", _GLAZE)),
        Item("plate", "Pastatallrik Siena", 259_00, 720, "Vid brätte, djup botten.",
        ("Glasyr: Terrakotta|Benvit",)),
        Item("plate", "Fat Midsommar", 479_00, 1200, "Avlångt fat för sillen, 38 cm."),
        Item("plate", "Tapasfat Cañón", 329_00, 640, ("Smalt fat med tre "
"fördjupningar."), ("Glasyr: Rost|Skiffer",)),
        Item("plate", ("Kaktallrik på fot Fru "
"Lind"), 595_00, 1500, "Tårtan ska stå högt.", ("Storlek: 22 cm|28 cm +150",)),
        Item("vase", "Vas Björk", 449_00, 900, ("Hög vas med "
"barkstruktur."), (_SIZES, "Glasyr: Kalk|Aska"), videos=("short link",)),
        Item("vase", "Vas Droppe", 349_00, 520, "För en enda kvist.",
        ("Färg: Salvia|Rosa|Granit|Ockra",)),
        Item("vase", "Golvvas Fyr", 1895_00, 6200, ("70 cm hög. Hämtas helst i "
"butiken."), ("Glasyr: Vit|Indigo",)),
        Item("vase", "Amfora Ítaca", 799_00, 2100, "Två öron, matt utsida, tät insida."),
        Item("vase", "Blomkruka Bosse", 299_00, 1100, "Kruka med fat.", (("Storlek: 12 cm|16 cm "
"+80|21 cm +190"), "Färg: Terrakotta|Benvit|Svart")),
        Item("vase", "Ampel Hänget", 389_00, 850, ("Hängkruka med läderrem, 14 "
"cm."), ("Färg: Kalk|Terrakotta",)),
        Item("glass", "Dricksglas Bubbla", 119_00, 210, ("Munblåst med luftbubblor. 30 "
"cl."), ("Färg: Glasklar|Turkos|Bärnsten|Rosa",)),
        Item("glass", "Vinglas Ængel", 189_00, 180, "Tunt glas på hög fot."),
        Item("glass", "Snapsglas Ålgräs", 89_00, 90, ("Sex olika stjälkar i "
"glaset."), ("Antal: 1 st|6 st +390",)),
        Item("pot", "Tekanna Stilla", 849_00, 980, ("Rund kanna med sil och bambuhandtag. 1,1 "
"l."), ("Glasyr: Indigo|Järn",), videos=("embed",)),
        Item("pot", "Mjölkkanna Mu", 199_00, 290, "Häller utan att droppa. Provat."),
        Item("pot", "Smörask Säter", 289_00, 560, ("Med vattenlås, så att smöret håller sig "
"mjukt."), ("Glasyr: Kalk|Salvia",)),
        Item("pot", "Saltkar Kosterhavet", 169_00, 310, "Öppet kar med träsked i ek."),
        Item("pot", "Ugnsform Lada", 459_00, 1700, "Tål 230 °C och frysen.", (("Storlek: 1,2 l|2,4 "
"l +160"), "Glasyr: Rost|Mossa")),
        Item("pot", "Vitlökskruka", 249_00, 600, "Perforerad, oglaserad."),
    ),
)
