"""The control panel at /manage: what a merchant sees and edits in a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from brygga.sandbox.http import Request, Response, Router, redirect, text_response
from brygga.sandbox.pages import show

from . import inventory, orders
from .media import image_json
from .refusal import Json, Refusal
from .render import View, product_json
from .shop import INCLUDE_ALL, TRUTH, Shop
from .state import Product, Store
from .storefile import CURRENCIES, STOCK_BEHAVIOURS, WEIGHTS, currency
from .words import WORDS

if TYPE_CHECKING:
    from .sandbox import BigCommerceSandbox

PER_PAGE = 25
CHOICES = {
    "currency": tuple(CURRENCIES),
    "weight_units": WEIGHTS,
    "plan": ("Standard", "Plus", "Pro", "Enterprise"),
    "update_stock_behavior": STOCK_BEHAVIOURS,
}
FLAGS = (
    "is_price_entered_with_tax",
    "refund_order_stock_adjustment",
    "edit_order_stock_adjustment",
    "multi_storefront",
)
EDITED = ("name", "sku", "price", "weight", "description", "inventory_tracking", "page_title", "meta_description")

Act = Callable[[Shop, Request], Awaitable[Response]]


def money(store: Store, amount: Any) -> str:
    """An amount with the sign of the store's currency, where it belongs."""
    symbol, place, decimals, _ = currency(store)
    number = f"{amount:.{decimals}f}"
    return f"{number} {symbol}" if place == "right" else f"{symbol}{number}"


def thumbnail(store: Store, product: Product) -> str:
    """Where the product's picture is, or nothing."""
    first = next((image for image in product.images if image.is_thumbnail), None)
    return str(image_json(store, first, "/cdn")["url_thumbnail"]) if first else ""


def row_of(store: Store, product: Product) -> Json:
    """One line of the products table."""
    names = [store.categories[key].name for key in product.get("categories") if key in store.categories]
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
    }


