"""Orders and refunds, to explain a line in the log. They never drive stock: the inventory level is
the truth (bigcommerce facts 8).
"""

from datetime import datetime

from brygga.bigcommerce import shapes
from brygga.bigcommerce.api.door import Door, body_of
from brygga.bigcommerce.values import Order, OrderLine, Refund
from brygga.wire import lost
from brygga.wire.reading import record, records

PAGE = 250


class OrderCalls(Door):
    async def order(self, order_id: int) -> Order | None:
        """One order; None when there is none."""
        call = self.call("GET", f"/v2/orders/{order_id}", wanted=frozenset({404}))
        answer = await self.send(call)
        if answer.status == 404:
            return None
        found = shapes.order(record(body_of(call, answer)))
        if not found.id:
            raise lost(call, f"{answer.status} no order")
        return found

    async def orders_since(self, modified: datetime, page: int = 1) -> tuple[Order, ...]:
        """A page of at most 250 orders changed since then, newest first. A page with fewer is the
        last.
        """
        query = {
            "min_date_modified": modified.isoformat(),
            "sort": "date_modified:desc",
            "page": page,
            "limit": PAGE,
        }
        rows = await self.v2_list(self.call("GET", "/v2/orders", query))
        return tuple(shapes.order(raw) for raw in records(rows))

    async def order_lines(self, order_id: int) -> tuple[OrderLine, ...]:
        """The ordered items. Lines without a product of the catalogue are left out. An order has at
        least one line.
        """
        lines: list[OrderLine] = []
        page = 1
        while True:
            query = {"page": page, "limit": PAGE}
            call = self.call("GET", f"/v2/orders/{order_id}/products", query)
            rows = list(records(await self.v2_list(call)))
            if not rows and page == 1:
                raise lost(call, "an order without lines")
            lines += [line for line in map(shapes.order_line, rows) if line.product_id]
            if len(rows) < PAGE:
                return tuple(lines)
            page += 1

    async def refunds(self, order_id: int) -> tuple[Refund, ...]:
        """The refunds of an order, usually none. This list has no pages (bigcommerce facts 8)."""
        rows = await self.rows(self.call("GET", f"/v3/orders/{order_id}/payment_actions/refunds"))
        return tuple(shapes.refund(raw) for raw in rows)
