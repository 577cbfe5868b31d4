"""Separate stock: a number for each side (S5), and back to one (S6)."""

from collections.abc import Mapping

from litestar import post
from litestar.response import Redirect

from brygga.store import library
from brygga.web.deps import StockMoved
from brygga.web.pages.product import ZETTLE_MAX
from brygga.web.visit import Form, Merchant, NotThere

Shares = Mapping[str, tuple[int, int, int]]


def shares_of(form: Form) -> Shares | None:
    """Variant uuid -> (to Zettle, to BigCommerce, shared when the page was drawn); None when a number is missing or out of bounds."""
    till, shop, seen = form.starting("zettle-"), form.starting("shop-"), form.starting("shared-")
    found = {}
    for uuid, text in till.items():
        numbers = [text, shop.get(uuid, "")]
        shared = seen.get(uuid, "")
        if not all(number.isascii() and number.isdigit() and len(number) < 9 for number in numbers):
            return None
        if not shared.removeprefix("-").isdigit() or not shared.isascii() or len(shared) > 12:
            return None
        if max(map(int, numbers)) > ZETTLE_MAX:
            return None
        found[uuid] = (int(text), int(shop[uuid]), int(shared))
    return found or None


def changes_sum(shares: Shares) -> bool:
    """S5: a changed sum needs a confirmation."""
    return any(till + shop != shared for till, shop, shared in shares.values())


@post("/library/{uuid:str}/stock/separate")
async def separate(merchant: Merchant, form: Form, uuid: str) -> Redirect:
    back, desk = f"/library/{uuid}#separate-stock", merchant.deps.stock
    if form.one("separate") != "yes":
        return merchant.go(back, "separate_unticked", "warn")
    shares = shares_of(form)
    if shares is None:
        return merchant.go(back, "numbers_wrong", "warn")
    if changes_sum(shares) and form.one("sum") != "changed":
        return merchant.go(back, "sum_changed", "warn")
    if desk is None:
        return merchant.go(back, "not_ready", "warn")
    try:
        async with merchant.deps.database.transaction() as tx:
            entry = await library.get(tx, merchant.own.id, uuid)
            if entry is None or entry.tracking is not True:
                raise NotThere
            await desk.split(tx, merchant.own.id, uuid, shares, merchant.deps.clock.now())
            await merchant.deps.jobs.enqueue(tx, merchant.own.id, urgent=True)
    except StockMoved:
        return merchant.go(back, "stock_moved", "warn")
    return merchant.go(back, "separated")


@post("/library/{uuid:str}/stock/join")
async def join(merchant: Merchant, form: Form, uuid: str) -> Redirect:
    """Only after the confirmation that showed the number both sides will have (S6)."""
    back, desk = f"/library/{uuid}#separate-stock", merchant.deps.stock
    if form.one("confirmed") != "yes" or desk is None:
        return merchant.go(back, "unchanged", "warn")
    async with merchant.deps.database.transaction() as tx:
        if await library.get(tx, merchant.own.id, uuid) is None:
            raise NotThere
        await desk.join(tx, merchant.own.id, uuid, merchant.deps.clock.now())
        await merchant.deps.jobs.enqueue(tx, merchant.own.id, urgent=True)
    return merchant.go(back, "joined")
