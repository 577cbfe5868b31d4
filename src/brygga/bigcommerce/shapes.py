"""BigCommerce's JSON becomes values here and nowhere else (bigcommerce facts 3 to 8).

The reader is tolerant: prices may be null, empty objects come as [], ids of children may be
missing. Prices and weights are Decimal.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from brygga.bigcommerce.values import (
    Category,
    Channel,
    Currency,
    Hook,
    InventorySettings,
    Level,
    Location,
    Metafield,
    Order,
    OrderLine,
    OwnedVariant,
    Refund,
    Tree,
)
from brygga.core.model import (
    ObservedImage,
    ObservedOption,
    ObservedProduct,
    ObservedValue,
    ObservedVariant,
    ObservedVideo,
    Shop,
    StockMoment,
    Tracking,
    WeightUnit,
)
from brygga.wire.reading import (
    flag,
    identifier,
    moment,
    number,
    record,
    records,
    text,
    whole,
    within,
)

Json = Mapping[str, Any]
ZERO = Decimal(0)
# `simple` and `sku` are the old names, still in use (bigcommerce facts 3.3).
TRACKING = {
    "none": Tracking.NONE,
    "product": Tracking.PRODUCT,
    "simple": Tracking.PRODUCT,
    "variant": Tracking.VARIANT,
    "sku": Tracking.VARIANT,
}
# The store and the settings API spell units differently. Any other name is not guessed (bigcommerce
# facts 7).
WEIGHT_UNITS = {
    "lbs": WeightUnit.POUND,
    "lb": WeightUnit.POUND,
    "ounces": WeightUnit.OUNCE,
    "oz": WeightUnit.OUNCE,
    "kgs": WeightUnit.KILOGRAM,
    "kg": WeightUnit.KILOGRAM,
    "grams": WeightUnit.GRAM,
    "g": WeightUnit.GRAM,
    "tonnes": WeightUnit.TONNE,
    "t": WeightUnit.TONNE,
}


# ---- Catalogue -----------------------------------------------------------------------------------


def product(raw: Json) -> ObservedProduct:
    """A product from the answer of any catalogue call."""
    return ObservedProduct(
        product_id=identifier(raw.get("id")),
        name=text(raw.get("name")),
        description=text(raw.get("description")),
        sku=text(raw.get("sku")),
        upc=text(raw.get("upc")),
        gtin=text(raw.get("gtin")),
        price=number(raw.get("price")) or ZERO,
        weight=number(raw.get("weight")) or ZERO,
        page_title=text(raw.get("page_title")),
        meta_description=text(raw.get("meta_description")),
        url=text(within(raw, "custom_url", "url")),
        category_ids=tuple(_ids(raw.get("categories"))),
        is_visible=flag(raw.get("is_visible")) or False,
        tax_class_id=whole(raw.get("tax_class_id")) or 0,
        tracking=TRACKING.get(text(raw.get("inventory_tracking")), Tracking.NONE),
        inventory_level=whole(raw.get("inventory_level")),
        base_variant_id=identifier(raw.get("base_variant_id")) or None,
        variants=tuple(
            variant(one) for one in records(raw.get("variants")) if identifier(one.get("id"))
        ),
        options=tuple(option(one) for one in records(raw.get("options")))
        if isinstance(raw.get("options"), list)
        else None,
        images=tuple(image(one) for one in records(raw.get("images")) if identifier(one.get("id"))),
        videos=tuple(video(one) for one in records(raw.get("videos")) if identifier(one.get("id"))),
        created=moment(raw.get("date_created")),
        modified=moment(raw.get("date_modified")),
    )


def variant(raw: Json) -> ObservedVariant:
    values = list(records(raw.get("option_values")))
    return ObservedVariant(
        variant_id=identifier(raw.get("id")),
        sku=text(raw.get("sku")),
        upc=text(raw.get("upc")),
        gtin=text(raw.get("gtin")),
        price=number(raw.get("price")),
        values=tuple(
            (identifier(one.get("option_id")), identifier(one.get("id"))) for one in values
        ),
        labels=tuple(
            (text(one.get("option_display_name")), text(one.get("label"))) for one in values
        ),
        image_url=text(raw.get("image_url")),
        inventory_level=whole(raw.get("inventory_level")) or 0,
    )


def owned_variants(rows: Any) -> Iterator[OwnedVariant]:
    """Variants of the store-wide list. Orphans, whose product is 0, are skipped (bigcommerce facts
    3.7).
    """
    for raw in records(rows):
        product_id = identifier(raw.get("product_id"))
        if product_id and identifier(raw.get("id")):
            yield OwnedVariant(product_id, variant(raw))


def option(raw: Json) -> ObservedOption:
    return ObservedOption(
        option_id=identifier(raw.get("id")),
        name=text(raw.get("display_name")),
        values=tuple(option_value(one) for one in records(raw.get("option_values"))),
        sort_order=whole(raw.get("sort_order")) or 0,
    )


def option_value(raw: Json) -> ObservedValue:
    return ObservedValue(
        identifier(raw.get("id")), text(raw.get("label")), whole(raw.get("sort_order")) or 0
    )


def image(raw: Json) -> ObservedImage:
    return ObservedImage(
        identifier(raw.get("id")),
        flag(raw.get("is_thumbnail")) or False,
        whole(raw.get("sort_order")) or 0,
        text(raw.get("image_file")),
        text(raw.get("url_thumbnail")),
    )


def video(raw: Json) -> ObservedVideo:
    return ObservedVideo(
        identifier(raw.get("id")), text(raw.get("video_id")), whole(raw.get("sort_order")) or 0
    )


def metafield(raw: Json) -> Metafield:
    return Metafield(
        identifier(raw.get("id")),
        identifier(raw.get("resource_id")),
        text(raw.get("key")),
        text(raw.get("value")),
    )


def category(raw: Json) -> Category:
    """A category of the trees API or of the old one, which use different names for its id
    (bigcommerce facts 4).
    """
    return Category(
        id=identifier(raw.get("category_id")) or identifier(raw.get("id")),
        name=text(raw.get("name")),
        tree_id=identifier(raw.get("tree_id")),
        parent_id=identifier(raw.get("parent_id")),
    )


def tree(raw: Json) -> Tree:
    return Tree(identifier(raw.get("id")), text(raw.get("name")))


# ---- Store ---------------------------------------------------------------------------------------


def shop(raw: Json) -> Shop:
    """The store from `/v2/store`. Location, category and stock settings come from other calls."""
    return Shop(
        store_hash=text(raw.get("id")),
        name=text(raw.get("name")),
        currency=text(raw.get("currency")),
        weight_unit=weight_unit(raw.get("weight_units")),
        prices_include_tax=flag(raw.get("is_price_entered_with_tax")) or False,
        domain=text(raw.get("domain")),
        control_panel_url=text(raw.get("control_panel_base_url")),
        default_channel_id=identifier(raw.get("default_channel_id")) or 1,
        multi_storefront=flag(within(raw, "features", "multi_storefront_enabled")) or False,
        owner_email=text(raw.get("admin_email")),
    )


def weight_unit(raw: Any) -> WeightUnit | None:
    """The unit of every weight in the store; None for a name that we do not know."""
    return WEIGHT_UNITS.get(text(raw).strip().lower())


def inventory_settings(raw: Json) -> InventorySettings:
    named = text(raw.get("update_stock_behavior"))
    found = next((one for one in StockMoment if one.value == named), None)
    return InventorySettings(found, flag(raw.get("refund_order_stock_adjustment")))


def channel(raw: Json) -> Channel:
    active = text(raw.get("status")).lower() in ("active", "connected", "prelaunch")
    return Channel(identifier(raw.get("id")), text(raw.get("name")), text(raw.get("type")), active)


def currency(raw: Json) -> Currency:
    decimals = whole(raw.get("decimal_places"))
    return Currency(
        text(raw.get("currency_code")),
        flag(raw.get("is_default")) or False,
        2 if decimals is None else decimals,
    )


def location(raw: Json) -> Location:
    return Location(identifier(raw.get("id")), text(raw.get("label")))


# ---- Inventory -----------------------------------------------------------------------------------


def levels(rows: Any, location_id: int) -> Iterator[Level]:
    """The stock of items at one location, from either list (bigcommerce facts 5.3): nested by
    location, or flat.
    """
    for raw in records(rows):
        identity = record(raw.get("identity"))
        places = raw.get("locations")
        if isinstance(places, list):
            found = next(
                (
                    one
                    for one in records(places)
                    if identifier(one.get("location_id")) == location_id
                ),
                None,
            )
        else:
            found = raw
        if found is not None and identifier(identity.get("variant_id")):
            backordered = max(0, whole(found.get("qty_backordered")) or 0)
            yield Level(
                product_id=identifier(identity.get("product_id")),
                variant_id=identifier(identity.get("variant_id")),
                onhand=promised(whole(found.get("total_inventory_onhand")), backordered),
                available=whole(found.get("available_to_sell")),
                safety_stock=whole(within(found, "settings", "safety_stock")) or 0,
                sku=text(identity.get("sku")),
                backorder_limit=max(0, whole(found.get("backorder_limit")) or 0),
                backordered=backordered,
            )


def promised(onhand: int | None, backordered: int) -> int | None:
    """The level on hand less the units sold on backorder (decision 21).

    No document says whether the level on hand can go below zero. When it does, it already includes
    the backordered units. So a sold unit is never offered again, whether a restock serves
    backorders first or not.
    """
    return onhand if onhand is None or onhand < 0 else onhand - backordered


# ---- Hooks and orders ----------------------------------------------------------------------------


def hook(raw: Json) -> Hook:
    headers = {name: text(value) for name, value in record(raw.get("headers")).items()}
    return Hook(
        identifier(raw.get("id")),
        text(raw.get("scope")),
        text(raw.get("destination")),
        flag(raw.get("is_active")) or False,
        headers,
    )


def order(raw: Json) -> Order:
    return Order(
        id=identifier(raw.get("id")),
        status_id=whole(raw.get("status_id")) or 0,
        source=text(raw.get("order_source")),
        created=moment(raw.get("date_created")),
        modified=moment(raw.get("date_modified")),
    )


def order_line(raw: Json) -> OrderLine:
    return OrderLine(
        line_id=identifier(raw.get("id")),
        product_id=identifier(raw.get("product_id")),
        variant_id=identifier(raw.get("variant_id")),
        quantity=number(raw.get("quantity")) or ZERO,
        shipped=number(raw.get("quantity_shipped")) or ZERO,
    )


def refund(raw: Json) -> Refund:
    items = tuple(
        (identifier(one.get("item_id")), number(one.get("quantity")) or ZERO)
        for one in records(raw.get("items"))
        if text(one.get("item_type")).upper() == "PRODUCT"
    )
    return Refund(
        identifier(raw.get("id")),
        identifier(raw.get("order_id")),
        items,
        moment(raw.get("created")),
    )


def _ids(value: Any) -> Iterator[int]:
    return (
        (found for one in value if (found := identifier(one)))
        if isinstance(value, list)
        else iter(())
    )
