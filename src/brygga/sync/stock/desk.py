"""Where pages and webhooks reach stock, in their own transactions.

Separate stock (S5, S6), what the product page shows, and what was heard.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Hint, Side
from brygga.core.stock import story as stories
from brygga.core.stock.story import Cause
from brygga.store import ledgers, library, marks, switches
from brygga.store.database import Tx
from brygga.store.ledgers import Book
from brygga.store.marks import Kind
from brygga.sync.stock.pages import Pages, opened_in


class Moved(Exception):
    """The shared number is no longer the one that the form started from, or there is none: the merchant looks again."""


class Checked(Exception):
    """Nothing about this number is in doubt (any more): it was answered in another window, or by a late echo."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the merchant was shown of a number in doubt, what each side promised, and what was counted instead.

    No count means that the number is right as it is. Shared stock has the same number twice.
    """

    seen: tuple[int | None, int | None]
    till: int | None = None
    shop: int | None = None

    @property
    def confirms(self) -> bool:
        return self.till is None and self.shop is None


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes ledgers and marks, never to a platform."""

    async def books(self, tx: Tx, connection_id: int, product_uuid: str) -> Sequence[Book]:
        """Every variant's ledger, in the order of their uuids."""
        return list((await ledgers.load(tx, connection_id, [product_uuid])).values())

    async def split(
        self, tx: Tx, connection_id: int, product_uuid: str, shares: Mapping[str, tuple[int, int, int]], now: datetime
    ) -> None:
        """Variant uuid -> (to Zettle, to BigCommerce, the shared number that the merchant saw). Raises `Moved`, and then writes nothing.

        Variants that the form did not name keep their number on the side of Zettle; those that Zettle has no more are left as they are.
        A late answer to an earlier write changes nothing any more: the merchant gave each side its number.
        """
        async with opened_in(tx, connection_id, [product_uuid], now) as pages:
            if not set(shares) <= set(pages.books):
                raise Moved
            gone = await _gone(pages, product_uuid)
            for variant, book in list(pages.books.items()):
                if variant in gone and variant not in shares:
                    continue
                promised = book.ledger.promised
                if book.ledger.separate or promised is None:
                    raise Moved
                till, shop, seen = shares.get(variant, (max(0, promised), 0, promised))
                parted = stock.split(book.ledger, max(0, till), max(0, shop)) if promised == seen else None
                if parted is None:
                    raise Moved
                pages.put(book, parted, stories.Moved(Side.ZETTLE, Cause.SPLIT, till - promised))
                pages.say(Code.STOCK_SPLIT, book, till=str(till), shop=str(shop))
            await _forget_earlier_writes(tx, connection_id, product_uuid, pages.books.keys() - set(gone))
            await marks.mark(tx, connection_id, Kind.STOCK, product_uuid, now)

    async def join(
        self,
        tx: Tx,
        connection_id: int,
        product_uuid: str,
        now: datetime,
        *,
        seen: Mapping[str, int] | None = None,
    ) -> None:
        """The two numbers are added (decision 4). Joining what is shared changes nothing.

        `seen` are the sums that the merchant was shown, by variant. Raises `Moved` when one is another by now, and then writes nothing.
        What Zettle has no more is not summed.
        """
        async with opened_in(tx, connection_id, [product_uuid], now) as pages:
            for variant in await _gone(pages, product_uuid):
                if pages.books[variant].ledger.separate:
                    pages.put(pages.books[variant], stock.ended(pages.books[variant].ledger))
            for book in list(pages.books.values()):
                if book.ledger.separate:
                    if seen is not None and seen.get(book.variant_uuid) != stock.joined(book.ledger).promised:
                        raise Moved
                    shop = book.ledger.shop.promised or 0
                    together = pages.put(
                        book, stock.joined(book.ledger), stories.Moved(Side.ZETTLE, Cause.JOINED, shop)
                    )
                    number = together.ledger.promised
                    pages.say(Code.STOCK_JOINED, book, number="" if number is None else str(number))
            await marks.mark(tx, connection_id, Kind.STOCK, product_uuid, now)

    async def count(self, tx: Tx, connection_id: int, of: tuple[str, str], counted: Counted, now: datetime) -> None:
        """The merchant's answer to "check this number" `of` a product's variant (their uuids); what differs is written by the work.

        Raises `Checked` when nobody asks, `Moved` when the numbers are no longer those that the merchant saw; then writes nothing. A late
        answer to the write that was in doubt changes nothing any more: what was counted on the shelf is truer.
        """
        product, variant = of
        async with opened_in(tx, connection_id, [product], now) as pages:
            book = pages.books.get(variant)
            if book is None or book.check_since is None:
                raise Checked
            if (book.ledger.zettle.promised, book.ledger.shop.promised) != counted.seen:
                raise Moved
            _answer(pages, book, counted)
            await _forget_earlier_writes(tx, connection_id, product, {variant})
            await marks.mark(tx, connection_id, Kind.STOCK, product, now)

    async def hear_echo(self, tx: Tx, connection_id: int, external_uuid: str, now: datetime) -> None:
        """Zettle told of a movement that bears an identifier of ours: that flight has landed."""
        await ledgers.hear_echo(tx, connection_id, external_uuid, now)

    async def hear_till(self, tx: Tx, connection_id: int, hints: Sequence[tuple[str, Hint]]) -> None:
        """Zettle told of movements of these products that are not ours."""
        for uuid, hint in hints:
            await ledgers.hear_hint(tx, connection_id, Side.ZETTLE, uuid, hint)

    async def hear_start(self, tx: Tx, connection_id: int, product_uuid: str, at: datetime, now: datetime) -> None:
        """Zettle told that the product's tracking was switched on `at` that time: from then on what the shop sells counts."""
        await switches.hear_start(tx, connection_id, product_uuid, at, now)

    async def hear_stop(self, tx: Tx, connection_id: int, product_uuid: str, at: datetime, now: datetime) -> None:
        """Zettle told that the product's tracking was switched off `at` that time; it may be on again."""
        await switches.hear_stop(tx, connection_id, product_uuid, at, now)

    async def hear_shop(self, tx: Tx, connection_id: int, product_id: int, hint: Hint) -> None:
        """BigCommerce told of a movement. `hint.edited` is the hook's own time when it names no order."""
        await ledgers.hear_hint(tx, connection_id, Side.SHOP, str(product_id), hint)


