""" "Why is this 7?": the number of one variant, how it came about, and the same as a file."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get
from litestar.response import Stream

from brygga.core.model import Product
from brygga.core.stock import Ledger, Side
from brygga.core.stock.movement import Movement
from brygga.database import gone, ledgers, library, movements
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.library import Entry
from brygga.database.work_items import Kind
from brygga.sync.stock.explaining import REACH, RIPE
from brygga.web import stock_csv
from brygga.web.chart import Chart, chart
from brygga.web.checks import NumberCheck, doubtful, variant_label
from brygga.web.i18n import Words
from brygga.web.moves import MoveView, event_view, folded
from brygga.web.standing import Phase
from brygga.web.stock_view import RecordView, headline, record_view
from brygga.web.tracing import exported
from brygga.web.visit import Merchant, NotThere
from brygga.web.work import ask

SIZE = 50
AROUND = 40
"""The number of further movements to read, which may contain a write of ours."""
IN_CHART = 400
"""The number of newest movements in the chart."""
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class WhyView:
    """`number` is the target of both sides. None where stock is separate or has no number."""

    product: str
    variant: str
    name: str
    label: str
    number: int | None
    separate: tuple[int, int] | None
    """The two numbers of separate stock."""
    summary: str
    records: tuple[RecordView, ...]
    number_checks: tuple[NumberCheck, ...]
    chart: Chart | None
    moves: tuple[MoveView, ...]
    older: int = 0
    """The event before which the next page begins. 0 for none."""
    newest: bool = True
    days: int = movements.KEPT.days


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of a product of this merchant's."""

    entry: Entry
    uuid: str
    ledger_row: LedgerRow | None

    @property
    def product(self) -> Product | None:
        return self.entry.product

    @property
    def label(self) -> str:
        return variant_label(self.product, self.uuid)

    @property
    def sku(self) -> str:
        variants = self.product.variants if self.product else ()
        return next((one.sku for one in variants if one.uuid == self.uuid), "")


@get("/library/{uuid:str}/variants/{variant:str}/stock")
async def show(merchant: Merchant, uuid: str, variant: str, before: str = "") -> Response[str]:
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    own, words = merchant.own.id, merchant.words
    async with merchant.deps.database.read() as tx:
        found = await variant_of(tx, own, uuid, variant)
        page = await movements.of_variant(tx, own, variant, before=cursor, limit=2 * SIZE + AROUND)
        later = (
            [] if cursor is None else await movements.since(tx, own, variant, cursor - 1, AROUND)
        )
        in_chart = await movements.of_variant(tx, own, variant, limit=IN_CHART)
        number_checks = await doubtful(tx, own, words, [uuid])
        open_ = await movements.unexplained(tx, own, uuid, merchant.deps.clock.now() - REACH)
    if open_ and merchant.running and not merchant.own.paused and found.entry.removed_at is None:
        await _ask(merchant, uuid, max(move.at for moves in open_.values() for move in moves))
    # What was written because of an event may be on the page before it.
    events = [
        event for event in folded([*reversed(later), *page]) if cursor is None or event.id < cursor
    ]
    ledger = found.ledger_row.ledger if found.ledger_row else Ledger()
    past = _past(merchant, found.entry)
    records = [
        record_view(words, ledger, side, paused=merchant.standing.paused)
        for side in (Side.ZETTLE, Side.SHOP)
    ]
    view = WhyView(
        product=uuid,
        variant=variant,
        name=found.entry.name,
        label=found.label,
        number=None if ledger.separate or past else ledger.target,
        separate=None if past else separate(ledger),
        summary=words.fill(f"why.past.{past}", {}) if past else headline(words, ledger),
        records=() if past else tuple(records),
        number_checks=() if past else tuple(one for one in number_checks if one.variant == variant),
        chart=chart([move for _, move in reversed(in_chart)], merchant.deps.clock.now()),
        moves=tuple(event_view(words, event) for event in events[:SIZE]),
        older=events[SIZE - 1].id if len(events) > SIZE else 0,
        newest=cursor is None,
    )
    return merchant.page("why.html", view, section="library")


@get("/library/{uuid:str}/variants/{variant:str}/stock.csv")
async def download(merchant: Merchant, uuid: str, variant: str) -> Stream:
    async with merchant.deps.database.read() as tx:
        found = await variant_of(tx, merchant.own.id, uuid, variant)
    await exported(merchant, "stock")
    of = (found.entry.name, found.label, found.sku)
    name = " ".join(part for part in (found.entry.name, found.label) if part)
    headers = {"content-disposition": stock_csv.file_name(name), "cache-control": "no-store"}
    return Stream(
        _rows(merchant, merchant.words, of, variant),
        media_type="text/csv; charset=utf-8",
        headers=headers,
    )


async def _rows(
    merchant: Merchant, words: Words, of: tuple[str, str, str], variant: str
) -> AsyncIterator[str]:
    """Oldest first, a page at a time: no database connection is held while the reader is slow."""
    yield stock_csv.heading(words)
    after, more = 0, True
    while more:
        async with merchant.deps.database.read() as tx:
            rows: Sequence[tuple[int, Movement]] = await movements.since(
                tx, merchant.own.id, variant, after, AT_ONCE
            )
        if rows:
            yield stock_csv.lines(words, of, [move for _, move in rows])
            after = rows[-1][0]
        more = len(rows) == AT_ONCE


def _past(merchant: Merchant, entry: Entry) -> str:
    """Why there is no number any more: the product is gone, or the store is not connected. "" while
    there is a number.
    """
    if entry.removed_at is not None:
        return "gone"
    return (
        "left"
        if merchant.standing.phase is Phase.LEAVING or merchant.standing.left is not None
        else ""
    )


async def _ask(merchant: Merchant, uuid: str, newest: datetime) -> None:
    """Adds work that asks the platforms which sales and orders caused these movements. The page
    shows the result automatically.
    """
    async with merchant.deps.database.transaction() as tx:
        await ask(merchant.deps, tx, merchant.own.id, Kind.EXPLAIN, [uuid], due_at=newest + RIPE)


async def variant_of(tx: Tx, connection_id: int, uuid: str, variant: str) -> Variant:
    """Raises `NotThere` for a variant that this merchant does not have. A variant counts while
    Zettle, a ledger or a movement has it.
    """
    entry = await library.get(tx, connection_id, uuid) or await gone.find(tx, connection_id, uuid)
    if entry is None:
        raise NotThere
    ledger_row = (await ledgers.load(tx, connection_id, [uuid])).get(variant)
    known = entry.product is not None and any(one.uuid == variant for one in entry.product.variants)
    if ledger_row is None and not known:
        last = await movements.of_variant(tx, connection_id, variant, limit=1)
        if not any(move.product_uuid == uuid for _, move in last):
            raise NotThere
    return Variant(entry, variant, ledger_row)


def separate(ledger: Ledger) -> tuple[int, int] | None:
    till, shop = ledger.zettle.target, ledger.shop.target
    return (till, shop) if ledger.separate and till is not None and shop is not None else None
