"""The product library: search, filter, select, assign, unassign with undo, sync now (rules A1, A3,
A5, P10, decision 14).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from brygga.core.model import Money
from brygga.database import additions, assigning, bindings, library, library_pages
from brygga.database.engine import Tx
from brygga.database.library_pages import Narrow, Order, Row, State
from brygga.database.work_items import Kind
from brygga.web.i18n import Words
from brygga.web.lines import reason
from brygga.web.pages.apps import store_name
from brygga.web.pages.duplicates import found
from brygga.web.paging import Paging, page_number, query_of
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask

SIZE: Final = 50
TODO: Final = ("to_check", "edited", "in_category", "hidden")
"""Filters that are not states: numbers to check, edits in BigCommerce, and what the merchant has to
do there (E1).
"""
NAMED: Final = 10
"""The products that the confirmation names."""
ALL: Final = "all"
"""What "Undo" is about, when it is about everything that is being unassigned."""
UNDO: Final = timedelta(seconds=10)
"""Decision 14: nothing changes before this time has passed, and "Undo" stops it."""

CHOICE: Final = frozenset(
    {"bigcommerce", "product", "everything", "q", "state", "vat", "sort", "page"}
)
"""The fields that say what to do with which products."""


@dataclass(frozen=True, slots=True)
class FilterView:
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class RowView:
    uuid: str
    name: str
    sku: str
    variants: int
    price: Money | None
    image_url: str
    state: str
    assigned: bool
    reason: str = ""
    """Why it could not be synced or read."""
    synced_at: datetime | None = None
    undo_s: int | None = None
    """Seconds until the product is removed. None: it is not being removed."""
    to_check: bool = False
    edited: int = 0
    missing: bool = False

    @property
    def is_wrong(self) -> bool:
        return bool(self.reason or self.to_check or self.edited or self.missing)


@dataclass(frozen=True, slots=True)
class AdditionView:
    """A product of our own form that is not in the library yet."""

    key: str
    name: str
    refused: bool


@dataclass(frozen=True, slots=True)
class LibraryView:
    rows: tuple[RowView, ...]
    page: Paging
    filters: tuple[FilterView, ...] = ()
    query: str = ""
    state: str = ""
    vat: str = ""
    sort: str = ""
    page_query: str = ""
    """Search, filter and order, for the links to other pages."""
    sort_query: str = ""
    """Search and filter, for the links to other orders."""
    connected: bool = True
    live: bool = True
    waits: bool = False
    """Whether any product is being added."""
    store: str = ""
    duplicates: int = 0
    additions: tuple[AdditionView, ...] = ()
    undoable: int = 0
    """How many products are about to be removed from the store."""
    undo_s: int | None = None


@dataclass(frozen=True, slots=True)
class UnassignView:
    """The question before products are removed from the store (A3), with the form that it
    is about.
    """

    fields: tuple[tuple[str, str], ...]
    count: int
    back: str
    name: str = ""
    """The name of the one product, when the question is asked on that product's own page."""
    action: str = "/library/assign"
    linked: int = 0
    """How many of them the merchant linked."""
    names: tuple[str, ...] = ()
    """The first of them by name."""


@get("/library")
async def show(
    merchant: Merchant,
    q: str = "",
    wanted: Annotated[str, QueryParameter(name="state")] = "",
    vat: str = "",
    page: str = "1",
) -> Response[str]:
    connection, number = merchant.own, page_number(page)
    now = merchant.deps.clock.now()
    sort = order_of(merchant.request.query_params.get("sort", ""))
    async with merchant.deps.database.read() as tx:
        counts = await library_pages.counts(tx, connection.id, q)
        flags = await _flags(tx, connection.id)
        shown = await library_pages.page(
            tx,
            connection.id,
            search=q,
            states=states_of(wanted),
            narrow=narrowed(wanted, vat),
            order=sort,
            limit=SIZE,
            offset=(number - 1) * SIZE,
            total=_total(counts, wanted, vat),
        )
        likely = await found(tx, connection)
        under_way = await additions.under_way(tx, connection.id)
        undoable, until = 0, None
        if q or counts[State.UNASSIGNING]:
            undoable, until = await library_pages.unassigning(tx, connection.id)
    moving = (State.WAITING, State.UNASSIGNING, State.REMOVING)
    state = wanted if states_of(wanted) or wanted in TODO else ""
    view = LibraryView(
        rows=tuple(row_view(merchant.words, row, now) for row in shown.rows),
        page=Paging(number, SIZE, shown.total),
        filters=_filters(counts, flags, state),
        query=q,
        state=state,
        vat=vat,
        sort=sort.value,
        page_query=query_of(q=q, state=wanted, vat=vat, sort=sort.value),
        sort_query=query_of(q=q, state=wanted, vat=vat),
        connected=merchant.running,
        waits=bool(under_way) or any(counts[each] for each in moving),
        store=store_name(connection),
        duplicates=likely.open if merchant.running else 0,
        additions=tuple(
            AdditionView(one.product_uuid, one.name, one.state is additions.State.REFUSED)
            for one in under_way
        ),
        undoable=undoable if merchant.running else 0,
        undo_s=seconds_left(until, now),
    )
    return merchant.page("library.html", view, section="library")


