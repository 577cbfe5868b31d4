"""What the product library refuses: sizes, ranges and the form of options (zettle facts 2.3 to 2.5,
2.8).

These functions take values and return violations. They do not decide whether a refusal is 400 or
422.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from brygga_sandbox.zettle.ids import is_uuid
from brygga_sandbox.zettle.state import JSON

Sizes = Mapping[str, tuple[int, int]]

PRODUCT_SIZES: Final[Sizes] = {
    "name": (1, 256),
    "description": (0, 1024),
    "externalReference": (0, 128),
    "unitName": (0, 32),
}
VARIANT_SIZES: Final[Sizes] = {
    "name": (0, 256),
    "description": (0, 1024),
    "sku": (0, 64),
    "barcode": (0, 128),
}
ONLINE_SIZES: Final[Sizes] = {"title": (0, 256), "description": (0, 3500)}
SEO_SIZES: Final[Sizes] = {"title": (0, 256), "metaDescription": (0, 320), "slug": (1, 256)}
MOST_VARIANTS: Final = 99
MOST_VALUES: Final = 99
MOST_DEFINITIONS: Final = 3
MOST_GRAMS: Final = 2_147_483_647
NO_LIMIT: Final = 10**12
"""Our limits where the documents name none."""
MOST_KEYS: Final = 100
MOST_RATES: Final = 100


@dataclass(slots=True)
class Check:
    """Collects the violations of a product."""

    violations: list[JSON] = field(default_factory=list)

    def blame(
        self, name: str, message: str, kind: str, value: Any = None, expected: str | None = None
    ) -> None:
        entry = {"propertyName": name, "developerMessage": message, "constraintType": kind}
        # A wrong value is quoted as a text, whatever its type (2.8, and the OpenAPI file).
        quoted = (
            value
            if value is None or isinstance(value, str)
            else msgspec.json.encode(value).decode()
        )
        self.violations.append({**entry, "expected": expected, "value": quoted})

    def text(self, place: str, holder: JSON, sizes: Sizes) -> None:
        """Every named field that is present is a text of that size."""
        for name, (least, most) in sizes.items():
            value = holder.get(name)
            if value is not None:
                self.size(f"{place}{name}", value, least, most)

    def size(self, name: str, value: Any, least: int, most: int) -> None:
        if not isinstance(value, str):
            self.blame(name, "must be a string", "UNKNOWN", value)
        elif not least <= len(value) <= most:
            self.blame(
                name,
                f"size must be between {least} and {most}",
                "INVALID_SIZE",
                value,
                f"{least}-{most}",
            )

    def needed(self, name: str, value: Any) -> bool:
        if value is None:
            self.blame(name, "must not be null", "MUST_NOT_BE_NULL")
        return value is not None

    def object(self, name: str, value: Any) -> JSON:
        """The value as an object. An absent one is empty; another kind of value is a violation."""
        if value is None or isinstance(value, dict):
            return value or {}
        self.blame(name, "must be an object", "UNKNOWN", value)
        return {}

    def list(self, name: str, value: Any, least: int, most: int) -> Sequence[Any]:
        """The value as a list of that length. An absent one is empty."""
        if value is None:
            return ()
        if not isinstance(value, list):
            self.blame(name, "must be an array", "UNKNOWN", value)
            return ()
        if not least <= len(value) <= most:
            self.blame(
                name,
                f"size must be between {least} and {most}",
                "INVALID_SIZE",
                len(value),
                f"{least}-{most}",
            )
        return value

    def texts(self, name: str, value: Any, most: int) -> None:
        """A list of texts."""
        for number, one in enumerate(self.list(name, value, 0, most)):
            self.size(f"{name}[{number}]", one, 1, 256)

    def uuids(self, name: str, value: Any) -> None:
        """A list of uuids."""
        for number, one in enumerate(self.list(name, value, 0, MOST_RATES)):
            if not is_uuid(one):
                self.blame(f"{name}[{number}]", "must be a UUID", "MUST_MATCH_PATTERN", one)

    def flag(self, name: str, value: Any) -> None:
        """True, false or absent."""
        if value is not None and not isinstance(value, bool):
            self.blame(name, "must be true or false", "UNKNOWN", value)

    def range(self, name: str, value: Any, most: int) -> None:
        """A number from 0 to `most`. A text that is a number is accepted, because answers contain
        such texts.
        """
        number = decimal(value)
        if number is None:
            self.blame(name, "must be a number", "UNKNOWN", value)
        elif number < 0:
            self.blame(
                name,
                "must be greater than or equal to 0",
                "MUST_BE_GREATER_OR_EQUAL_TO",
                value,
                "0",
            )
        elif number > most:
            self.blame(
                name,
                f"must be less than or equal to {most}",
                "MUST_BE_LESS_OR_EQUAL_THAN",
                value,
                str(most),
            )

    def whole(self, name: str, value: Any, most: int) -> None:
        """A whole number from 0 to `most`."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.blame(name, "must be an integer", "UNKNOWN", value)
        else:
            self.range(name, value, most)


