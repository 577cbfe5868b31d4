"""First levels: what a new variant is created with, and what became of the create (docs/design.md, "Stock", Birth)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from brygga.core import stock
from brygga.core.model import Product
from brygga.core.report import Code, Severity
from brygga.core.stock import Gap, Look, Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.store import ledgers, library, marks
from brygga.store.database import Tx
from brygga.store.ledgers import Book
from brygga.store.marks import Kind
from brygga.sync.births import Levels
from brygga.sync.session import Session
from brygga.sync.stock.before import begun_anew
from brygga.sync.stock.gather import Looks, Till
from brygga.sync.stock.pages import Pages, opened, opened_in

LAGS_MEANWHILE = 6
"""How many lags apart the looks at newborns are while a batch of products is being made."""


@dataclass(frozen=True, slots=True)
class StockBirths:
    """Between `first_levels` and `born` a till sale only moves Zettle's shelf: the newborn is then owed the difference."""

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def first_levels(self, session: Session, uuids: Collection[str]) -> Mapping[str, Levels | None]:
        """By product: each variant's level, on disk before anybody sends it. None where Zettle does not track the product (S1)."""
        async with session.read() as tx:
            entries = await library.get_many(tx, session.connection.id, uuids)
        products = {uuid: entry.product for uuid, entry in entries.items() if entry.product is not None}
        wanted = {uuid: [variant.uuid for variant in product.variants] for uuid, product in products.items()}
        looks = await self.till.looks(session, wanted)

        levels: dict[str, Levels | None] = dict.fromkeys(uuids)
        async with opened(session, wanted) as pages:
            for uuid, product in products.items():
                levels[uuid] = await self._given(pages, product, looks)
            tracking = {uuid: _is_tracked(product, looks) for uuid, product in products.items()}
            known = {uuid: on for uuid, on in tracking.items() if on is not None}
            await library.set_tracking(pages.tx, pages.connection_id, known)
        return levels

    async def _given(self, pages: Pages, product: Product, looks: Looks) -> Levels | None:
        seen = {variant.uuid: looks[variant.uuid] for variant in product.variants}
        if any(look.level is Gap.UNTRACKED for look in seen.values()):
            return None
        levels: dict[str, int] = {}
        for variant, look in seen.items():
            book = await self._looked_at(pages, product.uuid, variant, look)
            level = None if book is None else stock.first_level(book.ledger)
            if level is None:
                # Unknown never writes: the product is made without stock, and adopted once its number can be read.
                if book is not None:
                    pages.say(Code.STOCK_UNREADABLE, book, Severity.WARNING)
                return None
            levels[variant] = level
        await ledgers.begin_births(pages.tx, pages.connection_id, product.uuid, levels, pages.now)
        return levels

    async def _looked_at(self, pages: Pages, product: str, variant: str, look: Look) -> Book | None:
        book = pages.books.get(variant)
        if book is None:
            return self._opened(pages, product, variant, look)
        if not book.ledger.is_tracked:
            return await begun_anew(pages, book, look, self.timing)
        step = stock.observed(book.ledger, Side.ZETTLE, look, self.timing)
        what = Moved(Side.ZETTLE, Cause.SEEN, step.change) if step.change else None
        return pages.put(book, step.ledger, what)

    def _opened(self, pages: Pages, product: str, variant: str, look: Look) -> Book:
        """A variant that is new in Zettle. Its product's stock is separate, or shared, for every variant (S5)."""
        apart = pages.is_apart(product)
        ledger = stock.opened(look, apart=apart)
        book = pages.put(Book(product, variant, ledger), ledger)
        if apart and isinstance(look.level, int):
            pages.say(Code.STOCK_BORN_APART, book, till=str(look.level))
        return book

    async def born(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """These variants are there. One whose level we did not give is adopted with the level it has, at the next look."""
        now = session.clock.now()
        levels = await ledgers.take_births(tx, session.connection.id, uuid, [*variants], now)
        due = self.timing.pooled(now, LAGS_MEANWHILE)
        async with opened_in(tx, session.connection.id, [uuid], now) as pages:
            for variant, variant_id in sorted(variants.items()):
                book = pages.books.get(variant)
                if book is None:
                    continue
                if variant not in levels:
                    continue
                ledger = stock.born(book.ledger, levels[variant], variant_id, now)
                pages.put(book, ledger, Moved(Side.SHOP, Cause.BORN, levels[variant]))
                due = now if ledger.shop.owed else due
        if variants:
            await marks.mark(tx, session.connection.id, Kind.STOCK, uuid, now, due_at=due)

    async def all_born(self, session: Session, uuids: Collection[str]) -> None:
        """One look serves a whole batch, about a lag after its end; a batch that takes long is looked at now and then meanwhile."""
        now = session.clock.now()
        # The hooks of the last births are still on their way.
        due = self.timing.pooled(now + self.timing.lag(Side.SHOP) / 2)
        async with session.transaction() as tx:
            await marks.mark_many(tx, session.connection.id, Kind.STOCK, uuids, now, due_at=due)

    async def not_born(self, tx: Tx, session: Session, uuid: str) -> None:
        """Nothing was made, so nothing is owed to it."""
        await ledgers.end_births(tx, session.connection.id, uuid)


def _is_tracked(product: Product, looks: Looks) -> bool | None:
    """None where no number could be read: that says nothing about tracking."""
    levels = [looks[variant.uuid].level for variant in product.variants]
    if Gap.UNTRACKED in levels:
        return False
    return True if any(isinstance(level, int) for level in levels) else None
