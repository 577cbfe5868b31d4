"""Builds raw Zettle product JSON from the items (zettle facts 2.3 to 2.5, 2.10).

Details that an item leaves open (which form of weight, whether unset fields are null or absent, the
stock level) come from a random generator that depends only on the item's key, so that a new product
changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as combinations
from typing import Any

from brygga_sandbox.library.ids import ean13, etag, roll, slug, uuid1, video_id
from brygga_sandbox.library.items import COLOURS, Department, Item
from brygga_sandbox.library.money import amount, vat_rate

JSON = dict[str, Any]

SHOP = "Linds Keramik & Form"

_WALLS = (
    "4f6d8f",
    "9aab8c",
    "c68a3a",
    "a8573a",
    "d9a5a0",
    "50585f",
    "3f6c7a",
    "8f6f8f",
    "6b7449",
    "d6c2a0",
)


@dataclass(frozen=True, slots=True)
class World:
    """What all products of one library share: the source of ids, the currency, and the address of
    pictures.
    """

    namespace: str = "linds"
    currency: str = "SEK"
    image_base: str = "https://image.izettle.com"

    def picture(self, motif: str, colour: str, name: str) -> str:
        """The address of a picture. Its key says what to draw (see
        `brygga_sandbox.library.pictures`).
        """
        return f"{self.image_base}/product/{picture_key(motif, colour, name)}.png"


@dataclass(frozen=True, slots=True)
class Built:
    """One product as Zettle's API returns it, and its stock levels. A variant without an entry has
    no row.
    """

    product: JSON
    stock: dict[str, int]
    tracked: bool


@dataclass(frozen=True, slots=True)
class _Value:
    label: str
    extra: int  # kronor on top of the product's price


@dataclass(frozen=True, slots=True)
class _Goods:
    """An item, the name that seeds its random generator, and the prefix of its SKUs."""

    item: Item
    key: str
    code: str


def picture_key(motif: str, colour: str, name: str) -> str:
    """A key from which the picture takes the motif, the colour (a name of the shop's, or
    hexadecimal) and a seed.
    """
    return f"{motif}-{COLOURS.get(colour, colour)}-{roll('picture ' + name, 16**6):06x}"


def build(item: Item, department: Department, number: int, world: World) -> Built:
    """The item as a product of the library, with a stock level for most variants of a tracked
    product.
    """
    key = f"{world.namespace}/{department.prefix}/{item.name}"
    options = [_read_option(line) for line in item.options]
    chosen = [
        values
        for values in combinations(*(values for _, values in options))
        if "/".join(value.label for value in values) not in item.missing
    ]
    names = [name for name, _ in options]
    goods = _Goods(item, key, f"{department.prefix}-{number:03d}")
    variants = [_variant(goods, names, values, world) for values in chosen]
    _tell_apart(variants)
    if roll("no sku " + key, 10) == 0:
        for variant in variants:
            variant["sku"] = None
    product = _product(item, department, key, world) | {"variants": variants}
    if options:
        product["variantOptionDefinitions"] = {
            "definitions": [_definition(*option) for option in options]
        }
    old_style = (
        roll("style " + key, 10) < 3
    )  # old answers write null for all unset fields, new ones leave them out
    tracked = roll("tracked " + key, 5) > 0 and item.grams > 0
    return Built(
        product if old_style else without_nulls(product),
        _stock(variants) if tracked else {},
        tracked,
    )


def without_nulls(value: JSON) -> JSON:
    """The product in the form of newer answers: unset fields are absent."""
    return {
        key: [without_nulls(one) if isinstance(one,
        dict) else one for one in inner] if isinstance(inner, list)
        else without_nulls(inner) if isinstance(inner, dict)
        else inner
        for key, inner in value.items()
        if inner is not None
    }  # fmt: skip


def _read_option(line: str) -> tuple[str, list[_Value]]:
    name, _, values = line.partition(": ")
    return name, [_read_value(text) for text in values.split("|")]


def _read_value(text: str) -> _Value:
    label, _, extra = text.partition(" +")
    return _Value(label, int(extra or 0))


def _definition(name: str, values: list[_Value]) -> JSON:
    return {"name": name, "properties": [{"value": value.label} for value in values]}


def _variant(goods: _Goods, names: list[str], values: tuple[_Value, ...], world: World) -> JSON:
    item, key = goods.item, goods.key
    labels = [value.label for value in values]
    mine = "/".join([key, *labels])
    colour = next((label for label in labels if label in COLOURS), None)
    price = amount(item.price + 100 * sum(value.extra for value in values), world.currency)
    return {
        "uuid": uuid1("variant " + mine),
        "name": ", ".join(labels) if labels else None,
        "description": None,
        "sku": "-".join([goods.code, *map(_short, labels)]),
        "barcode": ean13(mine) if roll("barcode " + key, 5) else None,
        "price": {"amount": price, "currencyId": world.currency},
        "costPrice": {"amount": price * 2 // 5, "currencyId": world.currency}
        if roll("cost " + key, 3) == 0
        else None,
        "options": [{"name": n, "value": label} for n, label in zip(names, labels, strict=True)]
        or None,
        "presentation": {"imageUrl": world.picture(item.motif, colour, mine)} if colour else None,
    }


def _tell_apart(variants: list[JSON]) -> None:
    """Add a number to equal SKUs (Å and Ä both become A)."""
    seen: dict[str, int] = {}
    for variant in variants:
        seen[variant["sku"]] = times = seen.get(variant["sku"], 0) + 1
        if times > 1:
            variant["sku"] += f"-{times}"


def _short(label: str) -> str:
    """Four letters or a number that represent an option value in a SKU."""
    return slug(label).replace("-", "").upper()[:6]


def _product(item: Item, department: Department, key: str, world: World) -> JSON:
    colour = _WALLS[roll("colour " + key, len(_WALLS))]
    first = next((value.label for _, values in map(_read_option, item.options) for value in values
                  if value.label in COLOURS), colour)  # fmt: skip
    image = world.picture(item.motif, first, key)
    created = _moment(key, "created", 2021)
    return {
        "uuid": uuid1("product " + key),
        "name": item.name,
        "description": item.text,
        "imageLookupKeys": [],
        "categories": [],
        "presentation": {"imageUrl": image, "backgroundColor": "#ffffff", "textColor": "#000000"},
        "variants": [],
        "externalReference": None,
        "unitName": None,
        "vatPercentage": vat_rate(item.vat, world.currency),
        "taxExempt": False,
        "category": {
            "uuid": uuid1(f"category {world.namespace}/{department.category}"),
            "name": department.category,
        },
        "metadata": {"inPos": True, "source": {"name": "izettle", "external": False}},
        "online": _online(item, department, key, image, world),
        "etag": etag(key),
        "created": created,
        "updated": max(created, _moment(key, "updated", 2023)),
        "updatedBy": uuid1(f"user {world.namespace}"),
    }


def _moment(key: str, what: str, year: int) -> str:
    """A time of day in shop hours, in Zettle's form: no colon in the zone."""
    draw = roll(f"{what} {key}", 2 * 12 * 28 * 36_000)
    days, seconds = divmod(draw, 36_000)
    years, day = divmod(days, 12 * 28)
    clock = f"{8 + seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{year + years}-{1 + day // 28:02d}-{1 + day % 28:02d}T{clock}.{draw % 1000:03d}+0000"


