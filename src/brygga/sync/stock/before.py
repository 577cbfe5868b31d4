"""What Zettle's number lacks from before tracking was switched off (rule S7): made up for, or asked about."""

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Look, Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.store import ledgers
from brygga.store.ledgers import Book, Departed
from brygga.sync.stock.pages import Pages


async def owed_before(pages: Pages, variant: str, look: Look | None, timing: Timing) -> stock.Owed:
    """To be asked for before the ledger starts anew. A write that never arrived is one that was given up: a late echo still tells."""
    book = pages.books.get(variant)
    was = None if book is None else book.ledger.zettle.stopped
    if book is None or was is None or look is None:
        return stock.Owed()
    calls = [] if was.flight is None else [was.flight.call]
    echoed = bool(await ledgers.echoes(pages.tx, pages.connection_id, calls))
    owed = stock.still_owed(book.ledger.zettle, look, timing, echoed=echoed)
    if owed.lost and was.flight is not None:
        one = Departed(book.product_uuid, variant, Side.ZETTLE, was.flight)
        await ledgers.lose(pages.tx, pages.connection_id, one, pages.now)
    return owed


def say_owed(pages: Pages, book: Book, owed: stock.Owed) -> None:
    """After the ledger has started anew."""
    ledger = pages.books[book.variant_uuid].ledger
    number = "" if ledger.promised is None else str(ledger.promised)
    if owed.change:
        pages.put(pages.books[book.variant_uuid], ledger, Moved(Side.SHOP, Cause.SEEN, owed.change))
        pages.say(Code.STOCK_SHOP_MOVED, book, change=f"{owed.change:+d}", number=number)
    if owed.unknown:
        pages.ask_about(book, Side.ZETTLE, owed.unknown)


async def begun_anew(pages: Pages, book: Book, look: Look, timing: Timing, what: Moved | None = None) -> Book:
    """A ledger that had stopped starts with what Zettle shows, less what that lacks, for a variant that the shop does not have yet."""
    owed = await owed_before(pages, book.variant_uuid, look, timing)
    pages.put(book, stock.restarted(book.ledger, look, owed.change), what)
    say_owed(pages, book, owed)
    return pages.books[book.variant_uuid]
