"""Lists: which products match, in what order, and which page of them is returned (bigcommerce facts
0, 2.2, 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from brygga_sandbox.http import Request
from brygga_sandbox.numerals import signed, whole

from .fields import PRODUCT
from .inventory import product_level
from .refusal import Json, Refusal, invalid
from .state import Product, Store, stamp

Row = Any
BARE_DATE = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class Page:
    """The requested slice of a list, and the query of the request."""

    number: int
    limit: int
    query: tuple[tuple[str, str], ...]

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows on this page."""
        return rows[(self.number - 1) * self.limit : self.number * self.limit]

    def meta(self, total: int, count: int) -> Json:
        """`meta.pagination`, with relative links. The first and the last page lack the link that
        leads nowhere.
        """
        pages = -(-total // self.limit)
        links = {"current": self.link(self.number)}
        if self.number > 1:
            links["previous"] = self.link(self.number - 1)
        if self.number < pages:
            links["next"] = self.link(self.number + 1)
        return {
            "pagination": {
                "total": total,
                "count": count,
                "per_page": self.limit,
                "current_page": self.number,
                "total_pages": pages,
                "links": links,
                "too_many": False,
            }
        }

    def link(self, number: int) -> str:
        """A link to another page. It is only a query string."""
        rest = [(key, value) for key, value in self.query if key not in {"page", "limit"}]
        return "?" + urlencode(
            [*rest, ("page", str(number)), ("limit", str(self.limit))], safe=":,"
        )


def page_of(
    store: Store, request: Request, *, maximum: int = 250, default: int = 50, cap: int | None = None
) -> Page:
    """The requested page. A limit above the maximum is 413 or clamped; `cap` always clamps it."""
    number = positive(request, "page", 1)
    limit = positive(request, "limit", default)
    if limit > maximum:
        if store.switches.limit_above_maximum == "refuse":
            raise Refusal(413, f"The limit exceeded the maximum of {maximum}")
        limit = maximum
    if cap is not None:
        limit = min(limit, cap)
    return Page(number, limit, tuple(request.query))


def positive(request: Request, name: str, default: int) -> int:
    """A whole number from 1 in the query."""
    text = request.value(name)
    if text is None:
        return default
    number = whole(text)
    if number is None or number < 1:
        raise invalid({name: f"{name} must be a positive integer"})
    return number


def words(text: str) -> list[str]:
    """The parts of a comma list."""
    return [part.strip() for part in text.split(",") if part.strip()]


def ids_in(request: Request, *names: str) -> list[int] | None:
    """The ids of a comma list under one of these names. None when the filter is absent."""
    for name in names:
        given = request.values(name)
        if given:
            parts = [signed(part) for part in words(",".join(given))]
            if None in parts:
                raise invalid({name: f"{name} must be a list of integers"})
            return [part for part in parts if part is not None]
    return None


def truth(text: str, name: str) -> bool:
    """True or false as a query writes it."""
    lowered = text.lower()
    if lowered not in {"true", "false", "1", "0"}:
        raise invalid({name: f"{name} must be a boolean"})
    return lowered in {"true", "1"}


Test = Callable[[Store, Product], bool]
_GETTERS: dict[str, Callable[[Store, Product], Any]] = {
    "id": lambda store, product: product.id,
    "name": lambda store, product: product.get("name"),
    "sku": lambda store, product: product.get("sku"),
    "upc": lambda store, product: product.get("upc"),
    "mpn": lambda store, product: product.get("mpn"),
    "price": lambda store, product: product.get("price"),
    "weight": lambda store, product: product.get("weight"),
    "condition": lambda store, product: product.get("condition"),
    "brand_id": lambda store, product: product.get("brand_id"),
    "type": lambda store, product: product.get("type"),
    "availability": lambda store, product: product.get("availability"),
    "is_visible": lambda store, product: product.get("is_visible"),
    "is_featured": lambda store, product: product.get("is_featured"),
    "is_free_shipping": lambda store, product: product.get("is_free_shipping"),
    "inventory_level": lambda store, product: product_level(product),
    "total_sold": lambda store, product: product.get("total_sold"),
    "date_modified": lambda store, product: stamp(product.modified),
    "date_last_imported": lambda store, product: product.get("date_last_imported"),
}
_NUMERIC = {"id", "price", "weight", "brand_id", "inventory_level", "total_sold"}
_CHOICES = {name: PRODUCT[name].among for name in ("type", "condition", "availability")}
_FLAGS = {"is_visible", "is_featured", "is_free_shipping"}
_WITH_IN = {"id", "sku", "inventory_level"}
_WITH_RANGE = {"id", "inventory_level", "date_modified", "date_last_imported"}
_SORTS = ("id", "name", "sku", "price", "date_modified", "date_last_imported", "inventory_level",
"is_visible",
          "total_sold", "calculated_price")  # fmt: skip
_OUTSIDE = {
    "page",
    "limit",
    "sort",
    "direction",
    "include",
    "include_fields",
    "exclude_fields",
    "keyword_context",
}
_RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "min": lambda value, bound: bool(value >= bound),
    "max": lambda value, bound: bool(value <= bound),
    "greater": lambda value, bound: bool(value > bound),
    "less": lambda value, bound: bool(value < bound),
}


