"""The BigCommerce page: the set-up while it is not finished (C11), the overview afterwards (C12,
E1), and what its buttons do.
"""

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.connecting import missing_step, price_refusal
from brygga.core.model import Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import bindings, brakes, connections, library, synclog, ticks
from brygga.database.work_items import Kind
from brygga.web.pages.joining import drop_pending
from brygga.web.pages.overview import overview
from brygga.web.pages.setup import show_step
from brygga.web.pages.watching import HERE as WATCH
from brygga.web.standing import Phase
from brygga.web.todo import items
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask

HOME = "/apps/bigcommerce"


@get(HOME)
async def show(merchant: Merchant) -> Response[str] | Redirect:
    drop_pending(merchant)
    if merchant.own.stage is Stage.WATCHING:
        return merchant.go(WATCH)
    if missing_step(merchant.own) is not None:
        return await show_step(merchant)
    return merchant.page("overview.html", await overview(merchant), section="apps")


# ---- Buttons -------------------------------------------------------------------------------------


@post(f"{HOME}/resume")
async def resume(merchant: Merchant) -> Redirect:
    """The merchant says that the cause of the stop is corrected. If it is not, the next try reports
    it again.
    """
    deps, connection = merchant.deps, merchant.own
    if merchant.standing.phase not in {Phase.SETUP, Phase.RUNNING}:
        return merchant.unchanged(HOME)
    async with deps.database.transaction() as tx:
        resumed = await connections.resume(tx, connection.id)
        if resumed:
            await synclog.add(
                tx, connection.id, Line(Code.RESUMED, Topic.CONNECTION), deps.clock.now()
            )
            for kind in (Kind.ACCOUNT, Kind.HOOKS, Kind.SWEEP):
                await ask(deps, tx, connection.id, kind)
    return merchant.go(HOME, "resumed") if resumed else merchant.go(HOME, "unchanged_going", "warn")


@post(f"{HOME}/prices/resume")
async def resume_prices(merchant: Merchant) -> Redirect:
    """Decision 10: price sync resumes only when the merchant says so, and only with equal
    currencies.
    """
    deps, connection = merchant.deps, merchant.own
    if not merchant.running:
        return merchant.unchanged(HOME)
    if price_refusal(connection.organization, connection.shop) is not None:
        return merchant.go(HOME, "unchanged_prices", "warn")
    async with deps.database.transaction() as tx:
        resumed = await connections.set_prices_paused(tx, connection.id, paused=False)
        if resumed:
            await ask(
                deps,
                tx,
                connection.id,
                Kind.PRODUCT,
                await library.assigned_uuids(tx, connection.id),
                force=True,
                bulk=True,
            )
    return merchant.go(HOME, "resumed") if resumed else merchant.go(HOME, "unchanged_going", "warn")


@post(HOME + "/answer/{kind:str}")
async def answer(merchant: Merchant, form: Form, kind: str) -> Redirect:
    """Decision 9: a mass effect that was stopped goes on, or stays stopped, as the
    merchant says.
    """
    deps, connection = merchant.deps, merchant.own
    spoken = form.one("answer")
    if spoken not in {"yes", "no"}:
        raise NotThere
    if not merchant.running:
        return merchant.unchanged(HOME)
    async with deps.database.transaction() as tx:
        waited = await brakes.answer(
            tx, connection.id, kind, go=spoken == "yes", now=deps.clock.now()
        )
        if waited:
            await ask(deps, tx, connection.id, Kind.SWEEP)
    return merchant.go(HOME, "answered" if waited else "unchanged")


@post(f"{HOME}/todo")
async def tick(merchant: Merchant, form: Form) -> Redirect:
    """Ticks an item of the list of what is left to do in BigCommerce, or opens it again."""
    deps, connection, item = merchant.deps, merchant.own, form.one("item")
    if not merchant.running:
        return merchant.unchanged(HOME)
    async with deps.database.transaction() as tx:
        if form.one("done") == "no":
            await ticks.untick(tx, connection.id, [item])
        else:
            totals = await bindings.totals(tx, connection.id)
            vat = await library.by_vat(tx, connection.id)
            found = {one.item: one.count for one in items(connection, totals, vat)}
            if found.get(item):
                await ticks.tick(tx, connection.id, {item: found[item]}, deps.clock.now())
    return merchant.go(f"{HOME}#todo")
