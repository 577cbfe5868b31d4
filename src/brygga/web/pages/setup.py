"""The set-up, step by step: connect, prices, products, finish (rules C3 to C12). It resumes at the
missing step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from litestar import Response, post
from litestar.response import Redirect

from brygga.core.connecting import Step, missing_step, stock_moves_late, tax_changes_margin
from brygga.core.lifecycle import Joined, PricesChosen, ProductsChosen, Running
from brygga.core.model import Connection, Money, Organization, Product, Shop, Stage, TaxationMode
from brygga.database import (
    assigning,
    connections,
    endings,
    library_pages,
    plan_inputs,
    plans,
    statistics,
    tokens,
    waiting_work,
)
from brygga.database.engine import Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.sync.products.plans import CERTAIN, SUPPOSED
from brygga.web.messages import Trouble
from brygga.web.pages.apps import store_name
from brygga.web.pages.duplicates import Found, Likely, found
from brygga.web.pages.joining import lead_to_store
from brygga.web.standing import LeftView, Phase, left_view
from brygga.web.troubles import failure_trouble, price_refusal_code, refusal_params
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask

EXAMPLES: Final = 3
"""C7: the change of margin is shown on three of the merchant's own products."""
ENOUGH: Final = 20
"""The number of priced products to choose three from."""
SUMMARY: Final = ("create", "link", "update", "leave", "undecided", "warnings")
"""The parts of the plan that the last step counts."""
CHOOSE: Final = "choose"
"""The parts that it counts separately, where the merchant picks products by hand."""


@dataclass(frozen=True, slots=True)
class StepMark:
    key: str
    done: bool


@dataclass(frozen=True, slots=True)
class PriceExample:
    """What a customer pays in Zettle and would pay in BigCommerce, tax included, if this price were
    copied.
    """

    name: str
    vat: Decimal
    till: Money
    shop: Money


@dataclass(frozen=True, slots=True)
class SetupView:
    step: str
    steps: tuple[StepMark, ...]
    troubles: tuple[Trouble, ...] = ()
    ready: bool = True
    """Whether the facts of the store are known. Until then there is nothing to choose from."""
    unreadable: bool = False
    """The store's facts cannot be read now: the work for them failed by a bug of ours, or a
    platform does not answer.
    """
    organization: str = ""
    store: str = ""
    till_currency: str = ""
    store_currency: str = ""
    price_refusal: str = ""
    price_params: tuple[tuple[str, str], ...] = ()
    margin_changes: bool = False
    store_excludes_tax: bool = False
    examples: tuple[PriceExample, ...] = ()
    products: int = 0
    prices: bool = False
    whole_library: bool = False
    duplicates: int = 0
    duplicates_known: bool = False
    likely: tuple[Likely, ...] = ()
    """The first of the duplicates, as far as they were found."""
    stock_late: bool = False
    backorders: bool = False
    stock_known: bool = False
    refunds: str = ""
    plan: tuple[tuple[str, int], ...] = ()
    drawing: str = ""
    """The plan is not ready: "now" while it is being made, "later" while the work that makes it is
    stopped.
    """
    found_again: int = 0
    """How many products this store still has from an earlier connection (D4)."""
    elsewhere: LeftView | None = None
    """The earlier connection, where it left products in another store."""


async def show_step(merchant: Merchant) -> Response[str]:
    """The page of the missing step."""
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        counts = await library_pages.counts(tx, connection.id)
        products = await library_pages.priced(tx, connection.id, ENOUGH)
        duplicates = await found(tx, connection)
        failing = failure_trouble(await waiting_work.parked(tx, connection.id))
        again = await endings.found_again(tx, connection.id)
        ending = await endings.last(tx, connection) if connection.shop else None
    shown = replace(view(connection, sum(counts.values()), products, duplicates), found_again=again)
    if failing is not None:
        shown = replace(shown, troubles=(*shown.troubles, failing), unreadable=not shown.ready)
    if (
        ending is not None
        and ending.kept
        and shown.step != Step.CONNECT.value
        and _is_another(ending.shop, connection)
    ):
        shown = replace(shown, elsewhere=left_view(ending, here=False))
    if shown.step == Step.FINISH.value and shown.ready:
        deps = merchant.deps
        comparing = not duplicates.known
        fresh = await deps.plans.ready(deps.database, deps.clock, connection, comparing=comparing)
        drawing = "" if fresh else "later" if comparing and not merchant.standing.moves else "now"
        async with deps.database.read() as tx:
            shown = replace(
                shown, plan=summary(await plans.counts(tx, connection.id)), drawing=drawing
            )
    return merchant.page("setup.html", shown, section="apps")


