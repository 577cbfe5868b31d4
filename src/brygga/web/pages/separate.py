"""Separate stock: a number for each side (S5), back to one (S6), and tracking switched (S7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.database import bindings, ledgers, library
from brygga.database.library import Entry
from brygga.database.work_items import Kind
from brygga.sync.stock import Moved
from brygga.web.numbers import seen
from brygga.web.stock_rows import Split, StockView, is_alike, sent, stock_rows
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask


@dataclass(frozen=True, slots=True)
class SplitView:
    """The form, or the question whether its sum is intended (`asks`)."""

    uuid: str
    name: str
    stock: tuple[StockView, ...]
    asks: bool = False
    outdated: bool = False
    wrong: bool = False
    again: bool = False
    """Stock is separate already, and the split is changed."""


@dataclass(frozen=True, slots=True)
class JoinView:
    uuid: str
    name: str
    stock: tuple[StockView, ...]
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A product's stock as it is now."""

    entry: Entry
    rows: tuple[StockView, ...]
    separate: bool
    read: bool
    """False while separate stock from an earlier connection waits for its first read on either side
    (D4).
    """

    alike: bool = True
    """False where BigCommerce counts the product in a way that stock cannot be shared (decisions
    17, 18).
    """

    @property
    def splittable(self) -> bool:
        return self.alike and bool(self.rows) and all(row.base is not None for row in self.rows)

    @property
    def joins_later(self) -> str:
        """Why separate stock cannot end now, as a notice. "" when it can. A missing number has no
        sum.
        """
        if not self.alike:
            return "not_counted"
        return "" if self.read else "not_ready"


# ---- S5 ------------------------------------------------------------------------------------------


@get("/library/{uuid:str}/stock/separate")
async def show(merchant: Merchant, uuid: str) -> Response[str] | Redirect:
    stand = await standing(merchant, uuid)
    refusal = _unfit(stand)
    if refusal:
        return merchant.go(_home(uuid), refusal, "warn")
    view = SplitView(uuid, stand.entry.name, stand.rows, again=stand.separate)
    return merchant.page("separate.html", view, section="library")


@post("/library/{uuid:str}/stock/separate")
async def separate(merchant: Merchant, form: Form, uuid: str) -> Response[str] | Redirect:
    """Writes both sides. Wrong or outdated numbers, and a sum that was not confirmed, are asked
    again with what was typed.
    """
    stand, commands = await standing(merchant, uuid), merchant.deps.stock
    typed = sent(form, stand.rows)
    if merchant.running and stand.separate and _is_done(typed):
        return merchant.go(_home(uuid), "separated")  # pressed twice
    if not merchant.running:
        return merchant.unchanged(_home(uuid))
    refusal = _refused(form, stand) or _unfit(stand)
    if refusal or commands is None:
        return merchant.go(_home(uuid), refusal or "not_ready", "warn")
    again = _asked_again(merchant, form, stand, typed)
    if again is not None:
        return again
    try:
        async with merchant.deps.database.transaction() as tx:
            await commands.split(tx, merchant.own.id, uuid, typed.shares, merchant.deps.clock.now())
            await merchant.deps.jobs.enqueue(tx, merchant.own.id, urgent=True)
    except Moved:
        stand = await standing(merchant, uuid)
        return _form(merchant, stand, sent(form, stand.rows), outdated=True, status=409)
    return merchant.go(_home(uuid), "split_changed" if stand.separate else "separated")


def _asked_again(
    merchant: Merchant, form: Form, stand: Standing, typed: Split
) -> Response[str] | None:
    """None when the form can be saved as it is."""
    if form.one("count") == "yes":
        return _form(merchant, stand, typed)
    if not typed.is_filled:
        return _form(merchant, stand, typed, wrong=True, status=422)
    is_change = form.one("again") == "yes"
    if typed.is_outdated or is_change != stand.separate:
        return _form(merchant, stand, typed, outdated=True, status=409)
    if typed.changes_sum and form.one("sum") != "changed":
        view = SplitView(
            stand.entry.product_uuid, stand.entry.name, typed.rows, asks=True, again=stand.separate
        )
        return merchant.page("separate_sum.html", view, section="library")
    return None


def _form(
    merchant: Merchant,
    stand: Standing,
    typed: Split,
    *,
    outdated: bool = False,
    wrong: bool = False,
    status: int = 200,
) -> Response[str]:
    view = SplitView(
        stand.entry.product_uuid,
        stand.entry.name,
        typed.rows,
        outdated=outdated,
        wrong=wrong,
        again=stand.separate,
    )
    return merchant.page("separate.html", view, section="library", status=status)


def _refused(form: Form, stand: Standing) -> str:
    """Why this form cannot be saved, as a notice. "" when it can. A split is changed only by the
    form that shows it.
    """
    if form.one("separate") != "yes":
        return "separate_unticked"
    return "separate_already" if stand.separate and form.one("again") != "yes" else ""


