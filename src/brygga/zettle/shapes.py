"""Zettle's JSON becomes values here and nowhere else, and values become Zettle's JSON.

The reader is tolerant: any optional field may be absent or null (old answers write null for all),
VAT is a string or a number, balances are strings, numbers or decimals (zettle facts 2.3, 3.4, 4.6).
Nothing is trimmed: names and options are the merchant's.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from brygga.core.failures import Refused
from brygga.core.model import (
    InventoryType,
    Money,
    OptionDefinition,
    Organization,
    Product,
    TaxationMode,
    Variant,
)
from brygga.wire.reading import flag, moment, number, record, records, text, whole, within
from brygga.zettle.codes import Code
from brygga.zettle.values import (
    Balance,
    Inventory,
    Movement,
    NewProduct,
    NewVariant,
    Purchase,
    PurchaseRow,
    SalesTax,
    Statuses,
    Subscription,
    Unreadable,
)

Json = Mapping[str, Any]
# Zettle's weights beside `weightInGrams` (zettle facts 2.5); exact by definition.
GRAMS = {
    "kg": Decimal(1000),
    "g": Decimal(1),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
    "t": Decimal(1_000_000),
}
LOOKUP_URL = "https://image.izettle.com/productimage/o/"  # zettle facts 6.3


def product(raw: Json) -> Product:
    """A product from the list, the library, a single answer or a webhook. Raises Refused when a
    field is missing that Zettle guarantees.
    """
    uuid, name = text(raw.get("uuid")), text(raw.get("name"))
    variants = tuple(_variants(raw))
    for missing, what in ((not uuid, "uuid"), (not name, "name"), (not variants, "variants")):
        if missing:
            raise Refused(
                Code.PRODUCT_UNREADABLE,
                f"product {uuid or '?'} without {what}",
                errors={"uuid": uuid, "missing": what, "name": name},
            )
    online = record(raw.get("online"))
    grams, unread = _weight(record(online.get("shipping")))
    return Product(
        uuid=uuid,
        name=name,
        etag=bare_etag(text(raw.get("etag"))),
        variants=variants,
        definitions=tuple(_definitions(raw)),
        description=text(raw.get("description")),
        online_description=text(online.get("description")),
        seo_title=text(within(online, "seo", "title")),
        seo_description=text(within(online, "seo", "metaDescription")),
        slug=text(within(online, "seo", "slug")),
        weight_grams=grams,
        weight_unread=unread,
        image_urls=_images(raw),
        media_urls=tuple(_texts(within(online, "presentation", "mediaUrls"))),
        vat_percentage=number(raw.get("vatPercentage")),
        unit_name=text(raw.get("unitName")),
        created=moment(raw.get("created")),
        updated=moment(raw.get("updated")),
    )


def readable(raws: Iterable[Json]) -> tuple[tuple[Product, ...], tuple[Unreadable, ...]]:
    """The products of a list, and those that cannot be read: one unreadable product never hides the
    others.
    """
    good, bad = [], []
    for raw in raws:
        try:
            good.append(product(raw))
        except Refused as refused:
            bad.append(
                Unreadable(
                    refused.errors["uuid"], refused.errors["missing"], refused.errors["name"]
                )
            )
    return tuple(good), tuple(bad)


def bare_etag(etag: str) -> str:
    """The etag without quotes and without the prefix of a weak one (zettle facts 2.6)."""
    return etag.removeprefix("W/").strip('"')


def _variants(raw: Json) -> Iterator[Variant]:
    for item in records(raw.get("variants")):
        if uuid := text(item.get("uuid")):
            yield Variant(
                uuid=uuid,
                name=text(item.get("name")),
                sku=text(item.get("sku")),
                barcode=text(item.get("barcode")),
                price=money(item.get("price")),
                options=tuple(
                    (text(one.get("name")), text(one.get("value")))
                    for one in records(item.get("options"))
                ),
                image_url=_own_image(item),
            )


def _definitions(raw: Json) -> Iterator[OptionDefinition]:
    for item in records(within(raw, "variantOptionDefinitions", "definitions")):
        values = tuple(text(one.get("value")) for one in records(item.get("properties")))
        yield OptionDefinition(text(item.get("name")), values)


def money(raw: Any) -> Money | None:
    """A price in minor units; None when there is none: then the cashier types the price."""
    amount, currency = whole(record(raw).get("amount")), text(record(raw).get("currencyId"))
    return Money(amount, currency) if amount is not None and currency else None


def _weight(shipping: Json) -> tuple[Decimal | None, str]:
    """Grams, or the weight as it is written when we do not know its unit."""
    grams = number(shipping.get("weightInGrams"))
    if grams is not None:
        return grams, ""
    weight, unit = (
        number(within(shipping, "weight", "weight")),
        text(within(shipping, "weight", "unit")),
    )
    if weight is None:
        return None, ""
    known = GRAMS.get(unit.strip().lower())
    return (None, f"{weight} {unit}".strip()) if known is None else (weight * known, "")


def _images(raw: Json) -> tuple[str, ...]:
    online = record(within(raw, "online", "presentation"))
    urls = [
        text(within(raw, "presentation", "imageUrl")),
        text(online.get("displayImageUrl")),
        *_texts(online.get("additionalImageUrls")),
    ]
    return tuple(dict.fromkeys(url for url in urls if url)) or tuple(dict.fromkeys(_lookups(raw)))


def _lookups(raw: Json) -> Iterator[str]:
    return (LOOKUP_URL + key for key in _texts(raw.get("imageLookupKeys")))


def _own_image(raw: Json) -> str:
    return text(within(raw, "presentation", "imageUrl")) or next(_lookups(raw), "")


def _texts(value: Any) -> Iterator[str]:
    return (
        (found for item in value if (found := text(item))) if isinstance(value, list) else iter(())
    )


def organization(raw: Json) -> Organization:
    """The account. Its displayed name is the one on its receipts, by which merchants know their
    business (zettle facts 1.6).
    """
    exclusive = text(raw.get("taxationMode")).upper() == TaxationMode.EXCLUSIVE
    return Organization(
        uuid=text(raw.get("uuid")),
        name=text(raw.get("receiptName")) or text(raw.get("legalName")) or text(raw.get("name")),
        currency=text(raw.get("currency")),
        country=text(raw.get("country")),
        taxation_mode=TaxationMode.EXCLUSIVE if exclusive else TaxationMode.INCLUSIVE,
        language=text(raw.get("language")),
        contact_email=text(raw.get("contactEmail")),
    )


def inventory(raw: Json) -> Inventory | None:
    """One inventory; None for a type that we do not know."""
    uuid, kind = text(raw.get("inventoryUuid")), text(raw.get("inventoryType"))
    if not uuid or kind not in InventoryType.__members__:
        return None
    return Inventory(uuid, InventoryType(kind), flag(raw.get("defaultInventory")) or False)


def balance(raw: Json) -> Balance | None:
    """One row of stock, from v3 or from a webhook (which calls inventories locations). None when it
    names no variant.
    """
    variant = text(raw.get("variantUuid"))
    inventory_uuid = text(raw.get("inventoryUuid")) or text(raw.get("locationUuid"))
    if not variant:
        return None
    updated = moment(raw.get("updated"))
    return Balance(
        text(raw.get("productUuid")), variant, inventory_uuid, whole(raw.get("balance")), updated
    )


def statuses(raw: Any) -> Statuses:
    """Which products are tracked, from the rows of either tracking call (zettle facts 3.3)."""
    found: dict[str, bool] = {}
    for item in raw if isinstance(raw, list) else ():
        row = {"productUuid": item} if isinstance(item, str) else record(item)
        uuid = text(row.get("productUuid")) or text(row.get("uuid"))
        enabled = flag(row.get("enabled"))
        if enabled is None:
            enabled = text(row.get("tracking")).lower() not in ("disable", "disabled")
        if uuid:
            found[uuid] = enabled
    return found


def subscription(raw: Json) -> Subscription:
    return Subscription(
        uuid=text(raw.get("uuid")),
        destination=text(raw.get("destination")),
        events=tuple(_texts(raw.get("eventNames"))),
        is_active=text(raw.get("status")).upper() in ("", "ACTIVE"),
        signing_key=text(raw.get("signingKey")),
    )


def purchase(raw: Json) -> Purchase:
    """A purchase from REST or from its webhook, which use different names for its id (zettle facts
    5.3, 5.4).
    """
    amount = whole(raw.get("amount")) or 0
    return Purchase(
        uuid=text(raw.get("purchaseUUID1")) or text(raw.get("purchaseUuid")),
        number=whole(raw.get("purchaseNumber")) or 0,
        is_refund=flag(raw.get("refund")) or amount < 0,
        rows=tuple(
            PurchaseRow(
                text(row.get("productUuid")),
                text(row.get("variantUuid")),
                number(row.get("quantity")) or Decimal(0),
            )
            for row in records(raw.get("products"))
            if text(row.get("variantUuid"))
        ),
        at=moment(raw.get("timestamp")),
        seller=text(raw.get("userDisplayName")),
        source=text(raw.get("source")),
    )


# ---- Values to JSON ------------------------------------------------------------------------------


def product_body(new: NewProduct) -> dict[str, Any]:
    """The body of a create. Empty fields are left out, so that Zettle's own defaults apply."""
    body: dict[str, Any] = {
        "uuid": new.uuid,
        "name": new.name,
        "variants": [_variant_body(variant) for variant in new.variants],
    }
    if new.definitions:
        body["variantOptionDefinitions"] = {
            "definitions": [
                {"name": one.name, "properties": [{"value": value} for value in one.values]}
                for one in new.definitions
            ]
        }
    if new.description:
        body["description"] = new.description
    if new.vat_percentage is not None:
        body["vatPercentage"] = new.vat_percentage
    if new.tax is not None:
        body |= (
            {"taxExempt": True} if new.tax is SalesTax.EXEMPT else {"createWithDefaultTax": True}
        )
    if new.image_urls:
        body["presentation"] = {"imageUrl": new.image_urls[0]}
    if online := _online_body(new):
        # Zettle's own pages write HIDDEN too (zettle facts 2.5): this decides nothing about any
        # online store.
        body["online"] = {"status": "HIDDEN", **online}
    return body