def _online(item: Item, department: Department, key: str, image: str, world: World) -> JSON | None:
    """The online part. One product in eight has none, and two more in eight have only what the back
    office writes.
    """
    luck = roll("online " + key, 8)
    if luck == 0 and not item.videos:
        return None
    seo: JSON = {"slug": slug(item.name)}
    if luck <= 2 and not item.videos:
        return {"status": "HIDDEN", "seo": seo} | (
            {"shipping": _weight(item.grams, key)} if item.grams else {}
        )
    extra = [world.picture(item.motif, _WALLS[roll(f"more {n} {key}", len(_WALLS))], f"{key} {n}")
             for n in range(roll("extra " + key, 3))]  # fmt: skip
    presentation: JSON = {"displayImageUrl": image, "additionalImageUrls": extra}
    if item.videos:
        presentation["mediaUrls"] = [video(form, f"{key} {form}") for form in item.videos]
    return {
        "status": "ACTIVE",
        "title": item.name,
        "description": f"{item.text}\n\n{department.care}",
        "presentation": presentation,
        "shipping": _weight(item.grams, key) if item.grams else None,
        "seo": seo
        | {
            "title": f"{item.name} | {SHOP}"[:256],
            "metaDescription": f"{item.text} {SHOP}, {department.category.lower()}.",
        },
    }


