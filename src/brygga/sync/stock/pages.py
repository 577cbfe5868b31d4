"""Some ledgers under lock, in one transaction: what is changed on them is saved with its movements,
its lines and its marks.
"""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Flight, Ledger, Level, Side, Timing
from brygga.core.stock.story import Cause, Movement, told
from brygga.core.stock.story import Moved as Move
from brygga.database import ledgers, library, markers, movements, synclog, work_items
from brygga.database.engine import Tx
from brygga.database.ledgers import Book
from brygga.database.work_items import Kind
from brygga.sync.worker.session import Session


@dataclass(slots=True)
class Pages:
    """The ledgers of some products, open for writing. `save` is called once, at the end of the
    transaction.
    """

    tx: Tx
    connection_id: int
    now: datetime
    books: dict[str, Book]
    locked: Mapping[str, Book]
    """As they were when they were locked."""
    _changed: set[str] = field(default_factory=set)
    _movements: list[Movement] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=list)
    heard: dict[str, list[bool]] = field(default_factory=dict)
    """By variant, the events of the shop's that this pass took out: whether each named an order."""
    due: dict[str, datetime] = field(default_factory=dict)
    """When a product must be worked on again at the latest, for what its ledgers do not say."""

    def of(self, variants: Collection[str]) -> list[Book]:
        """The books of these variants, as far as they have one."""
        return [self.books[variant] for variant in sorted(variants) if variant in self.books]

    def is_apart(self, product: str) -> bool:
        """Whether this product's stock is separate (S5), by the variants that have a ledger."""
        books = [book for book in self.books.values() if book.product_uuid == product]
        return any(book.ledger.separate and book.ledger.is_tracked for book in books)

    def put(self, book: Book, ledger: Ledger, what: Move | None = None) -> Book:
        """The book as it is from now on, and why it changed."""
        if what is not None:
            of = (book.product_uuid, book.variant_uuid)
            self._movements.append(told(what, of, book.ledger, ledger, self.now))
        self._say_full(book, ledger)
        changed = replace(book, ledger=ledger)
        if changed != book or book.variant_uuid not in self.books:
            self._changed.add(book.variant_uuid)
        self.books[book.variant_uuid] = changed
        return changed

    def due_at(self, product: str, at: datetime) -> None:
        self.due[product] = min(at, self.due.get(product, at))

    async def free(self, flight: Flight, level: Level | None) -> None:
        """The slot of this call is given back, and shows this level. One that could not be read
        stays held: its call is open to nobody, and the work of the marker reads it
        (`sync.stock.marker`)."""
        if flight.slot is not None and isinstance(level, int):
            await markers.give_back(self.tx, self.connection_id, flight.call, level, self.now)

    async def forget_flight(self, book: Book, side: Side = Side.SHOP) -> None:
        """Whether it landed matters no more."""
        flight = book.ledger[side].flight
        if flight is not None:
            await ledgers.arrive(self.tx, self.connection_id, flight.call, [book.variant_uuid])

    async def mark(self, kind: Kind, *subjects: str, due_at: datetime | None = None) -> None:
        await work_items.mark_many(
            self.tx, self.connection_id, kind, subjects, self.now, due_at=due_at
        )

    def _say_full(self, book: Book, ledger: Ledger) -> None:
        """Said when it begins: from now on a side is promised more than it can hold."""
        for side in Side:
            if stock.excess(ledger, side) and not stock.excess(
                self.books.get(book.variant_uuid, book).ledger, side
            ):
                limit, number = str(stock.LIMITS[side].highest), str(ledger[side].promised)
                self.say(
                    Code.STOCK_FULL,
                    book,
                    Severity.WARNING,
                    side=side.value,
                    limit=limit,
                    number=number,
                )

    def ask_to_check(self, book: Book) -> None:
        """The product page shows it until the merchant has looked."""
        current = self.books[book.variant_uuid]
        self.books[book.variant_uuid] = replace(
            current, check_since=current.check_since or self.now
        )
        self._changed.add(book.variant_uuid)

    def ask_about(self, book: Book, side: Side, change: int) -> None:
        """Whether a change reached this side nobody knows. A product that is not tracked has no
        number to check.
        """
        ledger = self.books[book.variant_uuid].ledger
        promised = ledger.promised if ledger[side].promised is None else ledger[side].promised
        if promised is not None:
            self.ask_to_check(book)
            params = {"side": side.value, "change": f"{change:+d}", "number": str(promised)}
            self.say(Code.STOCK_CHECK, book, Severity.WARNING, **params)

    def settle_doubt(self, book: Book) -> Book:
        """The merchant has looked, or there is no number to look at: nothing is asked any more."""
        looked = self.books[book.variant_uuid] = replace(
            self.books[book.variant_uuid], check_since=None
        )
        self._changed.add(book.variant_uuid)
        return looked

    def say(
        self, code: Code, book: Book, severity: Severity = Severity.INFO, **params: str
    ) -> None:
        self._lines.append(
            Line(code, Topic.STOCK, severity, book.product_uuid, book.variant_uuid, params)
        )

    def say_moved(self, book: Book, side: Side, cause: Cause, change: int) -> None:
        """A shelf moved by itself: the merchant reads what it means for the number."""
        promised = self.books[book.variant_uuid].ledger[side].promised
        change_, number = f"{change:+d}", "" if promised is None else str(promised)
        if cause is Cause.SWEPT:
            self.say(
                Code.STOCK_FOUND_BY_SWEEP, book, side=side.value, change=change_, number=number
            )
            return
        by_order = Code.STOCK_SHOP_ORDER if cause is Cause.ORDER else Code.STOCK_SHOP_MOVED
        self.say(
            Code.STOCK_TILL_MOVED if side is Side.ZETTLE else by_order,
            book,
            change=change_,
            number=number,
        )

    async def save(self) -> None:
        rows = [self.books[variant] for variant in sorted(self._changed)]
        await ledgers.save(self.tx, self.connection_id, rows, self.now)
        await movements.add(self.tx, self.connection_id, self._movements)
        if self._lines:
            await synclog.add(self.tx, self.connection_id, await self._named(), self.now)

    async def _named(self) -> list[Line]:
        """The lines with the names that the merchant knows."""
        entries = await library.get_many(
            self.tx, self.connection_id, {line.subject for line in self._lines}
        )
        named: list[Line] = []
        for line in sorted(
            self._lines, key=lambda one: one.code is Code.STOCK_FULL
        ):  # after what made it so
            entry = entries.get(line.subject)
            product = entry.product if entry else None
            variants = {v.uuid: v.name for v in product.variants} if product else {}
            params = {
                "name": entry.name if entry else "",
                "variant_name": variants.get(line.variant, ""),
                **line.params,
            }
            named.append(replace(line, params=params))
        return named


