"""Where pages and webhooks reach stock, in their own transactions.

Separate stock (S5, S6), what the product page shows, and what was heard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Hint, Side
from brygga.core.stock import story as stories
from brygga.core.stock.story import Cause
from brygga.store import ledgers, marks
from brygga.store.database import Tx
from brygga.store.ledgers import Book
from brygga.store.marks import Kind
from brygga.sync.stock.pages import opened_in


class Moved(Exception):
    """The shared number is no longer the one that the form started from, or there is none: the merchant looks again."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes ledgers and marks, never to a platform."""

    async def books(self, tx: Tx, connection_id: int, product_uuid: str) -> Sequence[Book]:
        """Every variant's ledger, in the order of their uuids."""
        return list((await ledgers.load(tx, connection_id, [product_uuid])).values())

    async def is_separate(self, tx: Tx, connection_id: int, product_uuid: str) -> bool:
        return any(book.ledger.separate for book in await self.books(tx, connection_id, product_uuid))

    async def split(
        self, tx: Tx, connection_id: int, product_uuid: str, shares: Mapping[str, tuple[int, int, int]], now: datetime
    ) -> None:
        """Variant uuid -> (to Zettle, to BigCommerce, the shared number that the merchant saw). Raises `Moved`, and then writes nothing.

        Variants that the form did not name keep their number on the side of Zettle.
        """
        async with opened_in(tx, connection_id, [product_uuid], now) as pages:
            if not set(shares) <= set(pages.books):
                raise Moved
            for variant, book in list(pages.books.items()):
                promised = book.ledger.promised
                if book.ledger.separate or promised is None:
                    raise Moved
                till, shop, seen = shares.get(variant, (max(0, promised), 0, promised))
                parted = stock.split(book.ledger, max(0, till), max(0, shop)) if promised == seen else None
                if parted is None:
                    raise Moved
                pages.put(book, parted, stories.Moved(Side.ZETTLE, Cause.SPLIT, till - promised))
                pages.say(Code.STOCK_SPLIT, book, till=str(till), shop=str(shop))
            await marks.mark(tx, connection_id, Kind.STOCK, product_uuid, now)

    async def join(self, tx: Tx, connection_id: int, product_uuid: str, now: datetime) -> None:
        """The two numbers are added (decision 4). Joining what is shared changes nothing."""
        async with opened_in(tx, connection_id, [product_uuid], now) as pages:
            for book in list(pages.books.values()):
                if book.ledger.separate:
                    shop = book.ledger.shop.promised or 0
                    together = pages.put(
                        book, stock.joined(book.ledger), stories.Moved(Side.ZETTLE, Cause.JOINED, shop)
                    )
                    number = together.ledger.promised
                    pages.say(Code.STOCK_JOINED, book, number="" if number is None else str(number))
            await marks.mark(tx, connection_id, Kind.STOCK, product_uuid, now)

    async def hear_echo(self, tx: Tx, connection_id: int, external_uuid: str, now: datetime) -> None:
        """Zettle told of a movement that bears an identifier of ours: that flight has landed."""
        await ledgers.hear_echo(tx, connection_id, external_uuid, now)

    async def hear_till(self, tx: Tx, connection_id: int, product_uuids: Sequence[str], now: datetime) -> None:
        """Zettle told of a movement that is not ours."""
        for uuid in product_uuids:
            await ledgers.hear_hint(tx, connection_id, Side.ZETTLE, uuid, Hint(now))

    async def hear_shop(self, tx: Tx, connection_id: int, product_id: int, hint: Hint) -> None:
        """BigCommerce told of a movement. `hint.edited` is the hook's own time when it names no order."""
        await ledgers.hear_hint(tx, connection_id, Side.SHOP, str(product_id), hint)