def _total(counts: Mapping[State, int], wanted: str, vat: str) -> int | None:
    """How many products the list has, None where the counts do not say it."""
    if narrowed(wanted, vat) != library_pages.EVERYTHING:
        return None
    return sum(counts[each] for each in states_of(wanted) or State)


async def _flags(tx: Tx, connection_id: int) -> Mapping[str, int]:
    """How many products each filter of `TODO` holds."""
    totals = await bindings.totals(tx, connection_id)
    flagged = await library_pages.flagged(tx, connection_id)
    return {
        "to_check": flagged.to_check,
        "edited": flagged.edited,
        "in_category": totals.in_category,
        "hidden": totals.hidden,
    }


def _filters(
    counts: Mapping[State, int], flags: Mapping[str, int], chosen: str
) -> tuple[FilterView, ...]:
    """Only filters that hold something, and the one that is chosen."""
    every = (
        *(FilterView(each.value, counts[each]) for each in State),
        *(FilterView(key, flags[key]) for key in TODO),
    )
    held = tuple(one for one in every if one.count or one.key == chosen)
    return (FilterView("", sum(counts.values())), *held)


def order_of(text: str) -> Order:
    """An invalid order is that of the names."""
    return Order(text) if text in set(Order) else Order.NAME


def states_of(text: str) -> Collection[State]:
    """The filter's states. An invalid filter filters nothing."""
    return (State(text),) if text in set(State) else ()


def narrowed(state: str, vat: str) -> Narrow:
    """The overview's lists (E1): products that are still in the category or hidden, and the
    products of one VAT rate. Also the numbers to check.
    """
    return Narrow(
        state == "hidden", state == "in_category", state == "to_check", vat, state == "edited"
    )


def seconds_left(until: datetime | None, now: datetime) -> int | None:
    """Whole seconds until then, by the server's clock: the reader's may be wrong. 0 at least."""
    return None if until is None else max(0, ceil((until - now).total_seconds()))


def row_view(words: Words, row: Row, now: datetime) -> RowView:
    product = row.entry.product
    variants = product.variants if product else ()
    return RowView(
        uuid=row.entry.product_uuid,
        name=row.entry.name,
        sku=next((variant.sku for variant in variants if variant.sku), ""),
        variants=len(variants),
        price=next((variant.price for variant in variants if variant.price is not None), None),
        image_url=product.image_urls[0] if product and product.image_urls else "",
        state=row.state.value,
        assigned=row.entry.assigned is True and row.entry.unassign_at is None,
        reason=reason(words, row.entry.unreadable or row.entry.failure)
        if row.state in {State.FAILED, State.UNREADABLE}
        else "",
        synced_at=row.synced_at,
        undo_s=seconds_left(row.entry.unassign_at, now),
        to_check=row.to_check,
        edited=row.edited,
        missing=row.missing,
    )


# ---- Buttons -------------------------------------------------------------------------------------