def _is_another(shop: Shop, connection: Connection) -> bool:
    return connection.shop is not None and connection.shop.store_hash != shop.store_hash


def summary(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The number of products for each automatic effect. Products that the merchant still has to
    pick are counted separately.
    """
    found = [(key, counts[f"{CERTAIN}{key}"]) for key in SUMMARY if counts.get(f"{CERTAIN}{key}")]
    to_choose = counts.get(SUPPOSED, 0)
    return (*found, (CHOOSE, to_choose)) if to_choose else tuple(found)


def view(
    connection: Connection, count: int, products: Sequence[Product], duplicates: Found
) -> SetupView:
    """What the step shows, from the connection and the library alone."""
    step = missing_step(connection) or Step.FINISH
    order = list(Step)
    steps = tuple(StepMark(each.value, order.index(each) < order.index(step)) for each in order)
    organization, shop = connection.organization, connection.shop
    if shop is None or step is Step.CONNECT:
        return SetupView(Step.CONNECT.value, steps)
    margin = tax_changes_margin(organization, shop)
    return SetupView(
        step=step.value,
        steps=steps,
        ready=bool(shop.currency),
        organization=organization.name or "Zettle",
        store=store_name(connection),
        till_currency=organization.currency,
        store_currency=shop.currency,
        price_refusal=price_refusal_code(connection),
        price_params=refusal_params(connection),
        margin_changes=margin and not price_refusal_code(connection),
        store_excludes_tax=not shop.prices_include_tax,
        examples=price_examples(products, organization, shop) if margin else (),
        products=count,
        prices=connection.choices.prices,
        whole_library=connection.choices.whole_library,
        duplicates=duplicates.open,
        duplicates_known=duplicates.known,
        likely=duplicates.first,
        stock_late=stock_moves_late(shop),
        backorders=shop.backorders,
        stock_known=shop.stock_moment is not None,
        refunds="" if shop.restocks_refunds is None else "yes" if shop.restocks_refunds else "no",
    )


def price_examples(
    products: Sequence[Product], organization: Organization, shop: Shop
) -> tuple[PriceExample, ...]:
    """Three priced products with VAT, with the copied price as customers would see it on each side
    (C7).
    """
    examples = []
    for product in products:
        price = next(
            (variant.price for variant in product.variants if variant.price is not None), None
        )
        if (
            price is None
            or not price.minor
            or not product.vat_percentage
            or price.currency != organization.currency
        ):
            continue
        with_tax = _with_tax(price, product.vat_percentage)
        till = price if organization.taxation_mode is TaxationMode.INCLUSIVE else with_tax
        copied = price if shop.prices_include_tax else with_tax
        examples.append(PriceExample(product.name, product.vat_percentage, till, copied))
        if len(examples) == EXAMPLES:
            break
    return tuple(examples)


def _with_tax(price: Money, percentage: Decimal) -> Money:
    amount = Decimal(price.minor) * (100 + percentage) / 100
    return Money(int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)), price.currency)


# ---- Buttons -------------------------------------------------------------------------------------


@post("/apps/bigcommerce/connect")
async def connect(merchant: Merchant) -> Redirect:
    """Leads to BigCommerce. Without valid access to Zettle it first leads there: a connection needs
    both.
    """
    async with merchant.deps.database.read() as tx:
        token = await tokens.get(tx, merchant.own.id, Platform.ZETTLE)
    if merchant.own.stage is Stage.DISCONNECTED or token is None or token.revoked_at is not None:
        merchant.request.session["after"] = "connect"
        return Redirect("/sign-in/zettle", status_code=303)
    return lead_to_store(merchant)


@post("/apps/bigcommerce/prices")
async def choose_prices(merchant: Merchant, form: Form) -> Redirect:
    """C4, C5: chosen once, before anything is synced. Where prices may not be chosen they are off,
    whatever the form says.
    """
    async with merchant.deps.database.transaction() as tx:
        match await connections.state(tx, merchant.own.id):
            case Joined() as now:
                chosen = now.choose_prices(wish=form.one("prices") == "yes")
                await connections.save(tx, merchant.own.id, chosen)
            case _:
                pass
    return _onward(merchant)


@post("/apps/bigcommerce/products")
async def choose_products(merchant: Merchant, form: Form) -> Redirect:
    """C9. From here on the store's products are compared with the library, so that likely
    duplicates can be shown (P11).
    """
    async with merchant.deps.database.transaction() as tx:
        match await connections.state(tx, merchant.own.id):
            case PricesChosen() as now:
                chosen = now.choose_products(whole_library=form.one("products") == "whole")
                await connections.save(tx, merchant.own.id, chosen)
                await ask(merchant.deps, tx, merchant.own.id, Kind.SETUP)
            case _:
                pass
    return _onward(merchant)


@post("/apps/bigcommerce/back")
async def back(merchant: Merchant) -> Redirect:
    """The choices can be changed until the set-up is finished."""
    async with merchant.deps.database.transaction() as tx:
        match await connections.state(tx, merchant.own.id):
            case PricesChosen() | ProductsChosen() as now:
                await connections.save(tx, merchant.own.id, now.change())
            case _:
                pass
    return _onward(merchant)


def _onward(merchant: Merchant) -> Redirect:
    """Leads to the step that is missing now. A merchant who is not in a set-up reads why the button
    did nothing.
    """
    if merchant.standing.phase is Phase.SETUP:
        return merchant.go("/apps/bigcommerce")
    if merchant.running:
        return merchant.go("/apps/bigcommerce", "already_finished")
    return merchant.unchanged("/apps/bigcommerce")


@post("/apps/bigcommerce/finish")
async def finish(merchant: Merchant) -> Redirect:
    """C10, C11: starts the sync, or opens the library. Pressing it twice starts it once."""
    connection, deps = merchant.own, merchant.deps
    async with deps.database.transaction() as tx:
        now = await connections.state(tx, connection.id)
        if not isinstance(now, ProductsChosen):
            return _onward(merchant)
        again = await begin(merchant, tx, now.finish())
    if not now.choices.whole_library:
        return said_by_hand(merchant, again)
    await statistics.refresh(deps.database)
    return merchant.go("/apps/bigcommerce", "finished_whole")


async def begin(merchant: Merchant, tx: Tx, running: Running) -> int:
    """The sync begins. Returns how many products the store still has from an earlier connection."""
    deps, connection_id = merchant.deps, merchant.own.id
    again = await endings.uuids_found_again(tx, connection_id)
    await connections.save(tx, connection_id, running)
    await plan_inputs.remember(tx, connection_id)
    # The work takes these products back before anything else. Until then they wait, on every page.
    await assigning.assign_all(tx, connection_id, again)
    if running.choices.whole_library:
        chosen = await assigning.assign_all(tx, connection_id)
        await ask(deps, tx, connection_id, Kind.PRODUCT, chosen, bulk=True)
    await ask(deps, tx, connection_id, Kind.SETUP)
    return len(again)


def said_by_hand(merchant: Merchant, again: int) -> Redirect:
    """Leads to the library, where the merchant picks. Products found again need no picking (D4)."""
    match again:
        case 0:
            return merchant.go("/library", "finished_hand")
        case 1:
            return merchant.go("/library", "finished_hand_kept_one")
        case _:
            return merchant.go("/library", "finished_hand_kept", n=merchant.words.number(again))
