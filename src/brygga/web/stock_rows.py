"""The rows of a product's Stock section, and of the forms that part and join it (rules S5, S6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from brygga.core import stock
from brygga.core.model import Product
from brygga.store.ledgers import Book
from brygga.web.doubts import variant_label
from brygga.web.numbers import Problem, number, seen
from brygga.web.visit import Form


@dataclass(frozen=True, slots=True)
class StockView:
    """One variant. `zettle` and `shop` are what each side promises, `shared` the number of both; None where there is none.

    The form starts from the shared number: all of it at the till, none in the shop, so that the sum is unchanged.
    """

    uuid: str
    name: str
    zettle: int | None
    shop: int | None
    shared: int | None
    joined: int | None
    """What both sides will have when stock is joined again."""
    moving: bool = False
    check: bool = False
    form_zettle: str = ""
    form_shop: str = ""
    problems: tuple[str, str] = ("", "")
    was: int | None = None
    """The shared number that an outdated form had started from."""

    @property
    def sum(self) -> int | None:
        """Of what stands in the form, if both are numbers."""
        till, shop = number(self.form_zettle), number(self.form_shop)
        return None if isinstance(till, Problem) or isinstance(shop, Problem) else till + shop

    @property
    def is_filled(self) -> bool:
        return self.sum is not None

    @property
    def changes_sum(self) -> bool:
        return self.sum != self.shared


def stock_rows(product: Product | None, books: Iterable[Book]) -> tuple[StockView, ...]:
    """In the order of Zettle's variants. One that Zettle has no more is shown only as long as the merchant is asked to check it."""
    order = {variant.uuid: place for place, variant in enumerate(product.variants)} if product else {}
    books = [book for book in books if not product or book.variant_uuid in order or book.check_since is not None]
    sorted_books = sorted(books, key=lambda book: (order.get(book.variant_uuid, len(order)), book.variant_uuid))
    return tuple(_row(book, variant_label(product, book.variant_uuid)) for book in sorted_books)


def _row(book: Book, name: str) -> StockView:
    """Numbers as promised, with what is still on its way: two sides that are joined get their promises' sum, not what was last read."""
    ledger = book.ledger
    till, shop = ledger.zettle, ledger.shop
    shared = None if ledger.separate or shop.promised is None else ledger.promised
    return StockView(
        uuid=book.variant_uuid,
        name=name,
        zettle=till.promised,
        shop=shop.promised,
        shared=shared,
        joined=stock.joined(ledger).promised,
        moving=any(shelf.flight is not None or shelf.owed != 0 for shelf in (till, shop)),
        check=book.check_since is not None,
        form_zettle=str(max(0, shared or 0)),
        form_shop="0",
    )


@dataclass(frozen=True, slots=True)
class Split:
    """The form of separate stock as it was sent, beside the numbers as they are now."""

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
        """Variant uuid -> (to Zettle, to BigCommerce, the shared number); for a form that is filled and not outdated."""
        found = {}
        for row in self.rows:
            till, shop = number(row.form_zettle), number(row.form_shop)
            assert isinstance(till, int)
            assert isinstance(shop, int)
            assert row.shared is not None
            found[row.uuid] = (till, shop, row.shared)
        return found


def sent(form: Form, rows: Sequence[StockView]) -> Split:
    """What the merchant typed, row by row. A row that the form did not have, or with another shared number, makes it outdated."""
    till, shop, shared = form.starting("zettle-"), form.starting("shop-"), form.starting("shared-")
    filled = []
    for row in rows:
        typed = (till.get(row.uuid, row.form_zettle)[:20], shop.get(row.uuid, row.form_shop)[:20])
        problems = [number(text) for text in typed]
        told = [one.value if isinstance(one, Problem) else "" for one in problems]
        from_ = seen(shared.get(row.uuid, ""))
        was = (0 if from_ is None else from_) if from_ != row.shared else None
        filled.append(replace(row, form_zettle=typed[0], form_shop=typed[1], problems=(told[0], told[1]), was=was))
    return Split(tuple(filled))