def decimal(value: Any) -> Decimal | None:
    """The number in a JSON number or a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def violations(product: JSON, *, shape: bool = True, equal_options: bool = True) -> list[JSON]:
    """The violations of a whole product.

    With `shape` the variants must also fit the option definitions. Old products need not fit, as
    long as a save does not touch them.
    """
    check = Check()
    if check.needed("name", product.get("name")):
        check.text("", product, PRODUCT_SIZES)
    if product.get("vatPercentage") is not None:
        check.range("vatPercentage", product["vatPercentage"], 100)
    check.texts("categories", product.get("categories"), 1)
    check.texts("imageLookupKeys", product.get("imageLookupKeys"), MOST_KEYS)
    check.uuids("taxRates", product.get("taxRates"))
    check.flag("taxExempt", product.get("taxExempt"))
    check.text("", product, {"taxCode": (0, NO_LIMIT)})
    category = check.object("category", product.get("category"))
    check.text("category.", category, {"name": (0, 100)})
    if product.get("category") is not None and not is_uuid(category.get("uuid")):
        check.blame("category.uuid", "must be a UUID", "MUST_MATCH_PATTERN", category.get("uuid"))
    presentation(check, "presentation", product.get("presentation"))
    about(check, product.get("metadata"))
    online(check, product.get("online"))
    for number, one in enumerate(check.list("variants", product.get("variants"), 1, MOST_VARIANTS)):
        variant(check, f"variants[{number}]", one)
    if not check.violations and product.get("variants") is None:
        check.needed("variants", None)
    if shape and not check.violations:
        options(check, product, equal_options=equal_options)
    return check.violations


def about(check: Check, value: Any) -> None:
    """Where a product is shown and where it was created (2.3)."""
    holder = check.object("metadata", value)
    if value is not None and not isinstance(holder.get("inPos"), bool):
        check.blame("metadata.inPos", "must not be null", "MUST_NOT_BE_NULL")
    source = check.object("metadata.source", holder.get("source"))
    check.flag("metadata.source.external", source.get("external"))
    check.text("metadata.source.", source, {"name": (0, NO_LIMIT)})


def presentation(check: Check, name: str, value: Any) -> None:
    """Colours are #rrggbb, an image has an address."""
    holder = check.object(name, value)
    for colour in ("backgroundColor", "textColor"):
        text = holder.get(colour)
        if text is not None and not is_colour(text):
            check.blame(f"{name}.{colour}", "must match #rrggbb", "MUST_MATCH_PATTERN", text)
    if holder.get("imageUrl") is not None:
        check.size(f"{name}.imageUrl", holder["imageUrl"], 1, NO_LIMIT)


def is_colour(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) == 7
        and value[0] == "#"
        and value[1:].isalnum()
        and hexadecimal(value[1:])
    )


def hexadecimal(value: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in value)


def variant(check: Check, place: str, value: Any) -> None:
    """One variant: uuid, texts, prices, options (2.3)."""
    holder = check.object(place, value)
    if check.needed(f"{place}.uuid", holder.get("uuid")) and not is_uuid(holder["uuid"]):
        check.blame(f"{place}.uuid", "must be a UUID", "MUST_MATCH_PATTERN", holder["uuid"])
    check.text(f"{place}.", holder, VARIANT_SIZES)
    if holder.get("vatPercentage") is not None:
        check.range(f"{place}.vatPercentage", holder["vatPercentage"], 100)
    for name in ("price", "costPrice"):
        if holder.get(name) is not None:
            money(check, f"{place}.{name}", holder[name])
    presentation(check, f"{place}.presentation", holder.get("presentation"))
    for number, option in enumerate(
        check.list(f"{place}.options", holder.get("options"), 0, MOST_DEFINITIONS)
    ):
        entry = check.object(f"{place}.options[{number}]", option)
        check.size(f"{place}.options[{number}].name", entry.get("name"), 1, 30)
        check.size(f"{place}.options[{number}].value", entry.get("value"), 1, 256)


