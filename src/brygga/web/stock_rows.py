"""The rows of a product's Stock section, and of the forms that split and join its stock (rules S5,
S6).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from brygga.core import stock
from brygga.core.hands import Counting
from brygga.core.model import Product
from brygga.core.stock import LIMITS, Ledger, Side
from brygga.database.bindings import Binding
from brygga.database.ledgers import LedgerRow
from brygga.web.checks import variant_label
from brygga.web.numbers import Problem, number, seen
from brygga.web.visit import Form


@dataclass(frozen=True, slots=True)
class StockView:
    """One variant. `zettle` and `shop` are the targets of each side, `shared` is the number of
    both. None where there is none.

    The form starts from the shared number: all of it in Zettle, as far as Zettle can hold it, so
    that the sum is unchanged. Where stock is separate already, it starts from the two numbers.
    """

    uuid: str
    name: str
    zettle: int | None
    shop: int | None
    shared: int | None
    joined: int | None
    """What both sides will have when stock is joined again, as far as they can hold it."""
    moving: bool = False
    beyond: int = 0
    """The units of `zettle` that Zettle cannot hold: only BigCommerce shows them."""
    check: bool = False
    form_zettle: str = ""
    form_shop: str = ""
    problems: tuple[str, str] = ("", "")
    was: int | None = None
    """The number that an outdated form started from."""
    separate: bool = False
    zettle_now: int | None = None
    """What Zettle is known to show now. None for no number."""
    shop_now: int | None = None

    @property
    def base(self) -> int | None:
        """The number that is split: the shared one, or what both sides have together when the split
        is changed.
        """
        if not self.separate:
            return self.shared
        if self.zettle is None or self.shop is None:
            return None
        return self.zettle + self.shop

    @property
    def is_same(self) -> bool:
        return self.zettle_now is not None and self.zettle_now == self.shop_now

    @property
    def sum(self) -> int | None:
        """The sum of the form's numbers, if both are numbers. Also a sum that Zettle cannot hold,
        which is refused.
        """
        till, shop = number(self.form_zettle, Side.SHOP), number(self.form_shop, Side.SHOP)
        return None if isinstance(till, Problem) or isinstance(shop, Problem) else till + shop

    @property
    def joined_zettle(self) -> int | None:
        """What Zettle will show of the joined number."""
        return None if self.joined is None else min(self.joined, LIMITS[Side.ZETTLE].highest)

    @property
    def joined_shop(self) -> int | None:
        """What BigCommerce will show of it, which is never below zero (decision 7)."""
        return None if self.joined is None else min(max(0, self.joined), LIMITS[Side.SHOP].highest)

    @property
    def is_filled(self) -> bool:
        return not any(isinstance(one, Problem) for one in self.typed)

    @property
    def typed(self) -> tuple[int | Problem, int | Problem]:
        return number(self.form_zettle, Side.ZETTLE), number(self.form_shop, Side.SHOP)

    @property
    def changes_sum(self) -> bool:
        return self.sum != self.base


_MISCOUNTED = frozenset({Counting.SPLIT, Counting.LUMPED, Counting.OFF})


def is_alike(binding: Binding | None) -> bool:
    """False where BigCommerce counts the product in a way that its stock cannot be shared
    (decisions 17, 18).
    """
    return binding is None or binding.counting not in _MISCOUNTED


def stock_rows(product: Product | None, ledger_rows: Iterable[LedgerRow]) -> tuple[StockView, ...]:
    """In the order of Zettle's variants. A variant that Zettle no longer has is shown only while
    the merchant is asked to check it.
    """
    order = (
        {variant.uuid: place for place, variant in enumerate(product.variants)} if product else {}
    )
    ledger_rows = [
        ledger_row
        for ledger_row in ledger_rows
        if not product or ledger_row.variant_uuid in order or ledger_row.is_asked
    ]
    sorted_rows = sorted(
        ledger_rows,
        key=lambda ledger_row: (
            order.get(ledger_row.variant_uuid, len(order)),
            ledger_row.variant_uuid,
        ),
    )
    return tuple(
        _row(ledger_row, variant_label(product, ledger_row.variant_uuid))
        for ledger_row in sorted_rows
    )


def _row(ledger_row: LedgerRow, name: str) -> StockView:
    """The targets, including what is not written yet: two sides that are joined get the sum of
    their targets, not of the last read levels.
    """
    ledger = ledger_row.ledger
    till, shop = ledger.zettle, ledger.shop
    shared = None if ledger.separate or shop.target is None else ledger.target
    at_till = min(max(0, shared or 0), LIMITS[Side.ZETTLE].highest)
    start = (at_till, max(0, shared or 0) - at_till)
    if ledger.separate:
        start = (max(0, till.target or 0), max(0, shop.target or 0))
    return StockView(
        uuid=ledger_row.variant_uuid,
        name=name,
        zettle=till.target,
        shop=shop.target,
        shared=shared,
        joined=stock.joined(ledger).target,
        moving=any(_moves(ledger, side) for side in Side),
        beyond=stock.excess(ledger, Side.ZETTLE),
        check=ledger_row.is_asked,
        form_zettle=str(start[0]),
        form_shop=str(start[1]),
        separate=ledger.separate,
        zettle_now=till.confirmed if isinstance(till.confirmed, int) else None,
        shop_now=shop.confirmed if isinstance(shop.confirmed, int) else None,
    )


def _moves(ledger: Ledger, side: Side) -> bool:
    """Whether a write is waiting that can be sent."""
    record = ledger[side]
    return record.pending_write is not None or record.to_push != stock.unshown(ledger, side)


@dataclass(frozen=True, slots=True)
class Split:
    """The form of separate stock as it was sent, with the present numbers."""

    rows: tuple[StockView, ...]

    @property
    def is_filled(self) -> bool:
        return all(row.is_filled for row in self.rows)

    @property
    def is_outdated(self) -> bool:
        return any(row.was is not None for row in self.rows)

    @property
    def changes_sum(self) -> bool:
        return any(row.changes_sum for row in self.rows)

    @property
    def shares(self) -> Mapping[str, tuple[int, int, int]]:
        """Variant uuid -> (to Zettle, to BigCommerce, the number that is split). For a form that is
        filled and not outdated.
        """
        found = {}
        for row in self.rows:
            till, shop = row.typed
            assert isinstance(till, int)
            assert isinstance(shop, int)
            assert row.base is not None
            found[row.uuid] = (till, shop, row.base)
        return found


def sent(form: Form, rows: Sequence[StockView]) -> Split:
    """What the merchant typed, row by row. A row that the form did not have, or that started from
    another number, makes the form outdated.
    """
    till, shop, shared = form.starting("zettle-"), form.starting("shop-"), form.starting("shared-")
    filled = []
    for row in rows:
        typed = (till.get(row.uuid, row.form_zettle)[:20], shop.get(row.uuid, row.form_shop)[:20])
        typed_row = replace(row, form_zettle=typed[0], form_shop=typed[1])
        reported = [one.value if isinstance(one, Problem) else "" for one in typed_row.typed]
        from_ = seen(shared.get(row.uuid, ""))
        was = (0 if from_ is None else from_) if from_ != row.base else None
        filled.append(replace(typed_row, problems=(reported[0], reported[1]), was=was))
    return Split(tuple(filled))
