"""The control panel at /manage: its frame, the list of products, and the table of its pages.

A product's own page is in `panel_product`, orders in `panel_orders`, the store's pages in
`panel_store`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from brygga_sandbox import numerals
from brygga_sandbox.http import Request, Response, redirect, text_response
from brygga_sandbox.pages import onward, show

from . import inventory
from .core import Core
from .media import image_json
from .panel_words import WHOLE, Mistyped, explain
from .refusal import Json, Refusal
from .shop import Shop
from .state import Product, Store
from .storefile import currency
from .words import WORDS

PER_PAGE = 25

Act = Callable[[Shop, Request], Awaitable[Response]]


def money(store: Store, amount: Any) -> str:
    """An amount with the sign of the store's currency, in the right place."""
    symbol, place, decimals, _ = currency(store)
    number = f"{amount:.{decimals}f}"
    return f"{number} {symbol}" if place == "right" else f"{symbol}{number}"


def number(field: str, text: str) -> str:
    """A number as a person types it: comma or point, with spaces between thousands. Raises
    Mistyped.
    """
    plain = "".join(text.split()).replace(",", ".")
    try:
        if not Decimal(plain).is_finite():
            raise Mistyped(field, text)
    except InvalidOperation as error:
        raise Mistyped(field, text) from error
    return plain


def whole(field: str, text: str) -> int:
    """A count as a person types it. Raises Mistyped."""
    plain = "".join(text.split())
    if not (plain.isascii() and plain.isdigit()):
        raise Mistyped(field, text, WHOLE)
    return int(plain)


def thumbnail(store: Store, product: Product) -> str:
    """The address of the product's picture, or an empty text."""
    first = next((image for image in product.images if image.is_thumbnail), None)
    return str(image_json(store, first, "/cdn")["url_thumbnail"]) if first else ""


def lowest(product: Product) -> Any:
    """The lowest price of the product's variants."""
    general = product.get("price")
    own = [variant.get("price") for variant in product.variants] if not product.simple else []
    return min((general if price is None else price for price in own), default=general)


def row_of(store: Store, product: Product) -> Json:
    """One line of the products table."""
    names = [
        store.categories[key].name for key in product.get("categories") if key in store.categories
    ]
    return {
        "id": product.id,
        "name": product.get("name"),
        "sku": product.get("sku"),
        "categories": ", ".join(names),
        "image": thumbnail(store, product),
        "visible": product.get("is_visible"),
        "variants": len(product.variants),
        "level": None if product.tracking == "none" else inventory.product_level(product),
        "price": money(store, product.get("price")),
        "priced": lowest(product) > 0,
    }


def paged(rows: list[Any], request: Request, size: int = PER_PAGE) -> tuple[list[Any], int, int]:
    """The rows of the requested page, its number, and the number of pages."""
    pages = max(1, -(-len(rows) // size))
    wanted = request.value("page") or "1"
    page = min(max(1, numerals.whole(wanted) or 1), pages)
    return rows[(page - 1) * size : page * size], page, pages


def has_text(product: Product, text: str) -> bool:
    """True if a name, SKU or barcode contains the text, in any case of letters."""
    own = (product.get(name) for name in ("name", "sku", "upc", "gtin"))
    theirs = (variant.get(name) for variant in product.variants for name in ("sku", "upc", "gtin"))
    return any(text in str(value).casefold() for value in (*own, *theirs))


class Panel:
    """The frame of every store's control panel, and its list of products."""

    def __init__(self, sandbox: Core) -> None:
        self.sandbox = sandbox

    def page(
        self, request: Request, template: str, shop: Shop, here: str, **values: Any
    ) -> Response:
        """A page of the panel, with the navigation around it."""
        said = request.value("said")
        common: Json = {
            "store": shop.store,
            "stores": list(self.sandbox.stores.values()),
            "here": here,
            "said": said if said in WORDS else None,
            "problem": request.value("problem"),
        }
        return show(request, template, WORDS, **{**common, **values})

    def back(self, shop: Shop, path: str, said: str) -> Response:
        """Show the page again after a change."""
        return redirect(f"/manage/{shop.store.hash}/{path}?said={said}", 303)

    async def home(self, shop: Shop, request: Request) -> Response:
        return onward(request, f"/manage/{shop.store.hash}/products")

    async def products(self, shop: Shop, request: Request) -> Response:
        """All products, the newest first, or those that match the filters."""
        kept = {name: request.value(name) or "" for name in ("q", "category", "show")}
        text, category, wanted = kept["q"].strip().casefold(), kept["category"], kept["show"]
        tests: list[Callable[[Product], bool]] = []
        if text:
            tests.append(lambda one: has_text(one, text))
        if (number := numerals.whole(category)) is not None:
            tests.append(lambda one: number in one.get("categories"))
        special: dict[str, Callable[[Product], bool]] = {
            "visible": lambda one: bool(one.get("is_visible")),
            "hidden": lambda one: not one.get("is_visible"),
            "unpriced": lambda one: not lowest(one),
            "out": lambda one: (
                inventory.available(one, None if one.tracking == "product" else one.variants[0])
                == 0
            ),
        }
        if wanted in special:
            tests.append(special[wanted])
        found = [one for one in shop.store.products.values() if all(test(one) for test in tests)]
        rows, page, pages = paged(found[::-1], request)
        shown = [row_of(shop.store, one) for one in rows]
        return self.page(
            request, "manage_products.html", shop, "products",
            rows=shown, kept=kept, query=urlencode(kept), page=page, pages=pages, total=len(found),
            shows=tuple(special),
        )  # fmt: skip

    async def change_products(self, shop: Shop, request: Request) -> Response:
        """Add a product, or change all selected products."""
        form = request.form()
        ticked = [int(value) for name, value in request.form_pairs() if name == "ticked"]
        match form.get("action", "add"):
            case "add":
                price = number("price", form.get("price") or "0")
                sku = form.get("sku", "").strip()
                made = await shop.add_product(
                    name=form.get("name", "").strip(), price=price, sku=sku, is_visible=True
                )
                return self.back(shop, f"products/{made.id}", "saved")
            case "show" | "hide" as word:
                for product_id in ticked:
                    await shop.edit_product(product_id, is_visible=word == "show")
            case "move" if (place := numerals.whole(form.get("to"))) is not None:
                for product_id in ticked:
                    await shop.edit_product(product_id, categories=[place])
            case "delete":
                for product_id in ticked:
                    shop.delete_product(product_id)
                return self.back(shop, "products", "deleted")
        return self.back(shop, "products", "saved")


def bound(sandbox: Core, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """A page handler with its store's actions. A refusal is shown on the previous page."""

    async def run(request: Request) -> Response:
        if request.params["store_hash"] not in sandbox.stores:
            return text_response("Not Found", 404)
        try:
            return await act(sandbox.shop(request.params["store_hash"]), request)
        except (Refusal, Mistyped) as wrong:
            problem = explain(request, wrong)
            if request.method == "GET":
                return text_response(problem, getattr(wrong, "status", 400))
            return redirect(f"{request.path}?{urlencode({'problem': problem})}", 303)
        except (KeyError, ValueError) as wrong:
            return text_response(f"{type(wrong).__name__}: {wrong}", 400)

    return run
