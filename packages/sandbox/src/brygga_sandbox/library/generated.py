"""Libraries of any size: believable combinations, the same for the same seed, and fast to create.

The n-th product depends only on the seed and on n, so a small library is the beginning of a large
one.
"""

from __future__ import annotations

from dataclasses import dataclass

from brygga_sandbox.library.build import JSON
from brygga_sandbox.library.demo import Library
from brygga_sandbox.library.ids import digest, slug, with_check_digit
from brygga_sandbox.library.items import COLOURS
from brygga_sandbox.library.money import amount, vat_rate

_MASK = (1 << 64) - 1
_SIZES = ("Liten", "Mellan", "Stor")
_WEAR = ("S", "M", "L", "XL")
_BEDS = ("Enkel", "Dubbel")
_PRINTS = ("A4", "A3", "A2", "A1")
_WOODS = ("Ek", "Furu", "Valnöt")
_NONE = ()

# motif, noun, price in öre, grams, name and values of the option (if the product has one)
_NOUNS: tuple[tuple[str, str, int, int, str, tuple[str, ...]], ...] = (
    ("cup", "Mugg", 229_00, 360, "Storlek", _SIZES),
    ("cup", "Kopp", 149_00, 180, "Antal", ("1 st", "2 st", "4 st")),
    ("cup", "Tekopp", 179_00, 210, "", _NONE),
    ("bowl", "Skål", 249_00, 520, "Storlek", _SIZES),
    ("bowl", "Fruktskål", 549_00, 1400, "", _NONE),
    ("plate", "Tallrik", 219_00, 650, "Storlek", ("18 cm", "22 cm", "27 cm")),
    ("plate", "Fat", 429_00, 1100, "", _NONE),
    ("vase", "Vas", 449_00, 900, "Storlek", _SIZES),
    ("vase", "Golvvas", 1695_00, 6000, "", _NONE),
    ("vase", "Kruka", 289_00, 1000, "Storlek", ("12 cm", "16 cm", "21 cm")),
    ("glass", "Dricksglas", 119_00, 210, "Antal", ("1 st", "6 st")),
    ("glass", "Ljuslykta", 159_00, 450, "", _NONE),
    ("pot", "Tekanna", 799_00, 950, "", _NONE),
    ("pot", "Ugnsform", 429_00, 1600, "Volym", ("1,2 l", "2,4 l")),
    ("pot", "Burk", 199_00, 480, "Storlek", _SIZES),
    ("textile", "Kuddfodral", 349_00, 260, "Storlek", ("40 × 40 cm", "50 × 50 cm")),
    ("textile", "Pläd", 1190_00, 900, "", _NONE),
    ("textile", "Duk", 849_00, 850, "Längd", ("180 cm", "250 cm", "320 cm")),
    ("textile", "Påslakan", 1095_00, 1400, "Storlek", _BEDS),
    ("textile", "Tröja", 1295_00, 480, "Storlek", _WEAR),
    ("textile", "Förkläde", 429_00, 400, "Storlek", _WEAR),
    ("textile", "Matta", 1995_00, 5200, "Storlek", ("140 × 200 cm", "170 × 240 cm")),
    ("towel", "Handduk", 169_00, 220, "Storlek", ("50 × 70 cm", "70 × 140 cm")),
    ("towel", "Kökshandduk", 129_00, 110, "", _NONE),
    ("basket", "Korg", 329_00, 500, "Storlek", _SIZES),
    ("pendant", "Taklampa", 1395_00, 1800, "Storlek", ("22 cm", "35 cm")),
    ("lamp", "Bordslampa", 995_00, 1500, "", _NONE),
    ("lamp", "Vägglampa", 749_00, 900, "", _NONE),
    ("stool", "Pall", 995_00, 3000, "Träslag", _WOODS),
    ("chair", "Stol", 2295_00, 4900, "Träslag", _WOODS),
    ("table", "Sidobord", 1795_00, 5600, "Träslag", _WOODS),
    ("table", "Bricka", 449_00, 700, "", _NONE),
    ("clock", "Väggklocka", 845_00, 1100, "", _NONE),
    ("poster", "Affisch", 295_00, 180, "Storlek", _PRINTS),
    ("candle", "Doftljus", 329_00, 420, "Storlek", ("20 cl", "40 cl")),
    ("candle", "Ljusstake", 249_00, 700, "", _NONE),
    ("ring", "Ring", 795_00, 6, "Storlek", ("16", "17", "18", "19")),
    ("necklace", "Halsband", 745_00, 12, "Längd", ("42 cm", "50 cm")),
    ("earring", "Örhängen", 495_00, 5, "", _NONE),
    ("gift", "Presentask", 595_00, 1200, "", _NONE),
)

