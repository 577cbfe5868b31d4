"""The rows in a product's body: custom fields and bulk prices (bigcommerce facts 3.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .refusal import Json, Refusal, invalid

RULE = ("quantity_min", "quantity_max", "type", "amount")
MAX_CUSTOM_FIELDS = 200


def object_of(body: Any) -> Json:
    """A JSON object, or 400."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid", detail="Syntax error")
    return body


def rows_of(body: Json, name: str) -> list[Json]:
    """A list of objects under a name. Empty when absent."""
    rows = body.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid({name: f"{name} must be an array of objects"})
    return rows


def custom_fields_of(body: Json) -> list[Json] | None:
    """Custom fields, each with name and value up to 250 characters, at most 200."""
    if "custom_fields" not in body:
        return None
    rows = rows_of(body, "custom_fields")
    for row in rows:
        pair = (row.get("name"), row.get("value"))
        if not all(isinstance(part, str) and 1 <= len(part) <= 250 for part in pair):
            raise invalid(
                {"custom_fields": "name and value must be strings of 1 to 250 characters"}
            )
    if len(rows) > MAX_CUSTOM_FIELDS:
        raise too_many_fields()
    return rows


def rules_of(body: Json) -> list[Json] | None:
    """Bulk prices: each rule has a quantity range and the price in it (3.3)."""
    if "bulk_pricing_rules" not in body:
        return None
    rows = rows_of(body, "bulk_pricing_rules")
    if not all(is_rule(row) for row in rows):
        words = "every rule needs quantity_min, quantity_max, type and amount"
        raise invalid({"bulk_pricing_rules": words})
    return [{name: row[name] for name in RULE} for row in rows]


def is_rule(row: Json) -> bool:
    """True for a complete rule."""
    counts = [row.get(name) for name in ("quantity_min", "quantity_max")]
    amount = row.get("amount")
    return (
        all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in counts)
        and row.get("type") in ("price", "percent", "fixed")
        and isinstance(amount, int | float | Decimal | str)
        and not isinstance(amount, bool)
    )


def too_many_fields() -> Refusal:
    """422 for more custom fields than a product may have (bigcommerce facts 2.3)."""
    return invalid(
        {"custom_fields": f"a product may have at most {MAX_CUSTOM_FIELDS} custom fields"}
    )