def paged(rows: list[Any], request: Request, size: int = PER_PAGE) -> tuple[list[Any], int, int]:
    """The rows of the wanted page, its number, and how many pages there are."""
    pages = max(1, -(-len(rows) // size))
    wanted = request.value("page") or "1"
    page = min(max(1, int(wanted)) if wanted.isdigit() else 1, pages)
    return rows[(page - 1) * size : page * size], page, pages


class Panel:
    """The pages of every store's control panel."""

    def __init__(self, town: BigCommerceSandbox) -> None:
        self.town = town

    def page(self, request: Request, template: str, shop: Shop, here: str, **values: Any) -> Response:
        """A page of the panel, with the navigation around it."""
        said = request.value("said")
        return show(
            request,
            template,
            WORDS,
            store=shop.store,
            stores=list(self.town.stores.values()),
            here=here,
            said=said if said in WORDS else None,
            problem=request.value("problem"),
            **values,
        )

    # -- products -----------------------------------------------------------------------------------------------

    async def products(self, shop: Shop, request: Request) -> Response:
        q = request.value("q") or ""
        found = [
            one for one in shop.store.products.values() if q.lower() in f"{one.get('name')} {one.get('sku')}".lower()
        ]
        rows, page, pages = paged(found[::-1], request)
        shown = [row_of(shop.store, one) for one in rows]
        return self.page(
            request, "manage_products.html", shop, "products", rows=shown, q=q, page=page, pages=pages, total=len(found)
        )

    async def add_product(self, shop: Shop, request: Request) -> Response:
        form = request.form()
        made = await shop.add_product(
            name=form.get("name", ""), price=form.get("price") or "0", sku=form.get("sku", ""), is_visible=True
        )
        return self.back(shop, f"products/{made.id}", "saved")

    async def product(self, shop: Shop, request: Request) -> Response:
        product = shop.product(int(request.params["product_id"]))
        raw = product_json(shop.store, product, View("/cdn", TRUTH, INCLUDE_ALL))
        return self.page(request, "manage_product.html", shop, "products", product=raw, simple=product.simple)

    async def edit_product(self, shop: Shop, request: Request) -> Response:
        product_id, form = int(request.params["product_id"]), request.form()
        if form.get("action") == "delete":
            shop.delete_product(product_id)
            return self.back(shop, "products", "deleted")
        if form.get("action") == "combinations":
            shop.add_all_combinations(product_id)
            return self.back(shop, f"products/{product_id}", "saved")
        await self.save(shop, product_id, request)
        return self.back(shop, f"products/{product_id}", "saved")

    async def save(self, shop: Shop, product_id: int, request: Request) -> None:
        """Write what the form changed, and only that."""
        form = request.form()
        product = shop.product(product_id)
        wanted: Json = {name: form[name] for name in EDITED if name in form}
        wanted["is_visible"] = form.get("is_visible") == "1"
        wanted["tax_class_id"] = int(form.get("tax_class_id", product.get("tax_class_id")))
        wanted["categories"] = [int(value) for name, value in request.form_pairs() if name == "categories"]
        wanted["description"] = form.get("description", "").replace("\r\n", "\n")
        tracking = product.tracking
        await shop.edit_product(product_id, **wanted)
        for variant in list(product.variants) if not product.simple else ():
            if f"sku-{variant.id}" in form:
                price = form.get(f"price-{variant.id}") or None
                await shop.edit_variant(variant.id, sku=form[f"sku-{variant.id}"], price=price)
        if product.tracking == tracking:
            self.save_levels(shop, product, form)

    def save_levels(self, shop: Shop, product: Product, form: dict[str, str]) -> None:
        """Write the stock fields that were changed."""
        for name, value in form.items():
            if name == "level" and value.isdigit() and int(value) != inventory.product_level(product):
                shop.set_stock(int(value), product_id=product.id)
            key = name.removeprefix("level-")
            if name != key and value.isdigit() and int(value) != shop.level(variant_id=int(key)):
                shop.set_stock(int(value), variant_id=int(key))

    # -- the rest -----------------------------------------------------------------------------------------------

    async def categories(self, shop: Shop, request: Request) -> Response:
        counts: dict[int, int] = {}
        for product in shop.store.products.values():
            for key in product.get("categories"):
                counts[key] = counts.get(key, 0) + 1
        rows = [
            {"id": one.id, "name": one.name, "count": counts.get(one.id, 0)} for one in shop.store.categories.values()
        ]
        return self.page(request, "manage_categories.html", shop, "categories", rows=rows)

    async def edit_categories(self, shop: Shop, request: Request) -> Response:
        form = request.form()
        match form.get("action"):
            case "add":
                shop.add_category(form["name"])
            case "rename":
                shop.rename_category(int(form["id"]), form["name"])
            case _:
                shop.delete_category(int(form["id"]))
        return self.back(shop, "categories", "saved")

    async def orders(self, shop: Shop, request: Request) -> Response:
        rows = [
            {
                **orders.order_json(shop.store, order, ""),
                "lines": [orders.line_json(order, line) for line in order.lines],
                "total": money(shop.store, orders.total(order)),
                "open": order.status not in {orders.REFUNDED, orders.CANCELLED} and not order.archived,
            }
            for order in reversed(list(shop.store.orders.values()))
        ]
        return self.page(request, "manage_orders.html", shop, "orders", rows=rows[:100])

    async def edit_order(self, shop: Shop, request: Request) -> Response:
        form = request.form()
        order = shop.order(form.get("id", ""))
        left = next((line for line in order.lines if line.quantity > line.quantity_refunded), None)
        match form.get("action"):
            case "ship":
                shop.ship(order.id)
            case "complete":
                shop.complete(order.id)
            case "cancel":
                shop.cancel(order.id)
            case "refund_one" if left is not None:
                shop.refund(order.id, {left.id: 1})
            case _:
                shop.refund(order.id)
        return self.back(shop, "orders", "saved")

    async def settings(self, shop: Shop, request: Request) -> Response:
        return self.page(request, "manage_settings.html", shop, "settings", choices=CHOICES, flags=FLAGS)

    async def edit_settings(self, shop: Shop, request: Request) -> Response:
        form = request.form()
        wanted: Json = {name: form[name] for name in ("name", *CHOICES) if name in form}
        shop.set_settings(**wanted, **{name: form.get(name) == "1" for name in FLAGS})
        if form.get("owner_email", shop.store.owner.email) != shop.store.owner.email:
            self.town.change_owner(shop.store.hash, form["owner_email"])
        return self.back(shop, "settings", "saved")

    async def apps(self, shop: Shop, request: Request) -> Response:
        known = self.town.apps.registered.values()
        rows = [(app, self.town.apps.installed(shop.store.hash, app.client_id)) for app in known]
        return self.page(request, "manage_apps.html", shop, "apps", rows=rows)

    async def use_app(self, shop: Shop, request: Request) -> Response:
        """Open (after a new consent, where one is due), uninstall or install an app."""
        form = request.form()
        app, store = self.town.apps.registered[form["client_id"]], shop.store
        consent = redirect(f"/login/app/{app.client_id}/install?store={store.hash}&from=panel", 303)
        match form.get("action"):
            case "open" if store.hash not in app.waiting:
                return redirect(self.town.apps.load_address(app, store, store.owner), 303)
            case "uninstall":
                await self.town.uninstall(store.hash, app.client_id)
                return self.back(shop, "apps", "uninstalled")
            case _:
                return consent

    def back(self, shop: Shop, path: str, said: str) -> Response:
        """See the page again after a change."""
        return redirect(f"/manage/{shop.store.hash}/{path}?said={said}", 303)


def bound(town: BigCommerceSandbox, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """A page handler with its shop; a refusal is shown on the page one came from."""

    async def run(request: Request) -> Response:
        if request.params["store_hash"] not in town.stores:
            return text_response("Not Found", 404)
        try:
            return await act(town.shop(request.params["store_hash"]), request)
        except Refusal as refusal:
            if request.method == "GET":
                return text_response(refusal.title, refusal.status)
            return redirect(f"{request.path}?{urlencode({'problem': refusal.title})}", 303)
        except (KeyError, ValueError) as wrong:
            return text_response(f"{type(wrong).__name__}: {wrong}", 400)

    return run


def mount(router: Router, town: BigCommerceSandbox) -> None:
    """Put the panel's pages in the table."""
    panel = Panel(town)

    async def home(request: Request) -> Response:
        return redirect(f"/manage/{town.store().hash}/products")

    async def store_home(shop: Shop, request: Request) -> Response:
        return redirect(f"/manage/{shop.store.hash}/products")

    pages: list[tuple[str, str, Act]] = [
        ("GET", "", store_home),
        ("GET", "/products", panel.products),
        ("POST", "/products", panel.add_product),
        ("GET", "/products/{product_id}", panel.product),
        ("POST", "/products/{product_id}", panel.edit_product),
        ("GET", "/categories", panel.categories),
        ("POST", "/categories", panel.edit_categories),
        ("GET", "/orders", panel.orders),
        ("POST", "/orders", panel.edit_order),
        ("GET", "/settings", panel.settings),
        ("POST", "/settings", panel.edit_settings),
        ("GET", "/apps", panel.apps),
        ("POST", "/apps", panel.use_app),
    ]
    router.add("GET", "/manage", home, control=True)
    for method, path, act in pages:
        router.add(method, "/manage/{store_hash}" + path, bound(town, act), control=True)
