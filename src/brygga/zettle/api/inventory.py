"""Inventory v3: which products are tracked, their stock, and movements. All of these share four
requests a second.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from brygga.core.model import InventoryType
from brygga.wire import Call, lost
from brygga.wire.reading import records
from brygga.zettle import shapes
from brygga.zettle.api.door import Door, chunks, list_of, problem, refusal
from brygga.zettle.values import Balance, Inventory, Movement, Statuses, StockOf

PAGE = 1000  # rows of stock (zettle facts 7)
ASKED_AT_ONCE = 100  # products per status or stock question; no limit is documented
MOVED_AT_ONCE = 100  # movements per call (zettle facts 3.5)
LARGEST_CHANGE = 100_000  # zettle facts 3.5


class InventoryCalls(Door):
    async def inventories(self) -> tuple[Inventory, ...]:
        """The account's inventories. Empty until tracking was first switched on for any product
        (zettle facts 3.2).
        """
        rows = await self.read_all(self._call("GET", "/inventories"))
        return tuple(found for row in records(rows) if (found := shapes.inventory(row)))

    async def stock(self, inventory_uuid: str) -> tuple[Balance, ...]:
        """Every row of one inventory. A tracked variant without a row has balance 0 (zettle facts
        3.4).

        Empty while nothing in the account was ever stocked.
        """
        call = self._call(
            "GET", f"/stock/{quote(inventory_uuid, safe='')}", params=(("limit", str(PAGE)),)
        )
        return _balances(await self.read_all(call))

    async def stock_of(self, inventory_uuid: str, product_uuid: str) -> tuple[Balance, ...] | None:
        """The rows of one product; None when Zettle says that it is not tracked, or not there.

        No rows mean an untracked product or one that was never stocked, so they prove nothing alone
        (zettle facts 3.4, decision 15).
        """
        path = f"/stock/{quote(inventory_uuid, safe='')}/products/{quote(product_uuid, safe='')}"
        call = self._call("GET", path, urgent=True, wanted=frozenset({400, 404, 409, 422}))
        answer = await self.send(call)
        if answer.is_success:
            return _balances(list_of(call, answer))
        if answer.status == 404 or problem(answer).kind == "PRODUCT_NOT_TRACKED":
            return None
        raise refusal(call, answer)

    async def stock_of_many(self, inventory_uuid: str, product_uuids: Sequence[str]) -> StockOf:
        """The rows of many products, and what the answers say about those that have none."""
        found = StockOf()
        for some in chunks(product_uuids, ASKED_AT_ONCE):
            found = found.joined(await self._stock_of_some(inventory_uuid, some))
        return found

    async def _stock_of_some(self, inventory_uuid: str, product_uuids: list[str]) -> StockOf:
        if len(product_uuids) == 1:
            return await self._one_by_one(inventory_uuid, product_uuids)
        call = self._call(
            "POST",
            f"/stock/{quote(inventory_uuid, safe='')}/products",
            json=product_uuids,
            params=(("limit", str(PAGE)),),
            urgent=True,
            repeatable=True,  # it reads
            writes=False,
            wanted=frozenset({400, 404, 405, 415, 422}),
        )
        answer = await self.send(call)
        if answer.is_success:
            rows = _balances(await self.rest(call, answer))
            return StockOf(rows, whole=frozenset(product_uuids) if rows else frozenset())
        # The body's shape is not documented (zettle facts 3.4), and one untracked product may make
        # Zettle refuse them all: they are read one by one.
        return await self._one_by_one(inventory_uuid, product_uuids)

    async def _one_by_one(self, inventory_uuid: str, product_uuids: Sequence[str]) -> StockOf:
        found = StockOf()
        for uuid in product_uuids:
            rows = await self.stock_of(inventory_uuid, uuid)
            named = frozenset({uuid})
            found = found.joined(
                StockOf(refused=named)
                if rows is None
                else StockOf(rows, whole=named if rows else frozenset())
            )
        return found

    async def tracked(self) -> frozenset[str]:
        """The products with tracking on. Empty when there are none."""
        rows = await self.read_all(self._call("GET", "/products"))
        return frozenset(uuid for uuid, enabled in shapes.statuses(rows).items() if enabled)

    async def tracking_status(self, product_uuids: Sequence[str]) -> Statuses:
        """Whether tracking is on, for those of these products that the answer names.

        A product that was never tracked may be left out (zettle facts 3.3). A product that is left
        out is no proof that its tracking is off (decision 15).
        """
        found: dict[str, bool] = {}
        for some in chunks(product_uuids, ASKED_AT_ONCE):
            call = self._call(
                "POST",
                "/products/status",
                json=some,
                urgent=True,
                repeatable=True,
                writes=False,
                wanted=frozenset({404}),
            )
            answer = await self.send(call)
            if not answer.is_success:
                raise lost(call, "404 for what is always there")
            asked = set(some)
            found |= {
                uuid: on
                for uuid, on in shapes.statuses(list_of(call, answer)).items()
                if uuid in asked
            }
        return found

    async def set_tracking(self, product_uuids: Sequence[str], *, enabled: bool) -> None:
        """Switches tracking. Only the merchant's explicit choice does this (rules S1, S7)."""
        word = "enable" if enabled else "disable"
        for some in chunks(product_uuids, ASKED_AT_ONCE):
            body = [{"productUuid": uuid, "tracking": word} for uuid in some]
            await self.send(self._call("POST", "/products", json=body, repeatable=True))

    async def move(self, identifier: str, movements: Sequence[Movement]) -> None:
        """Moves stock: 1 to 100 movements under one identifier. Zettle sends the identifier with
        the webhook of this change.

        The identifier does not prevent duplicates: a repeated call moves again. So a lost answer is
        Unanswered (zettle facts 3.5).
        """
        assert 1 <= len(movements) <= MOVED_AT_ONCE
        assert all(1 <= one.change <= LARGEST_CHANGE for one in movements)
        body = {
            "identifier": identifier,
            "movements": [shapes.movement_body(one) for one in movements],
        }
        await self.send(self._call("POST", "/movements", json=body, urgent=True, repeatable=False))

    def _call(self, method: str, path: str, **more: Any) -> Call:
        return Call(
            "zettle", method, f"{self.urls.inventory}/v3{path}", serial_group="inventory", **more
        )


def store_of(inventories: Iterable[Inventory]) -> Inventory | None:
    """The inventory that is sold from: the default one of type STORE (zettle facts 3.2)."""
    stores = [one for one in inventories if one.type is InventoryType.STORE]
    return next((one for one in stores if one.is_default), stores[0] if stores else None)


def _balances(rows: Any) -> tuple[Balance, ...]:
    return tuple(found for row in records(rows) if (found := shapes.balance(row)))
