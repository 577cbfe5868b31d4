"""Initial levels: the level with which a new variant is created, and the outcome of the create
(docs/design.md, "Stock").
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from brygga.core import stock
from brygga.core.report import Code, Severity
from brygga.core.stock import Gap, LevelRead, Orders, Side, Timing
from brygga.core.stock.movement import Cause, Moved
from brygga.database import initial_levels, ledgers, library, work_items
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.sync.initial_levels import Levels
from brygga.sync.stock.evidence import Read
from brygga.sync.stock.gather import Till
from brygga.sync.stock.unit_of_work import UnitOfWork, locked, locked_in, started
from brygga.sync.worker.session import Session

LAGS_MEANWHILE = 6
"""How many read lags apart new products are read while a batch of products is being created."""


@dataclass(frozen=True, slots=True)
class StockInitialLevels:
    """Between `first_levels` and `created` a sale in Zettle only moves Zettle's record. After it
    the new variant's `to_push` is the difference.
    """

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def first_levels(
        self, session: Session, uuids: Collection[str]
    ) -> Mapping[str, Levels | None]:
        """By product: each variant's level, saved before it is sent. None where Zettle does not
        track the product (S1).

        A product that cannot be read now is left out: it is not created before its level is known
        (decision 15).
        """
        async with session.read() as tx:
            entries = await library.get_many(tx, session.connection.id, uuids)
            ledger_rows = await ledgers.load(tx, session.connection.id, uuids)
        products = {
            uuid: entry.product for uuid, entry in entries.items() if entry.product is not None
        }
        wanted = {
            uuid: [variant.uuid for variant in product.variants]
            for uuid, product in products.items()
        }
        seen = await self.till.reads(session, wanted, ledger_rows)

        levels: dict[str, Levels | None] = {uuid: None for uuid in uuids if uuid not in seen.unread}
        tracking: dict[str, bool] = {}
        begun: dict[str, Levels] = {}
        async with locked(session, wanted) as unit:
            for uuid, variants in wanted.items():
                found = [seen.reads[variant].level for variant in variants]
                if Gap.UNTRACKED in found:
                    tracking[uuid] = False
                    continue
                if any(isinstance(level, int) for level in found):
                    tracking[uuid] = True
                given = self._given(unit, uuid, variants, seen)
                if given is not None:
                    levels[uuid] = begun[uuid] = given
            await initial_levels.begin_creates(unit.tx, unit.connection_id, begun, unit.now)
            await library.set_tracking(unit.tx, unit.connection_id, tracking)
        return levels

    def _given(
        self, unit: UnitOfWork, product: str, variants: Collection[str], seen: Read
    ) -> Levels | None:
        """An unknown level is never written: the product is created without stock, and attached
        when its number can be read.
        """
        is_unread, levels = product in seen.unread, dict[str, int]()
        for variant in variants:
            known = unit.ledger_rows.get(variant)
            if is_unread and (known is None or not known.ledger.is_tracked):
                return None
            ledger_row = self._read_into(unit, product, variant, seen.reads[variant])
            level = stock.first_level(ledger_row.ledger)
            if level is None:
                if not is_unread:
                    unit.say(Code.STOCK_UNREADABLE, ledger_row, Severity.WARNING)
                return None
            levels[variant] = level
        return levels

    def _read_into(
        self, unit: UnitOfWork, product: str, variant: str, read: LevelRead
    ) -> LedgerRow:
        ledger_row = unit.ledger_rows.get(variant)
        if ledger_row is None:
            ledger_row = unit.begin(product, variant, read)
            if ledger_row.ledger.separate and isinstance(read.level, int):
                unit.say(Code.STOCK_CREATED_SEPARATE, ledger_row, till=str(read.level))
            return ledger_row
        if not ledger_row.ledger.is_tracked:
            started(unit, ledger_row, read)
            return unit.ledger_rows[variant]
        step = stock.observed(ledger_row.ledger, Side.ZETTLE, read, self.timing)
        return unit.update(
            ledger_row,
            step.ledger,
            Moved(Side.ZETTLE, Cause.SEEN, step.change) if step.change else None,
        )

    async def created(
        self, tx: Tx, session: Session, products: Mapping[str, Mapping[str, int]]
    ) -> None:
        """These variants exist. One whose level we did not give is attached with the level that it
        has, at the next read.
        """
        now, connection_id = session.clock.now(), session.connection.id
        made = {uuid: variants for uuid, variants in products.items() if variants}
        if not made:
            return
        levels = await initial_levels.take_creates(tx, connection_id, made, now)
        urgent: set[str] = set()
        async with locked_in(tx, connection_id, made, now) as unit:
            for ledger_row in unit.of(levels):
                level, uuid = levels[ledger_row.variant_uuid], ledger_row.product_uuid
                await unit.forget_pending_write(ledger_row)
                ledger = stock.created(
                    ledger_row.ledger, level, made[uuid][ledger_row.variant_uuid], now
                )
                unit.update(ledger_row, ledger, Moved(Side.SHOP, Cause.CREATED, level))
                if ledger.shop.to_push:
                    urgent.add(uuid)
            due = self.timing.pooled(now, LAGS_MEANWHILE)
            await unit.item(Kind.STOCK, *sorted(urgent))
            await unit.item(Kind.STOCK, *sorted(made.keys() - urgent), due_at=due)

    async def all_created(self, session: Session, uuids: Collection[str]) -> None:
        """One read covers a whole batch, about one read lag after its end. A batch that takes long
        is also read from time to time before its end.
        """
        now = session.clock.now()
        # The webhooks of the last creates may still arrive.
        due = self.timing.pooled(now + self.timing.read_lag(Side.SHOP) / 2)
        async with session.transaction() as tx:
            await work_items.add_many(tx, session.connection.id, Kind.STOCK, uuids, now, due_at=due)

    async def not_created(self, tx: Tx, session: Session, uuid: str) -> None:
        """The product was not created, so nothing is written to it."""
        await initial_levels.end_creates(tx, session.connection.id, uuid)

    async def renewed(
        self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int], orders: Orders
    ) -> None:
        """The stock work attaches these variants when a read shows the new state."""
        async with locked_in(tx, session.connection.id, [uuid], session.clock.now()) as unit:
            for ledger_row in unit.of(variants):
                await unit.forget_pending_write(ledger_row)
                variant_id = variants[ledger_row.variant_uuid]
                unit.update(
                    ledger_row,
                    stock.renewed(ledger_row.ledger, variant_id, unit.now, self.timing, orders),
                )
            await unit.item(Kind.STOCK, uuid)

    async def kept(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """Only the id changes. The next read shows the number."""
        async with locked_in(tx, session.connection.id, [uuid], session.clock.now()) as unit:
            for ledger_row in unit.of(variants):
                unit.update(
                    ledger_row, stock.resumed(ledger_row.ledger, variants[ledger_row.variant_uuid])
                )
            await unit.item(Kind.STOCK, uuid)

    async def let_go(self, tx: Tx, session: Session, uuid: str, variants: Collection[str]) -> None:
        """The variants are let go. A pending write to them has not landed, or is forgotten together
        with the number. Zettle's record keeps the target.
        """
        async with locked_in(tx, session.connection.id, [uuid], session.clock.now()) as unit:
            for ledger_row in unit.of(variants):
                if ledger_row.ledger.shop.variant_id is not None and ledger_row.ledger.is_tracked:
                    await unit.forget_pending_write(ledger_row)
                    unit.update(ledger_row, stock.recreated(ledger_row.ledger))
