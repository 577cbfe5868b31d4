"""One product: what is synced of it, its channels, its stock, and what happened to it (rules A2,
P10, S5 to S7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core import planning
from brygga.core.model import Money, Product
from brygga.database import bindings, gone, ledgers, library, library_pages, synclog, work_items
from brygga.database.bindings import Binding
from brygga.database.bindings import State as BindingState
from brygga.database.engine import Tx
from brygga.database.library_pages import Row, State
from brygga.database.synclog import Filter
from brygga.database.work_items import Kind, Parked
from brygga.sync.products.hands import RECOUNT
from brygga.web.checks import NumberCheck, doubtful, variant_label
from brygga.web.i18n import Words
from brygga.web.lines import LineView
from brygga.web.messages import Trouble
from brygga.web.pages.apps import store_name
from brygga.web.pages.library import UnassignView, reassign, said
from brygga.web.pages.synclog import line_view, partners
from brygga.web.stock_rows import StockView, is_alike, stock_rows
from brygga.web.troubles import failure_trouble
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask

GONE_LINES: Final = 50
"""The number of log lines that are shown of a product that is gone."""


@dataclass(frozen=True, slots=True)
class FieldView:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class VariantView:
    name: str
    sku: str
    barcode: str
    price: Money | None


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
    unassign_at: datetime | None = None
    troubles: tuple[Trouble, ...] = ()
    fields: tuple[FieldView, ...] = ()
    variants: tuple[VariantView, ...] = ()
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
        lines = await synclog.page(tx, connection.id, Filter(subject=uuid), limit=10)
        linkable = await partners(tx, connection.id, lines)
        pending = await work_items.waits(tx, connection.id, Kind.TRACKING, uuid)
        books = await ledgers.load(tx, connection.id, [uuid])
        number_checks = await doubtful(tx, connection.id, merchant.words, [uuid])
        failing = [
            one
            for one in await work_items.parked(tx, connection.id)
            if is_about(one, uuid, row.product_id)
        ]
        binding = await bindings.get(tx, connection.id, uuid)
        asked = await work_items.waits(
            tx, connection.id, Kind.SHOP_PRODUCT, str(row.product_id), RECOUNT
        )
    shop = connection.shop
    panel = shop.control_panel_url.rstrip("/") if shop else ""
    product = row.entry.product
    stock = stock_rows(product, books.values())
    view = ProductView(
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
        unassign_at=row.entry.unassign_at,
        troubles=_troubles(row, failing),
        fields=fields_of(merchant.words, product) if product else (),
        variants=_variants(product) if product and product.definitions else (),
        lines=tuple(
            line_view(merchant.words, line, linkable, fixed=not merchant.running) for line in lines
        ),
        tracking=row.entry.tracking is True,
        tracking_pending=pending,
        stock=stock,
        number_checks=number_checks,
        separate=any(book.ledger.separate for book in books.values()),
        missing=_missing(row, binding),
        miscounted=binding.counting.value if binding is not None and not is_alike(binding) else "",
        recounting=asked,
        splittable=is_alike(binding)
        and bool(stock)
        and all(each.shared is not None for each in stock),
    )
    return merchant.page("product.html", view, section="library")


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


def variant_name(name: str, options: Sequence[tuple[str, str]]) -> str:
    return " / ".join(value for _, value in options) or name


def _variants(product: Product) -> tuple[VariantView, ...]:
    return tuple(
        VariantView(variant_name(each.name, each.options), each.sku, each.barcode, each.price)
        for each in product.variants
    )


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


async def _own(merchant: Merchant, uuid: str) -> library.Entry:
    """The product. Raises `NotThere` for a product of another merchant."""
    async with merchant.deps.database.read() as tx:
        entry = await library.get(tx, merchant.own.id, uuid)
    if entry is None:
        raise NotThere
    return entry
