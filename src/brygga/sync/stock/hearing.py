"""What the platforms said since the last time: hints to look, switches of tracking, and echoes of
our own writes.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Hint, Review, Side, Timing, Verdict
from brygga.core.stock.story import Cause, Moved
from brygga.database import ledgers, movements
from brygga.database.ledgers import Book, Heard, Pending
from brygga.database.work_items import Kind
from brygga.sync.stock.orders import by_ours
from brygga.sync.stock.pages import Pages, stop
from brygga.sync.worker.session import Session

MADE_AGAIN = timedelta(minutes=10)
"""What is told of an unknown variant waits so long for the product work to know it."""
CLOCKS = timedelta(seconds=5)
"""So far apart Zettle's clock and ours may be, where both say when something happened."""
LANDED = (Verdict.ASSUMED_LANDED, Verdict.PRESUMED_LOST)


async def hear(
    session: Session,
    pages: Pages,
    uuids: Collection[str],
    product_ids: Mapping[str, int],
    timing: Timing,
) -> Sequence[Pending]:
    """Takes what was said of these products, once. `product_ids` are BigCommerce's, by Zettle's
    uuid.

    Answers the writes to Zettle that wait for an echo.
    """
    by_id = {str(product_id): uuid for uuid, product_id in product_ids.items()}
    heard = await ledgers.take(pages.tx, pages.connection_id, uuids, [*by_id])
    await _end_separate(pages, heard.stops, timing)
    _note_starts(session, pages, heard)
    in_shop = heard.hints[Side.SHOP]
    for id_, some in in_shop.items():
        await _kept_for_later(pages, id_, by_id[id_], some)
    hints = {
        Side.ZETTLE: heard.hints[Side.ZETTLE],
        Side.SHOP: {by_id[id_]: some for id_, some in in_shop.items()},
    }
    sizes = Counter(book.product_uuid for book in pages.books.values())
    for variant in sorted(pages.books):
        for side in Side:
            for hint in hints[side].get(pages.books[variant].product_uuid, ()):
                book = pages.books[variant]
                if hint.variant in (
                    "",
                    variant if side is Side.ZETTLE else str(book.ledger.shop.variant_id),
                ):
                    of_one = hint.variant or (variant if sizes[book.product_uuid] == 1 else "")
                    told = replace(hint, variant=of_one)
                    if side is Side.SHOP:
                        pages.heard.setdefault(variant, []).append(told.by_order and bool(of_one))
                    pages.put(book, stock.hinted(book.ledger, side, told))
    return heard.pending


def _note_starts(session: Session, pages: Pages, heard: Heard) -> None:
    """When Zettle's number begins to count, of what is not tracked yet (`sharing.restarted`)."""
    for book in list(pages.books.values()):
        start, stops = (
            heard.starts.get(book.product_uuid),
            [at for at, _ in heard.stops.get(book.product_uuid, ())],
        )
        if book.ledger.is_tracked or (start is None and not stops):
            continue
        is_on = start is not None and all(start > stop for stop in stops)
        started = by_ours(session, Side.ZETTLE, start) if is_on and start is not None else None
        pages.put(book, replace(book.ledger, started=started))


async def _end_separate(
    pages: Pages, stops: Mapping[str, Sequence[tuple[datetime, datetime]]], timing: Timing
) -> None:
    """Tracking that was off for a while has ended separate stock, although it may be on again by
    now (S7).

    Only a stop of since the split, by Zettle's clock, and only if we heard of it since. Shared
    stock goes on: each side shows what moved there meanwhile.
    """
    apart = [
        book for book in pages.books.values() if book.product_uuid in stops and book.ledger.separate
    ]
    splits = await movements.last_splits(pages.tx, pages.connection_id, [*stops]) if apart else {}
    for book in apart:
        split = splits.get(book.product_uuid)
        since = [
            at
            for at, heard in stops[book.product_uuid]
            if split is None or (heard >= split and at >= split - CLOCKS)
        ]
        if book.ledger.is_tracked and since:
            await stop(pages, book, timing, Code.STOCK_OFF_APART)


async def _kept_for_later(pages: Pages, product_id: str, uuid: str, hints: Sequence[Hint]) -> None:
    """What is told of a variant that we do not know: the merchant may have made it again a moment
    ago (decision 17).

    The product work looks, more and more seldom, and what was told waits for it.
    """
    ids = {
        str(one.ledger.shop.variant_id) for one in pages.books.values() if one.product_uuid == uuid
    }
    strange = [
        one
        for one in hints
        if one.variant and one.variant not in ids and pages.now - one.at < MADE_AGAIN
    ]
    for one in strange:
        await ledgers.hear_hint(pages.tx, pages.connection_id, Side.SHOP, product_id, one)
    if strange:
        waited = pages.now - min(one.at for one in strange)
        await pages.mark(Kind.SHOP_PRODUCT, product_id, due_at=pages.now + waited)


# ---- Writes to Zettle without an answer ----------------------------------------------------------


async def review(
    pages: Pages, pending: Sequence[Pending], timing: Timing
) -> Mapping[str, datetime]:
    """The echoes of open calls. What was resolved without one is corrected by a late echo; if none
    comes for an hour, the merchant is asked (`resolving.reviewed`)."""
    echoes: dict[str, datetime] = {}
    for one in pending:
        flight, book = one.departed.flight, pages.books.get(one.departed.variant_uuid)
        if book is not None and not book.ledger.is_tracked:
            continue  # it was forgotten with the switch
        if one.verdict is Verdict.WAITING:
            echoes |= {} if one.echoed is None else {flight.call: one.echoed}
            continue
        over = pages.now - one.since >= timing.doubt
        found = stock.reviewed(one.verdict, echoed=one.echoed is not None, over=over)
        if book is None or found is not Review.WAIT:
            await ledgers.arrive(
                pages.tx, pages.connection_id, flight.call, [one.departed.variant_uuid]
            )
        elif one.verdict is not Verdict.NOT_LANDED:
            pages.due_at(one.departed.product_uuid, one.since + timing.doubt)
        if book is not None and found in (Review.OTHERWISE, Review.ASK):
            _decide(pages, book, one, found)
    return echoes


def _decide(pages: Pages, book: Book, one: Pending, found: Review) -> None:
    side, quantity = one.departed.side, one.departed.flight.quantity
    if found is Review.ASK:
        pages.ask_about(book, side, quantity)
        return
    change = quantity if one.verdict in LANDED else -quantity
    ledger = stock.corrected(book.ledger, side, -change)
    pages.put(book, ledger, Moved(side, Cause.CORRECTED, change, call=one.departed.flight.call))
    number = "" if ledger.promised is None else str(ledger.promised)
    pages.say(Code.STOCK_CORRECTED, book, change=f"{change:+d}", number=number)
