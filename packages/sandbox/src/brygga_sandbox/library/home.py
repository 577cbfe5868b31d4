"""Lighting, furniture and posters."""

# A notebook: one product a line reads better than one product a page.
# fmt: off

from __future__ import annotations

from brygga_sandbox.library.items import Department, Item

LIGHTING = Department(
    "LJU",
    "Belysning",
    ("Levereras med tygsladd. CE-märkt, IP20. Ljuskälla < 40 W ingår ej.\nFast installation görs "
"av "
"behörig elektriker."),
    (
        Item("pendant", "Taklampa Klocka", 1495_00, 1800, ("Spunnen metall med vit "
"insida."), ("Storlek: 22 cm|35 cm +600", "Färg: Svart|Kalk|Mässing"), videos=("list",)),
        Item("pendant", "Taklampa Papper Måne", 395_00, 350, "Rispapper på ståltråd.",
        (("Storlek: 40 "
"cm|60 cm +200"),)),
        Item("pendant", "Pendel Ørsted", 2295_00, 2600, "Opalglas i tre ringar.",
        ("Färg: Vit|Rosa",)),
        Item("pendant", "Pendel Stengods", 1195_00, 1500, "Drejad skärm, rå utsida.",
        ("Glasyr: Kalk|Skiffer|Terrakotta",)),
        Item("lamp", "Bordslampa Svamp", 1295_00, 2100, ("Rund skärm i glas, dimmer på "
"sladden."), ("Färg: Vit|Bärnsten|Grön",)),
        Item("lamp", "Bordslampa Tuva", 899_00, 1300, ("Fot i stengods, skärm i "
"linne."), ("Glasyr: Indigo|Sand",)),
        Item("lamp", "Läslampa Böj", 1095_00, 1700, "Ställbar arm i mässing."),
        Item("lamp", "Golvlampa Heron", 3495_00, 7400, "Ben i ek, riktbar skärm.",
        ("Träslag: Ek|Valnöt +400", "Färg: Svart|Kalk")),
        Item("lamp", "Vägglampa Snäcka", 795_00, 900, ("Oglaserat porslin som släpper igenom "
"ljuset.")),
        Item("lamp", "Nattlampa Måsen", 399_00, 450, "Laddbar, tre ljusstyrkor."),
        Item("lamp", "Lampskärm Plissé", 349_00, 300, "Vikt papper, passar E27.",
        (("Storlek: 20 cm|25 cm "
"+60|30 cm +120"),)),
    ),
)

FURNITURE = Department(
    "MÖB",
    "Möbler",
    ("Massivt trä från nordiskt skogsbruk, oljat. Levereras monterad till "
"tomtgräns.\nLuftfuktighet "
"30 – 60 % håller möbeln glad."),
    (
        Item("stool", "Pall Tre ben", 995_00, 3100, ("Svarvade ben, sits utan "
"skruv."), ("Träslag: Ek|Furu|Valnöt +300",), videos=("shorts",)),
        Item("stool", "Barpall Brygga", 1795_00, 5200, "Fotstöd i mässing.",
        ("Höjd: 63 cm|75 cm +100", "Träslag: Ek|Svart")),
        Item("stool", "Barnpall Knut", 495_00, 1400, "Namnet bränns in på begäran."),
        Item("chair", "Stol Pinne", 2495_00, 4900, ("Pinnstol med formad "
"sits."), ("Träslag: Ek|Furu|Svart",)),
        Item("chair", "Fåtölj Vila", 7995_00, 14500, ("Flätad sits av "
"papperssnöre."), ("Träslag: Ek|Valnöt +900", "Dyna: Lin|Mossa")),
        Item("table", "Sidobord Månskära", 1895_00, 5600, "Rund skiva, 45 cm.",
        ("Träslag: Ek|Valnöt +400",)),
        Item("table", "Matbord Storstuga", 14900_00, 48000, "Skiva av hela plankor.", (("Längd: 180 "
"cm|220 cm +2500"), "Träslag: Ek|Furu")),
        Item("table", "Sängbord Låda", 2195_00, 7200, "En låda, mjukstängning."),
        Item("table", "Bänk Farstu", 2795_00, 8800, "Skohylla under sitsen.",
        ("Bredd: 90 cm|120 cm +500",)),
        Item("table", "Hylla Sträng", 1295_00, 3400, "Väggfäste i läder.",
        ("Bredd: 60 cm|90 cm +250", "Träslag: Ek|Furu|Svart")),
        Item("table", "Serveringsbricka Björk", 449_00, 700, "Formpressad björk.",
        (("Storlek: 27 × 20 cm|43 "
"× 33 cm +150"),)),
        Item("clock", "Väggklocka Tid", 895_00, 1100, "Urverk utan tick.", ("Färg: Vit|Svart|Ek",)),
    ),
)

POSTERS = Department(
    "POS",
    "Affischer",
    "Tryckt på 250 g obestruket papper i Malmö. Ram & passepartout säljs för sig.",
    (
        Item("poster", "Affisch Fjäll", 295_00, 180, ("Linoltryck efter Ingrid "
"Lind."), ("Storlek: 30 × 40 cm|50 × 70 cm +150", "Ram: Utan|Ek +400|Svart +400")),
        Item("poster", "Affisch Stol 1958", 345_00, 180, "Ritning i skala 1:10.", (("Storlek: A3|A2 "
"+120|A1 +300"),)),
        Item("poster", "Affisch Kaffe & bulle", 245_00, 160, ("Fika < 3 gånger om dagen är för "
"lite."), ("Storlek: A4|A3 +60",)),
        Item("poster", "Affisch Åsö gatlopp 1974", 395_00, 180, "Nytryck, numrerat."),
        Item("poster", "Affisch Mönster nr 7", 295_00, 180, "Ur vår arkivlåda.",
        ("Färg: Röd|Blå|Gul",)),
        Item("poster", "Affisch Alfabetet A–Ö", 275_00, 180, "29 bokstäver, 29 djur."),
        Item("poster", "Originaltryck Norrland", 2400_00, 300, ("Litografi, signerad. Upplaga "
"60."), vat=12),
        Item("poster", "Posterhängare Ek", 225_00, 250, "Magnetlist.", (("Bredd: 31 cm|51 cm +80|71 "
"cm +140"),)),
        Item("poster", "Ram Enkel", 349_00, 900, "Ek med akrylglas.", (("Storlek: 30 × 40 cm|50 × "
"70 cm +200"), "Färg: Ek|Svart|Vit")),
        Item("poster", "Vykort Linds, 8 st", 95_00, 60, "Åtta motiv ur verkstaden."),
    ),
)
