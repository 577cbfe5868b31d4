"""The receivers of webhooks of one process."""

import asyncio
from functools import partial

from brygga.bigcommerce import events as shop_events
from brygga.web import receiving_bigcommerce, receiving_zettle
from brygga.web.deps import WebDeps
from brygga.web.streams import AT_ONCE, Streams
from brygga.zettle import events as till_events


class Receiving:
    """Saves the messages of both platforms. They share the places of `AT_ONCE`."""

    def __init__(self, deps: WebDeps) -> None:
        slots = asyncio.Semaphore(AT_ONCE)
        self.deps = deps
        self.zettle: Streams[till_events.Event] = Streams(
            deps.database, deps.clock, slots, partial(receiving_zettle.record, deps)
        )
        self.bigcommerce: Streams[shop_events.ShopEvent] = Streams(
            deps.database, deps.clock, slots, partial(receiving_bigcommerce.record, deps)
        )

    async def save_zettle(self, connection_id: int, event: till_events.Event, body: bytes) -> bool:
        """False: the connection is over, nothing was saved."""
        urgent = receiving_zettle.is_urgent(event)
        return await self.zettle.save(connection_id, event, body, urgent=urgent)

    async def save_bigcommerce(
        self, connection_id: int, event: shop_events.ShopEvent, body: bytes
    ) -> bool:
        """False: the connection is over, nothing was saved."""
        urgent = receiving_bigcommerce.is_urgent(event)
        return await self.bigcommerce.save(connection_id, event, body, urgent=urgent)