async def _forget_earlier_writes(tx: Tx, connection_id: int, product: str, variants: Collection[str]) -> None:
    """What was given up, or is in doubt, when the merchant set these numbers by hand."""
    lost = await ledgers.lost(tx, connection_id, [product])
    doubted = [doubt.departed for doubt in await ledgers.doubts(tx, connection_id, [product])]
    for one in (*lost, *doubted):
        if one.variant_uuid in variants:
            await ledgers.arrive(tx, connection_id, one.flight.call, [one.variant_uuid])


async def _gone(pages: Pages, product_uuid: str) -> list[str]:
    """Variants that have a ledger and are not in Zettle's product any more: no form asks about them."""
    entry = await library.get(pages.tx, pages.connection_id, product_uuid)
    if entry is None or entry.product is None:
        return []
    living = {variant.uuid for variant in entry.product.variants}
    return [variant for variant in pages.books if variant not in living]


def _answer(pages: Pages, book: Book, counted: Counted) -> None:
    """Books the answer and its line. Raises `Moved` when the ledger has no number to set."""
    looked = pages.settle_doubt(book)
    was = looked.ledger.promised
    if counted.confirms:
        pages.put(looked, looked.ledger, stories.Moved(Side.ZETTLE, Cause.CONFIRMED, 0))
        pages.say(Code.STOCK_CONFIRMED, looked, number="" if was is None else str(was))
        return
    till = counted.till if counted.till is not None else counted.shop
    shop = counted.shop if counted.shop is not None else counted.till
    assert till is not None
    assert shop is not None
    ledger = stock.counted(looked.ledger, till, shop)
    if ledger is None or was is None:
        raise Moved
    pages.put(looked, ledger, stories.Moved(Side.ZETTLE, Cause.COUNTED, till - was))
    if ledger.separate:
        pages.say(Code.STOCK_COUNTED_APART, looked, till=str(till), shop=str(shop))
    else:
        pages.say(Code.STOCK_COUNTED, looked, was=str(was), number=str(till))
