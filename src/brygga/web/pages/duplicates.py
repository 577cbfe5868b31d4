"""Likely duplicates: what the merchant wants to do with products that seem to be in both systems
(rule P11). The plan page shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import get
from litestar.response import Redirect

from brygga.core.model import Connection, Stage
from brygga.database import duplicates, waiting_work
from brygga.database.engine import Tx
from brygga.database.work_items import Kind
from brygga.web.choosing import Chosen, decide
from brygga.web.visit import Merchant
from brygga.web.work import ask

FIRST: Final = 8


@dataclass(frozen=True, slots=True)
class Likely:
    """A product of Zettle's, and the store's that may be the same."""

    name: str
    other: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """`open` products may be in the store already, and are undecided. `known` is false while the
    store is not compared yet.
    """

    open: int = 0
    known: bool = False
    first: tuple[Likely, ...] = ()
    """The first of the `open` ones, of those that were found so far."""


async def found(tx: Tx, connection: Connection) -> Found:
    # Work that failed and will be tried again is not done either.
    failed = {one.kind for one in await waiting_work.parked(tx, connection.id)}
    waiting = {*await waiting_work.waiting_kinds(tx, connection.id), *failed}
    comparing = Kind.SETUP in waiting or (
        connection.stage is Stage.PRODUCTS_CHOSEN and Kind.LIBRARY in waiting
    )
    early = connection.stage in {Stage.ZETTLE_CONNECTED, Stage.STORE_CONNECTED, Stage.PRICES_CHOSEN}
    count = await duplicates.undecided(tx, connection.id)
    first = await duplicates.first_undecided(tx, connection.id, FIRST) if count else ()
    return Found(
        count,
        known=not comparing and not early,
        first=tuple(Likely(name, pair.shop_name, pair.reason) for name, pair in first),
    )


@get("/apps/bigcommerce/duplicates")
async def show(merchant: Merchant) -> Redirect:
    return merchant.go("/apps/bigcommerce/plan?show=likely")


async def choose(merchant: Merchant, tx: Tx, wishes: Mapping[str, str]) -> Chosen:
    """As `decide`, and asks for the work that follows."""
    deps, connection = merchant.deps, merchant.own
    done, again = await decide(tx, connection, wishes, deps.clock.now())
    await ask(deps, tx, connection.id, Kind.PRODUCT, again, force=True)
    return done
