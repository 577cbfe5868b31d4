"""Options and their values. Options create no variants. Variants must have a value of every option
(bigcommerce facts 3.8).
"""

from __future__ import annotations

from typing import Any

from brygga_sandbox.numerals import whole

from .fields import SORT_ORDER, is_order
from .refusal import Json, Refusal, invalid, missing, not_found
from .state import Option, Product, Store, Value, by_id
from .variants import MAX_VALUES, add_base_variant, drop_variant, option_name

TYPES = (
    "radio_buttons",
    "rectangles",
    "dropdown",
    "product_list",
    "product_list_with_images",
    "swatch",
)
SHARED = "Missed Required field `shared_option_id`"


def option_of(product: Product, option_id: str) -> Option:
    """The option with that id, or 404."""
    found = next((option for option in product.options if str(option.id) == option_id), None)
    if found is None:
        raise not_found("option", option_id)
    return found


def value_of(option: Option, value_id: str) -> Value:
    """The value with that id, or 404."""
    number = whole(value_id)
    found = option.value(number) if number is not None else None
    if found is None:
        raise not_found("option value", value_id)
    return found


def check_name(store: Store, product: Product, name: Any, option: Option | None = None) -> str:
    """A display name of 1 to 255 characters, once per product."""
    if not isinstance(name, str) or not 1 <= len(name) <= 255:
        raise invalid({"display_name": "display_name must be a string of 1 to 255 characters"})
    if any(other.display_name == name and other is not option for other in product.options):
        title = f"The display name {name} has already been used on this product."
        raise Refusal(store.switches.duplicate_option_status, title, {"display_name": title})
    return name


def check_value(row: Any) -> Json:
    """A new value: label and sort order are required (bigcommerce facts 3.8)."""
    if not isinstance(row, dict):
        raise invalid({"option_values": "option_values must be an array of objects"})
    absent = {
        name: f"Please provide a {name}."
        for name in ("label", "sort_order")
        if row.get(name) is None
    }
    if absent:
        raise missing(absent)
    check_label(row["label"])
    check_order(row, 0)
    check_plain(row)
    return row


def check_order(body: Json, default: int) -> int:
    """The sort order of a body, or the default."""
    order: int = body.get("sort_order", default)
    if not is_order(order):
        raise invalid({"sort_order": SORT_ORDER})
    return order


def check_plain(row: Json) -> None:
    """Further fields of a value: whether it is selected at first, and data of its kind (3.8)."""
    if not isinstance(row.get("is_default", False), bool):
        raise invalid({"is_default": "is_default must be a boolean"})
    if not isinstance(row.get("value_data", {}), dict | None):
        raise invalid({"value_data": "value_data must be an object"})


def check_config(body: Json) -> None:
    """An option's config is not stored. An empty one may be a list, as in answers (3.8)."""
    if not isinstance(body.get("config", {}), dict | list):
        raise invalid({"config": "config must be an object"})


def check_label(label: Any) -> None:
    """A label has 1 to 255 characters."""
    if not isinstance(label, str) or not 1 <= len(label) <= 255:
        raise invalid({"label": "label must be a string of 1 to 255 characters"})


def new_value(store: Store, row: Json) -> Value:
    """A value with an id."""
    return Value(
        store.ids.next("value"),
        row["label"],
        row["sort_order"],
        row.get("is_default", False),
        row.get("value_data"),
    )


def distinct(values: list[Value]) -> None:
    """Refuse two values of one label, or more than 250."""
    if len(values) > MAX_VALUES:
        raise invalid({"option_values": f"an option may have at most {MAX_VALUES} values"})
    if len({value.label for value in values}) < len(values):
        raise Refusal(
            409,
            "The option value label is a duplicate",
            {"label": "The option value label is a duplicate"},
        )


def create(store: Store, product: Product, body: Any) -> Option:
    """POST an option with all its values."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid", detail="Syntax error")
    absent = {
        name: f"Please provide a {name}." for name in ("display_name", "type") if not body.get(name)
    }
    if absent:
        raise missing(absent)
    name = check_name(store, product, body["display_name"])
    if body["type"] not in TYPES:
        raise invalid({"type": f"type must be one of {', '.join(TYPES)}"})
    rows = body.get("option_values")
    if not isinstance(rows, list) or not rows:
        raise invalid({"option_values": "option_values must be an array of at least one object"})
    check_config(body)
    checked = [check_value(row) for row in rows]
    if not product.simple and store.switches.new_option_on_variants == "refuse":
        title = "An option cannot be added to a product that has variants"
        raise Refusal(422, title, {"option_values": title})
    values = [new_value(store, row) for row in checked]
    distinct(values)
    order = check_order(body, len(product.options))
    option = Option(
        store.ids.next("option"),
        product.id,
        option_name(store, product, name),
        name,
        body["type"],
        order,
        values,
    )
    product.options.append(option)
    store.touched(product)
    return option


def update(store: Store, product: Product, option: Option, body: Any) -> None:
    """PUT an option: rename, sort, and values by id. Ids and variants stay."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid", detail="Syntax error")
    name = check_name(store, product, body.get("display_name", option.display_name), option)
    if body.get("type", option.type) not in TYPES:
        raise invalid({"type": f"type must be one of {', '.join(TYPES)}"})
    order = check_order(body, option.sort_order)
    check_config(body)
    if "option_values" in body:
        option.values = merged(store, product, option, body["option_values"])
    option.display_name = name
    option.type = body.get("type", option.type)
    option.sort_order = order
    store.touched(product)


