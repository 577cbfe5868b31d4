"""What a handler works with: one connection, its fenced transactions, both platforms, and the
methods that report the outcome of a work item.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from brygga.bigcommerce.api import ShopApi
from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import Failure, LeaseLost, NeedsMerchant
from brygga.core.model import Connection
from brygga.core.report import Code, Line
from brygga.core.stock import Timing
from brygga.database import connections, failed_work, finished_work, synclog
from brygga.database.engine import Database, Fence, Tx
from brygga.database.exchanges import Exchange
from brygga.database.leases import Acquired
from brygga.database.work_items import Wish, WorkItem
from brygga.figures import Figures
from brygga.seams import Clock, Dice
from brygga.sync.worker.recording import MOST_CALLS
from brygga.sync.worker.subjects import subject, topic
from brygga.wire import Clocks
from brygga.zettle.api import Zettle


class Facts(Protocol):
    """The settings that handlers may know."""

    @property
    def public_url(self) -> str: ...

    @property
    def contact_email(self) -> str: ...

    @property
    def stock(self) -> Timing: ...

    @property
    def erase_after(self) -> timedelta: ...

    @property
    def keep_webhooks(self) -> timedelta: ...

    @property
    def statements_kept(self) -> timedelta: ...


@dataclass(slots=True)
class Lease:
    """How long this turn may still act for its connection, on a clock that never goes backwards."""

    fence: Fence
    clock: Clock
    until: float
    lost: bool = False
    given_back: bool = False
    acquired: Acquired | None = None
    """What was read together with the lease."""
    budget: Callable[[], Mapping[str, int] | None] = lambda: None
    """The store's request budget now, for the pages. The clients of the turn set it."""
    calls: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MOST_CALLS))
    """The newest calls of the turn that changed something, for the pages."""

    def left_s(self) -> float:
        return 0.0 if self.lost else max(0.0, self.until - self.clock.monotonic())

    def check(self, timeout_s: float) -> None:
        """Called just before a request is sent. Raises `LeaseLost` unless the lease outlives a call
        of this length.
        """
        if self.left_s() <= timeout_s:
            raise LeaseLost(
                f"connection {self.fence.connection_id}: {self.left_s():.0f} s left for a call of "
                f"{timeout_s:.0f} s"
            )


Follow = Callable[[Tx, Connection], Awaitable["Clients"]]
"""The clients that reach the connection as it is now. They stay the same while nothing has changed.
`tx` is only read.
"""


@dataclass(frozen=True, slots=True)
class Clients:
    """Both platforms as one connection reaches them. `shop` is None while no store gives access."""

    zettle: Zettle
    shop: ShopApi | None
    clocks: Clocks = field(default_factory=Clocks)
    follow: Follow | None = None
    """None for clients that do not depend on changes of the connection."""


MakeClients = Callable[[Connection, Lease], AbstractAsyncContextManager[Clients]]
"""Created by `wiring` at the start of a turn. Its end saves what outlives the turn, such as the
store's budget.
"""

Judge = Callable[["Session", WorkItem, Failure], Awaitable[None]]
"""Decides what a failure means for a work item. The worker provides it."""


