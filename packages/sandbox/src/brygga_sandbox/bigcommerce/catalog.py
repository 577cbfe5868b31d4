"""Products: creating, changing and deleting them under the rules of the catalogue (bigcommerce
facts 3.1 to 3.6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brygga_sandbox.numerals import whole

from . import inventory, naming
from .fields import KEPT_BY_STORE, PRODUCT, REQUIRED, accepted_fields, wrong_gtin
from .media import MAX_IMAGES, Eye, add_image, add_video, image_fields, read_video, too_many_images
from .product_rows import (
    MAX_CUSTOM_FIELDS,
    custom_fields_of,
    object_of,
    rows_of,
    rules_of,
    too_many_fields,
)
from .refusal import Json, Refusal, invalid, missing, product_not_found
from .render import View, variant_json
from .shapes import CHANGED_PRODUCT, NEW_PRODUCT
from .state import Product, Store, by_id
from .variants import (
    Draft,
    add_base_variant,
    add_drafts,
    drafts_of,
    drop_metafields,
    drop_variant,
    sku_data,
)

MAX_BATCH = 10
MAX_BRANDS = 30_000


@dataclass(slots=True)
class Wanted:
    """The content of a body. Each part is valid on its own; whether it fits the store is checked
    later.
    """

    values: Json
    url: tuple[str, bool] | None = None
    brand_name: str | None = None
    custom_fields: list[Json] | None = None
    rules: list[Json] | None = None
    images: list[Json] = field(default_factory=list)
    videos: list[Json] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)


def product_of(store: Store, product_id: object) -> Product:
    """The product with that id, or 404."""
    product = by_id(store.products, whole(product_id))
    if product is None:
        raise product_not_found(product_id)
    return product


def wanted(store: Store, body: Json, *, create: bool) -> Wanted:
    """Read a product body. Refuses values that no product can have."""
    if create:
        check_required(store, body)
    strict = store.switches.unknown_fields == "refuse"
    shape = NEW_PRODUCT if create else CHANGED_PRODUCT
    values, errors = accepted_fields(PRODUCT, body, shape, strict)
    values = {name: value for name, value in values.items() if name not in KEPT_BY_STORE}
    errors |= wrong_fields(store, body, values, create=create)
    if errors:
        raise invalid(errors)
    images = rows_of(body, "images")
    for image in images:
        image_fields(image, inline=True)
    if len(images) > MAX_IMAGES:
        raise too_many_images()
    return Wanted(
        values,
        naming.url_of(body["custom_url"]) if "custom_url" in body else None,
        body.get("brand_name") or None,
        custom_fields_of(body),
        rules_of(body),
        images,
        [read_video(store, video) for video in rows_of(body, "videos")],
        drafts_of(store, rows_of(body, "variants")) if create else [],
    )


def check_required(store: Store, body: Json) -> None:
    """Refuse a new product without its required fields."""
    absent = {name: words for name, words in REQUIRED.items() if body.get(name) is None}
    if store.switches.categories_required and body.get("categories") is None:
        absent["categories"] = "Please provide categories."
    if absent:
        raise missing(absent)


def wrong_fields(store: Store, body: Json, values: Json, *, create: bool) -> dict[str, str]:
    """The errors in fields whose type is right."""
    errors = wrong_gtin(values) if store.switches.wrong_gtin == "refuse" else {}
    if not create and "variants" in body and store.switches.variants_on_put == "refuse":
        errors["variants"] = "variants cannot be changed here"
    if not isinstance(body.get("brand_name"), str | None):
        errors["brand_name"] = "brand_name must be a string"
    most = store.switches.most_description
    if len(values.get("description", "")) > most:
        errors["description"] = f"description must be at most {most} characters"
    return errors


def references(store: Store, values: Json) -> None:
    """Refuse ids of categories, brands and tax classes that the store does not have: 409
    (bigcommerce facts 3.4).
    """
    unknown = [str(key) for key in values.get("categories", ()) if key not in store.categories]
    if unknown:
        title = f"The category_id is invalid: {', '.join(unknown)}"
        raise Refusal(409, title, {"categories": title})
    brand = values.get("brand_id", 0)
    if brand and brand not in store.brands:
        raise Refusal(409, "The brand_id is invalid", {"brand_id": f"brand {brand} does not exist"})
    if values.get("tax_class_id", 0) not in store.tax_classes:
        raise Refusal(
            409, "The tax_class_id is invalid", {"tax_class_id": "this tax class does not exist"}
        )


def free_at_create(store: Store, want: Wanted) -> None:
    """Refuse a new product whose name, SKU or address is taken."""
    naming.free_name(store, want.values["name"])
    naming.free_product_sku(store, want.values.get("sku", ""))
    seen = {want.values["sku"].lower()} if want.values.get("sku") else set()
    for draft in want.drafts:
        sku = draft.values.get("sku", "")
        naming.free_variant_sku(store, sku)
        if sku and sku.lower() in seen:
            raise Refusal(409, f"Sku `{sku}` is not unique", {"sku": f"Sku `{sku}` is not unique"})
        seen.add(sku.lower())
    if want.url:
        naming.free_url(store, want.url[0])
    references(store, want.values)
    new_brand(store, want)
    hidden_price(want.values, None)


def new_brand(store: Store, want: Wanted) -> None:
    """403 for more brands than a store may have (bigcommerce facts 2.3)."""
    if (
        want.brand_name
        and want.brand_name not in store.brands.values()
        and len(store.brands) >= MAX_BRANDS
    ):
        raise Refusal(403, f"A store may have at most {MAX_BRANDS} brands", {})


def hidden_price(values: Json, product: Product | None) -> None:
    """A hidden price is allowed only if the product cannot be bought (bigcommerce facts 3.3)."""

    def now(name: str) -> Any:
        return (
            values[name]
            if name in values
            else product.get(name)
            if product
            else PRODUCT[name].default
        )

    if (
        {"is_price_hidden", "availability"} & set(values)
        and now("is_price_hidden")
        and now("availability") != "disabled"
    ):
        raise invalid(
            {"is_price_hidden": "availability must be disabled where the price is hidden"}
        )


async def fetch_all(store: Store, camera: Eye, want: Wanted) -> None:
    """Fetch every picture of a body. One failure fails the whole create (bigcommerce facts 3.4)."""
    status = store.switches.inline_image_status
    want.pictures = [await camera.load(image["image_url"], status=status) for image in want.images]
    for draft in want.drafts:
        if draft.image_url:
            draft.picture = await camera.load(draft.image_url, status=status, limit=2000)


async def create(
    store: Store, body: Any, camera: Eye, client: str | None, *, partly: bool = False
) -> Product:
    """POST /catalog/products. With `partly` the stock part is lost, as in a 207."""
    want = wanted(store, object_of(body), create=True)
    if store.settings.max_products and len(store.products) >= store.settings.max_products:
        raise Refusal(507, "The product limit of the plan has been reached", {})
    free_at_create(store, want)
    await fetch_all(store, camera, want)
    free_at_create(store, want)  # fetching took time, so another request may have taken the name
    return created(store, want, client, partly=partly)


def created(store: Store, want: Wanted, client: str | None, *, partly: bool = False) -> Product:
    """Create a product. All checks are done."""
    values = dict(want.values)
    level = values.pop("inventory_level", None)
    if client is not None:
        values.setdefault("is_visible", store.switches.create_visible_default)
    if want.brand_name:
        values["brand_id"] = brand(store, want.brand_name)
    now = store.wall()
    kept = {name: value for name, value in values.items() if value != PRODUCT[name].default}
    product = Product(store.ids.next("product"), now, now, kept, made_by=client)
    store.products[product.id] = product
    store.names[product.get("name")] = product.id
    naming.rename_sku(store, "", product.get("sku"), (product.id, None))
    url, customized = want.url or (naming.own_url(store, product.get("name")), False)
    naming.move_url(store, product, url, customized=customized)
    product.custom_fields = [
        {"id": store.ids.next("custom_field"), "name": row["name"], "value": row["value"]}
        for row in want.custom_fields or []
    ]
    product.bulk_pricing_rules = [{"id": store.ids.next("rule"), **row} for row in want.rules or []]
    for picture, image in zip(want.pictures, want.images, strict=True):
        add_image(store, product, picture, image["image_url"], image)
    for video in want.videos:
        add_video(store, product, video)
    if want.drafts:
        product.base_variant = False
        add_drafts(store, product, want.drafts)
    else:
        add_base_variant(store, product)
    store.touched(product)
    announce_create(store, product)
    if not partly:
        first_levels(store, product, want, level)
    return product


def announce_create(store: Store, product: Product) -> None:
    """Fire the webhooks of a created product, and assign the default channel if the store has only
    one storefront (bigcommerce facts 3.13).
    """
    store.emit("store/product/created", {"type": "product", "id": product.id})
    for variant in product.variants:
        if variant.sku_id is not None and variant.get("sku"):
            store.emit("store/sku/created", sku_data(variant))
    rule = store.switches.default_channel_auto
    if rule == "always" or (rule == "single_storefront" and not store.settings.multi_storefront):
        product.channels.append(store.settings.default_channel_id)
        store.emit(
            f"store/channel/{store.settings.default_channel_id}/product/assigned",
            {"product_id": product.id},
        )


def first_levels(store: Store, product: Product, want: Wanted, level: int | None) -> None:
    """Apply the stock in the body of a new product, if it is tracked."""
    if product.tracking == "none":
        return
    if level is not None and (product.simple or product.tracking == "product"):
        inventory.give(store, product, None, level)
    if product.tracking == "variant":
        for variant, draft in zip(product.variants, want.drafts, strict=False):
            if draft.level is not None:
                inventory.give(store, product, variant, draft.level)


def brand(store: Store, name: str) -> int:
    """The id of the brand of that name. It is created when missing."""
    for brand_id, known in store.brands.items():
        if known == name:
            return brand_id
    brand_id = store.ids.next("brand")
    store.brands[brand_id] = name
    return brand_id


@dataclass(slots=True)
class Change:
    """An update that fits the store and can be applied."""

    product: Product
    want: Wanted
    refused_url: Refusal | None = None


def fits(store: Store, product: Product, want: Wanted) -> Change:
    """Refuse an update that conflicts with the rest of the store."""
    values = want.values
    if "name" in values:
        naming.free_name(store, values["name"], product)
    if "sku" in values:
        naming.free_product_sku(store, values["sku"], product)
    references(store, values)
    new_brand(store, want)
    hidden_price(values, product)
    known = {row["id"] for row in product.custom_fields}
    added = [row for row in want.custom_fields or () if row.get("id") not in known]
    if len(known) + len(added) > MAX_CUSTOM_FIELDS:
        raise too_many_fields()
    if (
        len(product.images) + len(want.images) > MAX_IMAGES
        and store.switches.images_on_put == "append"
    ):
        raise too_many_images()
    change = Change(product, want)
    if want.url:
        try:
            naming.free_url(store, want.url[0], product)
        except Refusal as clash:
            if store.switches.url_clash_on_put == "409":
                raise
            change.refused_url = clash
    return change


async def prepare(store: Store, product: Product, body: Any, camera: Eye) -> Change:
    """Check an update and fetch its pictures. This changes nothing."""
    want = wanted(store, object_of(body), create=False)
    fits(store, product, want)
    if store.switches.images_on_put != "ignore":
        await fetch_all(store, camera, want)
    return fits(store, product_of(store, product.id), want)


def apply(store: Store, change: Change, *, partly: bool = False) -> Json | None:
    """Apply an update. Returns the errors of a 207 if only the main part was saved."""
    product, want = change.product, change.want
    values = dict(want.values)
    level = values.pop("inventory_level", None)
    if want.brand_name:
        values["brand_id"] = brand(store, want.brand_name)
    changed = {name for name, value in values.items() if product.get(name) != value}
    keep(store, product, {name: values[name] for name in changed})
    children = apply_children(store, product, want)
    if want.url and not change.refused_url and want.url[0] != product.url:
        naming.move_url(store, product, want.url[0], customized=want.url[1])
        children = True
    if changed or children or store.switches.identical_put_fires:
        store.touched(product)
    if any(PRODUCT[name].fires for name in changed) or store.switches.identical_put_fires:
        store.emit("store/product/updated", {"type": "product", "id": product.id})
    if level is not None and not partly and counts_as_whole(product):
        inventory.give(store, product, None, level)
    if change.refused_url is not None:
        return change.refused_url.body()
    if partly:
        return Refusal(
            422, "The product inventory could not be updated", {"inventory_level": "not saved"}
        ).body()
    return None


def counts_as_whole(product: Product) -> bool:
    """True if the product's own number is the one in use."""
    return product.tracking == "product" or (product.tracking != "none" and product.simple)