def _online_body(new: NewProduct) -> dict[str, Any]:
    first, rest = new.image_urls[:1], list(new.image_urls[1:])
    seo = {"title": new.seo_title, "metaDescription": new.seo_description, "slug": new.slug}
    body = {
        "description": new.online_description,
        "presentation": {"displayImageUrl": first[0], "additionalImageUrls": rest}
        if rest
        else None,
        "shipping": None if new.weight_grams is None else {"weightInGrams": new.weight_grams},
        "seo": {name: value for name, value in seo.items() if value},
    }
    return {name: value for name, value in body.items() if value}


def _variant_body(new: NewVariant) -> dict[str, Any]:
    body: dict[str, Any] = {"uuid": new.uuid}
    body |= {
        key: value
        for key, value in (("name", new.name), ("sku", new.sku), ("barcode", new.barcode))
        if value
    }
    if new.price is not None:
        body["price"] = {"amount": new.price.minor, "currencyId": new.price.currency}
    if new.options:
        body["options"] = [{"name": name, "value": value} for name, value in new.options]
    return body


def movement_body(movement: Movement) -> dict[str, Any]:
    return {
        "productUuid": movement.product_uuid,
        "variantUuid": movement.variant_uuid,
        "from": movement.source,
        "to": movement.target,
        "change": movement.change,
    }
