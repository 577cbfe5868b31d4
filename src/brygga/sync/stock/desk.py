"""Where pages reach stock, in their own transactions: what they show, separate stock (S5, S6), and
counted numbers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Side, Verdict
from brygga.core.stock import story as stories
from brygga.core.stock.story import Cause
from brygga.database import ledgers, library
from brygga.database.engine import Tx
from brygga.database.ledgers import Book
from brygga.database.work_items import Kind
from brygga.sync.stock.pages import Pages, opened_in


class Moved(Exception):
    """The shared number is no longer the one that the form started from, or there is none: the
    merchant looks again.
    """


class Checked(Exception):
    """Nothing about this number is in doubt (any more): it was answered in another window, or by a
    late echo.
    """


@dataclass(frozen=True, slots=True)
class Counted:
    """What the merchant was shown of a number in doubt, what each side promised, and what was
    counted instead.

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

    async def split(
        self,
        tx: Tx,
        connection_id: int,
        product_uuid: str,
        shares: Mapping[str, tuple[int, int, int]],
        now: datetime,
    ) -> None:
        """Variant uuid -> (to Zettle, to BigCommerce, the shared number that the merchant saw).
        Raises `Moved`, and then writes nothing.

        Variants that the form did not name keep their number on the side of Zettle; those that
        Zettle has no more are left as they are. A late answer to an earlier write changes nothing
        any more: the merchant gave each side its number.
        """
        async with opened_in(tx, connection_id, [product_uuid], now) as pages:
            if not set(shares) <= set(pages.books):
                raise Moved
            gone = await _gone(pages, product_uuid)
            for book in pages.of(pages.books.keys() - gone | shares.keys()):
                promised = book.ledger.promised
                if book.ledger.separate or promised is None:
                    raise Moved
                till, shop, seen = shares.get(book.variant_uuid, (max(0, promised), 0, promised))
                parted = (
                    stock.split(book.ledger, max(0, till), max(0, shop))
                    if promised == seen
                    else None
                )
                if parted is None:
                    raise Moved
                pages.put(book, parted, stories.Moved(Side.ZETTLE, Cause.SPLIT, till - promised))
                pages.say(Code.STOCK_SPLIT, book, till=str(till), shop=str(shop))
            await _forget_earlier_writes(pages, pages.books.keys() - gone)
            await pages.mark(Kind.STOCK, product_uuid)

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

        `seen` are the sums that the merchant was shown, by variant. Raises `Moved` when one is
        another by now, and then writes nothing. What Zettle has no more is not summed.
        """
        async with opened_in(tx, connection_id, [product_uuid], now) as pages:
            gone = await _gone(pages, product_uuid)
            for book in [one for one in pages.books.values() if one.ledger.separate]:
                if book.variant_uuid in gone:
                    pages.put(book, stock.ended(book.ledger))
                    continue
                together = stock.joined(book.ledger)
                if seen is not None and seen.get(book.variant_uuid) != together.promised:
                    raise Moved
                pages.put(
                    book,
                    together,
                    stories.Moved(Side.ZETTLE, Cause.JOINED, book.ledger.shop.promised or 0),
                )
                pages.say(Code.STOCK_JOINED, book, number=_shown(together.promised))
            await pages.mark(Kind.STOCK, product_uuid)

    async def count(
        self, tx: Tx, connection_id: int, of: tuple[str, str], counted: Counted, now: datetime
    ) -> None:
        """The merchant's answer to "check this number" `of` a product's variant (their uuids); what
        differs is written by the work.

        Raises `Checked` when nobody asks, `Moved` when the numbers are no longer those that the
        merchant saw; then writes nothing. A late answer to the write that was in doubt changes
        nothing any more: what was counted on the shelf is truer.
        """
        product, variant = of
        async with opened_in(tx, connection_id, [product], now) as pages:
            book = pages.books.get(variant)
            if book is None or book.check_since is None:
                raise Checked
            if (book.ledger.zettle.promised, book.ledger.shop.promised) != counted.seen:
                raise Moved
            _answer(pages, book, counted)
            await _forget_earlier_writes(pages, {variant})
            await pages.mark(Kind.STOCK, product)


async def _forget_earlier_writes(pages: Pages, variants: Collection[str]) -> None:
    """What was resolved without an echo when the merchant set these numbers by hand."""
    uuids = {book.product_uuid for book in pages.books.values()}
    for one in await ledgers.pending(pages.tx, pages.connection_id, uuids):
        variant, call = one.departed.variant_uuid, one.departed.flight.call
        if variant in variants and one.verdict is not Verdict.WAITING:
            await ledgers.arrive(pages.tx, pages.connection_id, call, [variant])


async def _gone(pages: Pages, product_uuid: str) -> set[str]:
    """Variants that have a ledger and are not in Zettle's product any more: no form asks about
    them.
    """
    entry = await library.get(pages.tx, pages.connection_id, product_uuid)
    if entry is None or entry.product is None:
        return set()
    return pages.books.keys() - {variant.uuid for variant in entry.product.variants}


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _answer(pages: Pages, book: Book, counted: Counted) -> None:
    """Books the answer and its line. Raises `Moved` when the ledger has no number to set."""
    looked = pages.settle_doubt(book)
    was = looked.ledger.promised
    if counted.confirms:
        pages.put(looked, looked.ledger, stories.Moved(Side.ZETTLE, Cause.CONFIRMED, 0))
        pages.say(Code.STOCK_CONFIRMED, looked, number=_shown(was))
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