def keep(store: Store, product: Product, values: Json) -> None:
    """Write changed fields and the indexes that depend on them."""
    if "name" in values:
        del store.names[product.get("name")]
        store.names[values["name"]] = product.id
    if "sku" in values:
        naming.rename_sku(store, product.get("sku"), values["sku"], (product.id, None))
    if "inventory_tracking" in values and store.switches.level_after_tracking_switch == "unset":
        inventory.forget_levels(product)
    for name, value in values.items():
        product.put(name, value)


def apply_children(store: Store, product: Product, want: Wanted) -> bool:
    """Custom fields, bulk rules, images and videos of an update (bigcommerce facts 3.5)."""
    touched = False
    for row in want.custom_fields or []:
        known = next((one for one in product.custom_fields if one["id"] == row.get("id")), None)
        if known is None:
            known = {"id": store.ids.next("custom_field")}
            product.custom_fields.append(known)
        known.update(name=row["name"], value=row["value"])
        touched = True
    if want.rules is not None:
        product.bulk_pricing_rules = [{"id": store.ids.next("rule"), **row} for row in want.rules]
        touched = True
    if store.switches.images_on_put == "ignore":
        return touched
    if store.switches.images_on_put == "replace":
        product.images = [] if want.images else product.images
        product.videos = [] if want.videos else product.videos
    for picture, image in zip(want.pictures, want.images, strict=True):
        add_image(store, product, picture, image["image_url"], image)
    for video in want.videos:
        add_video(store, product, video)
    return touched or bool(want.images or want.videos)


def delete(store: Store, product: Product) -> None:
    """Remove a product with all its parts."""
    del store.products[product.id]
    store.names.pop(product.get("name"), None)
    store.urls.pop(product.url, None)
    naming.rename_sku(store, product.get("sku"), "", (product.id, None))
    drop_metafields(store, "product", product.id)
    if not product.simple:
        view = View("", store.now())
        store.orphans.extend(
            {**variant_json(store, product, one, view), "product_id": 0} for one in product.variants
        )
    for variant in list(product.variants):
        drop_variant(store, product, variant)
    store.touched()
    store.emit("store/product/deleted", {"type": "product", "id": product.id})


__all__ = ["Change", "Wanted", "apply", "create", "created", "delete", "prepare", "product_of"]
