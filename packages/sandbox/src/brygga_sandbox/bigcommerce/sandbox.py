"""One whole BigCommerce: API, log-in, control panel, storefront and control addresses, behind one
ASGI application.
"""

from brygga_sandbox.controls import mount_clock, mount_delivery_faults
from brygga_sandbox.faults import mount_faults
from brygga_sandbox.pages import mount_static
from brygga_sandbox.requests import mount_requests
from brygga_sandbox.switches import mount_switches

from . import (
    control,
    control_users,
    panel_pages,
    routes_catalog,
    routes_categories,
    routes_login,
    routes_media,
    routes_orders,
    routes_store,
    storefront,
)
from .core import Core


class BigCommerceSandbox(Core):
    """BigCommerce as its documents describe it, at its addresses."""

    def mount(self) -> None:
        """Add every route to the table."""
        for room in (routes_catalog, routes_media, routes_categories, routes_store, routes_orders):
            self.door.mount(self.router, room.ROUTES)
        routes_login.mount(self.router, self)
        control.mount(self.router, self)
        panel_pages.mount(self.router, self)
        storefront.mount(self.router, self)
        control_users.mount(self.router, self)
        mount_clock(self.router, self.clock)
        mount_delivery_faults(self.router, self.outbox)
        mount_faults(self.router, self.faults)
        mount_requests(self.router, self.requests)
        mount_switches(self.router, lambda: self.switches, self.set_switches)
        mount_static(self.router)
