"""What a handler works with: one connection, its fenced transactions, both platforms, and how to say what became of a mark."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from brygga.bigcommerce.api import ShopApi
from brygga.core.failures import Failure, LeaseLost
from brygga.core.model import Connection
from brygga.seams import Clock, Dice
from brygga.store import connections, marks
from brygga.store.database import Database, Fence, Tx
from brygga.store.marks import Mark
from brygga.wire import Clocks
from brygga.zettle.api import Zettle


class Facts(Protocol):
    """Of the settings, what handlers may know."""

    @property
    def public_url(self) -> str: ...

    @property
    def contact_email(self) -> str: ...


@dataclass(slots=True)
class Lease:
    """How long this drain may still speak for its connection, on a clock that never goes backwards."""

    fence: Fence
    clock: Clock
    until: float
    lost: bool = False

    def left_s(self) -> float:
        return 0.0 if self.lost else max(0.0, self.until - self.clock.monotonic())

    def check(self, timeout_s: float) -> None:
        """To be called just before the socket: raises `LeaseLost` unless the lease outlives a call of this length."""
        if self.left_s() <= timeout_s:
            raise LeaseLost(
                f"connection {self.fence.connection_id}: {self.left_s():.0f} s left for a call of {timeout_s:.0f} s"
            )


@dataclass(frozen=True, slots=True)
class Clients:
    """Both platforms as one connection reaches them. `shop` is None until a store is connected."""

    zettle: Zettle
    shop: ShopApi | None
    clocks: Clocks = field(default_factory=Clocks)


MakeClients = Callable[[Connection, Lease], AbstractAsyncContextManager[Clients]]
"""Made by `wiring` at the start of a drain; its end saves what outlives it, such as the store's budget."""

Judge = Callable[["Session", Mark, Failure], Awaitable[None]]
"""Says what a failure does to a mark: the worker's decision."""


@dataclass(slots=True)
class Session:
    """One drain's view of one connection. Handlers settle each mark: `finish`, `again` or `fail`."""

    connection: Connection
    database: Database
    lease: Lease
    clock: Clock
    dice: Dice
    settings: Facts
    log: Any
    clients: Clients
    judge: Judge
    settled: set[int] = field(default_factory=set)
    """Generations of the marks that a handler has settled."""

    @property
    def fence(self) -> Fence:
        return self.lease.fence

    @property
    def zettle(self) -> Zettle:
        return self.clients.zettle

    @property
    def shop(self) -> ShopApi:
        """Only for connections with a store: anything else is a bug of the handler."""
        assert self.clients.shop is not None
        return self.clients.shop

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """Fenced: raises `LeaseLost`, and writes nothing, when the connection is another's by now."""
        return self.database.transaction(self.fence)

    def read(self) -> AbstractAsyncContextManager[Tx]:
        return self.database.read()

    async def reload(self) -> Connection:
        """The connection as it is now, for the rest of the drain."""
        async with self.read() as tx:
            found = await connections.by_id(tx, self.connection.id)
        assert found is not None
        self.connection = found
        return found

    # ---- What became of a mark ---------------------------------------------------------------------------------------

    async def finish(self, *done: Mark, tx: Tx | None = None) -> None:
        """Their work is done, unless they were marked again meanwhile. With `tx`, together with what that transaction writes."""
        if tx is None:
            async with self.transaction() as own:
                await self.finish(*done, tx=own)
            return
        for mark in done:
            await marks.done(tx, mark)
            self.settled.add(mark.generation)

    async def again(self, mark: Mark, after_s: float, tx: Tx | None = None) -> None:
        """To be looked at again in `after_s` seconds."""
        if tx is None:
            async with self.transaction() as own:
                await self.again(mark, after_s, tx=own)
            return
        await marks.again(tx, mark, self.clock.now() + timedelta(seconds=after_s))
        self.settled.add(mark.generation)

    async def fail(self, mark: Mark, failure: Failure) -> None:
        """This one failed while others of the batch did not. What follows is decided by the failure's class."""
        await self.judge(self, mark, failure)
        self.settled.add(mark.generation)

    def unsettled(self, batch: Sequence[Mark]) -> list[Mark]:
        return [mark for mark in batch if mark.generation not in self.settled]
