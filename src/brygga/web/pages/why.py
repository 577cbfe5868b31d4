""" "Why is this 7?": the number of one variant, how it came about, and the same as a file."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

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
from brygga.web.chart import LEAST, Chart, Shown, chart, whole
from brygga.web.checks import NumberCheck, doubtful, variant_label
from brygga.web.days import Day, day_of, zone_of
from brygga.web.i18n import Words
from brygga.web.moves import Event, Folding, MoveView, event_view, folded
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
WINDOW = 200
"""The number of newest events that a later write may still belong to, while a file is made."""
DAY_SIZE = 200
"""The most events of a day on one page."""
MOST_OF_A_DAY = 1_000
MARKED = 150
"""The number of newest events in the chart that have a mark. More would only hide each other."""


@dataclass(frozen=True, slots=True)
class DayView:
    """One day instead of the whole history. `earlier` and `later` are the nearest days on which the
    stock moved, "" for none.
    """

    date: date
    earlier: str
    later: str
    is_today: bool


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
    day: DayView | None = None
    today: str = ""
    days: int = movements.KEPT.days

    @property
    def follows(self) -> bool:
        """Whether what happens now would be on this page."""
        return self.newest and (self.day is None or self.day.is_today)


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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is to show: everything, the events before the one with this id, or one day."""

    uuid: str
    variant: str
    cursor: int | None
    day: Day | None


Rows = Sequence[tuple[int, Movement]]
"""Movements with their ids."""


@dataclass(frozen=True, slots=True)
class Read:
    """The movements to show, oldest first, and some around them, to which our writes of the events
    on the page may belong.
    """

    shown: Rows
    earlier: Rows = ()
    later: Rows = ()
    in_chart: Rows = ()

    @property
    def events(self) -> list[Event]:
        """Newest first."""
        return folded([*self.earlier, *self.shown, *self.later][::-1])


@dataclass(frozen=True, slots=True)
class Found:
    """What the database knows of it."""

    variant: Variant
    read: Read
    number_checks: tuple[NumberCheck, ...]
    unexplained: datetime | None
    """When the newest movement happened whose cause nobody has asked for."""


@get("/library/{uuid:str}/variants/{variant:str}/stock")
async def show(
    merchant: Merchant, uuid: str, variant: str, before: str = "", day: str = ""
) -> Response[str]:
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    shown = day_of(day, zone_of(merchant.own.organization.country)) if day else None
    asked = Asked(uuid, variant, cursor, shown)
    found = await _found(merchant, asked)
    is_there = found.variant.entry.removed_at is None
    if found.unexplained and is_there and merchant.running and not merchant.own.paused:
        await _ask(merchant, uuid, found.unexplained)
    return merchant.page("why.html", _view(merchant, asked, found), section="library")


async def _found(merchant: Merchant, asked: Asked) -> Found:
    own, words, now = merchant.own.id, merchant.words, merchant.deps.clock.now()
    async with merchant.deps.database.read() as tx:
        found = await variant_of(tx, own, asked.uuid, asked.variant)
        checks = await doubtful(tx, own, words, [asked.uuid])
        open_ = await movements.unexplained(tx, own, asked.uuid, now - REACH)
        if asked.day is None:
            read = await _read_page(tx, own, asked)
        else:
            read = await _read_day(tx, own, asked.variant, asked.day)
    at = [move.at for moves in open_.values() for move in moves]
    mine = tuple(one for one in checks if one.variant == asked.variant)
    return Found(found, read, mine, max(at, default=None))


async def _read_page(tx: Tx, own: int, asked: Asked) -> Read:
    page = await movements.of_variant(
        tx, own, asked.variant, before=asked.cursor, limit=2 * SIZE + AROUND
    )
    later: Rows = ()
    if asked.cursor is not None:
        later = await movements.since(tx, own, asked.variant, asked.cursor - 1, AROUND)
    in_chart = await movements.of_variant(tx, own, asked.variant, limit=IN_CHART)
    return Read(page[::-1], (), later, in_chart[::-1])


async def _read_day(tx: Tx, own: int, variant: str, day: Day) -> Read:
    of_day = await movements.between(tx, own, variant, day.start, day.end, limit=MOST_OF_A_DAY)
    earlier, later = await movements.around(tx, own, variant, day.start, day.end, limit=AROUND)
    return Read(of_day, earlier, later, of_day)


