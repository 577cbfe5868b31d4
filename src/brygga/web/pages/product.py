"""One product: what is synced of it, its channels, its stock, and what happened to it (rules A2, P10, S5 to S7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.model import Money, Product
from brygga.store import ledgers, library, library_pages, marks, synclog
from brygga.store.library_pages import Row, State
from brygga.store.marks import Kind
from brygga.store.synclog import Filter
from brygga.web.doubts import DoubtView, doubtful
from brygga.web.i18n import Words
from brygga.web.lines import LineView
from brygga.web.messages import Trouble
from brygga.web.pages.apps import store_name
from brygga.web.pages.library import UnassignView, reassign, said
from brygga.web.pages.synclog import line_view, partners
from brygga.web.stock_rows import StockView, stock_rows
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask


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
    doubts: tuple[DoubtView, ...] = ()


@get("/library/{uuid:str}")
async def show(merchant: Merchant, uuid: str) -> Response[str]:
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        row = await library_pages.one(tx, connection.id, uuid)
        if row is None:
            raise NotThere
        lines = await synclog.page(tx, connection.id, Filter(subject=uuid), limit=10)
        linkable = await partners(tx, connection.id, lines)
        pending = await marks.waits(tx, connection.id, Kind.TRACKING, uuid)
        books = await ledgers.load(tx, connection.id, [uuid])
        doubts = await doubtful(tx, connection.id, merchant.words, [uuid])
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
        shop_url=f"{panel}/manage/products/edit/{row.product_id}" if panel and row.product_id else "",
        linked=row.linked,
        prices=connection.choices.prices,
        unassign_at=row.entry.unassign_at,
        troubles=_troubles(row),
        fields=fields_of(merchant.words, product) if product else (),
        variants=_variants(product) if product and product.definitions else (),
        lines=tuple(line_view(merchant.words, line, linkable) for line in lines),
        tracking=row.entry.tracking is True,
        tracking_pending=pending,
        stock=stock,
        doubts=doubts,
        separate=any(book.ledger.separate for book in books.values()),
        splittable=bool(stock) and all(each.shared is not None for each in stock),
    )
    return merchant.page("product.html", view, section="library")


def _troubles(row: Row) -> tuple[Trouble, ...]:
    code = row.entry.unreadable or row.entry.failure
    if not code or row.state not in {State.FAILED, State.UNREADABLE}:
        return ()
    return (Trouble(f"failure.{code}"),)


def fields_of(words: Words, product: Product) -> tuple[FieldView, ...]:
    """What is carried over (P1), in the reader's words; empty fields are not listed."""
    first = product.variants[0] if product.variants and not product.definitions else None
    weight = words.number(product.weight_grams) + " g" if product.weight_grams is not None else ""
    vat = words.number(product.vat_percentage) + " %" if product.vat_percentage is not None else ""
    found = {
        "name": product.name,
        "description": product.online_description or product.description,
        "price": words.money(first.price) if first and first.price else "",
        "sku": first.sku if first else "",
        "barcode": first.barcode if first else "",
        "options": " · ".join(f"{each.name}: {', '.join(each.values)}" for each in product.definitions),
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


# ---- Buttons ---------------------------------------------------------------------------------------------------------


@post("/library/{uuid:str}/assign")
async def assign(merchant: Merchant, form: Form, uuid: str) -> Response[str] | Redirect:
    """A2; unassigning is confirmed first (A3), by dialog or, where there are no scripts, by page."""
    sold = form.one("bigcommerce") == "yes"
    entry = await _own(merchant, uuid)
    if not merchant.running:
        return merchant.go(f"/library/{uuid}", "unchanged", "warn")
    if not sold and entry.assigned and entry.unassign_at is None and form.one("confirmed") != "yes":
        here = f"/library/{uuid}"
        asked = UnassignView((), 1, back=here, name=entry.name, action=f"{here}/assign")
        return merchant.page("unassign.html", asked, section="library")
    async with merchant.deps.database.transaction() as tx:
        changed = await reassign(merchant, tx, [uuid], sold)
    return said(merchant, f"/library/{uuid}", "assigned" if sold else "unassigned", len(changed))


@post("/library/{uuid:str}/sync")
async def sync_now(merchant: Merchant, uuid: str) -> Redirect:
    await _own(merchant, uuid)
    async with merchant.deps.database.transaction() as tx:
        await ask(merchant.deps, tx, merchant.own.id, Kind.PRODUCT, [uuid], force=True)
    return merchant.go(f"/library/{uuid}", "syncing_one")


async def _own(merchant: Merchant, uuid: str) -> library.Entry:
    """A product that is not this merchant's is not there."""
    async with merchant.deps.database.read() as tx:
        entry = await library.get(tx, merchant.own.id, uuid)
    if entry is None:
        raise NotThere
    return entry
