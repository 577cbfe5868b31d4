"""Stock as the pages and the webhook receivers see it: the desk of `sync.stock`, in the pages' own values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from brygga.core.stock import Hint
from brygga.store.database import Tx
from brygga.store.ledgers import Book
from brygga.sync.stock import Desk, Moved
from brygga.web.deps import StockMoved, StockRow


@dataclass(frozen=True, slots=True)
class PageDesk:
    """The `StockDesk` of `web.deps`."""

    desk: Desk = field(default_factory=Desk)

    async def rows(self, tx: Tx, connection_id: int, product_uuid: str) -> Sequence[StockRow]:
        return [_row(book) for book in await self.desk.books(tx, connection_id, product_uuid)]

    async def is_separate(self, tx: Tx, connection_id: int, product_uuid: str) -> bool:
        return await self.desk.is_separate(tx, connection_id, product_uuid)

    async def split(
        self, tx: Tx, connection_id: int, product_uuid: str, shares: Mapping[str, tuple[int, int, int]], now: datetime
    ) -> None:
        try:
            await self.desk.split(tx, connection_id, product_uuid, shares, now)
        except Moved:
            raise StockMoved from None

    async def join(self, tx: Tx, connection_id: int, product_uuid: str, now: datetime) -> None:
        await self.desk.join(tx, connection_id, product_uuid, now)

    async def hear_echo(self, tx: Tx, connection_id: int, external_uuid: str, now: datetime) -> None:
        await self.desk.hear_echo(tx, connection_id, external_uuid, now)

    async def hear_till(self, tx: Tx, connection_id: int, product_uuids: Sequence[str], now: datetime) -> None:
        await self.desk.hear_till(tx, connection_id, product_uuids, now)

    async def hear_shop(self, tx: Tx, connection_id: int, product_id: int, hint: Hint) -> None:
        await self.desk.hear_shop(tx, connection_id, product_id, hint)


def _row(book: Book) -> StockRow:
    """Numbers as promised, with what is still on its way: two sides that are joined get their promises' sum, not what was last read."""
    ledger = book.ledger
    till, shop = ledger.zettle.promised, ledger.shop.promised
    shared = None if ledger.separate or shop is None else ledger.promised
    return StockRow(book.variant_uuid, till, shop, shared, check=book.check_since is not None)