def _is_asked_for(asked: Asked, event: Event) -> bool:
    if asked.day is not None:
        return asked.day.start <= event.move.at < asked.day.end
    return asked.cursor is None or event.id < asked.cursor


def _view(merchant: Merchant, asked: Asked, found: Found) -> WhyView:
    words, variant, now = merchant.words, found.variant, merchant.deps.clock.now()
    ledger = variant.ledger_row.ledger if variant.ledger_row else Ledger()
    past = _past(merchant, variant.entry)
    records = [
        record_view(words, ledger, side, paused=merchant.standing.paused)
        for side in (Side.ZETTLE, Side.SHOP)
    ]
    every = found.read.events
    events = [one for one in every if _is_asked_for(asked, one)]
    size = DAY_SIZE if asked.day else SIZE
    zone = zone_of(merchant.own.organization.country)
    return WhyView(
        product=asked.uuid,
        variant=asked.variant,
        name=variant.entry.name,
        label=variant.label,
        number=None if ledger.separate or past else ledger.target,
        separate=None if past else separate(ledger),
        summary=words.fill(f"why.past.{past}", {}) if past else headline(words, ledger),
        records=() if past else tuple(records),
        number_checks=() if past else found.number_checks,
        chart=_chart(words, asked.day, found.read, now, zone),
        moves=tuple(event_view(words, event) for event in events[:size]),
        older=events[size - 1].id if len(events) > size else 0,
        newest=asked.cursor is None,
        day=_day_view(asked.day, every, now) if asked.day else None,
        today=now.astimezone(zone).date().isoformat(),
    )


def _chart(words: Words, day: Day | None, read: Read, now: datetime, zone: tzinfo) -> Chart | None:
    moves = [move for _, move in read.in_chart]
    shown = whole(moves, now)
    if day is not None:
        before = read.earlier[-1][1] if read.earlier else None
        shown = Shown(moves, day.start, max(min(day.end, now), day.start + LEAST), before)
    events = folded([*read.earlier, *read.in_chart][::-1])[:MARKED]
    return chart(shown, zone, [(one.move, _mark(words, one)) for one in events])


def _mark(words: Words, event: Event) -> str:
    view = event_view(words, event)
    return " · ".join(part for part in (words.moment(view.at), view.sentence, view.change) if part)


def _day_view(day: Day, events: Sequence[Event], now: datetime) -> DayView:
    """`events` are those of the day and the nearest ones around it, newest first."""
    moments = [event.move.at for event in events]
    earlier = next((at for at in moments if at < day.start), None)
    later = next((at for at in reversed(moments) if at >= day.end), None)
    return DayView(
        day.date, _date(earlier, day), _date(later, day), is_today=day.start <= now < day.end
    )


def _date(at: datetime | None, day: Day) -> str:
    return "" if at is None else at.astimezone(day.zone).date().isoformat()


@get("/library/{uuid:str}/variants/{variant:str}/stock.csv")
async def download(merchant: Merchant, uuid: str, variant: str, day: str = "") -> Stream:
    shown = day_of(day, zone_of(merchant.own.organization.country)) if day else None
    async with merchant.deps.database.read() as tx:
        found = await variant_of(tx, merchant.own.id, uuid, variant)
    await exported(merchant, "stock")
    of = (found.entry.name, found.label, found.sku)
    name = " ".join(part for part in (found.entry.name, found.label) if part)
    name = f"{name} {shown.date.isoformat()}" if shown else name
    headers = {"content-disposition": stock_csv.file_name(name), "cache-control": "no-store"}
    return Stream(
        _rows(merchant, of, variant, shown),
        media_type="text/csv; charset=utf-8",
        headers=headers,
    )


async def _rows(
    merchant: Merchant, of: tuple[str, str, str], variant: str, day: Day | None
) -> AsyncIterator[str]:
    """Oldest first, a page at a time: no database connection is held while the reader is slow."""
    yield stock_csv.heading(merchant.words)
    folding, after, more = Folding(), 0, True
    while more:
        async with merchant.deps.database.read() as tx:
            rows = await movements.since(tx, merchant.own.id, variant, after, AT_ONCE)
        for id_, move in rows:
            folding.add(id_, move)
            after = id_
        more = len(rows) == AT_ONCE
        events = folding.taken(WINDOW if more else 0)
        if day is not None:
            events = [one for one in events if day.start <= one.move.at < day.end]
        yield stock_csv.lines(merchant.words, of, events)


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
