"""What a missing row means. Alone it means nothing (decision 15).

A row names a variant and its level. An answer without that row may be empty by mistake. So a second
kind of evidence must agree, one that such an answer cannot give:

| Zettle's answer has no row for a variant, and | the level |
|---|---|
| its tracking status says off, by name | not tracked |
| no tracking status names it, and the list of tracked products names only others | not tracked |
| neither names it, and we never counted it, or Zettle's library no longer has it | not tracked |
| its status says on, and the answer has rows of others, or of another variant | 0 [1] |
| its status says on, and it has none beside a variant that has a row [2] | 0 |
| its status says on, and the whole inventory has rows, but none of it | 0 |
| its status says on, the account has no rows, and neither it nor any other had one | 0 |
| anything else: an answer and a tracking status contradict each other | unread |

[1] zettle facts 3.4. [2] It is asked for together with that variant (`ledgers.stocked`). In the
last row the answer says "not tracked" and the status says on, or the answer has rows and the status
says off.

| BigCommerce's answer has no row for a bound variant, and | the level |
|---|---|
| the catalogue does not count its product as Zettle does | not counted (`Gap.UNTRACKED`) |
| the catalogue does not have the variant either | not there (`Gap.NOT_CREATED`) |
| the catalogue has it and counts it | unread |

Unread moves nothing. The product is asked again within seconds. If that lasts, the sync log names
the side (`sync.worker.judging`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import Unreachable
from brygga.core.hands import Counting, counting, is_there
from brygga.core.model import ObservedProduct
from brygga.core.stock import Gap, LevelRead, Side
from brygga.database import ledgers, library
from brygga.database.bindings import Binding
from brygga.database.ledgers import LedgerRow
from brygga.sync.shown import products_shown
from brygga.sync.worker.session import Session
from brygga.zettle.api.inventory import ASKED_AT_ONCE
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import Balance, Statuses, StockOf

Reads = Mapping[str, LevelRead]
"""By variant uuid."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one side showed. `unread` are the Zettle products whose answers contradict each other:
    they are asked for again.

    `slots` are the marker's items in open calls, by BigCommerce variant id.
    """

    reads: Reads = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    slots: Mapping[int, LevelRead] = field(default_factory=dict)


CODES = {Side.ZETTLE: TillCode.UNREACHABLE, Side.SHOP: ShopCode.UNREACHABLE}


def unreadable(side: Side, uuid: str) -> Unreachable:
    """A side's answers about one product contradict each other. Nothing is changed, and the product
    is asked for again within seconds.
    """
    return Unreachable(CODES[side].value, f"the stock of {uuid} cannot be read")


# ---- Zettle --------------------------------------------------------------------------------------


def balances(rows: Iterable[Balance]) -> dict[str, int | Gap]:
    """The balances by variant. A balance that could not be read is unknown."""
    return {row.variant_uuid: Gap.UNKNOWN if row.balance is None else row.balance for row in rows}


async def is_tracked(
    session: Session,
    products: Collection[str],
    ledger_rows: Iterable[LedgerRow],
    listed: frozenset[str] | None = None,
) -> Statuses:
    """Whether tracking is on, for those of these products about which Zettle's answers agree.

    `ledger_rows` are our ledgers of them. With the list of all tracked products (`listed`), no
    request is needed for products in it, nor for products that we never counted.
    """
    counted = {one.product_uuid for one in ledger_rows if one.ledger.is_tracked}
    said = dict.fromkeys(listed & {*products}, True) if listed is not None else {}
    asked = products if listed is None else counted & {*products} - listed
    said |= await session.zettle.tracking_status(sorted(asked)) if asked else {}
    unnamed = set(products) - said.keys()
    if not unnamed:
        return said
    listed = await session.zettle.tracked() if listed is None else listed
    async with session.read() as tx:
        entries = {} if listed else await library.get_many(tx, session.connection.id, unnamed)
    for uuid in unnamed - listed:
        is_gone = uuid not in entries or entries[uuid].removed_at is not None
        if listed or is_gone or uuid not in counted:
            said[uuid] = False
    return said


@dataclass(slots=True)
class TillEvidence:
    """One read of some products in the inventory `store` ("" where there is none), and our ledgers
    of them, by variant.
    """

    session: Session
    store: str
    ledger_rows: Mapping[str, LedgerRow]
    read_started: datetime
    rows: list[Balance] = field(default_factory=list)

    async def by_name(self, wanted: Mapping[str, Collection[str]]) -> Read:
        """Reads these by name: product uuid -> variant uuids."""
        answer = (
            await self.session.zettle.stock_of_many(self.store, [*wanted])
            if self.store
            else StockOf()
        )
        self.rows += answer.rows
        without_rows = self._without_rows(wanted)
        tracked = await is_tracked(self.session, without_rows, self.ledger_rows.values())
        return await self._read(wanted, answer, tracked)

    async def by_list(self, wanted: Mapping[str, Collection[str]]) -> Read:
        """Reads one list of all rows. A level that the list does not confirm is asked for by name
        before it counts (decision 15).
        """
        listed = await self.session.zettle.tracked()
        tracked = await is_tracked(self.session, wanted, self.ledger_rows.values(), listed)
        rows = await self.session.zettle.stock(self.store) if self.store else ()
        self.rows += [row for row in rows if tracked.get(row.product_uuid)]
        without_rows = self._without_rows(wanted).items()
        quiet = frozenset(
            uuid for uuid, missing in without_rows if all(map(self._is_quiet_at_zero, missing))
        )
        return await self._read(wanted, StockOf(whole=quiet), tracked)

    def _without_rows(self, wanted: Mapping[str, Collection[str]]) -> Mapping[str, Collection[str]]:
        """The products with missing rows, and the variants whose rows are missing."""
        found = {row.variant_uuid for row in self.rows}
        return {
            uuid: missing for uuid, variants in wanted.items() if (missing := {*variants} - found)
        }

    def _is_quiet_at_zero(self, variant: str) -> bool:
        """Whether its confirmed level is 0, with no pending write and no open event. Then a missing
        row says nothing new.
        """
        ledger_row = self.ledger_rows.get(variant)
        till = None if ledger_row is None else ledger_row.ledger.zettle
        return (
            till is not None
            and till.confirmed == 0
            and till.pending_write is None
            and till.hinted is None
        )

    async def _read(
        self, wanted: Mapping[str, Collection[str]], answer: StockOf, tracked: Statuses
    ) -> Read:
        without_rows = self._without_rows(wanted).keys()
        named = {row.product_uuid for row in self.rows}
        off = {uuid for uuid in without_rows if tracked.get(uuid) is False and uuid not in named}
        on = {uuid for uuid in without_rows if tracked.get(uuid)}
        proven = on & answer.whole
        proven |= await self.prove(on - answer.whole - answer.refused)

        found = balances(self.rows)
        reads: dict[str, LevelRead] = {}
        for uuid, variants in wanted.items():
            rest = Gap.UNTRACKED if uuid in off else 0 if uuid in proven else Gap.UNKNOWN
            reads |= {
                variant: LevelRead(found.get(variant, rest), self.read_started)
                for variant in variants
            }
        return Read(reads, frozenset(self._without_rows(wanted).keys() - off - proven))

    async def prove(self, tracked: Collection[str]) -> set[str]:
        """The tracked products whose rows are proven now: a variant without a row has 0."""
        if not tracked or not self.store:
            return set()
        proven = await self._beside_a_known_row(sorted(tracked))
        if rest := set(tracked) - proven:
            proven |= await self._in_the_whole(rest)
        return proven

    async def _product_with_a_row(self, without: Collection[str]) -> str:
        """A product, not one of these, of which Zettle has a row as far as we know. "": none."""
        async with self.session.read() as tx:
            return await ledgers.stocked(tx, self.session.connection.id, without)

    async def _beside_a_known_row(self, wanted: Sequence[str]) -> set[str]:
        """Sends one more request that also asks for a product that has a row. An answer without any
        row is then known to be wrong.
        """
        known = await self._product_with_a_row(wanted)
        if not known:
            return set()
        proven: set[str] = set()
        size = ASKED_AT_ONCE - 1
        for place in range(0, len(wanted), size):
            some = [*wanted[place : place + size], known]
            answer = await self.session.zettle.stock_of_many(self.store, some)
            self.rows += [row for row in answer.rows if row.product_uuid != known]
            proven |= answer.whole & {*wanted}
        return proven

    async def _in_the_whole(self, wanted: Collection[str]) -> set[str]:
        """Reads the whole inventory, which is a different request. Where nothing has a row, a
        variant that never had one has none.
        """
        rows = await self.session.zettle.stock(self.store)
        self.rows += [row for row in rows if row.product_uuid in wanted]
        if rows:
            return set(wanted)
        if await self._product_with_a_row(()):
            return set()
        had_rows = {
            one.product_uuid
            for one in self.ledger_rows.values()
            if one.ledger.zettle.confirmed not in {0, *Gap}
        }
        return {*wanted} - had_rows


async def rows_of(session: Session, store: str, uuid: str) -> Sequence[Balance] | None:
    """The rows of one tracked product. None where the answers prove nothing."""
    answer = await session.zettle.stock_of_many(store, [uuid])
    if uuid in answer.whole:
        return answer.rows
    if uuid in answer.refused:
        return None
    evidence = TillEvidence(session, store, {}, session.clock.now())
    return evidence.rows if await evidence.prove({uuid}) else None


# ---- BigCommerce ---------------------------------------------------------------------------------


def is_proven_gone(ledger_row: LedgerRow | None, variant_id: int) -> bool:
    """Whether the variant is already proven gone, without a pending write: its record is suspended
    until the product work has found it.
    """
    shop = None if ledger_row is None else ledger_row.ledger.shop
    return (
        shop is not None
        and shop.is_suspended
        and shop.variant_id == variant_id
        and shop.pending_write is None
    )


async def absent_in_shop(
    session: Session,
    missing: Mapping[str, int],
    bound: Mapping[str, Binding],
    ledger_rows: Mapping[str, LedgerRow],
    read: LevelRead,
) -> Read:
    """What it means that the store's stock has no rows of these bound variants (uuid -> BigCommerce
    variant id).
    """
    owner = {variant: one for one in bound.values() for variant in one.synced.variants}
    asked = {
        variant
        for variant, id_ in missing.items()
        if not is_proven_gone(ledger_rows.get(variant), id_)
    }
    observed = await products_shown(
        session, sorted({owner[variant].synced.product_id for variant in asked})
    )
    reads: dict[str, LevelRead] = {}
    unread: set[str] = set()
    for variant, variant_id in missing.items():
        gap = (
            _absence(observed, owner[variant], variant_id) if variant in asked else Gap.NOT_CREATED
        )
        touched = ledger_rows[variant].ledger.shop.touched if variant in ledger_rows else None
        # A read that trails may not show a variant that was just created or written.
        is_young = (
            touched is not None
            and read.read_started < touched + session.settings.stock.read_lag(Side.SHOP)
        )
        if gap is Gap.UNKNOWN and not is_young:
            unread.add(owner[variant].synced.key)
        reads[variant] = replace(read, level=gap)
    return Read(reads, frozenset(unread))


def _absence(observed: Mapping[int, ObservedProduct], binding: Binding, variant_id: int) -> Gap:
    shown = observed.get(binding.synced.product_id)
    if shown is None:
        return Gap.NOT_CREATED
    if counting(binding.synced, shown) is not Counting.ALIKE:
        return Gap.UNTRACKED
    return Gap.UNKNOWN if not shown.variants or is_there(variant_id, shown) else Gap.NOT_CREATED
