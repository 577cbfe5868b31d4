"""The plan before the first sync: what will happen to every product and why, and the merchant's
choices (P8, P11).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect, Stream

from brygga.core.model import Connection, Shop, Stage
from brygga.database import duplicates, library, plans
from brygga.database.duplicates import Choice, Facts
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.sync.products.plans import FILTERS, step_of
from brygga.sync.products.preview import Note, Step, Target
from brygga.web import plan_csv
from brygga.web.choosing import LINK, links_of
from brygga.web.i18n import Words
from brygga.web.lines import reason, spoken
from brygga.web.pages.duplicates import choose, found
from brygga.web.paging import Paging, page_number, query_of
from brygga.web.stock_csv import file_name
from brygga.web.tracing import exported
from brygga.web.visit import Form, Merchant

SIZE: Final = 50
AT_ONCE: Final = 500
"""Lines of the file that are read together."""
HERE: Final = "/apps/bigcommerce/plan"
ALWAYS: Final = frozenset({"", "create", "link", "leave"})
"""Filters that are shown even when they find nothing."""


@dataclass(frozen=True, slots=True)
class CountView:
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class SideView:
    """One of the two products of a likely pair, as its side shows it. Empty: not known, or none."""

    name: str
    picture: str = ""
    sku: str = ""
    price: str = ""
    stock: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class TargetView:
    value: str
    name: str
    product_id: int
    why: str
    certain: bool
    side: SideView | None = None


@dataclass(frozen=True, slots=True)
class PlanRow:
    uuid: str
    name: str
    action: str
    supposed: bool
    why: str = ""
    target: str = ""
    notes: tuple[str, ...] = ()
    ours: SideView | None = None
    likely: tuple[TargetView, ...] = ()
    choice: str = ""
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class PlanView:
    rows: tuple[PlanRow, ...]
    counts: tuple[CountView, ...]
    page: Paging
    query: str = ""
    shown: str = ""
    page_query: str = ""
    whole_library: bool = True
    running: bool = False
    known: bool = True
    fresh: bool = True
    """False while a newer plan is being made."""
    previewed: bool = True
    """False while there is no plan at all: then there is nothing to count."""
    choosing: bool = False
    """Whether any product that matches search and filter has a likely duplicate."""


@get(HERE)
async def show(
    merchant: Merchant, q: str = "", show: str = "", page: str = "1"
) -> Response[str] | Redirect:
    connection = merchant.own
    if connection.shop is None or connection.stage not in {Stage.PRODUCTS_CHOSEN, Stage.RUNNING}:
        return merchant.go("/apps/bigcommerce")
    deps, number, shown = merchant.deps, page_number(page), show if show in FILTERS else ""
    async with deps.database.read() as tx:
        state = await found(tx, connection)
    fresh = await deps.plans.ready(deps.database, deps.clock, connection, comparing=not state.known)
    async with deps.database.read() as tx:
        previewed = await plans.stamp(tx, connection.id) is not None
        counts = await plans.counts(tx, connection.id)
        cut = await plans.page(
            tx,
            connection.id,
            search=q,
            shown=shown,
            any_of="likely",
            limit=SIZE,
            offset=(number - 1) * SIZE,
        )
        steps = [step_of(step) for step in cut.steps]
        sides = await _sides(tx, connection, [step.uuid for step in steps if step.likely])
    view = PlanView(
        rows=tuple(row_view(merchant.words, step, sides) for step in steps),
        counts=tuple(
            CountView(key, counts.get(key, 0))
            for key in ("", *FILTERS)
            if counts.get(key) or key in ALWAYS
        ),
        page=Paging(number, SIZE, cut.total),
        query=q,
        shown=shown,
        page_query=query_of(q=q, show=show),
        whole_library=connection.choices.whole_library,
        running=merchant.running,
        known=state.known,
        fresh=fresh,
        previewed=previewed,
        choosing=cut.any_of,
    )
    return merchant.page("plan.html", view, section="apps")


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known of the products that have a likely partner, on both sides."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    facts: Mapping[tuple[str, int], Facts] = field(default_factory=dict)
    shop: Shop | None = None


NOBODY: Final = Sides()


async def _sides(tx: Tx, connection: Connection, uuids: Sequence[str]) -> Sides:
    if not uuids:
        return NOBODY
    pairs = await duplicates.all_of(tx, connection.id, uuids)
    entries = await library.get_many(tx, connection.id, uuids)
    facts = {(pair.product_uuid, pair.product_id): pair.facts for pair in pairs}
    return Sides(entries, facts, connection.shop)


def our_side(words: Words, step: Step, sides: Sides) -> SideView:
    """The product as Zettle has it. The row itself has its name."""
    entry = sides.entries.get(step.uuid)
    product = entry.product if entry else None
    if product is None:
        return SideView("")
    prices = {variant.price for variant in product.variants}
    lowest = min((price for price in prices if price), key=lambda one: one.minor, default=None)
    stock = next(
        (one.till_stock for (uuid, _), one in sides.facts.items() if uuid == step.uuid), None
    )
    price = words.money(lowest) if lowest else ""
    return SideView(
        "",
        product.image_urls[0] if product.image_urls else "",
        next((variant.sku for variant in product.variants if variant.sku), ""),
        words.fill("plan.from", {"price": price}) if price and len(prices) > 1 else price,
        "" if stock is None or entry is None or entry.tracking is False else words.number(stock),
    )


def their_side(words: Words, step: Step, target: Target, sides: Sides) -> SideView:
    """The product as the store has it, when the two were compared."""
    facts = sides.facts.get((step.uuid, target.product_id), Facts())
    panel = sides.shop.control_panel_url.rstrip("/") if sides.shop else ""
    currency = sides.shop.currency if sides.shop else ""
    return SideView(
        target.name,
        facts.picture,
        facts.sku,
        "" if facts.price is None else words.amount(facts.price, currency),
        "" if facts.stock is None else words.number(facts.stock),
        f"{panel}/manage/products/edit/{target.product_id}" if panel else "",
    )


def row_view(words: Words, step: Step, sides: Sides = NOBODY) -> PlanRow:
    target = step.target
    return PlanRow(
        uuid=step.uuid,
        name=step.name,
        action=step.action.name.lower(),
        supposed=step.supposed,
        why=_why(words, step.reason),
        target=f"{target.name} (#{target.product_id})" if target else "",
        # A refusal is shown once, as the reason.
        notes=tuple(_reported(words, note) for note in step.notes if note.code != step.reason),
        ours=our_side(words, step, sides) if step.likely else None,
        likely=tuple(
            TargetView(
                f"{LINK}{one.product_id}",
                one.name,
                one.product_id,
                words.fill(f"match.{one.reason}", {}),
                one.certainty == "certain",
                their_side(words, step, one, sides),
            )
            for one in step.likely
        ),
        choice=_chosen(step),
        undecided=step.undecided,
    )


@get(f"{HERE}.csv", media_type="text/csv; charset=utf-8")
async def download(merchant: Merchant) -> Stream | Redirect:
    """The whole plan, as it was last drawn."""
    connection = merchant.own
    if connection.shop is None or connection.stage not in {Stage.PRODUCTS_CHOSEN, Stage.RUNNING}:
        return merchant.go("/apps/bigcommerce")
    await exported(merchant, "plan")
    name = merchant.words.text("The plan")
    headers = {"content-disposition": file_name(name), "cache-control": "no-store"}
    return Stream(_lines(merchant), headers=headers, media_type="text/csv; charset=utf-8")


async def _lines(merchant: Merchant) -> AsyncIterator[str]:
    words, offset = merchant.words, 0
    yield plan_csv.heading(words)
    while True:
        async with merchant.deps.database.read() as tx:
            cut = await plans.page(
                tx,
                merchant.own.id,
                search="",
                shown="",
                any_of="likely",
                limit=AT_ONCE,
                offset=offset,
            )
        if not cut.steps:
            return
        yield plan_csv.written(
            [_cells(words, row_view(words, step_of(step))) for step in cut.steps]
        )
        offset += AT_ONCE


def _cells(words: Words, row: PlanRow) -> list[str]:
    likely = "; ".join(f"{one.name} (#{one.product_id}, {one.why})" for one in row.likely)
    happens = words.fill(f"plan.action.{row.action}", {})
    return [row.name, happens, row.target, row.why, likely, " ".join(row.notes)]


def _chosen(step: Step) -> str:
    return f"{LINK}{step.target.product_id}" if step.target else step.choice.value


def _why(words: Words, code: str) -> str:
    key = f"plan.reason.{code}"
    return words.fill(key, {}) if words.has(key) else reason(words, code)


def _reported(words: Words, note: Note) -> str:
    return spoken(words, note.code, note.params, as_plan=True)[0]


# ---- Choosing ------------------------------------------------------------------------------------


@post(HERE)
async def decide(merchant: Merchant, form: Form) -> Redirect:
    """Saves every row's choice, or one for all that match search and filter."""
    query, shown, page = form.one("q"), form.one("show"), form.one("page")
    back = query_of(q=query, show=shown, page=page if page != "1" else "")
    back = f"{HERE}?{back}" if back else HERE
    connection = merchant.own
    if connection.shop is None or connection.stage not in {Stage.PRODUCTS_CHOSEN, Stage.RUNNING}:
        return merchant.unchanged("/apps/bigcommerce")
    wishes: Mapping[str, str] = form.starting("choice-")
    unsure, everything = 0, form.one("all")
    deps = merchant.deps
    if everything:
        await deps.plans.draw(deps.database, deps.clock, connection)
    async with deps.database.transaction() as tx:
        chosen = await _shown_likely(tx, connection.id, query, shown) if everything else []
        if everything in {"link", "certain"}:
            pairs = await duplicates.all_of(tx, connection.id)
            wishes, unsure = links_of(pairs, chosen, certain=everything == "certain")
        elif everything in {Choice.KEEP_BOTH.value, Choice.SKIP.value}:
            wishes = dict.fromkeys(chosen, everything)
        done = await choose(merchant, tx, wishes)
    # The page that follows shows what was chosen.
    await deps.plans.draw(deps.database, deps.clock, connection)
    n = merchant.words.number(done.changed)
    if done.taken or unsure:
        return merchant.go(
            back, "plan_unsure", "warn", n=n, left=merchant.words.number(done.taken + unsure)
        )
    return (
        merchant.go(back, "plan_saved", n=n)
        if done.changed
        else merchant.go(back, "unchanged", "warn")
    )


async def _shown_likely(tx: Tx, connection_id: int, query: str, shown: str) -> list[str]:
    """The products with a likely partner that match search and filter."""
    wanted = await plans.uuids(
        tx, connection_id, search=query, shown=shown if shown in FILTERS else ""
    )
    likely = await plans.uuids(tx, connection_id, search="", shown="likely")
    found = set(likely)
    return [uuid for uuid in wanted if uuid in found]