def parsed(field: str, text: str, now: float) -> Any:
    """A filter's value in the type of its field."""
    if field in _NUMERIC:
        return number_of(field, text)
    if field in _FLAGS:
        return truth(text, field)
    if field.startswith("date_"):
        return moment_text(field, text, now)
    if field in _CHOICES and text not in _CHOICES[field]:
        raise invalid({field: f"{field} must be one of {', '.join(_CHOICES[field])}"})
    return text


def number_of(field: str, text: str) -> Decimal:
    """A number in a query. A value that cannot be compared, such as NaN, is refused."""
    try:
        number = Decimal(text) if text.isascii() else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid({field: f"{field} must be a number"})
    return number


def moment_text(field: str, text: str, now: float) -> str:
    """A full timestamp that sorts as text. A bare date gets the present time of day (bigcommerce
    facts 3.2).
    """
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if len(text) == BARE_DATE:
            moment = datetime.combine(moment, datetime.fromtimestamp(int(now), UTC).time())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return stamp(aware.timestamp())
    except (ValueError, OverflowError) as wrong:
        raise invalid({field: f"{field} must be a date"}) from wrong


def field_test(name: str, text: str, now: float) -> Test | None:
    """The test of one filter on a plain field. None for a filter the API does not know."""
    field, _, operator = name.partition(":")
    getter = _GETTERS.get(field)
    if getter is None:
        return None
    if not operator:
        value = parsed(field, text, now)
        return lambda store, product: bool(getter(store, product) == value)
    if operator in {"in", "not_in"} and field in _WITH_IN:
        wanted = {parsed(field, part, now) for part in words(text)}
        return lambda store, product: (getter(store, product) in wanted) is (operator == "in")
    if operator in _RANGES and field in _WITH_RANGE:
        bound, compare = parsed(field, text, now), _RANGES[operator]
        return lambda store, product: compare(getter(store, product), bound)
    return None


def in_category(request: Request, text: str) -> Test:
    """It compares the first category only. Products that are also in further categories are missed
    (bigcommerce facts 3.2).
    """
    wanted = whole(text)
    if wanted is None:
        raise invalid({"categories": "categories must be an integer"})
    return lambda store, product: product.get("categories")[:1] == (wanted,)


def in_categories(request: Request, text: str) -> Test:
    """Any of the categories."""
    several = set(ids_in(request, "categories:in") or [])
    return lambda store, product: not several.isdisjoint(product.get("categories"))


def in_channels(request: Request, text: str) -> Test:
    """Assigned to any of the channels."""
    channels = set(ids_in(request, "channel_id:in") or [])
    return lambda store, product: not channels.isdisjoint(product.channels)


