"""Candles, jewellery, books and gifts."""

# A notebook: one product a line reads better than one product a page.
# fmt: off

from __future__ import annotations

from brygga_sandbox.library.items import Department, Item

CANDLES = Department(
    "DOF",
    "Ljus & doft",
    ("Brinner bäst i dragfritt rum. Lämna aldrig ett brinnande ljus utan uppsikt.\nHåll avstånd > "
"10 cm mellan ljus."),
    (
        Item("candle", "Doftljus Tjära", 329_00, 420, ("Tjära, rök och tall. 45 "
"timmar."), ("Storlek: 20 cl|40 cl +190",)),
        Item("candle", "Doftljus Fläder", 329_00, 420, "Fläderblom och citron.", (("Storlek: 20 "
"cl|40 cl +190"),)),
        Item("candle", "Doftljus Nytvättat", 329_00, 420, "Bomull på lina i maj."),
        Item("candle", "Blockljus Stearin", 89_00, 510, "Droppar inte.", (("Höjd: 10 cm|15 cm "
"+30|20 cm +60"), "Färg: Vit|Röd|Mossa")),
        Item("candle", "Grenljus Handstöpt", 79_00, 90, "Tredubbel veke."),
        Item("candle", "Värmeljus Bivax, 12 st", 149_00, 260, ("Luktar honung för att det är "
"honung.")),
        Item("candle", "Ljusstake Kotte", 259_00, 700, ("Gjutjärn, från Skultuna "
"socken."), ("Färg: Järn|Mässing +120",)),
        Item("candle", "Adventsstake Fyra", 695_00, 1600, "Drejad ring med mossbricka."),
        Item("candle", "Tändsticksask Lång", 59_00, 80, "30 cm långa stickor."),
        Item("candle", "Rumsdoft Enris", 279_00, 350, "Stickor i glas, 100 ml."),
    ),
)

JEWELLERY = Department(
    "SMY",
    "Smycken",
    "Nickelfritt. Putsas med mjuk duk.\nRinga om du är osäker på storleken.",
    (
        Item("ring", "Ring Slät", 795_00, 5, "Återvunnet silver, 3 mm.", (("Storlek: "
"15|16|17|18|19|20"),)),
        Item("ring", "Ring Tvinnad", 995_00, 6, "Tre trådar.", ("Storlek: 15|16|17|18|19",
        "Metall: Silver|Guld +1800")),
        Item("ring", "Armring Våg", 1295_00, 18, "Hamrad.", ("Metall: Silver|Mässing",)),
        Item("necklace", "Halsband Droppe", 895_00, 12, "Porslinsdroppe i kedja.",
        ("Längd: 42 cm|50 cm +60", "Färg: Vit|Hav")),
        Item("necklace", "Halsband Bokstav", 649_00, 8, "En bokstav i silver.", (("Bokstav: "
"A|B|E|J|L|M|S|Å|Ä|Ö"),)),
        Item("earring", "Örhängen Pärla", 545_00, 4, "Odlad pärla, silverkrok."),
        Item("earring", "Örstickers Korn", 345_00, 2, "Par.", ("Metall: Silver|Guld +700",)),
        Item("ring", "Manschettknappar Knut", 895_00, 16, "Knop i silver."),
        Item("earring", "Brosch Mås", 445_00, 14, "Porslin med nål i stål."),
    ),
)

BOOKS = Department(
    "BOK",
    "Böcker",
    "Svensk text om inget annat sägs.",
    (
        Item("book", "Boken om lera", 329_00, 980, "Från grop till glasyr. 240 sidor.", vat=6),
        Item("book", "Hundra stolar", 395_00, 1400, "Möbelhistoria i bild.", vat=6),
        Item("book", ("Färg & bindning: väv "
"själv"), 279_00, 620, "Handbok för nybörjare.", ("Band: Häftad|Inbunden +80",), vat=6),
        Item("book", "Fika – a Swedish habit", 229_00, 450, "In English.", vat=6),
        Item("book", "Керамика севера", 349_00, 870, "Nordens keramik, på ryska.", vat=6),
        Item("book", "器の本 (Utsuwa no hon)", 419_00, 760, "Om japanska kärl, tvåspråkig.", vat=6),
        Item("book", "Ljusets år", 249_00, 510, "Dikter och fotografier.", vat=6),
        Item("book", "Skissbok Linne", 189_00, 380, "160 g papper, linneband.", (("Storlek: A6|A5 "
"+50|A4 +110"), "Färg: Lin|Indigo|Rost")),
        Item("book", "Almanacka Väggen", 159_00, 240, "Tolv linoltryck."),
        Item("book", "Målarbok Skogens djur", 99_00, 260, "Obestruket papper.", vat=6),
    ),
)

GIFTS = Department(
    "GÅV",
    "Gåvor & skafferi",
    "Slås in utan kostnad. Skriv hälsningen i kommentaren.",
    (
        Item("gift", "Presentask Fika", 495_00, 1250, ("Mugg, kaffe & "
"kardemummaskorpor."), ("Mugg: Indigo|Sand|Salvia",)),
        Item("gift", "Presentask Bastu", 695_00, 1500, "Hamam, tjärtvål och björkris."),
        Item("gift", "Kardemummaskorpor", 79_00, 220, ("Bakade i Mariefred. Innehåller "
"gluten."), vat=12),
        Item("gift", "Kaffe Mörkrost", 119_00, 250, ("Helbönor från Probat "
"1961."), ("Malning: Hela bönor|Brygg|Espresso",), vat=12),
        Item("gift", "Te Hallon & lakrits", 99_00, 100, ("Ekologiskt svart te, lösvikt i "
"påse."), vat=12),
        Item("gift", "Honung Ljung", 109_00, 350, "Slungad i Halland.",
        ("Storlek: 350 g|700 g +80",), vat=12),
        Item("gift", "Marmelad Blodapelsin", 85_00, 280, "Kokt i koppar.", vat=12),
        Item("gift", "Saltlakrits Skeppsbro", 69_00, 150, "Stark.", vat=12),
        Item("gift", "Tvål Tjära", 75_00, 110, "Kallrörd.", ("Doft: Tjära|Fläder|Oparfymerad",)),
        Item("gift", "Handkräm Havre", 149_00, 90, "Utan parfym. 75 ml."),
        Item("gift", "Diskborste Ek", 89_00, 120, "Utbytbart huvud i tagel."),
        Item("gift", "Matrjoška Матрёшка", 599_00, 480, "Fem dockor, handmålade.",
        ("Färg: Röd|Blå",)),
        Item("gift", "Dalahäst Oputsad", 189_00, 230, "Att måla själv.",
        ("Höjd: 10 cm|15 cm +120",)),
        Item("gift", "Presentpapper Rulle", 69_00, 190, ("Linoltryck på kraftpapper, 5 "
"m."), ("Mönster: Rand|Rönn|Sill",)),
        Item("gift", "Presentkort 500 kr", 500_00, 0, "Gäller två år. Lämnas i kassan."),
        Item("gift", "Kurs: Dreja en kväll", 950_00, 0, ("Tre timmar, lera och bränning "
"ingår."), ("Dag: Tisdag|Torsdag",)),
        Item("gift", "Glasyrprov, 12 st", 345_00, 600, "Brickor med alla glasyrer."),
    ),
)
