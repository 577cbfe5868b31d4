"""Numbers that the merchant is asked to check: what each side shows, what happened, and what was
typed instead.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core.model import Product
from brygga.core.stock.movement import Cause, Movement
from brygga.database import ledgers, library, movements
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.web.i18n import Said, Words
from brygga.web.messages import Trouble
from brygga.web.stock_view import signed

SHOWN = 3
"""More questions than this are one line on the overview."""


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """`till` and `shop` are what each side shows. `seen` are the targets of each side when the page
    was rendered: the answer is about these.
    """

    product: str
    variant: str
    name: str
    since: datetime | None
    till: int | None
    shop: int | None
    seen: tuple[int | None, int | None]
    separate: bool
    happened: Said
    typed: tuple[str, str] = ("", "")
    problems: tuple[str, str] = ("", "")
    moved: bool = False


async def doubtful(
    tx: Tx, connection_id: int, words: Words, product_uuids: Collection[str] | None = None
) -> tuple[NumberCheck, ...]:
    """Of these products or of all, the longest open first. A product that is gone has nothing to
    check.
    """
    ledger_rows = await ledgers.in_question(tx, connection_id, product_uuids)
    if not ledger_rows:
        return ()
    entries = await library.get_many(
        tx, connection_id, {ledger_row.product_uuid for ledger_row in ledger_rows}
    )
    moves = await movements.questioned(
        tx, connection_id, [ledger_row.variant_uuid for ledger_row in ledger_rows]
    )
    found = []
    for ledger_row in ledger_rows:
        entry = entries.get(ledger_row.product_uuid)
        if entry is not None:
            name = full_name(entry.name, entry.product, ledger_row.variant_uuid)
            found.append(number_check(words, ledger_row, name, moves.get(ledger_row.variant_uuid)))
    return tuple(found)


def number_check(
    words: Words, ledger_row: LedgerRow, name: str, move: Movement | None
) -> NumberCheck:
    till, shop = ledger_row.ledger.zettle, ledger_row.ledger.shop
    return NumberCheck(
        ledger_row.product_uuid,
        ledger_row.variant_uuid,
        name,
        ledger_row.check_since,
        till.confirmed if isinstance(till.confirmed, int) else None,
        shop.confirmed if isinstance(shop.confirmed, int) else None,
        (till.target, shop.target),
        ledger_row.ledger.separate,
        _happened(words, move),
    )


def troubles(number_checks: Sequence[NumberCheck], words: Words) -> tuple[Trouble, ...]:
    """For the overview: each number while there are few, else how many there are."""
    if len(number_checks) > SHOWN:
        count = words.number(len(number_checks))
        return (
            Trouble(
                "trouble.check_many", (("count", count),), "warn", link="/apps/bigcommerce/check"
            ),
        )
    return tuple(
        Trouble(
            "trouble.check",
            params(words, one),
            "warn",
            link=f"/library/{one.product}/stock/check",
            spots=(("happened", one.happened),),
        )
        for one in number_checks
    )


def params(words: Words, one: NumberCheck) -> tuple[tuple[str, str], ...]:
    def said(number: int | None) -> str:
        return "–" if number is None else words.number(number)

    return ("name", one.name), ("till", said(one.till)), ("shop", said(one.shop))


def full_name(name: str, product: Product | None, variant_uuid: str) -> str:
    """ "Tröja – Röd / M", or the product's name where it has one variant."""
    label = variant_label(product, variant_uuid)
    return f"{name} – {label}" if label else name


def variant_label(product: Product | None, variant_uuid: str) -> str:
    variant = (
        next((one for one in product.variants if one.uuid == variant_uuid), None)
        if product
        else None
    )
    return (
        "" if variant is None else " / ".join(value for _, value in variant.options) or variant.name
    )


def _happened(words: Words, move: Movement | None) -> Said:
    if move is None:
        return Said("doubt.other")
    if move.cause is Cause.COMPARED:
        left = move.change + (move.zettle_after or 0)
        key = "doubt.sold" if move.change else "doubt.compared"
        return Said(key, (("n", words.number(left)),))
    at = move.sent or move.at
    return Said(f"doubt.{move.side.value}", (("n", signed(words, move.change)),), (("at", at),))
