"""What `brygga check` compares: both platforms' raw JSON, field by field.

It is written without `core.mapping` on purpose, from rule P1 and the platforms' documents, so that
an error in the mapping shows here. Values are exact, each variant is compared with its own, and the
order of options, values, pictures and videos counts. When a text is shared by several products or
does not fit, the check also accepts the permitted replacements (decisions 6 and 8).
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]

YOUTUBE = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|embed/|shorts/|live/|v/)|youtu\.be/"
    r")([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
NAME, SKU, BARCODE, LABEL = 250, 255, 14, 255
SEO = {"page_title": 255, "meta_description": 65_535}
"""BigCommerce's limits (bigcommerce facts 3)."""
GRAMS = {
    "kg": Decimal(1000),
    "g": Decimal(1),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}
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
    """One product as the two platforms show it, and the facts that decide how both must relate."""

    zettle: Json
    shop: Json
    levels: Mapping[str, int] | None
    """Balance by variant uuid; None when Zettle does not track the product."""
    pictures: Callable[[str], bool]
    """Whether an image address can be fetched."""
    shared_names: Counter[str]
    shared_skus: Counter[str]
    shared_slugs: Counter[str]
    category_id: int
    currency: str
    weight_units: str
    prices: bool


Check = Callable[[Both], Iterator[tuple[str, Any, Any]]]
SUFFIX = 40
"""The longest suffix that distinguishes equal texts."""


def field_mismatches(both: Both) -> list[Mismatch]:
    """Every field of rule P1 that differs, the birth-only fields included."""
    checks: tuple[Check, ...] = (
        _name,
        _text,
        _seo,
        _url,
        _weight,
        _options,
        _variants,
        _pictures,
        _videos,
        _create_answer,
    )
    return [
        Mismatch(both.zettle["uuid"], name, str(expected), str(actual))
        for check in checks
        for name, expected, actual in check(both)
        if expected != actual
    ]


def stock_mismatches(both: Both) -> list[Mismatch]:
    """Tracking and every variant's level. A negative balance in Zettle is a level of 0 in the store
    (decision 7).
    """
    tracked = both.shop["inventory_tracking"] != "none"
    if tracked != (both.levels is not None):
        return [
            Mismatch(both.zettle["uuid"], "tracking", str(both.levels is not None), str(tracked))
        ]
    if both.levels is None:
        return []
    return [
        Mismatch(both.zettle["uuid"], "stock", str(expected), str(shop["inventory_level"]))
        for variant, shop in paired(both)
        if (expected := max(0, both.levels.get(variant["uuid"], 0))) != shop["inventory_level"]
    ]


def doubled(metafields: list[Json], products: Collection[int]) -> list[Mismatch]:
    """Zettle products with more than one product in the store."""
    owners = Counter(
        field["value"]
        for field in metafields
        if field["key"] == "zettle_uuid" and field["resource_id"] in products
    )
    return [
        Mismatch(uuid, "product", "one", str(count)) for uuid, count in owners.items() if count > 1
    ]


# ---- Variants, each with its own -----------------------------------------------------------------


def paired(both: Both) -> list[tuple[Json, Json]]:
    """Each Zettle variant with its variant in the store: by its option values when they are
    distinct, else by its SKU, else by its position.
    """
    ours, theirs = both.zettle["variants"], both.shop["variants"]
    if _speaks(both.zettle):
        by_labels = {
            tuple(_words(value["label"]) for value in one["option_values"]): one for one in theirs
        }
        return [
            (one, by_labels[labels])
            for one in ours
            if (labels := _labels(both.zettle, one)) in by_labels
        ]
    by_sku = {one["sku"]: one for one in theirs}
    skus = [(one.get("sku") or "").strip() for one in ours]
    if len(by_sku) == len(theirs) and set(skus) == by_sku.keys():
        return [(one, by_sku[sku]) for one, sku in zip(ours, skus, strict=True)]
    return list(zip(ours, theirs, strict=False))


def _speaks(product: Json) -> bool:
    """Whether the option values identify each variant: every value exists and fits, and no two
    variants differ by nothing but case.
    """
    definitions, labels = (
        _definitions(product),
        [_labels(product, one) for one in product["variants"]],
    )
    if not definitions or any(len(each) != len(definitions) for each in labels):
        return False
    words = [label for each in labels for label in each]
    single = all(
        len(set(column)) == len({label.casefold() for label in column})
        for column in zip(*labels, strict=True)
    )
    return (
        single
        and len(set(labels)) == len(labels)
        and all(0 < len(label) <= LABEL for label in words)
    )


