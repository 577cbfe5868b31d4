"""The state of a merchant's connection: paused, a platform not answering, ending, or over. It is
shown above every page, so that no page contradicts it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from brygga.core import marker
from brygga.core.model import Connection, Stage
from brygga.database import connections, endings, restoring, stamps, waiting_work
from brygga.database.endings import Ending
from brygga.database.engine import Tx
from brygga.web.troubles import (
    Trouble,
    held_trouble,
    pause_trouble,
    products_trouble,
    restore_trouble,
    silence_troubles,
)


class Phase(StrEnum):
    NONE = "none"
    """No store is connected."""
    SETUP = "setup"
    RUNNING = "running"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class LeavingView:
    """`how` is "keep", "remove" or "uninstalled". `left` of `total` products still have to be
    deleted.
    """

    how: str
    store: str
    left: int = 0
    total: int = 0
    undo: bool = False
    """Nothing is deleted yet, and the removal can be undone."""


@dataclass(frozen=True, slots=True)
class LeftView:
    """The account's last connection, which has ended. `how` is as above, or "stuck" where products
    had to be removed and stayed.
    """

    how: str
    store: str
    at: datetime
    kept: int = 0
    products_url: str = ""
    marker: str = ""
    """The name of our hidden product, where it stayed in the store (decision 16)."""
    here: bool = True
    """Whether these pages still show that connection: its log, and its library as it was then."""
    erased_on: datetime | None = None
    """When what we keep of the merchant is erased automatically."""


@dataclass(frozen=True, slots=True)
class Standing:
    phase: Phase = Phase.NONE
    troubles: tuple[Trouble, ...] = ()
    leaving: LeavingView | None = None
    left: LeftView | None = None
    paused: bool = False
    products_paused: bool = False
    silent: bool = False
    """A platform did not answer the last request, whether or not we know which one yet."""
    newest: str = ""
    """What had happened when the page was read (`stamps.newest`). The live stream tells an open
    page when it knows of more.
    """

    @property
    def moves(self) -> bool:
        """Whether work is running now: only then may pages say so."""
        stopped = len(self.troubles) > int(self.products_paused)
        return self.phase in {Phase.SETUP, Phase.RUNNING} and not (stopped or self.silent)

    @property
    def products_move(self) -> bool:
        """The same of the work on products, which the merchant can pause alone."""
        return self.moves and not self.products_paused


NOTHING = Standing()


async def standing(
    tx: Tx, connection: Connection, erase_after: timedelta | None = None
) -> Standing:
    """`erase_after`: how long after the end everything is erased. The pages say this."""
    phase = phase_of(connection)
    if phase is Phase.NONE:
        ending = await endings.last(tx, connection)
        here = connection.stage is Stage.DISCONNECTED
        left = None if ending is None else left_view(ending, here=here)
        if left is not None and erase_after is not None and here:
            left = replace(left, erased_on=left.at + erase_after)
        return Standing(phase, left=left)
    newest = await stamps.newest(tx, connection.id)
    health = await connections.health(tx, connection.id)
    outages = (
        await waiting_work.outages(tx, connection.id)
        if health.unreachable_since and not connection.paused
        else {}
    )
    trouble = held_trouble() if health.held_at is not None else pause_trouble(connection)
    if health.restored_at is not None and trouble is None:
        found = await restoring.state(tx, connection.id)
        trouble = None if found is None else restore_trouble(found)
    products = products_trouble(connection)
    troubles = (
        ((trouble,) if trouble else ())
        + silence_troubles(outages)
        + ((products,) if products else ())
    )
    leaving = None
    if phase is Phase.LEAVING:
        count = await endings.left_to_remove(tx, connection.id) if health.leaving == "remove" else 0
        total, undo = max(count, health.to_remove), health.undo_until is not None
        leaving = LeavingView(health.leaving or "keep", store_name(connection), count, total, undo)
    return Standing(
        phase,
        troubles,
        leaving,
        paused=trouble is not None,
        products_paused=products is not None,
        silent=health.unreachable_since is not None,
        newest=newest,
    )


def phase_of(connection: Connection) -> Phase:
    match connection.stage:
        case Stage.ZETTLE_CONNECTED | Stage.DISCONNECTED:
            return Phase.NONE
        case Stage.LEAVING:
            return Phase.LEAVING
        case Stage.RUNNING:
            return Phase.RUNNING
        case _:
            return Phase.SETUP


def left_view(ending: Ending, *, here: bool) -> LeftView:
    how = "stuck" if ending.how == "remove" and ending.kept else ending.how
    panel = ending.shop.control_panel_url.rstrip("/")
    return LeftView(
        how,
        ending.shop.name or ending.shop.domain or ending.shop.store_hash,
        ending.at,
        ending.kept,
        f"{panel}/manage/products" if panel and ending.kept else "",
        marker.NAME if ending.marker_left else "",
        here,
    )


def store_name(connection: Connection) -> str:
    shop = connection.shop
    return (shop.name or shop.domain or shop.store_hash) if shop else "BigCommerce"
