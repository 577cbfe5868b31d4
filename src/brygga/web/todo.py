"""What is left to do in BigCommerce, as a list that can be finished (E1, C12).

An item that we can see done is done. The merchant ticks the others, or ticks what shall stay as it
is. A tick holds until the item counts more products than it did then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from brygga.core.connecting import stock_moves_late
from brygga.core.model import Connection
from brygga.database.bindings import Totals

ITEM: Final = "todo:"
"""How the ticks of this list begin."""


@dataclass(frozen=True, slots=True)
class TodoItem:
    """`key` names its sentence in `locale/` under `todo.`. `link` leads to the products."""

    item: str
    key: str
    count: int = 0
    rate: Decimal | None = None
    link: str = ""
    is_ticked: bool = False


@dataclass(frozen=True, slots=True)
class Todo:
    open: tuple[TodoItem, ...] = ()
    done: tuple[TodoItem, ...] = ()
    """Those that the merchant ticked: they can be opened again."""


def todo(
    connection: Connection,
    totals: Totals,
    vat: Sequence[tuple[Decimal | None, int]],
    ticked: Mapping[str, int],
) -> Todo:
    """`ticked` are the saved ticks (`database.ticks`)."""
    found = [_marked(one, ticked) for one in items(connection, totals, vat) if one.count]
    return Todo(
        tuple(one for one in found if not one.is_ticked),
        tuple(one for one in found if one.is_ticked),
    )


def items(
    connection: Connection, totals: Totals, vat: Sequence[tuple[Decimal | None, int]]
) -> tuple[TodoItem, ...]:
    """Every item, also those with nothing to do: they count 0. VAT rates come in order of rate."""
    bound = totals.created + totals.linked - totals.to_delete
    late = connection.shop is not None and stock_moves_late(connection.shop)
    own_prices = 0 if connection.choices.prices else bound
    return (
        TodoItem(f"{ITEM}moment", "moment", int(late)),
        TodoItem(
            f"{ITEM}category", "category", totals.in_category, link="/library?state=in_category"
        ),
        TodoItem(f"{ITEM}hidden", "hidden", totals.hidden, link="/library?state=hidden"),
        TodoItem(f"{ITEM}prices", "prices", own_prices, link="/library?state=synced"),
        *(_vat_item(rate, count) for rate, count in sorted(vat, key=_by_rate)),
    )


def _by_rate(row: tuple[Decimal | None, int]) -> Decimal:
    """The highest rate first, products without one last."""
    return Decimal(1) if row[0] is None else -row[0]


def _vat_item(rate: Decimal | None, count: int) -> TodoItem:
    name = "none" if rate is None else f"{plain(rate):f}"
    key = "vat" if rate is not None else "vat_none"
    shown = None if rate is None else plain(rate)
    return TodoItem(f"{ITEM}vat:{name}", key, count, shown, f"/library?vat={name}")


def _marked(one: TodoItem, ticked: Mapping[str, int]) -> TodoItem:
    is_ticked = one.count <= ticked.get(one.item, 0)
    return TodoItem(one.item, one.key, one.count, one.rate, one.link, is_ticked)


def plain(rate: Decimal) -> Decimal:
    """25.0000 becomes 25, as it is written and compared in a link."""
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate.normalize()