_SERIES = (
    "Alnö", "Björkö", "Blidö", "Bohus", "Dalarö", "Fjäll", "Fårö", "Gotska", "Gräsö", "Grinda",
    "Holmön",
    "Huvudskär", "Håverud", "Härnön", "Ingarö", "Jurmo", "Kosterö", "Kåseberga", "Landsort",
    "Lofoten", "Lövö",
    "Marstrand", "Möja", "Nidingen", "Norrsken", "Nåttarö", "Orust", "Rinkaby", "Runmarö", "Råå",
    "Rödlöga",
    "Sandhamn", "Skagen", "Skanör", "Smögen", "Särö", "Torekov", "Tofta", "Tjörn", "Trosa",
    "Ulvön", "Utö",
    "Vadstena", "Ven", "Vinö", "Visby", "Vättern", "Yxlan", "Åhus", "Åland", "Ängsö", "Öland",
    "Öregrund",
    "Österlen",
)  # fmt: skip
_COLOURS = tuple(COLOURS)

# 2019-06-01 in 100 ns steps since the Gregorian reform (uuid version 1).
_FIRST_TICK = 137_786_400_000_000_000


@dataclass(frozen=True, slots=True)
class _Press:
    """What every product of one generated library shares."""

    salt: int
    currency: str
    image_base: str
    standard_rate: str
    created: int
    node: str


def generated_library(
    n: int,
    seed: int,
    currency: str = "SEK",
    namespace: str = "linds",
    image_base: str = "https://image.izettle.com",
    *,
    first: int = 0,
) -> Library:
    """`n` products (at most about 79,000, which is all the combinations) with unique names, SKUs
    and barcodes.

    Three in five have options, four in five are tracked, one variant in ten has no stock row.
    `first` leaves out the products before that number, so that a large library can be created in
    portions. Raises ValueError above the maximum.
    """
    most = len(_NOUNS) * len(_SERIES) * len(_COLOURS)
    if n < 0 or first < 0 or first + n > most:
        raise ValueError(f"between 0 and {most} products, not {first + n}")
    salt = digest(f"{namespace}/{seed}")
    press = _Press(
        salt,
        currency,
        image_base,
        vat_rate(25, currency),
        _FIRST_TICK + salt % 10**14,
        f"4f1c{salt & 0xFFFFFFFF:08x}",
    )
    step = _step(most)
    library = Library()
    for number in range(first, first + n):
        product = _product(press, number, (salt + number * step) % most, library.stock)
        library.products.append(product)
        if _mix(salt ^ number) % 5:
            library.tracked.append(product["uuid"])
        else:
            for variant in product["variants"]:
                library.stock.pop(variant["uuid"], None)
    return library


def _step(most: int) -> int:
    """A stride that visits every combination of words once before it repeats any."""
    step = most * 618 // 1000
    while not all(
        step % prime for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 53, 59, 61)
    ):
        step += 1
    return step


