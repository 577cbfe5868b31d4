"""A product's page in the control panel, with everything that a merchant edits of a product.

It is one form. Every button first saves the typed values and then does its own action, so no typed
value is lost. After a refusal the form is shown again as it was filled in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from brygga_sandbox.http import Request, Response

from . import inventory, media, options
from .panel import Act, Panel, number, whole
from .panel_words import Mistyped, explain
from .refusal import Json, Refusal
from .render import View, product_json
from .routes_media import file_of
from .shop import INCLUDE_ALL, TRUTH, Shop
from .state import Option, Product, Variant

TEXTS = ("name", "sku", "upc", "inventory_tracking", "page_title", "meta_description")
NUMBERS = ("price", "sale_price", "weight")
OF_VARIANT = ("sku", "upc")
NUMBERS_OF_VARIANT = ("price", "weight")
Action = Callable[[Shop, Product, list[str], dict[str, str]], Awaitable[None]]


class ProductPage:
    """The handlers."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel

    def pages(self) -> list[tuple[str, str, Act]]:
        return [
            ("GET", "/products/{product_id}", self.look),
            ("POST", "/products/{product_id}", self.act),
            ("POST", "/products/{product_id}/picture", self.upload),
        ]

    async def look(self, shop: Shop, request: Request) -> Response:
        return self.shown(shop, request, shop.product(int(request.params["product_id"])), {}, ())

    def shown(
        self,
        shop: Shop,
        request: Request,
        product: Product,
        typed: dict[str, str],
        ticked: tuple[int, ...],
        **more: Any,
    ) -> Response:
        """The page, with the typed values if there are any."""
        raw = product_json(shop.store, product, View("/cdn", TRUTH, INCLUDE_ALL))
        raw["images"].sort(key=lambda image: (image["sort_order"], image["id"]))
        raw["options"].sort(key=lambda option: (option["sort_order"], option["id"]))
        names = {one["id"]: one["name"] for one in shop.store.channels.values()}
        return self.panel.page(
            request, "manage_product.html", shop, "products", product=raw, simple=product.simple,
            typed=typed,
            ticked=ticked if typed else tuple(product.get("categories")), channels=names, **more,
        )  # fmt: skip

    async def act(self, shop: Shop, request: Request) -> Response:
        product, form = shop.product(int(request.params["product_id"])), request.form()
        word, *parts = form.get("action", "save").split(":")
        if word == "delete":
            shop.delete_product(product.id)
            return self.panel.back(shop, "products", "deleted")
        try:
            if "name" in form:
                await save(shop, product, request)
            if word != "save":
                await ACTIONS[word](shop, product, parts, form)
        except (Refusal, Mistyped) as wrong:
            kept = tuple(int(value) for name, value in request.form_pairs() if name == "categories")
            return self.shown(
                shop, request, product, form, kept, problem=explain(request, wrong), status=422
            )
        return self.panel.back(shop, f"products/{product.id}", "saved")

    async def upload(self, shop: Shop, request: Request) -> Response:
        """A picture from the merchant's own disk."""
        product = shop.product(int(request.params["product_id"]))
        _, content, name = file_of(request)
        if not content:
            raise Refusal(422, "no image was chosen", {"image_file": "no file"})
        shop.hang(product.id, shop.camera.keep(content), name)
        return self.panel.back(shop, f"products/{product.id}", "saved")


async def save(shop: Shop, product: Product, request: Request) -> None:
    """Write what the form changed, and only that."""
    form, tracking = request.form(), product.tracking
    levels = wanted_levels(shop, product, form)
    fields = {name: form[name].strip() for name in TEXTS if name in form}
    fields |= {name: number(name, form[name] or "0") for name in NUMBERS if name in form}
    wanted: Json = dict(fields)
    wanted["is_visible"] = form.get("is_visible") == "1"
    wanted["tax_class_id"] = int(form.get("tax_class_id", product.get("tax_class_id")))
    wanted["categories"] = [
        int(value) for name, value in request.form_pairs() if name == "categories"
    ]
    wanted["description"] = form.get("description", "").replace("\r\n", "\n")
    if form.get("url", product.url).strip() != product.url:
        wanted["custom_url"] = {"url": slashed(form["url"].strip()), "is_customized": True}
    await shop.edit_product(product.id, **wanted)
    await save_variants(shop, product, form)
    save_children(shop, product, form)
    for channel_id in [key for key in shop.store.channels if f"channels-{key}-there" in form]:
        shop.assign_channel(product.id, channel_id, on=f"channel-{channel_id}" in form)
    if product.tracking == tracking:
        for variant, level in levels:
            item = {"variant_id": variant.id} if variant else {"product_id": product.id}
            shop.set_stock(level, **item)


def slashed(url: str) -> str:
    """An address as the store stores it, with slashes around it."""
    return f"/{url.strip('/')}/" if url.strip("/") else ""


def wanted_levels(
    shop: Shop, product: Product, form: dict[str, str]
) -> list[tuple[Variant | None, int]]:
    """The changed stock fields."""
    found: list[tuple[Variant | None, int]] = []
    if form.get("level", "") != "" and whole("level", form["level"]) != inventory.product_level(
        product
    ):
        found.append((None, whole("level", form["level"])))
    for variant in product.variants:
        text = form.get(f"level-{variant.id}", "")
        if text != "" and whole("level", text) != shop.level(variant_id=variant.id):
            found.append((variant, whole("level", text)))
    return found