def _weight(grams: int, key: str) -> JSON:
    """The weight in one of the forms the API knows: grams, a unit that the merchant selects, or
    both.
    """
    forms: tuple[JSON, ...] = (
        {"weightInGrams": grams},
        {"weightInGrams": grams, "weight": {"weight": grams / 1000, "unit": "kg"}},
        {"weight": {"weight": grams / 1000, "unit": "kg"}},
        {"weight": {"weight": grams, "unit": "g"}},
        {"weight": {"weight": round(grams / 28.349523125, 2), "unit": "oz"}},
        {"weight": {"weight": round(grams / 453.59237, 3), "unit": "lb"}},
    )
    return {"shippingPricingModel": "STANDARD" if grams < 10_000 else "FREE"} | forms[
        roll("weight " + key, len(forms))
    ]


def _stock(variants: list[JSON]) -> dict[str, int]:
    """Levels for a tracked product: mostly small, some large, some zero, and some without any
    movement (no row).
    """
    levels: dict[str, int] = {}
    for variant in variants:
        luck = roll("shelf " + variant["uuid"], 20)
        if luck < 2:
            continue
        levels[variant["uuid"]] = (
            0 if luck < 4 else 120 + luck * 30 if luck == 19 else 1 + roll(variant["uuid"], 40)
        )
    return levels


VIDEO_FORMS = {
    "watch": "https://www.youtube.com/watch?v={id}",
    "bare host": "https://youtube.com/watch?v={id}",
    "short link": "https://youtu.be/{id}",
    "short link with extras": "https://youtu.be/{id}?si=Xq3hO-lind&t=30",
    "embed": "https://www.youtube.com/embed/{id}",
    "embed without cookies": "https://www.youtube-nocookie.com/embed/{id}?rel=0",
    "shorts": "https://www.youtube.com/shorts/{id}",
    "live": "https://www.youtube.com/live/{id}?feature=share",
    "mobile": "https://m.youtube.com/watch?v={id}",
    "music": "https://music.youtube.com/watch?v={id}",
    "list": "https://www.youtube.com/watch?list=PL0lindskeramik&v={id}&index=2",
    "fragment": "https://www.youtube.com/watch?v={id}#t=15",
    "old player": "http://www.youtube.com/v/{id}",
    "capitals": "HTTPS://WWW.YouTube.COM/watch?v={id}",
}
"""Every form in which a merchant may paste the address of a YouTube video. All of them name one
video.
"""


def video(form: str, name: str) -> str:
    """The address of a YouTube video in one of `VIDEO_FORMS`."""
    return VIDEO_FORMS[form].format(id=video_id(name))


DROP: Any = object()
"""In a patch: the field is removed. (None writes null.)"""


def patched(value: JSON, patch: JSON, world: World) -> JSON:
    """A copy of the JSON object with the patch applied. "{images}" in a text becomes the picture
    host.
    """
    result = dict(value)
    for name, change in patch.items():
        if change is DROP:
            result.pop(name, None)
        elif isinstance(change, dict):
            below = result.get(name)
            result[name] = patched(below if isinstance(below, dict) else {}, change, world)
        else:
            result[name] = _placed(change, world)
    return result


def _placed(value: Any, world: World) -> Any:
    if isinstance(value, str):
        return value.replace("{images}", world.image_base)
    return [_placed(one, world) for one in value] if isinstance(value, list) else value