def money(check: Check, place: str, value: Any) -> None:
    """An integer amount of at least 0, and a currency of three capitals."""
    holder = check.object(place, value)
    amount, currency = holder.get("amount"), holder.get("currencyId")
    if not isinstance(amount, int) or isinstance(amount, bool):
        check.blame(f"{place}.amount", "must be an integer", "MUST_NOT_BE_NULL", amount)
    elif amount < 0:
        check.blame(
            f"{place}.amount",
            "must be greater than or equal to 0",
            "MUST_BE_GREATER_OR_EQUAL_TO",
            amount,
            "0",
        )
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isupper():
        check.blame(f"{place}.currencyId", "must be a currency", "MUST_MATCH_PATTERN", currency)


def online(check: Check, value: Any) -> None:
    """The data of the online part (2.5)."""
    if value is None:
        return
    holder = check.object("online", value)
    if holder.get("status") not in ("ACTIVE", "HIDDEN"):
        check.blame(
            "online.status", "must be ACTIVE or HIDDEN", "MUST_NOT_BE_NULL", holder.get("status")
        )
    check.text("online.", holder, ONLINE_SIZES)
    pictures = check.object("online.presentation", holder.get("presentation"))
    check.text("online.presentation.", pictures, {"displayImageUrl": (1, NO_LIMIT)})
    for name, most in (("additionalImageUrls", 25), ("mediaUrls", 8)):
        for number, url in enumerate(
            check.list(f"online.presentation.{name}", pictures.get(name), 0, most)
        ):
            check.size(f"online.presentation.{name}[{number}]", url, 1, NO_LIMIT)
    check.text("online.seo.", check.object("online.seo", holder.get("seo")), SEO_SIZES)
    shipping(check, check.object("online.shipping", holder.get("shipping")))


def shipping(check: Check, holder: JSON) -> None:
    """The weight and the shipping price (2.5)."""
    if holder.get("shippingPricingModel") not in (None, "FREE", "STANDARD"):
        place = "online.shipping.shippingPricingModel"
        check.blame(place, "must be FREE or STANDARD", "UNKNOWN", holder["shippingPricingModel"])
    if holder.get("weightInGrams") is not None:
        check.whole("online.shipping.weightInGrams", holder["weightInGrams"], MOST_GRAMS)
    weight = check.object("online.shipping.weight", holder.get("weight"))
    if holder.get("weight") is not None:
        check.range("online.shipping.weight.weight", weight.get("weight"), NO_LIMIT)
        if weight.get("unit") not in ("kg", "g", "oz", "lb"):
            check.blame(
                "online.shipping.weight.unit",
                "must be kg, g, oz or lb",
                "UNKNOWN",
                weight.get("unit"),
            )


def options(check: Check, product: JSON, *, equal_options: bool) -> None:
    """The variants fit the definitions: one option of each, and no others (2.4)."""
    place = "variantOptionDefinitions.definitions"
    holder = check.object("variantOptionDefinitions", product.get("variantOptionDefinitions"))
    definitions = (
        check.list(place, holder.get("definitions"), 1, MOST_DEFINITIONS) if holder else ()
    )
    for number, definition in enumerate(definitions):
        define(check, f"{place}[{number}]", definition)
    if check.violations:
        return
    values = {entry["name"]: {p["value"] for p in entry["properties"]} for entry in definitions}
    seen: set[tuple[tuple[str, str], ...]] = set()
    for number, one in enumerate(product["variants"]):
        chosen = tuple(sorted((o["name"], o["value"]) for o in one.get("options") or ()))
        where = f"variants[{number}].options"
        if sorted(name for name, _ in chosen) != sorted(values):
            check.blame(
                where,
                "must have exactly one option for each definition",
                "INVALID_SIZE",
                one.get("options"),
            )
        elif any(value not in values[name] for name, value in chosen):
            check.blame(
                where, "must be a value of the definition", "INVALID_RANGE", one.get("options")
            )
        if values and chosen in seen and not equal_options:
            check.blame(where, "must be unique", "UNKNOWN", one.get("options"))
        seen.add(chosen)


def define(check: Check, place: str, value: Any) -> None:
    """One definition: a name, and 1 to 99 values."""
    holder = check.object(place, value)
    check.size(f"{place}.name", holder.get("name"), 1, 30)
    if not holder.get("properties"):
        check.blame(f"{place}.properties", "must not be empty", "MUST_NOT_BE_EMPTY")
        return
    for number, entry in enumerate(
        check.list(f"{place}.properties", holder.get("properties"), 1, MOST_VALUES)
    ):
        one = check.object(f"{place}.properties[{number}]", entry)
        check.size(f"{place}.properties[{number}].value", one.get("value"), 1, 256)
        if one.get("imageUrl") is not None:
            check.size(f"{place}.properties[{number}].imageUrl", one["imageUrl"], 1, 256)
