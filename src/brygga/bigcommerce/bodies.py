"""Values become BigCommerce's JSON here and nowhere else.

Birth-only fields, which no later write ever contains (rules P3, P4), are in `create_body` alone.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from brygga.bigcommerce.values import NewVariant, StockChange
from brygga.core import marker
from brygga.core.model import CatalogImage, CatalogOption, CatalogProduct, CatalogVariant, Tracking
from brygga.core.operations import Changes, Create
from brygga.core.text import goes_by_address

Body = dict[str, Any]
FIELDS = {
    "name": "name",
    "description": "description",
    "price": "price",
    "weight": "weight",
    "sku": "sku",
    "upc": "upc",
    "gtin": "gtin",
    "page_title": "page_title",
    "meta_description": "meta_description",
    "tracking": "inventory_tracking",
    "image": "image_url",
}
"""Our attribute names and BigCommerce's. `url` has a form of its own. No other field is ever
written to an existing product.
"""


def product_body(
    desired: CatalogProduct, create: Create, *, images: bool = True, videos: bool = True
) -> Body:
    """One POST that creates the product with everything that it can carry (bigcommerce facts 3.3).

    That is its variants, options, stock, pictures and videos.
    """
    body: Body = {
        "name": desired.name,
        "type": "physical",
        # Required by a create, even when the weight is unknown (bigcommerce facts 3.3).
        "weight": Decimal(0) if desired.weight is None else desired.weight,
        "description": desired.description,
        "page_title": desired.page_title,
        "meta_description": desired.meta_description,
        **create_body(desired, create),
    }
    if images and (riding := [image for image in desired.images if goes_by_address(image.source)]):
        body["images"] = [image_body(image) for image in riding]
    if videos and desired.videos:
        body["videos"] = [
            video_body(video_id, order) for order, video_id in enumerate(desired.videos)
        ]
    if desired.is_simple:
        body |= _simple(desired.variants[0], create)
    else:
        # Their order is that of the definitions: it puts the options and values in the merchant's
        # order (bigcommerce facts 3.1).
        body["variants"] = [_variant(variant, create, image=images) for variant in desired.variants]
    return body


def create_body(desired: CatalogProduct, create: Create) -> Body:
    """The fields that are set once and then belong to the merchant. A tax class is never ours (rule
    C8).
    """
    body: Body = {
        "categories": [create.category_id],
        "is_visible": False,
        "inventory_tracking": _tracking(desired, create).value,
        "price": create.price if desired.price is None else desired.price,
    }
    if desired.url:
        body["custom_url"] = url_body(desired.url)
    return body


def marker_body(name: str, categories: Iterable[int]) -> Body:
    """The marker product (decision 16), which no shopper ever sees: hidden, without a price, not
    for sale, one variant a slot.
    """
    return {
        "name": name,
        "type": "physical",
        "weight": Decimal(0),
        "price": Decimal(0),
        "description": marker.DESCRIPTION,
        "categories": [*categories],
        "is_visible": False,
        "availability": "disabled",
        "inventory_tracking": Tracking.VARIANT.value,
        "variants": [
            {
                "sku": sku,
                "inventory_level": marker.FIRST_LEVEL,
                "option_values": [{"option_display_name": marker.OPTION, "label": str(number)}],
            }
            for number, sku in enumerate(marker.SKUS, 1)
        ],
    }


def _tracking(desired: CatalogProduct, create: Create) -> Tracking:
    if not create.tracked:
        return Tracking.NONE
    return Tracking.PRODUCT if desired.is_simple else Tracking.VARIANT


def _simple(variant: CatalogVariant, create: Create) -> Body:
    body = _codes(variant)
    level = create.levels.get(variant.key) if create.levels is not None else None
    return body if level is None else {**body, "inventory_level": level}


def _variant(variant: CatalogVariant, create: Create, *, image: bool) -> Body:
    body = _simple(variant, create)
    body["option_values"] = [
        {"option_display_name": name, "label": label} for name, label in variant.values
    ]
    if variant.price is not None:
        body["price"] = variant.price
    if image and goes_by_address(variant.image):
        body["image_url"] = variant.image
    return body


def _codes(variant: CatalogVariant) -> Body:
    # Not nullable on POST: empty codes are left out (bigcommerce facts 3.3).
    codes = {"sku": variant.sku, "upc": variant.upc, "gtin": variant.gtin}
    return {name: value for name, value in codes.items() if value}


def changes_body(changes: Changes) -> Body:
    """A partial update: only the named fields change."""
    body: Body = {}
    for name, value in changes.items():
        if name == "url":
            # An empty address cannot be written; BigCommerce keeps the one it has.
            body |= {"custom_url": url_body(str(value))} if value else {}
        else:
            body[FIELDS[name]] = value.value if isinstance(value, Tracking) else value
    return body


def url_body(url: str) -> Body:
    return {"url": url, "is_customized": True}


def new_variant_body(new: NewVariant, *, batch: bool) -> Body:
    """A variant for an existing product; its SKU is required (bigcommerce facts 3.7). Only the
    batch has the product's id inside.
    """
    body: Body = {
        "sku": new.variant.sku,
        **_codes(new.variant),
        "option_values": [
            {"option_id": option_id, "id": value_id} for option_id, value_id in new.values
        ],
    }
    if batch:
        body["product_id"] = new.product_id
    if new.variant.price is not None:
        body["price"] = new.variant.price
    if goes_by_address(new.variant.image):
        body["image_url"] = new.variant.image
    if new.level is not None:
        body["inventory_level"] = new.level
    return body


def option_body(option: CatalogOption, sort_order: int) -> Body:
    values = [{"label": label, "sort_order": order} for order, label in enumerate(option.labels)]
    # A dropdown holds any number of values of any length; rectangles do not.
    return {
        "display_name": option.name,
        "type": "dropdown",
        "sort_order": sort_order,
        "option_values": values,
    }


def image_body(image: CatalogImage, *, source: bool = True) -> Body:
    body: Body = {"is_thumbnail": image.is_thumbnail, "sort_order": image.sort_order}
    return {"image_url": image.source, **body} if source else body


def image_form(image: CatalogImage) -> dict[str, str]:
    """The same values as form fields beside an uploaded file."""
    return {
        "is_thumbnail": "true" if image.is_thumbnail else "false",
        "sort_order": str(image.sort_order),
    }


def video_body(video_id: str, sort_order: int) -> Body:
    return {"video_id": video_id, "type": "youtube", "sort_order": sort_order}


def adjustment_body(items: Iterable[StockChange], reason: str) -> Body:
    return {"reason": reason, "items": [_item(item) for item in items]}


def _item(item: StockChange) -> Body:
    identity = (
        {"variant_id": item.variant_id} if item.variant_id else {"product_id": item.product_id}
    )
    return {"location_id": item.location_id, **identity, "quantity": item.quantity}
