"""Stock in the sweep: reads every record, a thousand rows a request, and finds the changes that no
event announced (docs/design.md, "Work").

A sweep that would bring more than a tenth of the catalogue to zero stops and asks (decision 9,
`braking`). Change events are handled separately.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from brygga.core.stock import Side, Timing
from brygga.database import movements, pending_writes, retention, work_items
from brygga.database.work_items import Kind
from brygga.sync.stock.braking import braked
from brygga.sync.stock.gather import Stored, Till, World, gather
from brygga.sync.stock.orders import sold_since
from brygga.sync.stock.reconciling import Reconciling
from brygga.sync.stock.unit_of_work import locked
from brygga.sync.stock.work import come_back
from brygga.sync.worker.session import Session

AT_ONCE = 200
"""How many products' ledgers are written in one transaction."""


@dataclass(frozen=True, slots=True)
class StockSweep:
    """The sweep's part for stock. It also makes due the pending writes of a worker that died."""

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session) -> None:
        world = await gather(session, self.till)
        unread = sorted(world.unread[Side.ZETTLE])
        async with session.transaction() as tx:
            await work_items.add_many(
                tx, session.connection.id, Kind.STOCK, unread, session.clock.now()
            )
        stopped = await braked(session, world, len(world.stored.bound))
        uuids = [uuid for uuid in world.stored.uuids if uuid not in stopped]
        sold = await sold_since(session, _part(world, uuids), self.timing)
        for place in range(0, len(uuids), AT_ONCE):
            some = uuids[place : place + AT_ONCE]
            async with locked(session, some) as unit:
                pending = await pending_writes.pending(unit.tx, unit.connection_id, some)
                await Reconciling(unit, _part(world, some), self.timing, swept=True, sold=sold).run(
                    pending
                )
                come_back(unit, self.timing, world.stored.uncounted)
        await self._tidy(session)

    async def _tidy(self, session: Session) -> None:
        now = session.clock.now()
        async with session.transaction() as tx:
            left = await pending_writes.with_pending_writes(tx, session.connection.id)
            due = now + self.timing.request_deadline
            await work_items.add_many(
                tx, session.connection.id, Kind.RESOLVE, left, now, due_at=due
            )
            await retention.prune(tx, session.connection.id, now)
            await movements.prune(tx, now)


def _part(world: World, uuids: Sequence[str]) -> World:
    """The same reads, for some of the products."""
    stored, wanted = world.stored, set(uuids)
    bound = {uuid: one for uuid, one in stored.bound.items() if uuid in wanted}
    variants = {variant: of for variant, of in stored.variants.items() if of[0] in wanted}
    ledger_rows = {
        variant: one for variant, one in stored.ledger_rows.items() if one.product_uuid in wanted
    }
    return World(
        Stored(uuids, bound, variants, ledger_rows, stored.gone), world.reads, slots=world.slots
    )
