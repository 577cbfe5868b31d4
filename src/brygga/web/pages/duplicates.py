"""Likely duplicates: products that seem to be in both systems, and what the merchant wants with each (rule P11)."""

from dataclasses import dataclass
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.model import Connection, Stage
from brygga.store import bindings, duplicates, library, marks
from brygga.store.database import Tx
from brygga.store.duplicates import Choice
from brygga.store.marks import Kind
from brygga.web.paging import Paging, page_number
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask

SIZE: Final = 100
HERE: Final = "/apps/bigcommerce/duplicates"


@dataclass(frozen=True, slots=True)
class Found:
    """`open` products may be in the store already, undecided. `known` is false while the store has not been compared yet."""

    open: int = 0
    known: bool = False


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    uuid: str
    product_id: int
    name: str
    sku: str
    shop_name: str
    reason: str
    choice: str


@dataclass(frozen=True, slots=True)
class DuplicatesView:
    rows: tuple[DuplicateRow, ...]
    page: Paging
    running: bool = False
    known: bool = True


async def found(tx: Tx, connection: Connection) -> Found:
    pairs = await duplicates.all_of(tx, connection.id)
    comparing = (await marks.counts(tx, connection.id)).get(Kind.SETUP, 0) > 0
    early = connection.stage in {Stage.ZETTLE_CONNECTED, Stage.STORE_CONNECTED, Stage.PRICES_CHOSEN}
    undecided = {pair.product_uuid for pair in pairs if pair.choice is Choice.OPEN}
    # What is bound has a product of its own in the store by now: there is nothing left to warn of.
    bound = await bindings.product_ids(tx, connection.id) if undecided else {}
    return Found(len(undecided - bound.keys()), known=not comparing and not early)


@get(HERE)
async def show(merchant: Merchant, page: str = "1") -> Response[str]:
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        pairs = await duplicates.all_of(tx, connection.id)
        state = await found(tx, connection)
        paging = Paging(page_number(page), SIZE, len(pairs))
        shown = pairs[(paging.number - 1) * SIZE : paging.number * SIZE]
        entries = await library.get_many(tx, connection.id, [pair.product_uuid for pair in shown])
    rows = []
    for pair in shown:
        entry = entries.get(pair.product_uuid)
        product = entry.product if entry else None
        sku = next((variant.sku for variant in product.variants if variant.sku), "") if product else ""
        name = entry.name if entry else pair.product_uuid
        rows.append(
            DuplicateRow(pair.product_uuid, pair.product_id, name, sku, pair.shop_name, pair.reason, pair.choice.value)
        )
    view = DuplicatesView(tuple(rows), paging, merchant.running, state.known)
    return merchant.page("duplicates.html", view, section="apps")


@post(HERE)
async def choose(merchant: Merchant, form: Form) -> Redirect:
    """Every row's choice is kept; what is synced already is looked at again with it."""
    deps, connection = merchant.deps, merchant.own
    async with deps.database.transaction() as tx:
        before = {
            (pair.product_uuid, pair.product_id): pair.choice for pair in await duplicates.all_of(tx, connection.id)
        }
        moved = []
        for (uuid, product_id), was in before.items():
            wish = form.one(f"choice-{uuid}-{product_id}")
            if f"choice-{uuid}-{product_id}" not in dict(form.fields) or wish not in set(Choice) or wish == was:
                continue
            await duplicates.choose(tx, connection.id, uuid, product_id, Choice(wish))
            moved.append((uuid, Choice(wish)))
        await _follow(merchant, tx, moved)
    return merchant.go(HERE if connection.stage is Stage.RUNNING else "/apps/bigcommerce", "duplicates_saved")


async def _follow(merchant: Merchant, tx: Tx, moved: list[tuple[str, Choice]]) -> None:
    """Skip means: not sold in BigCommerce. Link, after set-up, means: assign it now, bound to the product that is there."""
    deps, connection = merchant.deps, merchant.own
    now = deps.clock.now()
    for uuid, choice in moved:
        if choice is Choice.SKIP:
            await library.decide(tx, connection.id, uuid, assigned=False, now=now)
        elif choice in {Choice.LINK, Choice.KEEP_BOTH} and connection.choices.whole_library:
            await library.decide(tx, connection.id, uuid, assigned=True, now=now)
    if connection.stage is Stage.RUNNING:
        await ask(deps, tx, connection.id, Kind.PRODUCT, [uuid for uuid, _ in moved], force=True)
