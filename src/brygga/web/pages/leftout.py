"""What could not be carried over, product by product: a list to work through and tick off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.database import left_out, ticks
from brygga.database.left_out import ITEM, LeftOut
from brygga.web.carried import CODES
from brygga.web.i18n import Words
from brygga.web.lines import spoken
from brygga.web.paging import Paging, page_number, query_of
from brygga.web.visit import Form, Merchant

HERE: Final = "/apps/bigcommerce/left-out"
SIZE: Final = 25
SHOWN: Final = 80
"""Characters of a text that are shown of it here."""


@dataclass(frozen=True, slots=True)
class ItemView:
    sentence: str
    action: str


@dataclass(frozen=True, slots=True)
class ProductView:
    uuid: str
    name: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class LeftOutView:
    products: tuple[ProductView, ...]
    page: Paging
    open: int = 0
    ticked: int = 0
    done: bool = False
    """Whether the products that are ticked off are shown."""
    query: str = ""


@get(HERE)
async def show(merchant: Merchant, page: str = "1", show: str = "") -> Response[str] | Redirect:
    connection, number, done = merchant.own, page_number(page), show == "done"
    if not merchant.running:
        return merchant.go("/apps/bigcommerce")
    async with merchant.deps.database.read() as tx:
        is_open, ticked = await left_out.totals(tx, connection.id, CODES)
        found = await left_out.page(
            tx, connection.id, CODES, ticked=done, limit=SIZE, offset=(number - 1) * SIZE
        )
    view = LeftOutView(
        tuple(product_view(merchant.words, one) for one in found),
        Paging(number, SIZE, ticked if done else is_open),
        is_open,
        ticked,
        done,
        query_of(show="done" if done else ""),
    )
    return merchant.page("leftout.html", view, section="apps")


def product_view(words: Words, one: LeftOut) -> ProductView:
    """Each sentence once. The product is named above them."""
    items = dict.fromkeys(
        ItemView(sentence, action)
        for sentence, _, action in (
            spoken(words, code.value, {**shortened(params), "name": shown(one.name)})
            for code, params in one.lines
        )
    )
    return ProductView(one.product_uuid, shown(one.name), tuple(items))


def shortened(params: Mapping[str, str]) -> dict[str, str]:
    return {key: shown(value) for key, value in params.items()}


def shown(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


@post(HERE)
async def tick(merchant: Merchant, form: Form) -> Redirect:
    """Ticks one product off, or puts it back on the list."""
    uuid, back = form.one("product"), form.one("back")
    here = f"{HERE}?show=done" if back == "done" else HERE
    if not merchant.running:
        return merchant.unchanged("/apps/bigcommerce")
    async with merchant.deps.database.transaction() as tx:
        if form.one("done") == "no":
            await ticks.untick(tx, merchant.own.id, [f"{ITEM}{uuid}"])
        else:
            counts = await left_out.counted(tx, merchant.own.id, CODES, [uuid])
            items = {f"{ITEM}{one}": count for one, count in counts.items()}
            await ticks.tick(tx, merchant.own.id, items, merchant.deps.clock.now())
    return merchant.go(here)