def merged(store: Store, product: Product, option: Option, rows: Any) -> list[Value]:
    """The values after a PUT that contains them. A switch decides what happens to omitted values
    (bigcommerce facts 3.8).
    """
    check_rows(option, rows)
    named = {row["id"] for row in rows}
    left_out = [value for value in option.values if value.id not in named]
    if left_out and store.switches.omitted_values == "refuse":
        raise Refusal(422, SHARED, {"shared_option_id": SHARED})
    check_values(option, rows)
    renamed = {row["id"]: row for row in rows}
    if left_out and store.switches.omitted_values == "remove":
        for value in left_out:
            drop_users(store, product, value)
    kept = [
        value
        for value in option.values
        if value.id in named or store.switches.omitted_values == "keep"
    ]
    labels = [renamed.get(value.id, {}).get("label", value.label) for value in kept]
    if len(set(labels)) < len(labels):
        raise Refusal(
            409,
            "The option value label is a duplicate",
            {"label": "The option value label is a duplicate"},
        )
    for value, label in zip(kept, labels, strict=True):
        value.label = label
        row = renamed.get(value.id, {})
        value.sort_order = row.get("sort_order", value.sort_order)
        value.is_default = row.get("is_default", value.is_default)
        value.value_data = row.get("value_data", value.value_data)
    return kept


def check_rows(option: Option, rows: Any) -> None:
    """Refuse rows that are not this option's values."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise invalid({"option_values": "option_values must be an array of at least one object"})
    known = {value.id: value for value in option.values}
    if any(by_id(known, row.get("id")) is None for row in rows):
        raise Refusal(422, SHARED, {"shared_option_id": SHARED})


def check_values(option: Option, rows: list[Json]) -> None:
    """Refuse impossible values."""
    known = {value.id: value for value in option.values}
    for row in rows:
        check_label(row.get("label", known[row["id"]].label))
        check_order(row, 0)
        check_plain(row)


def delete(store: Store, product: Product, option: Option) -> None:
    """DELETE an option. Its variants lose their identity (bigcommerce facts 3.8)."""
    if not product.simple:
        if store.switches.option_deletion == "refuse":
            title = "The option is used by variants"
            raise Refusal(409, title, {"option": title})
        for variant in list(product.variants):
            drop_variant(store, product, variant)
        add_base_variant(store, product)
    product.options.remove(option)
    store.touched(product)


def add_value(store: Store, product: Product, option: Option, body: Any) -> Value:
    """POST one more value."""
    value = new_value(store, check_value(body))
    distinct([*option.values, value])
    option.values.append(value)
    store.touched(product)
    return value


def change_value(store: Store, product: Product, option: Option, value: Value, body: Any) -> None:
    """PUT a value. Its variants show the new label."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid", detail="Syntax error")
    label = body.get("label", value.label)
    check_label(label)
    check_plain(body)
    if any(other.label == label and other is not value for other in option.values):
        raise Refusal(
            409,
            "The option value label is a duplicate",
            {"label": "The option value label is a duplicate"},
        )
    value.label = label
    value.sort_order = check_order(body, value.sort_order)
    value.is_default = body.get("is_default", value.is_default)
    value.value_data = body.get("value_data", value.value_data)
    store.touched(product)


def remove_value(store: Store, product: Product, option: Option, value: Value) -> None:
    """DELETE a value that nothing uses."""
    used = any(value.id == chosen for variant in product.variants for _, chosen in variant.values)
    if used and store.switches.value_in_use == "refuse":
        title = "The option value is used by variants"
        raise Refusal(409, title, {"option_values": title})
    drop_users(store, product, value)
    option.values.remove(value)
    store.touched(product)


def drop_users(store: Store, product: Product, value: Value) -> None:
    """Remove the variants that have this value."""
    for variant in list(product.variants):
        if any(chosen == value.id for _, chosen in variant.values):
            drop_variant(store, product, variant)
    if not product.variants:
        add_base_variant(store, product)
