"""The channel that a product is sold in, and single category links. Both are birth-only (rule P4).

Calls never run in parallel (bigcommerce facts 2.1): they share a serial group, which the store's
budget enforces.
"""

from collections.abc import Sequence

from brygga.bigcommerce.api.door import Door
from brygga.wire.reading import identifier

ASSIGNED_AT_ONCE = 50  # not documented; what other connectors use (bigcommerce facts 2.2)
PAGE = 250


class AssignmentCalls(Door):
    async def assign_channel(self, channel_id: int, product_ids: Sequence[int]) -> None:
        """Assigns 1 to 50 products to a channel. A product that is already in it stays in it."""
        assert 1 <= len(product_ids) <= ASSIGNED_AT_ONCE
        body = [{"product_id": product_id, "channel_id": channel_id} for product_id in product_ids]
        await self.send(
            self.call(
                "PUT",
                "/v3/catalog/products/channel-assignments",
                json=body,
                serial_group="assignments",
            )
        )

    async def channel_assignments(self, product_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
        """(product id, channel id) of these products, at most 250."""
        assert 1 <= len(product_ids) <= PAGE
        call = self.call(
            "GET", "/v3/catalog/products/channel-assignments", {"product_id:in": product_ids}
        )
        rows = await self.pages(call, PAGE)
        return frozenset(
            (identifier(row.get("product_id")), identifier(row.get("channel_id"))) for row in rows
        )
