"""Watching beside the app that links the two today: the report, and its three buttons: begin, stop,
take over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.lifecycle import ProductsChosen, Watching
from brygga.core.model import Stage
from brygga.core.watching import Counts, Outcome
from brygga.database import connections, duplicates, statistics, watching
from brygga.database.watching import Prediction
from brygga.database.work_items import Kind
from brygga.sync.connection import watching as work
from brygga.web.pages.apps import store_name
from brygga.web.pages.setup import begin as begin_sync
from brygga.web.visit import Merchant
from brygga.web.work import ask

HERE: Final = "/apps/bigcommerce/watch"
SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class WatchView:
    """`differences` are the newest that did not happen as predicted, or late. `waiting`: those that
    may still happen.
    """

    store: str
    since: datetime
    watches: bool
    pairs: int
    undecided: int
    counts: Counts
    differences: Sequence[Prediction] = ()
    waiting: Sequence[Prediction] = ()


@get(HERE)
async def show(merchant: Merchant) -> Response[str] | Redirect:
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        since = await watching.since(tx, connection.id)
        if since is None:
            return merchant.go("/apps/bigcommerce")
        counts = await watching.counts(tx, connection.id)
        pairs = len(await duplicates.links(tx, connection.id))
        undecided = await duplicates.undecided(tx, connection.id)
        wrong = (Outcome.MISSING, Outcome.DIFFERENT, Outcome.LATE)
        differences = await watching.page(tx, connection.id, wrong, SHOWN)
        waiting = await watching.page(tx, connection.id, [Outcome.OPEN], SHOWN)
    return merchant.page(
        "watch.html",
        WatchView(
            store_name(connection),
            since,
            connection.stage is Stage.WATCHING,
            pairs,
            undecided,
            counts,
            differences,
            waiting,
        ),
        section="apps",
    )


@post(f"{HERE}/begin")
async def begin(merchant: Merchant) -> Redirect:
    """Nothing is written from now on, until the merchant takes over."""
    deps, connection_id = merchant.deps, merchant.own.id
    async with deps.database.transaction() as tx:
        now = await connections.state(tx, connection_id)
        if not isinstance(now, ProductsChosen):
            return merchant.go("/apps/bigcommerce")
        await connections.save(tx, connection_id, now.watch())
        await watching.begin(tx, connection_id, deps.clock.now())
        await ask(deps, tx, connection_id, Kind.WATCH)
    return merchant.go(HERE, "watching")


@post(f"{HERE}/stop")
async def stop(merchant: Merchant) -> Redirect:
    """Back to the last step of the set-up. Nothing was written."""
    async with merchant.deps.database.transaction() as tx:
        now = await connections.state(tx, merchant.own.id)
        if isinstance(now, Watching):
            await connections.save(tx, merchant.own.id, now.stop())
            await watching.end(tx, merchant.own.id)
    return merchant.go("/apps/bigcommerce")


@post(f"{HERE}/take-over")
async def take_over(merchant: Merchant) -> Redirect:
    """The pairs become bindings, both sides are compared, and the sync begins."""
    deps, connection_id = merchant.deps, merchant.own.id
    async with deps.database.transaction() as tx:
        now = await connections.state(tx, connection_id)
        if not isinstance(now, Watching):
            return merchant.go("/apps/bigcommerce")
        await begin_sync(merchant, tx, now.take_over())
        await work.take_over(tx, connection_id, deps.clock.now())
        await ask(deps, tx, connection_id, Kind.RECONCILE)
    await statistics.refresh(deps.database)
    return merchant.go("/apps/bigcommerce", "taken_over")
