"""How the API shows products and variants (bigcommerce facts 3.3, 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from .fields import MIRRORED, PRODUCT, VARIANT
from .inventory import product_level, variant_level
from .media import image_json, video_json
from .refusal import Json
from .state import Option, Product, Store, Value, Variant, stamp

INCLUDES = ("variants", "images", "primary_image", "options", "modifiers", "videos",
"custom_fields",
            "bulk_pricing_rules", "channels", "reviews", "parent_relations")  # fmt: skip
_EXTRA = ("id", "calculated_price", "base_variant_id", "option_set_id", "option_set_display",
"custom_url",
          "date_created", "date_modified")  # fmt: skip
TOP_LEVEL = frozenset({*PRODUCT, *_EXTRA})
_MIRRORED = frozenset(MIRRORED)


@dataclass(frozen=True, slots=True)
class View:
    """Which parts of a product a request reads, where its pictures are served, and how old its
    stock numbers may be.
    """

    cdn: str
    moment: float
    include: Collection[str] = ()
    only: Collection[str] | None = None
    without: Collection[str] = ()
    sellable: bool = False
    """Levels are shown without the safety stock (bigcommerce facts 5.4)."""

    def shows(self, name: str) -> bool:
        """True for a top-level field that this request reads. `id` is always included."""
        if name == "id":
            return True
        return name not in self.without and (self.only is None or name in self.only)


def product_json(store: Store, product: Product, view: View) -> Json:
    """A product: every scalar field, and the requested sub-resources."""
    shown: Json = {"id": product.id}
    kept = product.fields
    for name, field in PRODUCT.items():
        if view.shows(name):
            value = kept.get(name, field.default)
            shown[name] = list(value) if isinstance(value, tuple) else value
    if "inventory_level" in shown:
        shown["inventory_level"] = product_level(
            product, store.item_moment(view.moment), sellable=view.sellable
        )
    extra = {
        "calculated_price": product.get("sale_price") or product.get("price"),
        "base_variant_id": product.variants[0].id if product.simple and product.variants else None,
        "option_set_id": None if not product.options else product.id + 1000,
        "option_set_display": "right",
        "custom_url": {"url": product.url, "is_customized": product.url_customized},
        "date_created": stamp(product.created),
        "date_modified": stamp(product.modified),
    }
    shown.update({name: value for name, value in extra.items() if view.shows(name)})
    inner = replace(view, only=None, without=()) if view.only or view.without else view
    for name in view.include:
        shown[name] = child(store, product, name, inner)
    return shown


def child(store: Store, product: Product, name: str, view: View) -> Any:
    """One sub-resource of a product. Modifiers, reviews and parent relations are always empty."""
    show = _CHILDREN.get(name)
    return show(store, product, view) if show else []


def primary_image(store: Store, product: Product, view: View) -> Json | None:
    """The thumbnail, if there is one."""
    first = next((image for image in product.images if image.is_thumbnail), None)
    return image_json(store, first, view.cdn) if first else None


def variant_json(store: Store, product: Product, variant: Variant, view: View) -> Json:
    """A variant. A base variant shows the product's own price, SKU and measures."""
    shown: Json = {"id": variant.id, "product_id": product.id, "sku_id": variant.sku_id}
    for name, field in VARIANT.items():
        if product.simple and name in _MIRRORED:
            shown[name] = product.get(name)
        else:
            shown[name] = variant.fields.get(name, field.default)
    own_price = shown["sale_price"] or shown["price"]
    shown["calculated_price"] = product.get("price") if own_price is None else own_price
    shown["calculated_weight"] = (
        product.get("weight") if shown["weight"] is None else shown["weight"]
    )
    shown["inventory_level"] = variant_level(
        product, variant, store.item_moment(view.moment), sellable=view.sellable
    )
    shown["image_url"] = ""
    if variant.picture:
        digest, file = variant.picture
        shown["image_url"] = (
            f"{view.cdn}/s-{store.hash}/product_images/attribute_rule_images/{digest[:8]}_{file}"
        )
    shown["option_values"] = chosen(product, variant)
    return {name: value for name, value in shown.items() if view.shows(name)}


def chosen(product: Product, variant: Variant) -> list[Json]:
    """The option values of a variant, with their current names."""
    rows = []
    options = {option.id: option for option in product.options}
    for option_id, value_id in variant.values:
        option = options.get(option_id)
        value = option.value(value_id) if option else None
        if option and value:
            rows.append(
                {
                    "id": value.id,
                    "label": value.label,
                    "option_id": option.id,
                    "option_display_name": option.display_name,
                }
            )
    return rows


def value_json(value: Value) -> Json:
    """One value of an option."""
    return {
        "id": value.id,
        "label": value.label,
        "sort_order": value.sort_order,
        "value_data": value.value_data,
        "is_default": value.is_default,
    }


def option_json(option: Option) -> Json:
    """One option with its values."""
    return {
        "id": option.id,
        "product_id": option.product_id,
        "name": option.name,
        "display_name": option.display_name,
        "type": option.type,
        "sort_order": option.sort_order,
        "config": [],
        "option_values": [value_json(value) for value in option.values],
    }


_CHILDREN: dict[str, Callable[[Store, Product, View], Any]] = {
    "variants": lambda store, product, view: [
        variant_json(store, product, one, view) for one in product.variants
    ],
    "images": lambda store, product, view: [
        image_json(store, image, view.cdn) for image in product.images
    ],
    "primary_image": primary_image,
    "options": lambda store, product, view: [option_json(option) for option in product.options],
    "videos": lambda store, product, view: [video_json(video) for video in product.videos],
    "custom_fields": lambda store, product, view: list(product.custom_fields),
    "bulk_pricing_rules": lambda store, product, view: list(product.bulk_pricing_rules),
    "channels": lambda store, product, view: list(product.channels),
}