async def stop(
    pages: Pages, before: Book, timing: Timing, apart: Code = Code.STOCK_STOPPED_APART
) -> None:
    """Tracking was switched off; separate stock, if it was that, has ended with it (S7), and the
    line for that is `apart`.

    Earlier writes change nothing any more: Zettle's number will count. Where that number may lack
    one, the merchant is asked, and the page shows the question when the number counts again
    (`Book.is_asked`).
    """
    till, shop = before.ledger.zettle, before.ledger.shop.promised
    is_unsure = stock.is_unsure(before.ledger) or await _is_in_doubt(pages, before)
    entry = (
        await library.get(pages.tx, pages.connection_id, before.product_uuid) if is_unsure else None
    )
    if entry is not None and entry.removed_at is None:
        pages.ask_about(before, Side.ZETTLE, till.owed + till.in_flight)
    pages.put(
        pages.books[before.variant_uuid],
        stock.stopped(before.ledger, timing),
        Move(Side.ZETTLE, Cause.STOPPED, 0),
    )
    await ledgers.forget(pages.tx, pages.connection_id, [before.variant_uuid])
    if before.ledger.separate and till.promised is not None and shop is not None:
        pages.say(apart, before, till=str(till.promised), shop=str(shop))
    else:
        pages.say(Code.STOCK_STOPPED, before)


async def _is_in_doubt(pages: Pages, book: Book) -> bool:
    """Whether Zettle's number has an earlier write nobody knows."""
    left = await ledgers.pending(pages.tx, pages.connection_id, [book.product_uuid])
    doubtful = [
        one
        for one in left
        if one.verdict.is_doubtful and one.departed.variant_uuid == book.variant_uuid
    ]
    return bool(doubtful) and not book.ledger.separate


@contextlib.asynccontextmanager
async def opened_in(
    tx: Tx, connection_id: int, uuids: Collection[str], now: datetime
) -> AsyncIterator[Pages]:
    """In a transaction that somebody else ends."""
    books = await ledgers.lock(tx, connection_id, uuids)
    pages = Pages(tx, connection_id, now, books, dict(books))
    yield pages
    await pages.save()


@contextlib.asynccontextmanager
async def opened(session: Session, uuids: Collection[str]) -> AsyncIterator[Pages]:
    """In a fenced transaction of its own."""
    async with (
        session.transaction() as tx,
        opened_in(tx, session.connection.id, uuids, session.clock.now()) as pages,
    ):
        yield pages
