"""Stock in the sweep: every shelf, a thousand rows a request; what nobody announced is found (docs/design.md, "Work").

A sweep that would empty more than a tenth of the catalogue does not: it asks (decision 9, `braking`). Hints go their own way.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from brygga.core.stock import Gap, Look, Side, Timing
from brygga.store import bindings, ledgers, marks, movements, outworn
from brygga.store.bindings import State
from brygga.store.marks import Kind
from brygga.sync.session import Session
from brygga.sync.stock.braking import braked
from brygga.sync.stock.gather import Known, Looks, Till, World, balances, location, look_at, on_paper, proven
from brygga.sync.stock.pages import opened
from brygga.sync.stock.work import book, come_back

AT_ONCE = 200
"""Products whose ledgers are written in one transaction."""


@dataclass(frozen=True, slots=True)
class StockSweep:
    """The sweep's part for stock. Also wakes what a dead worker left in the air."""

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session) -> None:
        connection_id = session.connection.id
        async with session.read() as tx:
            bound = await bindings.all_of(tx, connection_id)
            uuids = sorted(
                {
                    *(await ledgers.products(tx, connection_id)),
                    *(u for u, one in bound.items() if one.state is State.BOUND),
                }
            )
            paper = await on_paper(tx, connection_id, bound, uuids)
        if uuids:
            await self._compared(session, uuids, paper)
        await self._tidy(session)

    async def _compared(self, session: Session, uuids: Sequence[str], paper: Known) -> None:
        shop = await self._in_shop(session, paper)
        world = World(paper, {Side.SHOP: shop, Side.ZETTLE: await self._at_till(session, paper)})

        stopped = await braked(session, world, len(paper.bound))
        for place in range(0, len(uuids), AT_ONCE):
            some = [uuid for uuid in uuids[place : place + AT_ONCE] if uuid not in stopped]
            await book(session, _part(world, some), some, self.timing, swept=True)
            async with opened(session, some) as pages:
                await come_back(pages, self.timing)

    async def _at_till(self, session: Session, paper: Known) -> Looks:
        begun = session.clock.now()
        places = await self.till.inventories(session)
        tracked = await self._tracked(session, paper)
        found = balances(await session.zettle.stock(places.store)) if places is not None else {}
        looks: dict[str, Look] = {}
        for uuid, variants in paper.at_till.items():
            for variant in variants:
                rest = Gap.UNTRACKED if uuid not in tracked else Gap.UNKNOWN if places is None else 0
                looks[variant] = Look(found.get(variant, rest) if uuid in tracked else rest, begun)
        return looks

    async def _tracked(self, session: Session, paper: Known) -> Collection[str]:
        """What the list leaves out is asked for by name: a list that is too short must not stop a product (decision 3)."""
        tracked = await session.zettle.tracked()
        counted = {book.product_uuid for book in paper.books.values() if book.ledger.is_tracked}
        missing = sorted(counted - tracked)
        named = await session.zettle.tracking_status(missing) if missing else {}
        return tracked | {uuid for uuid, on in named.items() if on}

    async def _in_shop(self, session: Session, paper: Known) -> Looks:
        rows: dict[int, Look] = {}
        number: int | None = 1
        while number is not None:
            begun = session.clock.now()
            page = await session.shop.levels_page(location(session), number)
            rows |= {row.variant_id: look_at(row, Look(Gap.UNKNOWN, begun)) for row in page}
            number = page.next
        looks = {variant: rows[variant_id] for variant, variant_id in paper.in_shop.items() if variant_id in rows}
        return await proven(session, paper, looks)

    async def _tidy(self, session: Session) -> None:
        now = session.clock.now()
        async with session.transaction() as tx:
            left = await ledgers.in_the_air(tx, session.connection.id)
            due = now + self.timing.grace
            await marks.mark_many(tx, session.connection.id, Kind.SETTLE, left, now, due_at=due)
            await outworn.prune(tx, session.connection.id, now)
            await movements.prune(tx, now)


def _part(world: World, uuids: Sequence[str]) -> World:
    """The same looks for some of the products."""
    wanted = set(uuids)
    bound = {uuid: one for uuid, one in world.known.bound.items() if uuid in wanted}
    books = {variant: one for variant, one in world.known.books.items() if one.product_uuid in wanted}
    looks: Mapping[Side, Looks] = world.looks
    return World(Known(bound, books, world.known.gone), looks)