def _variants(both: Both) -> Iterator[tuple[str, Any, Any]]:
    ours, pairs = both.zettle["variants"], paired(both)
    yield "variants", len(ours), len(both.shop["variants"])
    yield "variants found by their option values", len(ours), len(pairs)
    priced = all(one.get("price") and one["price"]["currencyId"] == both.currency for one in ours)
    for one, shop in pairs:
        yield from _codes(both, one, shop)
        if priced:
            minor = one["price"]["amount"] if both.prices else 0
            shown = both.shop["price"] if shop["price"] is None else shop["price"]
            yield "price", Decimal(minor) / 100, Decimal(str(shown))
        source = (one.get("presentation") or {}).get("imageUrl")
        if source and len(ours) > 1 and both.pictures(source):
            yield "variant picture", _stem(source), _stem(shop["image_url"])


def _codes(both: Both, one: Json, shop: Json) -> Iterator[tuple[str, Any, Any]]:
    sku, barcode = (one.get("sku") or "").strip(), (one.get("barcode") or "").strip()
    if len(sku) > SKU:
        yield "sku", "", shop["sku"]
    elif both.shared_skus[sku.casefold()] > 1:
        yield "sku", True, _is_distinguished(sku, shop["sku"], SKU)
    else:
        yield "sku", sku, shop["sku"]
    yield "barcode", barcode if len(barcode) <= BARCODE else "", shop["upc"]


# ---- The product's own fields --------------------------------------------------------------------


def _name(both: Both) -> Iterator[tuple[str, Any, Any]]:
    expected, actual = _words(both.zettle["name"]), _words(both.shop["name"])
    if both.shared_names[expected.casefold()] > 1:
        yield "name", True, _is_distinguished(expected, actual, NAME)
    else:
        yield (
            "name",
            True if _is_cut(expected, actual, NAME) else expected,
            True if len(expected) > NAME else actual,
        )


def _text(both: Both) -> Iterator[tuple[str, Any, Any]]:
    source = (
        (both.zettle.get("online") or {}).get("description") or both.zettle.get("description") or ""
    )
    yield "description", _plain(source), _plain(both.shop["description"])


def _seo(both: Both) -> Iterator[tuple[str, Any, Any]]:
    seo = (both.zettle.get("online") or {}).get("seo") or {}
    for field, ours in (("page_title", "title"), ("meta_description", "metaDescription")):
        expected, actual = _words(seo.get(ours) or ""), _words(both.shop[field])
        if len(expected) > SEO[field]:
            yield field, True, _is_cut(expected, actual, SEO[field])
        else:
            yield field, expected, actual


def _url(both: Both) -> Iterator[tuple[str, Any, Any]]:
    slug = (
        (((both.zettle.get("online") or {}).get("seo") or {}).get("slug") or "")
        .strip("/")
        .casefold()
    )
    if not re.fullmatch(r"[a-z0-9-]{1,200}", slug):
        return
    path = both.shop["custom_url"]["url"].strip("/")
    if both.shared_slugs[slug] > 1:
        yield "url", True, _is_distinguished(slug, path, 255)
    else:
        yield "url", slug, path


def own_slug(product: Json) -> str:
    """The path that the product asks for, or the path that the store generates from its name."""
    slug = (
        str(((product.get("online") or {}).get("seo") or {}).get("slug") or "")
        .strip("/")
        .casefold()
    )
    plain = (
        unicodedata.normalize("NFKD", product["name"].casefold()).encode("ascii", "ignore").decode()
    )
    return slug or "-".join(re.findall(r"[a-z0-9]+", plain))


def _weight(both: Both) -> Iterator[tuple[str, Any, Any]]:
    shipping = (both.zettle.get("online") or {}).get("shipping") or {}
    grams = Decimal(0)
    if shipping.get("weightInGrams") is not None:
        grams = Decimal(str(shipping["weightInGrams"]))
    elif shipping.get("weight"):
        grams = Decimal(str(shipping["weight"]["weight"])) * GRAMS[shipping["weight"]["unit"]]
    expected = (grams / STORE_UNITS[both.weight_units.casefold()]).quantize(
        Decimal("0.0001"), ROUND_HALF_UP
    )
    yield "weight", expected, Decimal(str(both.shop["weight"]))