async def save_variants(shop: Shop, product: Product, form: dict[str, str]) -> None:
    """The fields of the variants in the form. An empty number means the product's own."""
    for variant in list(product.variants) if not product.simple else ():
        texts = {
            name: form[f"{name}-{variant.id}"].strip()
            for name in OF_VARIANT
            if f"{name}-{variant.id}" in form
        }
        typed = {
            name: form[f"{name}-{variant.id}"]
            for name in NUMBERS_OF_VARIANT
            if f"{name}-{variant.id}" in form
        }
        numbers = {
            name: number(name, text) if text.strip() else None for name, text in typed.items()
        }
        if texts or numbers:
            await shop.edit_variant(variant.id, **texts, **numbers)


def save_children(shop: Shop, product: Product, form: dict[str, str]) -> None:
    """The names of options and values, and the texts of pictures."""
    for option in product.options:
        name = form.get(f"option-{option.id}", option.display_name).strip()
        if name != option.display_name:
            options.update(shop.store, product, option, {"display_name": name})
        for value in list(option.values):
            label = form.get(f"value-{value.id}", value.label).strip()
            if label != value.label:
                options.change_value(shop.store, product, option, value, {"label": label})
    for image in product.images:
        text = form.get(f"picture-{image.id}", image.description)
        if text != image.description:
            media.change_image(shop.store, product, image, {"description": text}, None)
            shop.store.touched(product)


# -- buttons
# --------------------------------------------------------------------------------------------------


def last_place(product: Product) -> int:
    return max((image.sort_order for image in product.images), default=-1) + 1


async def add_picture(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    await shop.add_image(
        product.id, form.get("picture_url", "").strip(), sort_order=last_place(product)
    )


async def move_picture(
    shop: Shop, product: Product, parts: list[str], form: dict[str, str]
) -> None:
    """Move one place up or down. Then all numbers are assigned again."""
    image = media.image_of(product, parts[0])
    row = sorted(product.images, key=lambda one: (one.sort_order, one.id))
    at = row.index(image)
    to = min(max(at + int(parts[1]), 0), len(row) - 1)
    row.insert(to, row.pop(at))
    for place, one in enumerate(row):
        if one.sort_order != place:
            media.change_image(shop.store, product, one, {"sort_order": place}, None)
    shop.store.touched(product)


async def show_picture(
    shop: Shop, product: Product, parts: list[str], form: dict[str, str]
) -> None:
    media.change_image(
        shop.store, product, media.image_of(product, parts[0]), {"is_thumbnail": True}, None
    )
    shop.store.touched(product)


async def drop_picture(
    shop: Shop, product: Product, parts: list[str], form: dict[str, str]
) -> None:
    media.remove_image(shop.store, product, media.image_of(product, parts[0]))


async def add_video(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    """A YouTube id, or an address that ends in one."""
    typed = form.get("video_id", "").strip().rpartition("=")[2].rpartition("/")[2]
    await shop.edit_product(product.id, videos=[{"video_id": typed, "type": "youtube"}])


async def drop_video(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    product.videos.remove(media.video_of(product, parts[0]))
    shop.store.touched(product)


async def add_option(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    """Add an option with its values, separated by commas. The panel creates all combinations of
    it.
    """
    labels = [label.strip() for label in form.get("option_values", "").split(",") if label.strip()]
    if not labels:
        raise Refusal(422, "An option needs values", {"label": "write at least one value"})
    shop.add_option(product.id, form.get("option_name", "").strip(), labels)


async def drop_option(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    options.delete(shop.store, product, options.option_of(product, parts[0]))


async def add_value(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    option: Option = options.option_of(product, parts[0])
    row = {
        "label": form.get(f"new-value-{option.id}", "").strip(),
        "sort_order": len(option.values),
    }
    options.add_value(shop.store, product, option, row)
    shop.add_all_combinations(product.id)


async def drop_value(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    """The panel also removes the variants of a value."""
    store, option = shop.store, options.option_of(product, parts[0])
    old = store.switches
    store.switches = replace(old, value_in_use="variants_die")
    try:
        options.remove_value(store, product, option, options.value_of(option, parts[1]))
    finally:
        store.switches = old


async def drop_variant(
    shop: Shop, product: Product, parts: list[str], form: dict[str, str]
) -> None:
    shop.delete_variant(int(parts[0]))


async def combine(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    shop.add_all_combinations(product.id)


async def add_field(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    row = {"name": form.get("field_name", "").strip(), "value": form.get("field_value", "").strip()}
    await shop.edit_product(product.id, custom_fields=[row])


async def drop_field(shop: Shop, product: Product, parts: list[str], form: dict[str, str]) -> None:
    product.custom_fields = [one for one in product.custom_fields if str(one["id"]) != parts[0]]
    shop.store.touched(product)


ACTIONS: dict[str, Action] = {
    "picture_add": add_picture,
    "picture_move": move_picture,
    "picture_first": show_picture,
    "picture_drop": drop_picture,
    "video_add": add_video,
    "video_drop": drop_video,
    "option_add": add_option,
    "option_drop": drop_option,
    "value_add": add_value,
    "value_drop": drop_value,
    "variant_drop": drop_variant,
    "combinations": combine,
    "field_add": add_field,
    "field_drop": drop_field,
}
