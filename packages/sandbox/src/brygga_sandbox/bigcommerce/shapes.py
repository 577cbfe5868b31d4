"""The fields that each write of the API knows, at every depth (bigcommerce facts 3 to 8).

A field that is not named here is refused, or dropped if the switch `unknown_fields` says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from .fields import PRODUCT, VARIANT, Shape


def names(*words: str) -> dict[str, Shape]:
    """Fields that other code reads, whatever they contain."""
    return dict.fromkeys(words)


def of(kind: str, *words: str) -> dict[str, Shape]:
    """Fields that contain a plain value of that kind."""
    return dict.fromkeys(words, kind)


# -- products (3.3, 3.5)
# ----------------------------------------------------------------------------

CUSTOM_FIELD = {**of("integer", "id"), **names("name", "value")}
IMAGE = {
    **of("integer", "product_id"),
    **of("text", "image_url", "date_modified"),
    **names("is_thumbnail", "sort_order", "description"),
}
VIDEO = names("title", "description", "sort_order", "type")
_INLINE_IMAGE = {
    **IMAGE,
    **of("integer", "id"),
    **of("text", "url_zoom", "url_standard", "url_thumbnail", "url_tiny"),
}
_VALUE_OF_VARIANT = {
    **of("integer", "id", "option_id"),
    **of("text", "label", "option_display_name"),
}
INLINE_VARIANT: Mapping[str, Shape] = {
    **dict.fromkeys(VARIANT),
    **of("integer", "product_id", "id", "sku_id"),
    **of("number", "calculated_price", "calculated_weight"),
    "option_values": [_VALUE_OF_VARIANT],
}
NEW_PRODUCT: Mapping[str, Shape] = {
    **dict.fromkeys(PRODUCT),
    "brand_name": "text",
    "custom_url": names("url", "is_customized", "create_redirect"),
    "custom_fields": [CUSTOM_FIELD],
    "bulk_pricing_rules": [
        {**of("integer", "id"), **names("quantity_min", "quantity_max", "type", "amount")}
    ],
    "images": [_INLINE_IMAGE],
    "videos": [{**VIDEO, "video_id": None, **of("integer", "id", "product_id"), "length": "text"}],
    "variants": [INLINE_VARIANT],
}
CHANGED_PRODUCT: Mapping[str, Shape] = {
    **NEW_PRODUCT,
    **names("id", "date_created", "date_modified", "calculated_price", "base_variant_id"),
    **names("option_set_id", "option_set_display"),
    "variants": None,  # a switch of its own decides
}
"""A change may contain read-only fields (3.3)."""

# -- variants and options (3.7, 3.8)
# ----------------------------------------------------------------

_VARIANT = {name: None for name in VARIANT if name != "map_price"}
NEW_VARIANT: Mapping[str, Shape] = {
    **_VARIANT, "product_id": "integer", "option_values": [_VALUE_OF_VARIANT],
}  # fmt: skip
CHANGED_VARIANT: Mapping[str, Shape] = {**_VARIANT, "product_id": "integer", "option_values": None}
"""`option_values` are accepted and change nothing (10)."""
BATCH_VARIANT: Mapping[str, Shape] = {**NEW_VARIANT, "id": None}

_VALUE = names("is_default", "label", "sort_order", "value_data")
_CONFIG = {
    **of("text", "default_value", "checkbox_label", "date_limit_mode", "date_earliest_value"),
    **of("text", "date_latest_value", "file_types_mode", "number_limit_mode"),
    **of("text", "product_list_shipping_calc"),
    **of("texts", "file_types_supported", "file_types_other"),
    **of("integer", "file_max_size", "text_min_length", "text_max_length", "text_max_lines"),
    **of("number", "number_lowest_value", "number_highest_value"),
    **of("flag", "checked_by_default", "date_limited", "text_characters_limited"),
    **of("flag", "text_lines_limited", "number_limited", "number_integers_only"),
    **of("flag", "product_list_adjusts_inventory", "product_list_adjusts_pricing"),
}
_OPTION = {
    **of("integer", "product_id"),
    **of("text", "image_url"),
    **names("display_name", "type", "sort_order"),
    "config": _CONFIG,
    "option_values": [{**_VALUE, "id": "integer"}],
}

# -- metafields and categories (3.12, 4)
# ------------------------------------------------------------

METAFIELD = names("permission_set", "namespace", "key", "value", "description")
_CATEGORY = names(
    "name", "parent_id", "description", "views", "sort_order", "page_title", "meta_keywords",
    "meta_description", "layout_file", "image_url", "is_visible", "search_keywords",
    "default_product_sort",
)  # fmt: skip
TREE_CATEGORY: Mapping[str, Shape] = {
    **_CATEGORY, "tree_id": None, "url": names("path", "is_customized"),
}  # fmt: skip
CHANGED_TREE_CATEGORY: Mapping[str, Shape] = {**TREE_CATEGORY, "category_id": None}
OLD_CATEGORY: Mapping[str, Shape] = {**_CATEGORY, "custom_url": names("url", "is_customized")}
CHANGED_OLD_CATEGORY: Mapping[str, Shape] = {**OLD_CATEGORY, "id": "integer"}

# -- stock, webhooks and orders (5, 6, 8)
# -----------------------------------------------------------

_ITEM = names("location_id", "sku", "variant_id", "product_id", "quantity", "qty_backordered")
_ADJUSTMENT = {"reason": None, "items": [_ITEM]}
_SETTINGS = {
    "identity": names("sku", "variant_id", "product_id"),
    **names(
        "safety_stock", "is_in_stock", "warning_level", "bin_picking_number", "backorder_limit"
    ),
}
_HOOK = names("scope", "destination", "is_active", "headers")

_ADDRESS = of(
    "text", "first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip",
    "country", "country_iso2", "phone", "email",
)  # fmt: skip
_CHOICE = {
    "id": "integer",
    "value": None,
    **of("text", "display_name", "display_name_customer", "display_name_merchant"),
    **of("text", "display_value", "display_value_merchant", "display_value_customer"),
}
_LINE = {
    **names("product_id", "variant_id", "name", "quantity", "price_inc_tax", "price_ex_tax"),
    **of("text", "name_customer", "name_merchant", "upc", "sku", "wrapping_name"),
    **of("text", "wrapping_message"),
    **of("integer", "wrapping_id"),
    **of("number", "wrapping_cost_ex_tax", "wrapping_cost_inc_tax"),
    "product_options": [_CHOICE],
}
_PICKUP = {
    **of("integer", "pickup_method_id"),
    **of("text", "pickup_method_display_name", "collection_instructions"),
    **of("text", "collection_time_description"),
    "location": None,
    "line_items": [_LINE],
}
ORDER_TEXTS = (
    "staff_notes", "customer_message", "payment_method", "external_source", "external_order_id",
    "external_merchant_id", "ip_address", "ip_address_v6", "geoip_country", "geoip_country_iso2",
    "customer_locale", "tax_provider_id", "ebay_order_id", "discount_amount",
    "base_handling_cost", "base_shipping_cost", "base_wrapping_cost", "handling_cost_ex_tax",
    "handling_cost_inc_tax", "shipping_cost_ex_tax", "shipping_cost_inc_tax",
    "wrapping_cost_ex_tax", "wrapping_cost_inc_tax",
)  # fmt: skip
"""What an order stores as a text, and returns unchanged."""
_ORDER = {
    **of("text", *ORDER_TEXTS, "date_created", "order_source", "default_currency_code"),
    **of("text", "refunded_amount", "subtotal_ex_tax", "subtotal_inc_tax", "total_ex_tax"),
    **of("text", "total_inc_tax"),
    **of("text?", "external_id", "external_source", "external_merchant_id"),
    **of("integer", "status_id", "channel_id"),
    **of("number", "customer_id", "items_shipped", "items_total"),
    **of("flag", "order_is_digital"),
    **names("payment_provider_id"),
}
_FEE = {
    **of("text", "type", "display_name_customer", "display_name_merchant", "source"),
    **names("cost_ex_tax", "cost_inc_tax", "cost_tax", "tax_class_id"),
}
NEW_ORDER: Mapping[str, Shape] = {
    **_ORDER,
    "billing_address": _ADDRESS,
    "products": [_LINE],
    "shipping_addresses": [{**_ADDRESS, "shipping_method": None}],
    "consignments": {"pickups": [_PICKUP]},
    "fees": [_FEE],
}
CHANGED_ORDER: Mapping[str, Shape] = {
    **_ORDER,
    "is_deleted": None,
    "billing_address": {**_ADDRESS, "form_fields": None},
    "products": [
        {
            **_LINE,
            "id": "integer",
            "product_options": [{**_CHOICE, **of("text", "cost_price_inc_tax", "price_ex_tax")}],
        }
    ],
    "shipping_addresses": [{**_ADDRESS, **names("id", "shipping_method", "form_fields")}],
    "consignments": {
        "pickups": [{**_PICKUP, "id": "integer", "line_items": [{**_LINE, "id": "integer"}]}]
    },
    "fees": [{**_FEE, "id": "integer"}],
}
_SHIPMENT = {
    **names("order_address_id", "tracking_number", "tracking_link", "merchant_shipping_cost"),
    **names("shipping_method", "shipping_provider", "tracking_carrier", "comments"),
    "items": [names("order_product_id", "quantity")],
}

_P = "/v3/catalog/products"
_ONE = _P + "/{product_id}"
WHOLE: Mapping[tuple[str, str], Shape] = {
    ("POST", _ONE + "/options"): _OPTION,
    ("PUT", _ONE + "/options/{option_id}"): {**_OPTION, "id": "integer?"},
    ("POST", _ONE + "/options/{option_id}/values"): _VALUE,
    ("PUT", _ONE + "/options/{option_id}/values/{value_id}"): {**_VALUE, "id": "integer"},
    ("POST", _ONE + "/images"): IMAGE,
    ("PUT", _ONE + "/images/{image_id}"): IMAGE,
    ("POST", _ONE + "/variants/{variant_id}/image"): names("image_url"),
    ("POST", _ONE + "/videos"): {**VIDEO, "video_id": None},
    ("PUT", _ONE + "/videos/{video_id}"): {**VIDEO, "id": "integer"},
    ("POST", _ONE + "/custom-fields"): names("name", "value"),
    ("PUT", _ONE + "/custom-fields/{field_id}"): names("name", "value"),
    ("PUT", _P + "/channel-assignments"): [names("product_id", "channel_id")],
    ("PUT", _P + "/category-assignments"): [names("product_id", "category_id")],
    ("PUT", "/v3/inventory/adjustments/absolute"): _ADJUSTMENT,
    ("POST", "/v3/inventory/adjustments/relative"): _ADJUSTMENT,
    ("PUT", "/v3/inventory/locations/{location_id}/items"): {"settings": [_SETTINGS]},
    ("POST", "/v3/hooks"): _HOOK,
    ("PUT", "/v3/hooks/{hook_id}"): _HOOK,
    ("PUT", "/v3/hooks/admin"): names("emails"),
    ("POST", "/v2/orders"): NEW_ORDER,
    ("PUT", "/v2/orders/{order_id}"): CHANGED_ORDER,
    ("POST", "/v2/orders/{order_id}/shipments"): _SHIPMENT,
}
"""The writes whose body is checked as a whole, before all other checks.

Products, variants, metafields and categories are checked row by row. Each row is refused by itself.
"""