def _unfit(stand: Standing) -> str:
    """Why stock cannot be split now, as a notice. "" when it can. A split can be changed."""
    if stand.entry.tracking is not True:
        return "not_tracked"
    if not stand.alike:
        return "not_counted"
    return "" if stand.splittable else "not_ready"


def _is_done(typed: Split) -> bool:
    """Every side's target is what the form asks for: it was sent twice."""
    return typed.is_filled and all(
        (str(row.zettle), str(row.shop)) == (row.form_zettle, row.form_shop) for row in typed.rows
    )


# ---- S6 ------------------------------------------------------------------------------------------


@get("/library/{uuid:str}/stock/join")
async def asked(merchant: Merchant, uuid: str) -> Response[str] | Redirect:
    stand = await standing(merchant, uuid)
    if stand.separate and stand.joins_later:
        return merchant.go(_home(uuid), stand.joins_later, "warn")
    return (
        _question(merchant, stand)
        if stand.separate
        else merchant.go(_home(uuid), "joined_already", "warn")
    )


@post("/library/{uuid:str}/stock/join")
async def join(merchant: Merchant, form: Form, uuid: str) -> Response[str] | Redirect:
    """Only after the confirmation that showed the number both sides will have (S6), and only if it
    is still that number.
    """
    stand, commands = await standing(merchant, uuid), merchant.deps.stock
    if not merchant.running:
        return merchant.unchanged(_home(uuid))
    if not stand.separate or commands is None:
        return merchant.go(_home(uuid), "joined_already")
    if stand.joins_later:
        return merchant.go(_home(uuid), stand.joins_later, "warn")
    if form.one("confirmed") != "yes":
        return _question(merchant, stand)
    numbers = {variant: seen(text) for variant, text in form.starting("joined-").items()}
    shown = {variant: number for variant, number in numbers.items() if number is not None}
    try:
        async with merchant.deps.database.transaction() as tx:
            await commands.join(tx, merchant.own.id, uuid, merchant.deps.clock.now(), seen=shown)
            await merchant.deps.jobs.enqueue(tx, merchant.own.id, urgent=True)
    except Moved:
        return _question(merchant, await standing(merchant, uuid), outdated=True)
    return merchant.go(_home(uuid), "joined")


def _question(merchant: Merchant, stand: Standing, *, outdated: bool = False) -> Response[str]:
    view = JoinView(stand.entry.product_uuid, stand.entry.name, stand.rows, outdated)
    return merchant.page(
        "join_stock.html", view, section="library", status=409 if outdated else 200
    )


# ---- S7 ------------------------------------------------------------------------------------------


@post("/library/{uuid:str}/stock/tracking")
async def track(merchant: Merchant, form: Form, uuid: str) -> Response[str] | Redirect:
    """The work switches tracking in Zettle. It reads the item's detail: "on" or "off". Off ends
    separate stock, so that is asked first.

    The form carries what its box showed. A switch happens only when the box was changed and had
    shown the present state.
    """
    stand = await standing(merchant, uuid)
    wish = "on" if form.one("tracking") == "yes" else "off"
    now = "on" if stand.entry.tracking is True else "off"
    if not merchant.running or (wish == now == form.one("shown")):
        return merchant.unchanged(f"/library/{uuid}#stock")
    if form.one("shown") != now:
        return merchant.go(f"/library/{uuid}#stock", f"tracking_was_{now}", "warn")
    if wish == "off" and stand.separate and form.one("confirmed") != "yes":
        return merchant.page(
            "untrack.html", JoinView(uuid, stand.entry.name, stand.rows), section="library"
        )
    async with merchant.deps.database.transaction() as tx:
        await ask(
            merchant.deps, tx, merchant.own.id, Kind.TRACKING, [uuid], force=True, detail=wish
        )
    return merchant.go(f"/library/{uuid}#stock", f"tracking_{wish}")


# --------------------------------------------------------------------------------------------------


async def standing(merchant: Merchant, uuid: str) -> Standing:
    """Raises `NotThere` for a product that is gone, or that belongs to another merchant."""
    async with merchant.deps.database.read() as tx:
        entry = await library.get(tx, merchant.own.id, uuid)
        if entry is None:
            raise NotThere
        binding = await bindings.get(tx, merchant.own.id, uuid)
        ledger_rows: Sequence[ledgers.LedgerRow] = list(
            (await ledgers.load(tx, merchant.own.id, [uuid])).values()
        )
    separate_now = any(ledger_row.ledger.separate for ledger_row in ledger_rows)
    read = all(
        ledger_row.ledger.zettle.seen is not None
        for ledger_row in ledger_rows
        if ledger_row.ledger.separate
    )
    return Standing(
        entry, stock_rows(entry.product, ledger_rows), separate_now, read, is_alike(binding)
    )


def _home(uuid: str) -> str:
    return f"/library/{uuid}#separate-stock"