def with_keyword(request: Request, text: str) -> Test:
    """The word is in the name or the SKU."""
    word = text.lower()
    return lambda store, product: word in f"{product.get('name')} {product.get('sku')}".lower()


def running_low(request: Request, text: str) -> Test:
    """At or below the warning level, or not."""
    low = truth(text, "inventory_low")
    return lambda store, product: (
        (product_level(product) <= product.get("inventory_warning_level")) is low
    )


def sold_out(request: Request, text: str) -> Test:
    """Tracked and at zero, or not."""
    out = truth(text, "out_of_stock")
    return lambda store, product: (
        (product.tracking != "none" and product_level(product) <= 0) is out
    )


_SPECIAL: dict[str, Callable[[Request, str], Test]] = {
    "categories": in_category,
    "categories:in": in_categories,
    "channel_id:in": in_channels,
    "keyword": with_keyword,
    "inventory_low": running_low,
    "out_of_stock": sold_out,
}


def tests_of(request: Request, now: float) -> list[Test]:
    """The filters of a request. Names that the API does not list are ignored, as the platform
    does.
    """
    tests = []
    for name, text in request.query:
        if name in _OUTSIDE:
            continue
        special = _SPECIAL.get(name)
        test = special(request, text) if special else field_test(name, text, now)
        if test is not None:
            tests.append(test)
    return tests


def candidates(store: Store, request: Request) -> list[Product]:
    """The few products that an indexed filter selects, or all products."""
    named = ids_in(request, "id:in", "id")
    if named is not None:
        return [store.products[key] for key in sorted(set(named)) if key in store.products]
    name = request.value("name")
    if name is not None:
        return [store.products[store.names[name]]] if name in store.names else []
    return list(store.products.values())


def matching(store: Store, request: Request) -> list[Product]:
    """The products that a request selects, in its order. The result is cached until the catalogue
    changes.
    """
    key = tuple(
        pair
        for pair in request.query
        if pair[0] not in {"page", "limit", "include", "include_fields"}
    )
    if store.last_listing is not None and store.last_listing[:2] == (store.version, key):
        return store.last_listing[2]
    tests = tests_of(request, store.wall())
    context = request.value("keyword_context") or "shopper"
    if context not in {"shopper", "merchant"}:
        raise invalid({"keyword_context": "keyword_context must be shopper or merchant"})
    found = [
        product
        for product in candidates(store, request)
        if all(test(store, product) for test in tests)
    ]
    found = ordered(store, request, found)
    store.last_listing = (store.version, key, found)
    return found


def ordered(store: Store, request: Request, found: list[Product]) -> list[Product]:
    """The list in the requested order. The default order is by id."""
    sort = request.value("sort") or "id"
    if sort not in _SORTS:
        raise invalid({"sort": f"sort must be one of {', '.join(_SORTS)}"})
    direction = request.value("direction") or "asc"
    if direction not in {"asc", "desc"}:
        raise invalid({"direction": "direction must be asc or desc"})
    getter = _GETTERS["price" if sort == "calculated_price" else sort]
    return sorted(
        found, key=lambda product: (getter(store, product), product.id), reverse=direction == "desc"
    )


def by_dates(store: Store, request: Request, rows: list[Row]) -> list[Row]:
    """Metafields created or changed between two times, in the requested direction (bigcommerce
    facts 3.12).
    """
    for name, text in request.query:
        field, _, bound = name.partition(":")
        if field in {"date_created", "date_modified"} and bound in {"min", "max"}:
            moment, attribute = moment_text(field, text, store.wall()), field.removeprefix("date_")
            rows = [row for row in rows if _RANGES[bound](stamp(getattr(row, attribute)), moment)]
    direction = request.value("direction") or "asc"
    if direction not in {"asc", "desc"}:
        raise invalid({"direction": "direction must be asc or desc"})
    return rows if direction == "asc" else rows[::-1]
