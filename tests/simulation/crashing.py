"""A process that dies at a chosen point: just before or after a request or a commit.

`CrashPoints(at=7)` lets six points pass and raises `Crash` at the seventh and at every later one: a
dead process does nothing more. The wire (`CrashingTransport`) and the disk (`crashing`) count the
same points, so one number names one moment of a story. `Dying` is such a process as one fault of a
story (`tests.simulation.product_stories`).
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2

from brygga.database.engine import Database, Fence, Tx
from tests.simulation.disk import DiskDatabase


class Crash(BaseException):
    """The process is gone. Not an Exception: nothing in the service may catch it."""


@dataclass
class Moments:
    """Tells the points at which a death leaves a world of its own. A process that has ended a
    request or a commit and begins the next one has only thought or waited in between, and its
    thoughts die with it: "after one" and "before the next" are one moment.
    """

    ended: bool = False

    def is_new(self, point: str) -> bool:
        begins, had_ended = point.startswith("before"), self.ended
        self.ended = not begins
        return not (begins and had_ended)


@dataclass
class CrashPoints:
    """Counts the points that a process passes, each moment once. `at` 0 never crashes; `story`
    names every point passed.
    """

    at: int = 0
    passed: int = 0
    crashed: bool = False
    story: list[str] = field(default_factory=list)
    moments: Moments = field(default_factory=Moments)

    def reach(self, point: str) -> None:
        if not self.crashed and self.moments.is_new(point):
            self.passed += 1
            self.story.append(point)
            self.crashed = self.passed == self.at
        if self.crashed:
            raise Crash(point)


class CrashingTransport(httpx2.AsyncBaseTransport):
    """Before a request nothing has happened; after it the platform has done its part and the answer
    is lost.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, points: CrashPoints) -> None:
        self.inner = inner
        self.points = points

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        name = f"{request.method} {request.url.path}"
        self.points.reach(f"before {name}")
        response = await self.inner.handle_async_request(request)
        self.points.reach(f"after {name}")
        return response


class _Crashing(Database):
    points: CrashPoints

    @contextlib.asynccontextmanager
    async def transaction(self, fence: Fence | None = None) -> AsyncIterator[Tx]:
        async with super().transaction(fence) as tx:
            yield tx
            self.points.reach("before a commit")
        self.points.reach("after a commit")


class _CrashingDisk(_Crashing, DiskDatabase):
    """The same on the simulation's disk."""


def crashing(database: Database, points: CrashPoints) -> Database:
    """The same database; a crash before a commit rolls it back, one after it only the memory of
    it.
    """
    made = (
        _CrashingDisk(database.disk, database.sealer)
        if isinstance(database, DiskDatabase)
        else _Crashing(database.pool, database.sealer)
    )
    made.points = points
    return made


class Dying:
    """A process that dies at moment `at` of what it does."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.points = CrashPoints(at)

    @property
    def struck(self) -> bool:
        return self.points.crashed

    @property
    def moment(self) -> str:
        return f"crashed at point {self.at}, {self.points.story[-1]}"

    def wire(self, inner: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        return CrashingTransport(inner, self.points)

    def disk(self, database: Database) -> Database:
        return crashing(database, self.points)
