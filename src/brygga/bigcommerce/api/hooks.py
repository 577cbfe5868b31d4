"""Webhook subscriptions. We see only those of our own app; each has our secret in its headers
(bigcommerce facts 6.1).
"""

from collections.abc import Mapping
from typing import Any

from brygga.bigcommerce import shapes
from brygga.bigcommerce.api.door import Door
from brygga.bigcommerce.values import Hook
from brygga.wire import Call

PAGE = 250
SCOPES = (
    "store/product/updated",
    "store/product/deleted",
    "store/product/inventory/updated",
    "store/product/inventory/order/updated",
    "store/sku/inventory/updated",
    "store/sku/inventory/order/updated",
    "store/order/statusUpdated",
    "store/order/refund/created",
    "store/category/deleted",
    "store/information/updated",
    "store/app/uninstalled",
)
"""The events that we subscribe to, each by its own scope: wildcards send events that we do not need
(bigcommerce facts 6.1).
"""


class HookCalls(Door):
    async def hooks(self) -> tuple[Hook, ...]:
        """Our app's webhooks at this store, active or not."""
        return tuple(
            shapes.hook(raw) for raw in await self.pages(self.call("GET", "/v3/hooks"), PAGE)
        )

    async def create_hook(self, scope: str, destination: str, headers: Mapping[str, str]) -> Hook:
        """Creates a webhook; it may take a minute to work (bigcommerce facts 6.1).

        HOOK_EXISTS: there is one for this scope and destination.
        """
        body = {
            "scope": scope,
            "destination": destination,
            "is_active": True,
            "headers": dict(headers),
        }
        return shapes.hook(await self.object(self._hooks("POST", json=body, repeatable=True)))

    async def renew_hook(self, hook_id: int, destination: str, headers: Mapping[str, str]) -> Hook:
        """Activates a webhook again, with our current address and secret."""
        body = {"destination": destination, "is_active": True, "headers": dict(headers)}
        return shapes.hook(await self.object(self._hooks("PUT", f"/{hook_id}", json=body)))

    async def delete_hook(self, hook_id: int) -> None:
        """Deletes a webhook; one that is gone is no failure."""
        await self.send(self._hooks("DELETE", f"/{hook_id}", wanted=frozenset({404})))

    def _hooks(self, method: str, rest: str = "", **more: Any) -> Call:
        """Only our app sees its webhooks: nothing of the merchant's changes."""
        return self.call(method, f"/v3/hooks{rest}", writes=False, **more)
