"""One product: what is synced of it, its channels, its stock, and what happened to it (rules A2,
P10, S5 to S7).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core import planning
from brygga.core.model import Product
from brygga.database import (
    bindings,
    gone,
    ledgers,
    library,
    library_pages,
    shown,
    synclog,
    waiting_work,
)
from brygga.database.bindings import Binding
from brygga.database.bindings import State as BindingState
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.library_pages import Row, State
from brygga.database.shown import Shown
from brygga.database.synclog import Filter
from brygga.database.waiting_work import Parked
from brygga.database.work_items import Kind
from brygga.sync.products.hands import RECOUNT
from brygga.web.checks import NumberCheck, doubtful, variant_label
from brygga.web.comparing import NOTHING, Comparison, compare
from brygga.web.i18n import Words
from brygga.web.lines import LineView
from brygga.web.messages import Trouble
from brygga.web.pages.apps import store_name
from brygga.web.pages.library import UnassignView, reassign, said, seconds_left
from brygga.web.pages.synclog import line_view, told_of
from brygga.web.stock_rows import StockView, is_alike, stock_rows
from brygga.web.troubles import failure_trouble
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask

LINES: Final = 20
GONE_LINES: Final = 50
"""The number of log lines that are shown of a product that is gone."""
READ_AFTER: Final = timedelta(minutes=10)
"""A product whose page is opened is read in BigCommerce again after this time, and after each
sync.
"""
NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FieldView:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ProductView:
    uuid: str
    name: str
    state: str
    assigned: bool
    connected: bool = True
    store: str = ""
    image_url: str = ""
    shop_url: str = ""
    linked: bool = False
    prices: bool = False
    undo_s: int | None = None
    """Seconds until the product is removed. None: it is not being removed."""
    troubles: tuple[Trouble, ...] = ()
    compared: Comparison = NOTHING
    reading: bool = False
    """BigCommerce is being asked for what it shows of the product."""
    lines: tuple[LineView, ...] = ()
    tracking: bool = False
    tracking_pending: bool = False
    stock: tuple[StockView, ...] = ()
    separate: bool = False
    splittable: bool = False
    number_checks: tuple[NumberCheck, ...] = ()
    missing: tuple[str, ...] = ()
    """The names of variants that were deleted in BigCommerce (decision 17)."""
    miscounted: str = ""
    """How BigCommerce counts the product, where its stock cannot be shared for that reason
    (decisions 17, 18).
    """
    recounting: bool = False


@dataclass(frozen=True, slots=True)
class GoneView:
    """`leaving`: BigCommerce still has what we made of it, and it is about to be deleted. `stock`
    names the variants whose stock has moved.
    """

    uuid: str
    name: str
    at: datetime | None
    leaving: bool = False
    fields: tuple[FieldView, ...] = ()
    stock: tuple[tuple[str, str], ...] = ()
    lines: tuple[LineView, ...] = ()


@get("/library/{uuid:str}")
async def show(merchant: Merchant, uuid: str) -> Response[str]:
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        row = await library_pages.one(tx, connection.id, uuid)
        if row is None:
            return await _show_gone(merchant, tx, uuid)
        found = await _found(merchant, tx, row)
    if found.is_stale and merchant.running and not connection.paused:
        await _read_again(merchant, str(row.product_id))
        found = replace(found, reading=True)
    return merchant.page("product.html", _view(merchant, row, found), section="library")


@dataclass(frozen=True, slots=True)
class _Found:
    """What the page shows beside the row of the library."""

    binding: Binding | None
    shown: Shown | None
    ledger_rows: tuple[LedgerRow, ...]
    lines: tuple[LineView, ...]
    number_checks: tuple[NumberCheck, ...]
    failing: tuple[Parked, ...]
    tracking_pending: bool
    recounting: bool
    reading: bool
    is_stale: bool


async def _found(merchant: Merchant, tx: Tx, row: Row) -> _Found:
    own, uuid, product_id = merchant.own.id, row.entry.product_uuid, str(row.product_id)
    lines = await synclog.page(tx, own, Filter(subject=uuid), limit=LINES)
    told = await told_of(tx, merchant, lines, on_its_page=True)
    binding = await bindings.get(tx, own, uuid)
    seen = await shown.get(tx, own, uuid)
    reading = await waiting_work.waits(tx, own, Kind.SHOP_PRODUCT, product_id)
    is_bound = binding is not None and binding.state is BindingState.BOUND
    since = max(merchant.deps.clock.now() - READ_AFTER, row.synced_at or NEVER)
    is_old = seen is None or seen.product_id != row.product_id or seen.read_at < since
    return _Found(
        binding,
        seen,
        tuple((await ledgers.load(tx, own, [uuid])).values()),
        tuple(told.view(line) for line in lines),
        await doubtful(tx, own, merchant.words, [uuid]),
        tuple(
            one for one in await waiting_work.parked(tx, own) if is_about(one, uuid, row.product_id)
        ),
        await waiting_work.waits(tx, own, Kind.TRACKING, uuid),
        await waiting_work.waits(tx, own, Kind.SHOP_PRODUCT, product_id, RECOUNT),
        reading,
        is_bound and is_old and not reading and row.state is State.SYNCED,
    )


async def _read_again(merchant: Merchant, product_id: str) -> None:
    """Adds work that reads the product in BigCommerce. The page shows the result by itself."""
    async with merchant.deps.database.transaction() as tx:
        await ask(merchant.deps, tx, merchant.own.id, Kind.SHOP_PRODUCT, [product_id])


def _view(merchant: Merchant, row: Row, found: _Found) -> ProductView:
    connection, product, uuid = merchant.own, row.entry.product, row.entry.product_uuid
    panel = connection.shop.control_panel_url.rstrip("/") if connection.shop else ""
    stock = stock_rows(product, found.ledger_rows)
    alike = is_alike(found.binding)
    return ProductView(
        uuid=uuid,
        name=row.entry.name,
        state=row.state.value,
        assigned=row.entry.assigned is True and row.entry.unassign_at is None,
        connected=merchant.running,
        store=store_name(connection),
        image_url=product.image_urls[0] if product and product.image_urls else "",
        shop_url=f"{panel}/manage/products/edit/{row.product_id}"
        if panel and row.product_id
        else "",
        linked=row.linked,
        prices=connection.choices.prices,
        undo_s=seconds_left(row.entry.unassign_at, merchant.deps.clock.now()),
        troubles=_troubles(row, found.failing),
        compared=compare(merchant.words, connection, row.entry, found.binding, found.shown),
        reading=found.reading,
        lines=found.lines,
        tracking=row.entry.tracking is True,
        tracking_pending=found.tracking_pending,
        stock=stock,
        number_checks=found.number_checks,
        separate=any(row.ledger.separate for row in found.ledger_rows),
        missing=_missing(row, found.binding),
        miscounted=found.binding.counting.value if found.binding and not alike else "",
        recounting=found.recounting,
        splittable=alike and bool(stock) and all(each.base is not None for each in stock),
    )


def _missing(row: Row, binding: Binding | None) -> tuple[str, ...]:
    """What Zettle has and BigCommerce lost. A version that waits to be synced may add what does not
    exist there yet, so it is not counted.
    """
    product = row.entry.product
    if (
        product is None
        or binding is None
        or not row.entry.assigned
        or binding.state is not BindingState.BOUND
    ):
        return ()
    if planning.is_changed(binding.synced, product.etag, force=False):
        return ()
    gone = [
        variant.uuid for variant in product.variants if variant.uuid not in binding.synced.variants
    ]
    return tuple(variant_label(product, uuid) or row.entry.name for uuid in gone)


async def _show_gone(merchant: Merchant, tx: Tx, uuid: str) -> Response[str]:
    """A product that Zettle no longer has: what it was, its sync log, and its stock history. Raises
    `NotThere` for one that never existed.
    """
    own = merchant.own.id
    entry = await gone.find(tx, own, uuid)
    if entry is None:
        raise NotThere
    lines = await synclog.page(tx, own, Filter(subject=uuid), limit=GONE_LINES)
    binding = await bindings.get(tx, own, uuid)
    product = entry.product
    view = GoneView(
        uuid=uuid,
        name=entry.name,
        at=entry.removed_at,
        leaving=binding is not None and merchant.running,
        fields=fields_of(merchant.words, product) if product else (),
        stock=tuple(
            (variant, variant_label(product, variant))
            for variant in await gone.moved_variants(tx, own, uuid)
        ),
        lines=tuple(line_view(merchant.words, line, fixed=True) for line in lines),
    )
    return merchant.page("gone.html", view, section="library")


OF_THE_SHOPS = frozenset({Kind.SHOP_STOCK, Kind.SHOP_PRODUCT})
"""Kinds of work whose subject is BigCommerce's id of the product."""


