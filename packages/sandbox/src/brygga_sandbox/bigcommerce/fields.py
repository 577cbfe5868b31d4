"""The fields of a product and a variant, the values they accept, and the fields that fire
product/updated.

There is one table for each. Validation, defaults and the rendered order follow from it (bigcommerce
facts 3.3, 3.7, 6.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .refusal import Json

MAX_LEVEL = 2_147_483_647
_WHOLE = Decimal(1)
_FOUR = Decimal("0.0001")


class Unfit(Exception):
    """A value that a field does not accept, with the reason."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: kind, bounds, default, whether it may be null, and whether a change of it fires
    product/updated.
    """

    kind: str
    low: int = 0
    high: int = 255
    default: Any = ""
    among: tuple[str, ...] = ()
    nullable: bool = False
    fires: bool = False
    clamps: bool = False
    """A number that is too large is clamped to the largest (bigcommerce facts 5.2)."""


Shape = Any
"""The fields that a write knows: a mapping for an object, a list of one shape for a list, a word
for a plain value of that kind (with "?" if it may be null), and None for a value that other code
reads.
"""


def text(low: int = 0, high: int = 255, **more: Any) -> Field:
    """A string of `low` to `high` characters."""
    return Field("text", low, high, **more)


def number(default: Any = 0, high: int = 9_999_999_999, low: int = 0, **more: Any) -> Field:
    """A number from 0, stored with four decimals."""
    return Field("number", low, high, default, **more)


def integer(low: int = 0, high: int = MAX_LEVEL, default: int | None = 0, **more: Any) -> Field:
    """A whole number within bounds."""
    return Field("integer", low, high, default, **more)


def flag(default: bool = False, **more: Any) -> Field:
    """True or false."""
    return Field("flag", default=default, **more)


def choice(*among: str, default: str = "", **more: Any) -> Field:
    """One word of a fixed list."""
    return Field("choice", default=default or among[0], among=among, **more)


def ints(high: int = 1000, **more: Any) -> Field:
    """A list of ids."""
    return Field("ints", 0, high, (), **more)


def level(**more: Any) -> Field:
    """A number of units. The Catalog API clamps one that is too large (bigcommerce facts 5.2)."""
    return integer(clamps=True, **more)


def texts(high: int = 65_535, default: tuple[str, ...] = ()) -> Field:
    """A list of strings."""
    return Field("texts", 0, high, default)


_LONG = 65_535
_UNBOUNDED = 10_000_000
_HUGE = 10**18

PRODUCT: Mapping[str, Field] = {
    "name": text(1, 250, fires=True),
    "type": choice("physical", "digital", fires=True),
    "sku": text(fires=True),
    "description": text(0, _UNBOUNDED, fires=True),
    "weight": number(fires=True),
    "width": number(fires=True),
    "depth": number(fires=True),
    "height": number(fires=True),
    "price": number(fires=True),
    "cost_price": number(fires=True),
    "retail_price": number(fires=True),
    "sale_price": number(fires=True),
    "map_price": number(low=-9_999_999_999),
    "tax_class_id": integer(0, 255, fires=True),
    "product_tax_code": text(),
    "categories": ints(1000, fires=True),
    "brand_id": integer(0, 1_000_000_000, fires=True),
    "inventory_level": level(),
    "inventory_warning_level": level(),
    "inventory_tracking": choice("none", "product", "variant", fires=True),
    "fixed_cost_shipping_price": number(fires=True),
    "is_free_shipping": flag(fires=True),
    "is_visible": flag(True, fires=True),
    "is_featured": flag(fires=True),
    "related_products": Field("related", 0, 1000, (-1,), fires=True),
    "warranty": text(0, _LONG, fires=True),
    "bin_picking_number": text(),
    "layout_file": text(0, 500, default="product.html", fires=True),
    "upc": text(0, 14, fires=True),
    "search_keywords": text(0, _LONG, fires=True),
    "availability_description": text(fires=True),
    "availability": choice("available", "disabled", "preorder", fires=True),
    "gift_wrapping_options_type": choice("any", "none", "list"),
    "gift_wrapping_options_list": ints(),
    "sort_order": integer(-MAX_LEVEL - 1, fires=True),
    "condition": choice("New", "Used", "Refurbished", fires=True),
    "is_condition_shown": flag(),
    "order_quantity_minimum": integer(0, 1_000_000_000, fires=True),
    "order_quantity_maximum": integer(0, 1_000_000_000, fires=True),
    "page_title": text(fires=True),
    "meta_keywords": texts(),
    "meta_description": text(0, _LONG, fires=True),
    "view_count": integer(0, 1_000_000_000),
    "preorder_release_date": Field("date", default=None, nullable=True, fires=True),
    "preorder_message": text(fires=True),
    "is_preorder_only": flag(fires=True),
    "is_price_hidden": flag(fires=True),
    "price_hidden_label": text(0, 200, fires=True),
    "open_graph_type": choice(
        "product", "album", "book", "drink", "food", "game", "movie", "song", "tv_show", fires=True
    ),
    "open_graph_title": text(0, _LONG, fires=True),
    "open_graph_description": text(0, _LONG, fires=True),
    "open_graph_use_meta_description": flag(True, fires=True),
    "open_graph_use_product_name": flag(True, fires=True),
    "open_graph_use_image": flag(True, fires=True),
    "gtin": text(0, 14),
    "mpn": text(0, _LONG),
    "date_last_imported": text(0, _LONG),
    "total_sold": integer(-_HUGE, _HUGE, fires=True),
    "reviews_rating_sum": integer(-_HUGE, _HUGE),
    "reviews_count": integer(-_HUGE, _HUGE),
}

KEPT_BY_STORE = frozenset(
    {"total_sold", "reviews_rating_sum", "reviews_count", "date_last_imported"}
)
"""Fields that a write may contain but cannot change (bigcommerce facts 3.3)."""
REQUIRED = {
    "name": "Please provide a name.",
    "price": "Please provide a price.",
    "type": "Please provide a type.",
    "weight": "Please provide a weight.",
}


def inherited() -> Field:
    """A number that is null if the product's number applies."""
    return number(None, nullable=True)


