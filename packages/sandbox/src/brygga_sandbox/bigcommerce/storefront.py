"""The storefront at /shop, where shoppers place orders, and the pictures it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from brygga_sandbox.http import Request, Response, Router, redirect
from brygga_sandbox.numerals import whole
from brygga_sandbox.pages import onward, show

from . import inventory
from .core import Core
from .panel import bound, money, paged, thumbnail
from .refusal import Json, Refusal
from .render import chosen
from .shop import Shop
from .state import Product, Store, Variant, by_id
from .words import WORDS

PER_PAGE = 24
SHEET = Path(__file__).parent / "static" / "shop.css"
KINDS = {"jpg": "image/jpeg", "xbm": "image/x-xbitmap"}


def price_of(product: Product, variant: Variant) -> Any:
    """The price a shopper pays."""
    own = variant.get("sale_price") or variant.get("price")
    general = product.get("sale_price") or product.get("price")
    return general if own is None or product.simple else own


def choice_of(store: Store, product: Product, variant: Variant) -> Json:
    """One item that can be bought. `left` is None if stock is not tracked."""
    label = " · ".join(value["label"] for value in chosen(product, variant)) or product.get("name")
    left = inventory.available(product, variant)
    return {
        "id": variant.id,
        "label": label,
        "left": left,
        "price": money(store, price_of(product, variant)),
    }


def card_of(store: Store, product: Product) -> Json:
    """One product of the storefront."""
    choices = [choice_of(store, product, variant) for variant in product.variants]
    prices = [price_of(product, variant) for variant in product.variants]
    low, high = min(prices), max(prices)
    return {
        "name": product.get("name"),
        "image": thumbnail(store, product),
        "visible": product.get("is_visible"),
        "choices": choices,
        "free": not high,
        "gone": all(choice["left"] == 0 for choice in choices),
        "price": money(store, low)
        if low == high
        else f"{money(store, low)} – {money(store, high)}",
    }


async def front(shop: Shop, request: Request) -> Response:
    """The products of the default channel. Hidden ones are included on request."""
    store = shop.store
    hidden = request.value("hidden") == "1"
    here = store.settings.default_channel_id
    found = [
        one
        for one in store.products.values()
        if hidden
        or (
            one.get("is_visible") and here in one.channels and one.get("availability") != "disabled"
        )
    ]
    rows, page, pages = paged(found[::-1], request, PER_PAGE)
    return show(
        request,
        "shop_front.html",
        WORDS,
        store=store,
        rows=[card_of(store, one) for one in rows],
        hidden=hidden,
        page=page,
        pages=pages,
        ordered=request.value("ordered"),
        problem=request.value("problem"),
    )


async def buy(shop: Shop, request: Request) -> Response:
    """Place an order of one line."""
    form = request.form()
    kept = {"hidden": request.value("hidden") or "0", "page": request.value("page") or "1"}
    try:
        line = {"variant_id": int(form["variant_id"]), "quantity": int(form.get("quantity", "1"))}
        reported = {"ordered": str(shop.place([line]).id)}
    except Refusal as refusal:
        reported = {"problem": refusal.title}
    return redirect(f"/shop/{shop.store.hash}?{urlencode({**kept, **reported})}", 303)


def mount(router: Router, sandbox: Core) -> None:
    """Add the storefront, its pictures and its style sheet to the table."""

    async def home(request: Request) -> Response:
        return onward(request, f"/shop/{sandbox.store().hash}")

    async def image(request: Request) -> Response:
        store = sandbox.stores.get(request.params["store"].removeprefix("s-"))
        product = by_id(store.products, whole(request.params["product_id"])) if store else None
        wanted = request.params["image_id"]
        found = (
            next((one for one in product.images if str(one.id) == wanted), None)
            if product
            else None
        )
        return picture(found.digest if found else "")

    async def variant_image(request: Request) -> Response:
        return picture(request.params["file"].partition("_")[0])

    def picture(digest: str) -> Response:
        kept = sandbox.camera.find(digest) if digest else None
        if kept is None:
            return Response(404)
        kind = KINDS.get(kept[0], f"image/{kept[0]}")
        return Response(200, kept[1], [("Content-Type", kind), ("Cache-Control", "max-age=3600")])

    async def sheet(request: Request) -> Response:
        return Response(200, SHEET.read_bytes(), [("Content-Type", "text/css; charset=utf-8")])

    router.add("GET", "/shop", home, control=True)
    router.add("GET", "/shop/{store_hash}", bound(sandbox, front), control=True)
    router.add("POST", "/shop/{store_hash}", bound(sandbox, buy), control=True)
    router.add(
        "GET", "/cdn/{store}/products/{product_id}/images/{image_id}/{file}", image, control=True
    )
    router.add(
        "GET",
        "/cdn/{store}/product_images/attribute_rule_images/{file}",
        variant_image,
        control=True,
    )
    router.add("GET", "/assets/shop.css", sheet, control=True)
