"""Textiles: woven in Sweden and Portugal, dyed in small batches."""

# A notebook: one product a line reads better than one product a page.
# fmt: off

from __future__ import annotations

from brygga_sandbox.library.items import Department, Item

TEXTILES = Department(
    "TEX",
    "Textil",
    ("Tvättas i 40 °C, hängtorkas. Krymper < 5 % första tvätten.\nVävt i små upplagor; färgen kan "
"skilja mellan bad."),
    (
        Item("towel", "Kökshandduk Rand", 129_00, 110, "Halvlinne med hängare.",
        ("Färg: Indigo|Rost|Salvia|Svart",)),
        Item("towel", "Badlakan Hamam", 399_00, 380, ("Tunn vävd bomull med fransar, 100 × 180 "
"cm."), ("Färg: Hav|Sand|Rosa",)),
        Item("towel", "Handduk Våffla", 189_00, 240, "Våffelvävd bomull.", (("Storlek: 50 × 70 "
"cm|70 × 140 cm +160"), "Färg: Vit|Salvia|Skiffer")),
        Item("towel", "Förkläde Verkstad", 449_00, 420, ("Tvättat linne, korsade "
"band."), ("Storlek: S|M|L", "Färg: Lin|Indigo|Svart")),
        Item("textile", "Kuddfodral Åker", 349_00, 260, ("Vävt ruter, dold "
"dragkedja."), ("Storlek: 40 × 40 cm|50 × 50 cm +70|40 × 60 cm +50", "Färg: Ockra|Mossa|Plommon")),
        Item("textile", "Kuddfodral Sammet", 399_00, 280, ("Bomullssammet, 50 × 50 "
"cm."), ("Färg: Rost|Hav|Mossa|Plommon|Persika",)),
        Item("textile", "Pläd Fårö", 1290_00, 950, ("Gotländsk ull, 130 × 180 "
"cm."), ("Färg: Aska|Lin|Indigo",), videos=("mobile",)),
        Item("textile", "Babypläd Lamm", 690_00, 380, ("Mjuk ekologisk ull, 70 × 100 "
"cm."), ("Färg: Kalk|Rosa|Salvia",)),
        Item("textile", "Duk Långbord", 899_00, 870, ("Tvättat linne med mitrade "
"hörn."), ("Längd: 180 cm|250 cm +300|320 cm +600", "Färg: Lin|Kalk|Skiffer")),
        Item("textile", "Servett Linne, 4 st", 329_00, 240, ("45 × 45 cm, fransad "
"kant."), ("Färg: Lin|Salvia|Rost|Indigo",)),
        Item("textile", "Påslakan Moln", 1195_00, 1400, "Tvättad bomullsperkal.", (("Storlek: "
"Enkel|Dubbel +600"), "Färg: Vit|Hav|Persika")),
        Item("textile", "Matta Trasa", 799_00, 2200, ("Vävd av spill. Varje matta är "
"ensam."), ("Storlek: 70 × 140 cm|70 × 240 cm +500",)),
        Item("textile", "Ryamatta Ørsta", 4995_00, 9800, "Knuten ull på linvarp.",
        (("Storlek: 140 × "
"200 cm|170 "
"× 240 cm +2500"), "Färg: Kalk|Rost")),
        Item("textile", "Gardin Skira, par", 990_00, 800, ("Genomsiktligt linne, kanal "
"upptill."), ("Längd: 220 cm|250 cm +100|300 cm +250",)),
        Item("textile", "Halsduk Kåre", 595_00, 220, "Borstad alpacka.",
        ("Färg: Skiffer|Ljung|Ockra",)),
        Item("textile", "Vantar Lovikka", 449_00, 160, ("Handstickade i "
"Norrbotten."), ("Storlek: 6|7|8|9",)),
        Item("textile", "Raggsockor Ängsö", 249_00, 130, "Ull med förstärkt häl.", (("Storlek: "
"36–38|39–42|43–46"), "Färg: Aska|Röd")),
        Item("textile", "Tygkasse Linds", 99_00, 140, "Tjock bomull, långa handtag."),
        Item("basket", "Korg Spån", 349_00, 520, ("Flätad furuspån från "
"Dalarna."), ("Storlek: Liten|Mellan +100|Stor +250",)),
    ),
)
