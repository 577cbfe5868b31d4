"""What `brygga check` holds against what: both platforms' raw JSON, field by field.

Written apart from `core.mapping` on purpose, from rule P1 and the platforms' documents, so that a slip in the mapping shows here.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

YOUTUBE = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|embed/|shorts/|live/|v/)|youtu\.be/)([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
GRAMS = {"kg": Decimal(1000), "g": Decimal(1), "oz": Decimal("28.349523125"), "lb": Decimal("453.59237")}
STORE_UNITS = {
    "kgs": Decimal(1000),
    "grams": Decimal(1),
    "ounces": Decimal("28.349523125"),
    "lbs": Decimal("453.59237"),
    "tonnes": Decimal(1_000_000),
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    product: str
    field: str
    zettle: str
    bigcommerce: str


@dataclass(frozen=True, slots=True)
class Both:
    """One product as the two platforms show it, and what of the surroundings decides how they must relate."""

    zettle: Json
    shop: Json
    levels: Mapping[str, int] | None
    """Balance by variant uuid; None when Zettle does not track the product."""
    pictures: Callable[[str], bool]
    """Whether an image address can be fetched."""
    shared_names: Counter[str]
    shared_skus: Counter[str]
    category_id: int
    currency: str
    weight_units: str
    prices: bool


Check = Callable[[Both], Iterator[tuple[str, Any, Any]]]


def field_mismatches(both: Both) -> list[Mismatch]:
    """Every field of rule P1 that differs, the birth-only fields included."""
    checks: tuple[Check, ...] = (_name, _text, _seo, _weight, _shape, _identity, _prices, _pictures, _videos, _birth)
    return [
        Mismatch(both.zettle["uuid"], name, str(expected), str(actual))
        for check in checks
        for name, expected, actual in check(both)
        if expected != actual
    ]


def stock_mismatches(both: Both) -> list[Mismatch]:
    """Tracking and every variant's level. A shelf below zero at the till is an empty shelf in the shop (decision 7)."""
    tracked = both.shop["inventory_tracking"] != "none"
    if tracked != (both.levels is not None):
        return [Mismatch(both.zettle["uuid"], "tracking", str(both.levels is not None), str(tracked))]
    if both.levels is None:
        return []
    expected = Counter(max(0, both.levels.get(variant["uuid"], 0)) for variant in both.zettle["variants"])
    actual = Counter(variant["inventory_level"] for variant in both.shop["variants"])
    return [] if expected == actual else [Mismatch(both.zettle["uuid"], "stock", _shown(expected), _shown(actual))]


def _shown(levels: Counter[int]) -> str:
    return " ".join(str(level) for level in sorted(levels.elements()))


def _name(both: Both) -> Iterator[tuple[str, Any, Any]]:
    expected, actual = _words(both.zettle["name"]), _words(both.shop["name"])
    if both.shared_names[expected.casefold()] > 1 or len(expected) > 250:
        whole = expected[:200]
        yield "name", whole, actual[: len(whole)]
    else:
        yield "name", expected, actual


def _text(both: Both) -> Iterator[tuple[str, Any, Any]]:
    source = (both.zettle.get("online") or {}).get("description") or both.zettle.get("description") or ""
    yield "description", _plain(source), _plain(both.shop["description"])


def _seo(both: Both) -> Iterator[tuple[str, Any, Any]]:
    seo = (both.zettle.get("online") or {}).get("seo") or {}
    title, shown = _words(seo.get("title") or ""), _words(both.shop["page_title"])
    yield (
        "page_title",
        True,
        shown == title or (len(title) > 255 and shown.endswith("…") and title.startswith(shown[:-1])),
    )
    yield "meta_description", _words(seo.get("metaDescription") or ""), _words(both.shop["meta_description"])
    slug = (seo.get("slug") or "").strip("/").casefold()
    if re.fullmatch(r"[a-z0-9-]{1,200}", slug):
        path = both.shop["custom_url"]["url"].strip("/")
        yield "url", slug, path[: len(slug)]