VARIANT: Mapping[str, Field] = {
    "sku": text(),
    "price": inherited(),
    "sale_price": inherited(),
    "retail_price": inherited(),
    "map_price": inherited(),
    "cost_price": number(nullable=True),
    "weight": inherited(),
    "width": inherited(),
    "height": inherited(),
    "depth": inherited(),
    "is_free_shipping": flag(),
    "fixed_cost_shipping_price": inherited(),
    "purchasing_disabled": flag(),
    "purchasing_disabled_message": text(),
    "image_url": text(0, 2000),
    "upc": text(0, 14, nullable=True),
    "mpn": text(0, _LONG, nullable=True),
    "gtin": text(0, 14, nullable=True),
    "inventory_level": level(default=None, nullable=True),
    "inventory_warning_level": level(nullable=True),
    "bin_picking_number": text(nullable=True),
}

# A simple product and its only variant are two views of one object (bigcommerce facts 3.1, 3.5).
MIRRORED = (
    "sku",
    "price",
    "sale_price",
    "retail_price",
    "cost_price",
    "map_price",
    "weight",
    "width",
    "height",
    "depth",
    "upc",
    "mpn",
    "gtin",
    "bin_picking_number",
    "is_free_shipping",
    "fixed_cost_shipping_price",
)


def _number(field: Field, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Unfit("must be a number")
    try:
        # Strings such as "10.00" are accepted (bigcommerce facts 10).
        parsed = Decimal(str(value))
    except InvalidOperation as wrong:
        raise Unfit("must be a number") from wrong
    if not parsed.is_finite() or not field.low <= parsed <= field.high:
        raise Unfit(f"must be between {field.low} and {field.high}")
    whole = parsed == parsed.to_integral_value()
    return int(parsed) if whole else parsed.quantize(_FOUR).normalize()


def _integer(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("must be an integer")
    number: int = min(value, field.high) if field.clamps else value
    if not field.low <= number <= field.high:
        raise Unfit(f"must be between {field.low} and {field.high}")
    return number


def _list(field: Field, value: Any, kind: type) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise Unfit("must be an array")
    if any(isinstance(item, bool) or not isinstance(item, kind) for item in value):
        raise Unfit("must be an array of " + ("integers" if kind is int else "strings"))
    if len(value) > field.high:
        raise Unfit(f"may hold at most {field.high} items")
    return tuple(dict.fromkeys(value))


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("must be a string")
    if not field.low <= len(value) <= field.high:
        raise Unfit(f"must be between {field.low} and {field.high} characters")
    return value


def _date(value: Any) -> str:
    """An ISO 8601 time, stored as it was given."""
    try:
        datetime.fromisoformat(_text(Field("text", 1, 64), value))
    except ValueError as wrong:
        raise Unfit("must be a date and time") from wrong
    return str(value)


def accepted(field: Field, value: Any) -> Any:  # noqa: PLR0911
    """The value in its stored form. Unfit says what is wrong with it."""
    if value is None:
        if field.nullable:
            # Null removes a text or a count. For a price or measure, null means that the product's
            # applies.
            return field.default
        raise Unfit("must not be null")
    match field.kind:
        case "text":
            return _text(field, value)
        case "number":
            return _number(field, value)
        case "integer":
            return _integer(field, value)
        case "flag":
            if not isinstance(value, bool):
                raise Unfit("must be a boolean")
            return value
        case "choice":
            if value not in field.among:
                raise Unfit(f"must be one of {', '.join(field.among)}")
            return value
        case "ints" | "related":
            return _list(field, value, int)
        case "texts":
            return _list(field, value, str)
        case _:
            return _date(value)


SORT_ORDER = "sort_order must be an integer from -2147483648 to 2147483647"


def is_order(value: Any) -> bool:
    """True for a position in an order: a whole number, also below zero (bigcommerce facts 3.10)."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and -MAX_LEVEL - 1 <= value <= MAX_LEVEL


def is_gtin(value: str) -> bool:
    """8, 12, 13 or 14 digits. The last one is GS1's check digit of the others."""
    if not value.isascii() or not value.isdigit() or len(value) not in {8, 12, 13, 14}:
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(value)))
    return total % 10 == 0