def _mix(number: int) -> int:
    """The last step of Splitmix64: a well-mixed 64-bit number."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _MASK
    return number ^ number >> 31


def _uuid(press: _Press, number: int, part: int) -> str:
    """The uuid of product `number` (part 0), or of its variant (from 1). Counting makes it unique,
    not chance.
    """
    ticks = press.created + number * 36_000_000_000
    time = f"{ticks & 0xFFFFFFFF:08x}-{ticks >> 32 & 0xFFFF:04x}-{0x1000 | ticks >> 48:04x}"
    return f"{time}-{0x8000 | part & 0x3FFF:04x}-{press.node}"


def _product(press: _Press, number: int, words: int, stock: dict[str, int]) -> JSON:
    words, noun_at = divmod(words, len(_NOUNS))
    colour_at, series_at = divmod(words, len(_SERIES))
    motif, noun, ore, grams, option, values = _NOUNS[noun_at]
    series, colour = _SERIES[series_at], _COLOURS[colour_at]
    name = f"{noun} {series} {colour}"
    text = f"{noun} i serien {series}, färg {colour.lower()}."
    luck = _mix(press.salt + number)
    image = f"{press.image_base}/product/{motif}-{COLOURS[colour]}-{luck & 0xFFFFFF:06x}.png"
    price = amount(ore * (90 + luck % 23) // 1000 * 10, press.currency)
    moment = f"202{luck % 5}-{1 + luck % 12:02d}-{1 + luck % 28:02d}T{9 + luck % 9:02d}:{luck % 60:02d}:00.{luck % 1000:03d}+0000"
    product: JSON = {
        "uuid": _uuid(press, number, 0),
        "name": name,
        "description": text,
        "presentation": {"imageUrl": image},
        "variants": _variants(press, number, (option, values), (grams, price, luck), stock),
        "vatPercentage": press.standard_rate,
        "online": _online(name, text, image, grams)
        if luck % 3
        else {"status": "HIDDEN", "seo": {"slug": _slug(name)}},
        "etag": f"{luck:016X}{_mix(luck):016X}",
        "created": moment,
        "updated": moment,
    }
    if option:
        product["variantOptionDefinitions"] = {
            "definitions": [{"name": option, "properties": [{"value": value} for value in values]}]
        }
    return product


def _variants(
    press: _Press,
    number: int,
    option: tuple[str, tuple[str, ...]],
    goods: tuple[int, int, int],
    stock: dict[str, int],
) -> list[JSON]:
    name, values = option
    grams, price, luck = goods
    variants: list[JSON] = []
    for place, value in enumerate(values or ("",), start=1):
        uuid = _uuid(press, number, place)
        variant: JSON = {
            "uuid": uuid,
            "sku": f"L{number:05d}-{place}" if values else f"L{number:05d}",
            "barcode": with_check_digit(f"7{number:08d}{place:03d}"),
            "price": {"amount": price * (2 + place) // 3, "currencyId": press.currency},
        }
        if values:
            variant["name"] = value
            variant["options"] = [{"name": name, "value": value}]
        record = _mix(luck + place)
        if record % 10:
            stock[uuid] = (
                0 if record % 10 == 1 else 1 + (record >> 8) % (60 if grams < 1000 else 12)
            )
        variants.append(variant)
    return variants


def _online(name: str, text: str, image: str, grams: int) -> JSON:
    return {
        "status": "ACTIVE",
        "title": name,
        "description": f"{text}\n\nFormgiven av Linds & vänner.",
        "presentation": {"displayImageUrl": image},
        "shipping": {"shippingPricingModel": "STANDARD", "weightInGrams": grams},
        "seo": {"title": f"{name} | Linds", "metaDescription": text, "slug": _slug(name)},
    }


_SLUGS: dict[str, str] = {
    word: slug(word) for word in (*_SERIES, *_COLOURS, *(row[1] for row in _NOUNS))
}


def _slug(name: str) -> str:
    return "-".join(_SLUGS[word] for word in name.split(" "))
