"""The pages of the control panel and their addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from brygga_sandbox.http import Request, Response, Router
from brygga_sandbox.pages import onward

from . import panel_orders, panel_product, panel_store
from .core import Core
from .panel import Act, Panel, bound


class Room(Protocol):
    """Some pages of the panel: method, path below the store, handler."""

    def pages(self) -> list[tuple[str, str, Act]]: ...


def mount(router: Router, sandbox: Core) -> None:
    """Add the panel's pages to the table."""
    panel = Panel(sandbox)
    rooms: list[Room] = [
        panel_product.ProductPage(panel), panel_orders.OrderPages(panel),
        panel_store.StorePages(panel)
    ]  # fmt: skip

    async def home(request: Request) -> Response:
        return onward(request, f"/manage/{sandbox.store().hash}/products")

    pages: list[tuple[str, str, Act]] = [
        ("GET", "", panel.home),
        ("GET", "/products", panel.products),
        ("POST", "/products", panel.change_products),
    ]
    for method, path, act in [*pages, *(page for room in rooms for page in room.pages())]:
        router.add(method, "/manage/{store_hash}" + path, bound(sandbox, act), control=True)
    for path in ("/", "/manage"):
        router.add("GET", path, home, control=True)
    for path, place in OWN_PATHS.items():
        router.add("GET", "/control-panel/{store_hash}" + path, led_to(place), control=True)


OWN_PATHS = {
    "": "",
    "/manage": "",
    "/manage/products": "/products",
    "/manage/products/edit/{product_id}": "/products/{product_id}",
    "/manage/orders": "/orders",
}
"""The paths of BigCommerce's own control panel that other apps link to, and our pages for them."""


def led_to(place: str) -> Callable[[Request], Awaitable[Response]]:
    async def lead(request: Request) -> Response:
        return onward(request, f"/manage/{{store_hash}}{place}".format_map(request.params))

    return lead
