"""First levels: what a new variant is created with, and what became of the create (docs/design.md,
"Stock", Birth).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from brygga.core import stock
from brygga.core.report import Code, Severity
from brygga.core.stock import Gap, Look, Orders, Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.database import ledgers, library, work_items
from brygga.database.engine import Tx
from brygga.database.ledgers import Book
from brygga.database.work_items import Kind
from brygga.sync.initial_levels import Levels
from brygga.sync.stock.evidence import Read
from brygga.sync.stock.gather import Till
from brygga.sync.stock.pages import Pages, opened, opened_in
from brygga.sync.worker.session import Session

LAGS_MEANWHILE = 6
"""How many lags apart the looks at newborns are while a batch of products is being made."""


@dataclass(frozen=True, slots=True)
class StockBirths:
    """Between `first_levels` and `born` a till sale only moves Zettle's shelf: the newborn is then
    owed the difference.
    """

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def first_levels(
        self, session: Session, uuids: Collection[str]
    ) -> Mapping[str, Levels | None]:
        """By product: each variant's level, on disk before anybody sends it. None where Zettle does
        not track the product (S1).

        A product that cannot be read just now is left out: it is not made before its level is known
        (decision 15).
        """
        async with session.read() as tx:
            entries = await library.get_many(tx, session.connection.id, uuids)
            books = await ledgers.load(tx, session.connection.id, uuids)
        products = {
            uuid: entry.product for uuid, entry in entries.items() if entry.product is not None
        }
        wanted = {
            uuid: [variant.uuid for variant in product.variants]
            for uuid, product in products.items()
        }
        seen = await self.till.looks(session, wanted, books)

        levels: dict[str, Levels | None] = {uuid: None for uuid in uuids if uuid not in seen.unread}
        tracking: dict[str, bool] = {}
        async with opened(session, wanted) as pages:
            for uuid, variants in wanted.items():
                found = [seen.looks[variant].level for variant in variants]
                if Gap.UNTRACKED in found:
                    tracking[uuid] = False
                    continue
                if any(isinstance(level, int) for level in found):
                    tracking[uuid] = True
                given = self._given(pages, uuid, variants, seen)
                if given is not None:
                    levels[uuid] = given
                    await ledgers.begin_births(
                        pages.tx, pages.connection_id, uuid, given, pages.now
                    )
            await library.set_tracking(pages.tx, pages.connection_id, tracking)
        return levels

    def _given(
        self, pages: Pages, product: str, variants: Collection[str], seen: Read
    ) -> Levels | None:
        """Unknown never writes: the product is made without stock, and adopted once its number can
        be read.
        """
        is_unread, levels = product in seen.unread, dict[str, int]()
        for variant in variants:
            known = pages.books.get(variant)
            if is_unread and (known is None or not known.ledger.is_tracked):
                return None
            book = self._looked_at(pages, product, variant, seen.looks[variant])
            level = stock.first_level(book.ledger)
            if level is None:
                if not is_unread:
                    pages.say(Code.STOCK_UNREADABLE, book, Severity.WARNING)
                return None
            levels[variant] = level
        return levels

    def _looked_at(self, pages: Pages, product: str, variant: str, look: Look) -> Book:
        book = pages.books.get(variant)
        if book is None:
            return self._opened(pages, product, variant, look)
        if not book.ledger.is_tracked:
            return pages.put(book, stock.restarted(book.ledger, look))
        step = stock.observed(book.ledger, Side.ZETTLE, look, self.timing)
        return pages.put(
            book, step.ledger, Moved(Side.ZETTLE, Cause.SEEN, step.change) if step.change else None
        )

    def _opened(self, pages: Pages, product: str, variant: str, look: Look) -> Book:
        """A variant that is new in Zettle. Its product's stock is separate, or shared, for every
        variant (S5).
        """
        apart = pages.is_apart(product)
        ledger = stock.opened(look, apart=apart)
        book = pages.put(Book(product, variant, ledger), ledger)
        if apart and isinstance(look.level, int):
            pages.say(Code.STOCK_BORN_APART, book, till=str(look.level))
        return book

    async def born(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """These variants are there. One whose level we did not give is adopted with the level it
        has, at the next look.
        """
        now = session.clock.now()
        levels = await ledgers.take_births(tx, session.connection.id, uuid, [*variants], now)
        due = self.timing.pooled(now, LAGS_MEANWHILE)
        async with opened_in(tx, session.connection.id, [uuid], now) as pages:
            for book in pages.of(levels):
                level = levels[book.variant_uuid]
                await pages.forget_flight(book)
                ledger = stock.born(book.ledger, level, variants[book.variant_uuid], now)
                pages.put(book, ledger, Moved(Side.SHOP, Cause.BORN, level))
                due = now if ledger.shop.owed else due
            if variants:
                await pages.mark(Kind.STOCK, uuid, due_at=due)

    async def all_born(self, session: Session, uuids: Collection[str]) -> None:
        """One look serves a whole batch, about a lag after its end; a batch that takes long is
        looked at now and then meanwhile.
        """
        now = session.clock.now()
        # The hooks of the last births are still on their way.
        due = self.timing.pooled(now + self.timing.lag(Side.SHOP) / 2)
        async with session.transaction() as tx:
            await work_items.mark_many(
                tx, session.connection.id, Kind.STOCK, uuids, now, due_at=due
            )

    async def not_born(self, tx: Tx, session: Session, uuid: str) -> None:
        """Nothing was made, so nothing is owed to it."""
        await ledgers.end_births(tx, session.connection.id, uuid)

    async def renewed(
        self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int], orders: Orders
    ) -> None:
        """Adopted by the work of stock, once a look shows what was done."""
        async with opened_in(tx, session.connection.id, [uuid], session.clock.now()) as pages:
            for book in pages.of(variants):
                await pages.forget_flight(book)
                variant_id = variants[book.variant_uuid]
                pages.put(
                    book, stock.renewed(book.ledger, variant_id, pages.now, self.timing, orders)
                )
            await pages.mark(Kind.STOCK, uuid)

    async def kept(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """Only the id changes; the next look shows the number."""
        async with opened_in(tx, session.connection.id, [uuid], session.clock.now()) as pages:
            for book in pages.of(variants):
                pages.put(book, stock.woken(book.ledger, variants[book.variant_uuid]))
            await pages.mark(Kind.STOCK, uuid)

    async def let_go(self, tx: Tx, session: Session, uuid: str, variants: Collection[str]) -> None:
        """What was on its way there has come to nothing, or is forgotten with the number; the
        promise lives on in Zettle's.
        """
        async with opened_in(tx, session.connection.id, [uuid], session.clock.now()) as pages:
            for book in pages.of(variants):
                if book.ledger.shop.variant_id is not None and book.ledger.is_tracked:
                    await pages.forget_flight(book)
                    pages.put(book, stock.remade(book.ledger))
