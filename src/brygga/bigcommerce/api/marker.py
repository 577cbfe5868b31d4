"""The marker product (decision 16): found by our metafield, and created in one call."""

from brygga.bigcommerce import bodies, shapes
from brygga.bigcommerce.api.door import failed_part
from brygga.bigcommerce.api.metafields import NAMESPACE
from brygga.bigcommerce.api.products import ProductCalls, product_of
from brygga.bigcommerce.values import Metafield, Saved

PAGE = 250


class MarkerCalls(ProductCalls):
    async def metafields(self, key: str) -> tuple[Metafield, ...]:
        """Every metafield of ours with this key, of all products (bigcommerce facts 3.12)."""
        query = {"namespace": NAMESPACE, "key": key}
        rows = await self.pages(self.call("GET", "/v3/catalog/products/metafields", query), PAGE)
        return tuple(found for raw in rows if (found := shapes.metafield(raw)).key == key)

    async def create_marker(self, name: str, categories: tuple[int, ...]) -> Saved:
        """Creates the marker product: hidden, not for sale, counted by variant. A taken name or SKU
        makes BigCommerce refuse the whole call, so there are never two.
        """
        call = self.call(
            "POST", "/v3/catalog/products", json=bodies.marker_body(name, categories), timeout_s=60
        )
        answer = await self.send(call)
        return Saved(product_of(call, answer), failed_part(call, answer), complete=False)