def is_about(one: Parked, uuid: str, product_id: int | None) -> bool:
    """Whether failed work is about this product. `product_id` is BigCommerce's id, if
    there is one.
    """
    if one.kind in OF_THE_SHOPS:
        return product_id is not None and one.subject == str(product_id)
    return one.subject == uuid


def _troubles(row: Row, failing: Sequence[Parked]) -> tuple[Trouble, ...]:
    failed = failure_trouble(failing)
    ours = (failed,) if failed else ()
    code = row.entry.unreadable or row.entry.failure
    if not code or row.state not in {State.FAILED, State.UNREADABLE}:
        return ours
    return (*ours, Trouble(f"failure.{code}"))


def fields_of(words: Words, product: Product) -> tuple[FieldView, ...]:
    """What is synced (P1), in the reader's words. Empty fields are not listed."""
    first = product.variants[0] if product.variants and not product.definitions else None
    weight = words.number(product.weight_grams) + " g" if product.weight_grams is not None else ""
    vat = words.number(product.vat_percentage) + " %" if product.vat_percentage is not None else ""
    found = {
        "name": product.name,
        "description": product.online_description or product.description,
        "price": words.money(first.price) if first and first.price else "",
        "sku": first.sku if first else "",
        "barcode": first.barcode if first else "",
        "options": " · ".join(
            f"{each.name}: {', '.join(each.values)}" for each in product.definitions
        ),
        "weight": weight,
        "images": words.number(len(product.image_urls)) if product.image_urls else "",
        "videos": ", ".join(product.media_urls),
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
        "slug": product.slug,
        "vat": vat,
    }
    return tuple(FieldView(key, value) for key, value in found.items() if value)