@post("/library/assign")
async def assign(merchant: Merchant, form: Form) -> Response[str] | Redirect:
    """ "Update products": an unchanged box changes nothing (A5). Unassigning is confirmed first
    (A3), by dialog or by page.
    """
    back, wish = _back(form), form.one("bigcommerce")
    if not merchant.running or wish not in {"yes", "no"}:
        return merchant.unchanged(back)
    asking = wish == "no" and form.one("confirmed") != "yes"
    async with merchant.deps.database.transaction() as tx:
        chosen = await _chosen(merchant, tx, form)
        changed = () if asking else await reassign(merchant, tx, chosen, sold=wish == "yes")
        linked = await library_pages.linked_among(tx, merchant.own.id, chosen) if asking else 0
        named = await library.get_many(tx, merchant.own.id, chosen[:NAMED]) if asking else {}
    if not chosen:
        return merchant.go(back, "nothing_chosen", "warn")
    if asking:
        kept = tuple(pair for pair in form.fields if pair[0] in CHOICE)
        names = tuple(named[uuid].name for uuid in chosen[:NAMED] if uuid in named)
        asked = UnassignView(kept, len(chosen), back, linked=linked, names=names)
        return merchant.page("unassign.html", asked, section="library")
    return said(merchant, back, "assigned" if wish == "yes" else "unassigned", len(changed))


async def reassign(merchant: Merchant, tx: Tx, uuids: Collection[str], sold: bool) -> Sequence[str]:
    """Assigns now, or unassigns in ten seconds. Returns the products that this changed."""
    deps, own = merchant.deps, merchant.own.id
    now = deps.clock.now()
    if sold:
        changed = await assigning.assign(tx, own, uuids)
        await ask(deps, tx, own, Kind.PRODUCT, changed, force=True)
    else:
        changed = await assigning.unassign(tx, own, uuids, now + UNDO)
        await ask(deps, tx, own, Kind.PRODUCT, changed, due_at=now + UNDO)
    return changed


@post("/library/undo")
async def undo(merchant: Merchant, form: Form) -> Redirect:
    """One product, or all that are about to be removed."""
    uuid, own = form.one("undo"), merchant.own.id
    if not merchant.running:
        return merchant.unchanged(_back(form))
    async with merchant.deps.database.transaction() as tx:
        undone = (
            await assigning.undo_all(tx, own)
            if uuid == ALL
            else await assigning.undo(tx, own, [uuid])
        )
    if not undone:
        return merchant.go(_back(form), "too_late", "warn")
    if len(undone) > 1:
        return merchant.go(_back(form), "undone_all", n=merchant.words.number(len(undone)))
    back = f"/library/{undone[0]}" if form.one("back") == "product" else _back(form)
    return merchant.go(back, "undone")


@post("/library/sync")
async def sync_now(merchant: Merchant, form: Form) -> Redirect:
    """P10: the assigned ones of the chosen products are synced as if each had been saved
    in Zettle.
    """
    back = "/apps/bigcommerce/log" if form.one("back") == "log" else _back(form)
    if not merchant.running:
        return merchant.unchanged(back)
    async with merchant.deps.database.transaction() as tx:
        entries = await library.get_many(tx, merchant.own.id, await _chosen(merchant, tx, form))
        assigned = [uuid for uuid, entry in entries.items() if entry.assigned]
        await ask(merchant.deps, tx, merchant.own.id, Kind.PRODUCT, assigned, force=True)
    return said(merchant, back, "syncing", len(assigned))


def said(merchant: Merchant, back: str, notice: str, count: int) -> Redirect:
    match count:
        case 0:
            return merchant.go(back, "unchanged", "warn")
        case 1:
            return merchant.go(back, f"{notice}_one")
        case _:
            return merchant.go(back, notice, n=merchant.words.number(count))


async def _chosen(merchant: Merchant, tx: Tx, form: Form) -> Sequence[str]:
    """The selected products, or all that match search and filter. Another merchant's ids select
    nothing: every query is limited to our own connection.
    """
    if form.one("everything") == "yes":
        wanted, vat = form.one("state"), form.one("vat")
        return await library_pages.uuids(
            tx,
            merchant.own.id,
            search=form.one("q"),
            states=states_of(wanted),
            narrow=narrowed(wanted, vat),
        )
    return list(await library.get_many(tx, merchant.own.id, form.many("product")))


def _back(form: Form) -> str:
    page = form.one("page")
    query = query_of(
        q=form.one("q"),
        state=form.one("state"),
        vat=form.one("vat"),
        sort=form.one("sort"),
        page=page if page != "1" else "",
    )
    return f"/library?{query}" if query else "/library"
