"""A BigCommerce that refuses what the documents say BigCommerce refuses.

This package holds stores with catalogue, stock, orders, webhooks, apps and their pages, all in
memory and on an injected clock. It never imports anything of the service that is tested against it.
"bigcommerce facts 3.7" names a section of docs/platforms/bigcommerce.md.
"""

from brygga_sandbox.bigcommerce.apps import App
from brygga_sandbox.bigcommerce.core import SCOPES, Config
from brygga_sandbox.bigcommerce.orders import Order, OutOfStock
from brygga_sandbox.bigcommerce.refusal import Refusal
from brygga_sandbox.bigcommerce.sandbox import BigCommerceSandbox
from brygga_sandbox.bigcommerce.shop import Shop
from brygga_sandbox.bigcommerce.state import Settings, Store, Violation
from brygga_sandbox.bigcommerce.switches import Switches

__all__ = [
    "SCOPES", "App", "BigCommerceSandbox", "Config", "Order", "OutOfStock", "Refusal", "Settings",
    "Shop", "Store",
    "Switches", "Violation",
]  # fmt: skip
