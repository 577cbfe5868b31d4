"""Stock at a location: read in bulk, adjusted in bulk, one writer at a time (bigcommerce facts 2.1,
5).

A read may lag behind a write that was answered; nothing here reads back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from brygga.bigcommerce import bodies, shapes
from brygga.bigcommerce.api.door import Door
from brygga.bigcommerce.values import Level, Location, Page, StockChange
from brygga.wire.reading import record, text

PAGE = 1000  # bigcommerce facts 5.3
ADJUSTED_AT_ONCE = 2000  # items x locations (bigcommerce facts 5.2)
LARGEST = 2_147_483_647  # bigcommerce facts 2.3
QUERY_LENGTH = (
    4000  # of the list of ids in an address; no limit is documented, most servers allow 8 KB
)


class InventoryCalls(Door):
    async def default_location(self) -> Location:
        """The location that the storefront sells from. Location 1 always exists (bigcommerce facts
        5.1).
        """
        rows = await self.pages(
            self.call("GET", "/v3/inventory/locations", {"is_default": True}), PAGE
        )
        return next((one for one in map(shapes.location, rows) if one.id), Location(1))

    async def levels(
        self, location_id: int, *, variant_ids: Sequence[int] = (), product_ids: Sequence[int] = ()
    ) -> tuple[Level, ...]:
        """The stock of these variants and of all variants of these products. Items that the store
        does not know are absent.
        """
        found: list[Level] = []
        for name, ids in (("variant_id:in", variant_ids), ("product_id:in", product_ids)):
            for some in _by_length(ids):
                query = {name: some, "location_id:in": location_id}
                rows = await self.pages(
                    self.call("GET", "/v3/inventory/items", query, urgent=True, timeout_s=60), PAGE
                )
                found += shapes.levels(rows, location_id)
        return tuple(found)

    async def levels_page(self, location_id: int, page: int = 1) -> Page[Level]:
        """A page of a thousand items of the location's whole stock."""
        call = self.call("GET", f"/v3/inventory/locations/{location_id}/items", timeout_s=60)
        rows, found = await self.page(call, page, PAGE)
        return replace(found, items=tuple(shapes.levels(rows, location_id)))

    async def adjust(self, changes: Sequence[StockChange], reason: str) -> str:
        """Changes the stock of 1 to 2000 items by signed quantities, all or none. Returns the
        transaction's id.

        A repeated call changes the stock again, so a lost answer is Unanswered.
        NEEDS_ABSOLUTE_FIRST, NOT_ENOUGH_STOCK, TRACKING_LEVEL and ITEM_UNKNOWN name the item when
        the store's text does: `refusals.named_items`.
        """
        return await self._adjust("POST", "/v3/inventory/adjustments/relative", changes, reason)

    async def set_levels(self, changes: Sequence[StockChange], reason: str) -> str:
        """Sets the stock of 1 to 2000 items, all or none. Numbers are 0 or more. Changes that the
        call overwrites are not detected.
        """
        assert all(0 <= one.quantity <= LARGEST for one in changes)
        return await self._adjust("PUT", "/v3/inventory/adjustments/absolute", changes, reason)

    async def _adjust(
        self, method: str, path: str, changes: Sequence[StockChange], reason: str
    ) -> str:
        assert 1 <= len(changes) <= ADJUSTED_AT_ONCE
        body = bodies.adjustment_body(changes, reason)
        # Even the absolute call is not repeatable: a sale between two attempts would be undone.
        call = self.call(
            method, path, json=body, urgent=True, repeatable=False, serial_group="inventory"
        )
        # The answer has no envelope, and its id cannot be looked up anywhere (bigcommerce facts
        # 5.2).
        return text(record(await self.read(call)).get("transaction_id"))


def _by_length(ids: Sequence[int]) -> Iterator[list[int]]:
    """The ids in order, each part at most a page long and short enough for an address."""
    some: list[int] = []
    length = 0
    for one in ids:
        size = len(str(one)) + 3  # a comma is three characters in an address
        if some and (len(some) == PAGE or length + size > QUERY_LENGTH):
            yield some
            some, length = [], 0
        some.append(one)
        length += size
    if some:
        yield some