def wrong_gtin(values: Json) -> Json:
    """The error for an invalid `gtin`. The text is ours, because the platform's is unknown."""
    given = values.get("gtin", "")
    return (
        {"gtin": "gtin must be a valid GTIN of 8, 12, 13 or 14 digits"}
        if given and not is_gtin(given)
        else {}
    )


def accepted_fields(
    table: Mapping[str, Field], body: Json, shape: Mapping[str, Shape], refuse_unknown: bool
) -> tuple[Json, Json]:
    """The accepted fields of a body, and the errors of the others."""
    values: Json = {}
    errors = mistyped(body, shape) | (unknown(body, shape) if refuse_unknown else {})
    for name, value in body.items():
        field = table.get(name)
        if field is None or name not in shape:
            continue
        try:
            values[name] = accepted(field, value)
        except Unfit as wrong:
            errors[name] = f"{name} {wrong}"
    return values, errors


def mistyped(value: Any, shape: Shape, place: str = "") -> Json:
    """The values of a body whose kind differs from its shape, at any depth."""
    errors: Json = {}
    if isinstance(shape, Mapping) and isinstance(value, dict):
        for name, inner in value.items():
            errors |= mistyped(inner, shape.get(name), f"{place}{name}.")
    elif isinstance(shape, list) and isinstance(value, list):
        for number, inner in enumerate(value):
            if isinstance(shape[0], Mapping) and not isinstance(inner, dict):
                name = place[:-1] or "body"
                errors[name] = f"{name} must be an array of objects"
            errors |= mistyped(inner, shape[0], f"{place}{number}.")
    elif isinstance(shape, list) and place:
        errors[place[:-1]] = f"{place[:-1]} must be an array"
    elif isinstance(shape, str) and not is_kind(value, shape):
        errors[place[:-1]] = f"{place[:-1]} must be of type {shape.rstrip('?')}"
    return errors


def is_kind(value: Any, kind: str) -> bool:
    """True for a plain value of that kind."""
    if value is None:
        return kind.endswith("?")
    match kind.rstrip("?"):
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "texts":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case _:
            return isinstance(value, str)


def unknown(value: Any, shape: Shape, place: str = "") -> Json:
    """The fields of a body that its shape does not name, at any depth, with the error of each."""
    errors: Json = {}
    if isinstance(shape, Mapping) and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape:
                errors |= unknown(inner, shape[name], f"{place}{name}.")
            else:
                errors[f"{place}{name}"] = f"{place}{name} is not a supported field"
    elif isinstance(shape, list) and isinstance(value, list):
        for number, inner in enumerate(value):
            errors |= unknown(inner, shape[0], f"{place}{number}.")
    return errors
