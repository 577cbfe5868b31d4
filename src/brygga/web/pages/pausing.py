"""Pausing product sync and continuing it. Stock sync goes on meanwhile, and the pause stays until
the merchant ends it.
"""

from typing import Final

from litestar import post
from litestar.response import Redirect

from brygga.core.report import Code, Line, Topic
from brygga.database import connections, synclog
from brygga.web.visit import Merchant

HOME: Final = "/apps/bigcommerce"


@post(f"{HOME}/products/pause")
async def pause(merchant: Merchant) -> Redirect:
    return await _set(merchant, paused=True)


@post(f"{HOME}/products/resume")
async def resume(merchant: Merchant) -> Redirect:
    return await _set(merchant, paused=False)


async def _set(merchant: Merchant, *, paused: bool) -> Redirect:
    deps, connection = merchant.deps, merchant.own
    if not merchant.running:
        return merchant.unchanged(HOME)
    async with deps.database.transaction() as tx:
        changed = await connections.set_products_paused(tx, connection.id, paused=paused)
        if changed:
            code = Code.PRODUCTS_PAUSED if paused else Code.PRODUCTS_RESUMED
            line = Line(code, Topic.CONNECTION)
            await synclog.add(tx, connection.id, line, deps.clock.now())
        if not paused:
            await deps.jobs.enqueue(tx, connection.id)
    if not changed:
        return merchant.go(HOME, "unchanged", "warn")
    return merchant.go(HOME, "products_paused" if paused else "products_resumed")