def _weight(both: Both) -> Iterator[tuple[str, Any, Any]]:
    shipping = (both.zettle.get("online") or {}).get("shipping") or {}
    grams = Decimal(0)
    if shipping.get("weightInGrams") is not None:
        grams = Decimal(str(shipping["weightInGrams"]))
    elif shipping.get("weight"):
        grams = Decimal(str(shipping["weight"]["weight"])) * GRAMS[shipping["weight"]["unit"]]
    expected = grams / STORE_UNITS[both.weight_units.casefold()]
    actual = Decimal(str(both.shop["weight"]))
    yield "weight", True, abs(expected - actual) <= max(Decimal("0.0001"), expected / 1000)


def _shape(both: Both) -> Iterator[tuple[str, Any, Any]]:
    variants, definitions = both.zettle["variants"], _definitions(both.zettle)
    yield "variants", len(variants), len(both.shop["variants"])
    if not definitions:
        simple = len(variants) == 1
        yield "options", simple, all(not variant["option_values"] for variant in both.shop["variants"])
        return
    expected = [_labels(variant) for variant in variants]
    if len(set(expected)) == len(expected) and all(len(labels) == len(definitions) for labels in expected):
        actual = Counter(
            tuple(sorted(_words(value["label"]) for value in variant["option_values"]))
            for variant in both.shop["variants"]
        )
        missing = sum((Counter(expected) - actual).values())
        missing -= sum(any(len(label) > 255 for label in labels) for labels in expected)
        folded = len({tuple(label.casefold() for label in labels) for labels in expected}) < len(expected)
        yield "option values", 0, 0 if folded else missing


def _identity(both: Both) -> Iterator[tuple[str, Any, Any]]:
    wanted = Counter(
        sku
        for variant in both.zettle["variants"]
        if (sku := (variant.get("sku") or "").strip()) and both.shared_skus[sku.casefold()] == 1
    )
    yield "sku", [], list((wanted - Counter(variant["sku"] for variant in both.shop["variants"])).elements())
    codes = Counter(
        code
        for variant in both.zettle["variants"]
        if (code := (variant.get("barcode") or "").strip()) and len(code) <= 14
    )
    yield "barcode", [], list((codes - Counter(variant["upc"] for variant in both.shop["variants"])).elements())


def _prices(both: Both) -> Iterator[tuple[str, Any, Any]]:
    amounts = [variant.get("price") for variant in both.zettle["variants"]]
    if any(price is None or price["currencyId"] != both.currency for price in amounts):
        return
    default = Decimal(str(both.shop["price"]))
    actual = Counter(
        default if variant.get("price") is None else Decimal(str(variant["price"])) for variant in both.shop["variants"]
    )
    expected = Counter(Decimal(price["amount"]) / 100 if both.prices else Decimal(0) for price in amounts)
    yield "price", sorted(expected.elements()), sorted(actual.elements())


def _pictures(both: Both) -> Iterator[tuple[str, Any, Any]]:
    yield "images", len([source for source in _sources(both.zettle) if both.pictures(source)]), len(both.shop["images"])


def _videos(both: Both) -> Iterator[tuple[str, Any, Any]]:
    media = ((both.zettle.get("online") or {}).get("presentation") or {}).get("mediaUrls") or []
    expected = list(dict.fromkeys(found[1] for address in media if (found := YOUTUBE.search(address))))
    yield "videos", sorted(expected), sorted(video["video_id"] for video in both.shop["videos"])


def _birth(both: Both) -> Iterator[tuple[str, Any, Any]]:
    yield "category", [both.category_id], both.shop["categories"]
    yield "visible", False, both.shop["is_visible"]
    yield "tax class", 0, both.shop["tax_class_id"]


def _definitions(product: Json) -> list[Json]:
    return list((product.get("variantOptionDefinitions") or {}).get("definitions") or [])


def _labels(variant: Json) -> tuple[str, ...]:
    return tuple(sorted(_words(option["value"]) for option in variant.get("options") or []))


def _sources(product: Json) -> list[str]:
    online = (product.get("online") or {}).get("presentation") or {}
    found = [
        (product.get("presentation") or {}).get("imageUrl"),
        online.get("displayImageUrl"),
        *(online.get("additionalImageUrls") or []),
    ]
    return list(dict.fromkeys(source for source in found if source))


def _plain(text: str) -> str:
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return _words(html.unescape(re.sub(r"<[A-Za-z/][^>]*>", " ", text)))


def _words(text: str) -> str:
    return " ".join(text.split())
