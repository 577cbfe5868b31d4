"""Changes that a merchant makes in the store to the variants and the tracking level of our products
are detected, reported and followed (decisions 17, 18).

The sweep and the product hooks pass in the products as BigCommerce shows them. Nothing here is
written to a platform, except by the button that makes the store count a product as Zettle does. A
product that has to be synced anyway is left to the sync, and checked after it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from brygga.core import hands, planning
from brygga.core.hands import Counting, Found
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Orders
from brygga.core.terms import terms_of
from brygga.database import bindings, ledgers, work_items
from brygga.database.bindings import Binding, State
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.work_items import Kind
from brygga.sync.initial_levels import InitialLevels
from brygga.sync.worker.session import Session

RECOUNT = "recount"
"""A work item's detail when the merchant asks that the store counts the product as Zettle does."""
AFTER_THE_SYNC = timedelta(seconds=10)
MOST_NAMES = 10
SAID: Mapping[Counting, tuple[Code, Severity]] = {
    Counting.WHOLE: (Code.STOCK_WHOLE, Severity.INFO),
    Counting.SPLIT: (Code.STOCK_SPLIT_UP, Severity.WARNING),
    Counting.LUMPED: (Code.STOCK_LUMPED, Severity.WARNING),
    Counting.OFF: (Code.STOCK_NOT_COUNTED, Severity.WARNING),
}


async def recount(session: Session, bound: Mapping[str, Binding]) -> None:
    """The store counts these products at the level at which Zettle counts them."""
    for binding in bound.values():
        if binding.state is State.BOUND:
            level = hands.level_of(binding.synced)
            await session.shop.update_product(binding.synced.product_id, {"tracking": level})


@dataclass(frozen=True, slots=True)
class Hands:
    """One read of some products of ours, in the transaction that writes the consequences."""

    tx: Tx
    session: Session
    initial_levels: InitialLevels
    entries: Mapping[str, Entry]

    async def seen(
        self,
        uuids: Collection[str],
        shown: Mapping[int, ObservedProduct],
        *,
        swept: bool = False,
        bound: Mapping[str, Binding] | None = None,
    ) -> list[Line]:
        """`shown` are the products that BigCommerce has, by its id; `bound` their bindings, where
        this transaction has read them. Returns the lines for the merchant.

        A sweep reads stock by itself, with a brake on mass effects (decision 9).
        """
        lines: list[Line] = []
        if bound is None:
            bound = await bindings.get_many(self.tx, self.session.connection.id, uuids)
        if not swept:
            await self._read_zeroed(bound, shown)
        for uuid, binding in bound.items():
            observed, entry = shown.get(binding.synced.product_id), self.entries.get(uuid)
            if observed is not None and entry is not None and binding.state is State.BOUND:
                lines += await self._one(entry, binding, observed)
        return lines

    async def _read_zeroed(
        self, bound: Mapping[str, Binding], shown: Mapping[int, ObservedProduct]
    ) -> None:
        """Schedules a stock read for a variant that the store shows with zero while we have a level
        for it.

        No hook may report this: switching the tracking level deletes the levels (bigcommerce facts
        5.4). Stock work reads the level, and asks the merchant when nothing explains it. A product
        whose number is not Zettle's, or that differs from its binding, is left out:
        `_followed` handles its levels.
        """
        if not any(_shows_zero(one) for one in shown.values()):
            return
        ledger_rows = await ledgers.load(self.tx, self.session.connection.id, list(bound))
        zeroed: set[str] = set()
        for variant, ledger_row in ledger_rows.items():
            binding, known = bound[ledger_row.product_uuid], ledger_row.ledger.shop.confirmed
            observed, id_ = (
                shown.get(binding.synced.product_id),
                binding.synced.variants.get(variant),
            )
            if observed is None or id_ is None or not isinstance(known, int) or known <= 0:
                continue
            if not binding.counting.is_shared or hands.is_odd(
                binding.synced, binding.counting, observed
            ):
                continue
            levels = {one.variant_id: one.inventory_level for one in observed.variants}
            by_variant = bool(binding.synced.options) or binding.counting is Counting.BASE
            level = levels.get(id_) if by_variant else observed.inventory_level
            if level == 0:
                zeroed.add(ledger_row.product_uuid)
        now = self.session.clock.now()
        await work_items.add_many(
            self.tx, self.session.connection.id, Kind.STOCK, sorted(zeroed), now
        )

    async def _one(self, entry: Entry, binding: Binding, observed: ObservedProduct) -> list[Line]:
        product = (
            None
            if entry.product is None
            else desired(entry.product, terms_of(self.session.connection)).product
        )
        found = None if product is None else hands.found(product.variants, binding.synced, observed)
        if product is None or found is None:
            return []
        is_stock_ours = entry.tracking is True
        counting = found.counting if is_stock_ours else Counting.ALIKE
        if counting is binding.counting and found.variants == binding.synced.variants:
            return []
        if planning.is_changed(binding.synced, entry.etag, force=False) and not entry.failure:
            due = self.session.clock.now() + AFTER_THE_SYNC
            await self._mark(str(observed.product_id), due)
            return []
        await self._followed(binding, found, counting, has_number=bool(observed.inventory_level))
        lines = _lines(entry, product, binding, found)
        return lines + (_counted(entry, binding.counting, counting) if is_stock_ours else [])

    async def _mark(self, subject: str, due: datetime) -> None:
        now, connection_id = self.session.clock.now(), self.session.connection.id
        await work_items.add(self.tx, connection_id, Kind.SHOP_PRODUCT, subject, now, due_at=due)

    async def _followed(
        self, binding: Binding, found: Found, counting: Counting, *, has_number: bool
    ) -> None:
        tx, session, uuid = self.tx, self.session, binding.synced.key
        if found.variants != binding.synced.variants:
            await bindings.set_variants(tx, session.connection.id, uuid, found.variants)
        if counting is not binding.counting:
            await bindings.set_counting(tx, session.connection.id, uuid, counting)
        if counting.is_paused:
            await self.initial_levels.let_go(tx, session, uuid, binding.synced.variants)
            return
        await self.initial_levels.let_go(tx, session, uuid, found.missing)
        if counting is binding.counting is Counting.WHOLE and has_number:
            # Another option names the product now, and its level was not deleted with the previous
            # option.
            await self.initial_levels.kept(tx, session, uuid, found.variants)
            return
        made_again = {key: found.variants[key] for key in found.bound_again}
        is_anew = _is_anew(binding.counting, counting)
        anew = found.variants if is_anew else made_again
        if anew and counting is not Counting.OFF:
            orders = Orders.UNSEEN if binding.counting.is_shared else Orders.NEW
            await self.initial_levels.renewed(
                tx, session, uuid, anew, orders if is_anew else Orders.ALL
            )


