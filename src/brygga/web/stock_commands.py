"""Stock commands for the pages: those of `sync.stock`, with the pages' own exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from brygga.database.engine import Tx
from brygga.sync.stock import Counted, Moved, StockCommands
from brygga.web.deps import StockMoved


@dataclass(frozen=True, slots=True)
class PageStockCommands:
    """The `StockCommands` of `web.deps`."""

    commands: StockCommands = field(default_factory=StockCommands)

    async def split(
        self,
        tx: Tx,
        connection_id: int,
        product_uuid: str,
        shares: Mapping[str, tuple[int, int, int]],
        now: datetime,
    ) -> None:
        try:
            await self.commands.split(tx, connection_id, product_uuid, shares, now)
        except Moved:
            raise StockMoved from None

    async def join(
        self, tx: Tx, connection_id: int, product_uuid: str, seen: Mapping[str, int], now: datetime
    ) -> None:
        try:
            await self.commands.join(tx, connection_id, product_uuid, now, seen=seen)
        except Moved:
            raise StockMoved from None

    async def count(
        self, tx: Tx, connection_id: int, of: tuple[str, str], counted: Counted, now: datetime
    ) -> None:
        try:
            await self.commands.count(tx, connection_id, of, counted, now)
        except Moved:
            raise StockMoved from None