@dataclass(slots=True)
class Session:
    """One turn's view of one connection. Handlers report the outcome of each work item: `finish`,
    `again` or `fail`.
    """

    connection: Connection
    database: Database
    lease: Lease
    clock: Clock
    dice: Dice
    settings: Facts
    log: Any
    clients: Clients
    judge: Judge
    figures: Figures = field(default_factory=Figures)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when other product work came up since the handler began."""
    finished: set[int] = field(default_factory=set)
    """Generations of the work items whose outcome a handler has reported."""

    @property
    def fence(self) -> Fence:
        return self.lease.fence

    @property
    def zettle(self) -> Zettle:
        return self.clients.zettle

    @property
    def shop(self) -> ShopApi:
        """Only for connections with a store. Raises NeedsMerchant when no token gives access to it
        any more.
        """
        if self.clients.shop is None:
            raise NeedsMerchant(ShopCode.ACCESS_GONE, "no token for a store")
        return self.clients.shop

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """Fenced: raises `LeaseLost`, and writes nothing, when another worker holds the connection
        by now.
        """
        return self.database.transaction(self.fence)

    def read(self, *, once: bool = False) -> AbstractAsyncContextManager[Tx]:
        return self.database.read(once=once)

    async def reload(self, tx: Tx | None = None) -> Connection:
        """The connection as it is now, for the rest of the turn, with clients that reach it as it
        is now.

        Both change in one step: no handler meets a connection with a store and clients without one.
        """
        if tx is None:
            async with self.read() as own:
                return await self.reload(own)
        found = await connections.by_id(tx, self.connection.id)
        assert found is not None
        follow = self.clients.follow
        clients = self.clients if follow is None else await follow(tx, found)
        self.connection, self.clients = found, clients
        return found

    # ---- Outcome of a work item ------------------------------------------------------------------

    async def finish(self, *done: WorkItem, tx: Tx | None = None) -> None:
        """The work of these items is done, unless they were added again meanwhile. With `tx`, this
        is written in the caller's transaction.
        """
        if tx is None:
            async with self.transaction() as own:
                await self.finish(*done, tx=own)
            return
        ended = await finished_work.all_done(tx, done)
        for item in done:
            if item.support_id and item.generation in ended:
                await self._works_again(tx, item)
        self.finished_with(tx, done)

    async def finish_and_add(
        self, done: Collection[WorkItem], wishes: Collection[Wish], tx: Tx
    ) -> None:
        """As `finish`, and then adds these work items."""
        told = [item for item in done if item.support_id]
        await self.finish(*told, tx=tx)
        rest = [item for item in done if not item.support_id]
        connection_id, now = self.connection.id, self.clock.now()
        await finished_work.done_and_added(tx, connection_id, rest, wishes, now)
        self.finished_with(tx, rest)

    def finished_with(self, tx: Tx, items: Iterable[WorkItem]) -> None:
        """The outcome of these items is reported once `tx` commits. Where it does not, they failed
        with it.
        """
        generations = [item.generation for item in items]
        tx.after.append(lambda: self.finished.update(generations))

    async def _works_again(self, tx: Tx, item: WorkItem) -> None:
        """Work that failed by a bug of ours is done: whoever read of the failure also reads of its
        end.
        """
        params = {"support_id": item.support_id}
        line = Line(Code.WORKS_AGAIN, topic(item), subject=subject(item), params=params)
        await synclog.add(tx, item.connection_id, line, self.clock.now())
        kind = item.kind.value
        self.log.info(
            "failed work is done", kind=kind, subject=item.subject, support_id=item.support_id
        )

    async def again(
        self, item: WorkItem, after_s: float, tx: Tx | None = None, waits_for: str = ""
    ) -> None:
        """The work item is due again in `after_s` seconds. `waits_for` names the platform that did
        not answer.
        """
        if tx is None:
            async with self.transaction() as own:
                await self.again(item, after_s, tx=own, waits_for=waits_for)
            return
        now = self.clock.now()
        await failed_work.again(
            tx, item, now + timedelta(seconds=after_s), waits_for=waits_for, now=now
        )
        self.finished_with(tx, [item])

    def leave(self, item: WorkItem) -> None:
        """Nothing was done for this item, and nothing is wrong with it: it stays due as it is. The
        caller knows that it is not worked on before something else changes.
        """
        self.finished.add(item.generation)

    async def fail(self, item: WorkItem, failure: Failure) -> None:
        """This item failed while others of the batch did not. The class of the failure decides what
        follows.
        """
        await self.judge(self, item, failure)
        self.finished.add(item.generation)

    def unresolved(self, batch: Sequence[WorkItem]) -> list[WorkItem]:
        return [item for item in batch if item.generation not in self.finished]