def _options(both: Both) -> Iterator[tuple[str, Any, Any]]:
    """Names and values in Zettle's order. When values do not distinguish the variants, only that
    each variant has its own.
    """
    shown = sorted(both.shop["options"], key=lambda option: option["sort_order"])
    if len(both.zettle["variants"]) == 1 and not _definitions(both.zettle):
        yield "options", [], [option["display_name"] for option in shown]
        return
    own = {tuple(value["label"] for value in one["option_values"]) for one in both.shop["variants"]}
    yield "variants of their own", len(both.zettle["variants"]), len(own)
    if not _speaks(both.zettle):
        return
    definitions = _definitions(both.zettle)
    yield (
        "options",
        [_words(one["name"]) for one in definitions],
        [_words(one["display_name"]) for one in shown],
    )
    for place, definition in enumerate(definitions):
        used = dict.fromkeys(_labels(both.zettle, one)[place] for one in both.zettle["variants"])
        listed = [
            label for one in definition["properties"] if (label := _words(one["value"])) in used
        ]
        wanted = list(dict.fromkeys([*listed, *used]))
        values = (
            sorted(shown[place]["option_values"], key=lambda value: value["sort_order"])
            if place < len(shown)
            else []
        )
        yield (
            f"values of {definition['name']}",
            wanted,
            [_words(value["label"]) for value in values],
        )


def _pictures(both: Both) -> Iterator[tuple[str, Any, Any]]:
    shown = sorted(both.shop["images"], key=lambda image: image["sort_order"])
    expected = [_stem(source) for source in _sources(both.zettle) if both.pictures(source)]
    yield "images", expected, [_stem(image["image_file"]) for image in shown]
    yield (
        "first image",
        [image["id"] for image in shown[:1]],
        [image["id"] for image in shown if image["is_thumbnail"]],
    )


def _stem(source: str) -> str:
    """A picture's own name: without folders, extension, and the prefix and suffix that the store
    adds.
    """
    name = source.partition("?")[0].rpartition("/")[2]
    return re.sub(r"^[0-9a-f]{8}_|__\d+$", "", re.sub(r"\.\w+$", "", name))


def _videos(both: Both) -> Iterator[tuple[str, Any, Any]]:
    media = ((both.zettle.get("online") or {}).get("presentation") or {}).get("mediaUrls") or []
    expected = list(
        dict.fromkeys(found[1] for address in media if (found := YOUTUBE.search(address)))
    )
    shown = sorted(both.shop["videos"], key=lambda video: video["sort_order"])
    yield "videos", expected, [video["video_id"] for video in shown]


def _create_answer(both: Both) -> Iterator[tuple[str, Any, Any]]:
    yield "category", [both.category_id], both.shop["categories"]
    yield "visible", False, both.shop["is_visible"]
    yield "tax class", 0, both.shop["tax_class_id"]


# ---- Reading -------------------------------------------------------------------------------------


def _is_distinguished(shared: str, actual: str, limit: int) -> bool:
    """One of several equal texts: unchanged, or with a short suffix, cut only when it would not
    fit.
    """
    room = shared[: limit - SUFFIX] if len(shared) + SUFFIX > limit else shared
    return actual.startswith(room) and len(actual) <= min(limit, len(shared) + SUFFIX)


def _is_cut(expected: str, actual: str, limit: int) -> bool:
    """Too long, and cut at a character with an ellipsis (decision 8), not more than necessary."""
    return (
        len(expected) > limit >= len(actual) > limit - 10
        and actual.endswith("…")
        and expected.startswith(actual[:-1].rstrip())
    )


def _definitions(product: Json) -> list[Json]:
    return list((product.get("variantOptionDefinitions") or {}).get("definitions") or [])


def _labels(product: Json, variant: Json) -> tuple[str, ...]:
    """A variant's values in the order of the definitions."""
    chosen = {
        option["name"]: _words(option["value"] or "") for option in variant.get("options") or []
    }
    return tuple(chosen[one["name"]] for one in _definitions(product) if one["name"] in chosen)


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