def _shows_zero(observed: ObservedProduct) -> bool:
    levels = (observed.inventory_level, *(one.inventory_level for one in observed.variants))
    return 0 in levels


def _is_anew(before: Counting, now: Counting) -> bool:
    """True when BigCommerce may have deleted the product's levels (bigcommerce facts 5.4), or has
    levels at another tracking level.
    """
    return before is not now and now is not Counting.OFF


def _lines(entry: Entry, product: CatalogProduct, binding: Binding, found: Found) -> list[Line]:
    if product.is_simple:
        return []
    named = {variant.key: _name(variant.values) for variant in product.variants}
    return [
        *_named(Code.VARIANTS_BOUND_AGAIN, Severity.INFO, entry, found.bound_again, named),
        *_named(Code.VARIANTS_MISSING, Severity.WARNING, entry, found.missing, named),
    ]


def _named(
    code: Code, severity: Severity, entry: Entry, keys: Sequence[str], named: Mapping[str, str]
) -> list[Line]:
    names = [named[key] for key in keys if key in named]
    if not names:
        return []
    more = f" … (+{len(names) - MOST_NAMES})" if len(names) > MOST_NAMES else ""
    params = {"name": entry.name, "variants": ", ".join(names[:MOST_NAMES]) + more}
    only = keys[0] if len(keys) == 1 else ""
    return [Line(code, Topic.PRODUCT, severity, entry.product_uuid, only, params)]


def _name(values: Sequence[tuple[str, str]]) -> str:
    return " / ".join(label for _, label in values)


def _counted(entry: Entry, before: Counting, now: Counting) -> list[Line]:
    if before is now:
        return []
    if Counting.BASE in {before, now} and {before, now} <= {Counting.BASE, Counting.ALIKE}:
        return []  # it makes no difference to the merchant
    resumed = now in {Counting.ALIKE, Counting.BASE} or (now is Counting.WHOLE and before.is_paused)
    code, severity = (Code.STOCK_RESUMED, Severity.INFO) if resumed else SAID[now]
    return [Line(code, Topic.STOCK, severity, entry.product_uuid, params={"name": entry.name})]
