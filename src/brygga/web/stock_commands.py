"""Stock commands for the pages: those of `sync.stock`, with the pages' own exceptions. The
receivers also record here what the platforms report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from brygga.core.stock import Hint, Side
from brygga.database import ledgers
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

    async def record_echo(
        self, tx: Tx, connection_id: int, external_uuid: str, now: datetime
    ) -> None:
        await ledgers.record_echo(tx, connection_id, external_uuid, now)

    async def record_zettle(
        self, tx: Tx, connection_id: int, hints: Sequence[tuple[str, Hint]]
    ) -> None:
        await ledgers.record_hints(tx, connection_id, Side.ZETTLE, hints)

    async def record_switch(
        self,
        tx: Tx,
        connection_id: int,
        product_uuid: str,
        at: datetime,
        now: datetime,
        *,
        on: bool,
    ) -> None:
        await ledgers.record_switch(tx, connection_id, product_uuid, at, now, on=on)

    async def record_bigcommerce(
        self, tx: Tx, connection_id: int, hints: Sequence[tuple[int, Hint]]
    ) -> None:
        named = [(str(product_id), hint) for product_id, hint in hints]
        await ledgers.record_hints(tx, connection_id, Side.SHOP, named)