# ---- Buttons -------------------------------------------------------------------------------------


@post("/library/{uuid:str}/assign")
async def assign(merchant: Merchant, form: Form, uuid: str) -> Response[str] | Redirect:
    """A2. Unassigning is confirmed first (A3), by dialog or, without scripts, by page."""
    sold = form.one("bigcommerce") == "yes"
    entry = await _own(merchant, uuid)
    if not merchant.running:
        return merchant.unchanged(f"/library/{uuid}")
    if not sold and entry.assigned and entry.unassign_at is None and form.one("confirmed") != "yes":
        here = f"/library/{uuid}"
        asked = UnassignView((), 1, back=here, name=entry.name, action=f"{here}/assign")
        return merchant.page("unassign.html", asked, section="library")
    async with merchant.deps.database.transaction() as tx:
        changed = await reassign(merchant, tx, [uuid], sold)
    return said(merchant, f"/library/{uuid}", "assigned" if sold else "unassigned", len(changed))


@post("/library/{uuid:str}/sync")
async def sync_now(merchant: Merchant, uuid: str) -> Redirect:
    entry = await _own(merchant, uuid)
    if not merchant.running:
        return merchant.unchanged(f"/library/{uuid}")
    if not entry.assigned:
        return merchant.go(f"/library/{uuid}", "unchanged_unassigned", "warn")
    async with merchant.deps.database.transaction() as tx:
        await ask(merchant.deps, tx, merchant.own.id, Kind.PRODUCT, [uuid], force=True)
    return merchant.go(f"/library/{uuid}", "syncing_one")


@post("/library/{uuid:str}/recount")
async def recount(merchant: Merchant, uuid: str) -> Redirect:
    """BigCommerce counts the product as Zettle does again, and stock sync resumes (decisions 17,
    18).
    """
    await _own(merchant, uuid)
    if not merchant.running:
        return merchant.unchanged(f"/library/{uuid}")
    async with merchant.deps.database.transaction() as tx:
        binding = await bindings.get(tx, merchant.own.id, uuid)
        if binding is None or is_alike(binding):
            return merchant.go(f"/library/{uuid}", "unchanged", "warn")
        subject = str(binding.synced.product_id)
        await ask(merchant.deps, tx, merchant.own.id, Kind.SHOP_PRODUCT, [subject], detail=RECOUNT)
    return merchant.go(f"/library/{uuid}", "recounting")


@post("/library/{uuid:str}/look")
async def look(merchant: Merchant, uuid: str) -> Redirect:
    """BigCommerce is asked now for what it shows of the product."""
    await _own(merchant, uuid)
    async with merchant.deps.database.read() as tx:
        binding = await bindings.get(tx, merchant.own.id, uuid)
    if not merchant.running or binding is None or binding.state is not BindingState.BOUND:
        return merchant.unchanged(f"/library/{uuid}#fields")
    await _read_again(merchant, str(binding.synced.product_id))
    return merchant.go(f"/library/{uuid}#fields", "reading")


@post("/library/{uuid:str}/keep")
async def keep_edits(merchant: Merchant, uuid: str) -> Redirect:
    """What was edited in BigCommerce stays until the next save in Zettle, and is not said again
    (decision 1).
    """
    await _own(merchant, uuid)
    if not merchant.running:
        return merchant.unchanged(f"/library/{uuid}")
    async with merchant.deps.database.transaction() as tx:
        kept = await shown.accept(tx, merchant.own.id, uuid)
        if kept:
            tx.touch(merchant.own.id)
    here = f"/library/{uuid}#fields"
    return merchant.go(here, "edits_kept") if kept else merchant.go(here, "unchanged", "warn")


async def _own(merchant: Merchant, uuid: str) -> library.Entry:
    """The product. Raises `NotThere` for a product of another merchant."""
    async with merchant.deps.database.read() as tx:
        entry = await library.get(tx, merchant.own.id, uuid)
    if entry is None:
        raise NotThere
    return entry
