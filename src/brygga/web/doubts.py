"""Numbers that the merchant is asked to check: what each side shows, what happened, and what was
typed instead.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core.model import Product
from brygga.core.stock.story import Movement
from brygga.database import ledgers, library, movements
from brygga.database.engine import Tx
from brygga.database.ledgers import Book
from brygga.web.i18n import Words
from brygga.web.messages import Trouble
from brygga.web.shelves import signed

SHOWN = 3
"""More of them than this are one line on the overview."""


@dataclass(frozen=True, slots=True)
class DoubtView:
    """`till` and `shop` are what each side shows, `seen` what each promised when the page was
    drawn: the answer is about these.
    """

    product: str
    variant: str
    name: str
    since: datetime | None
    till: int | None
    shop: int | None
    seen: tuple[int | None, int | None]
    separate: bool
    happened: str
    typed: tuple[str, str] = ("", "")
    problems: tuple[str, str] = ("", "")
    moved: bool = False


async def doubtful(
    tx: Tx, connection_id: int, words: Words, product_uuids: Collection[str] | None = None
) -> tuple[DoubtView, ...]:
    """Of these products or of all, longest first. A product that is gone has nothing to check."""
    books = await ledgers.in_doubt(tx, connection_id, product_uuids)
    if not books:
        return ()
    entries = await library.get_many(tx, connection_id, {book.product_uuid for book in books})
    moves = await movements.doubts(tx, connection_id, [book.variant_uuid for book in books])
    found = []
    for book in books:
        entry = entries.get(book.product_uuid)
        if entry is not None:
            name = full_name(entry.name, entry.product, book.variant_uuid)
            found.append(doubt_view(words, book, name, moves.get(book.variant_uuid)))
    return tuple(found)


def doubt_view(words: Words, book: Book, name: str, move: Movement | None) -> DoubtView:
    till, shop = book.ledger.zettle, book.ledger.shop
    return DoubtView(
        book.product_uuid,
        book.variant_uuid,
        name,
        book.check_since,
        till.known if isinstance(till.known, int) else None,
        shop.known if isinstance(shop.known, int) else None,
        (till.promised, shop.promised),
        book.ledger.separate,
        _happened(words, move),
    )


def troubles(doubts: Sequence[DoubtView], words: Words) -> tuple[Trouble, ...]:
    """For the overview: each number while they are few, else how many there are."""
    if len(doubts) > SHOWN:
        count = words.number(len(doubts))
        return (
            Trouble(
                "trouble.check_many", (("count", count),), "warn", link="/apps/bigcommerce/check"
            ),
        )
    return tuple(
        Trouble(
            "trouble.check", params(words, one), "warn", link=f"/library/{one.product}/stock/check"
        )
        for one in doubts
    )


def params(words: Words, one: DoubtView) -> tuple[tuple[str, str], ...]:
    def said(number: int | None) -> str:
        return "–" if number is None else words.number(number)

    return (
        ("name", one.name),
        ("till", said(one.till)),
        ("shop", said(one.shop)),
        ("happened", one.happened),
    )


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


def _happened(words: Words, move: Movement | None) -> str:
    if move is None:
        return words.fill("doubt.other", {})
    at = words.moment(move.sent or move.at)
    return words.fill(f"doubt.{move.side.value}", {"n": signed(words, move.change), "at": at})
